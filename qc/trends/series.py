"""The row of one test line over the batches of a product: one point a batch, from the result that is in force.

(1) Only a reviewed result has a point, at its unrounded value; the release panel says which result is in force.
(2) A value that is known as a bound is drawn as one and counts in no statistic. What is no number has no point.
(3) The first result of a batch that was out of specification stays as a hollow point, whatever replaced it.
(4) Batches stand in the order in which they were issued, so that a late result moves nobody.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from batches.models import Batch, Definition, MaterialLot, SlotScan
from batches.pinned import reading_of
from ledger.typed_numbers import THIN_SPACE
from qc.definitions.specification import Line, ResultType, SpecificationDefinition
from qc.models import Result
from qc.panel import panel_line
from qc.specifying import as_specification, criterion_of
from qc.trends.charting import SpecificationLimit
from qc.trends.control_rules import Bound
from qc.values.numeric_criteria import Around
from qc.values.rounding import Limit, Rounding
from qc.values.verdicts import Verdict

_SHOWN = re.compile(rf"(?:(?P<sign>[<≤>≥]) )?(?P<number>-?[0-9]+(?:\.[0-9]+)?)(?:{THIN_SPACE}(?P<unit>.*))?")
_BOUNDS = {None: Bound.EXACT, "<": Bound.BELOW, "≤": Bound.BELOW, ">": Bound.ABOVE, "≥": Bound.ABOVE}
NUMERIC = (ResultType.NUMBER, ResultType.COUNT)
READ_AT_ONCE = ("product", "specification", "order__coi__subject", "state")


@dataclass(frozen=True, slots=True)
class Reported:
    """The number of a result as it was stored, unrounded, and whether it is exact."""

    value: Decimal
    unit: str
    bound: Bound
    words: str


@dataclass(frozen=True, slots=True)
class BatchPoint:
    """One batch on the chart: the result in force, and the first one that was out of specification."""

    batch: Batch
    result: Result | None
    reported: Reported | None
    first_out: Result | None
    first_reported: Reported | None
    vector_lots: tuple[str, ...]

    @property
    def exact(self) -> Decimal | None:
        """The value as far as it counts in statistics."""
        return self.reported.value if self.reported and self.reported.bound is Bound.EXACT else None

    @property
    def versions(self) -> tuple[str, ...]:
        """What the result was made under: the version of the product and that of the method."""
        method = self.result.method.rpartition(", ")[2] if self.result else ""
        return (f"{self.batch.product.code} v{self.batch.product.version}", *([method] if method else []))


@dataclass(frozen=True, slots=True)
class Series:
    """The row of one line of a product."""

    product: str
    line: str
    title: str
    unit: str
    criterion: str
    points: tuple[BatchPoint, ...]
    limits: tuple[SpecificationLimit, ...]

    @property
    def exact(self) -> list[BatchPoint]:
        """The points that count in statistics."""
        return [point for point in self.points if point.exact is not None]

    @property
    def values(self) -> list[Decimal]:
        """The values that count in statistics, in order."""
        return [point.exact for point in self.points if point.exact is not None]


@dataclass(frozen=True, slots=True)
class Stratum:
    """Which batches are drawn; empty means all."""

    product_version: str = ""
    vector_lot: str = ""
    starting_material: str = ""

    def holds(self, point: BatchPoint) -> bool:
        """Tell whether a batch belongs to it."""
        return (
            self.product_version in ("", str(point.batch.product.version))
            and (not self.vector_lot or self.vector_lot in point.vector_lots)
            and self.starting_material in ("", point.batch.starting_material)
        )


def number_in(result: Result) -> Reported | None:
    """Read the number that a result states unrounded; None where it states none."""
    return number_stated(result.unrounded, result.verdict)


def number_stated(unrounded: str, verdict: str) -> Reported | None:
    """Read the number that a judgement states unrounded; None where it states none."""
    found = _SHOWN.fullmatch(unrounded)
    if found is None or verdict in (Verdict.PENDING.value, Verdict.NOT_APPLICABLE.value):
        return None
    return Reported(Decimal(found["number"]), found["unit"] or "", _BOUNDS[found["sign"]], unrounded)


def products_followed() -> list[tuple[str, str]]:
    """Give code and title of every product that has a specification, by code."""
    rows = Definition.objects.filter(kind=Definition.Kind.PRODUCT).order_by("code", "version")
    return sorted({row.code: row.title for row in rows}.items())


def specification_for(product: str) -> SpecificationDefinition | None:
    """Give the newest approved specification of a product; None where there is none."""
    rows = Definition.objects.filter(kind=Definition.Kind.SPECIFICATION, product=product, approval__isnull=False)
    row = rows.order_by("-approval__effective_from", "-version").first()
    return None if row is None else as_specification(reading_of(row))


def numeric_lines(product: str) -> list[Line]:
    """Give the lines of a product's specification whose results are numbers."""
    specification = specification_for(product)
    if specification is None:
        return []
    return [line for line in specification.lines if line.entry.result_type in NUMERIC and not line.members]


