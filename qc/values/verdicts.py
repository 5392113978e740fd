"""The comparison of what was seen with a criterion, and everything a reader needs to follow it."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """What a criterion says of a result; only the first of these lets a batch pass."""

    MEETS = "meets"
    FAILS = "fails"
    INDETERMINATE = "indeterminate"
    PENDING = "pending"
    REPORT_ONLY = "report_only"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the value it was made on, before and after rounding, the rule and the reason."""

    verdict: Verdict
    reported: str
    unrounded: str
    rule: str
    why: str
    members: tuple[tuple[str, "Judgement"], ...] = ()
