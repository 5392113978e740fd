"""Who worked on a batch, and how: they may not decide on it. Issuing the record is a quality act and does not count."""

from collections.abc import Sequence

from django.db.models import IntegerField, Value
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.refusal import Text
from batches import models
from batches.models import Batch, InBatch, SignedInBatch

PERSON = "person/"
# A kind of row in a batch, and what whoever wrote one did there. A signed row's actor is its signer.
Way = tuple[type[InBatch | SignedInBatch], Text]
AT_WORK: Sequence[Way] = (
    (models.StepPerformed, _("performed")),
    (models.StepWitnessed, _("witnessed")),
    (models.CheckBeforeAct, _("checked before an act")),
    (models.ValueCorrected, _("corrected a value")),
    (models.StepNotApplicable, _("left out a step")),
    (models.YieldVerified, _("verified a yield")),
    (models.ShiftHandOver, _("handed a shift over")),
    (models.StepStart, _("began a step")),
    (models.Value, _("recorded a value")),
    (models.SlotScan, _("scanned")),
    (models.LabelPrint, _("printed labels")),
    (models.LabelApplied, _("applied labels")),
    (models.LabelsDestroyed, _("destroyed labels")),
    (models.LabelsReconciled, _("counted labels")),
)


def ways_of(person: Person, batch: Batch, ways: Sequence[Way]) -> list[str]:
    """Give in which of these ways somebody worked on a batch, in their order and each once; one statement for all."""
    first, *others = (
        model._default_manager.filter(batch=batch, actor=person.reference)
        .order_by()
        .annotate(place=Value(place, IntegerField()))
        .values_list("place", flat=True)
        for place, (model, _says) in enumerate(ways)
    )
    return list(dict.fromkeys(str(ways[place][1]) for place in sorted(first.union(*others))))
