"""The criteria of a specification, and how each is read from its definition.

Every number of a definition is written as text:

{kind: at_least, limit: "0.5", exponent: "6", unit: "cells/kg", per: kg, figures: "1"}
    likewise more_than, at_most, less_than; exponent, per and figures may be left out
{kind: within, low: "1.60", high: "2.40", exponent: "8", unit: cells}
    likewise per and figures
{kind: around, nominal: "1.0", exponent: "6", unit: cells/mL, tolerance_percent: "20"}
    within so many percent of the nominal value; likewise per
{kind: not_detected}
{kind: no_growth, days: "14"}
{kind: one_of, accepted: ["cloudy liquid solution"]}
{kind: report_only, unit: "%"}
    unit may be left out
{kind: not_applicable, reason: "No viral vector is used."}
{kind: any_of, members: [{code: potency_a, title: "Potency (a)", criterion: {...}}, ...]}
    likewise all_of; a member's other keys belong to the reader of the specification
"""

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from qc.growth.clock import final_opens_at, full_days
from qc.values.criterion_kinds import (
    AllOf,
    AnyOf,
    Criterion,
    Member,
    NoGrowthAfter,
    NotApplicable,
    NotDetected,
    OneOf,
    ReportOnly,
)
from qc.values.numeric_criteria import Around, AtLeast, AtMost, Comparison, LessThan, MoreThan, PerKilogram, Within
from qc.values.rounding import Limit, LimitError, Rounding
from qc.values.seen import (
    NO_RESULT_WORDS,
    Category,
    Detection,
    Growth,
    Invalid,
    NotTested,
    Numeric,
    Seen,
    WrongKindError,
)
from qc.values.verdicts import Judgement, Verdict

__all__ = [
    "AllOf",
    "AnyOf",
    "Around",
    "AtLeast",
    "AtMost",
    "Category",
    "Criterion",
    "DefinitionError",
    "Detection",
    "Growth",
    "Invalid",
    "Judgement",
    "LessThan",
    "Member",
    "MoreThan",
    "NoGrowthAfter",
    "NotApplicable",
    "NotDetected",
    "NotTested",
    "Numeric",
    "OneOf",
    "PerKilogram",
    "ReportOnly",
    "Seen",
    "Verdict",
    "Within",
    "WrongKindError",
    "criterion_from_definition",
    "final_opens_at",
    "full_days",
]

DEEPEST_GROUP = 4
LONGEST_TEXT = 400
_PERCENT = re.compile(r"[0-9]{1,2}(\.[0-9])?", re.ASCII)
MOST_MEMBERS = 50

_ONE_LIMIT: Mapping[str, Callable[[Limit, Rounding], Comparison]] = {
    "at_least": AtLeast,
    "more_than": MoreThan,
    "at_most": AtMost,
    "less_than": LessThan,
}
_KEYS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {  # needed, allowed besides
    **dict.fromkeys(_ONE_LIMIT, (frozenset({"limit", "unit"}), frozenset({"exponent", "per", "figures"}))),
    "within": (frozenset({"low", "high", "unit"}), frozenset({"exponent", "per", "figures"})),
    "around": (frozenset({"nominal", "unit", "tolerance_percent"}), frozenset({"exponent", "per"})),
    "not_detected": (frozenset(), frozenset()),
    "no_growth": (frozenset({"days"}), frozenset()),
    "one_of": (frozenset({"accepted"}), frozenset()),
    "report_only": (frozenset(), frozenset({"unit"})),
    "not_applicable": (frozenset({"reason"}), frozenset()),
    "any_of": (frozenset({"members"}), frozenset()),
    "all_of": (frozenset({"members"}), frozenset()),
}


class DefinitionError(ValueError):
    """A definition of a criterion is not of a shape that can be judged by."""


def criterion_from_definition(data: Mapping[str, object], rounding: Rounding) -> Criterion:
    """The criterion that the definition describes, judged under this rounding rule."""
    return _criterion(data, rounding, depth=0)


def _criterion(data: object, rounding: Rounding, *, depth: int) -> Criterion:
    if not isinstance(data, Mapping):
        _wrong("A criterion is a mapping that names its kind.")
    kind = _text(data, "kind")
    if kind not in _KEYS:
        _wrong(f"There is no criterion of the kind {kind}. Use one of {', '.join(_KEYS)}.")
    _check_keys(data, kind)
    try:
        return _of_kind(kind, data, rounding, depth)
    except LimitError as error:
        raise DefinitionError(f"{kind}: {error}") from error


