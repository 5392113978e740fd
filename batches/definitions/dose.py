"""What one treatment holds, as a product definition says it: the range, the target, the cap, the fractions.

A rule is a row of bands of the recipient's weight. A rule per kilogram or a flat one has a single band without an end.
The first shape of the definition, one limit like a criterion, is a single band with one bound and stays valid.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from batches.definitions.parts import (
    Part,
    number,
    optional_number,
    optional_text,
    optional_whole,
    part,
    parts,
    text,
    texts,
    whole,
)

ONE_LIMIT = ("at_least", "more_than", "at_most", "less_than")
WHOLE_CONTAINERS, VOLUME = "whole_containers", "volume"
PER_ML, PER_CONTAINER, ALL_CONTAINERS = "per_ml", "per_container", "all_containers"
HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Bound:
    """One end of a range; `is_included` tells whether the end itself is allowed."""

    value: Decimal
    is_included: bool = True


@dataclass(frozen=True, slots=True)
class Band:
    """What recipients of some weights get; numbers are at the scale of the exponent.

    A band begins above the end of the one before it, so that bands neither overlap nor leave a gap.
    """

    up_to_kg: Decimal | None  # included; the last band has no end
    per_kg: bool
    exponent: int
    low: Bound | None = None
    target: Decimal | None = None
    high: Bound | None = None


@dataclass(frozen=True, slots=True)
class DoseRule:
    """What one treatment must hold, and how what was made is counted and handed out."""

    kind: str  # at_least, more_than, at_most, less_than: one limit; per_kg, flat, by_weight: bands
    limit: Decimal | None  # of one limit, at the scale of the exponent
    exponent: int
    unit: str  # cells/kg or cells; empty where bands say it
    per: str | None  # kg where one limit is by weight
    of: str  # which cells are counted
    basis: str  # fresh, pre_freeze, post_thaw
    reference: str
    bands: tuple[Band, ...] = ()
    cap_cells: Decimal | None = None  # most cells whatever the weight, at full scale
    fractions: tuple[Decimal, ...] = ()  # percent of the target, in the order in which they are given
    hours_between: int | None = None  # at least, between two fractions
    handed_out: str = WHOLE_CONTAINERS
    graduation_ml: Decimal | None = None  # the finest volume that is measured, where volumes are handed out
    counted_by: str = ""  # the line of the specification that counts the cells; empty where no dose is determined
    counted_as: str = ALL_CONTAINERS  # what that line gives: per_ml, per_container, all_containers
    weight_days: int | None = None  # a weight that is older is not used

    @property
    def needs_weight(self) -> bool:
        """The answer depends on the recipient's weight."""
        return len(self.bands) > 1 or any(band.per_kg for band in self.bands)


def read_dose(data: Part) -> DoseRule:
    """Read a dose rule of either shape."""
    kind = text(data, "kind")
    cap = part(data, "cap") if "cap" in data else None
    handed_out = part(data, "handed_out") if "handed_out" in data else {}
    counted = part(data, "counted") if "counted" in data else {}
    fractions = part(data, "fractions") if "fractions" in data else {}
    return DoseRule(
        kind=kind,
        limit=optional_number(data, "limit"),
        exponent=whole(data, "exponent"),
        unit=text(data, "unit"),
        per=optional_text(data, "per"),
        of=text(data, "of"),
        basis=text(data, "basis"),
        reference=text(data, "reference"),
        bands=tuple(_bands(kind, data)),
        cap_cells=number(cap, "cells").scaleb(whole(cap, "exponent")) if cap is not None else None,
        fractions=tuple(Decimal(each) for each in texts(fractions, "percent")),
        hours_between=optional_whole(fractions, "hours_between"),
        handed_out=text(handed_out, "as", WHOLE_CONTAINERS),
        graduation_ml=optional_number(handed_out, "graduation_ml"),
        counted_by=text(counted, "by"),
        counted_as=text(counted, "as", ALL_CONTAINERS),
        weight_days=optional_whole(data, "weight_days"),
    )


