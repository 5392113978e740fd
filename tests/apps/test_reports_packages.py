"""Record packages of real batches: what is in them, what never is, and that none is made of a changed record."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from accounts.models import Person
from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from batches.models import LegalHold, Value
from chain_of_custody.models import SubjectIdentity
from ledger import files, outbox
from ledger.checkpoints import rotate_key
from ledger.incidents import open_incidents
from ledger.models import Entry, LogKey, OutboxJob
from qc.models import Result
from reports import packaging
from reports.copying import COPY_JOB, ask_copy, copy_bytes_path, progress_of
from reports.models import CopyAsked, CopyMade, Document
from tests.copies_builders import a_package, delivered, verified
from tests.documents_builders import with_both_documents
from tests.guards_away import as_owner
from tests.kept import kept_for_a_module
from tests.people import a_person, do
from tests.qc_builders import Laboratory

pytestmark = pytest.mark.django_db
PACKAGE = CopyAsked.Kind.PACKAGE


@pytest.fixture(scope="module")
def certified(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        laboratory = with_both_documents()
        laboratory.neighbour = laboratory.beside()
        a_package(laboratory.fresh(), by=laboratory.qa)
        yield laboratory


@pytest.fixture
def laboratory(certified, db) -> Laboratory:
    """A certified batch with its documents, of which one package was taken, and a neighbour's batch."""
    certified.fresh()
    return certified


