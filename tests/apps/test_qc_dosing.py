"""The dose of a batch through its acts and over HTTP: two people, what makes it outdated, what is never within."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Person
from accounts.refusal import Refused
from accounts.roles import Role
from accounts.wording import local
from batches.models import Definition
from batches.ordering import correct_weight
from batches.pinned import product_of
from batches.weights import weight_in_force
from ledger import clock
from ledger.typed_numbers import THIN_SPACE
from ledger.verification import verify_records
from qc.dose.determining import is_outdated, newest_dose, objections_to_dose, what_is_missing
from qc.dose.inputs import calculation_of, inputs_agree
from qc.dose.rules import DoseVerdict
from qc.models import BatchDose, DoseVerification, Result
from qc.views.dose import dose_work_of
from reports import gathering
from reports.stated_doses import verified_dose
from tests.kept import kept_for_a_module
from tests.people import a_person, at_browser, do, fresh, nothing_written
from tests.qc_builders import CONFORMING, Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db

COUNT = "car_positive_cells_total"


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A batch whose cells were counted; nobody reviewed the count yet."""
    with kept_for_a_module(django_db_blocker):
        laboratory = in_the_laboratory()
        laboratory.tested(COUNT)
        yield laboratory


@pytest.fixture
def counted(made: Laboratory) -> Laboratory:
    """The same batch with its count reviewed."""
    made.reviewed(Result.objects.get(line=COUNT))
    made.fresh()
    return made


def other_weight(laboratory: Laboratory, kilograms: str = "71", *, verified: bool = True) -> None:
    weight = weight_in_force(laboratory.batch.order)
    assert weight is not None
    correct_weight(
        weight=weight,
        kilograms=kilograms,
        weighed_on=local(clock.now()).date(),
        source="Ward sheet 2",
        reason="Weighed again today",
        by=laboratory.logistics,
        id=uuid4(),
    )
    if verified:
        newest = weight_in_force(laboratory.fresh().order)
        assert newest is not None
        do("weight.verify", newest, by=laboratory.technician)
    laboratory.fresh()


def codes(laboratory: Laboratory) -> list[str]:
    return [one.code for one in objections_to_dose(laboratory.fresh())]


def corrected(laboratory: Laboratory, typed: str) -> Result:
    row = do(
        "result.correct", Result.objects.filter(line=COUNT).latest("version"), by=laboratory.analyst,
        member=COUNT, typed=typed, reason="Digits were swapped",
    )  # fmt: skip
    assert isinstance(row, Result)
    return row


# Two people


def test_one_person_determines_the_dose_and_another_verifies_it(counted):
    assert codes(counted) == ["dose_missing"]

    dose = do("dose.determine", counted.batch, by=counted.reviewer, reason="")
    assert codes(counted) == ["dose_not_verified"]
    verification = do("dose.verify", dose, by=counted.second_reviewer)

    assert isinstance(dose, BatchDose)
    assert isinstance(verification, DoseVerification)
    assert (dose.verdict, dose.outcome["cells"]) == (DoseVerdict.WITHIN, "1495000000")
    assert dose.outcome["cells_per_kg"].startswith("21357142.857142857142857")
    assert (dose.meaning, verification.meaning) == ("performed", "verified")
    assert codes(counted) == []
    assert "dose_missing" not in counted.codes()


def test_nobody_verifies_the_dose_that_they_determined(counted):
    dose = do("dose.determine", counted.batch, by=counted.reviewer, reason="")

    with pytest.raises(Refused, match="a second person verifies it"), nothing_written():
        do("dose.verify", dose, by=counted.reviewer)


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.QC_ANALYST, Role.QUALIFIED_PERSON, Role.LOGISTICS])
def test_only_quality_determines_and_verifies(counted, role: Role):
    with pytest.raises(Refused), nothing_written():
        do("dose.determine", counted.batch, by=a_person(role), reason="")
    dose = do("dose.determine", counted.batch, by=counted.reviewer, reason="")
    with pytest.raises(Refused), nothing_written():
        do("dose.verify", dose, by=a_person(role))


def test_quality_assurance_may_determine_and_then_does_not_review_the_record(counted):
    do("dose.determine", counted.batch, by=counted.qa, reason="")

    with pytest.raises(Refused, match="determined the dose"):
        do("record.review", counted.batch, by=counted.qa, statement="")


