"""The check of what was entered back from paper.

(1) each row that says it came from a copy names who did the thing, a copy of its own batch, and a step that stands on
    that copy and was said to be worked on it;
(2) nobody compared what they entered;
(3) each copy that was used is accounted for by a scan of its own batch.
"""

from collections.abc import Iterator

from batches.models import (
    ContinuityCopyAccounted,
    SlotScan,
    StepOnPaper,
    StepStart,
    TranscriptionCompared,
    Value,
)
from ledger.verification import Finding, Verification, check

CHUNK = 500


@check("paper")
def what_came_from_paper_says_so(verification: Verification) -> Iterator[Finding]:
    """(1) to (3)"""
    read = set(StepOnPaper.objects.values_list("batch_id", "step"))
    entered: dict[tuple[object, str], set[str]] = {}
    for model in (StepOnPaper, StepStart, Value, SlotScan):
        found = model._default_manager.exclude(copy=None).select_related("copy__record").order_by("pk")
        for row in found.iterator(CHUNK):
            verification.counted("paper", 1)
            entered.setdefault((row.batch_id, row.step), set()).add(row.actor)
            about = f"{row.record_type()} {row.pk}"
            copy = row.copy
            if copy is None or copy.batch_id != row.batch_id or row.step not in copy.record.steps:
                yield Finding("paper", about, "it names a copy on which its step does not stand")
            if row.done_by_id is None or (row.batch_id, row.step) not in read:
                yield Finding("paper", about, "nothing says who did it on paper")
    for compared in TranscriptionCompared.objects.order_by("pk").iterator(CHUNK):
        if compared.actor in entered.get((compared.batch_id, compared.step), set()):
            about = f"{compared.record_type()} {compared.pk}"
            yield Finding("paper", about, "it was compared by one who entered it")
    for told in ContinuityCopyAccounted.objects.select_related("scan", "copy").order_by("pk").iterator(CHUNK):
        used = told.fate == ContinuityCopyAccounted.Fate.USED
        if told.copy.batch_id != told.batch_id or used != (
            told.scan is not None and told.scan.batch_id == told.batch_id
        ):
            yield Finding("paper", f"{told.record_type()} {told.pk}", "it is not accounted for as its fate says")
