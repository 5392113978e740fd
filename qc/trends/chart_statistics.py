"""The mean and spread of a row of single values, and the limits of a chart that are drawn from them.

(1) One batch gives one value, so the spread is estimated from the moving ranges of neighbours: their mean divided by
    d₂ = 1.128, the constant for two values (NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2). The plain
    standard deviation would swallow a slow drift, which is what the chart has to show.
(2) Below `FEWEST_FOR_LIMITS` values there are no limits, below `FEWEST_FOR_CAPABILITY` no index of capability.
(3) Everything is computed at fifty digits; what is stored or printed is rounded once, to `FIGURES` figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from itertools import pairwise

FEWEST_FOR_LIMITS = 10
FEWEST_FOR_CAPABILITY = 25
FIGURES = 12
D2_OF_TWO = Decimal("1.128")
_DIGITS = Context(prec=50, rounding=ROUND_HALF_UP)
_KEPT = Context(prec=FIGURES, rounding=ROUND_HALF_UP)


class TooFewError(ValueError):
    """There are too few values to say what was asked for."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The mean of a row of values and its standard deviation, in the unit of the values, and how many there were."""

    mean: Decimal
    sd: Decimal
    n: int

    def at(self, sds: int) -> Decimal:
        """Give the value that lies so many standard deviations above the mean, or below it."""
        with localcontext(_DIGITS):
            return self.mean + self.sd * sds

    def kept(self) -> "Spread":
        """Give the same, rounded to what is stored."""
        return Spread(_kept(self.mean), _kept(self.sd), self.n)


def individuals(values: Sequence[Decimal]) -> Spread:
    """Give mean and spread of single values in their order.

        mean = Σ xᵢ ∕ n,   sd = Σ |xᵢ − xᵢ₋₁| ∕ (n − 1) ∕ 1.128

    Raises TooFewError for fewer than two values, which have no range between them.
    """
    if len(values) < 2:
        raise TooFewError("Two values are needed for a range.")
    with localcontext(_DIGITS):
        mean = sum(values, Decimal(0)) / len(values)
        ranges = [abs(after - before) for before, after in pairwise(values)]
        sd = sum(ranges, Decimal(0)) / len(ranges) / D2_OF_TWO
    return Spread(mean, sd, len(values))


def capability(spread: Spread, *, low: Decimal | None, high: Decimal | None) -> Decimal | None:
    """Give Cpk, the distance of the mean from the nearer limit of the specification in three standard deviations.

        Cpk = min(high − mean, mean − low) ∕ (3 · sd)

    None where there is no limit or no spread. Raises TooFewError below `FEWEST_FOR_CAPABILITY` values.
    """
    if spread.n < FEWEST_FOR_CAPABILITY:
        raise TooFewError(f"{FEWEST_FOR_CAPABILITY} values are needed for an index of capability.")
    with localcontext(_DIGITS):
        sides = [high - spread.mean] if high is not None else []
        sides += [spread.mean - low] if low is not None else []
        if not sides or spread.sd == 0:
            return None
        return min(sides) / (3 * spread.sd)


def in_sds(value: Decimal, *, mean: Decimal, sd: Decimal) -> Decimal:
    """Give how many standard deviations a value lies above its mean; `sd` must be above zero."""
    if sd <= 0:
        raise ValueError("A standard deviation is above zero.")
    with localcontext(_DIGITS):
        return (value - mean) / sd


def _kept(value: Decimal) -> Decimal:
    rounded = _KEPT.plus(value)
    # 4.20000000000 says no more than 4.2.
    with localcontext(_DIGITS):
        plain = rounded.normalize()
        return plain.quantize(Decimal(1)) if plain == plain.to_integral_value() else plain
