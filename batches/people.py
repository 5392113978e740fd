"""Who worked on a batch, and how: they may not decide on it. Issuing the record is a quality act and does not count."""

from collections import defaultdict
from uuid import UUID

from django.utils.translation import gettext as _

from batches.models import (
    Batch,
    CheckBeforeAct,
    LabelApplied,
    LabelPrint,
    LabelsDestroyed,
    LabelsReconciled,
    ShiftHandOver,
    SlotScan,
    StepNotApplicable,
    StepPerformed,
    StepStart,
    StepWitnessed,
    Value,
    ValueCorrected,
    YieldVerified,
)

PERSON = "person/"


def people_at_work(batch: Batch) -> dict[UUID, list[str]]:
    """Give everybody who recorded, scanned, performed, checked, witnessed or corrected in a batch, and how."""
    ways: dict[UUID, list[str]] = defaultdict(list)
    for model, says in (
        (StepPerformed, _("performed")),
        (StepWitnessed, _("witnessed")),
        (CheckBeforeAct, _("checked before an act")),
        (ValueCorrected, _("corrected a value")),
        (StepNotApplicable, _("left out a step")),
        (YieldVerified, _("verified a yield")),
        (ShiftHandOver, _("handed a shift over")),
        (StepStart, _("began a step")),
        (Value, _("recorded a value")),
        (SlotScan, _("scanned")),
        (LabelPrint, _("printed labels")),
        (LabelApplied, _("applied labels")),
        (LabelsDestroyed, _("destroyed labels")),
        (LabelsReconciled, _("counted labels")),
    ):
        actors = model._default_manager.filter(batch=batch).order_by().values_list("actor", flat=True).distinct()
        for actor in actors:
            if actor.startswith(PERSON):
                ways[UUID(actor.removeprefix(PERSON))].append(says)
    return dict(ways)
