"""A value as its line takes it: its unit, its scale, and as many decimals as the line has.

What was calculated is rounded here, once, and judged later by the rounding of the criterion. The two together must say
what the criterion would have said of the unrounded value: where half-up would change it, the digit that is left is
raised only so far that no later rounding goes another way; where that would change it too, there is no value.
"""

from dataclasses import replace
from decimal import ROUND_05UP, ROUND_HALF_UP, Decimal, InvalidOperation

from django.utils.translation import gettext as _

from accounts.refusal import BadInput
from batches.calculating import FIFTY_DIGITS
from ledger.typed_numbers import scaled_up
from qc.definitions.specification import Entry, ResultType
from qc.importing.profiles import Combine
from qc.importing.values import Found
from qc.laboratory.entering import unit_of
from qc.laboratory.judging import seen_in
from qc.values.criteria import Criterion, Numeric
from qc.values.numeric_criteria import NumericCriterion
from qc.values.quantities import Quantity

ROUNDINGS = (ROUND_HALF_UP, ROUND_05UP)


class UnfitError(ValueError):
    """A line does not take a value as it is; the message says why."""


def typed_for(found: Found, entry: Entry, criterion: Criterion) -> str:
    """Give the text of a reading: as it stands in the file where the line takes it so, else rounded."""
    target = found.target
    if entry.result_type not in (ResultType.NUMBER, ResultType.COUNT):
        raise UnfitError(_("The line takes no number."))
    if (target.unit, target.exponent) != (entry.unit, entry.exponent):
        says = _("The profile gives %(given)s; the line takes %(taken)s.")
        given = unit_of(replace(entry, unit=target.unit, exponent=target.exponent))
        raise UnfitError(says % {"given": given, "taken": unit_of(entry)})
    fits = found.quantity.censored or _decimals(found.as_it_stands) <= entry.decimals
    if found.as_it_stands and (fits or target.combine is Combine.ONLY):
        return _taken(found.as_it_stands, entry)
    if found.quantity.censored:
        raise UnfitError(_("What was calculated is only known as a bound."))
    return _taken(_rounded(found.quantity.value, entry, criterion), entry)


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _taken(text: str, entry: Entry) -> str:
    try:
        seen_in(text, entry)
    except BadInput as refused:
        raise UnfitError(str(refused.objections[0])) from None
    return text


def _rounded(exact: Decimal, entry: Entry, criterion: Criterion) -> str:
    unrounded = _says(criterion, exact, entry)
    for rounding in ROUNDINGS:
        try:
            value = exact.quantize(Decimal(1).scaleb(-entry.decimals), rounding, FIFTY_DIGITS)
        except InvalidOperation:
            break
        value = abs(value) if value.is_zero() else value
        if _says(criterion, value, entry) == unrounded:
            return format(value, "f")
    says = _("With %(decimals)s decimals the value would not be judged as it is without rounding. Ask your lead.")
    raise UnfitError(says % {"decimals": entry.decimals})


def in_full(value: Quantity, entry: Entry) -> Quantity:
    """Give a value of a file, which has the scale of its line, in the unit of the line alone."""
    number = scaled_up(value.value, entry.exponent) if entry.exponent else value.value
    return replace(value, value=number, unit=entry.unit)


def _says(criterion: Criterion, value: Decimal, entry: Entry) -> tuple[str, str]:
    return said_of(criterion, in_full(Quantity(value, entry.unit), entry))


def said_of(criterion: Criterion, value: Quantity, *, weight_kg: Decimal | None = None) -> tuple[str, str]:
    """Give the verdict and the value that it reports; a criterion per kilogram rounds what a weight makes of it."""
    judgement = criterion.verdict(Numeric(value), weight_kg=weight_kg)
    is_reported = isinstance(criterion, NumericCriterion) or weight_kg is not None
    return judgement.verdict.value, judgement.reported if is_reported else ""
