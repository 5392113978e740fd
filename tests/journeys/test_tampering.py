"""Whoever has the database may change it; the verification then names the very record that was changed."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import PersonState
from accounts.roles import Role
from batches.models import BatchState, Value
from chain_of_custody.models import Container, ContainerState
from ledger import files, guards
from ledger.models import Entry, Envelope
from ledger.verification import verify_records
from qc.models import Disposition
from reports.models import Document
from tests.documents_builders import with_both_documents
from tests.kept import made_once
from tests.qc_builders import Laboratory

Tamper = Callable[[Laboratory], tuple[str, str]]


kept = made_once(with_both_documents)


@pytest.fixture
def certified(kept, db) -> Iterator[Laboratory]:
    """A certified batch with its documents; what a test does to the files is undone after it."""
    kept_files = {
        files.path_of(sha256): files.path_of(sha256).read_bytes()
        for sha256 in Document.objects.values_list("sha256", flat=True)
    }
    yield kept
    for place, content in kept_files.items():
        place.write_bytes(content)


def findings() -> list[str]:
    return [str(finding) for finding in verify_records().findings]


def a_stored_value(certified: Laboratory) -> tuple[str, str]:
    """A value as it was typed, with its number."""
    value = Value.objects.get(batch=certified.batch, field="harvest_days")
    Value.objects.filter(pk=value.pk).update(typed="8.5", number=Decimal("8.5"))
    return str(value.pk), "(number, typed)"


def a_signature(certified: Laboratory) -> tuple[str, str]:
    """One character of the signature in the envelope of the decision."""
    decision = Disposition.objects.get()
    envelope = Envelope.objects.get(entry__rec_id=decision.pk)
    content = bytes(envelope.bytes)
    place = content.index(b'"sig":"') + len(b'"sig":"') + 4
    other = b"A" if content[place : place + 1] != b"A" else b"B"
    Envelope.objects.filter(pk=envelope.pk).update(bytes=content[:place] + other + content[place + 1 :])
    return str(decision.pk), "the signature is not valid"


def a_signers_name(certified: Laboratory) -> tuple[str, str]:
    """Who signed, on the signed row itself."""
    decision = Disposition.objects.get()
    Disposition.objects.filter(pk=decision.pk).update(signer_name="Somebody Else")
    return str(decision.pk), "names somebody else"


def the_cached_disposition(certified: Laboratory) -> tuple[str, str]:
    """The decision as lists show it."""
    BatchState.objects.filter(batch=certified.batch).update(disposition=BatchState.Disposition.NOT_CERTIFIED)
    return f"batches.batchstate {certified.batch.number}", "not the newest decision"


def the_cached_holder(certified: Laboratory) -> tuple[str, str]:
    """Who holds a bag, as lists show it."""
    bag = Container.objects.filter(assignment__batch_number=certified.batch.number, kind="final_bag").get()
    ContainerState.objects.filter(container=bag).update(holder_person=certified.qp)
    return f"chain_of_custody.containerstate {bag.code}", "holder_person_id"


def the_cached_roles(certified: Laboratory) -> tuple[str, str]:
    """What somebody may do."""
    PersonState.objects.filter(person=certified.technician).update(roles=[Role.QUALIFIED_PERSON])
    return f"accounts.personstate {certified.technician.username}", "the cached roles"


def a_documents_digest(certified: Laboratory) -> tuple[str, str]:
    """The digest of the data that a certificate was made of."""
    document = Document.objects.get(kind=Document.Kind.BATCH_CERTIFICATE)
    Document.objects.filter(pk=document.pk).update(snapshot_sha256="0" * 64)
    return f"{document.number} v{document.version}|{document.pk}", "not those that it was made of"


def a_documents_file(certified: Laboratory) -> tuple[str, str]:
    """One byte of a certificate on the disk."""
    document = Document.objects.select_related("file").get(kind=Document.Kind.BATCH_CERTIFICATE)
    place = files.path_of(document.sha256)
    place.write_bytes(place.read_bytes().replace(b"%PDF-1", b"%PDF-2", 1))
    return f"{document.number} v{document.version}|{document.file.pk}", "was changed"


def an_entry_that_is_gone(certified: Laboratory) -> tuple[str, str]:
    """The newest entry, with what hangs on it."""
    newest = Entry.objects.latest("seq")
    seq, record = newest.seq, newest.rec_id
    newest.payload.delete()
    newest.delete()
    return f"{record}|the head row", f"does not name entry {seq - 1}"


TAMPERS: list[Tamper] = [
    a_stored_value,
    a_signature,
    a_signers_name,
    the_cached_disposition,
    the_cached_holder,
    the_cached_roles,
    a_documents_digest,
    a_documents_file,
    an_entry_that_is_gone,
]


@pytest.mark.parametrize("tamper", TAMPERS, ids=lambda tamper: tamper.__name__)
def test_what_was_changed_is_named_and_nothing_else(certified, tamper):
    assert findings() == []

    connection.check_constraints()  # PostgreSQL alters no table whose deferred checks are open
    guards.remove(connection)
    record, why = tamper(certified)
    connection.check_constraints()
    guards.install(connection)

    found = findings()
    assert any(why in finding for finding in found), found
    assert [finding for finding in found if not any(name in finding for name in record.split("|"))] == []


def test_a_guard_that_was_left_away_is_named(certified):
    with connection.cursor() as cursor:
        guard = next(one for one in guards.guards(connection) if one.table == "batches_value")
        cursor.execute(
            f"DROP TRIGGER {guard.name}" + (" ON batches_value" if connection.vendor == "postgresql" else "")
        )

    assert findings() == [f"guards: {guard.name}: this guard is missing, switched off or changed"]