def members_of(package: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(package) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def lines_of(content: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in content.splitlines()]


def the_package(laboratory: Laboratory) -> Path:
    made = CopyMade.objects.filter(asked__batch=laboratory.batch).latest("recorded_at")
    return files.path_of(made.sha256)


def test_it_verifies_with_the_logs_key_and_without(laboratory):
    pinned = verified(the_package(laboratory), "--key", LogKey.objects.get().key_id)
    unpinned = verified(the_package(laboratory))

    assert pinned.stdout.splitlines()[-1].startswith("VALID, NOT ANCHORED"), pinned.stdout
    assert "UNTRUSTED KEY" in unpinned.stdout.splitlines()[-1]
    assert pinned.returncode == unpinned.returncode == 2


def test_the_same_record_gives_the_same_bytes_however_often_it_is_copied(laboratory):
    first = the_package(laboratory).read_bytes()

    second = a_package(laboratory.batch, by=laboratory.qp).read_bytes()

    assert second == first


def test_a_later_package_continues_the_earlier_one(laboratory):
    earlier = json.loads(members_of(the_package(laboratory))["manifest.json"])["checkpoint"]
    note = members_of(the_package(laboratory))[f"checkpoints/{earlier['size']}.txt"].decode().splitlines()
    do("legal_hold.set", laboratory.batch, by=laboratory.qa, reason="An inspection asked for the record.")

    later = a_package(laboratory.fresh(), by=laboratory.qa)

    names = members_of(later)
    assert f"consistency/{earlier['size']}.txt" in names
    ended = verified(later, "--checkpoint", f"{note[0]} {note[1]} {note[2]}")
    assert ended.returncode == 2, ended.stdout
    held = LegalHold.objects.get()
    assert str(held.pk) in names["record.json"].decode()


def test_everything_that_the_two_streams_say_is_in_it(laboratory):
    names = members_of(the_package(laboratory))
    record = json.loads(names["record.json"])
    streams = {laboratory.batch.stream_name(), laboratory.coi.stream_name()}
    last = json.loads(names["manifest.json"])["checkpoint"]["size"]
    entries = Entry.objects.filter(stream__in=streams, seq__lte=last)

    assert [one["seq"] for one in record["entries"]] == list(entries.order_by("seq").values_list("seq", flat=True))
    told = {one["record"]["id"]: one["fields"] for one in record["entries"]}
    for value in Value.objects.filter(batch=laboratory.batch):
        assert told[str(value.pk)]["typed"] == value.typed
    for result in Result.objects.filter(batch=laboratory.batch):
        assert told[str(result.pk)]["signer_name"] == result.signer_name
        assert told[str(result.pk)]["meaning_text"] == result.meaning_text
    rows = list(csv.DictReader(io.StringIO(names["audit-trail.csv"].decode(), newline="")))
    assert [int(row["seq"]) for row in rows] == [one["seq"] for one in record["entries"]]
    signed = {row["record"].split("/")[1]: row for row in rows if row["signer"]}
    assert all(signed[key]["meaning"] == fields["meaning_text"] for key, fields in told.items() if key in signed)


def test_each_document_is_in_it_as_it_was_issued(laboratory):
    names = members_of(the_package(laboratory))
    documents = Document.objects.filter(batch=laboratory.batch)

    assert {name for name in names if name.startswith("documents/")} == {
        f"documents/{one.number}-v{one.version}.pdf" for one in documents
    }
    assert {one.kind for one in documents} == set(Document.Kind) - {Document.Kind.EXCEPTIONAL_SUPPLY}
    for one in documents:
        assert names[f"documents/{one.number}-v{one.version}.pdf"] == files.read(one.file)


def test_nobody_elses_record_and_nobodys_identity_is_in_it(laboratory):
    everything = b"".join(members_of(the_package(laboratory)).values())
    payloads = lines_of(members_of(the_package(laboratory))["payloads.jsonl"])
    neighbour = laboratory.neighbour
    disclosed = Entry.objects.filter(seq__in=[one["seq"] for one in payloads])

    assert neighbour.batch.number.encode() not in everything
    assert neighbour.coi.identifier.encode() not in everything
    assert not disclosed.filter(rec_type=SubjectIdentity.record_type()).exists()
    assert not disclosed.filter(stream__startswith="subject/").exists()
    people = disclosed.filter(stream__startswith="person/").values_list("rec_type", flat=True)
    assert set(people) <= {
        "accounts.keyenrolment",
        "accounts.keyresetapproval",
        "accounts.keyrevocation",
        "accounts.deactivation",
    }


def test_the_stream_of_everybody_who_signed_is_whole_and_bare(laboratory):
    manifest = json.loads(members_of(the_package(laboratory))["manifest.json"])
    whole = {one["name"] for one in manifest["streams"]}
    signers = {row.signer_id for row in Result.objects.filter(batch=laboratory.batch)}

    assert {f"person/{one}" for one in signers} <= whole
    assert {laboratory.batch.stream_name(), laboratory.coi.stream_name()} <= whole


def test_a_key_that_ended_afterwards_signed_validly_and_its_end_is_in_the_package(laboratory):
    administrator = Person.objects.filter(founder=True).first()
    do("key.revoke", laboratory.analyst, by=administrator, reason="The password may be known to others.")
    do("legal_hold.set", laboratory.batch, by=laboratory.qa, reason="So that there is something new.")

    package = a_package(laboratory.fresh(), by=laboratory.qa)

    ended = {one["person"]: one["until"] for one in lines_of(members_of(package)["keys.jsonl"])}
    assert ended[str(laboratory.analyst.pk)] is not None
    assert verified(package).returncode == 2


def test_a_log_key_that_was_replaced_still_leads_to_the_record(laboratory):
    old = LogKey.objects.get().key_id
    rotate_key()
    do("legal_hold.set", laboratory.batch, by=laboratory.qa, reason="So that there is something new.")

    package = a_package(laboratory.fresh(), by=laboratory.qa)

    new = LogKey.objects.get(replaced_by=None).key_id
    assert [one["id"] for one in lines_of(members_of(package)["log-keys.jsonl"])] == [old, new]
    for key in (old, new):
        assert verified(package, "--key", key).returncode == 2
    assert verified(package, "--key", "ab" * 32).returncode == 1


def test_a_package_of_another_log_is_invalid_under_a_pinned_key(laboratory):
    assert verified(the_package(laboratory), "--key", "cd" * 32).returncode == 1


class TestTakingACopy:
    def test_is_witnessed_with_who_what_when_and_hash_and_changes_nothing_in_the_record(self, laboratory):
        before = Entry.objects.filter(stream=laboratory.batch.stream_name()).count()

        made = delivered(ask_copy(batch=laboratory.batch, kind=PACKAGE, by=laboratory.qa, id=uuid4()))

        types = Entry.objects.filter(rec_id__in=[made.pk, made.asked_id]).order_by("seq").values_list("type", "stream")
        assert list(types) == [("copy.asked", "site"), ("copy.made", "site")]
        assert made.asked.by == laboratory.qa
        assert made.sha256 == made.file.sha256 == packaging._sha256(files.path_of(made.sha256))
        assert Entry.objects.filter(stream=laboratory.batch.stream_name()).count() == before

    def test_asked_twice_with_one_id_is_one_copy(self, laboratory):
        key = uuid4()
        first = ask_copy(batch=laboratory.batch, kind=PACKAGE, by=laboratory.qa, id=key)

        assert ask_copy(batch=laboratory.batch, kind=PACKAGE, by=laboratory.qa, id=key) == first
        assert OutboxJob.objects.filter(kind=COPY_JOB, subject=key).count() == 1

    def test_a_worker_that_is_late_throws_its_copy_away(self, laboratory):
        asked = ask_copy(batch=laboratory.batch, kind=PACKAGE, by=laboratory.qa, id=uuid4())
        slow = outbox.claim(OutboxJob.objects.get(kind=COPY_JOB, subject=asked.pk).pk)
        OutboxJob.objects.filter(pk=slow.pk).update(claimed_until=None)
        delivered(asked)

        with pytest.raises(outbox.AlreadyDoneError):
            outbox._handlers[COPY_JOB](slow)
        assert CopyMade.objects.filter(asked=asked).count() == 1

    @pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.QC_ANALYST, Role.LOGISTICS, Role.ADMINISTRATOR])
    def test_is_not_for_everybody(self, laboratory, role):
        with pytest.raises(NotAllowed):
            ask_copy(batch=laboratory.batch, kind=PACKAGE, by=a_person(role), id=uuid4())

    def test_nobody_orders_copies_without_end(self, laboratory):
        for _ in range(3):
            ask_copy(batch=laboratory.batch, kind=PACKAGE, by=laboratory.qa, id=uuid4())

        with pytest.raises(Refused, match="being made"):
            ask_copy(batch=laboratory.batch, kind=PACKAGE, by=laboratory.qa, id=uuid4())

    def test_a_copy_whose_file_was_changed_is_not_given_out(self, laboratory):
        made = CopyMade.objects.filter(asked__batch=laboratory.batch).latest("recorded_at")
        place = files.path_of(made.sha256)
        whole = place.read_bytes()
        try:
            place.write_bytes(whole[:-1] + b"?")
            with pytest.raises(Refused, match="not given out"):
                copy_bytes_path(made, by=laboratory.qa)
        finally:
            place.write_bytes(whole)

    def test_says_how_far_it_is(self, laboratory):
        asked = ask_copy(batch=laboratory.batch, kind=PACKAGE, by=laboratory.qa, id=uuid4())
        assert progress_of(asked).words == "Waits for the worker"

        delivered(asked)

        assert progress_of(asked).words == "Ready"
        assert OutboxJob.objects.get(kind=COPY_JOB, subject=asked.pk).progress == "Verifying"


