"""Who worked on a batch, and how: they may not decide on it. Issuing the record is a quality act and does not count."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from uuid import UUID

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


def people_at_work(batch: Batch) -> dict[UUID, list[str]]:
    """Give everybody who recorded, scanned, performed, checked, witnessed or corrected in a batch, and how."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for says, actor in _wrote(batch, AT_WORK):
        if actor.startswith(PERSON):
            found[UUID(actor.removeprefix(PERSON))].append(says)
    return dict(found)


def ways_of(person: Person, batch: Batch, ways: Sequence[Way]) -> list[str]:
    """Give in which of these ways somebody worked on a batch, in their order and each once; one statement for all."""
    return list(dict.fromkeys(says for says, _actor in _wrote(batch, ways, actor=person.reference)))


def _wrote(batch: Batch, ways: Sequence[Way], **only: str) -> Iterator[tuple[str, str]]:
    """Give who wrote rows of these kinds, in the order of the kinds; one statement however many there are."""
    first, *others = (
        model._default_manager.filter(batch=batch, **only)
        .order_by()
        .annotate(place=Value(place, IntegerField()))
        .values_list("place", "actor")
        for place, (model, _says) in enumerate(ways)
    )
    for place, actor in sorted(first.union(*others)):
        yield str(ways[place][1]), actor
