"""Criteria that a number is compared with, exact or censored.

A censored value stands for every number it allows. It meets a criterion if all of them do, fails if none
does, and is indeterminate otherwise. Rounding is part of that question: under USP, 0.499 is 0.5, so
"< 0.5" does not lie wholly below a limit of 0.5, and "≤ 0.5" lies wholly at or below it.
"""

from dataclasses import dataclass
from decimal import Context, Decimal

from batches.calculating import NotCalculable
from ledger.typed_numbers import show
from qc.values.quantities import Comparator, Quantity, divided_by
from qc.values.rounding import Limit, LimitError, Rounding, Side
from qc.values.seen import Numeric, Seen, WrongKindError
from qc.values.unanswered import unanswered
from qc.values.verdicts import Judgement, Verdict

_LOWEST = (Decimal("-Infinity"), Side.AT)
_FIGURES_OF_DISTANCE = 3
_HIGHEST = (Decimal("Infinity"), Side.AT)
_WHOLE = Decimal(100)
_EXACT = Context(prec=50)


@dataclass(frozen=True, slots=True)
class _Edge:
    """One side of what is accepted: a limit, which side of it is good, and whether it is good itself."""

    limit: Limit
    floor: bool
    inclusive: bool

    def leaves_out(self, value: Decimal, side: Side, rounding: Rounding) -> bool:
        seen, limit = rounding.beside(value, self.limit, side), (self.limit.value, 0)
        if seen == limit:
            return not self.inclusive
        return seen < limit if self.floor else seen > limit


class NumericCriterion:
    """What all comparisons with a number have in common."""

    __slots__ = ()

    rounding: Rounding

    @property
    def unit(self) -> str:
        raise NotImplementedError

    def words(self) -> str:
        raise NotImplementedError

    def _edges(self) -> tuple[_Edge, ...]:
        raise NotImplementedError

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        """The number compared with the limit at the limit's own scale; the weight plays no part here."""
        if isinstance(seen, Numeric):
            return self.judge(seen.quantity)
        return unanswered(seen, expected="a number", rule=self.rounding.words)

    def judge(self, quantity: Quantity) -> Judgement:
        """The verdict on this quantity, which must stand in the unit of the limit."""
        quantity.in_unit(self.unit)
        lowest, highest = _ends(quantity)
        edges = self._edges()
        if any(edge.leaves_out(*(highest if edge.floor else lowest), self.rounding) for edge in edges):
            verdict = Verdict.FAILS
        elif any(edge.leaves_out(*(lowest if edge.floor else highest), self.rounding) for edge in edges):
            verdict = Verdict.INDETERMINATE
        else:
            verdict = Verdict.MEETS
        reported = self._reported(quantity, edges)
        return Judgement(
            verdict,
            reported=reported,
            unrounded=quantity.show(),
            rule=self.rounding.words,
            why=_WHY[verdict].format(reported=reported, criterion=self.words()),
        )

    def distance(self, quantity: Quantity, *, weight_kg: Decimal | None = None) -> str:
        """How far an exact value lies from the nearest limit, before rounding; nothing for a bound."""
        if quantity.censored:
            return ""
        limit = min((edge.limit for edge in self._edges()), key=lambda one: abs(quantity.value - one.value))
        gap = quantity.value - limit.value
        if gap.is_zero():
            return f"At the limit {limit.words}"
        size = show(abs(gap), exponent=limit.exponent, figures=_FIGURES_OF_DISTANCE, unit=quantity.unit)
        return f"{size} {'above' if gap > 0 else 'below'} the limit {limit.words}"

    def _reported(self, quantity: Quantity, edges: tuple[_Edge, ...]) -> str:
        """An exact value rounded at the limit that decides; a bound as it was stated."""
        limit = edges[0].limit
        if quantity.censored:
            return quantity.show(exponent=limit.exponent)
        for edge in edges[1:]:
            if edge.leaves_out(quantity.value, Side.AT, self.rounding):
                limit = edge.limit
        rounded = self.rounding.at_limit(quantity.value, limit)
        if rounded.is_zero() and self.rounding is Rounding.USP:
            rounded = Decimal(0).scaleb(limit.exponent - limit.decimals)
        return show(rounded, exponent=limit.exponent, unit=quantity.unit)