def series_of(product: str, line: str, *, before: Batch | None = None, newest: int | None = None) -> Series | None:
    """Give the row of a line over the batches of a product; None for a line that has no numbers.

    Only the `newest` are read where a number is given, and those that were issued before another batch.
    """
    specification = specification_for(product)
    definition = specification.line(line) if specification else None
    if specification is None or definition is None or definition not in numeric_lines(product):
        return None
    history: dict[UUID, list[Result]] = defaultdict(list)
    rows = Result.objects.filter(batch__product__code=product, line=line).select_related("review")
    for row in rows.order_by("recorded_at", "version"):
        history[row.batch_id].append(row)
    found = Batch.objects.filter(pk__in=history).select_related(*READ_AT_ONCE).order_by("-signed_at", "-number")
    if before is not None:
        found = found.filter(
            Q(signed_at__lt=before.signed_at) | Q(signed_at=before.signed_at, number__lt=before.number)
        )
    batches = list(reversed(found[:newest]))
    lots = _vector_lots(list(history))
    unit = unit_judged(definition)
    points = [_point(batch, line, unit, history[batch.pk], lots.get(batch.pk, ())) for batch in batches]
    return Series(
        product=product,
        line=line,
        title=definition.title,
        unit=unit,
        criterion=criterion_of(specification, definition).words(),
        points=tuple(point for point in points if point.reported or point.first_reported),
        limits=tuple(limits_in(definition, criterion_of(specification, definition).words())),
    )


def unit_judged(line: Line) -> str:
    """Give the unit in which results are judged, which is that of the limit where there is one."""
    return str(line.criterion.get("unit", line.entry.unit))


def _point(batch: Batch, line: str, unit: str, history: Sequence[Result], lots: tuple[str, ...]) -> BatchPoint:
    result = _in_force(batch, line, history)
    reported = _in_unit(result, unit)
    failed = next((row for row in history if row.verdict == Verdict.FAILS.value), None)
    first_out = failed if failed is not None and (result is None or failed.pk != result.pk) else None
    return BatchPoint(batch, result, reported, first_out, _in_unit(first_out, unit), lots)


def _in_unit(result: Result | None, unit: str) -> Reported | None:
    found = number_in(result) if result else None
    # A number in another unit, of an earlier specification, does not belong on this axis.
    return found if found is not None and found.unit == unit else None


def _in_force(batch: Batch, line: str, history: Sequence[Result]) -> Result | None:
    """Give the reviewed result that counts. The panel is asked wherever more than one could, or one failed."""
    if len(history) == 1 and history[0].verdict != Verdict.FAILS.value:
        return history[0] if hasattr(history[0], "review") else None
    found = panel_line(batch, line)
    return found.result if found is not None and found.review is not None else None


def _vector_lots(batches: Sequence[UUID]) -> Mapping[UUID, tuple[str, ...]]:
    found: dict[UUID, set[str]] = defaultdict(set)
    used = SlotScan.objects.filter(batch__in=batches, fits=True, lot__kind=MaterialLot.Kind.VECTOR)
    for batch, code in used.values_list("batch", "lot__code"):
        found[batch].add(code)
    return {batch: tuple(sorted(codes)) for batch, codes in found.items()}


def limits_in(line: Line, words: str) -> list[SpecificationLimit]:
    """Give the limits of a line as numbers; nothing where its criterion is none of a number."""
    criterion = line.criterion
    exponent = int(str(criterion.get("exponent", "0")))

    def limit(name: str, is_floor: bool) -> SpecificationLimit:
        return SpecificationLimit(Decimal(str(criterion[name])).scaleb(exponent), words, is_floor)

    match criterion["kind"]:
        case "at_least" | "more_than":
            return [limit("limit", True)]
        case "at_most" | "less_than":
            return [limit("limit", False)]
        case "within":
            return [limit("low", True), limit("high", False)]
        case "around":
            low, high = Around(
                Limit(str(criterion["nominal"]), "", exponent), str(criterion["tolerance_percent"]), Rounding.NONE
            ).ends
            return [SpecificationLimit(low.value, words, True), SpecificationLimit(high.value, words, False)]
        case _:
            return []
