"""From readings to a judgement: what was seen of a line, compared with its criterion.

Nothing here is stored and nothing here decides who may do what. A reading that cannot be read as its line wants is an
error of its entry and never gets this far; one that says that there is no result never passes. Where a method is in
force, a value is worked out from all replicates as the method says, and is seen once all of them are there.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import BadInput, Objection
from batches.calculating import NotCalculable
from ledger.typed_numbers import TypedNumberError
from qc.definitions.specification import Entry, Line, ResultType
from qc.growth.bottles import BottleReading, Outcome, seen_of
from qc.methods.in_force import MethodInForce
from qc.methods.working import Working, worked_out
from qc.models import Reading
from qc.values.criteria import (
    Category,
    Criterion,
    Detection,
    Growth,
    Invalid,
    Judgement,
    NotTested,
    Numeric,
    Seen,
)
from qc.values.quantities import Quantity, read_quantity
from qc.values.seen import Single, WrongKindError

NOT_TESTED, INVALID = "not_tested", "invalid"
NO_RESULT = {NOT_TESTED: gettext_lazy("not tested"), INVALID: gettext_lazy("invalid run")}
DETECTION = {"not_detected": False, "detected": True, "cannot_judge": None}
GROWTH = {"no_growth": False, "growth": True, "cannot_judge": None, "flagged": None}
NEVER_TAKEN_BACK = frozenset({"growth", "flagged"})
NUMBERS = (ResultType.NUMBER, ResultType.COUNT)
InForce = Mapping[str, MethodInForce]  # the methods of a line, by member
NO_METHODS: InForce = {}


def entries_of(line: Line, methods: InForce = NO_METHODS) -> dict[str, Entry]:
    """Give how each member of a line is entered; a line that is no group is its own only member.

    Where its method calculates, what is entered are the inputs of the calculation.
    """
    if line.members:
        return {member.code: member.entry for member in line.members}
    method = methods.get(line.code)
    if method is not None and method.says.calculation is not None:
        return method.says.calculation.entries
    return {line.code: line.entry}


def titles_of(line: Line, methods: InForce = NO_METHODS) -> dict[str, str]:
    """Give what each value that is entered for a line is called."""
    method = methods.get(line.code)
    if method is not None and method.says.calculation is not None and not line.members:
        return method.says.calculation.titles
    return {member.code: member.title for member in line.members} or {line.code: line.title}


def method_of(line: Line, member: str, methods: InForce) -> MethodInForce | None:
    """Give the method by which a value is read; None where none is in force."""
    return methods.get(member) or (None if line.members else methods.get(line.code))


def seen_in(typed: str, entry: Entry, *, why_none: str = "", comma_allowed: bool = False) -> Single:
    """Read one typed reading as its entry wants; raise BadInput with a sentence if it cannot be read so."""
    if typed in NO_RESULT:
        if len(why_none) < 5:
            raise BadInput(Objection(_("Say why there is no result."), field="reason"))
        return NotTested(why_none) if typed == NOT_TESTED else Invalid(why_none)
    try:
        match entry.result_type:
            case ResultType.NUMBER | ResultType.COUNT:
                decimals = entry.decimals
                return Numeric(
                    read_quantity(
                        typed,
                        entry.unit,
                        exponent=entry.exponent,
                        decimals=decimals,
                        comma_allowed=comma_allowed,
                    )
                )
            case ResultType.DETECTION:
                return Detection(_chosen(typed, DETECTION))
            case ResultType.GROWTH:
                return Growth(_chosen(typed, GROWTH), 0)
            case _:
                if entry.choices and typed not in entry.choices:
                    raise BadInput(
                        Objection(
                            _("Choose one of: %(words)s.") % {"words": ", ".join(entry.choices)},
                            field="typed",
                        )
                    )
                return Category(typed)
    except (TypedNumberError, WrongKindError) as error:
        raise BadInput(Objection(str(error), code="bad_input", field="typed")) from None


def _chosen(typed: str, words: Mapping[str, bool | None]) -> bool | None:
    if typed not in words:
        raise BadInput(Objection(_("Choose one of: %(words)s.") % {"words": ", ".join(words)}, field="typed"))
    return words[typed]


def judged(
    criterion: Criterion,
    line: Line,
    readings: Sequence[Reading],
    *,
    weight_kg: Decimal | None,
    methods: InForce = NO_METHODS,
) -> Judgement:
    """Give the judgement of a line from its readings in force."""
    seen = seen_of_members(line, readings, methods)
    whole: Seen = seen if line.members else seen[line.code]
    return criterion.verdict(whole, weight_kg=weight_kg)


def seen_of_members(line: Line, readings: Sequence[Reading], methods: InForce = NO_METHODS) -> dict[str, Single]:
    """Give what was seen of each member of a line."""
    entries = entries_of(line)
    return {
        code: _seen_of(_readings_of(line, code, readings), code, entry, line, methods.get(code))
        for code, entry in entries.items()
    }


def workings_of(line: Line, readings: Sequence[Reading], methods: InForce) -> dict[str, Working]:
    """Give how each number of a line that has a method follows from what was entered; nothing without a result."""
    found: dict[str, Working] = {}
    for code, entry in entries_of(line).items():
        method, own = methods.get(code), _readings_of(line, code, readings)
        if method is not None and entry.result_type in NUMBERS and own and _none_among(own) is None:
            found[code] = _working(own, code, entry, method)
    return found


def _readings_of(line: Line, member: str, readings: Sequence[Reading]) -> list[Reading]:
    """Give the readings of a member; of a line without members all are its own."""
    return [one for one in readings if one.member == member or not line.members]


def _working(readings: Sequence[Reading], code: str, entry: Entry, method: MethodInForce) -> Working:
    calculation = method.says.calculation
    entries = calculation.entries if calculation else {code: entry}
    entered: dict[int, dict[str, Quantity]] = {}
    for one in readings:
        seen = seen_in(one.typed, entries[one.member])
        if isinstance(seen, Numeric):
            entered.setdefault(one.replicate, {})[one.member] = seen.quantity
    return worked_out(method.says, code, entered)


def _seen_of(readings: Sequence[Reading], code: str, entry: Entry, line: Line, method: MethodInForce | None) -> Single:
    """Give what was seen of one member; a growth test is seen through all its bottles and all its days."""
    if not readings:
        return None
    if entry.result_type is ResultType.GROWTH:
        return _growth(readings, entry, line)
    newest = max(readings, key=lambda reading: reading.recorded_at)
    if method is None:
        return seen_in(newest.typed, entry, why_none=newest.reason or "no reason given")
    if (none := _none_among(readings)) is not None:
        return seen_in(none.typed, entry, why_none=none.reason or "no reason given")
    if entry.result_type in NUMBERS:
        return _mean_of(_working(readings, code, entry, method))
    if len({one.replicate for one in readings}) < method.says.replicates.wanted:
        return None
    if entry.result_type is ResultType.DETECTION:
        return _detected([DETECTION[one.typed] for one in readings])
    return seen_in(newest.typed, entry)


def _mean_of(working: Working) -> Single:
    """Give the mean of the replicates as what was seen; one that cannot be calculated is no result."""
    if not working.is_complete:
        return None
    mean = working.mean
    return Invalid(mean.reason) if isinstance(mean, NotCalculable) else Numeric(mean)


def _detected(replicates: Sequence[bool | None]) -> Single:
    """Detected in one replicate is detected; where one gave no answer, there is none."""
    if any(replicates):
        return Detection(True)
    return Detection(None if None in replicates else False)


def _none_among(readings: Sequence[Reading]) -> Reading | None:
    """Give the newest reading that says that there is no result: it is never averaged away."""
    none = [one for one in readings if one.typed in NO_RESULT]
    return max(none, key=lambda one: one.recorded_at) if none else None


def _growth(readings: Sequence[Reading], entry: Entry, line: Line) -> Single:
    none = next((one for one in readings if one.typed in NO_RESULT), None)
    grown = any(one.typed == Outcome.GROWTH.value for one in readings)
    if none is not None and not grown:
        return seen_in(none.typed, entry, why_none=none.reason or "no reason given")
    return seen_of(bottle_readings(readings), line.growth, line.growth_days)


def bottle_readings(readings: Iterable[Reading]) -> list[BottleReading]:
    """Give the looks at bottles among the readings of a growth test; a bottle without a start began when read."""
    return [
        BottleReading(
            bottle=one.replicate,
            is_subculture=one.is_subculture,
            outcome=Outcome(one.typed),
            began_at=one.began_at or one.performed_at,
            read_at=one.performed_at,
        )
        for one in readings
        if one.typed in GROWTH
    ]