@dataclass(frozen=True, slots=True)
class AtLeast(NumericCriterion):
    """The value is the limit or more."""

    limit: Limit
    rounding: Rounding

    @property
    def unit(self) -> str:
        return self.limit.unit

    def words(self) -> str:
        return f"≥ {self.limit.words}"

    def _edges(self) -> tuple[_Edge, ...]:
        return (_Edge(self.limit, floor=True, inclusive=True),)


@dataclass(frozen=True, slots=True)
class MoreThan(NumericCriterion):
    """The value is more than the limit."""

    limit: Limit
    rounding: Rounding

    @property
    def unit(self) -> str:
        return self.limit.unit

    def words(self) -> str:
        return f"> {self.limit.words}"

    def _edges(self) -> tuple[_Edge, ...]:
        return (_Edge(self.limit, floor=True, inclusive=False),)


@dataclass(frozen=True, slots=True)
class AtMost(NumericCriterion):
    """The value is the limit or less."""

    limit: Limit
    rounding: Rounding

    @property
    def unit(self) -> str:
        return self.limit.unit

    def words(self) -> str:
        return f"≤ {self.limit.words}"

    def _edges(self) -> tuple[_Edge, ...]:
        return (_Edge(self.limit, floor=False, inclusive=True),)


@dataclass(frozen=True, slots=True)
class LessThan(NumericCriterion):
    """The value is less than the limit."""

    limit: Limit
    rounding: Rounding

    @property
    def unit(self) -> str:
        return self.limit.unit

    def words(self) -> str:
        return f"< {self.limit.words}"

    def _edges(self) -> tuple[_Edge, ...]:
        return (_Edge(self.limit, floor=False, inclusive=False),)


@dataclass(frozen=True, slots=True)
class Within(NumericCriterion):
    """The value is one of the two limits or between them."""

    low: Limit
    high: Limit
    rounding: Rounding

    def __post_init__(self) -> None:
        if self.low.unit != self.high.unit:
            raise LimitError("Both limits must stand in the same unit.")
        if self.low.exponent != self.high.exponent or self.low.decimals != self.high.decimals:
            raise LimitError("Write both limits with the same decimal places and the same power of ten.")
        if self.low.value > self.high.value:
            raise LimitError("The low limit is above the high limit.")

    @property
    def unit(self) -> str:
        return self.low.unit

    def words(self) -> str:
        return f"{self.low.text} to {self.high.words}"

    def _edges(self) -> tuple[_Edge, ...]:
        return (
            _Edge(self.low, floor=True, inclusive=True),
            _Edge(self.high, floor=False, inclusive=True),
        )


@dataclass(frozen=True, slots=True)
class Around(NumericCriterion):
    """The value lies within so many percent of a nominal one, both ends included.

    The ends are exact: 2.5 with 20 % is 2.0 to 3.0. They stand at the decimal places of the nominal value, or at as
    many as they need.
    """

    nominal: Limit
    tolerance_percent: str
    rounding: Rounding

    def __post_init__(self) -> None:
        if self.nominal.value <= 0:
            raise LimitError("A nominal value with a tolerance in percent is above zero.")
        if not 0 < Decimal(self.tolerance_percent) < _WHOLE:
            raise LimitError("A tolerance lies between 0 and 100 %.")
        _ = self.ends  # which raises, where they cannot be written as limits

    @property
    def unit(self) -> str:
        return self.nominal.unit

    @property
    def ends(self) -> tuple[Limit, Limit]:
        """The lowest and the highest value that are accepted."""
        share = [_WHOLE - Decimal(self.tolerance_percent), _WHOLE + Decimal(self.tolerance_percent)]
        low, high = (_EXACT.divide(_EXACT.multiply(self.nominal.mantissa, one), _WHOLE).normalize() for one in share)
        places = max(self.nominal.decimals, *(-int(one.as_tuple().exponent) for one in (low, high)))
        return self._end(low, places), self._end(high, places)

    def words(self) -> str:
        return f"{self.nominal.words} ± {show(Decimal(self.tolerance_percent), unit='%')}"

    def _end(self, value: Decimal, places: int) -> Limit:
        text = f"{value:.{places}f}"
        digits = len(text.replace(".", "").lstrip("0"))
        return Limit(text, self.unit, self.nominal.exponent, figures_stated=digits)

    def _edges(self) -> tuple[_Edge, ...]:
        low, high = self.ends
        return _Edge(low, floor=True, inclusive=True), _Edge(high, floor=False, inclusive=True)


