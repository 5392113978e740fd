"""Measured values with their unit, and with the sign of those that are only known as a bound.

A result below a limit of quantitation is "< 0.05", not 0.05 and not 0. Such a censored value is carried
through a calculation only where the answer moves one way with it; otherwise there is no answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, localcontext
from enum import Enum

from batches.calculating import FIFTY_DIGITS, Effect, Formula, NotCalculable
from ledger.typed_numbers import read_number, scaled_up, show

CENSORED = NotCalculable("Not calculable from a censored value.")


class UnitMismatchError(ValueError):
    """A value is given in another unit than the one it is used in."""


class Comparator(Enum):
    """How the true value stands to the number that is written."""

    EQUAL = "="
    LESS = "<"
    AT_MOST = "≤"
    MORE = ">"
    AT_LEAST = "≥"

    @property
    def flipped(self) -> "Comparator":
        """The same statement about a value that falls when this one rises."""
        return _FLIPPED[self]


_FLIPPED = {
    Comparator.EQUAL: Comparator.EQUAL,
    Comparator.LESS: Comparator.MORE,
    Comparator.AT_MOST: Comparator.AT_LEAST,
    Comparator.MORE: Comparator.LESS,
    Comparator.AT_LEAST: Comparator.AT_MOST,
}
_STRICT = {
    Comparator.AT_MOST: Comparator.LESS,
    Comparator.AT_LEAST: Comparator.MORE,
}
_TYPED = (
    ("<=", Comparator.AT_MOST),
    (">=", Comparator.AT_LEAST),
    ("≤", Comparator.AT_MOST),
    ("≥", Comparator.AT_LEAST),
    ("<", Comparator.LESS),
    (">", Comparator.MORE),
)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in a unit, exact or as a bound."""

    value: Decimal
    unit: str
    comparator: Comparator = Comparator.EQUAL

    def __post_init__(self) -> None:
        # A float comes through where types are not checked, and a rounded dose would go unseen.
        if not isinstance(self.value, Decimal) or not self.value.is_finite():  # type: ignore[redundant-expr]  # as above
            raise ValueError(f"A quantity holds a finite Decimal, not {self.value!r}.")

    @property
    def censored(self) -> bool:
        return self.comparator is not Comparator.EQUAL

    def in_unit(self, unit: str) -> "Quantity":
        """The quantity itself, once it is certain that it stands in this unit."""
        if self.unit != unit:
            raise UnitMismatchError(f"The value is in {self.unit or 'no unit'}; it must be in {unit}.")
        return self

    def show(self, *, exponent: int | None = None, figures: int | None = None) -> str:
        """The quantity for the eye: "≤ 0.5 EU/mL"."""
        number = show(self.value, exponent=exponent, figures=figures, unit=self.unit)
        return f"{self.comparator.value} {number}" if self.censored else number


def read_quantity(
    text: object,
    unit: str,
    *,
    exponent: int = 0,
    comma_allowed: bool = False,
    decimals: int | None = None,
    name: str = "The value",
) -> Quantity:
    """The quantity that was typed, with <, ≤, > or ≥ before it where only a bound is known.

    `exponent` is the scale of the field: "1.15" in a field of ×10⁶ is 1150000.
    """
    comparator = Comparator.EQUAL
    if isinstance(text, str):
        for sign, meant in _TYPED:
            if text.startswith(sign):
                comparator, text = meant, text.removeprefix(sign).lstrip(" ")
                break
    number = read_number(text, comma_allowed=comma_allowed, decimals=decimals, name=name)
    return Quantity(scaled_up(number, exponent) if exponent else number, unit, comparator)


def as_stored(quantity: Quantity, *, exponent: int = 0) -> str:
    """The quantity as text with all its digits, at the scale of the exponent, for `from_stored` to read again."""
    number = f"{scaled_up(quantity.value, -exponent):f}"
    return f"{quantity.comparator.value} {number}" if quantity.censored else number


def from_stored(text: str, unit: str, *, exponent: int = 0) -> Quantity | None:
    """The quantity that `as_stored` wrote; None where no number was stored.

    A calculated number has more digits than anybody may type, so it is not read as something that was typed.
    """
    sign, _space, number = text.rpartition(" ")
    return Quantity(scaled_up(Decimal(number), exponent), unit, Comparator(sign or "=")) if number else None


def times(quantity: Quantity, factor: Decimal, *, unit: str) -> Quantity | NotCalculable:
    """The quantity multiplied; a bound stays a bound as long as the factor is above zero."""
    if quantity.censored and factor <= 0:
        return CENSORED
    with localcontext(FIFTY_DIGITS):
        return Quantity(quantity.value * factor, unit, quantity.comparator)


def divided_by(quantity: Quantity, divisor: Decimal, *, unit: str) -> Quantity | NotCalculable:
    """The quantity divided; a bound stays a bound as long as the divisor is above zero."""
    if divisor == 0:
        return NotCalculable("The divisor is zero.")
    if quantity.censored and divisor < 0:
        return CENSORED
    with localcontext(FIFTY_DIGITS):
        return Quantity(quantity.value / divisor, unit, quantity.comparator)


def calculate(formula: Formula, quantities: Mapping[str, Quantity | None]) -> Quantity | NotCalculable:
    """The formula's answer with its unit; bounds are carried through where every one pushes the same way.

    That is certain only while all inputs are above zero, so a zero beside a bound gives no answer.
    """
    values: dict[str, Decimal | None] = {}
    units = {each.name: each.unit for each in formula.inputs}
    for name, quantity in quantities.items():
        known = quantity.in_unit(units[name]) if quantity is not None and name in units else quantity
        values[name] = None if known is None else known.value
    answer = formula.calculate(values)
    if isinstance(answer, NotCalculable):
        return answer
    comparator = _carried(formula, quantities)
    return comparator if isinstance(comparator, NotCalculable) else Quantity(answer, formula.unit, comparator)


def _carried(formula: Formula, quantities: Mapping[str, Quantity | None]) -> Comparator | NotCalculable:
    bounds: set[Comparator] = set()
    for each in formula.inputs:
        quantity = quantities[each.name]
        if quantity is None or not quantity.censored:
            continue
        if each.effect is Effect.UNCLEAR:
            return CENSORED
        bounds.add(quantity.comparator if each.effect is Effect.RAISES else quantity.comparator.flipped)
    if not bounds:
        return Comparator.EQUAL
    if any(quantity is not None and quantity.value <= 0 for quantity in quantities.values()):
        return CENSORED
    # Of "< a" and "≤ b" together the answer stays strictly below its bound.
    strict = {_STRICT.get(bound, bound) for bound in bounds}
    if len(strict) > 1:
        return CENSORED
    return bounds.pop() if len(bounds) == 1 else strict.pop()
