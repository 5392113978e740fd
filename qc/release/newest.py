"""What was signed last on the way to a decision: the approval of the results, and the review of the record."""

from batches.models import Batch
from qc.models import RecordReview, ResultsApproval


def newest_approval(batch: Batch) -> ResultsApproval | None:
    """Give the newest approval of a batch's results, if there is one."""
    return ResultsApproval.objects.filter(batch=batch).order_by("-version").first()


def newest_review(batch: Batch) -> RecordReview | None:
    """Give the newest review of the record, if there is one."""
    return RecordReview.objects.filter(batch=batch).order_by("-stream_position", "-recorded_at").first()