Comparison = AtLeast | MoreThan | AtMost | LessThan | Within | Around


@dataclass(frozen=True, slots=True)
class PerKilogram:
    """The value divided by the weight of the recipient, unrounded, meets the criterion it wraps."""

    per_kg: Comparison

    def __post_init__(self) -> None:
        if not self.per_kg.unit.endswith("/kg"):
            raise LimitError("A limit per kilogram must have a unit that ends in /kg.")

    @property
    def unit(self) -> str:
        """The unit of the value before it is divided."""
        return self.per_kg.unit.removesuffix("/kg")

    def words(self) -> str:
        return self.per_kg.words()

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        """The value per kilogram compared at the limit's own scale; pending until the weight is known."""
        if not isinstance(seen, Numeric):
            return unanswered(seen, expected="a number", rule=self._rule("weight"))
        quantity = seen.quantity.in_unit(self.unit)
        if weight_kg is None:
            why = "The weight of the recipient is missing."
            return Judgement(Verdict.PENDING, "Pending", quantity.show(), self._rule("weight"), why)
        if not isinstance(weight_kg, Decimal):
            raise WrongKindError(f"The weight must be a Decimal, not {weight_kg!r}.")
        rule = self._rule(show(weight_kg, unit="kg"))
        dose: Quantity | NotCalculable = NotCalculable("The weight of the recipient must be above zero.")
        if weight_kg > 0:
            dose = divided_by(quantity, weight_kg, unit=self.per_kg.unit)
        if isinstance(dose, NotCalculable):
            return Judgement(Verdict.INDETERMINATE, "Not calculable", quantity.show(), rule, dose.reason)
        judged = self.per_kg.judge(dose)
        return Judgement(judged.verdict, judged.reported, judged.unrounded, rule, judged.why)

    def distance(self, quantity: Quantity, *, weight_kg: Decimal | None = None) -> str:
        """How far the value per kilogram lies from the nearest limit; nothing while the weight is not known."""
        if weight_kg is None or weight_kg <= 0:
            return ""
        dose = divided_by(quantity, weight_kg, unit=self.per_kg.unit)
        return "" if isinstance(dose, NotCalculable) else self.per_kg.distance(dose)

    def _rule(self, weight: str) -> str:
        return f"Divided by {weight}. {self.per_kg.rounding.words}"


_WHY = {
    Verdict.MEETS: "{reported} meets {criterion}.",
    Verdict.FAILS: "{reported} does not meet {criterion}.",
    Verdict.INDETERMINATE: "Some values that {reported} allows would meet {criterion} and some would not.",
}


def _ends(quantity: Quantity) -> tuple[tuple[Decimal, Side], tuple[Decimal, Side]]:
    """The lowest and the highest of the numbers that the quantity allows."""
    at = (quantity.value, Side.AT)
    match quantity.comparator:
        case Comparator.EQUAL:
            return at, at
        case Comparator.LESS:
            return _LOWEST, (quantity.value, Side.BELOW)
        case Comparator.AT_MOST:
            return _LOWEST, at
        case Comparator.MORE:
            return (quantity.value, Side.ABOVE), _HIGHEST
        case Comparator.AT_LEAST:
            return at, _HIGHEST