def _bands(kind: str, data: Part) -> Iterator[Band]:
    if kind in ONE_LIMIT:
        if "limit" in data:
            bound = Bound(number(data, "limit"), kind in ("at_least", "at_most"))
            is_least = kind in ("at_least", "more_than")
            yield Band(
                up_to_kg=None,
                per_kg=text(data, "unit").endswith("/kg"),
                exponent=whole(data, "exponent"),
                low=bound if is_least else None,
                high=None if is_least else bound,
            )
    elif kind == "by_weight":
        yield from (_band(each, per_kg=text(each, "kind") == "per_kg") for each in parts(data, "bands"))
    else:
        yield _band(data, per_kg=kind == "per_kg")


def _band(data: Part, *, per_kg: bool) -> Band:
    return Band(
        up_to_kg=optional_number(data, "up_to_kg"),
        per_kg=per_kg,
        exponent=whole(data, "exponent"),
        low=_bound(data, "minimum"),
        target=optional_number(data, "target"),
        high=_bound(data, "maximum"),
    )


def _bound(data: Part, key: str) -> Bound | None:
    value = optional_number(data, key)
    return None if value is None else Bound(value)


def faults_of_dose(rule: DoseRule) -> Iterator[str]:
    """Why a dose cannot be calculated by this rule, one sentence each; nothing where it can."""
    if rule.kind in ONE_LIMIT:
        yield from _faults_of_one_limit(rule)
    for number_, band in enumerate(rule.bands, 1):
        where = "Dose" if len(rule.bands) == 1 else f"Dose, band {number_}"
        yield from (f"{where}: {fault}" for fault in _faults_of_band(band))
    yield from _faults_of_ends(rule)
    if rule.cap_cells is not None and rule.cap_cells <= 0:
        yield "Dose: the cap must be above zero."
    yield from _faults_of_fractions(rule)
    yield from _faults_of_handing_out(rule)


def _faults_of_one_limit(rule: DoseRule) -> Iterator[str]:
    if rule.unit.endswith("/kg") != (rule.per == "kg"):
        yield "Dose: the unit ends in /kg exactly where the rule is per kg."
    if rule.limit is not None and rule.limit <= 0:
        yield "Dose: the limit must be above zero."


def _faults_of_band(band: Band) -> Iterator[str]:
    low, high = (end.value if end else None for end in (band.low, band.high))
    given = [each for each in (low, band.target, high) if each is not None]
    if not given:
        yield "give a minimum, a target or a maximum."
    if any(each <= 0 for each in given):
        yield "minimum, target and maximum must be above zero."
    if given != sorted(given):
        yield "minimum, target and maximum must not fall. Is one of them the wrong way round?"


def _faults_of_ends(rule: DoseRule) -> Iterator[str]:
    """Bands without gap or overlap: each but the last has an end, and the ends rise."""
    ends = [band.up_to_kg for band in rule.bands]
    if rule.kind == "by_weight" and len(ends) < 2:
        yield "Dose: a rule by weight has two bands at least."
    if ends and ends[-1] is not None:
        yield "Dose: the last band has no up_to_kg, so that no weight is left out."
    if any(end is None for end in ends[:-1]):
        yield "Dose: each band but the last ends with an up_to_kg."
    closed = [end for end in ends[:-1] if end is not None]
    if closed != sorted(set(closed)) or any(end <= 0 for end in closed):
        yield "Dose: the bands must stand in the order of their weights, each ending above the one before."


def _faults_of_fractions(rule: DoseRule) -> Iterator[str]:
    if not rule.fractions:
        return
    if sum(rule.fractions) != HUNDRED or any(each <= 0 for each in rule.fractions):
        yield f"Dose: the fractions must be above zero and add up to 100 %, not {sum(rule.fractions):f} %."
    if any(band.target is None for band in rule.bands):
        yield "Dose: fractions are parts of a target; each band needs one."


def _faults_of_handing_out(rule: DoseRule) -> Iterator[str]:
    if rule.handed_out != VOLUME:
        if rule.graduation_ml is not None:
            yield "Dose: graduation_ml is given where volumes are handed out."
        return
    if rule.graduation_ml is None or rule.graduation_ml <= 0:
        yield "Dose: where volumes are handed out, graduation_ml says to which volume they are measured."
    if any(band.target is None for band in rule.bands):
        yield "Dose: a volume is calculated from a target; each band needs one."
    if rule.counted_as == PER_CONTAINER:
        yield "Dose: a volume is calculated from cells per mL or from the cells of all containers."
