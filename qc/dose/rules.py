"""The dose of one recipient: what may be given, what the containers hold, what is handed out, what that is worth.

(1) Nothing is rounded but a volume that is measured: limits are compared with the unrounded number of cells.
(2) A cap holds whatever the weight: neither the target nor the most allowed is above it.
(3) What is not known is never within: no weight where the rule needs one, a count that is a bound alone, a count in
    another state of the cells than the rule names, a container without a volume.
(4) Whole containers are taken by their content, the fullest first, until the target is reached; without a target all
    of them are the dose. Fractions are filled from the largest to the smallest.
(5) A volume is the target at the concentration of the containers, measured to one graduation, and never one that
    holds more than is allowed. Volumes of fractions add up to the volume of the whole.

Pure: no framework, no clock.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum

from batches.calculating import FIFTY_DIGITS, Answer, NotCalculable
from batches.definitions.dose import ALL_CONTAINERS, HUNDRED, PER_ML, VOLUME, Band, Bound, DoseRule
from batches.formulas_of_doses import (
    capped_dose,
    cells_by_volume,
    dose_by_weight,
    dose_per_kg,
    fraction_of_dose,
    volume_to_infuse_ml,
)
from qc.values.quantities import CENSORED, Quantity

NO_WEIGHT = NotCalculable("The recipient's weight is not known.")
NO_COUNT = NotCalculable("The cells were not counted.")
NO_CONTAINER = NotCalculable("There is no final container.")
ONE = Decimal(1)
UNITS = {PER_ML: "cells/mL"}


class DoseVerdict(StrEnum):
    """How a dose stands to what its rule allows."""

    WITHIN = "within"
    BELOW = "below"
    ABOVE = "above"
    NOT_CALCULABLE = "not_calculable"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one recipient may get, in cells."""

    low: Bound | None
    target: Decimal | None
    high: Bound | None

    def is_below(self, cells: Decimal) -> bool:
        low = self.low
        return low is not None and (cells < low.value or (cells == low.value and not low.is_included))

    def is_above(self, cells: Decimal) -> bool:
        high = self.high
        return high is not None and (cells > high.value or (cells == high.value and not high.is_included))


@dataclass(frozen=True, slots=True)
class Filled:
    """A final container as it was filled; one that was destroyed or lost counts in the volume filled, not in a dose."""

    code: str
    volume_ml: Decimal | None
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class Held:
    """What one container holds that can be given."""

    code: str
    cells: Decimal
    volume_ml: Decimal | None


@dataclass(frozen=True, slots=True)
class Part:
    """One infusion: what it should hold, and what is handed out for it."""

    number: int
    percent: Decimal
    wanted: Decimal | None  # cells; nothing where the rule has no target
    cells: Decimal
    containers: tuple[str, ...] = ()  # whole ones
    volume_ml: Decimal | None = None  # where a volume is handed out


@dataclass(frozen=True, slots=True)
class Dose:
    """The dose with its verdict and everything on which that rests, unrounded."""

    verdict: DoseVerdict
    why: str
    allowed: Allowed | None = None
    cells: Decimal | None = None
    cells_per_kg: Decimal | None = None
    parts: tuple[Part, ...] = ()


def band_for(rule: DoseRule, weight_kg: Decimal | None) -> Band | NotCalculable:
    """Give the band of a weight; the end of a band belongs to it."""
    if rule.needs_weight and (weight_kg is None or weight_kg <= 0):
        return NO_WEIGHT
    for band in rule.bands:
        if band.up_to_kg is None or (weight_kg is not None and weight_kg <= band.up_to_kg):
            return band
    return NotCalculable("No band of the rule holds this weight.")


