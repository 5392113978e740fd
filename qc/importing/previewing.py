"""What a kept file would become, said before anything is recorded: every value with its rows, or every problem.

All or nothing: while there is one problem there are no values.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ledger import files
from ledger.canonical import canonical, digest
from ledger.tables.rows import Problem, Row, Table, table_in
from ledger.tables.texts import NotATableError, text_of
from qc.definitions.method import MethodDefinition
from qc.definitions.specification import Line
from qc.importing.before import NOTHING_BEFORE, Before, replicates_before
from qc.importing.by_method import problems_of_replicates, read_apart, why_only_typed, words_of_replicates
from qc.importing.choosing import Chosen, chosen_again
from qc.importing.fitting import UnfitError, typed_for
from qc.importing.profiles import Profile
from qc.importing.values import Found, rows_of, values_of
from qc.laboratory.entering import unit_of
from qc.laboratory.judging import NO_METHODS, InForce, entries_of, seen_in
from qc.models import InstrumentFile, InstrumentImport
from qc.specifying import rounding_of, specification_of
from qc.values.criteria import Criterion, Numeric, criterion_from_definition
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

    @property
    def replicate(self) -> int:
        return self.found.replicate or 1

    @property
    def is_changed(self) -> bool:
        """Whether it is not written as it stands in the file."""
        return self.typed != self.found.as_it_stands

    def told(self) -> dict[str, object]:
        """Give the reading with everything that it rests on, in plain texts that are kept."""
        return {
            "member": self.member,
            "replicate": self.replicate,
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
    def is_only_typed(self) -> bool:
        """Whether no file can give the line a value, whatever it says."""
        return bool(why_only_typed(self.chosen.line, self.chosen.methods))

    @property
    def method_words(self) -> list[str]:
        """Say of each method that combines replicates itself what becomes of those of the file."""
        given = Counter(one.member for one in self.reads.readings)
        first = {one.member: one.replicate for one in reversed(self.reads.readings)}
        return [
            words_of_replicates(says, given[code], first=first[code])
            for code, says in self._apart.items()
            if given[code]
        ]

    @property
    def _apart(self) -> dict[str, MethodDefinition]:
        return read_apart(self.chosen.methods)

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
    imported: InstrumentImport | None = getattr(row, "imported", None)
    what = chosen_again(row, run=imported.run if imported else None)
    table = table_of(files.read(row.file), what.profile)
    reads = reads_of(
        table,
        what.profile,
        what.line,
        sample=what.sample.container.code,
        rounding=rounding_of(specification_of(row.batch)),
        methods=what.methods,
        there=replicates_before(
            what.line,
            what.methods,
            batch=row.batch_id,
            run=imported.run if imported else what.runs.run,
            stored=imported,
        ),
    )
    return Preview(row, what, table, reads)


def table_of(content: bytes, profile: Profile) -> Table:
    """Give the rows of a file; one that is no text is one problem."""
    try:
        return table_in(text_of(content), profile.layout, profile.columns, time=profile.time)
    except NotATableError as error:
        return Table(problems=[Problem(0, str(error))])


def reads_of(
    table: Table,
    profile: Profile,
    line: Line,
    *,
    sample: str,
    rounding: Rounding,
    methods: InForce = NO_METHODS,
    there: Mapping[str, Before] | None = None,
) -> Reads:
    """Give what the rows of a sample say of a line, each value as the line and its method take it."""
    if only_typed := why_only_typed(line, methods):
        return Reads((), (Problem(0, only_typed),))
    problems = list(table.problems)
    rows, of_others = ([], []) if problems else rows_of(table.rows, profile, sample)
    problems += of_others
    apart = read_apart(methods)
    before = {member: (there or {}).get(member, NOTHING_BEFORE) for member in apart}
    first = {member: known.last + 1 for member, known in before.items()}
    found, unreadable = ([], []) if problems else values_of(rows, profile, line.code, apart=first)
    problems += unreadable
    planned: list[Planned] = []
    for one in found:
        try:
            planned.append(_planned(one, line, rounding))
        except UnfitError as error:
            problems.append(_problem_of(one, str(error)))
    if not problems:
        for member, method in apart.items():
            own = [one for one in planned if one.member == member]
            problems += _problems_under(method, own, line, _criterion(line, member, rounding), before[member])
    return Reads((), tuple(problems)) if problems else Reads(tuple(planned), ())


def _problems_under(
    method: MethodDefinition, own: Sequence[Planned], line: Line, criterion: Criterion, before: Before
) -> Iterator[Problem]:
    if not own:
        return
    entry = entries_of(line)[own[0].member]
    seen = [(one.found, seen_in(one.typed, entry)) for one in own]
    read = [(found, number.quantity) for found, number in seen if isinstance(number, Numeric)]
    for found, says in problems_of_replicates(method, read, entry, criterion, before.values):
        yield _problem_of(found, says)


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
