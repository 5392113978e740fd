"""Erasing who a subject is: two people, never while anything keeps it, and everything else verifies as before."""

from collections.abc import Iterator
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from accounts.models import Person
from accounts.offering import offer
from accounts.refusal import NotAllowed, Refused, Stale
from accounts.roles import Role
from accounts.signing import ask, perform
from chain_of_custody.erasing import (
    LONGEST_RETENTION,
    Kept,
    delete_erased,
    entries_of_identity,
    erasure_of,
    kept_for,
    retention_words,
)
from chain_of_custody.models import (
    ChainOfIdentity,
    ErasureApproved,
    ErasureProposed,
    Subject,
    SubjectIdentity,
)
from chain_of_custody.registering import register_subject
from ledger import clock, outbox
from ledger.incidents import close, open_for
from ledger.models import Entry, Envelope, Erasure, OutboxJob, Payload
from ledger.selfcheck import Found
from ledger.verification import verify_records
from ledger.writing import write, writing
from tests.custody_builders import World, a_subject
from tests.kept import kept_for_a_module
from tests.people import STATION, a_person, a_site, administrators, at_browser, do, fresh, nothing_written, secret_of

pytestmark = pytest.mark.django_db
WHY = "the subject asked for it"
WHO = {"initials": "QZX", "birth_year": 1907, "hospital_reference": "MRN-88190432"}


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: object) -> Iterator[SimpleNamespace]:
    """Somebody with an identity record and nothing else, registered by mistake; and people who may erase it."""
    with kept_for_a_module(django_db_blocker):
        a_site()
        yield SimpleNamespace(
            coi=a_subject("104-777", **WHO),  # type: ignore[arg-type]  # as named above
            quality=(a_person(Role.QA), a_person(Role.QUALIFIED_PERSON)),
            third=a_person(Role.QA),
        )


@pytest.fixture
def coi(site: SimpleNamespace) -> ChainOfIdentity:
    return ChainOfIdentity.objects.select_related("subject").get(pk=site.coi.pk)


@pytest.fixture
def quality(site: SimpleNamespace) -> tuple[Person, Person]:
    first, second = site.quality
    return fresh(first), fresh(second)


def proposed(subject: Subject, *, by: Person) -> ErasureProposed:
    row = do("identity.propose_erasure", subject, by=by, reason=WHY)
    assert isinstance(row, ErasureProposed)
    return row


def approved(subject: Subject, first: Person, second: Person) -> ErasureApproved:
    row = do("identity.approve_erasure", proposed(subject, by=first), by=second)
    assert isinstance(row, ErasureApproved)
    return row


def findings() -> list[str]:
    return [str(finding) for finding in verify_records().findings]


