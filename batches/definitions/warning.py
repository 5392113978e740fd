"""What may be wrong with a definition although it can be used: a limit with its sign the wrong way round.

These are warnings for the people who check and approve, never refusals: a process may want what looks odd.

(1) against the version before: a least became a most or the reverse, a limit was dropped, or loosened more than
    tenfold;
(2) against its own plausible range: the limits accept no plausible value, or every one;
(3) against what the quantity is: a viability wants a least, an endotoxin a most.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from batches.definitions.master import Field, FieldType, Limits, MasterDefinition, Rounding
from batches.definitions.product import ProductDefinition

TENFOLD = Decimal(10)
WANTS_LEAST = frozenset({
    "viability_percent", "recovery_percent", "log_depletion", "yield_percent", "fold_expansion", "cumulative_fold",
    "car_positive_viable_cells", "car_positive_of_viable", "viable_t_cells", "cytotoxicity_percent", "dose_per_kg",
    "car_positive_per_kg",
})  # fmt: skip
WANTS_MOST = frozenset({
    "vcn_per_cell", "vcn_by_digital_pcr", "vcn_by_delta_ct", "vcn_per_transduced_cell", "endotoxin_per_kg",
    "endotoxin_per_kg_per_hour",
    "beads_per_three_million", "dmso_percent",
})  # fmt: skip
# Parts of a code that tell the same of a value that is entered.
WORDS_OF_LEAST = ("viability", "recovery", "purity")
WORDS_OF_MOST = ("endotoxin", "residual", "beads_per", "vcn", "copy_number", "impurity", "impurities")


@dataclass(frozen=True, slots=True)
class Limited:
    """A value with the limits it is judged by, at one scale and in one unit."""

    where: str
    code: str
    formula: str  # empty for a value that is entered
    unit: str
    exponent: int
    limits: Limits | None
    plausible: Limits | None


def warnings_of_master(master: MasterDefinition, before: MasterDefinition | None) -> list[str]:
    """Give what may be wrong with the limits of a master batch record, one sentence each."""
    earlier = {each.code: each for each in _limited(before)} if before else {}
    found: dict[str, None] = {}
    for each in _limited(master):
        if each.code in earlier:
            found |= dict.fromkeys(warnings_of_change(each, earlier[each.code]))
        found |= dict.fromkeys(_warnings_of_range(each))
        found |= dict.fromkeys(warnings_of_direction(each.where, each.limits, wanted_direction(each)))
    return list(found)


def warnings_of_product(product: ProductDefinition, before: ProductDefinition | None) -> list[str]:
    """Give what may be wrong with the dose of a product, one sentence each."""
    earlier = {each.where: each for each in _doses(before)} if before else {}
    found: list[str] = []
    for each in _doses(product):
        if each.where in earlier:
            found += warnings_of_change(each, earlier[each.where])
        found += warnings_of_direction(each.where, each.limits, "least")
    if before is not None and before.dose.cap_cells is not None and product.dose.cap_cells is None:
        found.append("Dose: the version before had a cap; now there is none.")
    return found


def unfilled_limits(master: MasterDefinition) -> list[str]:
    """Give the limits of a master batch record that the site has still to set, by step and title."""
    fields = [f"Step {step.code}, {each.title}" for step, each in master.fields() if each.to_be_set]
    return fields + [f"Step {step.code}, {each.title}" for step, each in master.derived() if each.to_be_set]


def warnings_of_change(now: Limited, before: Limited) -> Iterator[str]:
    """Say what became of limits that the version before had."""
    if before.limits is None or now.unit != before.unit:
        return
    if now.limits is None:
        yield f"{now.where}: the version before asked for {before.limits.words}; now there is no limit."
        return
    was, is_now = _ends(before), _ends(now)
    if _turned(was, is_now):
        turned = f"the limit was {before.limits.words} and is {now.limits.words} now"
        yield f"{now.where}: {turned}. Is it the right way round?"
    elif _is_loosened(was, is_now):
        yield f"{now.where}: the limit is more than ten times looser than {before.limits.words}: {now.limits.words}."


def warnings_of_direction(where: str, limits: Limits | None, wanted: str) -> Iterator[str]:
    """Say that a limit stands on the side on which it protects nobody; `wanted` is least, most or empty."""
    if limits is None:
        return
    if wanted == "least" and limits.low is None:
        yield f"{where}: more of this is better, but the limit is {limits.words}. Is it the right way round?"
    if wanted == "most" and limits.high is None:
        yield f"{where}: less of this is better, but the limit is {limits.words}. Is it the right way round?"


def wanted_direction(each: Limited) -> str:
    """Tell whether a value wants a least or a most, by its formula or by its code; empty where nobody knows."""
    if each.formula in WANTS_MOST or any(word in each.code for word in WORDS_OF_MOST):
        return "most"
    if each.formula in WANTS_LEAST or any(word in each.code for word in WORDS_OF_LEAST):
        return "least"
    return ""


def _warnings_of_range(each: Limited) -> Iterator[str]:
    limits, plausible = each.limits, each.plausible
    if limits is None or plausible is None:
        return
    lowest, highest = plausible.low, plausible.high
    if (limits.low is not None and highest is not None and limits.low > highest) or (
        limits.high is not None and lowest is not None and limits.high < lowest
    ):
        yield f"{each.where}: no plausible value ({plausible.words}) lies within the limit {limits.words}."
    elif (limits.low is None or (lowest is not None and limits.low <= lowest)) and (
        limits.high is None or (highest is not None and limits.high >= highest)
    ):
        yield f"{each.where}: every plausible value ({plausible.words}) lies within the limit {limits.words}."


def _limited(master: MasterDefinition) -> Sequence[Limited]:
    fields = [
        Limited(
            where=f"Step {step.code}, {each.title}",
            code=each.code,
            formula="",
            unit=each.unit,
            exponent=each.exponent,
            limits=each.limits,
            plausible=None if _wants_one(each) else each.plausible,
        )
        for step, each in master.fields()
    ]
    derived = [
        Limited(f"Step {step.code}, {each.title}", each.code, each.formula, each.unit, each.exponent, each.limits, None)
        for step, each in master.derived()
    ]
    yields = [
        Limited(
            f"Yield {each.title}",
            each.code,
            "" if _only_caps(each.limits) else "yield_percent",
            "%",
            0,
            each.limits,
            None,
        )
        for each in master.yields
    ]
    return [*fields, *derived, *yields]


def _wants_one(field: Field) -> bool:
    """Tell whether a count asks for one at least, as many do: that it lets every plausible count pass says nothing."""
    limits = field.limits
    return field.type is FieldType.COUNT and limits is not None and limits.low == 1 and limits.high is None


def _only_caps(limits: Limits | None) -> bool:
    """Tell whether the limit of a yield says only that no more can be got than there was."""
    return limits is not None and limits.low is None and limits.high is not None and limits.high >= 100


Ends = Mapping[str, Decimal | None]


def _ends(each: Limited) -> Ends:
    """Give both ends at full scale."""
    limits = each.limits
    if limits is None:
        return {"low": None, "high": None}
    ends = {"low": limits.low, "high": limits.high}
    return {name: None if end is None else end.scaleb(each.exponent) for name, end in ends.items()}


def _turned(was: Ends, now: Ends) -> bool:
    """Tell whether a least alone became a most alone, or the reverse."""
    return _alone(was) != "" and _alone(now) != "" and _alone(was) != _alone(now)


def _alone(ends: Ends) -> str:
    given = [name for name, end in ends.items() if end is not None]
    return given[0] if len(given) == 1 else ""


def _is_loosened(was: Ends, now: Ends) -> bool:
    low, new_low, high, new_high = was["low"], now["low"], was["high"], now["high"]
    lower = low is not None and low > 0 and new_low is not None and new_low * TENFOLD < low
    higher = high is not None and high > 0 and new_high is not None and new_high > high * TENFOLD
    return lower or higher


def _doses(product: ProductDefinition) -> Iterator[Limited]:
    """Give each band of the dose with its limits; a target stands for the least where no minimum is given."""
    several = len(product.dose.bands) > 1
    for number, band in enumerate(product.dose.bands, 1):
        low = band.low.value if band.low else band.target
        limits = Limits(low, band.high.value if band.high else None, Rounding.NONE)
        where = f"Dose, band {number}" if several else "Dose"
        yield Limited(where, "dose", "", "cells/kg" if band.per_kg else "cells", band.exponent, limits, None)
