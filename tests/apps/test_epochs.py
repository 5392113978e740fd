"""A ledger that was put back goes on in a new epoch: nothing is taken for what was lost, and people decide."""

from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from accounts.models import Person
from accounts.refusal import Refused
from accounts.roles import Role
from ledger import files, high_water, incidents, selfcheck
from ledger.checkpoints import head_of, issue
from ledger.models import Checkpoint, Entry, Envelope, EpochOpened, Head, Incident, IncidentState, Payload, Site
from ledger.notes import SignedHead
from ledger.verification import verify_records
from ledger.writing import writing
from tests.apps.test_ledger_attacks import table
from tests.guards_away import as_owner
from tests.kept import kept_for_a_module
from tests.people import a_person, a_site, administrators, do, nothing_written

REASON = "The disk failed; the copy of the night was put back."
ADMISSION = {
    "username": "some.body", "name": "Some Body", "roles": ["qa"], "identity_document": "passport",
    "identity_checked_on": "2026-01-05",
}  # fmt: skip


def put_back_to(seq: int) -> None:
    """The newest entries gone with their rows: what an older copy of the database would hold."""
    gone = list(Entry.objects.filter(seq__gt=seq).order_by("-seq"))
    rows = [(table(apps.get_model(one.rec_type)), one.rec_id) for one in gone]
    lost = f"(SELECT rec_id FROM {table(Entry)} WHERE seq > %s)"
    as_owner(
        (f"DELETE FROM {table(IncidentState)} WHERE incident_id IN {lost}", [seq]),
        (f"DELETE FROM {table(Payload)} WHERE entry_id > %s", [seq]),
        (f"DELETE FROM {table(Envelope)} WHERE entry_id > %s", [seq]),
        (f"DELETE FROM {table(Entry)} WHERE seq > %s", [seq]),
        *(
            (f"DELETE FROM {name} WHERE id = %s", [pk.hex if connection.vendor == "sqlite" else pk])
            for name, pk in rows
        ),
    )
    last = Entry.objects.get(seq=seq)
    epoch = EpochOpened.objects.order_by("-number").values_list("number", flat=True).first() or 1
    Head.objects.update(seq=last.seq, leaf=last.leaf, at=last.at, epoch=epoch)


def kept(name: str) -> None:
    with writing():
        files.keep(name.encode(), name=name, actor="machine")


def findings() -> list[str]:
    return [str(finding) for finding in verify_records().findings]


def confirmed(incident: Incident, one: Person, other: Person, outcome: str = "epoch_confirmed") -> None:
    do("incident.close", incident, by=one, outcome=outcome, reason=REASON)
    do("incident.approve_closing", incident, by=other)


