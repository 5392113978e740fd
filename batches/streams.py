"""The streams of the ledger on which a batch's record rests: its own, its chain of identity, what was used in it."""

from batches.models import Batch, SlotScan


def streams_of(batch: Batch) -> list[str]:
    """Name the batch's own stream, those of its chain of identity and subject, of its definitions, of what it used."""
    coi = batch.order.coi
    definitions = {one.stream_name() for one in (batch.product, batch.master, batch.specification)}
    lots = SlotScan.objects.filter(batch=batch).exclude(lot=None).values_list("lot__code", flat=True).distinct()
    used = SlotScan.objects.filter(batch=batch).values_list("equipment__code", "area__code").distinct()
    return [
        batch.stream_name(),
        coi.stream_name(),
        f"subject/{coi.subject_id}",
        *sorted(definitions),
        *sorted(f"lot/{code}" for code in lots),
        *sorted({f"equipment/{code}" for pair in used for code in pair if code}),
    ]