def _of_kind(kind: str, data: Mapping[str, object], rounding: Rounding, depth: int) -> Criterion:
    match kind:
        case "not_detected":
            return NotDetected()
        case "no_growth":
            return NoGrowthAfter(_whole_number(data, "days", lowest=1, highest=365))
        case "one_of":
            return OneOf(_accepted(data))
        case "report_only":
            return ReportOnly(_text(data, "unit") if "unit" in data else "")
        case "not_applicable":
            return NotApplicable(_text(data, "reason"))
        case "any_of":
            return AnyOf(_members(data, rounding, depth))
        case "all_of":
            return AllOf(_members(data, rounding, depth))
        case _:
            return _numeric(kind, data, rounding)


def _numeric(kind: str, data: Mapping[str, object], rounding: Rounding) -> Criterion:
    comparison: Comparison
    if kind == "within":
        comparison = Within(_limit(data, "low", rounding), _limit(data, "high", rounding), rounding)
    elif kind == "around":
        comparison = Around(_limit(data, "nominal", Rounding.NONE), _tolerance(data), rounding)
    else:
        comparison = _ONE_LIMIT[kind](_limit(data, "limit", rounding), rounding)
    if "per" not in data:
        return comparison
    if _text(data, "per") != "kg":
        _wrong(f"{kind}: the only thing a limit can be per is kg.")
    return PerKilogram(comparison)


def _tolerance(data: Mapping[str, object]) -> str:
    typed = _text(data, "tolerance_percent")
    if not _PERCENT.fullmatch(typed):
        _wrong("tolerance_percent is a number of percent, such as 20 or 7.5.")
    return typed


def _limit(data: Mapping[str, object], key: str, rounding: Rounding) -> Limit:
    limit = Limit(
        _text(data, key),
        unit=_text(data, "unit"),
        exponent=_whole_number(data, "exponent", lowest=-30, highest=30) if "exponent" in data else 0,
        figures_stated=_whole_number(data, "figures", lowest=1, highest=18) if "figures" in data else None,
    )
    if rounding is Rounding.PH_EUR and limit.figures < 1:  # asked here so that a doubtful limit is never issued
        _wrong(f"The limit {limit.text} has no significant figures.")
    return limit


def _accepted(data: Mapping[str, object]) -> tuple[str, ...]:
    words = data["accepted"]
    if not isinstance(words, list | tuple) or not words:
        _wrong("one_of: list at least one accepted word.")
    accepted = []
    for word in words:
        if not isinstance(word, str) or not 0 < len(word) <= LONGEST_TEXT:
            _wrong(f"one_of: an accepted word is text of 1 to {LONGEST_TEXT} characters.")
        if word.strip().lower() in NO_RESULT_WORDS:
            _wrong(f"one_of: “{word}” says that there is no result, so it cannot be accepted.")
        accepted.append(word)
    if len(set(accepted)) != len(accepted):
        _wrong("one_of: an accepted word is listed twice.")
    return tuple(accepted)


def _members(data: Mapping[str, object], rounding: Rounding, depth: int) -> tuple[Member, ...]:
    listed = data["members"]
    if depth >= DEEPEST_GROUP:
        _wrong(f"Groups can stand in each other {DEEPEST_GROUP} deep.")
    if not isinstance(listed, list | tuple) or not 0 < len(listed) <= MOST_MEMBERS:
        _wrong(f"A group lists 1 to {MOST_MEMBERS} members.")
    members = []
    for each in listed:
        if not isinstance(each, Mapping) or "criterion" not in each:
            _wrong("A member of a group has a code and a criterion.")
        code = _text(each, "code")
        title = _text(each, "title") if "title" in each else code
        members.append(Member(code, title, _criterion(each["criterion"], rounding, depth=depth + 1)))
    if len({each.code for each in members}) != len(members):
        _wrong("Two members of a group have the same code.")
    return tuple(members)


def _check_keys(data: Mapping[str, object], kind: str) -> None:
    needed, allowed = _KEYS[kind]
    missing = needed - set(data)
    if missing:
        _wrong(f"{kind}: {', '.join(sorted(missing))} is missing.")
    unknown = {str(key) for key in data} - needed - allowed - {"kind"}
    if unknown:
        _wrong(f"{kind}: {', '.join(sorted(unknown))} is not known here.")


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= LONGEST_TEXT:
        _wrong(f"{key} must be text of 1 to {LONGEST_TEXT} characters; numbers stand in quotes.")
    return value


def _whole_number(data: Mapping[str, object], key: str, *, lowest: int, highest: int) -> int:
    text = _text(data, key)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 3):
        _wrong(f"{key} must be a whole number.")
    number = int(text)
    if not lowest <= number <= highest:
        _wrong(f"{key} must lie between {lowest} and {highest}.")
    return number


def _wrong(sentence: str) -> NoReturn:
    raise DefinitionError(sentence)
