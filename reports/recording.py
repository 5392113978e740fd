"""The batch record as a document: one version for each state of the record, made when a copy is asked for.

(1) The newest version is given while it still states everything: the batch's stream up to the newest entry that is not
    the issue of a batch record itself, and the chain of identity's stream up to its newest.
(2) Otherwise the next version supersedes it. Its basis is the request; a request has one answer, however often asked.
(3) It prints a checkpoint that covers all it states, where the signer gives one.
"""

import logging
from datetime import datetime

from django.db.models import Max
from django.utils.translation import gettext as _

from batches.identity import batch_of, locked
from batches.models import Batch
from ledger import checkpoints, files, outbox
from ledger.log_key import SignerRefused
from ledger.models import Checkpoint, Entry, OutboxJob
from ledger.signer import SignerAwayError
from ledger.writing import writing
from reports.issuing import keep, make
from reports.models import CopyAsked, Document
from reports.pdfa import attached_snapshot
from reports.record_gathering.whole import batch_record
from reports.record_snapshot import BatchRecord
from reports.snapshot_json import Snapshot, from_json

KIND = Document.Kind.BATCH_RECORD
logger = logging.getLogger(__name__)


class OvertakenError(outbox.NotYetError):
    """Another worker issued a version of this batch record meanwhile; the job is tried again."""


def batch_record_for(asked: CopyAsked, *, job: OutboxJob | None = None) -> Document:
    """Give the batch record that answers a request: the newest if it states everything, else a new version.

    Runs outside any transaction and may be called again. Raises OvertakenError where two make the same version at once.
    """
    if answer := Document.objects.filter(basis_id=asked.pk, kind=KIND).select_related("file").first():
        return answer
    batch = batch_of(asked.batch_id)
    newest = newest_record(batch)
    if newest is not None and states_everything(newest, batch):
        return newest
    _tell(job, _("Asking for a checkpoint"))
    _cover(batch)
    _tell(job, _("Writing the batch record"))
    version = newest.version + 1 if newest else 1

    def gather(number: str, issued_at: datetime) -> Snapshot:
        return batch_record(batch, number=number, version=version, issued_at=issued_at, supersedes=newest)

    finished = make(KIND, gather, supersedes=newest)
    position = _position_stated(finished.snapshot, batch)
    with writing():
        locked(batch.pk)
        if newest_record(batch) != newest:
            raise OvertakenError("Another version of this batch record was issued meanwhile.")
        return keep(finished, basis=asked, batch=batch, kind=KIND, supersedes=newest, stream_position=position)


def newest_record(batch: Batch) -> Document | None:
    """Give the newest batch record of a batch, if one was issued."""
    found = Document.objects.filter(batch=batch, kind=KIND).select_related("file")
    return found.order_by("-issued_at", "-version").first()


def states_everything(document: Document, batch: Batch) -> bool:
    """Tell whether nothing was written that a batch record would state and this one does not."""
    if document.stream_position != position_of(batch):
        return False
    try:
        stated = from_json(attached_snapshot(files.read(document.file)))
    except files.FileChangedError:
        return False
    name = batch.coi.stream_name()
    newest = Entry.objects.filter(stream=name).aggregate(newest=Max("sseq"))["newest"]
    stream = stated.stream(name) if isinstance(stated, BatchRecord) else None
    return stream is not None and stream.entries == newest


def position_of(batch: Batch, *, up_to: int | None = None) -> int:
    """Give the place in the batch's stream of the newest entry but those that issued a batch record."""
    issued = Document.objects.filter(batch=batch, kind=KIND).values("pk")
    entries = Entry.objects.filter(stream=batch.stream_name())
    entries = entries.exclude(rec_type=Document.record_type(), rec_id__in=issued)
    if up_to is not None:
        entries = entries.filter(sseq__lte=up_to)
    position: int | None = entries.aggregate(newest=Max("sseq"))["newest"]
    return position or 0


def _position_stated(snapshot: Snapshot, batch: Batch) -> int:
    stream = snapshot.stream(batch.stream_name()) if isinstance(snapshot, BatchRecord) else None
    return position_of(batch, up_to=stream.entries if stream else 0)


def _cover(batch: Batch) -> None:
    """See to a checkpoint over all that the record states; without one the record is made all the same."""
    streams = (batch.stream_name(), batch.coi.stream_name())
    newest = Entry.objects.filter(stream__in=streams).aggregate(newest=Max("seq"))["newest"] or 0
    if checkpoints.covering(newest) is None:
        try:
            checkpoints.issue(Checkpoint.Why.COPY)
        except (SignerAwayError, SignerRefused, checkpoints.OtherSignerError) as error:
            logger.warning("The record of %s prints no checkpoint: %s", batch.number, error)


def _tell(job: OutboxJob | None, words: str) -> None:
    if job is not None:
        outbox.tell_progress(job, words)
