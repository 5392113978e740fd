"""What a batch's chip says of results after its certification. A cache: verification of quality recomputes it."""

from batches.models import Batch, BatchState
from ledger.writing import NotWritingError, is_writing


def mark_after_release(batch: Batch, found: BatchState.AfterRelease) -> None:
    """Make the state of a batch say what is positive after its certification, in the transaction that stores it."""
    if not is_writing():
        raise NotWritingError("A batch is marked inside `with ledger.writing():`.")
    state = BatchState.objects.select_for_update().get(batch=batch)
    if state.after_release != found:
        state.after_release = found
        state.save(update_fields=["after_release"])
