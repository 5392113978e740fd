"""Which lines a conditional decision left pending, and what may still be entered after a decision.

(1) After a conditional certification the lines that it named as pending go on: readings, result, review, correction.
(2) Every other line, and every line after a final decision, is closed; what is found then is reported as a departure,
    and growth is taken at any time.
(3) A withdrawn certification is no final decision: the laboratory may correct what led to it.
"""

from batches.models import Batch, BatchState
from qc.models import Disposition

Decision = BatchState.Disposition
# What may be followed by a decision on the same results, and so leaves the laboratory and the reviewers at work.
OPEN_DECISIONS = (Decision.NONE, Decision.CERTIFIED_CONDITIONALLY, Decision.WITHDRAWN)


def decision_in_force(batch: Batch) -> Disposition | None:
    """Give the newest decision on a batch, or None while there is none."""
    return Disposition.objects.filter(batch=batch).order_by("-version").first()


def pending_codes(decision: Disposition | None) -> frozenset[str]:
    """Give the codes of the lines that a decision left pending."""
    return frozenset(str(each["line"]) for each in decision.pending) if decision else frozenset()


def is_closed(batch: Batch, line: str) -> bool:
    """Tell whether the decision on a batch closed a line to the laboratory."""
    if batch.state.disposition == Decision.CERTIFIED_CONDITIONALLY:
        return line not in pending_codes(decision_in_force(batch))
    return batch.state.disposition not in OPEN_DECISIONS