def test_a_dose_is_verified_once_and_determined_once(counted):
    dose = counted.dosed()

    with pytest.raises(Refused, match="verified already"):
        do("dose.verify", dose, by=counted.second_reviewer)
    with pytest.raises(Refused, match="what is in force now"):
        do("dose.determine", counted.batch, by=counted.reviewer, reason="For the sake of it")


# What makes it outdated


def test_another_weight_makes_the_dose_outdated_until_it_is_determined_and_verified_again(counted):
    first = counted.dosed()
    # The line of the specification is judged per kilogram too, so its result is corrected first.
    other_weight(counted)
    assert codes(counted) == ["dose_outdated"]
    again = corrected(counted, CONFORMING[COUNT][COUNT])
    counted.reviewed(again)

    with pytest.raises(Refused, match="at least 10 characters"), nothing_written():
        do("dose.determine", counted.batch, by=counted.reviewer, reason="weight")
    second = counted.dosed(reason="The recipient was weighed again")

    assert (second.version, second.supersedes) == (2, first)
    assert second.inputs["weight"]["kilograms"] == "71"
    assert second.outcome["cells_per_kg"] != first.outcome["cells_per_kg"]
    assert codes(counted) == []
    assert BatchDose.objects.get(pk=first.pk).inputs["weight"]["kilograms"] == "70"


def test_an_unverified_weight_feeds_no_dose(counted):
    other_weight(counted, verified=False)

    assert what_is_missing(calculation_of(counted.batch))
    with pytest.raises(Refused, match="no second person verified it"), nothing_written():
        do("dose.determine", counted.batch, by=counted.reviewer, reason="")


def test_a_corrected_count_makes_the_dose_outdated(counted):
    counted.dosed()
    result = corrected(counted, "1500.0")

    assert codes(counted) == ["dose_outdated"]
    with pytest.raises(Refused, match="no reviewed result in force"), nothing_written():
        do("dose.determine", counted.batch, by=counted.reviewer, reason="The count was corrected")

    counted.reviewed(result)
    assert counted.dosed(reason="The count was corrected").outcome["cells"] == "1500000000"


def test_an_outdated_dose_is_not_verified(counted):
    dose = do("dose.determine", counted.batch, by=counted.reviewer, reason="")
    corrected(counted, "1500.0")

    with pytest.raises(Refused, match="determined again first"), nothing_written():
        do("dose.verify", dose, by=counted.second_reviewer)


# What is never within


def test_without_a_reviewed_count_nothing_is_determined(made):
    with pytest.raises(Refused, match="no reviewed result in force"), nothing_written():
        do("dose.determine", made.batch, by=made.reviewer, reason="")


def test_a_count_that_is_only_a_bound_gives_no_dose(counted):
    counted.reviewed(corrected(counted, "> 1400.0"))

    now = calculation_of(counted.fresh())
    assert now is not None
    assert now.dose.verdict is DoseVerdict.NOT_CALCULABLE
    with pytest.raises(Refused, match="censored value"), nothing_written():
        do("dose.determine", counted.batch, by=counted.reviewer, reason="")


def test_a_dose_below_what_is_allowed_is_determined_as_a_fact_and_blocks(counted):
    counted.reviewed(corrected(counted, "34.0"))

    assert counted.dosed().verdict == DoseVerdict.BELOW
    assert codes(counted) == ["dose_not_within"]


def pinned_to(laboratory: Laboratory, *changes: tuple[str, str]) -> None:
    """The calculation by another text of the product: a version that the batch in memory is pinned to."""
    product = laboratory.fresh().product
    source = product.source
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    laboratory.batch.product = Definition(kind=product.kind, code=product.code, version=2, source=source)


def test_another_basis_than_the_rule_names_is_not_calculable(counted):
    pinned_to(counted, ("basis: pre_freeze", "basis: post_thaw"))

    now = calculation_of(counted.batch)

    assert now is not None
    assert now.dose.verdict is DoseVerdict.NOT_CALCULABLE
    assert what_is_missing(now) == ["The cells were counted pre_freeze; the dose wants post_thaw."]


def test_a_weight_older_than_the_product_allows_stands_against_the_dose(counted):
    days = (local(clock.now()).date() - weight_in_force(counted.batch.order).weighed_on).days
    for allowed, against in ((days, ["dose_missing"]), (days - 1, ["dose_missing", "weight_too_old"])):
        if allowed < 0:
            clock.tell(clock.now() + timedelta(days=1))
            allowed = 0
        pinned_to(counted, ("  handed_out: {as: whole", f'  weight_days: "{allowed}"\n  handed_out: {{as: whole'))
        assert [one.code for one in objections_to_dose(counted.batch)] == against


