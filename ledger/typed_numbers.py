"""Numbers as people type them and as people read them.

Reading keeps these rules:

- ASCII digits, one decimal point, at most 12 digits before it and 6 after it, a minus sign where below zero;
- one comma stands for the point where the field allows it and it cannot be a group separator,
  that is, where it is not followed by exactly three digits;
- nothing is guessed: other separators, exponents, signs, words and spaces are refused with what to type;
- the digits stay as typed, so 1.50 is not 1.5.

Writing keeps these: a decimal point always, a thin space before the unit, powers of ten as ×10⁹.
"""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

INTEGER_DIGITS = 12
DECIMALS = 6
THIN_SPACE = "\u2009"

_LONGEST = 40  # twice what a number can take, so that near misses still get the fitting sentence
_WIDE = Context(prec=60, rounding=ROUND_HALF_UP)
_PLAIN = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?")
_COMMA = re.compile(r"(-?[0-9]+),([0-9]+)")
_GROUPED = re.compile(r"-?[0-9]+(?:[.,'_ \u00a0\u2009\u202f][0-9]+)+")
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class TypedNumberError(ValueError):
    """What was typed is not a number that this field can take; the message says what to type."""


def read_number(text: object, *, comma_allowed: bool, decimals: int | None = None, name: str = "The value") -> Decimal:
    """The number that was typed, digit by digit, or a `TypedNumberError` that says what to type.

    `decimals` is the most decimal places the field takes, 0 for whole numbers, None for the most there is.
    """
    places = DECIMALS if decimals is None else min(decimals, DECIMALS)
    example = example_of(places)
    if not isinstance(text, str):
        raise TypedNumberError(f'{name} must be sent as text, like "{example}".')
    if text == "":
        raise TypedNumberError(f"Enter a number, like {example}.")
    if len(text) > _LONGEST:
        raise TypedNumberError(f"{name} is too long for a number. Type it like {example}.")
    comma = _COMMA.fullmatch(text)
    if comma is not None:
        text = _with_point(comma, comma_allowed=comma_allowed, name=name)
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        raise TypedNumberError(_why_not(text, name=name, example=example))
    whole, fraction = plain.group(1), plain.group(2) or ""
    if len(whole) > INTEGER_DIGITS:
        raise TypedNumberError(f"{name} can have at most {INTEGER_DIGITS} digits before the point.")
    if len(fraction) > places:
        raise TypedNumberError(_too_many_decimals(places, name=name))
    number = Decimal(text)
    if number.is_zero() and number.is_signed():
        raise TypedNumberError(f"{name} can't be minus zero. Type 0.")
    return number


def example_of(decimals: int) -> str:
    """A number a field with so many decimal places could hold."""
    return "115" if decimals == 0 else "1.5" if decimals == 1 else "1.15"


def _with_point(comma: re.Match[str], *, comma_allowed: bool, name: str) -> str:
    whole, fraction = comma.groups()
    if not comma_allowed:
        raise TypedNumberError(f"{name} must be typed with a decimal point, like 1.15.")
    if len(fraction) == 3:
        raise TypedNumberError(
            f"{name} could mean two numbers: {whole}.{fraction} or {whole}{fraction}. "
            "Type it with a decimal point, or without separators."
        )
    return f"{whole}.{fraction}"


def _why_not(text: str, *, name: str, example: str) -> str:
    if _GROUPED.fullmatch(text):
        return f"{name} must be typed without separators between digits, like 1234.5."
    if re.fullmatch(r"[-+]?[0-9]+(?:[.,][0-9]+)?[eE][-+]?[0-9]+", text):
        return f"{name} must be typed without an exponent, like {example}."
    if text != text.strip():
        return f"{name} must be typed without spaces, like {example}."
    if text.startswith("+"):
        return f"{name} must be typed without a plus sign, like {example}."
    return f"{name} must be a number, like {example}."


def _too_many_decimals(places: int, *, name: str) -> str:
    if places == 0:
        return f"{name} must be a whole number, like {example_of(0)}."
    plural = "place" if places == 1 else "places"
    return f"{name} can have at most {places} decimal {plural}, like {example_of(places)}."


def scaled_up(value: Decimal, exponent: int) -> Decimal:
    """The number itself, where the field shows it as so many powers of ten: 1.15 at ×10⁶ is 1150000."""
    return _WIDE.scaleb(value, exponent)


def to_figures(value: Decimal, figures: int) -> Decimal:
    """The value with so many significant figures, the last one raised from half a unit up."""
    if figures < 1:
        raise ValueError("At least one significant figure is needed.")
    if value.is_zero():
        return Decimal(0)
    with localcontext(_WIDE):
        rounded = value.quantize(Decimal(1).scaleb(value.adjusted() - figures + 1))
        # 9.996 at three figures became 10.00: one figure more than was asked for.
        return rounded.quantize(Decimal(1).scaleb(rounded.adjusted() - figures + 1))


def show(value: Decimal, *, exponent: int | None = None, figures: int | None = None, unit: str = "") -> str:
    """The value for the eye, at the scale given: `show(Decimal("1.5E9"), exponent=9, unit="cells")`.

    Without `figures` every digit stands as it is stored.
    """
    rounded = value if figures is None else to_figures(value, figures)
    mantissa = _WIDE.scaleb(rounded, -(exponent or 0))
    return _with_unit(f"{mantissa:f}{_power(exponent)}", unit)


def show_count(value: Decimal, *, figures: int = 3, unit: str = "") -> str:
    """The count as one digit before the point, the rest after it, and a power of ten: 1.80×10⁹."""
    rounded = to_figures(value, figures)
    if rounded.is_zero():
        return _with_unit("0", unit)
    exponent = rounded.adjusted()
    mantissa = _WIDE.scaleb(rounded, -exponent)
    return _with_unit(f"{mantissa:f}{_power(exponent)}", unit)


def _power(exponent: int | None) -> str:
    return f"×10{str(exponent).translate(_SUPERSCRIPT)}" if exponent else ""


def _with_unit(number: str, unit: str) -> str:
    return f"{number}{THIN_SPACE}{unit}" if unit else number
