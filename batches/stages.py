"""Where a batch stands: the first stage of its master record that has a step which is not done."""

from batches.models import Batch, BatchState
from batches.record import BatchRecord, record_of


def stage_of(record: BatchRecord) -> str:
    """Compute the stage from the steps alone; the last stage once every step is complete."""
    for step in record.steps:
        if not step.is_done:
            return step.definition.stage
    return record.master.stages[-1].code


def refresh_stage(batch: Batch, record: BatchRecord | None = None) -> str:
    """Make the cached stage say what the steps add up to; the caller holds the lock of the batch."""
    stage = stage_of(record or record_of(batch))
    BatchState.objects.filter(batch=batch).exclude(stage=stage).update(stage=stage)
    return stage
