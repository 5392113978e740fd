"""From a text to rows with names and lines, and every problem of its layout.

(1) At most 20,000 rows, or as many as the caller takes, of at most 200 columns, a field of at most 200 characters;
    beyond, reading stops.
(2) The row with the names of the columns is found by them; what stands before it is kept as it stands.
(3) Each column that is asked for is there once and states its unit.
(4) A row has as many fields as the head. Empty rows are nothing.
(5) Where a column of times is named, each is a time, and later than the one before.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from ledger.tables.layout import Layout

MOST_ROWS, MOST_COLUMNS, LONGEST_FIELD = 20_000, 200, 200
SHOWN = 40
_HEAD = re.compile(r"(.*?)\s*[(\[]([^()\[\]]*)[)\]]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is not imported, and on which line; 0 where it is about the whole."""

    line: int
    says: str
    well: str = ""

    def __str__(self) -> str:
        if self.well:
            return _("Well %(well)s: %(says)s") % {"well": self.well, "says": self.says}
        return _("Line %(line)s: %(says)s") % {"line": self.line, "says": self.says} if self.line else self.says


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file by the names of its columns; or one well of a plate that was typed."""

    line: int
    cells: dict[str, str]
    well: str = ""

    def problem(self, says: str) -> Problem:
        return Problem(self.line, says, self.well)

    @property
    def place(self) -> str:
        if self.well:
            return _("well %(well)s") % {"well": self.well}
        return _("line %(line)s") % {"line": self.line}


@dataclass(slots=True)
class Table:
    """The rows of a file and what is wrong with its layout."""

    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    header_line: int = 0
    above: list[tuple[int, list[str]]] = field(default_factory=list)


class _StopError(Exception):
    """Nothing more of a file is read, and why."""

    def __init__(self, line: int, says: str) -> None:
        super().__init__(says)
        self.problem = Problem(line, says)


def table_in(
    text: str, layout: Layout, columns: Mapping[str, str], *, time: str = "", most_rows: int = MOST_ROWS
) -> Table:
    """Give the rows of a text that has these columns, by name and unit, and every problem of its layout."""
    table = Table()
    records = _records(text, layout.delimiter, most_rows)
    try:
        heads = _header(records, layout, columns, table)
        if heads:
            _fill(table, heads, records, columns)
    except _StopError as stop:
        table.problems.append(stop.problem)
        return table
    if heads and not table.rows:
        table.problems.append(Problem(table.header_line, _("no row follows the names of the columns.")))
    if time and heads:
        table.problems += _problems_of_times(table.rows, time)
    return table


def _records(text: str, delimiter: str, most_rows: int) -> Iterator[tuple[int, list[str]]]:
    """Give each row that holds anything, with the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins, count = 1, 0
    try:
        for fields in reader:
            count += 1
            _within_limits(fields, begins, count, most_rows)
            if any(each.strip() for each in fields):
                yield begins, fields
            begins = reader.line_num + 1
    except csv.Error as error:
        says = _("the row cannot be read: %(why)s.") % {"why": str(error)[:SHOWN]}
        raise _StopError(max(begins, reader.line_num), says) from None


def _within_limits(fields: Sequence[str], line: int, count: int, most_rows: int) -> None:
    if count > most_rows:
        raise _StopError(line, _("the file has more than %(rows)s rows.") % {"rows": f"{most_rows:,}"})
    if len(fields) > MOST_COLUMNS:
        raise _StopError(line, _("the row has more than 200 columns."))
    if any(len(each) > LONGEST_FIELD for each in fields):
        raise _StopError(line, _("a field has more than 200 characters."))
    if any("\n" in each or "\r" in each for each in fields):
        raise _StopError(line, _("a field holds a line break."))


def _header(
    records: Iterator[tuple[int, list[str]]], layout: Layout, wanted: Mapping[str, str], table: Table
) -> list[str]:
    """Find the names of the columns; give them, or nothing and say what is missing."""
    nearest, nearest_line = set[str](), 0
    for at, (line, fields) in enumerate(records, 1):
        heads = [_head(each) for each in fields]
        there = {name for name, _unit in heads if name in wanted}
        if len(there) == len(wanted):
            table.header_line = line
            table.problems += _problems_of_heads(heads, wanted, line)
            return [name for name, _unit in heads] if not table.problems else []
        if len(there) > len(nearest):
            nearest, nearest_line = there, line
        table.above.append((line, fields))
        if at >= layout.header_within:
            break
    missing = ", ".join(name for name in wanted if name not in nearest)
    if nearest:
        table.problems.append(Problem(nearest_line, _("these columns are missing: %(names)s.") % {"names": missing}))
    else:
        says = _("None of the first %(rows)s rows names the columns of this profile: %(names)s.")
        table.problems.append(Problem(0, says % {"rows": layout.header_within, "names": missing}))
    return []


def _head(cell: str) -> tuple[str, str]:
    """Split the head of a column into its name and the unit in brackets behind it."""
    found = _HEAD.fullmatch(cell.strip())
    return (found.group(1), found.group(2).strip()) if found else (cell.strip(), "")


def _problems_of_heads(heads: Sequence[tuple[str, str]], wanted: Mapping[str, str], line: int) -> Iterator[Problem]:
    names = [name for name, _unit in heads]
    for name, unit in wanted.items():
        if names.count(name) > 1:
            yield Problem(line, _("the column %(name)s is there more than once.") % {"name": name})
            continue
        stated = heads[names.index(name)][1]
        if stated != unit:
            says = _("the column %(name)s is in %(stated)s; this profile reads %(unit)s.")
            words = {"name": name, "stated": stated[:SHOWN] or _("no unit"), "unit": unit or _("no unit")}
            yield Problem(line, says % words)


def _fill(
    table: Table, heads: Sequence[str], records: Iterator[tuple[int, list[str]]], columns: Mapping[str, str]
) -> None:
    """Keep of each row what is asked for, so that a file costs no more than that."""
    places = {name: heads.index(name) for name in columns}
    for line, fields in records:
        if len(fields) != len(heads):
            says = _("the row has %(fields)s fields, the head has %(heads)s.")
            table.problems.append(Problem(line, says % {"fields": len(fields), "heads": len(heads)}))
            continue
        table.rows.append(Row(line, {name: fields[place] for name, place in places.items()}))


def _problems_of_times(rows: Sequence[Row], column: str) -> Iterator[Problem]:
    before: tuple[datetime, Row] | None = None
    for row in rows:
        moment = moment_in(row.cells[column])
        if moment is None:
            yield row.problem(
                _("%(text)s is no time like 2026-11-14 14:32:07.") % {"text": row.cells[column][:SHOWN] or "–"}
            )
            continue
        if before is not None and (moment.tzinfo is None) != (before[0].tzinfo is None):
            yield row.problem(_("one time has an offset and another one has not."))
            continue
        if before is not None and moment <= before[0]:
            says = (
                _("the time is that of line %(line)s.")
                if moment == before[0]
                else _("the time is before that of line %(line)s.")
            )
            yield row.problem(says % {"line": before[1].line})
            continue
        before = moment, row


def moment_in(text: str) -> datetime | None:
    """Give the time that a cell states, with its offset where it has one; None for anything else."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2})?([+-][0-9]{2}:[0-9]{2}|Z)?", text):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment if 2000 <= moment.year <= 2200 else None
