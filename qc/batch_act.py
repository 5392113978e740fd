"""What the acts of this room share: they are about one batch, or a row of it, and its state row is their lock."""

from collections.abc import Iterable, Sequence
from typing import TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse

from accounts.acts import Act
from accounts.models import Signed
from batches.models import Batch, BatchState, InBatch, SignedInBatch
from batches.streams import streams_of


class BatchAct(Act[Batch]):
    """An act whose subject is a batch."""

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        lock_batch(subject)

    def streams(self, subject: Batch) -> Sequence[str]:
        return streams_of(subject)

    def done_url(self, row: Signed) -> str:
        return release_page(row)


RowT = TypeVar("RowT", bound=InBatch | SignedInBatch)


class RowOfBatchAct(Act[RowT]):
    """An act whose subject is a row of a batch; the row comes with its batch as `batch_with` reads it."""

    def rows(self) -> QuerySet[RowT]:
        """Give the rows that may be the subject, with what is read of them at once."""
        raise NotImplementedError

    def find(self, subject: UUID) -> RowT:
        row = self.rows().filter(pk=subject).first()
        if row is None:
            raise Http404
        row.batch = batch_with(row.batch_id)
        return row

    def lock(self, subject: RowT) -> None:
        lock_batch(subject.batch)

    def done_url(self, row: Signed) -> str:
        return release_page(row)


def release_page(row: Signed) -> str:
    """Give the page that shows what was signed about a batch."""
    assert isinstance(row, SignedInBatch)  # noqa: S101  these acts write nothing else
    return reverse("qc:release", args=[row.batch.number])


READ_AT_ONCE = ("order__coi__subject", "product", "master", "specification", "state")


def batch_with(pk: UUID) -> Batch:
    """Give a batch with everything that is read of it at once; raise Http404 if there is none."""
    return _found(Batch.objects.filter(pk=pk))


def batch_called(number: str) -> Batch:
    """Give the batch of a number, read in the same way; raise Http404 if there is none."""
    return _found(Batch.objects.filter(number=number))


def _found(batches: QuerySet[Batch]) -> Batch:
    batch = batches.select_related(*READ_AT_ONCE).first()
    if batch is None:
        raise Http404
    return batch


def lock_batch(batch: Batch) -> BatchState:
    """Take the lock of everything in a batch and give its state, read after the lock."""
    return BatchState.objects.select_for_update().get(pk=batch.pk)


def lock_batches(batches: Iterable[UUID]) -> None:
    """Take the locks of several batches in the one order that never lets two people wait for each other."""
    for pk in sorted(set(batches)):
        BatchState.objects.select_for_update().get(pk=pk)
