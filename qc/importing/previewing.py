"""What a kept file would become, said before anything is recorded: every value with its rows, or every problem.

All or nothing: while there is one problem there are no values.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ledger import files
from ledger.canonical import canonical, digest
from qc.definitions.specification import Line
from qc.importing.choosing import Chosen, chosen_again
from qc.importing.fitting import UnfitError, typed_for
from qc.importing.profiles import Profile
from qc.importing.tables import Problem, Row, Table, table_in
from qc.importing.texts import NotATableError, text_of
from qc.importing.values import Found, rows_of, values_of
from qc.laboratory.entering import unit_of
from qc.laboratory.judging import entries_of
from qc.models import InstrumentFile
from qc.specifying import rounding_of, specification_of
from qc.values.criteria import Criterion, criterion_from_definition
from qc.values.rounding import Rounding

MOST_PROBLEMS = 50


@dataclass(frozen=True, slots=True)
class Planned:
    """One reading that would be recorded."""

    member: str
    title: str
    typed: str
    unit: str
    found: Found

    def told(self) -> dict[str, object]:
        """Give the reading with everything that it rests on, in plain texts that are kept."""
        return {
            "member": self.member,
            "typed": self.typed,
            "unrounded": format(self.found.quantity.value, "f"),
            "rule": self.found.rule,
            "inputs": [
                {"row": one.row.well or str(one.row.line), "column": one.column, "text": one.text}
                for one in self.found.inputs
            ],
        }


@dataclass(frozen=True, slots=True)
class Reads:
    """What rows say of a line: the readings, or the problems."""

    readings: tuple[Planned, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A kept file, what was chosen with it, and what it would become."""

    file: InstrumentFile
    chosen: Chosen
    table: Table
    reads: Reads

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.reads.problems

    @property
    def sentences(self) -> list[str]:
        """Give the problems in words, not more than anybody reads."""
        words = [str(one) for one in self.problems[:MOST_PROBLEMS]]
        more = len(self.problems) - len(words)
        return [*words, _("And %(number)s more.") % {"number": more}] if more else words

    @property
    def controls(self) -> list[tuple[str, int]]:
        """Give what else the file holds, and how many rows of it."""
        profile = self.chosen.profile
        named = Counter(row.cells[profile.sample].strip() for row in self.table.rows)
        return [(name, named[name]) for name in profile.controls if named[name]]

    @property
    def digest(self) -> str:
        """Give what a confirmation names, so that it confirms this and nothing that changed since."""
        shown = {
            "file": self.file.file.sha256,
            "profile": self.file.profile_text.sha256,
            "instrument": self.chosen.instrument.code,
            "sample": str(self.file.sample_id),
            "line": self.file.line,
            "run": str(self.chosen.runs.run),
            "readings": [one.told() for one in self.reads.readings],
        }
        return digest(canonical(shown))


def preview_of(row: InstrumentFile) -> Preview:
    """Read a kept file again, from its bytes, and say what it would become."""
    what = chosen_again(row)
    table = table_of(files.read(row.file), what.profile)
    reads = reads_of(
        table,
        what.profile,
        what.line,
        sample=what.sample.container.code,
        rounding=rounding_of(specification_of(row.batch)),
    )
    return Preview(row, what, table, reads)


def table_of(content: bytes, profile: Profile) -> Table:
    """Give the rows of a file; one that is no text is one problem."""
    try:
        return table_in(text_of(content), profile)
    except NotATableError as error:
        return Table(problems=[Problem(0, str(error))])


def reads_of(table: Table, profile: Profile, line: Line, *, sample: str, rounding: Rounding) -> Reads:
    """Give what the rows of a sample say of a line, each value as the line takes it."""
    problems = list(table.problems)
    rows, of_others = ([], []) if problems else rows_of(table.rows, profile, sample)
    problems += of_others
    found, unreadable = ([], []) if problems else values_of(rows, profile, line.code)
    problems += unreadable
    planned: list[Planned] = []
    for one in found:
        try:
            planned.append(_planned(one, line, rounding))
        except UnfitError as error:
            problems.append(_problem_of(one, str(error)))
    return Reads((), tuple(problems)) if problems else Reads(tuple(planned), ())


def _problem_of(found: Found, says: str) -> Problem:
    rows: Sequence[Row] = [one.row for one in found.inputs]
    return rows[0].problem(says) if rows else Problem(0, says)


def _planned(found: Found, line: Line, rounding: Rounding) -> Planned:
    member = found.target.member
    entry = entries_of(line).get(member)
    if entry is None:
        raise UnfitError(_("The line has no value called %(member)s.") % {"member": member})
    title = next((one.title for one in line.members if one.code == member), line.title)
    typed = typed_for(found, entry, _criterion(line, member, rounding))
    return Planned(member, title, typed, unit_of(entry), found)


def _criterion(line: Line, member: str, rounding: Rounding) -> Criterion:
    data = next((one.criterion for one in line.members if one.code == member), line.criterion)
    return criterion_from_definition(data, rounding)
