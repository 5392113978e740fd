"""The site's own look at its record: every kind of finding is found, about the right thing, and only once."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import KeyWrap, PersonState
from accounts.refusal import Refused
from accounts.roles import Role
from config.starting import refuse_unsafe_start
from ledger import clock, engine_checks, guards, high_water, incidents, outbox, selfcheck, watching
from ledger.checkpoints import head_of, issue
from ledger.models import Anchor, Checkpoint, Entry, Envelope, Head, Incident, OutboxJob, Payload, Site
from ledger.notes import SignedHead
from ledger.verification import verify_records
from ledger.writing import ClockWentBackError, write, writing
from tests.apps.test_ledger_attacks import table
from tests.guards_away import as_owner
from tests.people import a_person, a_site, administrators, do

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def kinds() -> list[tuple[str, str]]:
    """What a quick look finds: kind, and what it is about."""
    return [(found.kind, found.about) for found in selfcheck.quick()]


def says() -> str:
    return "\n".join(found.says for found in selfcheck.quick())


def a_checkpoint() -> Checkpoint:
    a_site()
    return issue(Checkpoint.Why.ASKED)


def deleted_after(seq: int) -> None:
    """The newest entries gone with everything that hangs on them, as the owner of the database can do it."""
    gone = Entry.objects.filter(seq__gt=seq)
    rows = [(row.rec_type, row.rec_id) for row in gone]
    as_owner(
        (f"DELETE FROM {table(Payload)} WHERE entry_id > %s", [seq]),
        (f"DELETE FROM {table(Envelope)} WHERE entry_id > %s", [seq]),
        (f"DELETE FROM {table(Entry)} WHERE seq > %s", [seq]),
        *(
            (f"DELETE FROM {name.replace('.', '_')} WHERE id = %s", [pk.hex if connection.vendor == "sqlite" else pk])
            for name, pk in rows
            if name in {"ledger.checkpoint", "accounts.training", "ledger.storedfile"}
        ),
    )
    last = Entry.objects.get(seq=seq)
    Head.objects.update(seq=last.seq, leaf=last.leaf, at=last.at)


class TestNothingIsFound:
    def test_on_an_empty_database(self):
        assert selfcheck.quick() == []

    def test_on_a_site_as_people_leave_it(self):
        a_checkpoint()
        a_person(Role.QA)

        assert selfcheck.quick() == []
        assert selfcheck.full() == []
        assert selfcheck.since(3) == []

    def test_by_a_look_that_begins_in_the_middle(self):
        a_person(Role.QA)
        place = Head.objects.get().seq - 2

        assert selfcheck.newest_entries(after=place, at_least=0) == []
        assert selfcheck.newest_entries(at_least=1) == []

    def test_and_what_is_not_looked_at_is_said(self):
        a_site()

        assert any("could change the record" in one for one in selfcheck.not_checked())


class TestGuards:
    def test_a_missing_guard_is_found_about_the_whole_site(self):
        a_site()
        connection.check_constraints()
        guards.remove(connection)

        assert ("guards", "") in kinds()
        assert f"{guards.missing(connection)[0]} is missing" in says()
        guards.install(connection)
        assert kinds() == []


class TestTheDatabaseItself:
    def test_settings_that_lose_commits_are_named(self):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")
            wanted, undo = "synchronous_commit = off", "SET synchronous_commit = on"
        else:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA recursive_triggers = OFF")
            wanted, undo = "recursive_triggers = 0", "PRAGMA recursive_triggers = ON"
        try:
            assert any(wanted in one for one in engine_checks.durability(connection))
        finally:
            with connection.cursor() as cursor:
                cursor.execute(undo)
        assert list(engine_checks.durability(connection)) == []

    def test_a_plant_does_not_start_on_them_and_a_training_site_does(self, settings):
        a_site()
        unsafe, safe = (
            ("SET synchronous_commit = off", "SET synchronous_commit = on")
            if connection.vendor == "postgresql"
            else ("PRAGMA recursive_triggers = OFF", "PRAGMA recursive_triggers = ON")
        )
        with connection.cursor() as cursor:
            cursor.execute(unsafe)
        try:
            refuse_unsafe_start()
            as_a_plant(settings)
            with pytest.raises(ImproperlyConfigured, match=r"synchronous_commit|recursive_triggers"):
                refuse_unsafe_start()
        finally:
            with connection.cursor() as cursor:
                cursor.execute(safe)

    @pytest.mark.postgresql
    def test_a_role_that_owns_the_tables_is_found_at_a_plant(self, settings):
        a_site()
        assert kinds() == []

        settings.TRAINING = False

        assert ("rights", "") in kinds()


def as_a_plant(settings) -> None:
    """The founded site turned into a plant, with keys dear enough for one."""
    as_owner((f"UPDATE {table(Site)} SET training = %s", [False]))
    KeyWrap.objects.update(log2_n=15)
    settings.TRAINING, settings.MODE = False, "plant"


class TestTheStart:
    def test_what_it_finds_becomes_an_incident_and_the_site_starts(self):
        a_site()
        PersonState.objects.update(policy_version=0)
        refuse_unsafe_start()
        assert not Incident.objects.exists(), "the nightly check looks at that"

        envelope = Envelope.objects.order_by("entry_id").last()
        as_owner((f"UPDATE {table(Envelope)} SET bytes = %s WHERE sha256 = %s", [b"{}", envelope.sha256]))
        for _ in range(2):
            refuse_unsafe_start()

        assert Incident.objects.get().kind == "envelopes"


class TestTheClock:
    @pytest.mark.parametrize(("back", "found"), [(1, []), (10 * 60, [("clock", "")]), (86_400, [("clock", "")])])
    def test_one_that_stands_before_the_newest_entry_is_found(self, back, found):
        a_site()
        newest = Head.objects.get().at
        clock.tell(newest - timedelta(seconds=back))

        assert kinds() == found

    def test_meanwhile_nobody_signs_and_the_alarm_is_an_entry(self):
        person = a_person(Role.QA)
        newest = Head.objects.get().at
        clock.tell(newest - timedelta(minutes=10))

        with pytest.raises(ClockWentBackError):
            do("person.deactivate", person, by=administrators()[0], reason="left the site")
        (incident,) = incidents.record(selfcheck.quick())
        clock.end_story()

        assert Entry.objects.latest("seq").rec_id == incident.pk
        assert Head.objects.get().at == newest
        assert [finding.says for finding in verify_records().findings] == []
        with pytest.raises(Refused, match="does not verify"):
            do("person.reset_key", person, by=administrators()[0], reason="lost the password")

    def test_an_authority_that_disagrees_is_found_at_a_plant(self, settings):
        checkpoint = a_checkpoint()
        with writing():
            row = Anchor(
                checkpoint=checkpoint, size=checkpoint.size, authority="test", token="", serial="1",
                stamped_at=clock.now() - timedelta(minutes=5),
            )  # fmt: skip
            write(row, type="anchor.recorded", actor="machine")

        assert list(selfcheck.clock_is_wrong()) == []
        settings.TRAINING = False
        assert [one.kind for one in selfcheck.clock_is_wrong()] == ["clock"]


class TestTheHistory:
    @pytest.mark.parametrize("lost", [1, 10])
    def test_a_ledger_shorter_than_what_was_signed_is_found(self, lost):
        a_person(Role.QA)
        checkpoint = issue(Checkpoint.Why.ASKED)

        deleted_after(checkpoint.size - lost)

        found = next(one for one in selfcheck.quick() if one.kind == "rollback")
        assert found.known == head_of(checkpoint)
        assert f"{checkpoint.size} entries" in found.says
        assert found.about == ""

    @pytest.mark.parametrize("forgotten", ["signer", "high-water file"])
    def test_either_memory_alone_is_enough(self, settings, forgotten):
        a_person(Role.QA)
        checkpoint = issue(Checkpoint.Why.ASKED)
        place = settings.SIGNER_DIR / "heads" if forgotten == "signer" else high_water.path()
        place.unlink()

        assert kinds() == [("memory", "")]
        assert f"The {forgotten} does not remember" in says()
        deleted_after(checkpoint.size - 2)
        found = {one.kind: one for one in selfcheck.quick()}
        assert found["rollback"].known_from != forgotten

    def test_an_emptied_database_is_not_taken_for_a_new_one(self):
        a_checkpoint()
        tables = ", ".join(table(model) for model in guards.guarded_models())
        connection.check_constraints()
        guards.remove(connection)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(f"TRUNCATE {tables} CASCADE")
            else:
                cursor.execute("PRAGMA defer_foreign_keys = ON")
                for name in tables.split(", "):
                    cursor.execute(f"DELETE FROM {name}")
                for state in ("accounts_personstate", "accounts_keywrap", "accounts_challenge"):
                    cursor.execute(f"DELETE FROM {state}")
        guards.install(connection)

        with pytest.raises(ImproperlyConfigured, match=r"a ledger of .* entries was signed here"):
            refuse_unsafe_start()

    def test_another_history_of_the_same_size_is_found(self):
        checkpoint = a_checkpoint()
        high_water.path().unlink()
        high_water.note(SignedHead(checkpoint.origin, checkpoint.size, bytes(32)))

        found = next(one for one in selfcheck.quick() if one.kind == "fork")
        assert found.says.startswith("FORK")
        assert found.known_from == "high-water file"

    def test_a_head_of_another_log_says_nothing_of_this_one(self):
        a_checkpoint()
        for origin in ("elsewhere.example", "127.0.0.1:8000/epoch-x", "/epoch-7", "127.0.0.1:8000/epoch-02"):
            high_water.note(SignedHead(origin, 10_000, bytes(32)))

        assert selfcheck.quick() == []

    def test_a_signer_that_lost_what_it_signed_is_found(self, settings):
        a_checkpoint()
        (settings.SIGNER_DIR / "heads").write_text('{"origin": "x", "size": 3}\n{not json}\n', encoding="utf-8")

        assert kinds() == [("memory", "")]

    def test_lines_that_cannot_be_read_are_passed_over(self):
        checkpoint = a_checkpoint()
        with high_water.path().open("ab") as file:
            file.write(b'{"origin": "x"}\n\xff\xfe\nnull\n[[[[\n{"origin":1,"size":"1","root":{}}\n')

        assert selfcheck.quick() == []
        assert high_water.newest() == head_of(checkpoint)


class TestEntries:
    def test_a_changed_byte_of_an_entry_is_found_at_its_place(self):
        a_site()
        entry = Entry.objects.latest("seq")
        wrong = bytes(entry.bytes).replace(b'"v":1', b'"v":2')
        as_owner((f"UPDATE {table(Entry)} SET bytes = %s WHERE seq = %s", [wrong, entry.seq]))

        assert ("chain", "") in kinds()
        assert f"entry {entry.seq}: it was changed" in says()

    def test_a_payload_that_was_changed_is_found_about_its_stream(self):
        person = a_person(Role.QA)
        do("person.record_training", person, by=a_person(Role.QA), procedure="MBR-X", version="1",
           trained_on="2026-01-05")  # fmt: skip
        entry = Entry.objects.get(rec_type="accounts.training")
        as_owner((f"UPDATE {table(Payload)} SET bytes = %s WHERE entry_id = %s", [b"{}", entry.seq]))

        assert kinds() == [("payloads", "")], "what is wrong with a person concerns everything that they signed"
        assert f"entry {entry.seq}" in says()

    def test_a_changed_signature_is_found(self):
        a_site()
        envelope = Envelope.objects.order_by("entry_id").last()
        as_owner((f"UPDATE {table(Envelope)} SET bytes = %s WHERE sha256 = %s", [b"{}", envelope.sha256]))

        assert ("envelopes", "") in kinds()

    def test_a_head_row_that_names_another_entry_is_found(self):
        a_site()
        Head.objects.update(leaf="0" * 64)

        assert kinds() == [("chain", "")]
        assert "the head row" in says()

    def test_an_epoch_that_nobody_opened_is_found(self):
        a_site()
        Head.objects.update(epoch=2)

        assert "it says epoch 2, but 1 is open" in says()


class TestTheSchedule:
    @pytest.fixture(autouse=True)
    def site(self):
        a_site()

    def jobs(self) -> dict[str, OutboxJob]:
        return {job.kind: job for job in OutboxJob.objects.all()}

    def test_nothing_is_looked_at_before_a_site_is_founded_or_while_a_story_is_told(self, monkeypatch):
        monkeypatch.setattr(watching, "_pauses", [lambda: True])
        watching.watch()

        assert OutboxJob.objects.count() == 0

    def test_the_quick_look_is_owed_once_an_hour_however_often_one_asks(self):
        for _ in range(3):
            watching.watch()
        assert [self.jobs()[watching.QUICK_JOB].done_at, OutboxJob.objects.filter(kind="check_quick").count()] == [
            None, 1
        ]  # fmt: skip
        assert watching.last_check(watching.QUICK_JOB).progress == ""

        outbox.sweep()
        watching.watch()
        done = self.jobs()[watching.QUICK_JOB]
        assert done.done_at is not None
        assert done.progress == "0"

        OutboxJob.objects.filter(pk=done.pk).update(done_at=clock.machine_now() - HOUR - timedelta(minutes=1))
        watching.watch()
        assert self.jobs()[watching.QUICK_JOB].done_at is None

    def test_the_whole_check_waits_for_the_night(self):
        watching.watch()
        now = clock.machine_now()

        assert now < self.jobs()[watching.FULL_JOB].due_at <= now + timedelta(days=1)
        assert now - timedelta(days=1) <= watching.last_night(now) <= now

    def test_what_it_finds_becomes_an_incident_and_is_counted(self):
        PersonState.objects.update(roles=[])
        self.night_falls()

        assert self.jobs()[watching.FULL_JOB].progress == "1"
        incident = Incident.objects.get()
        assert (incident.kind, incident.about) == ("people", "")

    def test_a_ledger_so_broken_that_nothing_can_be_written_still_raises_the_alarm(self):
        Head.objects.update(seq=1)
        self.night_falls()

        assert self.jobs()[watching.FULL_JOB].progress != "0"
        assert not Incident.objects.filter(kind="chain").exists()
        assert '"kind":"chain"' in incidents.alarms().read_text(encoding="utf-8")

    def night_falls(self) -> None:
        watching.watch()
        OutboxJob.objects.filter(kind=watching.FULL_JOB).update(due_at=clock.machine_now())
        outbox.sweep()


class TestVerifyWithACheckpoint:
    @pytest.fixture(autouse=True)
    def site(self):
        a_site()

    def run(self, *checkpoints: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("verify", *(f"--checkpoint={one}" for one in checkpoints), stdout=out)
        except SystemExit as end:
            return int(end.code or 0), out.getvalue()
        return 0, out.getvalue()

    def test_one_that_the_entries_lead_to_is_counted(self):
        head = head_of(issue(Checkpoint.Why.ASKED))
        a_person(Role.QA)

        code, said = self.run(f"{head.origin} {head.size} {head.root_base64}")

        assert code == 0, said
        assert "1 checkpoints from outside" in said

    def test_a_shortened_a_rewritten_and_a_foreign_ledger_are_told_apart(self):
        head = head_of(issue(Checkpoint.Why.ASKED))
        wrong = SignedHead(head.origin, head.size, bytes(32)).root_base64

        for text, words in (
            (f"{head.origin} {head.size + 10} {head.root_base64}", "were taken away"),
            (f"{head.origin} {head.size} {wrong}", "another root"),
            (f"elsewhere.example {head.size} {head.root_base64}", "another log"),
        ):
            code, said = self.run(text)
            assert code == 4, text
            assert "FORK" in said
            assert words in said

    @pytest.mark.parametrize(
        "text", ["", "a b", "a b c", "x 0 " + "A" * 43 + "=", "x 5 " + "A" * 44, "x 5 !!", "x -1 =="]
    )
    def test_what_is_no_checkpoint_is_refused(self, text):
        with pytest.raises(CommandError):
            call_command("verify", f"--checkpoint={text}")