def test_a_product_that_asks_for_no_dose_is_asked_for_none(counted):
    pinned_to(counted, ("  counted: {by: car_positive_cells_total, as: all_containers}\n", ""))

    assert product_of(counted.batch).dose.limit is not None
    assert calculation_of(counted.batch) is None
    assert objections_to_dose(counted.batch) == []


# The record, its verification, its documents


def test_verification_calculates_each_dose_again(counted):
    dose = counted.dosed()
    clock.end_story()

    assert [one for one in verify_records().findings if one.check == "doses"] == []
    assert inputs_agree(dose)
    dose.inputs["weight"]["kilograms"] = "7"
    assert not inputs_agree(dose)
    assert is_outdated(dose, calculation_of(counted.fresh()))


def test_the_verified_dose_is_stated_and_one_that_is_not_verified_is_not(counted):
    dose = do("dose.determine", counted.batch, by=counted.reviewer, reason="")
    assert verified_dose(counted.batch, clock.now()) is None

    do("dose.verify", dose, by=counted.second_reviewer)

    assert verified_dose(counted.batch, clock.now()) == dose
    assert verified_dose(counted.batch, dose.recorded_at) is None
    stated = gathering.stated_dose(counted.batch, clock.now(), None)
    assert stated.cells == "1495.0 ×10⁶ cells, before freezing"
    assert stated.per_kg == f"2.14×10⁷{THIN_SPACE}cells/kg"
    assert stated.weight.startswith("70 kg, weighed ")
    assert f"{counted.batch.number}-FB-01" in stated.fractions


# Work, page and API


def test_the_work_goes_to_those_who_may_do_it(counted):
    def waiting(person: Person) -> list[str]:
        return [task.title for task in dose_work_of(person)]

    assert waiting(counted.analyst) == []
    assert waiting(counted.reviewer) == ["Determine the dose"]
    do("dose.determine", counted.batch, by=counted.reviewer, reason="")
    assert (waiting(counted.reviewer), waiting(counted.second_reviewer)) == ([], ["Verify the dose"])
    do("dose.verify", newest_dose(counted.batch), by=counted.second_reviewer)
    assert waiting(counted.second_reviewer) == []


def test_the_page_shows_the_calculation_and_what_is_missing(made, counted):
    address = f"/batches/{counted.batch.number}/dose/"
    page = at_browser(fresh(counted.reviewer)).get(address).content.decode()

    assert "more than 0.5×10⁶ cells/kg" in page
    assert "&gt; 3.50×10⁷" in page
    assert "1495.0 ×10⁶ cells, before freezing" in page
    assert "Sign the dose" in page
    counted.dosed()
    corrected(counted, "1500.0")
    page = at_browser(fresh(counted.second_reviewer)).get(address).content.decode()
    assert "What fed the dose changed after it was determined" in page
    assert "there is no reviewed result in force" in page


def test_a_program_reads_the_dose(counted):
    address = f"/api/v1/batches/{counted.batch.number}/dose/"
    before = at_browser(fresh(counted.analyst)).get(address).json()
    dose = counted.dosed()
    after = at_browser(fresh(counted.analyst)).get(address).json()

    assert (before["asked"], before["missing"], before["versions"]) == (True, [], [])
    assert [one["code"] for one in before["objections"]] == ["dose_missing"]
    assert before["calculated"]["least"] == {"cells": "35000000", "included": False}
    assert after["objections"] == []
    assert [(one["id"], one["outdated"], one["verified_by"]) for one in after["versions"]] == [
        (str(dose.pk), False, counted.second_reviewer.name)
    ]
    assert at_browser(a_person(Role.INSPECTOR)).get(address).status_code == 403
    assert at_browser(fresh(counted.analyst)).get("/api/v1/batches/CT-99-9999/dose/").status_code == 404


@pytest.mark.parametrize(
    "sent", [{"reason": 7}, {"reason": ["a"]}, {"reason": "x" * 1001}, {"dose": "1"}, {"reason": None}]
)
def test_bad_input_gets_a_sentence(counted, sent: dict[str, object]):
    browser = at_browser(fresh(counted.reviewer))
    body = {"act": "dose.determine", "record": str(counted.batch.pk), "intent": sent}

    answer = browser.post("/api/v1/challenges/", body, content_type="application/json")

    assert answer.status_code in (400, 422)
    assert answer.json()["objections"]
    assert not BatchDose.objects.exists()