def allowed_for(rule: DoseRule, weight_kg: Decimal | None) -> Allowed | NotCalculable:
    """Give what a recipient of this weight may get.

    least = min(rate · weight, cap)    target = min(rate · weight, cap)    most = min(rate · weight, cap)

    A flat band has its numbers as they are. Where a rule has a target and no least, the target is the least.
    """
    band = band_for(rule, weight_kg)
    if isinstance(band, NotCalculable):
        return band
    low = _bound(band, band.low, weight_kg, rule.cap_cells)
    target = None if band.target is None else _cells(band, band.target, weight_kg, rule.cap_cells)
    high = _bound(band, band.high, weight_kg, rule.cap_cells)
    for each in (low, target, high):
        if isinstance(each, NotCalculable):
            return each
    assert not isinstance(low, NotCalculable)  # noqa: S101  returned above
    assert not isinstance(target, NotCalculable)  # noqa: S101  returned above
    assert not isinstance(high, NotCalculable)  # noqa: S101  returned above
    if high is None and rule.cap_cells is not None:
        high = Bound(rule.cap_cells)
    if low is None and target is not None:
        low = Bound(target)
    return Allowed(low, target, high)


def _cells(band: Band, number: Decimal, weight_kg: Decimal | None, cap: Decimal | None) -> Answer:
    """Give a number of a band in cells, never above the cap."""
    with localcontext(FIFTY_DIGITS):
        full = number.scaleb(band.exponent)
    if not band.per_kg:
        return full if cap is None else min(full, cap)
    if weight_kg is None:
        return NO_WEIGHT
    if cap is None:
        return dose_by_weight(cells_per_kg=full, weight_kg=weight_kg)
    return capped_dose(cells_per_kg=full, weight_kg=weight_kg, cap_cells=cap)


def _bound(
    band: Band, bound: Bound | None, weight_kg: Decimal | None, cap: Decimal | None
) -> Bound | NotCalculable | None:
    if bound is None:
        return None
    cells = _cells(band, bound.value, weight_kg, cap)
    if isinstance(cells, NotCalculable):
        return cells
    return Bound(cells, bound.is_included or cells == cap)


def contents(
    rule: DoseRule, count: Quantity | None, basis: str, containers: Sequence[Filled]
) -> list[Held] | NotCalculable:
    """Give the cells of each container that is there, in the order of the containers.

    per mL            cells = c · V(container)
    all containers    cells = total · V(container) / V(all that were filled)
    each container    cells = the count
    """
    if count is None:
        return NO_COUNT
    if count.censored:
        return CENSORED
    if basis != rule.basis:
        return NotCalculable(f"The cells were counted {basis or 'in no stated state'}; the dose wants {rule.basis}.")
    wanted = UNITS.get(rule.counted_as, "cells")
    if count.unit != wanted:
        return NotCalculable(f"The count is in {count.unit or 'no unit'}; the dose wants {wanted}.")
    if not any(each.is_there for each in containers):
        return NO_CONTAINER
    held: list[Held] = []
    for each in containers:
        cells = _content(rule, count.value, each, containers)
        if isinstance(cells, NotCalculable):
            return cells
        if each.is_there:
            held.append(Held(each.code, cells, each.volume_ml))
    return held


def _content(rule: DoseRule, count: Decimal, container: Filled, containers: Iterable[Filled]) -> Answer:
    if rule.counted_as not in (PER_ML, ALL_CONTAINERS):
        return count if count >= 0 else NotCalculable("The count is below zero.")
    volumes = [each.volume_ml for each in containers]
    if container.volume_ml is None or container.volume_ml <= 0:
        return NotCalculable(f"The volume of {container.code} is not recorded.")
    if rule.counted_as == PER_ML:
        # As all cells of that one container: total · V / V.
        with localcontext(FIFTY_DIGITS):
            cells = count * container.volume_ml
        return cells_by_volume(
            cells=cells, container_volume_ml=container.volume_ml, filled_volume_ml=container.volume_ml
        )
    known = [volume for volume in volumes if volume is not None]
    if len(known) < len(volumes):
        return NotCalculable("The volume of a final container is not recorded.")
    return cells_by_volume(
        cells=count, container_volume_ml=container.volume_ml, filled_volume_ml=sum(known, Decimal(0))
    )


