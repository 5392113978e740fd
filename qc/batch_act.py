"""What the acts of this room share: they are about one batch, and its state row is their lock."""

from collections.abc import Iterable
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.acts import Act, Line
from accounts.models import Person, Signed
from batches.models import Batch, BatchState
from chain_of_custody.isbt128 import check_character


class BatchAct(Act[Batch]):
    """An act whose subject is a batch."""

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        lock_batch(subject)

    def done_url(self, row: Signed) -> str:
        batch: Batch = row.batch  # type: ignore[attr-defined]  every row that these acts write is of one batch
        return reverse("qc:release", args=[batch.number])


def batch_with(pk: UUID) -> Batch:
    """Give a batch with everything that is read of it at once; raise Http404 if there is none."""
    found = Batch.objects.select_related("order__coi__subject", "product", "master", "specification", "state")
    batch = found.filter(pk=pk).first()
    if batch is None:
        raise Http404
    return batch


def lock_batch(batch: Batch) -> BatchState:
    """Take the lock of everything in a batch and give its state, read after the lock."""
    return BatchState.objects.select_for_update().get(pk=batch.pk)


def identity_of(batch: Batch) -> list[Line]:
    """Give the lines of the identity strip: what a mix-up would get wrong."""
    dins = [
        f"{collection.din} {check_character(collection.din)}"
        for collection in batch.coi.collections.order_by("collected_at")
    ]
    return [
        Line(_("Batch"), batch.number),
        Line(_("Subject"), batch.coi.subject.pseudonym),
        Line(_("DIN"), ", ".join(dins) or "–"),
        Line(_("Chain of identity"), batch.coi.identifier),
    ]


def names(people: Iterable[Person]) -> str:
    """Write several people's names."""
    return ", ".join(sorted(person.name for person in people))
