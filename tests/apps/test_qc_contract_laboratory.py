"""Contract laboratories: typed by one person, typed again by another, judged by our own specification."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Alarm, Person, Signed
from accounts.panels import work_for
from accounts.refusal import BadInput, Refused
from batches.departures import departures_about
from batches.pinned import product_of
from chain_of_custody.models import Party
from ledger import clock
from ledger.verification import Verification, verify_records
from qc.contract_laboratory.certificates import objections_to_certificates
from qc.contract_laboratory.checks import certificates_are_right, comparisons_are_right, numbers_stand_once
from qc.importing.importing import keep_file
from qc.laboratory.reviewing import people_who_entered
from qc.models import ContractCertificate, OutOfSpecification, Reading, Result
from qc.release.taking_part import took_part
from qc.review_by_exception.reviewing import review_of
from reports.gathering import sites_stated
from reports.record_gathering import results
from reports.record_gathering.names import Names
from reports.record_gathering.quality import decisions
from reports.stated_results import result_lines
from tests.contract_builders import MYCOPLASMA, STERILITY, Certified, ContractWorld, sent_away
from tests.custody_builders import a_party
from tests.kept import kept_for_a_module
from tests.people import at_browser, do, nothing_written, secret_of
from tests.review_builders import exceptions_of

pytestmark = pytest.mark.django_db
DETECTED = [{"member": MYCOPLASMA, "typed": "detected"}]


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: object) -> Iterator[ContractWorld]:
    """A batch of which a sample went to the contract laboratory."""
    with kept_for_a_module(django_db_blocker):
        world = sent_away()
        world.sample_at("harvest_before_wash")
        world.sample_at("final_product")
        world.sent_to_contract(world.containers_at("harvest_before_wash")[0])
        clock.tell(clock.now() + timedelta(days=1))
        told = clock.now()
        clock.end_story()
        world.__dict__["told"] = told
        yield world


@pytest.fixture
def world(made: ContractWorld, db: None) -> Iterator[ContractWorld]:
    """The same, in its story."""
    clock.tell(made.__dict__["told"] + timedelta(minutes=1))
    made.fresh()
    yield made
    clock.end_story()


@pytest.fixture
def paper(world: ContractWorld) -> Certified:
    """A certificate on the test for mycoplasma."""
    return Certified(world)


def codes(refused: pytest.ExceptionInfo[Refused]) -> list[str]:
    return [one.code for one in refused.value.objections]


def page(world: ContractWorld, line: str = MYCOPLASMA) -> str:
    return f"/batches/{world.batch.number}/tests/{line}/certificates/"


# Two people


def test_what_two_people_typed_alike_becomes_readings_and_is_judged_by_our_specification(world, paper):
    row = paper.entered()
    assert not Reading.objects.exists()

    compared = paper.compared(row)
    result = do("result.submit_contract", world.batch, by=world.analyst, line=MYCOPLASMA)

    assert compared.agrees
    reading = Reading.objects.get()
    assert compared.readings == [str(reading.pk)]
    assert (reading.typed, reading.sample_id, reading.actor) == (
        "not_detected", paper.sample.pk, world.other_analyst.reference,
    )  # fmt: skip
    assert isinstance(result, Result)
    assert (result.verdict, "two people typed the same" in result.meaning_text) == ("meets", True)
    world.reviewed(result)
    assert verify_records().findings == []


def test_a_result_of_a_certificate_names_laboratory_and_number_in_what_is_signed(world, paper):
    paper.compared(paper.entered())

    answer = at_browser(world.analyst).post(
        "/api/v1/challenges/",
        {"act": "result.submit_contract", "record": str(world.batch.pk), "intent": {"line": MYCOPLASMA}},
        content_type="application/json",
    )

    assert answer.status_code == 201
    told = {each["label"]: each["value"] for each in answer.json()["to_sign"]["lines"]}
    assert told["Tested by"].startswith("Example Virology Laboratory, certificate EVL-2210")


def test_the_laboratorys_own_verdict_never_decides(world, paper):
    row = paper.entered(values=DETECTED, verdict_printed="complies")
    paper.compared(row, values=DETECTED)

    result = do("result.submit_contract", world.batch, by=world.analyst, line=MYCOPLASMA)

    assert isinstance(result, Result)
    assert result.verdict == "fails"
    assert row.verdict_printed == "complies"


DIFFERENT = [
    ({"values": DETECTED}, "mycoplasma 1"),
    ({"number": "EVL-2201"}, "number"),
    ({"sample": "CT-99-0001-SA-01"}, "sample"),
    ({"tested_at": "2026-01-01T00:00:00+00:00"}, "tested_at"),
]


@pytest.mark.parametrize(("second", "what"), DIFFERENT, ids=[what for _second, what in DIFFERENT])
def test_where_two_people_differ_nothing_is_recorded_and_both_stay(world, paper, second, what):
    row = paper.entered()

    compared = paper.compared(row, **second)

    assert [each["what"] for each in compared.differences] == [what]
    assert compared.readings == []
    assert not Reading.objects.exists()
    assert [one.code for one in objections_to_certificates(world.batch)] == ["certificate_open"]


def test_a_new_entry_with_its_reason_settles_what_two_people_typed_differently(world, paper):
    first = paper.entered()
    paper.compared(first, values=DETECTED)

    with nothing_written(), pytest.raises(Refused) as refused:
        paper.entered(values=DETECTED, corrects=str(first.pk), reason="Read it")
    assert codes(refused) == ["no_reason"]
    again = paper.entered(values=DETECTED, corrects=str(first.pk), reason="I had read the line above.")
    compared = paper.compared(again, values=DETECTED)

    assert (again.supersedes, compared.agrees) == (first, True)
    assert Reading.objects.get().typed == "detected"
    assert objections_to_certificates(world.batch) == []
    assert verify_records().findings == []


def test_what_two_people_typed_differently_and_what_custody_did_not_know_are_exceptions_of_the_review(world, paper):
    first = paper.entered()
    paper.compared(first, values=DETECTED)
    paper.compared(paper.entered(corrects=str(first.pk), reason="I had read the line above."))
    Certified(world, "endotoxin", number="EVL-2212").entered(values=[{"member": "endotoxin", "typed": "<0.05"}])

    differed, unknown = exceptions_of(world.batch, "contract_certificates")

    assert (differed.is_judged_here, differed.found.reason) == (True, "I had read the line above.")
    assert "mycoplasma 1" in differed.found.says
    assert "detected" not in differed.found.says
    assert world.analyst.reference in differed.people
    assert (unknown.is_judged_here, "never handed" in unknown.found.says) == (False, True)
    (check,) = [one for one in review_of(world.fresh()).checks if one.rule.code == "contract_certificates"]
    assert check.passed.count == "1 of 2"


def test_a_file_is_not_imported_beside_a_certificate_that_waits(world):
    paper = Certified(world, "viability_percent")
    world.some_equipment("cell_counter", "CC-01")
    paper.entered(values=[{"member": "viability_percent", "typed": "95.1"}])

    with nothing_written(), pytest.raises(Refused, match="entered for this test and not settled"):
        keep_file(
            batch=world.fresh(), line="viability_percent", sample=paper.sample.pk, profile="CELL-COUNTER",
            instrument="CC-01", content=b"Sample ID,Viability (%)\n", name="count.csv", by=world.analyst, id=uuid4(),
        )  # fmt: skip


def test_a_correction_of_what_both_had_agreed_on_corrects_the_reading(world, paper):
    first = paper.entered()
    paper.compared(first)
    again = paper.entered(values=DETECTED, corrects=str(first.pk), reason="The laboratory sent a corrected page.")
    paper.compared(again, values=DETECTED)

    old, new = Reading.objects.order_by("recorded_at")
    assert (new.supersedes, new.typed, new.reason) == (old, "detected", "The laboratory sent a corrected page.")
    assert verify_records().findings == []


def test_a_space_is_no_difference_and_a_comma_is_refused(world):
    paper = Certified(world, "endotoxin")
    with nothing_written(), pytest.raises(BadInput, match="point"):
        paper.entered(values=[{"member": "endotoxin", "typed": "<0,050"}])
    row = paper.entered(values=[{"member": "endotoxin", "typed": "< 0.05"}])

    with pytest.raises(BadInput):
        paper.compared(row, values=[{"member": "endotoxin", "typed": "o.05"}])
    compared = paper.compared(row, values=[{"member": "endotoxin", "typed": "<0.05"}])

    assert compared.agrees
    assert Reading.objects.get().typed == "<0.05"


def test_the_second_person_is_another_one_and_compares_once(world, paper):
    row = paper.entered()

    with nothing_written(), pytest.raises(Refused) as refused:
        paper.compared(row, by=world.analyst)
    assert codes(refused) == ["same_person"]
    paper.compared(row)
    with nothing_written(), pytest.raises(Refused, match="compared already"):
        paper.compared(row, by=world.analyst)


def test_who_entered_or_compared_neither_reviews_nor_decides(world, paper):
    paper.compared(paper.entered())
    result = do("result.submit_contract", world.batch, by=world.other_analyst, line=MYCOPLASMA)

    assert "typed a contract laboratory's certificate" in took_part(world.batch, world.analyst)
    assert isinstance(result, Result)
    assert {world.analyst.reference, world.other_analyst.reference} <= people_who_entered(result)


def test_a_test_of_our_own_and_one_of_a_certificate_are_signed_under_their_own_words(world, paper):
    paper.compared(paper.entered())
    with nothing_written(), pytest.raises(Refused) as refused:
        world.submitted(MYCOPLASMA)
    assert codes(refused) == ["tested_elsewhere"]

    world.read("viability_percent", "95.1")
    with nothing_written(), pytest.raises(Refused) as refused:
        do("result.submit_contract", world.batch, by=world.analyst, line="viability_percent")
    assert codes(refused) == ["tested_here"]


def test_what_stands_on_a_certificate_is_not_corrected_or_replaced_by_hand(world, paper):
    browser, place = at_browser(world.analyst), f"/api/v1/batches/{world.batch.number}/readings/"
    typed = {"id": str(uuid4()), "line": MYCOPLASMA, "sample": str(paper.sample.pk), "typed": "detected"}
    row = paper.entered()
    with nothing_written():
        beside = browser.post(place, typed, content_type="application/json")
    paper.compared(row)
    by_hand = typed | {"corrects": str(Reading.objects.get().pk), "reason": "I know that it is positive."}
    with nothing_written():
        corrected = browser.post(place, by_hand, content_type="application/json")

    assert [one["code"] for one in beside.json()["objections"]] == ["certificate_open"]
    assert [one["code"] for one in corrected.json()["objections"]] == ["tested_elsewhere"]


# After the result


@pytest.fixture
def submitted(world: ContractWorld, paper: Certified) -> Result:
    """A result of a certificate that two people typed; it says that nothing was detected."""
    paper.compared(paper.entered())
    row = do("result.submit_contract", world.fresh(), by=world.other_analyst, line=MYCOPLASMA)
    assert isinstance(row, Result)
    return row


def findings() -> list[str]:
    checks = (certificates_are_right, comparisons_are_right, numbers_stand_once)
    return [str(finding) for check in checks for finding in check(Verification())]


def anew(result: Result, typed: str, *, by: Person) -> Signed:
    """The result made of what is in force, by naming its value."""
    return do("result.correct", result, by=by, member=MYCOPLASMA, typed=typed, reason="The certificate was corrected.")


CORRECTED = {"values": DETECTED, "reason": "The laboratory sent a corrected page."}


def test_one_person_alone_never_corrects_a_result_that_stands_on_a_certificate(world, submitted):
    for person in (world.analyst, world.other_analyst):
        with nothing_written(), pytest.raises(Refused) as refused:
            anew(submitted, "detected", by=person)
        assert codes(refused) == ["tested_elsewhere"]


def test_a_certificate_that_is_corrected_after_its_result_is_typed_by_a_second_person_blind(world, paper, submitted):
    row = ContractCertificate.objects.get()
    again = paper.entered(corrects=str(row.pk), **CORRECTED)
    told = at_browser(world.other_analyst).get(page(world)).content.decode()
    assert "Hidden until a second person" in told
    assert "<strong>detected</strong>" not in told.casefold()

    with nothing_written(), pytest.raises(Refused) as refused:
        paper.compared(again, by=world.analyst, values=DETECTED)
    assert codes(refused) == ["same_person"]
    assert "certificate_open" in world.codes()
    compared = paper.compared(again, values=DETECTED)

    new = Reading.objects.get(superseded_by=None)
    assert compared.readings == [str(new.pk)]
    assert (new.typed, new.supersedes.typed, new.reason) == ("detected", "not_detected", CORRECTED["reason"])
    assert findings() == []


def test_what_two_people_typed_differently_after_a_result_changes_nothing_and_blocks(world, paper, submitted):
    row = ContractCertificate.objects.get()
    paper.compared(paper.entered(corrects=str(row.pk), **CORRECTED))

    assert Reading.objects.get().typed == "not_detected"
    assert not world.line(MYCOPLASMA).is_outdated
    assert "certificate_open" in world.codes()
    with nothing_written(), pytest.raises(Refused) as refused:
        anew(submitted, "not_detected", by=world.analyst)
    assert "certificate_open" in codes(refused)


def test_the_result_counts_no_more_until_it_is_made_anew_and_reviewed(world, paper, submitted):
    paper.compared(paper.entered(corrects=str(ContractCertificate.objects.get().pk), **CORRECTED), values=DETECTED)
    assert world.line(MYCOPLASMA).is_outdated
    with nothing_written(), pytest.raises(Refused) as refused:
        do("result.review", submitted, by=world.second_reviewer)
    assert "outdated" in codes(refused)
    with nothing_written(), pytest.raises(Refused) as refused:
        anew(submitted, "not_detected", by=world.analyst)
    assert codes(refused) == ["tested_elsewhere"]

    row = anew(submitted, "detected", by=world.analyst)

    assert isinstance(row, Result)
    assert (row.version, row.verdict, row.supersedes) == (2, "fails", submitted)
    assert row.readings == [str(Reading.objects.get(superseded_by=None).pk)]
    assert OutOfSpecification.objects.filter(result=row).exists()
    for person in (world.analyst, world.other_analyst):
        assert person.reference in people_who_entered(row)
    do("result.review", row, by=world.second_reviewer)
    assert findings() == []


def test_the_page_leads_to_the_certificate_and_then_to_the_new_version(world, paper, submitted):
    browser = at_browser(world.analyst)
    test = f"/batches/{world.batch.number}/tests/{MYCOPLASMA}/"
    before = browser.get(test).content.decode()
    assert "Correct the certificate" in before
    assert 'id="correct-typed"' not in before
    place = browser.get(page(world)).content.decode()
    assert 'id="certificate-corrects"' in place
    assert "nothing: this is a new certificate" not in place

    paper.compared(paper.entered(corrects=str(ContractCertificate.objects.get().pk), **CORRECTED), values=DETECTED)
    after = browser.get(test).content.decode()
    assert "The result is made anew of what both typed" in after
    assert '<input type="hidden" name="typed" value="detected">' in after


def test_after_a_result_a_certificate_that_corrects_nothing_is_not_entered(world, paper, submitted):
    with nothing_written(), pytest.raises(Refused) as refused:
        paper.entered(number="EVL-2299")
    assert {"submitted", "entered"} <= set(codes(refused))


# The sample and the paper


def test_the_sample_is_one_of_this_batch_at_the_point_of_the_line(world, paper):
    elsewhere = world.sample_at("final_product").container.code
    with nothing_written(), pytest.raises(Refused) as refused:
        paper.entered(sample=elsewhere)
    assert codes(refused) == ["other_point"]

    other = world.with_initials("AB")
    theirs = other.sample_for(MYCOPLASMA).container.code
    with nothing_written(), pytest.raises(Refused) as refused:
        paper.entered(sample=theirs)
    assert codes(refused) == ["other_batch"]
    with nothing_written(), pytest.raises(Refused, match="not known in the laboratory"):
        paper.entered(sample="CT-99-0001-SA-01")


def test_custody_that_knows_nothing_of_it_is_a_fact_and_not_refused(world):
    paper = Certified(world, "endotoxin")
    row = paper.entered(values=[{"member": "endotoxin", "typed": "<0.05"}])

    assert "never handed" in row.custody
    assert [one.says for one in departures_about(row)] == [row.custody]
    assert Certified(world, number="EVL-2211").entered().custody == ""


def test_a_number_stands_once_for_a_laboratory_and_a_line(world, paper):
    paper.entered()

    with nothing_written(), pytest.raises(Refused) as refused:
        paper.entered(number="evl-2210")
    assert "entered" in codes(refused)
    with nothing_written(), pytest.raises(Refused, match="Correct it instead"):
        paper.entered(number="EVL-2299")
    other = world.with_initials("AB")
    again = Certified(other)
    with nothing_written(), pytest.raises(Refused, match=f"in batch {world.batch.number}"):
        again.entered()


REFUSED = [
    ({"values": []}, "Values are missing"),
    ({"values": [{"member": MYCOPLASMA, "typed": "not_tested"}]}, "states a result"),
    ({"reported_on": "2020-01-01"}, "older than the test"),
    ({"evidence": str(uuid4())}, "isn't stored here"),
    ({"laboratory": str(uuid4())}, "Choose the laboratory"),
    ({"tested_at": "2020-01-01T00:00:00+00:00"}, "earlier than the sample was taken"),
]


@pytest.mark.parametrize(("wrong", "says"), REFUSED, ids=[says for _wrong, says in REFUSED])
def test_what_no_certificate_can_say_is_refused_with_a_sentence(paper, wrong, says):
    with nothing_written(), pytest.raises(Refused, match=says):
        paper.entered(**wrong)


@pytest.mark.parametrize(
    "values",
    [
        [{"member": "viability_percent", "typed": "95"}],
        [{"member": MYCOPLASMA, "typed": "perhaps"}],
        [{"member": MYCOPLASMA, "typed": "detected", "replicate": 2}],
        [*DETECTED, *DETECTED],
        "none",
        [{"member": MYCOPLASMA}],
        [{"member": MYCOPLASMA, "typed": 1}],
    ],
)
def test_bad_input_gets_a_sentence_and_changes_nothing(paper, values):
    with nothing_written(), pytest.raises(BadInput):
        paper.entered(values=values)


def test_a_hospital_is_no_laboratory(world, paper):
    hospital = a_party(Party.Kind.HOSPITAL, by=world.logistics)
    with nothing_written(), pytest.raises(Refused, match="This party is none"):
        paper.entered(laboratory=str(hospital.pk))


# Growth


def growth(world: ContractWorld, typed: str = "no_growth", *, days: int = 14) -> Certified:
    paper = Certified(world, STERILITY)
    began = clock.now()
    clock.tell(began + timedelta(days=days, minutes=1))
    paper.printed |= {
        "began_at": began.isoformat(),
        "tested_at": (began + timedelta(days=days)).isoformat(),
        "values": [
            {"member": STERILITY, "replicate": 1, "typed": typed},
            {"member": STERILITY, "replicate": 2, "typed": "no_growth"},
        ],
    }
    return paper


def test_a_growth_test_of_a_contract_laboratory_ends_when_its_days_are_over(world):
    paper = growth(world)
    paper.compared(paper.entered())

    result = do("result.submit_contract", world.fresh(), by=world.analyst, line=STERILITY)

    assert isinstance(result, Result)
    assert (result.verdict, result.reported) == ("meets", "No growth to day 14")
    assert verify_records().findings == []


def test_a_day_too_short_is_pending_as_it_is_here(world):
    paper = growth(world, days=13)
    paper.compared(paper.entered())

    with nothing_written(), pytest.raises(Refused) as refused:
        do("result.submit_contract", world.fresh(), by=world.analyst, line=STERILITY)
    assert codes(refused) == ["too_early"]


def test_growth_is_raised_the_moment_it_is_typed(world):
    paper = growth(world, "growth", days=3)
    row = paper.entered()

    assert any("states growth" in one.says for one in departures_about(row))
    assert Alarm.objects.filter(kind=Alarm.Kind.GROWTH).exists()
    with nothing_written(), pytest.raises(Refused, match="never corrected away"):
        paper.entered(
            corrects=str(row.pk), reason="I had read it wrongly.",
            values=[{"member": STERILITY, "replicate": one, "typed": "no_growth"} for one in (1, 2)],
        )  # fmt: skip
    paper.compared(row)
    assert Reading.objects.filter(typed="growth").count() == 1


# Pages, programs, work, papers


def test_the_second_person_never_sees_what_the_first_typed(world):
    paper = Certified(world, "endotoxin")
    paper.entered(values=[{"member": "endotoxin", "typed": "<0.071"}])
    place = page(world, "endotoxin")
    listed = f"/api/v1/batches/{world.batch.number}/contract-certificates/"

    own = at_browser(world.analyst).get(place).content.decode()
    blind = at_browser(world.other_analyst).get(place).content.decode()
    (told,) = at_browser(world.other_analyst).get(listed).json()
    (mine,) = at_browser(world.analyst).get(listed).json()

    assert "0.071" in own
    assert "0.071" not in blind
    assert "EVL-2210" not in blind
    assert "Hidden until a second person" in blind
    assert told["stated"] is None
    assert told["verdict_printed"] is None
    assert mine["stated"]["values"][0]["typed"] == "<0.071"


def test_both_people_work_on_the_page(world, paper):
    first, second = at_browser(world.analyst), at_browser(world.other_analyst)
    typed = {key: value for key, value in paper.printed.items() if key != "values"}
    form = typed | {
        "line": MYCOPLASMA, "laboratory": str(world.contract.pk), "reported_on": clock.now().date().isoformat(),
        "method": "NAT", "evidence": str(paper.file.pk), f"value:{MYCOPLASMA}:1": "not_detected",
    }  # fmt: skip

    offered = first.get(page(world)).content.decode()
    started = first.post(f"/sign/contract_certificate.enter/{world.batch.pk}/", form)

    assert f'name="value:{MYCOPLASMA}:1"' in offered
    assert started.status_code == 303
    signed = first.post(started["Location"], {"secret": secret_of(world.analyst)})
    assert signed.status_code == 303
    row = ContractCertificate.objects.get()
    again = second.post(
        f"/sign/contract_certificate.compare/{row.pk}/", typed | {f"value:{MYCOPLASMA}:1": "not_detected"}
    )
    shown = second.get(again["Location"]).content.decode()
    assert "EVL-2210" in shown
    assert second.post(again["Location"], {"secret": secret_of(world.other_analyst)}).status_code == 303
    assert row.comparison.agrees
    assert "Two people agree" in first.get(page(world)).content.decode()
    assert "two people agree" in first.get(f"/batches/{world.batch.number}/tests/{MYCOPLASMA}/").content.decode()


def test_a_file_is_stored_from_the_page(world):
    sent = {"file": SimpleUploadedFile("coa.txt", b"Certificate 2210", content_type="text/plain")}
    answer = at_browser(world.analyst).post(f"{page(world)}file/", sent)

    assert answer.status_code == 303
    assert "coa.txt" in at_browser(world.analyst).get(page(world)).content.decode()
    assert at_browser(world.qp).post(f"{page(world)}file/", sent).status_code == 403


def test_the_second_person_finds_it_among_their_work_and_both_where_they_differ(world, paper):
    row = paper.entered()

    def mine(person):
        return [task.verb for task in work_for(person) if task.title == "Certificate of Example Virology Laboratory"]

    assert (mine(world.analyst), mine(world.other_analyst), mine(world.reviewer)) == ([], ["Compare"], [])
    paper.compared(row, values=DETECTED)
    assert (mine(world.analyst), mine(world.other_analyst)) == (["Correct"], ["Correct"])
    again = paper.entered(corrects=str(row.pk), reason="Entered rightly, looked again.")
    paper.compared(again)
    assert (mine(world.analyst), mine(world.other_analyst)) == ([], [])


def test_an_open_certificate_stands_against_certification(world, paper):
    paper.entered()

    assert "certificate_open" in world.codes()


def test_certificates_name_the_laboratory_among_the_sites(world, paper):
    other = a_party(Party.Kind.LABORATORY, by=world.logistics, name="Another Laboratory")
    row = paper.entered(laboratory=str(other.pk))
    before = [site.name for site in sites_stated(product_of(world.batch), world.batch)]
    paper.compared(row)
    after = [site.name for site in sites_stated(product_of(world.batch), world.batch)]

    assert "Another Laboratory" not in before
    assert after.count("Another Laboratory") == 1
    assert after.count("Example Virology Laboratory") == 1


def test_papers_name_the_certificate_and_show_no_value_before_it_is_compared(world):
    paper = Certified(world, "endotoxin")
    row = paper.entered(values=[{"member": "endotoxin", "typed": "<0.071"}])

    def told() -> str:
        return " ".join(f"{each.title} {each.statement}" for each in decisions(world.batch, Names(world.batch)))

    before = told()
    paper.compared(row, values=[{"member": "endotoxin", "typed": "<0.071"}])
    do("result.submit_contract", world.fresh(), by=world.analyst, line="endotoxin")
    _lines, notes = result_lines([world.line("endotoxin")], at=clock.now())
    (recorded,) = (each for each in results.tests(world.batch, Names(world.batch)) if each.code == "endotoxin")

    assert "Certificate EVL-2210 of Example Virology Laboratory" in before
    assert "0.071" not in before
    assert "<0.071" in told()
    assert [each.text for each in notes if each.text.startswith("Tested by Example Virology Laboratory, certificate")]
    assert "certificate EVL-2210" in recorded.versions[0].why
