"""From the rows of a sample to the readings that they become: each as its line and its method take it, or no reading.

All or nothing: while there is one problem there are no readings.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from ledger.tables.rows import Problem, Row, Table, table_in
from ledger.tables.texts import NotATableError, text_of
from qc.definitions.specification import Line
from qc.importing.before import Before, entered_before, first_numbers
from qc.importing.by_method import (
    Apart,
    is_calculated,
    problems_of_replicates,
    read_apart,
    targets_under,
    why_nothing,
)
from qc.importing.fitting import UnfitError, typed_for
from qc.importing.profiles import Profile, words_of
from qc.importing.values import Found, rows_of, values_of
from qc.laboratory.entering import unit_of
from qc.laboratory.judging import NO_METHODS, InForce, entries_of, seen_in, titles_of
from qc.values.criteria import Criterion, Numeric, criterion_from_definition
from qc.values.criterion_kinds import ReportOnly
from qc.values.rounding import Rounding


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

    @property
    def is_rounded(self) -> bool:
        """Whether it says another number than the file gives."""
        return not self.found.quantity.censored and Decimal(self.typed) != self.found.quantity.value

    @property
    def words(self) -> str:
        """Say which columns it is from, and by which formula."""
        return words_of(self.found.target.term)

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
    weight_kg: Decimal | None = None,
) -> Reads:
    """Give what the rows of a sample say of a line, each value as the line and its method take it.

    They stand in the order in which they are recorded; the inputs of a calculation replicate by replicate.
    """
    if nothing := why_nothing(profile, line, methods):
        return Reads((), (Problem(0, nothing),))
    problems = list(table.problems)
    rows, of_others = ([], []) if problems else rows_of(table.rows, profile, sample)
    problems += of_others
    before, apart, targets = there or {}, read_apart(line, methods), targets_under(profile, line, methods)
    first = first_numbers(apart, targets, before)
    found, unreadable = ([], []) if problems else values_of(rows, profile, targets, apart=first)
    problems += unreadable
    if is_calculated(line, methods):
        found.sort(key=lambda one: one.replicate or 1)
    planned: list[Planned] = []
    for one in found:
        try:
            planned.append(_planned(one, line, rounding, methods))
        except UnfitError as error:
            problems.append(_problem_of(one, str(error)))
    if not problems:
        for method in apart:
            own = [one for one in planned if one.member in method.entries]
            criterion = _criterion(line, method.code, rounding)
            problems += _problems_under(method, own, criterion, before, weight_kg)
    return Reads((), tuple(problems)) if problems else Reads(tuple(planned), ())


def _problems_under(
    apart: Apart, own: Sequence[Planned], criterion: Criterion, before: Mapping[str, Before], weight_kg: Decimal | None
) -> Iterator[Problem]:
    seen = [(one.found, seen_in(one.typed, apart.entries[one.member])) for one in own]
    read = [(found, number.quantity) for found, number in seen if isinstance(number, Numeric)]
    there, unrounded = entered_before(apart, before), entered_before(apart, before, unrounded=True)
    told = problems_of_replicates(apart, read, criterion, there, unrounded=unrounded, weight_kg=weight_kg)
    yield from (_problem_of(found, says) for found, says in told)


def _problem_of(found: Found, says: str) -> Problem:
    rows: Sequence[Row] = [one.row for one in found.inputs]
    return rows[0].problem(says) if rows else Problem(0, says)


def _planned(found: Found, line: Line, rounding: Rounding, methods: InForce) -> Planned:
    member = found.target.member
    entry = entries_of(line, methods).get(member)
    if entry is None:
        raise UnfitError(_("The line has no value called %(member)s.") % {"member": member})
    # An input has no criterion of its own: what rounding does to the calculated value is asked once all are read.
    criterion = ReportOnly() if is_calculated(line, methods) else _criterion(line, member, rounding)
    typed = typed_for(found, entry, criterion)
    return Planned(member, titles_of(line, methods)[member], typed, unit_of(entry), found)


def _criterion(line: Line, member: str, rounding: Rounding) -> Criterion:
    data = next((one.criterion for one in line.members if one.code == member), line.criterion)
    return criterion_from_definition(data, rounding)
