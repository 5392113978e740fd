"""What an exception of a record is, and what a check that found none shows for it.

(1) An exception is about one row of the record. It is named by its rule, its row and the digest of what it says: when
    any of that changes, it is another exception, and open.
(2) What is judged elsewhere (a deviation, a record out of specification, a signal of a trend) shows that judgement as
    its assessment and is never asked for twice.
(3) A check is a list: what it read, each item with its link, and how many. Nothing is a bare claim.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import Objection, Text
from ledger.canonical import canonical, digest
from ledger.models import Written
from qc.models import ExceptionAssessed

if TYPE_CHECKING:
    from qc.record_read import RecordRead

Outcome = ExceptionAssessed.Outcome


class Criticality(StrEnum):
    """How much an exception may mean for the product."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


CRITICALITY_WORDS: dict[Criticality, Text] = {
    Criticality.CRITICAL: gettext_lazy("critical"),
    Criticality.MAJOR: gettext_lazy("major"),
    Criticality.MINOR: gettext_lazy("minor"),
}
STATUS_OF = {Criticality.CRITICAL: "fail", Criticality.MAJOR: "warn", Criticality.MINOR: "warn"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody concluded on an exception, wherever they did so."""

    words: str
    reason: str
    by: str
    at: datetime
    impact: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule found in one row. `told` is the data that it rests on, in no language: its digest names it."""

    row: Written
    says: str
    told: tuple[str, ...]
    where: str = ""
    url: str = ""
    old: str = ""
    new: str = ""
    reason: str = ""
    criticality: Criticality | None = None  # where it is another than the rule's
    people: frozenset[str] = frozenset()  # beside the row's actor, who did it: they never judge it
    elsewhere: str = ""  # the page on which it is judged, where that is another one
    judged: Judgement | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a check read and that is as it should be, or is told."""

    says: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Passed:
    """What a check read: its count in words, and each thing that was counted."""

    count: str
    items: tuple[Evidence, ...] = ()
    is_whole: bool = True  # everything that was counted is as it should be
    is_empty: bool = False  # the record has nothing of this kind


def counted(number: int, out_of: int, items: Iterable[Evidence]) -> Passed:
    """Give a check that counted: 34 of 34."""
    count = _("%(number)s of %(all)s") % {"number": number, "all": out_of}
    return Passed(count, tuple(items), is_whole=number == out_of, is_empty=out_of == 0)


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of the rule set."""

    code: str
    kind: Text  # what one exception of it is called
    title: Text
    reads: Text
    asks_for: Text  # when something is an exception
    criticality: Criticality
    passed: "Callable[[RecordRead], Passed]"
    look: "Callable[[RecordRead], Iterable[Found]] | None" = None
    outstanding: frozenset[str] = frozenset()  # codes of the record's own objections that belong to this check


@dataclass(frozen=True, slots=True)
class RecordException:
    """An exception of a record with what was thought of it."""

    rule: Rule
    found: Found
    by: str
    answers: tuple[ExceptionAssessed, ...] = field(default=())

    @property
    def criticality(self) -> Criticality:
        return self.found.criticality or self.rule.criticality

    @property
    def criticality_words(self) -> Text:
        return CRITICALITY_WORDS[self.criticality]

    @property
    def status(self) -> str:
        return STATUS_OF[self.criticality]

    @property
    def row_id(self) -> UUID:
        return self.found.row.pk

    @property
    def row_type(self) -> str:
        return self.found.row.record_type()

    @property
    def at(self) -> datetime:
        return self.found.row.recorded_at

    @property
    def sha256(self) -> str:
        """The digest of what it says."""
        return said_sha256(self.rule.code, self.found)

    @property
    def key(self) -> str:
        """What names it for people and programs."""
        return f"{self.rule.code}.{self.row_id}.{self.sha256[:16]}"

    @property
    def people(self) -> frozenset[str]:
        """Everybody whose act it is, by reference."""
        return self.found.people | {self.found.row.actor}

    @property
    def questions(self) -> tuple[ExceptionAssessed, ...]:
        return tuple(one for one in self.answers if one.outcome == Outcome.ASK)

    @property
    def closing(self) -> ExceptionAssessed | None:
        """The row by which it was judged here, if it was."""
        return next((one for one in self.answers if one.outcome != Outcome.ASK), None)

    @property
    def judgement(self) -> Judgement | None:
        """What was concluded on it; None while it is open."""
        if self.found.elsewhere:
            return self.found.judged
        row = self.closing
        if row is None:
            return None
        return Judgement(str(row.get_outcome_display()), row.reason, row.signer_name, row.signed_at, row.impact)

    @property
    def is_open(self) -> bool:
        return self.judgement is None

    @property
    def is_judged_here(self) -> bool:
        return not self.found.elsewhere

    @property
    def needs_impact(self) -> bool:
        """Whether accepting it states what it means for the product."""
        return self.criticality is Criticality.CRITICAL


@dataclass(frozen=True, slots=True)
class Check:
    """A rule as it came out for a record."""

    rule: Rule
    exceptions: tuple[RecordException, ...]
    passed: Passed
    outstanding: tuple[Objection, ...] = ()

    @property
    def open(self) -> tuple[RecordException, ...]:
        return tuple(one for one in self.exceptions if one.is_open)

    @property
    def status(self) -> str:
        if self.outstanding or self.open:
            return "wait"
        if self.exceptions or not self.passed.is_whole:
            return "warn"
        return "none" if self.passed.is_empty else "pass"


def said_sha256(rule: str, found: Found) -> str:
    """Give the digest of what an exception says: its rule, its row, and the data that it rests on."""
    return digest(canonical([rule, found.row.record_type(), str(found.row.pk), *found.told]))
