"""What every page of a batch shows on top, in every room: whose cells these are, and the decision on them."""

from django.utils.translation import gettext as _

from batches.continuity import words_without_connection
from batches.fates import CERTIFIED
from batches.identity import identity_of
from batches.models import Batch, BatchState

Context = dict[str, object]
DISPOSITION_STATUS = {
    BatchState.Disposition.NONE: "hold",
    BatchState.Disposition.CERTIFIED: "pass",
    BatchState.Disposition.NOT_CERTIFIED: "fail",
    BatchState.Disposition.CERTIFIED_CONDITIONALLY: "conditional",
    BatchState.Disposition.WITHDRAWN: "fail",
}


def strip_of(batch: Batch) -> Context:
    """Give the identity of a batch and the decision on it, for the strip of its pages."""
    return {
        "batch": batch,
        "identity": identity_of(batch),
        "status": disposition_status(batch),
        "status_word": disposition_words(batch),
        "continuity": words_without_connection(batch),
    }


def disposition_status(batch: Batch) -> str:
    """Give the status of a batch's chip; what turned out after release is louder than the decision."""
    if is_positive_after_release(batch):
        return "fail"
    return DISPOSITION_STATUS[BatchState.Disposition(batch.state.disposition)]


def disposition_words(batch: Batch) -> str:
    """Give the words of a batch's chip."""
    if is_positive_after_release(batch):
        return str(batch.state.get_after_release_display())
    disposition = BatchState.Disposition(batch.state.disposition)
    return _("Quarantine") if disposition is BatchState.Disposition.NONE else str(disposition.label)


def is_positive_after_release(batch: Batch) -> bool:
    """Tell whether a result is positive or fails although the batch is certified."""
    return bool(batch.state.after_release) and batch.state.disposition in CERTIFIED
