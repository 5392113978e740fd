"""What every page of a batch in this room shows on top."""

from django.utils.translation import gettext as _

from batches.identity import identity_of
from batches.models import Batch, BatchState

Context = dict[str, object]
STATUS = {
    BatchState.Disposition.NONE: "hold",
    BatchState.Disposition.CERTIFIED: "pass",
    BatchState.Disposition.NOT_CERTIFIED: "fail",
}


def strip_of(batch: Batch) -> Context:
    """Give the identity of a batch and the decision on it, for the strip of its pages."""
    decision = BatchState.Disposition(batch.state.disposition)
    word = _("Quarantine") if decision is BatchState.Disposition.NONE else str(decision.label)
    return {"batch": batch, "identity": identity_of(batch), "status": STATUS[decision], "status_word": word}