@pytest.fixture(scope="module")
def quality(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        a_site()
        yield a_person(Role.QA), a_person(Role.QUALIFIED_PERSON)


@pytest.fixture
def shortened(quality, db) -> tuple[Checkpoint, SignedHead]:
    """A site with two checkpoints, put back to the entry of the first; gives the first, and the head that is lost."""
    first = issue(Checkpoint.Why.ASKED)
    place = Head.objects.get().seq
    for number in range(3):
        kept(f"{number}.txt")
    lost = head_of(issue(Checkpoint.Why.ASKED))
    put_back_to(place)
    return first, lost


def looked_at() -> Incident:
    (incident,) = incidents.record(selfcheck.quick())
    return incident


class TestOpening:
    def test_the_epoch_begins_with_the_incident_and_names_what_was_lost(self, shortened):
        _first, lost = shortened
        before = Head.objects.get()

        incident = looked_at()

        epoch = EpochOpened.objects.get()
        assert (epoch.number, epoch.kept_to, epoch.known_size) == (2, before.seq, lost.size)
        assert bytes.fromhex(epoch.known_root) == lost.root
        assert epoch.incident == incident
        assert incident.about == ""
        assert Head.objects.get().epoch == 2
        newest = Entry.objects.order_by("-seq")[:2]
        assert [entry.type for entry in newest] == ["epoch.opened", "incident.opened"]
        assert all(b'"epoch":2,' in bytes(entry.bytes) for entry in newest)
        assert b'"epoch":1,' in bytes(Entry.objects.get(seq=before.seq).bytes)
        assert findings() == []
        assert selfcheck.quick() == []

    def test_workers_that_find_it_at_once_open_one(self, shortened):
        found = selfcheck.quick()

        assert [len(incidents.record(found)) for _ in range(3)] == [1, 0, 0]
        assert EpochOpened.objects.count() == 1

    def test_what_comes_next_is_of_the_new_epoch(self, shortened):
        looked_at()
        kept("later.txt")

        assert b'"epoch":2,' in bytes(Entry.objects.latest("seq").bytes)
        assert findings() == []

    def test_put_back_once_more_it_opens_a_third(self, shortened, quality):
        place = Head.objects.get().seq
        looked_at()
        issue(Checkpoint.Why.ASKED)
        put_back_to(place)
        assert Head.objects.get().epoch == 1

        looked_at()

        assert [epoch.number for epoch in EpochOpened.objects.all()] == [3]
        assert findings() == []

    def test_another_root_of_the_same_size_opens_one_too(self, quality, db):
        checkpoint = issue(Checkpoint.Why.ASKED)
        high_water.path().unlink()
        high_water.note(SignedHead(checkpoint.origin, checkpoint.size, bytes(32)))

        incident = looked_at()

        assert incident.kind == "fork"
        assert EpochOpened.objects.get().known_root == "00" * 32
        assert findings() == []


class TestTampering:
    def test_an_epoch_number_that_nobody_opened_is_found(self, shortened):
        looked_at()
        Head.objects.update(epoch=1)

        assert any("it says epoch 1, but 2 is open" in one for one in findings())

    def test_an_epoch_whose_opening_was_taken_away_is_found(self, shortened):
        looked_at()
        as_owner((f"DELETE FROM {table(EpochOpened)}", []))

        assert any("it is of epoch 2, but 1 was open" in one for one in findings())


class TestDeciding:
    @pytest.mark.parametrize("outcome", ["resolved", "forgotten"])
    def test_it_does_not_end_as_if_nothing_was_lost(self, shortened, quality, outcome):
        incident = looked_at()

        with nothing_written(), pytest.raises(Refused):
            do("incident.close", incident, by=quality[0], outcome=outcome, reason=REASON)

    def test_two_people_confirm_and_the_next_checkpoint_is_of_the_new_origin(self, shortened, quality):
        incident = looked_at()
        confirmed(incident, *quality)

        checkpoint = issue(Checkpoint.Why.ASKED)

        assert checkpoint.origin == f"{Site.objects.get().origin}/epoch-2"
        assert not incidents.stops_site()
        do("person.admit", Site.objects.get(), by=administrators()[0], **ADMISSION)
        assert selfcheck.quick() == []
        assert findings() == []

    def test_also_when_it_has_grown_past_what_was_lost(self, shortened, quality):
        _first, lost = shortened
        incident = looked_at()
        while Head.objects.get().seq <= lost.size + 5:
            kept(f"{Head.objects.get().seq}.txt")
        confirmed(incident, *quality)

        assert issue(Checkpoint.Why.ASKED).epoch == 2
        assert selfcheck.quick() == []

    def test_a_copy_that_is_closed_stays_stopped(self, shortened, quality):
        confirmed(looked_at(), *quality, outcome="copy_closed")

        assert incidents.stops_site()
        with nothing_written(), pytest.raises(Refused, match="does not verify"):
            do("person.admit", Site.objects.get(), by=administrators()[0], **ADMISSION)
        kept("bench.txt")
        assert findings() == []

    def test_the_lost_checkpoint_from_paper_is_told_as_a_fork(self, shortened, quality):
        first, lost = shortened
        confirmed(looked_at(), *quality)

        with pytest.raises(SystemExit) as end:
            call_command("verify", checkpoint=[f"{lost.origin} {lost.size} {lost.root_base64}"], stdout=StringIO())
        assert end.value.code == 4
        kept_head = head_of(first)
        said = StringIO()
        call_command("verify", checkpoint=[f"{kept_head.origin} {kept_head.size} {kept_head.root_base64}"], stdout=said)
        assert "VERIFIED" in said.getvalue()
