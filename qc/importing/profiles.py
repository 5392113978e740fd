"""What a profile says of an instrument's files: their layout, and which columns become the value of which line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from batches.calculating import Formula
from ledger.tables.layout import Layout


class Combine(StrEnum):
    """What becomes of the replicates of a sample."""

    ONLY = "only"  # exactly one is taken
    MEAN = "mean"
    HIGHEST = "highest"
    LOWEST = "lowest"


class Role(StrEnum):
    """What a well of a plate holds."""

    STANDARD = "standard"
    CONTROL = "control"
    BLANK = "blank"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class FromColumn:
    """A number as it stands in a column, whose head states the unit in brackets."""

    column: str
    unit: str
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def head(self) -> str:
        return f"{self.column} ({self.unit})" if self.unit else self.column


@dataclass(frozen=True, slots=True)
class Constant:
    """A number that the profile states."""

    number: Decimal


@dataclass(frozen=True, slots=True)
class Calculated:
    """The answer of a formula of our table, its inputs taken from the same replicate."""

    formula: Formula
    inputs: Mapping[str, "Term"]
    where: Mapping[str, str] = field(default_factory=dict)


Term = FromColumn | Constant | Calculated


@dataclass(frozen=True, slots=True)
class Target:
    """One value that a file gives, and the line and member that it is a value of.

    Where the method of a line calculates, the member is an input of the calculation.
    """

    line: str
    member: str
    unit: str
    exponent: int
    term: Term
    combine: Combine


@dataclass(frozen=True, slots=True)
class WellRole:
    """What one well holds, and what that is called."""

    role: Role
    title: str


@dataclass(frozen=True, slots=True)
class Plate:
    """Which well of a plate holds what; wells that are not named stay empty."""

    rows: int
    columns: int
    column: str  # the column of a file that names the well
    wells: Mapping[str, WellRole]  # in the order of the map

    @property
    def names(self) -> list[list[str]]:
        """Give the name of each well, row by row."""
        return [
            [f"{chr(ord('A') + row)}{column + 1:02d}" for column in range(self.columns)] for row in range(self.rows)
        ]


@dataclass(frozen=True, slots=True)
class Profile:
    """One version of how the files of an instrument are read."""

    code: str
    version: int
    title: str
    equipment: str
    note: str
    layout: Layout
    sample: str
    controls: tuple[str, ...]
    replicate: str
    time: str
    targets: tuple[Target, ...]
    plate: Plate | None

    def targets_of(self, line: str) -> tuple[Target, ...]:
        """Give what a file says of a line."""
        return tuple(target for target in self.targets if target.line == line)

    @property
    def columns(self) -> dict[str, str]:
        """Give every column that a file must have, with the unit that its head must state."""
        found = dict.fromkeys(filter(None, (self.sample, self.replicate, self.time)), "")
        if self.plate is not None:
            found[self.plate.column] = ""
        for target in self.targets:
            for term in parts_of(target.term):
                found |= dict.fromkeys(getattr(term, "where", {}), "")
                if isinstance(term, FromColumn):
                    found[term.column] = term.unit
        return found

    @property
    def told_apart_by(self) -> dict[str, set[str]]:
        """Give the columns that tell the rows of a replicate apart, with every text that is read in them."""
        found: dict[str, set[str]] = {}
        for target in self.targets:
            for term in parts_of(target.term):
                for column, text in getattr(term, "where", {}).items():
                    found.setdefault(column, set()).add(text)
        return found


def parts_of(term: Term) -> Iterator[Term]:
    """Give a term and every term inside it."""
    yield term
    if isinstance(term, Calculated):
        for inner in term.inputs.values():
            yield from parts_of(inner)


def words_of(term: Term) -> str:
    """Say how one replicate's number comes about."""
    match term:
        case FromColumn():
            return term.head + _where_words(term.where)
        case Constant(number):
            return f"{number:f}"
        case Calculated(formula):
            inner = ", ".join(f"{name}: {words_of(each)}" for name, each in term.inputs.items())
            return f"{formula.code} version {formula.version} ({inner})" + _where_words(term.where)


def _where_words(where: Mapping[str, str]) -> str:
    return "".join(f", {column} {text}" for column, text in where.items())
