"""What a recorded value says: how it reads, and whether it is as the master record wants it. No framework.

A value is judged by the in-process limits of its field, at the field's own scale, under the master record's rounding
rule. Text and times are not judged; a choice is, where some answers are expected.
"""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum

from batches.definitions.master import Derived, Field, FieldType, Limits
from ledger.typed_numbers import THIN_SPACE, TypedNumberError, read_number, scaled_up, show

_POWERS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class Verdict(StrEnum):
    """How a value compares with what is wanted of it."""

    MEETS = "meets"
    FAILS = "fails"
    NOT_JUDGED = "not_judged"


# How a value reads that is not applicable, with the reason that stands in its place.
NOT_APPLICABLE = "N/A: %(why)s"
# The status that is shown beside a value; one that is not judged has none.
STATUS_OF = {Verdict.MEETS: "pass", Verdict.FAILS: "fail", Verdict.NOT_JUDGED: ""}


class UnreadableError(ValueError):
    """What was typed is not a value that the field can take; the message says what to type."""


def read_typed(field: Field, typed: str, *, comma_allowed: bool) -> Decimal | None:
    """Give the number that was typed, at the field's own scale; None for what is no number; raise UnreadableError."""
    if field.is_numeric:
        try:
            number = read_number(typed, comma_allowed=comma_allowed, decimals=field.decimals, name=field.title)
        except TypedNumberError as error:
            raise UnreadableError(str(error)) from None
        if field.type is FieldType.COUNT and number < 0:
            raise UnreadableError(f"{field.title} can't be below zero.")
        return number
    if field.type in (FieldType.CHOICE, FieldType.YES_NO) and typed not in {choice.code for choice in field.choices}:
        offered = ", ".join(choice.code for choice in field.choices)
        raise UnreadableError(f"{field.title} must be one of: {offered}.")
    if field.type is FieldType.TIME:
        _read_time(field, typed)
    if not typed.strip():
        raise UnreadableError(f"Enter: {field.title}.")
    return None


def _read_time(field: Field, typed: str) -> None:
    try:
        moment = datetime.fromisoformat(typed) if typed.isascii() else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UnreadableError(f"{field.title} must be a time with its offset, like 2026-11-14T14:32:07+01:00.")


def verdict_on(field: Field, typed: str, number: Decimal | None) -> Verdict:
    """Judge a value by its field; `number` stands at the field's own scale."""
    if number is not None:
        return verdict_within(field.limits, number)
    if field.expected:
        return Verdict.MEETS if typed in field.expected else Verdict.FAILS
    return Verdict.NOT_JUDGED


def verdict_within(limits: Limits | None, number: Decimal) -> Verdict:
    """Judge a number by limits at its own scale."""
    if limits is None:
        return Verdict.NOT_JUDGED
    with localcontext(prec=60):
        return Verdict.MEETS if limits.are_met_by(number) else Verdict.FAILS


def is_plausible(field: Field, number: Decimal | None) -> bool:
    """Tell whether a number need not be asked again before it is stored."""
    return number is None or field.plausible is None or field.plausible.are_met_by(number)


def scale_words(exponent: int) -> str:
    """Write a power of ten as the entry box shows it: ×10⁶; nothing at the plain scale."""
    return f"×10{str(exponent).translate(_POWERS)}" if exponent else ""


def unit_words(unit: str, exponent: int) -> str:
    """Write the scale and the unit that stand beside an entry box."""
    return THIN_SPACE.join(part for part in (scale_words(exponent), unit) if part)


def limit_words(limits: Limits | None, unit: str, exponent: int) -> str:
    """Write limits with their scale and unit; nothing where there are none."""
    return f"{limits.words}{THIN_SPACE}{unit_words(unit, exponent)}".strip() if limits else ""


def expected_words(field: Field) -> str:
    """Write what is wanted of a field: its limits, or the answers that are expected."""
    if field.expected:
        return " / ".join(choice.words for choice in field.choices if choice.code in field.expected)
    return limit_words(field.limits, field.unit, field.exponent)


def shown_value(field: Field, typed: str, number: Decimal | None) -> str:
    """Write a value for the eye: a number in the field's scale with its unit, the words of a choice, a time."""
    if number is not None:
        return f"{number:f}{THIN_SPACE}{unit_words(field.unit, field.exponent)}".strip()
    for choice in field.choices:
        if choice.code == typed:
            return choice.words
    if field.type is FieldType.TIME and typed:
        moment = datetime.fromisoformat(typed)
        return f"{moment:%-d %b %Y %H:%M:%S} (UTC{moment.isoformat()[-6:]})"
    return typed


def at_scale(number: Decimal, exponent: int) -> Decimal:
    """Give a plain number at a scale: 1150000 at ×10⁶ is 1.150000."""
    return scaled_up(number, -exponent)


def shown_derived(derived: Derived, result: Decimal) -> str:
    """Write a derived quantity with the figures or decimals that its definition shows."""
    if derived.figures is not None:
        return show(result, exponent=derived.exponent or None, figures=derived.figures, unit=derived.unit)
    with localcontext(prec=60):
        step = Decimal(1).scaleb(-(derived.decimals or 0))
        rounded = at_scale(result, derived.exponent).quantize(step, ROUND_HALF_UP)
    return f"{rounded:f}{THIN_SPACE}{unit_words(derived.unit, derived.exponent)}".strip()
