"""What a finding stops, what goes on meanwhile, and how two people end it."""

import json
import logging
from uuid import uuid4

import pytest
from django.db.models import Model
from django.urls import reverse

from accounts.incident_spans import spans
from accounts.models import IncidentClosingApproval, Person
from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.signing import ask, perform
from batches.departures import report_departure
from batches.streams import streams_of
from ledger import files, incidents, outbox
from ledger.incidents import open_for
from ledger.models import Entry, Head, Incident, IncidentState, Site
from ledger.selfcheck import Found, full
from ledger.verification import verify_records
from qc.release.assessing import open_facts
from reports.models import Document
from tests.documents_builders import with_approved_results
from tests.kept import kept_for_a_module
from tests.people import a_person, administrators, at_browser, do, nothing_written, secret_of
from tests.qc_builders import MINOR, Laboratory

pytestmark = pytest.mark.django_db
REASON = "The guard was taken away by a migration; it stands again."


@pytest.fixture(scope="module")
def approved(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        laboratory = with_approved_results()
        laboratory.record_reviewed()
        laboratory.other_qa = a_person(Role.QA)
        yield laboratory


@pytest.fixture
def laboratory(approved, db) -> Laboratory:
    """A batch against whose certification nothing stands, and whose certificate of analysis is owed."""
    approved.fresh()
    return approved


def site_wide(kind: str = "guards") -> Incident:
    incident = open_for(Found(kind, "", "The guard accounts_training_no_update is missing."))
    assert incident is not None
    return incident


def about(stream: str) -> Incident:
    incident = open_for(Found("payloads", stream, "entry 12: its payload was changed"))
    assert incident is not None
    return incident


def closed(incident: Incident, one: Person, other: Person, outcome: str = "resolved") -> None:
    do("incident.close", incident, by=one, outcome=outcome, reason=REASON)
    do("incident.approve_closing", incident, by=other)


def findings() -> list[str]:
    return [str(finding) for finding in verify_records().findings]


class TestOpening:
    def test_a_finding_opens_one_incident_however_often_it_is_found(self, laboratory):
        found = [Found("guards", "", "A guard is missing."), Found("payloads", "coi/X", "entry 3: changed")]

        first = incidents.record(found)
        again = incidents.record([Found("guards", "", "Two guards are missing."), found[1]])

        assert [(one.kind, one.about) for one in first] == [("guards", ""), ("payloads", "coi/X")]
        assert again == []
        assert [entry.type for entry in Entry.objects.filter(rec_type="ledger.incident")] == ["incident.opened"] * 2
        assert first[0].after_seq == Entry.objects.get(rec_id=first[0].pk).seq - 1
        assert findings() == []

    def test_the_alarm_is_raised_outside_the_database_too(self, laboratory, caplog):
        before = incidents.alarms().read_bytes() if incidents.alarms().exists() else b""

        with caplog.at_level(logging.CRITICAL):
            incident = site_wide()
            open_for(Found("guards", "", "again"))

        assert [record.levelname for record in caplog.records] == ["CRITICAL"]
        (line,) = incidents.alarms().read_bytes()[len(before) :].splitlines()
        assert json.loads(line)["incident"] == str(incident.pk)

    def test_when_the_clock_went_back_the_incident_is_written_at_the_newest_entrys_time(self, laboratory):
        newest = Head.objects.get().at

        open_for(Found("clock", "", "It is yesterday."))

        assert Head.objects.get().at == newest


STOPPED_BY_THE_SITE = {
    "batch.certify": ("qp", "batch", {"decision": "certified"}),
    "results.approve": ("reviewer", "batch", {}),
    "definition.prepare": (
        "reviewer", "site", {"kind": "product", "source": "x", "change": "Another version."}
    ),
    "lot.decide": ("qa", "lot", {"decision": "recalled", "reason": "The maker recalls it."}),
    "person.admit": (
        "administrator", "site",
        {"username": "some.body", "name": "Some Body", "roles": ["qa"], "identity_document": "passport",
         "identity_checked_on": "2026-01-05"},
    ),
    "person.change_roles": ("administrator", "technician", {"roles": ["qa"], "reason": "moves to quality"}),
    "person.reset_key": ("administrator", "technician", {"reason": "lost the password"}),
}  # fmt: skip


def whom_and_what(laboratory: Laboratory, by: str, subject: str):
    people = {"administrator": administrators()[0]}
    things: dict[str, Model] = {"site": Site.objects.get()}
    if subject == "lot":
        things["lot"] = laboratory.a_lot("wash_buffer")
    return people.get(by) or getattr(laboratory, by), things.get(subject) or getattr(laboratory, subject)


class TestWhatItStops:
    @pytest.mark.parametrize("act", STOPPED_BY_THE_SITE)
    def test_an_incident_about_the_site(self, laboratory, act):
        by, subject, intent = STOPPED_BY_THE_SITE[act]
        person, thing = whom_and_what(laboratory, by, subject)
        site_wide()

        with nothing_written(), pytest.raises(Refused, match=r"does not verify .the whole site.") as refused:
            do(act, thing, by=person, **intent)
        assert [one.url for one in refused.value.objections if one.code == "integrity"] == ["/integrity/"]

    def test_between_the_page_and_the_signature_too(self, laboratory):
        challenge, _shown = ask("batch.certify", laboratory.batch.pk, {"decision": "certified"}, by=laboratory.qp)
        site_wide()

        with nothing_written(), pytest.raises(Refused, match="does not verify"):
            perform(challenge.pk, username=laboratory.qp.username, secret=secret_of(laboratory.qp),
                    at_hand=laboratory.qp)  # fmt: skip

    @pytest.mark.parametrize("part", ["batch", "coi", "subject", "lot", "master"])
    def test_an_incident_about_a_part_stops_what_rests_on_it(self, laboratory, part):
        streams = [one for one in streams_of(laboratory.batch) if one.startswith(f"{part}/")]
        about(streams[0] if streams else f"{part}/none")

        assert ("integrity" in laboratory.codes()) is bool(streams)

    def test_an_incident_about_another_batch_stops_nothing_here(self, laboratory):
        about("batch/CT-99-0001")

        assert laboratory.codes() == []
        do("person.admit", Site.objects.get(), by=administrators()[0], username="some.body", name="Some Body",
           roles=["qa"], identity_document="passport", identity_checked_on="2026-01-05")  # fmt: skip
        laboratory.certified()

    def test_the_certificate_waits_and_is_made_afterwards(self, laboratory):
        incident = about(laboratory.batch.stream_name())
        outbox.deliver_all()
        assert Document.objects.count() == 0
        assert incidents.waits_for([laboratory.batch.stream_name()]).startswith("It waits for the end")

        closed(incident, laboratory.qa, laboratory.other_qa)
        assert incidents.waits_for([laboratory.batch.stream_name()]) == ""
        outbox.deliver_all()
        assert Document.objects.count() == 1

    def test_protecting_acts_go_on(self, laboratory):
        site_wide()

        do("person.deactivate", laboratory.checker, by=administrators()[0], reason="left the site")

        assert findings() == []


class TestRecordingGoesOn:
    def test_values_are_entered_and_become_a_fact_that_quality_assesses_afterwards(self, laboratory):
        incident = site_wide()
        assert open_facts(laboratory.batch) == []
        report_departure(batch=laboratory.batch, says="The lamp flickered.", by=laboratory.technician, id=uuid4())
        kinds = {fact.kind for fact in open_facts(laboratory.batch)}
        fact = next(fact for fact in open_facts(laboratory.batch) if fact.row == incident)
        assert len(kinds) == 2
        assert fact.says.startswith("1 entries were made")
        words = MINOR | {
            "impact": "The entry was compared with the log book.",
            "conclusion": "No impact on the product.",
        }
        with pytest.raises(Refused, match="The incident is open"):
            do("fact.assess", fact.id, by=laboratory.qa, **words)

        closed(incident, laboratory.qa, laboratory.other_qa)
        for one in open_facts(laboratory.batch):
            do("fact.assess", one.id, by=laboratory.qa, **words)

        assert open_facts(laboratory.batch) == []
        assert laboratory.codes() == ["trail_open", "review_outdated"]
        laboratory.record_reviewed()
        laboratory.certified()
        assert findings() == []

    def test_the_audit_trail_marks_what_was_entered_meanwhile_and_nothing_else(self, laboratory):
        incident = about(laboratory.batch.stream_name())
        report_departure(batch=laboratory.batch, says="The lamp flickered.", by=laboratory.technician, id=uuid4())
        closed(incident, laboratory.qa, laboratory.other_qa)
        report_departure(batch=laboratory.batch, says="It flickered again.", by=laboratory.technician, id=uuid4())

        (span,) = spans()
        marked = [entry.type for entry in Entry.objects.order_by("seq") if span.holds(entry.seq)]
        page = reverse("batch-tab", args=[laboratory.batch.number, "audit-trail"])
        shown = at_browser(laboratory.qa).get(page).content.decode()

        assert marked == ["departure.reported", "incident.closing_proposed"]
        assert shown.count("During an incident") == 1


class TestClosing:
    def test_two_people_close_it_and_work_goes_on(self, laboratory):
        incident = site_wide()

        closed(incident, laboratory.qa, laboratory.qp)

        state = IncidentState.objects.get()
        assert (state.is_open, state.outcome) == (False, "resolved")
        assert Entry.objects.latest("seq").type == "incident.closed"
        assert findings() == []
        laboratory.certified(by=laboratory.qp)

    def test_one_person_alone_closes_nothing(self, laboratory):
        incident = site_wide()
        do("incident.close", incident, by=laboratory.qa, outcome="resolved", reason=REASON)

        with nothing_written(), pytest.raises(Refused, match="A second person must agree"):
            do("incident.approve_closing", incident, by=laboratory.qa)
        assert IncidentState.objects.get().is_open

    def test_nobody_agrees_to_what_nobody_proposed(self, laboratory):
        incident = site_wide()

        with pytest.raises(Refused, match="Nobody has proposed"):
            do("incident.approve_closing", incident, by=laboratory.qa)

    def test_a_later_proposal_replaces_the_first(self, laboratory):
        incident = site_wide()
        do("incident.close", incident, by=laboratory.qa, outcome="resolved", reason=REASON)
        do("incident.close", incident, by=laboratory.other_qa, outcome="resolved", reason="Another cause was found.")

        do("incident.approve_closing", incident, by=laboratory.qa)

        assert IncidentClosingApproval.objects.get().closing.reason == "Another cause was found."

    @pytest.mark.parametrize("role", ["technician", "analyst", "reviewer", "logistics"])
    def test_others_may_not(self, laboratory, role):
        incident = site_wide()

        with nothing_written(), pytest.raises(NotAllowed):
            do("incident.close", incident, by=getattr(laboratory, role), outcome="resolved", reason=REASON)

    @pytest.mark.parametrize(
        "intent",
        [
            {"outcome": "resolved", "reason": "short"},
            {"outcome": "resolved"},
            {"outcome": "forgotten", "reason": REASON},
            {"outcome": "resolved", "reason": REASON, "more": "x"},
        ],
    )
    def test_what_cannot_be_read_is_refused(self, laboratory, intent):
        incident = site_wide()

        with nothing_written(), pytest.raises(BadInput):
            do("incident.close", incident, by=laboratory.qa, **intent)

    @pytest.mark.parametrize(
        ("kind", "outcome"), [("guards", "epoch_confirmed"), ("guards", "copy_closed"), ("clock", "copy_closed")]
    )
    def test_an_outcome_of_another_kind_is_refused(self, laboratory, kind, outcome):
        incident = site_wide(kind)

        with nothing_written(), pytest.raises(Refused, match="does not end like this"):
            do("incident.close", incident, by=laboratory.qa, outcome=outcome, reason=REASON)

    def test_it_is_closed_once(self, laboratory):
        incident = site_wide()
        closed(incident, laboratory.qa, laboratory.other_qa)

        for act, intent in (
            ("incident.close", {"outcome": "resolved", "reason": REASON}),
            ("incident.approve_closing", {}),
        ):
            with nothing_written(), pytest.raises(Refused, match="closed already"):
                do(act, incident, by=laboratory.qp, **intent)

    def test_while_it_can_still_be_found_it_is_not_closed(self, laboratory):
        state = laboratory.technician.state
        roles, state.roles = state.roles, ["qa"]
        state.save()
        (incident,) = incidents.record(full())
        assert incident.kind == "people"

        with nothing_written(), pytest.raises(Refused, match="It can still be found"):
            do("incident.close", incident, by=laboratory.qa, outcome="resolved", reason=REASON)
        state.roles = roles
        state.save()
        closed(incident, laboratory.qa, laboratory.other_qa)

        assert findings() == []

    def test_a_state_that_somebody_set_by_hand_is_found(self, laboratory):
        site_wide()
        IncidentState.objects.update(is_open=False, outcome="resolved")

        assert any("not what its closings add up to" in one for one in findings())


class TestAboutWhat:
    def test_a_changed_document_concerns_its_batch_alone(self, laboratory):
        outbox.deliver_all()
        document = Document.objects.get()
        files.path_of(document.sha256).write_bytes(b"%PDF-1.7 another")

        opened = incidents.record(full())

        assert {one.about for one in opened} == {laboratory.batch.stream_name()}
        assert {"files", "documents"} <= {one.kind for one in opened}
        assert "integrity" in laboratory.codes()


class TestPages:
    def test_everybody_sees_the_red_band_and_where_it_leads(self, laboratory):
        technician = at_browser(laboratory.technician)
        assert "does not verify" not in technician.get("/").content.decode()
        site_wide()

        page = technician.get("/").content.decode()

        assert "The record does not verify. Call QA." in page
        assert 'href="/integrity/"' in page
        assert technician.get("/integrity/").status_code == 200

    def test_quality_proposes_and_agrees_on_the_page(self, laboratory):
        incident = site_wide()
        page = at_browser(laboratory.qa).get("/integrity/").content.decode()
        assert f"/sign/incident.close/{incident.pk}/" in page
        assert f"/sign/incident.approve_closing/{incident.pk}/" not in page

        do("incident.close", incident, by=laboratory.qa, outcome="resolved", reason=REASON)

        assert f"/sign/incident.approve_closing/{incident.pk}/" in (
            at_browser(laboratory.other_qa).get("/integrity/").content.decode()
        )
        assert "A second person must agree" in at_browser(laboratory.qa).get("/integrity/").content.decode()
        assert "/sign/incident" not in at_browser(laboratory.technician).get("/integrity/").content.decode()

    def test_what_concerns_one_batch_is_not_shown_to_those_who_read_no_batches(self, laboratory):
        about(laboratory.batch.stream_name())
        administrator = at_browser(administrators()[0])

        for place in ("/integrity/", "/people/", "/api/v1/integrity/"):
            assert laboratory.batch.number not in administrator.get(place).content.decode()
        assert laboratory.batch.number in at_browser(laboratory.qa).get("/integrity/").content.decode()
        assert "Part of the record does not verify" in at_browser(laboratory.qa).get("/").content.decode()

    def test_it_waits_in_the_work_of_quality_until_a_second_person_agreed(self, laboratory):
        incident = site_wide()
        words = "guards of the record are not all there"
        assert words in at_browser(laboratory.qa).get("/").content.decode()
        assert words not in at_browser(laboratory.technician).get("/").content.decode()

        do("incident.close", incident, by=laboratory.qa, outcome="resolved", reason=REASON)

        assert words not in at_browser(laboratory.qa).get("/").content.decode()
        assert "Look and agree" in at_browser(laboratory.qp).get("/").content.decode()

    def test_programs_read_the_same(self, laboratory):
        incident = site_wide()

        told = at_browser(laboratory.qa).get("/api/v1/integrity/").json()

        assert told["stops_decisions"] is True
        assert [(one["id"], one["is_open"]) for one in told["incidents"]] == [(str(incident.pk), True)]
        assert {"Entries", "Epoch"} <= {one["says"] for one in told["known"]}

    def test_a_hostile_text_of_a_finding_is_shown_and_not_run(self, laboratory):
        open_for(Found("records", "", "<script>alert(1)</script> \u202e"))

        page = at_browser(laboratory.qa).get("/integrity/").content.decode()

        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert(1)" not in page
