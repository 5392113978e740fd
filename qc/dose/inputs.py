"""What the dose of a batch is calculated from: its rule, the count in force, the verified weight, the final containers.

(1) The rule is that of the product version to which the batch is pinned.
(2) The count is the reviewed result in force of the line that the rule names.
(3) The weight is the one in force, once a second person verified it.
(4) Every final container that was filled counts in the volume filled; one that was destroyed or lost gives no cells.

The inputs are plain texts with the ids of their rows, so that a dose can be calculated again from what it stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.wording import today
from batches.calculating import NotCalculable
from batches.definitions.dose import DoseRule
from batches.models import Batch, Weight
from batches.pinned import product_of, reading_of
from batches.weights import verified_weight
from chain_of_custody.containers import of_batch
from chain_of_custody.fates import fates_of
from chain_of_custody.models import Container, ContainerFate
from ledger.typed_numbers import TypedNumberError
from qc.definitions.specification import Line, ResultType
from qc.dose.rules import Dose, Filled, Held, contents, dose_of
from qc.methods.basis import given_by
from qc.models import BatchDose, Reading, Result
from qc.panel import PanelLine, PanelRows, Standing, panel_line, panel_rows
from qc.specifying import as_specification
from qc.values.quantities import Quantity, from_stored, read_quantity

Inputs = dict[str, Any]  # Any: plain values of a JSON text
GONE = frozenset({ContainerFate.Fate.DESTROYED, ContainerFate.Fate.LOST, ContainerFate.Fate.USED_UP})
COUNTS = frozenset({ResultType.COUNT, ResultType.NUMBER})


@dataclass(frozen=True, slots=True)
class Calculation:
    """The dose as it is calculated now, with the rows on which it rests."""

    rule: DoseRule
    line: PanelLine | None
    result: Result | None  # in force and reviewed
    weight: Weight | None  # in force and verified
    containers: Sequence[Container]
    inputs: Inputs
    dose: Dose

    @property
    def weight_is_too_old(self) -> bool:
        """The weight was taken longer ago than the rule allows."""
        if self.rule.weight_days is None or self.weight is None:
            return False
        return (today() - self.weight.weighed_on).days > self.rule.weight_days


def rule_of(batch: Batch) -> DoseRule | None:
    """Give the rule by which the dose of a batch is determined; nothing where its product asks for no such act."""
    rule = product_of(batch).dose
    return rule if rule.counted_by else None


def calculation_of(batch: Batch, rows: PanelRows | None = None) -> Calculation | None:
    """Calculate the dose of a batch from what is in force now; nothing where its product asks for none."""
    rule = rule_of(batch)
    if rule is None:
        return None
    rows = rows or panel_rows(batch, verified_weight(batch.order), only=rule.counted_by)
    line = panel_line(batch, rule.counted_by, rows)
    counts = line is not None and line.standing is Standing.REVIEWED and not line.is_outdated
    weight = rows.weight
    containers = [one for one in of_batch(batch.number) if one.kind == Container.Kind.FINAL_BAG]
    inputs = _inputs(line if counts else None, weight, containers)
    return Calculation(
        rule=rule,
        line=line,
        result=line.result if line and counts else None,
        weight=weight,
        containers=containers,
        inputs=inputs,
        dose=calculated(rule, inputs),
    )


def _inputs(line: PanelLine | None, weight: Weight | None, containers: Sequence[Container]) -> Inputs:
    fates = fates_of(containers)
    return {
        "count": _count(line) if line else None,
        "weight": _weight(weight),
        "containers": [
            {
                "id": str(one.pk),
                "code": one.code,
                "volume_ml": _volume(one),
                "is_there": one.pk not in fates or fates[one.pk].fate not in GONE,
            }
            for one in containers
        ],
    }


def _weight(weight: Weight | None) -> dict[str, str] | None:
    return {"id": str(weight.pk), "kilograms": f"{weight.kilograms:f}"} if weight else None


def _volume(container: Container) -> str | None:
    return None if container.volume_ml is None else f"{container.volume_ml:f}"


def _count(line: PanelLine) -> Mapping[str, object] | None:
    if line.result is None or line.line.entry.result_type not in COUNTS or not line.readings:
        return None
    return count_of(line.result, max(line.readings, key=lambda one: one.recorded_at), line.line)


def count_of(result: Result, reading: Reading, line: Line) -> dict[str, object]:
    """Give a count as plain values: the one that was judged, worked out by its method or read as typed."""
    given = given_by(result, reading, exponent=line.entry.exponent)
    return {
        "result": str(result.pk),
        "reading": str(reading.pk),
        "typed": given.typed,
        "unit": given.unit,
        "exponent": given.exponent,
        "basis": line.basis,
    } | ({"worked_out": str(given.basis)} if given.basis else {})


def calculated(rule: DoseRule, inputs: Inputs) -> Dose:
    """Calculate the dose from stored inputs alone."""
    weight = inputs["weight"]
    return dose_of(rule, Decimal(weight["kilograms"]) if weight else None, held_of(rule, inputs))


def held_of(rule: DoseRule, inputs: Inputs) -> list[Held] | NotCalculable:
    """Give the cells of each container from stored inputs alone."""
    count = inputs["count"]
    filled = [
        Filled(one["code"], None if one["volume_ml"] is None else Decimal(one["volume_ml"]), one["is_there"])
        for one in inputs["containers"]
    ]
    quantity = _quantity(count) if count else None
    if isinstance(quantity, NotCalculable):
        return quantity
    return contents(rule, quantity, str(count["basis"]) if count else rule.basis, filled)


def _quantity(count: Inputs) -> Quantity | NotCalculable:
    if "worked_out" in count:
        worked_out = from_stored(count["typed"], count["unit"], exponent=count["exponent"])
        return worked_out or NotCalculable("The count gave no number.")
    try:
        return read_quantity(count["typed"], count["unit"], exponent=count["exponent"])
    except TypedNumberError:
        return NotCalculable("The count gave no number.")


def inputs_agree(dose: BatchDose) -> bool:
    """Tell whether the inputs that a dose stored are what the rows say that they name, each seen by a second person."""
    line = as_specification(reading_of(dose.result.specification)).line(dose.result.line)
    named = str((dose.inputs["count"] or {}).get("reading"))
    found = Reading.objects.filter(pk=named, batch=dose.batch_id) if named in dose.result.readings else None
    reading = found.first() if found is not None else None
    if line is None or reading is None:
        return False
    weight = Weight.objects.filter(pk=dose.weight, verification__isnull=False).first() if dose.weight else None
    stored = Container.objects.filter(assignment__batch_number=dose.batch.number, kind=Container.Kind.FINAL_BAG)
    containers = {str(one.pk): (one.code, _volume(one)) for one in stored}
    return (
        hasattr(dose.result, "review")
        and dose.inputs["count"] == count_of(dose.result, reading, line)
        and dose.inputs["weight"] == _weight(weight)
        and {one["id"]: (one["code"], one["volume_ml"]) for one in dose.inputs["containers"]} == containers
    )
