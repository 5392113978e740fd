"""What a formula is: named inputs with units, one unrounded answer, or the reason there is none.

Rules kept here, for every formula alike:

- arithmetic runs at 50 digits and nothing is rounded on the way;
- a missing, impossible or zero-denominator input gives `NotCalculable`, never zero;
- binary floating point, NaN and infinities are errors of the program, not inputs;
- a formula never changes: another way of calculating is the same code with the next version.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from enum import Enum
from functools import wraps
from types import MappingProxyType
from typing import ParamSpec

P = ParamSpec("P")

FIFTY_DIGITS = Context(prec=50, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class NotCalculable:
    """There is no number, and this is why."""

    reason: str


Answer = Decimal | NotCalculable


class FormulaError(Exception):
    """A formula was declared or called in a way that no definition may ask for."""


class Effect(Enum):
    """What a larger input does to the answer while every other input stays above zero."""

    RAISES = "raises"
    LOWERS = "lowers"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Input:
    """One quantity a formula needs, in the unit it is given in."""

    name: str
    unit: str
    title: str
    effect: Effect = Effect.UNCLEAR
    signed: bool = False  # most inputs are amounts; a signal with its blank taken off may fall below zero

    def objection(self, value: Decimal | None) -> str | None:
        """Why this value cannot be calculated with, or nothing."""
        if value is None:
            return f"{self.title} is missing."
        if not value.is_finite():
            raise FormulaError(f"{self.name} must be a finite Decimal, not {value!r}.")
        if value < 0 and not self.signed:
            return f"{self.title} is below zero."
        if value > 100 and self.unit == "%":
            return f"{self.title} is above 100 %."
        return None


@dataclass(frozen=True, slots=True)
class Formula:
    """One way to derive a quantity, for ever known by its code and version."""

    code: str
    version: int
    title: str
    inputs: tuple[Input, ...]
    unit: str
    compute: Callable[..., Answer]

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.inputs)

    def calculate(self, values: Mapping[str, Decimal | None]) -> Answer:
        """The unrounded answer for these values; a value of None is one that is not known yet."""
        if set(values) != set(self.input_names):
            raise FormulaError(
                f"{self.code} version {self.version} needs {', '.join(self.input_names)}, "
                f"not {', '.join(sorted(values)) or 'nothing'}."
            )
        return self.compute(**values)


class FormulaTable:
    """Collects formulas as they are written down, each beside the function that computes it."""

    def __init__(self) -> None:
        self._formulas: dict[tuple[str, int], Formula] = {}

    def formula(
        self, title: str, *inputs: Input, unit: str, version: int = 1
    ) -> Callable[[Callable[P, Answer]], Callable[P, Answer]]:
        """Enter the function under its own name; the function then keeps the rules of this module."""

        def enter(function: Callable[P, Answer]) -> Callable[P, Answer]:
            code = function.__name__
            named = tuple(inspect.signature(function).parameters)
            if named != tuple(each.name for each in inputs):
                raise FormulaError(f"{code} declares other inputs than it takes.")
            if (code, version) in self._formulas:
                raise FormulaError(f"{code} version {version} is there twice.")

            @wraps(function)
            def compute(*args: P.args, **values: P.kwargs) -> Answer:
                for each in inputs:
                    # P is as wide as any signature, so the type of each value is looked at here.
                    reason = each.objection(_decimal_or_none(values.get(each.name), each.name))
                    if reason is not None:
                        return NotCalculable(reason)
                with localcontext(FIFTY_DIGITS):
                    return function(*args, **values)

            self._formulas[code, version] = Formula(code, version, title, inputs, unit, compute)
            return compute

        return enter

    def read_only(self) -> Mapping[tuple[str, int], Formula]:
        return MappingProxyType(dict(self._formulas))


def _decimal_or_none(value: object, name: str) -> Decimal | None:
    if value is None or isinstance(value, Decimal):
        return value
    raise FormulaError(f"{name} must be a finite Decimal, not {value!r}.")


def divided(numerator: Decimal, denominator: Decimal, *, by: str) -> Answer:
    """The ratio, or the statement that its denominator is zero."""
    if denominator == 0:
        return NotCalculable(f"{by} is zero.")
    return numerator / denominator