def dose_of(rule: DoseRule, weight_kg: Decimal | None, held: Sequence[Held] | NotCalculable) -> Dose:
    """Give the dose that these containers give to a recipient of this weight, with its verdict."""
    allowed = allowed_for(rule, weight_kg)
    if isinstance(allowed, NotCalculable):
        return _not_calculable(allowed.reason, allowed)
    if isinstance(held, NotCalculable):
        return _not_calculable(held.reason, allowed)
    if not held:
        return _not_calculable(NO_CONTAINER.reason, allowed)
    with localcontext(FIFTY_DIGITS):
        if rule.handed_out == VOLUME:
            return _in_volumes(rule, weight_kg, allowed, held)
        return _in_containers(rule, weight_kg, allowed, held)


def _not_calculable(why: str, allowed: Allowed | NotCalculable) -> Dose:
    return Dose(DoseVerdict.NOT_CALCULABLE, why, None if isinstance(allowed, NotCalculable) else allowed)


# Whole containers


def _in_containers(rule: DoseRule, weight_kg: Decimal | None, allowed: Allowed, held: Sequence[Held]) -> Dose:
    ranked = sorted(held, key=lambda each: (-each.cells, each.code))
    if allowed.target is None:
        parts = [_part(1, HUNDRED, None, ranked)]
    else:
        left = list(ranked)
        filled: dict[int, Part] = {}
        shares = list(enumerate(rule.fractions or (HUNDRED,), 1))
        for number, percent in sorted(shares, key=lambda each: (-each[1], each[0])):
            wanted = _known(fraction_of_dose(cells=allowed.target, percent=percent))
            taken: list[Held] = []
            while left and sum((each.cells for each in taken), Decimal(0)) < wanted:
                taken.append(left.pop(0))
            filled[number] = _part(number, percent, wanted, taken)
        parts = [filled[number] for number, _percent in shares]
    return _judged(weight_kg, allowed, parts)


def _part(number: int, percent: Decimal, wanted: Decimal | None, taken: Sequence[Held]) -> Part:
    cells = sum((each.cells for each in taken), Decimal(0))
    return Part(number, percent, wanted, cells, tuple(sorted(each.code for each in taken)))


def _judged(weight_kg: Decimal | None, allowed: Allowed, parts: Sequence[Part]) -> Dose:
    """Compare the whole with what is allowed, and each of several infusions with its share of that."""
    cells = sum((each.cells for each in parts), Decimal(0))
    per_kg = None if weight_kg is None else dose_per_kg(cells=cells, weight_kg=weight_kg)
    verdict, why = DoseVerdict.WITHIN, "The dose lies within what the rule allows."
    if allowed.is_above(cells):
        verdict, why = DoseVerdict.ABOVE, "The dose is above the most that the rule allows."
    elif cells == 0 or allowed.is_below(cells):
        verdict, why = DoseVerdict.BELOW, "The dose is below the least that the rule asks for."
    elif len(parts) > 1:
        verdict, why = next(_wrong_shares(allowed, parts), (verdict, why))
    return Dose(verdict, why, allowed, cells, None if isinstance(per_kg, NotCalculable) else per_kg, tuple(parts))


def _wrong_shares(allowed: Allowed, parts: Sequence[Part]) -> Iterator[tuple[DoseVerdict, str]]:
    for part in parts:
        share = _share_of(allowed, part.percent)
        if share.is_above(part.cells):
            yield DoseVerdict.ABOVE, f"Fraction {part.number} holds more than its share of the most allowed."
        if share.is_below(part.cells):
            yield DoseVerdict.BELOW, f"Fraction {part.number} holds less than its share of the least asked for."


def _share_of(allowed: Allowed, percent: Decimal) -> Allowed:
    def part(bound: Bound | None) -> Bound | None:
        if bound is None:
            return None
        return Bound(_known(fraction_of_dose(cells=bound.value, percent=percent)), bound.is_included)

    return Allowed(part(allowed.low), None, part(allowed.high))


# Volumes


