"""Criteria of a specification: each says in words what it asks, and judges what was seen.

Unknown is never a pass: a missing result is pending, a test that was not made or doesn't count is
indeterminate, an empty group is not met, and a result of the wrong kind or unit is an error.

Comparisons with numbers stand in `qc.numeric_criteria`; `qc.criteria` reads all of them from definitions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from qc.values.seen import Category, Detection, Growth, NotTested, Numeric, Seen, WrongKindError, in_words
from qc.values.unanswered import unanswered
from qc.values.verdicts import Judgement, Verdict


class Criterion(Protocol):
    """What one line of a specification asks of a batch."""

    def words(self) -> str:
        """The criterion as a certificate prints it."""

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        """What the criterion says of what was seen."""


@dataclass(frozen=True, slots=True)
class NotDetected:
    """What the test looks for is not there."""

    def words(self) -> str:
        return "Not detected"

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        if not isinstance(seen, Detection):
            return unanswered(seen, expected="a detection")
        if seen.detected is None:
            return _judged(Verdict.INDETERMINATE, seen, "The run gave no answer.")
        if seen.detected:
            return _judged(Verdict.FAILS, seen, "It was detected.")
        return _judged(Verdict.MEETS, seen, "It was not detected.")


@dataclass(frozen=True, slots=True)
class NoGrowthAfter:
    """Nothing has grown when so many periods of 24 hours are over; growth at any time fails."""

    days: int

    def words(self) -> str:
        return f"No growth after {self.days} days"

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        if not isinstance(seen, Growth):
            return unanswered(seen, expected="growth or no growth")
        if seen.grown:
            return _judged(Verdict.FAILS, seen, f"There was growth by day {seen.full_days}.")
        if seen.waits_for:
            return _judged(Verdict.PENDING, seen, seen.waits_for)
        if seen.full_days < self.days:
            why = f"Day {seen.full_days} of {self.days} is over; the final reading is still to come."
            return _judged(Verdict.PENDING, seen, why)
        if seen.grown is None:
            return _judged(Verdict.INDETERMINATE, seen, "A bottle cannot be judged; a subculture is needed.")
        return _judged(Verdict.MEETS, seen, f"There was no growth in {self.days} full days.")


@dataclass(frozen=True, slots=True)
class OneOf:
    """The word is one of those accepted, letter by letter."""

    accepted: tuple[str, ...]

    def words(self) -> str:
        return " or ".join(self.accepted)

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        if not isinstance(seen, Category):
            return unanswered(seen, expected="a word of a list")
        if seen.word in self.accepted:
            return _judged(Verdict.MEETS, seen, f"“{seen.word}” is accepted.")
        return _judged(Verdict.FAILS, seen, f"“{seen.word}” is not accepted.")


@dataclass(frozen=True, slots=True)
class ReportOnly:
    """The result is reported and not judged; numbers must stand in the unit, where there is one."""

    unit: str = ""

    def words(self) -> str:
        return "Report result"

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        if isinstance(seen, Numeric):
            if self.unit:
                seen.quantity.in_unit(self.unit)
        elif not isinstance(seen, Category | Growth | Detection):
            return unanswered(seen, expected="one result")
        return _judged(Verdict.REPORT_ONLY, seen, "Reported for information.")


@dataclass(frozen=True, slots=True)
class NotApplicable:
    """The line doesn't apply to this product, for a reason; a result of it would be a mistake."""

    reason: str

    def words(self) -> str:
        return f"Not applicable: {self.reason}"

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        if seen is not None:
            raise WrongKindError(f"This line takes no result. It is not applicable: {self.reason}")
        return Judgement(Verdict.NOT_APPLICABLE, "Not applicable", "", "", self.reason)


@dataclass(frozen=True, slots=True)
class Member:
    """One criterion of a group, with the code that its result is seen under."""

    code: str
    title: str
    criterion: Criterion


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one member is met; each keeps its own verdict, and members not tested never decide."""

    members: tuple[Member, ...]

    def words(self) -> str:
        return " or ".join(f"{each.title}: {each.criterion.words()}" for each in self.members)

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        members, by_code = _judge_members(self.members, seen, weight_kg)
        deciding = [
            judged.verdict
            for code, judged in members
            if not isinstance(by_code.get(code), NotTested) and judged.verdict not in _SILENT
        ]
        verdict = _first_of(_BEST_FIRST, deciding)
        return _grouped(verdict, members, rule="At least one of these must be met.")


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every member is met; one that fails decides, one that is unknown keeps the group from passing."""

    members: tuple[Member, ...]

    def words(self) -> str:
        return " and ".join(f"{each.title}: {each.criterion.words()}" for each in self.members)

    def verdict(self, seen: Seen, *, weight_kg: Decimal | None = None) -> Judgement:
        members, _ = _judge_members(self.members, seen, weight_kg)
        deciding = [judged.verdict for _, judged in members if judged.verdict not in _SILENT]
        verdict = _first_of(_WORST_FIRST, deciding)
        return _grouped(verdict, members, rule="Each of these must be met.")


_SILENT = frozenset({Verdict.REPORT_ONLY, Verdict.NOT_APPLICABLE})
_BEST_FIRST = (Verdict.MEETS, Verdict.PENDING, Verdict.INDETERMINATE, Verdict.FAILS)
_WORST_FIRST = (Verdict.FAILS, Verdict.PENDING, Verdict.INDETERMINATE, Verdict.MEETS)

_WHY_OF_GROUP = {
    Verdict.MEETS: "The group is met.",
    Verdict.FAILS: "The group is not met.",
    Verdict.PENDING: "A member of the group is pending.",
    Verdict.INDETERMINATE: "No member of the group decides.",
}


def _judged(verdict: Verdict, seen: Numeric | Category | Growth | Detection, why: str) -> Judgement:
    words = in_words(seen)
    return Judgement(verdict, reported=words, unrounded=words, rule="", why=why)


def _judge_members(
    members: tuple[Member, ...], seen: Seen, weight_kg: Decimal | None
) -> tuple[tuple[tuple[str, Judgement], ...], Mapping[str, Seen]]:
    by_code = {} if seen is None else seen
    if not isinstance(by_code, Mapping):
        raise WrongKindError("A group judges the results of its members, each under its own code.")
    strangers = set(by_code) - {each.code for each in members}
    if strangers:
        raise WrongKindError(f"The group has no member {', '.join(sorted(strangers))}.")
    judged = tuple((each.code, each.criterion.verdict(by_code.get(each.code), weight_kg=weight_kg)) for each in members)
    return judged, by_code


def _first_of(order: tuple[Verdict, ...], found: Iterable[Verdict]) -> Verdict:
    """The first verdict in this order that was found; a group in which nothing decides is not met."""
    there = set(found)
    return next((verdict for verdict in order if verdict in there), Verdict.INDETERMINATE)


def _grouped(verdict: Verdict, members: tuple[tuple[str, Judgement], ...], *, rule: str) -> Judgement:
    return Judgement(
        verdict,
        reported="; ".join(judged.reported for _, judged in members),
        unrounded="; ".join(judged.unrounded for _, judged in members if judged.unrounded),
        rule=rule,
        why=_WHY_OF_GROUP[verdict],
        members=members,
    )
