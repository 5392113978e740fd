"""Rounding of a value for its comparison with a limit, once and at the limit's own scale.

- USP General Notices 7.20: to the decimal places of the limit; the last digit is raised when the
  rejected part is half a unit or more.
- Ph. Eur. General Notices 1.4: to the significant figures of the limit, raised likewise.
- None: the value is compared as it is.

A limit such as 0.5×10⁶ has one decimal place at ×10⁶. How many figures "100" has cannot be seen from
it: the specification states it, or the limit is refused under the rule that needs it.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Context, Decimal, localcontext
from enum import Enum

from ledger.typed_numbers import TypedNumberError, read_number, scaled_up, show

_DIGITS = 60
_LARGEST_EXPONENT = 30


class LimitError(ValueError):
    """A limit is written in a way that cannot be judged against."""


class Side(Enum):
    """Whether a value itself is meant, or those just below or just above it."""

    BELOW = -1
    AT = 0
    ABOVE = 1


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as its specification writes it: digits, power of ten, unit, figures where they are stated."""

    text: str
    unit: str
    exponent: int = 0
    figures_stated: int | None = None

    def __post_init__(self) -> None:
        try:
            read_number(self.text, comma_allowed=False, name="A limit")
        except TypedNumberError as error:
            raise LimitError(str(error)) from error
        if abs(self.exponent) > _LARGEST_EXPONENT:
            raise LimitError(f"The power of ten of a limit lies between ±{_LARGEST_EXPONENT}.")
        fewest, most = self._figures_possible()
        if self.figures_stated is not None and not fewest <= self.figures_stated <= most:
            raise LimitError(f"The limit {self.text} doesn't have {self.figures_stated} significant figures.")

    @property
    def mantissa(self) -> Decimal:
        return Decimal(self.text)

    @property
    def decimals(self) -> int:
        return len(self.text.partition(".")[2])

    @property
    def value(self) -> Decimal:
        return scaled_up(self.mantissa, self.exponent)

    @property
    def figures(self) -> int:
        """The significant figures of the limit, read or stated, never guessed."""
        if self.figures_stated is not None:
            return self.figures_stated
        fewest, most = self._figures_possible()
        if self.mantissa.is_zero():
            raise LimitError(f"The limit {self.text} has no significant figures; choose another rounding rule.")
        if fewest != most:
            raise LimitError(
                f"The limit {self.text} may have {fewest} to {most} significant figures; "
                "the specification must say how many."
            )
        return most

    @property
    def words(self) -> str:
        return show(self.value, exponent=self.exponent, unit=self.unit)

    def _figures_possible(self) -> tuple[int, int]:
        whole, point, fraction = self.text.removeprefix("-").partition(".")
        digits = (whole + fraction).lstrip("0")
        return (len(digits) if point else len(digits.rstrip("0"))), len(digits)


class Rounding(Enum):
    """The rounding rule of a specification."""

    USP = "USP"
    PH_EUR = "PH_EUR"
    NONE = "NONE"

    @property
    def words(self) -> str:
        return _WORDS[self]

    def at_limit(self, value: Decimal, limit: Limit) -> Decimal:
        """The value as it is compared with the limit, and as it is reported."""
        return self._rounded(value, limit, Context(prec=_DIGITS, rounding=ROUND_HALF_UP))

    def beside(self, value: Decimal, limit: Limit, side: Side) -> tuple[Decimal, int]:
        """What values at, just below or just above this one become; such pairs compare like numbers.

        The second part is left at zero where rounding has moved those values onto one step.
        """
        if self is Rounding.NONE or not value.is_finite():
            return value, side.value
        # Half a unit is rounded away from zero, so on the side nearer to zero it falls to the lower step.
        towards_zero = (side is Side.BELOW and value > 0) or (side is Side.ABOVE and value < 0)
        way = ROUND_HALF_DOWN if towards_zero else ROUND_HALF_UP
        return self._rounded(value, limit, Context(prec=_DIGITS, rounding=way)), 0

    def _rounded(self, value: Decimal, limit: Limit, context: Context) -> Decimal:
        if self is Rounding.NONE:
            return value
        if self is Rounding.USP:
            last_place = limit.exponent - limit.decimals
        else:
            last_place = value.adjusted() - limit.figures + 1
        if value.is_zero():
            return Decimal(0)
        with localcontext(context):
            rounded = value.quantize(Decimal(1).scaleb(last_place))
            if self is Rounding.PH_EUR and rounded.adjusted() > value.adjusted():
                # 9.996 at three figures became 10.00: one figure more than the limit has.
                rounded = rounded.quantize(Decimal(1).scaleb(last_place + 1))
        return rounded


_WORDS = {
    Rounding.USP: "Rounded to the decimal places of the limit (USP General Notices 7.20).",
    Rounding.PH_EUR: "Rounded to the significant figures of the limit (Ph. Eur. General Notices 1.4).",
    Rounding.NONE: "Compared without rounding.",
}
