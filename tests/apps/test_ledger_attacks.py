"""Attacks on the record by somebody who has the database: refused where they can be, found where they cannot."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection, models, transaction
from django.test import Client

from accounts.access import newest_entry
from accounts.alarms import raise_alarm
from accounts.key_life import rotate_key
from accounts.keys import new_key
from accounts.models import Alarm, BlockLifted, KeyEnrolment, Person, PersonState, TokenIssued, Training
from accounts.on_call import end_duty, put_on_call
from accounts.roles import Role
from accounts.security import BLOCKED_AT, count_failure
from accounts.token_acts import revoke
from chain_of_custody.registering import register_subject
from ledger import clock, files, guards, outbox
from ledger.canonical import canonical, commitment, leaf_of
from ledger.checkpoints import issue
from ledger.dsse import opened, seal
from ledger.incidents import open_for
from ledger.models import (
    Anchor,
    Checkpoint,
    Entry,
    Envelope,
    EpochOpened,
    Erasure,
    Head,
    Incident,
    OutboxJob,
    Payload,
    Site,
    StoredFile,
    Written,
)
from ledger.selfcheck import Found
from ledger.verification import verify_records
from ledger.writing import stamp, write, writing
from tests.guards_away import as_owner
from tests.people import STATION, a_person, a_site, administrators, approved, do, fresh, secret_of

SIGNED_TEXTS = (
    "signer_name", "signer_username", "signer_role", "meaning", "meaning_text", "comment", "view_sha256", "procedure",
)  # fmt: skip


def a_lived_in_site() -> Person:
    """A site in which every guarded table of these two rooms has a row; gives somebody who was trained."""
    a_site()
    first, second = administrators()
    quality, person, leaver = a_person(Role.QA), a_person(Role.TECHNICIAN), a_person(Role.QUALIFIED_PERSON)
    do("person.record_training", person, by=quality, procedure="MBR-CD19", version="1", trained_on="2026-01-05")
    do("person.change_roles", person, by=first, roles=["qc_analyst"], reason="moves to the laboratory")
    do("person.approve_roles", person, by=second)
    subject = register_subject(id=uuid4(), pseudonym="104-017", initials="QZX", by=quality)
    proposal = do("identity.propose_erasure", subject, by=quality, reason="the subject asked for it")
    do("identity.approve_erasure", proposal, by=leaver)
    rotate_key(leaver, secret=secret_of(leaver), station=STATION)
    do("key.revoke", leaver, by=first, reason="the password was seen")
    do("person.reset_key", leaver, by=first, reason="lost the password")
    do("person.approve_reset", leaver, by=second)
    do("person.deactivate", leaver, by=first, reason="left the site")
    token = do("token.issue", quality, by=quality, program="a scale", scopes=["read"])
    assert isinstance(token, TokenIssued)
    revoke(token, by=quality)
    for _ in range(BLOCKED_AT):
        count_failure(person.username, "192.0.2.9", about="signing in")
    do("person.lift_block", person, by=quality, reason="spoke to the person")
    with writing():
        files.keep(b"as it was", name="note.txt", actor="machine")
    qualified = a_person(Role.QUALIFIED_PERSON)
    incident = open_for(Found("rights", "", "The role of the application owned a table."))
    assert incident is not None
    do("incident.close", incident, by=quality, outcome="resolved", reason="The role was given back its rights.")
    do("incident.approve_closing", incident, by=qualified)
    an_alarm_and_who_was_told(by=quality)
    do(
        "access.review",
        Site.objects.get(),
        by=quality,
        as_of=newest_entry(),
        found="Nothing is to change.",
        decisions=[],
    )
    issue(Checkpoint.Why.ASKED)
    return fresh(person)


def an_alarm_and_who_was_told(*, by: Person) -> None:
    """Somebody was on call, was told of an alarm that somebody took on, and is on call no longer."""
    now = clock.now()
    duty = put_on_call(
        person=by, level=1, channel="screen", address="", starts_at=now, ends_at=now + timedelta(hours=8), by=by,
        id=uuid4(),
    )  # fmt: skip
    with writing():
        alarm = raise_alarm(kind=Alarm.Kind.REPORTED, says="A door stands open.", stream="site", actor=by.reference)
    outbox.deliver(OutboxJob.objects.get(kind="alarm.1", subject=alarm.pk).pk)
    do("alarm.acknowledge", alarm, by=by, says="I close the door and look around.")
    end_duty(duty=duty, reason="the shift is over", by=by, id=uuid4())


def findings() -> list[str]:
    return [str(finding) for finding in verify_records().findings]


def found_about(*words: str) -> bool:
    """Tell whether one finding holds all these words."""
    return any(all(word in finding for word in words) for finding in findings())


def table(model: type[models.Model]) -> str:
    return model._meta.db_table


def own_models() -> list[type[models.Model]]:
    return [model for model in guards.guarded_models() if model._meta.app_label in {"ledger", "accounts"}]


@pytest.mark.django_db
def test_the_database_refuses_every_change_of_every_guarded_table():
    a_lived_in_site()
    assert findings() == []
    rows_without_a_story()
    before = findings()
    connection.check_constraints()
    for model in own_models():
        name, key = table(model), model._meta.pk.column
        assert model._default_manager.exists(), f"{name} has no row, so this test would prove nothing"
        attempts = [f"UPDATE {name} SET {key} = {key}", f"DELETE FROM {name}"]
        if connection.vendor == "sqlite":
            attempts.append(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name}")
        else:
            attempts.append(f"TRUNCATE {name} CASCADE")
        for sql in attempts:
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
    assert findings() == before


def rows_without_a_story() -> None:
    """A stamp and an epoch, which only an authority outside and a restored backup bring; here their guards matter."""
    checkpoint = issue(Checkpoint.Why.ASKED)
    with writing():
        now = clock.now()
        stamp = {"checkpoint": checkpoint, "size": checkpoint.size, "authority": "alpha", "token": "", "serial": "1"}
        write(Anchor(stamped_at=now, **stamp), type="anchor.recorded", actor="machine")
        incident = Incident.objects.get()
        known = {"known_size": 9, "known_root": "ab" * 32, "known_from": "signer"}
        write(EpochOpened(number=2, incident=incident, kept_to=3, **known), type="epoch.opened", actor="machine")


@pytest.mark.django_db
def test_a_replacing_insert_takes_no_place_in_a_stream_although_the_session_fires_no_delete_triggers():
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite knows INSERT OR REPLACE")
    a_site()
    name = table(Entry)
    columns = [field.column for field in Entry._meta.concrete_fields]
    changed = {"seq": "999", "prev": "'x'", "leaf": "'y'", "sprev": "'z'", "rec_id": "'w'"}
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers=OFF")
        try:
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                cursor.execute(
                    f"INSERT OR REPLACE INTO {name} ({', '.join(columns)})"
                    f" SELECT {', '.join(changed.get(one, one) for one in columns)} FROM {name} WHERE seq = 3"
                )
        finally:
            cursor.execute("PRAGMA recursive_triggers=ON")
    assert findings() == []


@pytest.mark.django_db
class TestOneByteIsChanged:
    def test_of_an_entry(self):
        a_lived_in_site()
        entry = Entry.objects.get(seq=7)
        changed = bytes(entry.bytes).replace(b'"v":1', b'"v":2')

        as_owner((f"UPDATE {table(Entry)} SET bytes = %s WHERE seq = 7", [changed]))

        assert found_about("entry 7", "it was changed")

    def test_of_a_payload(self):
        a_lived_in_site()
        payload = Payload.objects.get(entry_id=7)
        changed = bytes(payload.bytes)[:-1] + b" }"

        as_owner((f"UPDATE {table(Payload)} SET bytes = %s WHERE entry_id = 7", [changed]))

        assert found_about("entry 7", "payload or salt was changed")

    def test_of_a_salt(self):
        a_lived_in_site()

        as_owner((f"UPDATE {table(Payload)} SET salt = %s WHERE entry_id = 7", [b"\x00" * 32]))

        assert found_about("entry 7", "payload or salt was changed")

    def test_of_a_signature(self):
        a_lived_in_site()
        row = Training.objects.get()
        envelope = Envelope.objects.get(entry__rec_id=row.pk)
        changed = bytes(envelope.bytes).replace(b"in-toto", b"in-t0to", 1)

        as_owner((f"UPDATE {table(Envelope)} SET bytes = %s WHERE sha256 = %s", [changed, envelope.sha256]))

        assert found_about("envelopes", str(row.pk), "was changed")
        assert found_about("signatures", str(row.pk))

    def test_of_a_stored_file(self):
        a_lived_in_site()
        stored = StoredFile.objects.get()
        files.path_of(stored.sha256).write_bytes(b"as it never was")

        assert found_about("files", str(stored.pk), "was changed")
        files.path_of(stored.sha256).write_bytes(b"as it was")


@pytest.mark.django_db
class TestEntriesAreTakenAway:
    @pytest.mark.parametrize("which", ["a middle one", "the last", "the last ten", "all"])
    def test_it_is_found(self, which):
        a_lived_in_site()
        last = Head.objects.get().seq
        after, until = {
            "a middle one": (8, 9), "the last": (last - 1, last), "the last ten": (last - 10, last), "all": (0, last)
        }[which]  # fmt: skip

        as_owner(*deletion(after, until))

        assert findings()
        if which == "a middle one":
            assert found_about("entry 10", "does not name the entry before it")
        elif which == "all":
            assert found_about("the ledger", "it is empty")
        else:
            assert found_about("the head row", f"entry {after}")

    def test_it_is_found_although_the_head_row_was_repaired(self):
        a_lived_in_site()
        last = Head.objects.get().seq
        kept, gone = Entry.objects.get(seq=last - 1), Entry.objects.get(seq=last)

        as_owner(*deletion(last - 1, last))
        Head.objects.update(seq=kept.seq, leaf=kept.leaf, at=kept.at)

        assert found_about(gone.rec_type, str(gone.rec_id), "no entry witnesses this row")


def deletion(after: int, until: int) -> list[tuple[str, list[object]]]:
    which = [after, until]
    return [
        (f"DELETE FROM {table(Payload)} WHERE entry_id > %s AND entry_id <= %s", list(which)),
        (f"DELETE FROM {table(Envelope)} WHERE entry_id > %s AND entry_id <= %s", list(which)),
        (f"DELETE FROM {table(Entry)} WHERE seq > %s AND seq <= %s", list(which)),
    ]


@pytest.mark.django_db
class TestEntriesAreForged:
    def test_a_back_dated_entry_is_found_although_every_digest_fits(self):
        a_lived_in_site()
        head, like = Head.objects.get(), Entry.objects.filter(stream="site").latest("sseq")
        said = json.loads(bytes(like.bytes))
        earlier = head.at - timedelta(days=3)
        said |= {
            "seq": head.seq + 1, "prev": head.leaf, "sseq": like.sseq + 1, "sprev": like.leaf, "at": stamp(earlier),
            "rec": said["rec"] | {"id": "00000000-0000-4000-8000-000000000001"},
        }  # fmt: skip
        content = canonical(said)
        forged = Entry(
            seq=head.seq + 1, prev=head.leaf, leaf=leaf_of(content), stream="site", sseq=like.sseq + 1,
            sprev=like.leaf, type=said["type"], at=earlier, rec_type=like.rec_type,
            rec_id="00000000-0000-4000-8000-000000000001", rec_version=1, bytes=content,
        )  # fmt: skip
        forged.save(force_insert=True)
        Payload.objects.create(entry=forged, salt=b"\x00" * 32, bytes=b"{}")
        Head.objects.update(seq=forged.seq, leaf=forged.leaf)

        assert found_about(f"entry {forged.seq}", "its time is before")
        assert found_about("00000000-0000-4000-8000-000000000001", "it is gone")

    def test_two_entries_are_swapped(self):
        a_lived_in_site()
        one, two = (bytes(Entry.objects.get(seq=seq).bytes) for seq in (7, 8))

        as_owner(
            (f"UPDATE {table(Entry)} SET bytes = %s WHERE seq = 7", [two]),
            (f"UPDATE {table(Entry)} SET bytes = %s WHERE seq = 8", [one]),
        )

        assert found_about("entry 7", "it was changed")
        assert found_about("entry 8", "it was changed")

    def test_positions_in_a_stream_are_renumbered(self):
        a_lived_in_site()
        entry = Entry.objects.filter(stream__startswith="person/").latest("sseq")

        as_owner((f"UPDATE {table(Entry)} SET sseq = sseq + 100 WHERE seq = %s", [entry.seq]))

        assert found_about(f"entry {entry.seq}", "its columns do not repeat its bytes")
        assert found_about(f"entry {entry.seq}", "does not follow position")


@pytest.mark.django_db
class TestGuardsAreTakenAway:
    def test_the_check_and_the_start_name_them(self):
        a_lived_in_site()
        connection.check_constraints()
        guards.remove(connection)

        assert guards.missing(connection) == sorted(guard.name for guard in guards.guards(connection))
        assert found_about("guards", "accounts_training")
        assert Client().get("/readyz").status_code == 503

        guards.install(connection)
        assert guards.missing(connection) == []
        assert Client().get("/readyz").status_code == 200

    def test_a_guard_of_the_right_name_that_does_nothing_is_named(self):
        a_site()
        connection.check_constraints()
        name = table(Training)
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute(f"DROP TRIGGER {name}_no_update")
                cursor.execute(f"CREATE TRIGGER {name}_no_update BEFORE UPDATE ON {name} BEGIN SELECT 1; END")
                expected = f"{name}_no_update"
            else:
                cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER {name}_no_change")
                expected = f"{name}_no_change"

        assert guards.missing(connection) == [expected]

    def test_a_row_that_was_changed_meanwhile_is_named(self):
        a_lived_in_site()
        row = Training.objects.get()

        as_owner((f"UPDATE {table(Training)} SET version = '2'", []))

        assert guards.missing(connection) == []
        assert found_about(f"accounts.training {row.pk}", "the row is not as entry", "(version)")

    def test_a_row_that_was_deleted_meanwhile_is_named(self):
        a_lived_in_site()
        row = BlockLifted.objects.get()

        as_owner((f"DELETE FROM {table(BlockLifted)}", []))

        assert found_about(f"accounts.blocklifted {row.pk}", "it is gone")

    def test_a_row_without_an_entry_is_named(self):
        a_lived_in_site()
        row = StoredFile(
            sha256="0" * 64, size=1, media_type="text/plain", original_name="x", actor="machine",
            recorded_at=Head.objects.get().at,
        )  # fmt: skip
        row.save(force_insert=True)

        assert found_about(f"ledger.storedfile {row.pk}", "no entry witnesses this row")


@pytest.mark.django_db
class TestSignaturesAreForged:
    @pytest.mark.parametrize("field", SIGNED_TEXTS)
    def test_a_changed_text_of_a_signed_row_is_found(self, field):
        a_lived_in_site()
        row = Training.objects.get()

        as_owner((f"UPDATE {table(Training)} SET {field} = %s", ["approved"]))

        assert found_about(f"accounts.training {row.pk}", f"({field})")

    def test_a_changed_time_is_found(self):
        a_lived_in_site()
        row = Training.objects.get()
        Training._meta.get_field("signed_at")
        earlier = connection.ops.adapt_datetimefield_value(row.signed_at - timedelta(days=1))

        as_owner((f"UPDATE {table(Training)} SET signed_at = %s", [earlier]))

        assert found_about(f"accounts.training {row.pk}", "signed_at")

    @pytest.mark.parametrize("field", ["signer_name", "signer_role", "meaning_text"])
    def test_it_is_found_although_row_payload_and_commitment_were_all_rewritten(self, field):
        a_lived_in_site()
        row = Training.objects.get()
        if field == "meaning_text":
            row.meaning_text = "I approve this."
        else:
            setattr(row, field, "Somebody Else")

        rewrite(row, **{field: getattr(row, field)})

        assert found_about("signatures", f"accounts.training {row.pk}")
        assert found_about("signatures", f"accounts.training {row.pk}", "it was made over other content")

    def test_an_envelope_moved_to_another_record_is_found(self):
        person = a_lived_in_site()
        quality = Training.objects.get().signer
        do("person.record_training", person, by=quality, procedure="MBR-CD19", version="2", trained_on="2026-01-05")
        first, second = Training.objects.order_by("version")
        one = Envelope.objects.get(entry__rec_id=first.pk)
        other = Envelope.objects.get(entry__rec_id=second.pk)

        as_owner(
            (f"UPDATE {table(Envelope)} SET entry_id = %s WHERE sha256 = %s", [other.entry_id, one.sha256]),
            (f"UPDATE {table(Envelope)} SET entry_id = %s WHERE sha256 = %s", [one.entry_id, other.sha256]),
        )

        for row in (first, second):
            assert found_about("envelopes", str(row.pk))
            assert found_about("signatures", str(row.pk), "it was made over other content")

    def test_a_signature_that_was_taken_away_is_found(self):
        a_lived_in_site()
        row = Training.objects.get()

        as_owner(
            (f"DELETE FROM {table(Envelope)} WHERE entry_id = (SELECT seq FROM {table(Entry)} WHERE rec_id = %s)",
             [row.pk.hex if connection.vendor == "sqlite" else row.pk])
        )  # fmt: skip

        assert found_about("envelopes", str(row.pk), "is gone")
        assert found_about("signatures", str(row.pk), "0 envelopes")

    def test_a_key_swapped_for_the_attackers_own_is_found(self):
        a_lived_in_site()
        row = Training.objects.get()
        enrolment = KeyEnrolment.objects.get(signer=row.signer)
        mine = new_key()
        envelope = Envelope.objects.get(entry__rec_id=row.pk)
        forged = seal(opened(bytes(envelope.bytes)).payload, key=mine.private, key_id=mine.key_id)

        as_owner(
            (f"UPDATE {table(KeyEnrolment)} SET key_id = %s, public_key = %s WHERE key_id = %s",
             [mine.key_id, mine.public_hex, enrolment.key_id]),
            (f"UPDATE {table(PersonState)} SET key_id = %s WHERE key_id = %s", [mine.key_id, enrolment.key_id]),
            (f"UPDATE {table(Envelope)} SET bytes = %s WHERE sha256 = %s", [forged, envelope.sha256]),
        )  # fmt: skip

        assert found_about(f"accounts.keyenrolment {enrolment.pk}", "key_id, public_key")
        assert found_about("signatures", str(row.pk), "never enrolled")


def rewrite(row: Written, *, stated: bytes = b"", **columns: object) -> None:
    """Change a row, its payload, its entry, every entry after it and the head: a rewriting that fits itself."""
    entry = Entry.objects.select_related("payload").get(rec_id=row.pk)
    payload = stated or row.payload()
    commit = commitment(bytes(entry.payload.salt), payload)
    names = ", ".join(f"{name} = %s" for name in columns)
    key = row.pk.hex if connection.vendor == "sqlite" else row.pk
    statements: list[tuple[str, list[object]]] = [
        *([(f"UPDATE {table(type(row))} SET {names} WHERE id = %s", [*columns.values(), key])] if columns else []),
        (f"UPDATE {table(Payload)} SET bytes = %s WHERE entry_id = %s", [payload, entry.seq]),
    ]
    prev, streams = entry.prev, {entry.stream: entry.sprev}
    for one in Entry.objects.filter(seq__gte=entry.seq).order_by("seq"):
        said = json.loads(bytes(one.bytes))
        said["prev"] = prev
        said["sprev"] = streams.get(one.stream, one.sprev)
        if one.seq == entry.seq:
            said["commit"] = commit
        content = canonical(said)
        leaf = leaf_of(content)
        statements.append(
            (f"UPDATE {table(Entry)} SET bytes = %s, leaf = %s, prev = %s, sprev = %s WHERE seq = %s",
             [content, leaf, prev, said["sprev"], one.seq])
        )  # fmt: skip
        prev = streams[one.stream] = leaf
    as_owner(*statements)
    Head.objects.update(leaf=prev)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"), [("roles", ["qa"]), ("active", False), ("key_id", "0" * 64), ("policy_version", 0)]
)
def test_a_changed_cached_column_is_named(column, value):
    person = a_lived_in_site()

    PersonState.objects.filter(pk=person.pk).update(**{column: value})

    assert found_about(f"accounts.personstate {person.username}", f"the cached {column}")


@pytest.mark.django_db
def test_a_key_wrap_of_another_key_is_named():
    first, _second = a_site() and administrators()
    wrap = first.key_wrap
    wrap.key_id = "0" * 64
    wrap.save()

    assert found_about(f"accounts.keywrap {first.username}", "not the key in force")


@pytest.mark.django_db
class TestTheDoorOfErasure:
    def test_a_payload_whose_erasure_was_approved_can_leave_and_not_be_changed(self):
        a_lived_in_site()
        payload = Payload.objects.filter(pk=Erasure.objects.get().seq)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            payload.update(bytes=b"{}")
        payload.delete()

        assert findings() == []

    def test_no_erasure_opens_the_payload_of_what_is_not_identity(self):
        a_lived_in_site()
        row = StoredFile.objects.get()
        entry = Entry.objects.get(rec_id=row.pk)
        with writing():
            write(
                Erasure(
                    seq=entry.seq,
                    record_type_erased=entry.rec_type,
                    record_id_erased=row.pk,
                    stream="site",
                    reason="the subject asked for it",
                ),
                type="payload.erased",
                actor="machine",
            )
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Payload.objects.filter(entry=entry).delete()

        assert found_about(f"entry {entry.seq}", "something else than an identity record")
        assert found_about(f"entry {entry.seq}", "two people did not approve it")

    def test_a_payload_that_left_by_another_way_is_named(self):
        a_lived_in_site()
        entry = Entry.objects.get(rec_id=StoredFile.objects.get().pk)

        as_owner((f"DELETE FROM {table(Payload)} WHERE entry_id = %s", [entry.seq]))

        assert found_about(f"entry {entry.seq}", "no erasure names it")

    def test_an_erasure_opens_no_row_that_is_not_identity(self):
        person = a_lived_in_site()
        entry = Entry.objects.get(rec_id=person.pk)
        with writing():
            write(
                Erasure(
                    seq=entry.seq,
                    record_type_erased=entry.rec_type,
                    record_id_erased=person.pk,
                    stream="site",
                    reason="the subject asked for it",
                ),
                type="payload.erased",
                actor="machine",
            )
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table(Training)}")


@pytest.mark.django_db(transaction=True)
def test_the_guards_stand_again_after_a_migration_rebuilt_a_table():
    site = a_site()
    note = models.CharField(max_length=5, default="x")
    note.set_attributes_from_name("note")
    model = type(site)
    with connection.schema_editor() as editor:
        editor.add_field(model, note)
    try:
        # SQLite makes a new table and forgets the triggers of the old one.
        assert bool(guards.missing(connection)) is (connection.vendor == "sqlite")
        emit_post_migrate_signal(verbosity=0, interactive=False, db="default")

        assert guards.missing(connection) == []
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table(model)} SET name = 'another'")
    finally:
        with connection.schema_editor() as editor:
            editor.remove_field(model, note)
        guards.install(connection)


@pytest.mark.django_db
def test_a_person_of_an_admission_that_nobody_approved_verifies_too():
    approved(Role.QA)

    assert findings() == []


@pytest.mark.django_db
class TestAColumnThatCameLater:
    """A payload states the columns that its table had when the row was written; the row has the new ones as well."""

    def before_the_column(self, name: str) -> StoredFile:
        """A file whose row, payload and entry are as they were before the table had a column of this name."""
        a_site()
        with writing():
            row = files.keep(b"as it was", name="note.txt", actor="machine")
            stated = json.loads(row.payload())
            del stated["fields"][name]
        rewrite(row, stated=canonical(stated))
        return row

    def test_holds_its_default_in_a_row_that_was_written_before(self):
        row = self.before_the_column("media_type")
        assert found_about(f"ledger.storedfile {row.pk}", "(media_type)")

        as_owner((f"UPDATE {table(StoredFile)} SET media_type = ''", []))

        assert findings() == []

    def test_of_another_name_than_the_table_has_is_found(self):
        a_site()
        with writing():
            row = files.keep(b"as it was", name="note.txt", actor="machine")
        stated = json.loads(row.payload())
        stated["fields"]["colour"] = "red"
        rewrite(row, stated=canonical(stated))

        assert found_about(f"ledger.storedfile {row.pk}", "(colour)")

    @pytest.mark.parametrize("name", ["id", "sha256", "actor", "recorded_at"])
    def test_no_column_that_has_a_value_may_be_left_out(self, name):
        row = self.before_the_column(name)
        assert found_about(f"ledger.storedfile {row.pk}", f"({name})")