def _in_volumes(rule: DoseRule, weight_kg: Decimal | None, allowed: Allowed, held: Sequence[Held]) -> Dose:
    graduation, target = rule.graduation_ml, allowed.target
    volumes = [each.volume_ml for each in held if each.volume_ml is not None]
    if graduation is None or target is None or len(volumes) < len(held):
        return _not_calculable("A volume needs a target, a graduation and the volume of each container.", allowed)
    there = sum(volumes, Decimal(0))
    all_cells = sum((each.cells for each in held), Decimal(0))
    if all_cells == 0 or there == 0:
        return _not_calculable("The containers hold no cells.", allowed)
    concentration = all_cells / there
    exact = _known(volume_to_infuse_ml(target_cells=target, concentration=concentration))
    allowed = _as_fine_as_measured(rule, allowed, graduation * concentration)
    volume = min(_measured(exact, graduation), _measured(there, graduation, ROUND_FLOOR))
    if allowed.is_above(volume * concentration):
        volume -= graduation
        none_fits = allowed.is_below(volume * concentration) or allowed.is_above(volume * concentration)
    elif allowed.is_below(volume * concentration) and volume + graduation <= there:
        volume += graduation
        none_fits = allowed.is_above(volume * concentration)
    else:
        none_fits = False
    if volume <= 0 or none_fits:
        return _not_calculable("No volume that can be measured lies within what the rule allows.", allowed)
    parts, given, percent_so_far = [], Decimal(0), Decimal(0)
    for number, percent in enumerate(rule.fractions or (HUNDRED,), 1):
        percent_so_far += percent
        # Rounding the sum so far, not each part, makes the parts add up to the whole.
        up_to = _measured(_known(fraction_of_dose(cells=volume, percent=percent_so_far)), graduation)
        wanted = _known(fraction_of_dose(cells=target, percent=percent))
        parts.append(Part(number, percent, wanted, (up_to - given) * concentration, volume_ml=up_to - given))
        given = up_to
    if any(part.volume_ml is not None and part.volume_ml <= 0 for part in parts):
        return _not_calculable("A fraction is smaller than what can be measured.", allowed)
    whole = _judged(weight_kg, allowed, [Part(1, HUNDRED, target, volume * concentration, volume_ml=volume)])
    return Dose(whole.verdict, whole.why, allowed, whole.cells, whole.cells_per_kg, tuple(parts))


def _as_fine_as_measured(rule: DoseRule, allowed: Allowed, cells_of_graduation: Decimal) -> Allowed:
    """Let a target that stands for the least be missed by less than one graduation; a stated least never is."""
    states_least = any(band.low is not None for band in rule.bands)
    if states_least or allowed.low is None:
        return allowed
    return Allowed(Bound(allowed.low.value - cells_of_graduation, is_included=False), allowed.target, allowed.high)


def _measured(volume: Decimal, graduation: Decimal, rounding: str = ROUND_HALF_UP) -> Decimal:
    """Give a volume as the measure is graduated: half a graduation is raised."""
    return (volume / graduation).quantize(ONE, rounding=rounding) * graduation


def _known(answer: Answer) -> Decimal:
    """Give an answer of which it is certain that there is one: its inputs were looked at before."""
    if isinstance(answer, NotCalculable):
        raise ValueError(answer.reason)
    return answer


def as_texts(dose: Dose) -> dict[str, object]:
    """Give a dose as plain texts, every digit kept, for storing and for comparing with what was stored."""
    allowed = dose.allowed
    return {
        "verdict": dose.verdict.value,
        "why": dose.why,
        "least": _bound_text(allowed.low if allowed else None),
        "target": _text(allowed.target if allowed else None),
        "most": _bound_text(allowed.high if allowed else None),
        "cells": _text(dose.cells),
        "cells_per_kg": _text(dose.cells_per_kg),
        "parts": [
            {
                "number": part.number,
                "percent": _text(part.percent),
                "wanted": _text(part.wanted),
                "cells": _text(part.cells),
                "containers": list(part.containers),
                "volume_ml": _text(part.volume_ml),
            }
            for part in dose.parts
        ],
    }


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _bound_text(bound: Bound | None) -> Mapping[str, object]:
    return {} if bound is None else {"cells": _text(bound.value), "included": bound.is_included}
