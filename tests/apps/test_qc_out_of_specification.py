"""A result out of specification: it is never lost, never averaged and never tested away.

Every path is walked with the acts of the product; what may not happen is tried, over HTTP where people meet it.
"""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from accounts.models import Alarm
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from ledger import clock
from ledger.verification import verify_records
from qc.laboratory.recording import record_reading
from qc.models import (
    OutOfSpecification,
    Reading,
    Result,
)
from qc.out_of_specification.records import objections_to_out_of_specification
from tests.kept import kept_for_a_module
from tests.oos_builders import (
    LINE,
    approved_plan,
    closed,
    corrects,
    failing,
    investigated,
    planned,
    retested,
    shown_before,
)
from tests.people import a_person, at_browser, do, nothing_written
from tests.qc_builders import Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def laboratory(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A batch that was made twenty days ago; its samples wait for the laboratory."""
    with kept_for_a_module(django_db_blocker):
        made = in_the_laboratory()
        clock.end_story()
        yield made


# Opening


@pytest.mark.clause("21 CFR 211.192", "each failing result opens a record that stands against the batch")
def test_a_failing_result_opens_a_record_with_a_number_and_an_alarm(laboratory):
    record = failing(laboratory)

    assert record.number == f"OOS-{clock.now().year % 100:02d}-0001"
    assert Alarm.objects.get(kind=Alarm.Kind.OUT_OF_SPECIFICATION).about_id == record.pk
    assert "oos_open" in laboratory.codes()
    assert [one.url for one in objections_to_out_of_specification(laboratory.batch)] == [f"/oos/{record.number}/"]
    assert verify_records().findings == []


def test_a_correction_into_a_failing_result_opens_a_record(laboratory):
    result = laboratory.tested(LINE)

    corrected = corrects(laboratory, result, "59.1")

    assert OutOfSpecification.objects.get().result_id == corrected.pk


def test_what_does_not_fail_opens_nothing(laboratory):
    laboratory.tested(LINE, **{LINE: "< 80"})

    assert Result.objects.get().verdict == "indeterminate"
    assert not OutOfSpecification.objects.exists()


def test_the_signature_page_says_what_follows_before_it_is_signed(laboratory):
    laboratory.read(LINE, "59.1")
    browser = at_browser(laboratory.analyst)

    asked = browser.post(f"/sign/result.submit/{laboratory.batch.pk}/", {"line": LINE})
    shown = browser.get(asked.headers["Location"]).content.decode()

    assert "Sign and submit as out of specification" in shown
    assert "A record out of specification is opened" in shown


# The way through


@pytest.mark.clause("21 CFR 211.192", "a retest counts only after the closure of an investigation that found its cause")
def test_an_assignable_cause_and_a_retest_that_conforms(laboratory):
    shown = shown_before(laboratory)
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record, evidence=shown)
    approved_plan(laboratory, record)
    again = retested(laboratory)
    laboratory.reviewed(again)

    before = laboratory.line(LINE)
    assert (before.result.pk, before.status, before.conforms) == (record.result_id, "fail", False)
    closed(laboratory, record, "invalidated")

    line = laboratory.line(LINE)
    assert (again.run, again.version, again.supersedes_id) == (2, 2, None)
    assert (line.result.pk, line.conforms) == (again.pk, True)
    assert [one.pk for one in line.history] == [record.result_id]
    assert line.first_failing is not None
    assert "oos_open" not in laboratory.codes()
    assert verify_records().findings == []


@pytest.mark.clause("21 CFR 211.192", "a confirmed result stands whatever was tested afterwards")
def test_a_confirmed_result_stands_for_ever(laboratory):
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record)
    approved_plan(laboratory, record)
    laboratory.reviewed(retested(laboratory))

    closed(laboratory, record, "confirmed")

    line = laboratory.line(LINE)
    assert (line.result.pk, line.verdict, line.conforms) == (record.result_id, "fails", False)
    assert [one.run for one in line.later] == [2]
    assert "result_fails" in laboratory.codes()
    with nothing_written(), pytest.raises(Refused):
        laboratory.read(LINE, "95.1")
    for one in Result.objects.filter(line=LINE):
        with nothing_written(), pytest.raises(Refused):
            corrects(laboratory, one, "94.9")
    assert verify_records().findings == []


def test_without_a_cause_a_retest_that_conforms_counts_nothing(laboratory):
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record)
    approved_plan(laboratory, record)
    laboratory.reviewed(retested(laboratory))

    with nothing_written(), pytest.raises(Refused, match="found no cause"):
        closed(laboratory, record, "invalidated")


def test_a_correction_from_failing_to_conforming_keeps_the_record_open_until_it_is_closed(laboratory):
    shown = shown_before(laboratory)
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    corrected = corrects(laboratory, record.result, "95.1")

    assert corrected.verdict == "meets"
    laboratory.reviewed(corrected)
    line = laboratory.line(LINE)
    assert (line.result.pk, line.conforms) == (record.result_id, False)
    investigated(laboratory, record, evidence=shown)
    closed(laboratory, record, "invalidated")
    assert laboratory.line(LINE).result.pk == corrected.pk
    assert laboratory.line(LINE).conforms


def test_an_unreviewed_retest_is_never_let_count(laboratory):
    shown = shown_before(laboratory)
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record, evidence=shown)
    approved_plan(laboratory, record)
    retested(laboratory)

    with nothing_written(), pytest.raises(Refused, match="review each new result"):
        closed(laboratory, record, "invalidated")


@pytest.mark.clause("21 CFR 211.192", "results are never averaged or chosen among")
def test_every_planned_retest_is_made_and_one_that_fails_confirms_the_first(laboratory):
    shown = shown_before(laboratory)
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record, evidence=shown)
    approved_plan(laboratory, record, retests=3)
    first = retested(laboratory)
    laboratory.reviewed(first)
    with nothing_written(), pytest.raises(Refused, match="asks for 3 tests; 1"):
        closed(laboratory, record, "invalidated")

    for typed in ("60.0", "96.0"):
        laboratory.reviewed(retested(laboratory, typed))
    with nothing_written(), pytest.raises(Refused, match="does not conform either"):
        closed(laboratory, record, "invalidated")

    assert OutOfSpecification.objects.count() == 1
    assert Result.objects.filter(line=LINE).count() == 4
    closed(laboratory, record, "confirmed")
    assert verify_records().findings == []


def test_of_several_retests_the_first_counts(laboratory):
    shown = shown_before(laboratory)
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record, evidence=shown)
    approved_plan(laboratory, record, retests=2)
    first = retested(laboratory, "71.0")
    laboratory.reviewed(first)
    laboratory.reviewed(retested(laboratory, "96.0"))
    closed(laboratory, record, "invalidated")

    line = laboratory.line(LINE)
    assert (line.result.pk, line.conforms, [one.run for one in line.later]) == (first.pk, True, [3])


# What is refused


@pytest.mark.clause("21 CFR 211.192", "nobody tests into compliance: a retest needs an approved plan")
def test_a_retest_without_an_approved_plan_is_refused_over_http(laboratory):
    record = failing(laboratory)
    sample = str(laboratory.sample_for(LINE).pk)
    client = at_browser(laboratory.analyst)
    body = {"id": str(uuid4()), "line": LINE, "sample": sample, "typed": "95.1"}
    place = f"/api/v1/batches/{laboratory.batch.number}/readings/"

    with nothing_written():
        refused = client.post(place, body, content_type="application/json")
    investigated(laboratory, record)
    planned(laboratory, record)
    with nothing_written():
        still = client.post(place, body, content_type="application/json")
    do("oos.approve_plan", record, by=laboratory.qa)
    taken = client.post(place, body, content_type="application/json")

    assert [one.status_code for one in (refused, still, taken)] == [409, 409, 201]
    assert refused.json()["objections"][0]["code"] == "submitted"
    assert Reading.objects.get(pk=body["id"]).run == 2


def test_a_retest_beyond_the_plan_is_refused(laboratory):
    record = failing(laboratory)
    investigated(laboratory, record)
    approved_plan(laboratory, record)
    retested(laboratory)

    with nothing_written(), pytest.raises(Refused, match="was submitted"):
        laboratory.read(LINE, "95.1")
    with nothing_written(), pytest.raises(Refused, match="no second one"):
        planned(laboratory, record)


def test_a_plan_needs_an_investigation_and_a_sample_of_the_point(laboratory):
    record = failing(laboratory)
    with nothing_written(), pytest.raises(Refused, match="investigation comes first"):
        planned(laboratory, record)
    investigated(laboratory, record)
    elsewhere = laboratory.sample_for("mycoplasma")

    with nothing_written(), pytest.raises(Refused, match="taken where this test wants it"):
        planned(laboratory, record, sample=elsewhere)


def test_the_plan_names_sample_and_analyst(laboratory):
    record = failing(laboratory)
    investigated(laboratory, record)
    other = laboratory.reads_label(laboratory.containers_at("final_product")[1].code).sample
    approved_plan(laboratory, record, other_analyst="yes")

    with nothing_written(), pytest.raises(Refused, match="another analyst"):
        laboratory.read(LINE, "95.1")
    with nothing_written(), pytest.raises(Refused, match="this is another one"):
        record_reading(
            batch=laboratory.fresh(), line=LINE, member=LINE, sample=other, typed="95.1",
            by=laboratory.other_analyst, id=uuid4(),
        )  # fmt: skip
    assert laboratory.read(LINE, "95.1", by=laboratory.other_analyst).run == 2


@pytest.mark.clause("21 CFR 211.192", "a cause is proven by a record from before the result")
def test_evidence_recorded_after_the_result_proves_no_cause(laboratory):
    record = failing(laboratory)
    late = shown_before(laboratory)

    for evidence in (late, None, Reading.objects.get()):
        with nothing_written(), pytest.raises(Refused, match="record from before the result"):
            investigated(laboratory, record, evidence=evidence, has_cause="yes")
    with nothing_written(), pytest.raises(Refused, match="each is in order"):
        investigated(laboratory, record, has_cause="yes", sample="ok", sample_remark="")
    with nothing_written(), pytest.raises(Refused, match="say what was not in order"):
        investigated(laboratory, record, method="not_applicable")


def test_who_tested_or_investigated_neither_approves_nor_closes(laboratory):
    everything = a_person(Role.QC_ANALYST, Role.QC_REVIEWER, Role.QA, name="Ada Allroles")
    laboratory.read(LINE, "59.1", by=everything)
    laboratory.submitted(LINE)
    record = OutOfSpecification.objects.get()
    laboratory.reviewed(record.result)
    with nothing_written(), pytest.raises(Refused, match="Somebody else must"):
        investigated(laboratory, record, by=everything)
    other = a_person(Role.QC_REVIEWER, Role.QA, name="Bea Both")
    investigated(laboratory, record, by=other)
    for person in (everything, other):
        with nothing_written(), pytest.raises(Refused):
            closed(laboratory, record, "confirmed", by=person)
    planned(laboratory, record, by=other)
    for person in (everything, other):
        with nothing_written(), pytest.raises(Refused):
            do("oos.approve_plan", record, by=person)
    for person in (laboratory.analyst, laboratory.reviewer, laboratory.qp):
        with nothing_written(), pytest.raises(NotAllowed):
            closed(laboratory, record, "confirmed", by=person)
        with nothing_written(), pytest.raises(NotAllowed):
            do("oos.approve_plan", record, by=person)
    closed(laboratory, record, "confirmed")


@pytest.mark.clause("21 CFR 211.192", "a record is not closed without scope, root cause and conclusion")
@pytest.mark.parametrize("missing", ["scope", "root_cause", "conclusion", "outcome"])
def test_a_closure_says_everything(laboratory, missing):
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record)

    with nothing_written(), pytest.raises(BadInput):
        closed(laboratory, record, **{"outcome": "confirmed", missing: ""})
    with nothing_written(), pytest.raises(Refused, match="no other batch"):
        closed(laboratory, record, "confirmed", concerned="CT-99-9999")


def test_nothing_is_closed_before_investigation_and_review_nor_twice(laboratory):
    record = failing(laboratory)
    with nothing_written(), pytest.raises(Refused, match="investigation comes first"):
        closed(laboratory, record, "confirmed")
    investigated(laboratory, record)
    with nothing_written(), pytest.raises(Refused, match="review the failing result"):
        closed(laboratory, record, "confirmed")
    laboratory.reviewed(record.result)
    closed(laboratory, record, "confirmed")
    with nothing_written(), pytest.raises(Refused, match="was closed"):
        closed(laboratory, record, "confirmed")
