"""Who entered what of a test, by person: whoever did reviews nothing of it and does not test it again as another."""

from typing import Any

from django.db import models

from batches.models import Batch
from qc.models import CompleteData, ContractCertificate, Reading, Result, SuitabilityRecorded, TimedEvent

# What somebody who tests a line writes in a run of it.
ENTERED: tuple[models.Manager[Any], ...] = (  # Any: rows of several kinds that have a batch, a line and a run
    Result.objects, Reading.objects, TimedEvent.objects, SuitabilityRecorded.objects, CompleteData.objects,
    ContractCertificate.objects,
)  # fmt: skip


def people_of_run(batch: Batch, line: str, run: int) -> set[str]:
    """Give the references of everybody who entered, corrected or submitted anything in a run of a line."""
    return actors_of({"batch": batch, "line": line, "run": run})


def actors_of(wanted: dict[str, object]) -> set[str]:
    """Give the references of everybody who entered any of the rows that are asked for, in one statement."""
    first, *others = (rows.filter(**wanted).order_by().values_list("actor", flat=True) for rows in ENTERED)
    return set(first.union(*others))
