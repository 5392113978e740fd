"""Who is trained on what: people by procedure and version, with the day on which each training ends.

Rooms that need training say which procedures are wanted today; a procedure nobody is trained on is shown, not absent.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from accounts.models import Person, Training
from accounts.refusal import Text
from accounts.wording import today

SOON = timedelta(days=30)
Procedure = tuple[str, str]  # code and version
_wanted: list[Callable[[], Iterable[Procedure]]] = []


class Standing(StrEnum):
    """How a person stands to a procedure."""

    VALID = "valid"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Cell:
    """One person and one procedure."""

    standing: Standing
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One person, with a cell for each procedure of the matrix."""

    person: Person
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """The matrix as it stands on a day; `wanted` are the procedures that work asks for today."""

    procedures: tuple[Procedure, ...]
    wanted: frozenset[Procedure]
    rows: tuple[Row, ...]


def want_procedures(wanted: Callable[[], Iterable[Procedure]]) -> None:
    """Add a function that gives the procedures which a room asks for today."""
    if wanted not in _wanted:
        _wanted.append(wanted)


def matrix(on: date | None = None) -> Matrix:
    """Give the matrix of everybody with an active account, in three statements beside what rooms ask for."""
    on = on or today()
    wanted = frozenset(procedure for each in _wanted for procedure in each())
    held: dict[tuple[object, Procedure], list[Training]] = {}
    for row in Training.objects.filter(person__state__active=True):
        held.setdefault((row.person_id, (row.procedure, row.version)), []).append(row)
    procedures = tuple(sorted(wanted | {procedure for _person, procedure in held}))
    people = Person.objects.select_related("state").filter(state__active=True).order_by("name", "username")
    rows = tuple(
        Row(person, tuple(_cell(held.get((person.pk, procedure), []), on) for procedure in procedures))
        for person in people
    )
    return Matrix(procedures, wanted, rows)


def _cell(trainings: list[Training], on: date) -> Cell:
    """Give the standing of the training that lasts longest of those that have begun."""
    begun = [row for row in trainings if row.trained_on <= on]
    if not begun:
        return Cell(Standing.NONE)
    if any(row.valid_until is None for row in begun):
        return Cell(Standing.VALID)
    until = max(row.valid_until for row in begun if row.valid_until is not None)
    if until < on:
        return Cell(Standing.ENDED, until)
    return Cell(Standing.ENDS_SOON if until - on <= SOON else Standing.VALID, until)


STATUS_OF: dict[Standing, Text] = {
    Standing.VALID: "pass",
    Standing.ENDS_SOON: "warn",
    Standing.ENDED: "fail",
    Standing.NONE: "none",
}
