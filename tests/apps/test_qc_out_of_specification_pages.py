"""Records out of specification and the actions that follow: their pages, programs, papers, and their verification."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection

from accounts.models import Person
from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from accounts.wording import today
from batches.departures import report_departure
from batches.models import Departure
from ledger import clock, guards
from ledger.verification import verify_records
from qc.models import (
    Capa,
    MeasurementInvalid,
    OutOfSpecificationClosed,
    Result,
    RetestPlanApproved,
)
from qc.out_of_specification.correcting_actions import is_overdue
from reports.record_gathering import results as gathered
from reports.record_gathering.exceptional import exceptions
from reports.record_gathering.names import Names
from reports.record_gathering.quality import decisions
from reports.stated_results import result_lines
from tests.kept import kept_for_a_module
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
from tests.qc_builders import Laboratory, in_the_laboratory

pytestmark = pytest.mark.django_db
NOTHING = "Nothing was found point by point."


@pytest.fixture(scope="module")
def laboratory(django_db_setup: None, django_db_blocker: object) -> Iterator[Laboratory]:
    """A batch that was made twenty days ago; its samples wait for the laboratory."""
    with kept_for_a_module(django_db_blocker):
        made = in_the_laboratory()
        clock.end_story()
        yield made


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
    kinds = [one.kind for one in exceptions(laboratory.batch, names).stated]
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
