"""The one door to a batch's disposition. Only the decision of quality comes through it."""

from batches.models import Batch, BatchState
from ledger.writing import NotWritingError, is_writing


def conclude(batch: Batch, decision: BatchState.Disposition) -> BatchState:
    """Make the cached disposition say what was decided, in the transaction that writes the decision."""
    if not is_writing():
        raise NotWritingError("A batch is concluded inside `with ledger.writing():`.")
    state = BatchState.objects.select_for_update().get(batch=batch)
    state.disposition = decision
    state.save(update_fields=["disposition"])
    return state
