"""From readings to a judgement: what was seen of a line, compared with its criterion.

Nothing here is stored and nothing here decides who may do what. A reading that cannot be read as its line wants is an
error of its entry and never gets this far; one that says that there is no result never passes.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import BadInput, Objection
from ledger.typed_numbers import TypedNumberError
from qc.definitions.specification import Entry, Line, ResultType
from qc.growth.bottles import BottleReading, Outcome, seen_of
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
from qc.values.quantities import read_quantity
from qc.values.seen import Single, WrongKindError

NOT_TESTED, INVALID = "not_tested", "invalid"
NO_RESULT = {NOT_TESTED: gettext_lazy("not tested"), INVALID: gettext_lazy("invalid run")}
DETECTION = {"not_detected": False, "detected": True, "cannot_judge": None}
GROWTH = {"no_growth": False, "growth": True, "cannot_judge": None, "flagged": None}
NEVER_TAKEN_BACK = frozenset({"growth", "flagged"})


def entries_of(line: Line) -> dict[str, Entry]:
    """Give how each member of a line is entered; a line that is no group is its own only member."""
    if line.members:
        return {member.code: member.entry for member in line.members}
    return {line.code: line.entry}


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


def judged(criterion: Criterion, line: Line, readings: Sequence[Reading], *, weight_kg: Decimal | None) -> Judgement:
    """Give the judgement of a line from its readings in force."""
    entries = entries_of(line)
    seen = {code: _seen_of([r for r in readings if r.member == code], entry, line) for code, entry in entries.items()}
    whole: Seen = seen if line.members else seen[line.code]
    return criterion.verdict(whole, weight_kg=weight_kg)


def _seen_of(readings: Sequence[Reading], entry: Entry, line: Line) -> Single:
    """Give what was seen of one member; a growth test is seen through all its bottles and all its days."""
    if not readings:
        return None
    if entry.result_type is ResultType.GROWTH:
        return _growth(readings, entry, line)
    newest = max(readings, key=lambda reading: reading.recorded_at)
    return seen_in(newest.typed, entry, why_none=newest.reason or "no reason given")


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
