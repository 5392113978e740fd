"""A result out of specification: it is never lost, never averaged and never tested away.

Every path is walked with the acts of the product; what may not happen is tried, over HTTP where people meet it.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Alarm, Person
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.wording import today
from batches.departures import report_departure
from batches.models import Departure
from ledger import clock, guards
from ledger.verification import verify_records
from qc.laboratory.recording import record_reading
from qc.models import (
    Capa,
    MeasurementInvalid,
    OutOfSpecification,
    OutOfSpecificationClosed,
    Reading,
    Result,
    RetestPlanApproved,
)
from qc.out_of_specification.correcting_actions import is_overdue
from qc.out_of_specification.records import objections_to_out_of_specification
from reports.record_gathering import results as gathered
from reports.record_gathering.names import Names
from reports.record_gathering.quality import decisions, exceptions
from reports.stated_results import result_lines
from tests.oos_builders import (
    IN_ORDER,
    LINE,
    approved_plan,
    closed,
    failing,
    investigated,
    planned,
    retested,
    shown_before,
)
from tests.people import a_person, administrators, at_browser, do, nothing_written, secret_of
from tests.qc_builders import STERILITY, Laboratory, in_the_laboratory, kept_for_a_module, taken_back

pytestmark = pytest.mark.django_db
NOTHING = "Nothing was found point by point."


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


def corrects(laboratory: Laboratory, result: Result, typed: str) -> Result:
    row = do(
        "result.correct", result, by=laboratory.analyst, member=result.line, typed=typed, reason="Digits were swapped"
    )
    assert isinstance(row, Result)
    return row


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


# Growth


@pytest.mark.clause("21 CFR 610.12(f)", "a growth test is repeated once, where the growth is the laboratory's")
def test_growth_is_tested_again_once_and_only_for_a_cause_in_the_laboratory(laboratory):
    shown = shown_before(laboratory)
    record = grown(laboratory)
    laboratory.reviewed(record.result)
    other = OutOfSpecification.objects.get(pk=record.pk)
    with taken_back():
        investigated(laboratory, other)
        with pytest.raises(Refused, match="ascribes the growth to the laboratory"):
            planned(laboratory, other)
    investigated(laboratory, record, evidence=shown)
    with nothing_written(), pytest.raises(Refused, match="once at most"):
        planned(laboratory, record, retests=2)
    approved_plan(laboratory, record)

    began = clock.now() - timedelta(days=14, minutes=5)
    laboratory.read(STERILITY, "growth", began_at=began, performed_at=began + timedelta(days=3))
    laboratory.reviewed(laboratory.submitted(STERILITY))

    assert OutOfSpecification.objects.count() == 1
    with nothing_written(), pytest.raises(Refused, match="does not conform either"):
        closed(laboratory, record, "invalidated")
    closed(laboratory, record, "confirmed")
    assert verify_records().findings == []


def grown(laboratory: Laboratory) -> OutOfSpecification:
    began = laboratory.containers_at("final_product")[0].made_at + timedelta(hours=1)
    laboratory.read(STERILITY, "growth", began_at=began, performed_at=began + timedelta(days=3))
    laboratory.submitted(STERILITY)
    return OutOfSpecification.objects.get()


def test_growth_is_never_declared_invalid(laboratory):
    shown = shown_before(laboratory)
    began = laboratory.containers_at("final_product")[0].made_at + timedelta(hours=1)
    laboratory.read(STERILITY, "growth", began_at=began, performed_at=began + timedelta(days=3))

    with nothing_written(), pytest.raises(Refused, match="never declared invalid"):
        declared(laboratory, shown, line=STERILITY)


def test_growth_seen_after_the_claim_is_not_confirmed_to_be_invalid(laboratory):
    shown = shown_before(laboratory)
    began = laboratory.containers_at("final_product")[0].made_at + timedelta(hours=1)
    laboratory.read(STERILITY, "no_growth", began_at=began, performed_at=began + timedelta(days=2))
    claim = declared(laboratory, shown, line=STERILITY)
    laboratory.read(STERILITY, "growth", performed_at=began + timedelta(days=3))

    with nothing_written(), pytest.raises(Refused, match="never declared invalid"):
        confirmed(laboratory, claim)


# Invalid before the result


def declared(laboratory: Laboratory, evidence: Departure | None, *, line: str = LINE) -> MeasurementInvalid:
    row = do(
        "measurement.invalidate", laboratory.batch, by=laboratory.analyst, line=line, cause="sample",
        says="Stained twelve minutes after thaw, limit five.", evidence=str(evidence.pk) if evidence else None,
    )  # fmt: skip
    assert isinstance(row, MeasurementInvalid)
    return row


def confirmed(laboratory: Laboratory, claim: MeasurementInvalid, *, yes: str = "yes", by: Person | None = None) -> None:
    do(
        "measurement.review_invalid", claim, by=by or laboratory.reviewer, is_confirmed=yes,
        says="I looked at the times of the scans.",
    )  # fmt: skip


def test_a_proven_invalid_run_is_kept_never_judged_and_opens_the_next(laboratory):
    shown = shown_before(laboratory)
    laboratory.read(LINE, "95.1")
    claim = declared(laboratory, shown)
    assert claim.is_proven
    assert claim.evidence_id == shown.pk
    with nothing_written(), pytest.raises(Refused, match="A second person decides"):
        laboratory.submitted(LINE)
    confirmed(laboratory, claim)

    line = laboratory.line(LINE)
    assert (line.run, line.conforms, line.result) == (2, False, None)
    again = laboratory.tested(LINE)
    assert (again.run, again.version) == (2, 1)
    assert Reading.objects.filter(line=LINE, run=1).count() == 1
    assert not OutOfSpecification.objects.exists()
    assert verify_records().findings == []


@pytest.mark.clause("21 CFR 211.192", "a cause that nothing earlier shows is not proven, and the run counts")
@pytest.mark.parametrize("when", ["never", "after the reading"])
def test_a_cause_that_nothing_earlier_shows_is_not_proven(laboratory, when):
    laboratory.read(LINE, "59.1")
    evidence = shown_before(laboratory) if when == "after the reading" else None

    claim = declared(laboratory, evidence)

    assert not claim.is_proven
    with nothing_written(), pytest.raises(Refused, match="not proven"):
        confirmed(laboratory, claim)
    laboratory.submitted(LINE)
    assert OutOfSpecification.objects.get().result.run == 1


def test_a_claim_that_is_not_confirmed_lets_the_run_count(laboratory):
    both = a_person(Role.QC_ANALYST, Role.QC_REVIEWER, name="Ada Both")
    shown = shown_before(laboratory)
    laboratory.read(LINE, "59.1", by=both)
    claim = declared(laboratory, shown)
    with nothing_written(), pytest.raises(Refused, match="second person"):
        confirmed(laboratory, claim, by=both)
    confirmed(laboratory, claim, yes="no")

    laboratory.submitted(LINE)
    assert OutOfSpecification.objects.count() == 1


def test_nothing_is_declared_invalid_after_the_result(laboratory):
    shown = shown_before(laboratory)
    failing(laboratory)

    with nothing_written(), pytest.raises(Refused):
        declared(laboratory, shown)


# Whatever the order


ACTS = ("correct", "investigate", "plan", "approve", "read", "submit", "review", "invalidate", "confirm", "declare")


@pytest.mark.clause("21 CFR 211.194(a)(4)", "the first result stays in the record whatever follows")
@given(order=st.lists(st.sampled_from(ACTS), min_size=1, max_size=9), proven=st.booleans())
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_in_whatever_order_a_line_never_conforms_while_its_record_is_open(laboratory, order, proven):
    with taken_back():
        shown = shown_before(laboratory) if proven else None
        record = failing(laboratory)
        acts = {
            "correct": lambda: corrects(laboratory, newest(), "95.1"),
            "investigate": lambda: investigated(laboratory, record, evidence=shown),
            "plan": lambda: planned(laboratory, record),
            "approve": lambda: do("oos.approve_plan", record, by=laboratory.qa),
            "read": lambda: laboratory.read(LINE, "95.1"),
            "submit": lambda: laboratory.submitted(LINE),
            "review": lambda: laboratory.reviewed(newest()),
            "invalidate": lambda: closed(laboratory, record, "invalidated"),
            "confirm": lambda: closed(laboratory, record, "confirmed"),
            "declare": lambda: declared(laboratory, shown),
        }
        for one in order:
            try:
                acts[one]()
            except Refused:
                continue
            line = laboratory.line(LINE)
            ended = OutOfSpecificationClosed.objects.filter(oos=record).first()
            assert record.result_id in {version.pk for version in line.runs.results}
            if ended is None or ended.outcome == "confirmed":
                assert not line.conforms
                assert line.result is not None
                assert line.result.pk == record.result_id
            else:
                assert proven
                assert line.first_failing is not None


def newest() -> Result:
    return Result.objects.filter(line=LINE).order_by("-version")[0]


# Pages and programs


def test_the_page_of_a_record_says_what_comes_next_and_by_whom(laboratory):
    record = failing(laboratory)
    place = f"/oos/{record.number}/"

    shown = at_browser(laboratory.reviewer).get(place).content.decode()
    assert "Review the failing result" in shown
    laboratory.reviewed(record.result)
    assert "Investigate in the laboratory" in at_browser(laboratory.reviewer).get(place).content.decode()
    investigated(laboratory, record)
    planned(laboratory, record)
    shown = at_browser(laboratory.qa).get(place).content.decode()
    assert "Approve the plan to test again" in shown
    assert "59.1" in shown
    do("oos.approve_plan", record, by=laboratory.qa)
    assert "Test again under the plan" in at_browser(laboratory.analyst).get(place).content.decode()
    retested(laboratory)
    closed(laboratory, record, "confirmed")
    shown = at_browser(laboratory.qp).get(place).content.decode()
    assert "confirmed: the first result stands" in shown
    assert record.number in at_browser(laboratory.qp).get("/oos/").content.decode()
    assert at_browser(laboratory.qp).get("/oos/OOS-99-9999/").status_code == 404
    assert at_browser(a_person(Role.ADMINISTRATOR)).get(place).status_code == 403
    test = at_browser(laboratory.analyst).get(f"/batches/{laboratory.batch.number}/tests/{LINE}/").content.decode()
    assert record.number in test


def test_every_form_of_the_page_leads_to_its_signature_as_a_browser_sends_it(laboratory):
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    sample = str(laboratory.sample_for(LINE).pk)
    points = {f"{one}_remark": "" for one in IN_ORDER} | IN_ORDER
    words = dict.fromkeys(("scope", "root_cause", "conclusion"), "Said in a few words.")
    due = today().isoformat()
    forms = (
        (laboratory.reviewer, "oos.investigate", points | {"has_cause": "no", "evidence": "", "conclusion": NOTHING}),
        (laboratory.reviewer, "oos.plan", {"hypothesis": "It was stained.", "retests": "1", "sample": sample,
                                           "other_analyst": "no"}),
        (laboratory.qa, "oos.approve_plan", {}),
        (laboratory.qa, "oos.close", words | {"outcome": "confirmed", "concerned": ""}),
        (laboratory.qa, "capa.open", {"action": "A timer everywhere.", "owner": laboratory.qa.username,
                                      "due_date": due}),
    )  # fmt: skip
    for person, act, form in forms:
        signed_over_http(person, act, record.pk, form)
    assert at_browser(laboratory.qa).get(f"/oos/{record.number}/").status_code == 200


def test_the_forms_of_a_test_declare_a_run_invalid_and_decide_on_it(laboratory):
    shown = shown_before(laboratory)
    laboratory.read(LINE, "59.1")
    place = f"/batches/{laboratory.batch.number}/tests/{LINE}/"
    browser = at_browser(laboratory.analyst)
    assert f'value="{shown.pk}"' not in browser.get(f"/batches/{laboratory.batch.number}/tests/rcl/").content.decode()
    assert f'value="{shown.pk}"' in browser.get(place).content.decode()
    form = {"line": LINE, "cause": "sample", "says": "Stained after twelve minutes.", "evidence": str(shown.pk)}

    signed_over_http(laboratory.analyst, "measurement.invalidate", laboratory.batch.pk, form)
    claim = MeasurementInvalid.objects.get()
    assert "Declared invalid" in at_browser(laboratory.reviewer).get("/").content.decode()
    assert "Is this run invalid?" in at_browser(laboratory.reviewer).get(place).content.decode()
    decision = {"is_confirmed": "yes", "says": "The scans say so."}
    signed_over_http(laboratory.reviewer, "measurement.review_invalid", claim.pk, decision)

    assert "Invalid run" in browser.get(place).content.decode()
    assert laboratory.line(LINE).run == 2


def signed_over_http(person: Person, act: str, subject: UUID, form: dict[str, str]) -> None:
    browser = at_browser(person)
    asked = browser.post(f"/sign/{act}/{subject}/", form)
    assert asked.status_code == 303, asked.content.decode()
    signed = browser.post(asked.headers["Location"], {"username": person.username, "secret": secret_of(person)})
    assert signed.status_code == 303, signed.content.decode()


def test_a_departure_is_evidence_of_its_own_batch_alone(laboratory):
    other = laboratory.beside()
    elsewhere = report_departure(
        batch=other.batch, says="The cabinet rang in the other batch.", by=other.qa, id=uuid4()
    )
    record = failing(laboratory)

    with nothing_written(), pytest.raises(Refused, match="record from before the result"):
        investigated(laboratory, record, evidence=elsewhere)
    assert Departure.objects.filter(batch=laboratory.batch).count() == 0


# Actions that correct or prevent


def opened(laboratory: Laboratory, source: object, **said: str) -> Capa:
    told = {
        "action": "Put a timer beside every microscope.",
        "owner": laboratory.reviewer.username,
        "due_date": (today() + timedelta(days=30)).isoformat(),
    }
    row = do("capa.open", source, by=laboratory.qa, **(told | said))  # type: ignore[arg-type]  # any source
    assert isinstance(row, Capa)
    return row


def test_an_action_is_done_by_its_owner_and_checked_by_somebody_else(laboratory):
    record = failing(laboratory)
    before = laboratory.codes()
    capa = opened(laboratory, record)

    assert capa.number == f"CAPA-{clock.now().year % 100:02d}-0001"
    assert laboratory.codes() == before
    assert capa.number in at_browser(laboratory.reviewer).get("/").content.decode()
    with nothing_written(), pytest.raises(Refused, match="owns this action"):
        do("capa.complete", capa, by=laboratory.qa, says="The timers are there.")
    with nothing_written(), pytest.raises(Refused, match="not done yet"):
        do("capa.check", capa, by=laboratory.qa, is_effective="yes", says="No late stain since.")
    do("capa.complete", capa, by=laboratory.reviewer, says="The timers are there.")
    with nothing_written(), pytest.raises(NotAllowed):
        do("capa.check", capa, by=laboratory.reviewer, is_effective="yes", says="No late stain since.")
    do("capa.check", capa, by=laboratory.qa, is_effective="yes", says="No late stain since.")

    shown = at_browser(laboratory.qa).get("/capa/").content.decode()
    assert "Effective" in shown
    assert record.number in shown
    assert verify_records().findings == []


def test_an_action_needs_somebody_here_and_a_day_to_come(laboratory):
    record = failing(laboratory)

    for said in ({"owner": "nobody"}, {"due_date": "2026-01-01"}, {"owner": administrators()[0].username}):
        with nothing_written(), pytest.raises(Refused):
            opened(laboratory, record, **said)


def test_an_action_is_overdue_from_the_day_after_until_it_is_done(laboratory):
    record = failing(laboratory)
    capa = opened(laboratory, record)
    late = capa.due_date + timedelta(days=1)

    assert (is_overdue(capa, on=capa.due_date), is_overdue(capa, on=late)) == (False, True)
    listed = at_browser(laboratory.qa).get("/api/v1/capa/").json()["results"]
    assert [(one["number"], one["is_overdue"], one["out_of"]) for one in listed] == [
        (capa.number, False, record.number)
    ]
    do("capa.complete", capa, by=laboratory.reviewer, says="The timers are there.")
    assert not is_overdue(Capa.objects.get(pk=capa.pk), on=late)


# Programs, papers and verification


def test_programs_read_records_and_one_whole(laboratory):
    record = failing(laboratory)
    investigated(laboratory, record)
    approved_plan(laboratory, record)
    again = retested(laboratory)
    client = at_browser(laboratory.qp)

    (listed,) = client.get("/api/v1/oos/").json()["results"]
    whole = client.get(f"/api/v1/oos/{record.number}/").json()
    panel = client.get(f"/api/v1/batches/{laboratory.batch.number}/release-panel/").json()["lines"]

    assert (listed["number"], listed["outcome"], listed["batch"]) == (record.number, "", laboratory.batch.number)
    assert (whole["retests_planned"], whole["retests"], whole["has_cause"]) == (1, [str(again.pk)], False)
    assert whole["next"]["says"] == "Review the failing result"
    line = next(one for one in panel if one["line"] == LINE)
    assert (line["result"], line["run"], line["out_of_specification"]) == (str(record.result_id), 2, [record.number])
    assert client.get("/api/v1/oos/OOS-99-9999/").status_code == 404


@pytest.mark.clause("21 CFR 211.192", "certificate and batch record show the first result and its investigation")
def test_certificate_and_batch_record_show_the_first_result(laboratory):
    shown = shown_before(laboratory)
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record, evidence=shown)
    approved_plan(laboratory, record)
    laboratory.reviewed(retested(laboratory))

    def notes() -> str:
        _lines, found = result_lines([laboratory.line(LINE)], at=clock.now())
        return " ".join(note.text for note in found)

    assert f"{record.number} is open" in notes()
    then = clock.now()
    closed(laboratory, record, "invalidated")
    assert f"invalidated, {record.number}" in notes()
    assert "59.1" in notes()
    _lines, as_it_was = result_lines([laboratory.line(LINE)], at=then)
    assert f"{record.number} is open" in as_it_was[0].text
    names = Names(laboratory.fresh())
    kinds = [one.kind for one in exceptions(laboratory.batch, names)]
    assert f"out of specification, {record.number}" in kinds
    titles = [one.title for one in decisions(laboratory.batch, names)]
    assert f"{record.number}: laboratory investigation" in titles
    assert f"{record.number}: plan to test again, approved" in titles
    assay = next(one for one in gathered.tests(laboratory.batch, names) if one.code == LINE)
    assert [(one.version, one.counts) for one in assay.versions] == [(1, False), (2, True)]


@pytest.mark.sqlite_alone  # the guards are taken away inside the transaction of the test
def test_verification_names_a_retest_that_nobody_planned_and_a_failing_result_without_record(laboratory):
    record = failing(laboratory)
    investigated(laboratory, record)
    approved_plan(laboratory, record)
    laboratory.read(LINE, "95.1")
    passing = laboratory.tested("rcl")

    guards.remove(connection)
    try:
        RetestPlanApproved.objects.all().delete()
        Result.objects.filter(pk=passing.pk).update(verdict="fails")
    finally:
        guards.install(connection)
    said = {one.says for one in verify_records().findings}

    assert any("was not opened by an approved plan" in one for one in said)
    assert "it is out of specification and has no record" in said


@pytest.mark.sqlite_alone  # as above
def test_verification_names_whoever_judged_their_own_work(laboratory):
    record = failing(laboratory)
    laboratory.reviewed(record.result)
    investigated(laboratory, record)
    closed(laboratory, record, "confirmed")

    guards.remove(connection)
    try:
        OutOfSpecificationClosed.objects.update(signer=laboratory.reviewer, reportable=laboratory.tested("rcl"))
    finally:
        guards.install(connection)
    said = {one.says for one in verify_records().findings}

    assert "one person investigated or planned, and approved or closed" in said
    assert "the result that it lets count is not one that may" in said