class TestAnErasure:
    def test_takes_identity_and_nothing_else_and_everything_verifies(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        (entry,) = entries_of_identity(coi.subject)
        envelopes, payloads = Envelope.objects.count(), Payload.objects.count()
        row = approved(coi.subject, *quality)
        written = Entry.objects.count()

        assert row.entries == [entry.seq]
        assert findings() == []  # approved and not carried out yet
        assert outbox.sweep() == 1

        assert not SubjectIdentity.objects.exists()
        assert not Payload.objects.filter(pk=entry.seq).exists()
        assert Entry.objects.count() == written  # the job writes nothing
        assert Payload.objects.count() == payloads + 3 - 1  # two acts and the door came, the identity went
        assert Envelope.objects.count() == envelopes + 2
        assert findings() == []
        for text in ("QZX", "MRN-88190432"):
            assert not any(text in bytes(one.bytes).decode() for one in Payload.objects.all())

    def test_is_witnessed_in_the_subjects_own_stream(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        approved(coi.subject, *quality)
        told = Entry.objects.filter(stream=f"subject/{coi.subject_id}").order_by("sseq").values_list("type", flat=True)
        assert list(told) == ["subject.identified", "payload.erased"]

    def test_may_be_carried_out_twice(self, coi: ChainOfIdentity, quality: tuple[Person, Person]) -> None:
        row = approved(coi.subject, *quality)
        delete_erased(row)
        delete_erased(row)
        assert outbox.sweep() == 1
        assert findings() == []

    def test_says_what_goes_what_stays_and_what_is_not_reached(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        _challenge, shown = ask("identity.propose_erasure", coi.subject_id, {"reason": WHY}, by=quality[0])
        told = {line.label: line.value for line in shown.lines}
        assert told["Retention"] == "nothing here keeps it"
        assert told["What is not reached"].startswith("backups and copies that left this site")
        assert not any(str(value) in line.value for line in shown.lines for value in WHO.values())

    def test_needs_a_second_person(self, coi: ChainOfIdentity, quality: tuple[Person, Person]) -> None:
        first, _second = quality
        proposal = proposed(coi.subject, by=first)
        with nothing_written(), pytest.raises(Refused, match="Another person"):
            do("identity.approve_erasure", proposal, by=first)
        with nothing_written(), pytest.raises(Refused, match="waits for a second person"):
            proposed(coi.subject, by=first)

    def test_happens_once(self, coi: ChainOfIdentity, quality: tuple[Person, Person], site: SimpleNamespace) -> None:
        row = approved(coi.subject, *quality)
        for subject, act in ((row.proposal, "identity.approve_erasure"), (coi.subject, "identity.propose_erasure")):
            intent = {"reason": WHY} if act.endswith("propose_erasure") else {}
            with nothing_written(), pytest.raises(Refused):
                do(act, subject, by=site.third, **intent)
        outbox.sweep()
        with nothing_written(), pytest.raises(Refused, match="No identity record"):
            proposed(coi.subject, by=quality[0])

    def test_two_who_approve_at_the_same_moment_erase_once(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person], site: SimpleNamespace
    ) -> None:
        first, second = quality
        third = site.third
        proposal = proposed(coi.subject, by=first)
        challenges = [ask("identity.approve_erasure", proposal.pk, {}, by=person)[0] for person in (second, third)]
        perform(challenges[0].pk, username=second.username, secret=secret_of(second), station=STATION, at_hand=second)
        with nothing_written(), pytest.raises((Refused, Stale)):
            perform(challenges[1].pk, username=third.username, secret=secret_of(third), station=STATION, at_hand=third)

    @pytest.mark.parametrize("role", [role for role in Role if role not in (Role.QA, Role.QUALIFIED_PERSON)])
    def test_is_for_quality_alone(self, coi: ChainOfIdentity, role: Role) -> None:
        by = administrators()[0] if role == Role.ADMINISTRATOR else a_person(role)
        with nothing_written(), pytest.raises(NotAllowed):
            ask("identity.propose_erasure", coi.subject_id, {"reason": WHY}, by=by)

    def test_of_somebody_without_an_identity_record_is_refused(self, quality: tuple[Person, Person]) -> None:
        other = a_subject("104-778")
        with nothing_written(), pytest.raises(Refused, match="No identity record"):
            proposed(other.subject, by=quality[0])

    def test_leaves_the_pseudonym_taken_and_a_late_repeat_brings_nothing_back(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        approved(coi.subject, *quality)
        outbox.sweep()
        by = a_person(Role.LOGISTICS)
        for key, who in ((coi.subject_id, WHO), (uuid4(), WHO)):
            with nothing_written(), pytest.raises(Refused):
                register_subject(id=key, pseudonym="104-777", by=by, **who)  # type: ignore[arg-type]  # as named above
        assert not SubjectIdentity.objects.exists()

    def test_is_offered_and_told_on_the_page_of_the_chain(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        first, second = quality
        place, pages = f"/custody/{coi.identifier}/", []
        for act in (lambda: None, lambda: proposed(coi.subject, by=first)):
            act()
            pages.append(at_browser(second).get(place).content.decode())
        do("identity.approve_erasure", ErasureProposed.objects.get(), by=second)
        pages.append(at_browser(second).get(place).content.decode())
        outbox.sweep()
        pages += [at_browser(one).get(place).content.decode() for one in (second, a_person(Role.TECHNICIAN))]

        assert "Sign the proposal" in pages[0]
        assert "Sign and erase" in pages[1]
        assert "The erasure is approved" in pages[2]
        assert all("Identity record erased on" in page for page in pages[3:])
        assert not any(str(value) in page for page in pages for value in ("QZX", "MRN-88190432"))


class TestWhatKeepsIt:
    def test_a_bag_without_a_batch_keeps_it(self, site: SimpleNamespace) -> None:
        world = World()
        world.coi = a_subject(by=world.logistics, **WHO)  # type: ignore[arg-type]  # as named above
        world.collected()
        (kept,) = kept_for(world.coi.subject)
        assert kept.until is None
        assert "it belongs to no batch" in kept.words
        with nothing_written(), pytest.raises(Refused, match="it belongs to no batch"):
            proposed(world.coi.subject, by=site.third)

    def test_many_reasons_are_told_the_longest_first_and_the_rest_is_counted(self) -> None:
        kept = [Kept(f"Batch CT-26-{number:04d}: kept until 1 Jan 2057 ({'x' * 80})", None) for number in range(60)]
        told = retention_words(kept)
        assert len(told) <= LONGEST_RETENTION
        assert told.startswith("Batch CT-26-0000")
        shown = told.count("kept until")
        assert told.endswith(f"and {60 - shown} more that end earlier")
        assert retention_words(kept[:1]) == kept[0].words


class TestWhileTheRecordIsInDoubt:
    @pytest.mark.parametrize("about", ["", "subject", "coi"])
    def test_nothing_is_destroyed(self, coi: ChainOfIdentity, quality: tuple[Person, Person], about: str) -> None:
        stream = {"subject": f"subject/{coi.subject_id}", "coi": f"coi/{coi.identifier}"}.get(about, "")
        approved(coi.subject, *quality)
        other = a_subject("104-779", **WHO)  # type: ignore[arg-type]  # as named above
        incident = open_for(Found("payloads", stream, "entry 12: its payload was changed"))
        assert incident is not None

        outbox.sweep()
        assert SubjectIdentity.objects.filter(subject=coi.subject).exists()
        for subject, stopped in ((coi.subject, True), (other.subject, about == "")):
            codes = [one.code for one in offer("identity.propose_erasure", subject, by=quality[0]).objections]
            assert ("integrity" in codes) is stopped

        with writing():
            close(incident, "resolved")
        OutboxJob.objects.filter(done_at=None).update(due_at=clock.machine_now())
        outbox.sweep()
        assert not SubjectIdentity.objects.filter(subject=coi.subject).exists()


class TestTheDoor:
    """What somebody with the application's connection, or the eraser's, could try."""

    def test_no_payload_and_no_row_leaves_before_the_approval(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        (entry,) = entries_of_identity(coi.subject)
        proposed(coi.subject, by=quality[0])
        for rows in (Payload.objects.filter(pk=entry.seq), SubjectIdentity.objects.all()):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
                rows.delete()

    def test_an_erasure_that_nobody_approved_opens_no_result_and_is_found(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        other = Entry.objects.get(rec_id=coi.pk)
        (identity,) = entries_of_identity(coi.subject)
        for entry, record in ((other, "chain_of_custody.subjectidentity"), (identity, identity.rec_type)):
            with writing():
                door = Erasure(
                    seq=entry.seq, record_type_erased=record, record_id_erased=entry.rec_id, stream=entry.stream,
                    reason="nobody asked",
                )  # fmt: skip
                write(door, type="payload.erased", actor="machine")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            Payload.objects.filter(pk=other.seq).delete()
        found = findings()
        for entry in (other, identity):
            assert any(f"ledger.erasure of entry {entry.seq}: two people did not approve it" in one for one in found)
        assert any("it names something else than an identity record" in one for one in found)

    def test_an_erasure_written_ahead_of_its_entry_is_found(self) -> None:
        a_site()
        with writing():
            door = Erasure(
                seq=Entry.objects.count() + 1000, record_type_erased=SubjectIdentity.record_type(),
                record_id_erased=uuid4(), stream="site", reason="ahead",
            )  # fmt: skip
            write(door, type="payload.erased", actor="machine")
        assert any("it names something else" in one for one in findings())

    def test_what_should_be_gone_and_is_still_there_is_found(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        approved(coi.subject, *quality)
        OutboxJob.objects.filter(kind="erase").update(done_at=clock.machine_now())
        assert any("what it names is still there" in one for one in findings())

    @pytest.mark.postgresql
    def test_the_erasers_role_deletes_what_is_approved_and_can_do_nothing_else(
        self, coi: ChainOfIdentity, quality: tuple[Person, Person]
    ) -> None:
        app, eraser = (f"{name}_of_{connection.settings_dict['NAME']}" for name in ("other_app", "eraser"))
        quoted = connection.ops.quote_name(eraser)
        row = approved(coi.subject, *quality)
        for role in (app, eraser):
            run(f"CREATE ROLE {connection.ops.quote_name(role)} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
        try:
            call_command("grant", app, eraser=eraser, verbosity=0)
            run(f"SET SESSION ROLE {quoted}")
            kept = Entry.objects.get(rec_id=coi.pk).seq
            for sql in (
                f"DELETE FROM ledger_payload WHERE entry_id = {kept}",
                "UPDATE ledger_payload SET salt = salt",
                "DELETE FROM ledger_entry",
                "DELETE FROM ledger_erasure",
                "INSERT INTO ledger_erasure SELECT * FROM ledger_erasure",
                "SELECT 1 FROM accounts_keywrap",
                "SELECT 1 FROM batches_batch",
                "TRUNCATE ledger_payload",
            ):
                with pytest.raises(DatabaseError, match=r"permission denied|append-only"):
                    run(sql)
            delete_erased(row)
            run("RESET ROLE")
            assert not SubjectIdentity.objects.exists()
            outbox.sweep()
            assert findings() == []
        finally:
            run("RESET ROLE")
            for role in (app, eraser):
                run(f"DROP OWNED BY {connection.ops.quote_name(role)}")
                run(f"DROP ROLE {connection.ops.quote_name(role)}")


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_subject_that_was_never_erased_has_no_erasure(coi: ChainOfIdentity) -> None:
    assert erasure_of(coi.subject) is None
