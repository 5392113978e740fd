"""Copies of a batch's record: asked for, made by the worker, handed out, and each an entry of its own.

(1) Asking is recorded with who asked and, for an inspection, on which; the copy with its size, digest and checkpoint.
(2) The worker makes a copy with visible progress. It may begin twice; one copy is recorded.
(3) Taking a copy never changes the record that is copied: what is recorded of it stands in the site's stream.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from accounts import security
from accounts.models import Person
from accounts.refusal import Objection, Refused, refuse_if, when
from accounts.roles import Permission
from batches.models import Batch
from ledger import checkpoints, files, incidents, outbox
from ledger.models import Checkpoint, Entry, OutboxJob, StoredFile
from ledger.selfcheck import Found
from ledger.signer import signer
from ledger.writing import write, writing
from reports import packaging
from reports.models import CopyAsked, CopyMade, Document, Inspection
from reports.recording import batch_record_for

COPY_JOB = "copy"
MACHINE = "machine"
MOST_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """How far a copy has come."""

    asked: CopyAsked
    made: CopyMade | None
    words: str
    is_in_trouble: bool


def objections_to_asking(batch: Batch, *, by: Person, inspection: Inspection | None) -> list[Objection]:
    """Object where somebody may not take copies, or has some in the making already."""
    waiting = CopyAsked.objects.filter(by=by, made=None).count()
    may = Permission.RECORD_COPY in by.permissions and (Permission.RECORD_READ in by.permissions or inspection)
    return [
        *when(not may, _("Your roles do not allow you to take copies of records."), code="lacks_permission"),
        *when(
            waiting >= MOST_AT_ONCE,
            _("%(number)s copies for you are being made. Wait until they are there.") % {"number": waiting},
        ),
    ]


def ask_copy(
    *,
    batch: Batch,
    kind: CopyAsked.Kind,
    by: Person,
    id: UUID,  # noqa: A002  the id of the row
    inspection: Inspection | None = None,
) -> CopyAsked:
    """Record that somebody asks for a copy, and owe it; asking again with the same id gives the same row."""
    if known := CopyAsked.objects.filter(pk=id, batch=batch, kind=kind, by=by).first():
        return known
    with writing():
        refuse_if(objections_to_asking(batch, by=by, inspection=inspection))
        row = CopyAsked(pk=id, batch=batch, kind=kind, by=by, inspection=inspection)
        write(row, type="copy.asked", actor=by.reference)
        outbox.owe(COPY_JOB, row.pk)
    return row


@outbox.handles(COPY_JOB)
def make_copy(job: OutboxJob) -> None:
    """Make the copy that was asked for."""
    asked = CopyAsked.objects.select_related("batch__order__coi__subject").get(pk=job.subject)
    outbox.tell_progress(job, _("Writing the batch record"))
    document = batch_record_for(asked, job=job)
    if asked.kind == CopyAsked.Kind.RECORD:
        _record_made(job, asked, document.file, checkpoint=None, document=document)
        return
    checkpoint = checkpoint_for(asked.batch)
    with tempfile.TemporaryDirectory(prefix="copy-", dir=files.room_for_work()) as folder:
        place = Path(folder) / "package.zip"
        try:
            packaging.build(asked.batch, checkpoint, place, say=lambda words: outbox.tell_progress(job, words))
        except packaging.PackageError as error:
            # A record that does not prove itself is a finding about it, like any other.
            incidents.open_for(Found(packaging.FINDING, asked.batch.stream_name(), str(error)[:2000]))
            raise
        size, sha256 = place.stat().st_size, files.take(place)
    stored = StoredFile(
        sha256=sha256, size=size, media_type="application/zip", original_name=f"{asked.batch.number}-record.zip"
    )
    _record_made(job, asked, stored, checkpoint=checkpoint, document=document)


def checkpoint_for(batch: Batch) -> Checkpoint:
    """Give the first checkpoint that covers all that a package of the batch holds; one is issued where none does.

    So the same record gives the same package, however often it is copied. It is one under the log's present key, which
    signs the package's manifest too.
    """
    streams = (batch.stream_name(), batch.coi.stream_name())
    newest = Entry.objects.filter(stream__in=streams).order_by("-seq").values_list("seq", flat=True)[0]
    # The file of a document, in the site's stream, is entered with the document itself: no later than `newest`.
    key = signer().every_key()[-1].key_id
    return checkpoints.covering(newest, key_id=key) or checkpoints.issue(Checkpoint.Why.COPY)


def _record_made(
    job: OutboxJob, asked: CopyAsked, file: StoredFile, *, checkpoint: Checkpoint | None, document: Document
) -> None:
    with writing():
        outbox.finish(job)
        if file._state.adding:
            write(file, type="file.kept", actor=MACHINE)
        row = CopyMade(
            asked=asked,
            file=file,
            sha256=file.sha256,
            size=file.size,
            checkpoint=checkpoint,
            document=document,
        )
        write(row, type="copy.made", actor=MACHINE)


def progress_of(asked: CopyAsked) -> CopyProgress:
    """Give how far a copy has come, in words."""
    made = CopyMade.objects.filter(asked=asked).select_related("file", "checkpoint", "document").first()
    if made is not None:
        return CopyProgress(asked, made, _("Ready"), is_in_trouble=False)
    job = OutboxJob.objects.filter(kind=COPY_JOB, subject=asked.pk).first()
    if job is None or (job.last_error and job.claimed_until is None):
        words = _("It could not be made and is tried again. If the record does not prove itself, Integrity says why.")
        return CopyProgress(asked, None, words, is_in_trouble=True)
    return CopyProgress(asked, None, job.progress or _("Waits for the worker"), is_in_trouble=False)


def copies() -> QuerySet[CopyAsked]:
    """Give every copy that was asked for, the newest first, with what is shown of it."""
    found = CopyAsked.objects.select_related("batch", "by", "inspection", "made__file", "made__checkpoint")
    return found.order_by("-recorded_at", "pk")


def copies_of_person(person: Person) -> QuerySet[CopyAsked]:
    """Give the copies that somebody took."""
    return copies().filter(by=person)


def copies_of_batch(batch: Batch) -> QuerySet[CopyAsked]:
    """Give the copies that were taken of a batch's record."""
    return copies().filter(batch=batch)


def newest_package_size(batch: Batch) -> int | None:
    """Give the size of the newest package of a batch, in bytes; None where none was made."""
    made = CopyMade.objects.filter(asked__batch=batch, asked__kind=CopyAsked.Kind.PACKAGE)
    return made.order_by("-recorded_at").values_list("size", flat=True).first()


def copy_called(asked: UUID) -> CopyAsked:
    """Give a copy by its id; raise Http404 if there is none."""
    found = copies().filter(pk=asked).first()
    if found is None:
        raise Http404
    return found


def copy_bytes_path(copy: CopyMade, *, by: Person) -> Path:
    """Give the place of a copy's file after comparing it with the ledger; refuse, and log it, if it differs."""
    if not files.is_whole(copy.file):
        security.log("copy_damaged", person=by, username=by.username, about=str(copy.pk))
        says = _("This copy is not given out: its file is not the one that was made. Ask for a new one.")
        raise Refused(Objection(says, code="copy_damaged"), status=409)
    return files.path_of(copy.sha256)