@pytest.mark.parametrize("what", ["entry", "payload", "envelope", "file", "stream"])
def test_no_package_is_made_of_a_record_that_was_changed(laboratory, what):
    batch = laboratory.batch
    entry = Entry.objects.filter(stream=batch.stream_name(), type="result.submitted").first()
    hexed = {"sqlite": "X'{}'", "postgresql": "'\\x{}'::bytea"}[connection.vendor]
    match what:
        case "entry":
            changed = bytes(entry.bytes).replace(b"result.submitted", b"result.submittee")
            as_owner(f"UPDATE ledger_entry SET bytes = {hexed.format(changed.hex())} WHERE seq = {entry.seq}")
        case "payload":
            changed = re.sub(rb'"typed":"[^"]*"', b'"typed":"99"', bytes(entry.payload.bytes)) + b" "
            as_owner(f"UPDATE ledger_payload SET bytes = {hexed.format(changed.hex())} WHERE entry_id = {entry.seq}")
        case "envelope":
            sealed = entry.envelopes.get()
            changed = bytes(sealed.bytes).replace(b'"sig":"', b'"sig":"A')
            as_owner(f"UPDATE ledger_envelope SET bytes = {hexed.format(changed.hex())} WHERE entry_id = {entry.seq}")
        case "file":
            certificate = Document.objects.get(kind=Document.Kind.BATCH_CERTIFICATE)
            as_owner(f"UPDATE ledger_storedfile SET size = 7 WHERE sha256 = '{certificate.sha256}'")
        case "stream":
            as_owner(f"UPDATE ledger_entry SET stream = 'elsewhere' WHERE seq = {entry.seq}")
    asked = ask_copy(batch=batch, kind=PACKAGE, by=laboratory.qa, id=uuid4())

    outbox.deliver_all()

    assert not CopyMade.objects.filter(asked=asked).exists()
    assert progress_of(asked).is_in_trouble
    assert "Error" in OutboxJob.objects.get(kind=COPY_JOB, subject=asked.pk).last_error
    assert [(one.kind, one.about) for one in open_incidents()] == [("package", batch.stream_name())]
