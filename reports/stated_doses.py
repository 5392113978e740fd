"""What a certificate states of the dose: the verified one that was in force when its signature was given.

The rows never change, so the same signature gives the same dose today and in a year. Where the product asks for no dose
of its own, or none was verified by then, the line of the specification that counts the cells is stated as before.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.wording import day
from batches.models import Batch, Weight
from batches.weights import verified_weight
from qc.dose import words as words
from qc.models import BatchDose
from qc.panel import PanelLine
from reports.stated_results import typed_dose


@dataclass(frozen=True, slots=True)
class StatedDose:
    """The dose as a certificate prints it."""

    cells: str
    per_kg: str
    weight: str
    fractions: str  # of a verified dose: each infusion with its containers or its volume; empty otherwise

    @property
    def with_fractions(self) -> str:
        """The cells of the dose, and what is handed out for each infusion."""
        return f"{self.cells}. {self.fractions}" if self.fractions else self.cells


def verified_dose(batch: Batch, at: datetime) -> BatchDose | None:
    """Give the dose that was in force at a time, if it was verified by then."""
    newest = BatchDose.objects.filter(batch=batch, recorded_at__lte=at).order_by("-version").first()
    if newest is None or not hasattr(newest, "verification") or newest.verification.recorded_at > at:
        return None
    return newest


def stated_dose(batch: Batch, at: datetime, line: PanelLine | None) -> StatedDose:
    """Give the dose for a document that rests on a signature of this time; `line` is that of the specification."""
    dose = verified_dose(batch, at)
    if dose is None:
        return StatedDose(
            cells=typed_dose(line),
            per_kg=line.result_words if line else _("no line per kilogram"),
            weight=_weight(verified_weight(batch.order)),
            fractions="",
        )
    count, outcome = dose.inputs["count"], dose.outcome
    per_kg = outcome["cells_per_kg"]
    return StatedDose(
        cells=words.given_words(outcome, count),
        per_kg=words.cells_per_kg(per_kg) if per_kg else _("not by weight"),
        weight=_weight(Weight.objects.filter(pk=dose.weight).first() if dose.weight else None),
        fractions=words.fraction_words(outcome),
    )


def _weight(weight: Weight | None) -> str:
    if weight is None:
        return _("not verified")
    return _("%(kg)s kg, weighed %(day)s") % {"kg": weight.kilograms, "day": day(weight.weighed_on)}
