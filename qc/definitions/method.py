"""What a method of the laboratory says, read and typed; the words of every field are in its JSON Schema.

A method belongs to the laboratory and to no product: a line of a specification names it by code and version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from batches.calculating import Formula
from batches.formulas import FORMULAS
from qc.definitions.specification import Entry, ResultType
from qc.definitions.unfilled import TO_BE_SET


class CompleteDataKind(StrEnum):
    """A part of the complete data of a test (21 CFR 211.194(a)(4))."""

    FILE = "file"
    READINGS = "readings"
    OBSERVATION = "observation"
    EXTERNAL_CERTIFICATE = "external_certificate"


class WhenBeyond(StrEnum):
    """What is done where replicates lie further apart than the method allows."""

    INVALID = "invalid"  # the run is declared invalid
    FURTHER = "further"  # further replicates are read, up to the most; none is ever left out


@dataclass(frozen=True, slots=True)
class Replicates:
    """How often a value is read, and how far its replicates may lie apart; they are combined as their mean.

    Numbers stand as typed; "to be set" where the site has still to say one, empty where the method has no such limit.
    """

    number: str = "1"
    most: str = ""
    largest_cv_percent: str = ""
    largest_spread: str = ""
    when_beyond: WhenBeyond = WhenBeyond.INVALID

    @property
    def wanted(self) -> int:
        """How many are needed; one while the site has not said it, and then the method is not approved."""
        return 1 if self.number == TO_BE_SET else int(self.number)

    @property
    def allowed(self) -> int:
        """How many may be read in one run."""
        return max(self.wanted, int(self.most)) if self.most.isdigit() else self.wanted

    @property
    def cv_limit(self) -> Decimal | None:
        """The largest coefficient of variation, in percent."""
        return _number(self.largest_cv_percent)

    @property
    def spread_limit(self) -> Decimal | None:
        """The largest difference between the highest and the lowest, in the unit of the value."""
        return _number(self.largest_spread)


@dataclass(frozen=True, slots=True)
class Event:
    """A moment of the test that is recorded at the bench when it comes: thaw started, stained, read."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class TimedLimit:
    """How long at most from one event to another; beyond it the test is flagged."""

    code: str
    title: str
    starts_with: str
    ends_with: str
    limit_minutes: str  # as typed; "to be set" where the site has still to say it


@dataclass(frozen=True, slots=True)
class SuitabilityCheck:
    """What shows that the system was fit for the run: a control, a blank, a recovery."""

    code: str
    title: str
    entry: Entry
    criterion: Mapping[str, object]  # as `qc.values.criteria.criterion_from_definition` reads it


@dataclass(frozen=True, slots=True)
class BoundInput:
    """An input of the formula: a value that the analyst enters under a code of its own, or a constant of the method."""

    name: str  # of the formula's input
    code: str  # empty for a constant
    title: str
    entry: Entry | None  # None for a constant
    constant: str  # as typed; empty for a value that is entered, "to be set" where the site has still to say it


@dataclass(frozen=True, slots=True)
class Calculation:
    """The formula, by name and version, that gives a replicate's value from what was entered for it."""

    name: str
    version: int
    inputs: tuple[BoundInput, ...]

    @property
    def formula(self) -> Formula:
        return FORMULAS[self.name, self.version]

    @property
    def entries(self) -> dict[str, Entry]:
        """How each value that the analyst enters is entered, by its code."""
        return {each.code: each.entry for each in self.inputs if each.entry is not None}

    @property
    def titles(self) -> dict[str, str]:
        return {each.code: each.title for each in self.inputs if each.entry is not None}


@dataclass(frozen=True, slots=True)
class MethodDefinition:
    """One version of a method."""

    code: str
    version: int
    title: str
    result_type: ResultType
    unit: str
    rounding: str  # by which suitability is judged: USP, PH_EUR, NONE
    replicates: Replicates
    events: tuple[Event, ...]
    timed_conditions: tuple[TimedLimit, ...]
    suitability: tuple[SuitabilityCheck, ...]
    calculation: Calculation | None
    complete_data: tuple[CompleteDataKind, ...]
    references: tuple[str, ...]
    note: str

    @property
    def words(self) -> str:
        """The method as a sentence names it."""
        return f"{self.code} version {self.version}"

    def event(self, code: str) -> Event | None:
        return next((each for each in self.events if each.code == code), None)

    def check(self, code: str) -> SuitabilityCheck | None:
        return next((each for each in self.suitability if each.code == code), None)

    def serves(self, entry: Entry) -> bool:
        """Whether it gives what is entered for a line or a member: the same type in the same unit.

        A count is a number of things, so a method that gives numbers serves a line of counts.
        """
        numbers = (ResultType.NUMBER, ResultType.COUNT)
        alike = self.result_type is entry.result_type or (self.result_type in numbers and entry.result_type in numbers)
        return alike and self.unit == entry.unit


def _number(typed: str) -> Decimal | None:
    return None if typed in ("", TO_BE_SET) else Decimal(typed)
