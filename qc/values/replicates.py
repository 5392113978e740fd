"""Replicates of one value: their mean, and how far they lie apart.

- the mean runs at full precision and is judged as one value; no replicate is ever left out;
- a bound stays a bound: "< 0.05" and 0.07 give "< 0.06"; a "<" beside a ">" gives no number;
- how far replicates lie apart is known of exact values alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from batches.calculating import FIFTY_DIGITS, NotCalculable
from qc.values.quantities import CENSORED, Comparator, Quantity

_BELOW = frozenset({Comparator.LESS, Comparator.AT_MOST})
_ABOVE = frozenset({Comparator.MORE, Comparator.AT_LEAST})
_TOO_FEW = NotCalculable("At least two replicates are needed.")


@dataclass(frozen=True, slots=True)
class Apart:
    """How far replicates lie apart: the coefficient of variation in percent, and highest less lowest."""

    cv_percent: Decimal | NotCalculable
    spread: Decimal | NotCalculable


def mean_of(replicates: Sequence[Quantity]) -> Quantity | NotCalculable:
    """The mean, unrounded, in the unit of the replicates.

    mean = (x₁ + … + xₙ) / n

    It rises with each replicate, so bounds that push the same way give a bound; strict if one of them is.
    """
    if not replicates:
        return NotCalculable("There is no replicate.")
    unit = replicates[0].unit
    with localcontext(FIFTY_DIGITS):
        total = sum((each.in_unit(unit).value for each in replicates), Decimal(0))
        mean = total / len(replicates)
    bounds = {each.comparator for each in replicates if each.censored}
    if bounds & _BELOW and bounds & _ABOVE:
        return CENSORED
    return Quantity(mean, unit, _strictest(bounds))


def _strictest(bounds: set[Comparator]) -> Comparator:
    for strict in (Comparator.LESS, Comparator.MORE):
        if strict in bounds:
            return strict
    return next(iter(bounds), Comparator.EQUAL)


def apart(replicates: Sequence[Quantity]) -> Apart:
    """How far the replicates lie apart.

    CV = 100 · s / mean, where s² = Σ (x - mean)² / (n - 1)

    A bound is no number, so beside one neither is known; below two replicates there is nothing to know.
    """
    if len(replicates) < 2:
        return Apart(_TOO_FEW, _TOO_FEW)
    if any(each.censored for each in replicates):
        return Apart(CENSORED, CENSORED)
    values = [each.value for each in replicates]
    return Apart(cv_percent(values), max(values) - min(values))


def cv_percent(values: Sequence[Decimal]) -> Decimal | NotCalculable:
    """The coefficient of variation in percent, unrounded, of a mean above zero."""
    if len(values) < 2:
        return _TOO_FEW
    with localcontext(FIFTY_DIGITS):
        mean = sum(values, Decimal(0)) / len(values)
        if mean <= 0:
            return NotCalculable("The mean is not above zero.")
        variance = sum(((each - mean) ** 2 for each in values), Decimal(0)) / (len(values) - 1)
        return 100 * variance.sqrt() / mean


def all_below_or_all_above(replicates: Sequence[Quantity]) -> bool:
    """Whether each replicate is a bound and all push the same way: then there is no spread to be limited."""
    comparators = {each.comparator for each in replicates}
    return bool(comparators) and (comparators <= _BELOW or comparators <= _ABOVE)
