"""From the rows of a table to the values of a line, each with the rows and texts that it came from.

(1) Every row is of the chosen sample or of a control; a row of anything else refuses the whole.
(2) A number is read strictly; its decimals are parted as the profile says, and by nothing else.
(3) What is taken as it stands keeps its digits; what is averaged or calculated runs at 50 digits, unrounded.
(4) A value that is only known as a bound is never averaged.
(5) Where a method reads a value several times, or calculates with it, no replicate is combined: each stays a value of
    its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext

from django.utils.translation import gettext as _

from batches.calculating import FIFTY_DIGITS, NotCalculable
from ledger.tables.layout import with_point
from ledger.tables.rows import SHOWN, Problem, Row
from ledger.typed_numbers import TypedNumberError
from qc.importing.profiles import Calculated, Combine, Constant, FromColumn, Profile, Role, Target, Term, words_of
from qc.values.quantities import Quantity, calculate, read_quantity

MOST_AVERAGED = 100


@dataclass(frozen=True, slots=True)
class Input:
    """One text of the file that a value rests on."""

    row: Row
    column: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the rows of a sample say of one target: the number, unrounded, and what it rests on."""

    target: Target
    quantity: Quantity
    as_it_stands: str  # the text of the row that was taken, with a decimal point; empty where the value was calculated
    inputs: tuple[Input, ...]
    replicates: int = 1
    replicate: int | None = None  # its number, in the order of the file, where each is a value of its own

    @property
    def rows(self) -> list[int]:
        """The lines of the file, each once."""
        return sorted({one.row.line for one in self.inputs})

    @property
    def wells(self) -> list[str]:
        """The wells of a plate, each once."""
        return sorted({one.row.well for one in self.inputs})

    @property
    def rule(self) -> str:
        """Say how the value came about."""
        words = words_of(self.target.term)
        if self.replicates == 1:
            one = _("as it stands: %(words)s") if self.as_it_stands else _("calculated: %(words)s")
            number = _("replicate %(number)s: ") % {"number": self.replicate} if self.replicate else ""
            return number + one % {"words": words}
        how = {
            Combine.MEAN: _("mean of %(number)s replicates: %(words)s"),
            Combine.HIGHEST: _("highest of %(number)s replicates: %(words)s"),
            Combine.LOWEST: _("lowest of %(number)s replicates: %(words)s"),
        }
        return how[self.target.combine] % {"number": self.replicates, "words": words}


@dataclass(frozen=True, slots=True)
class _Number:
    """A number of one replicate, the texts it came from, and the text itself where it is one."""

    quantity: Quantity
    inputs: tuple[Input, ...]
    text: str = ""


class _Unusable(Exception):  # noqa: N818  not an error of the program
    """A replicate gives no number, and why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


def rows_of(rows: Sequence[Row], profile: Profile, sample: str) -> tuple[list[Row], list[Problem]]:
    """Give the rows of the chosen sample, and a problem for each row that is neither its nor a control's."""
    mine: list[Row] = []
    problems: list[Problem] = []
    for row in rows:
        named = row.cells[profile.sample].strip()
        if named == sample:
            mine.append(row)
        elif named not in profile.controls:
            says = _("this row is of sample %(named)s; you chose %(sample)s.")
            problems.append(row.problem(says % {"named": named[:SHOWN] or "–", "sample": sample}))
    if profile.plate is not None:
        problems += _problems_on_the_plate(rows, profile, sample)
    if not mine and not problems:
        problems.append(Problem(0, _("No row is of sample %(sample)s.") % {"sample": sample}))
    return mine, problems


def _problems_on_the_plate(rows: Sequence[Row], profile: Profile, sample: str) -> list[Problem]:
    assert profile.plate is not None  # noqa: S101  asked by the caller
    problems: list[Problem] = []
    filled: set[str] = set()
    for row in rows:
        well, named = row.cells[profile.plate.column].strip(), row.cells[profile.sample].strip()
        role = profile.plate.wells.get(well)
        filled.add(well)
        holds = None if role is None else sample if role.role is Role.SAMPLE else role.title
        if holds is None:
            says = _("the plate of this profile has nothing in well %(well)s.") % {"well": well[:SHOWN] or "–"}
            problems.append(row.problem(says))
        elif named != holds and named in (sample, *profile.controls):
            says = _("well %(well)s holds %(named)s; the plate of this profile has %(holds)s there.")
            problems.append(row.problem(says % {"well": well, "named": named[:SHOWN], "holds": holds}))
    missing = [well for well in profile.plate.wells if well not in filled]
    if missing:
        says = _("These wells of the plate are missing: %(wells)s.") % {"wells": ", ".join(missing)}
        problems.append(Problem(0, says))
    return problems


def values_of(
    rows: Sequence[Row], profile: Profile, targets: Iterable[Target], *, apart: Mapping[str, int] | None = None
) -> tuple[list[Found], list[Problem]]:
    """Give what the rows of one sample say of these targets, and every reason for which a row cannot be read.

    The replicates of the members `apart` are not combined; each is found by its number, which begins as stated there.
    """
    apart = apart or {}
    problems = _problems_of_places(rows, profile)
    if problems or not rows:
        return [], problems
    replicates: dict[str, list[Row]] = {}
    for row in rows:
        key = row.cells[profile.replicate].strip() if profile.replicate else str(row.line)
        replicates.setdefault(key, []).append(row)
    found: list[Found] = []
    for target in targets:
        numbers: list[_Number] = []
        for group in replicates.values():
            try:
                numbers.append(_number(target.term, group, profile, {}))
            except _Unusable as unusable:
                problems.append(unusable.problem)
        if len(numbers) != len(replicates):
            continue
        if target.member in apart:
            found += [
                Found(target, one.quantity, one.text, _each_once([one]), replicate=number)
                for number, one in enumerate(numbers, apart[target.member])
            ]
            continue
        try:
            found.append(_combined(target, numbers))
        except _Unusable as unusable:
            problems.append(unusable.problem)
    return found, problems


def _problems_of_places(rows: Sequence[Row], profile: Profile) -> list[Problem]:
    """Say where a row stands twice in a replicate, or is one that the profile does not tell apart."""
    problems: list[Problem] = []
    apart = profile.told_apart_by
    seen: dict[tuple[str, ...], Row] = {}
    for row in rows:
        for column, known in apart.items():
            text = row.cells[column].strip()
            if text not in known:
                says = _("%(column)s is %(text)s; this profile reads %(known)s.")
                words = {"column": column, "text": text[:SHOWN] or "–", "known": ", ".join(sorted(known))}
                problems.append(row.problem(says % words))
        if not profile.replicate:
            continue
        replicate = row.cells[profile.replicate].strip()
        if not replicate:
            problems.append(row.problem(_("%(column)s is empty.") % {"column": profile.replicate}))
            continue
        key = (replicate, *(row.cells[column].strip() for column in apart))
        if (before := seen.setdefault(key, row)) is not row:
            says = _("%(key)s stands on line %(line)s already.") % {"key": ", ".join(key), "line": before.line}
            problems.append(row.problem(says))
    return problems


def _number(term: Term, rows: Sequence[Row], profile: Profile, where: Mapping[str, str]) -> _Number:
    match term:
        case Constant(number):
            return _Number(Quantity(number, ""), ())
        case FromColumn():
            return _in_column(term, rows, profile, {**where, **term.where})
        case Calculated():
            parts = {
                name: _number(inner, rows, profile, {**where, **term.where}) for name, inner in term.inputs.items()
            }
    units = {each.name: each.unit for each in term.formula.inputs}
    # A column that states no unit counts, and a constant is the profile's: both are in the unit of the formula.
    quantities = {
        name: replace(part.quantity, unit=units[name]) if not part.quantity.unit else part.quantity
        for name, part in parts.items()
    }
    inputs = tuple(one for part in parts.values() for one in part.inputs)
    answer = calculate(term.formula, quantities)
    if isinstance(answer, NotCalculable):
        raise _Unusable(rows[0].problem(answer.reason))
    return _Number(answer, inputs)


def _in_column(term: FromColumn, rows: Sequence[Row], profile: Profile, where: Mapping[str, str]) -> _Number:
    fitting = [row for row in rows if all(row.cells[column].strip() == text for column, text in where.items())]
    if not fitting:
        told = ", ".join(f"{column} {text}" for column, text in where.items())
        raise _Unusable(rows[0].problem(_("no row of this replicate has %(told)s.") % {"told": told}))
    row = fitting[0]
    text = row.cells[term.column]
    try:
        plain = with_point(text, term.head, decimal_comma=profile.layout.decimal_comma)
        quantity = read_quantity(plain, term.unit, name=term.head)
    except TypedNumberError as error:
        raise _Unusable(row.problem(str(error))) from None
    return _Number(quantity, (Input(row, term.head, text),), plain)


def _combined(target: Target, numbers: Sequence[_Number]) -> Found:
    """Make one value of the replicates, as the profile says; of the highest or lowest one only that one is kept."""
    first, count = numbers[0], len(numbers)
    if count == 1:
        return Found(target, first.quantity, first.text, _each_once(numbers))
    if target.combine is Combine.ONLY:
        says = _("this is a second row of the sample; the profile takes one value.")
        raise _Unusable(_row_of(numbers[1]).problem(says))
    bound = next((number for number in numbers if number.quantity.censored), None)
    if bound is not None:
        says = _("a value that is only known as a bound cannot be combined with others.")
        raise _Unusable(_row_of(bound).problem(says))
    if target.combine is not Combine.MEAN:
        choose = max if target.combine is Combine.HIGHEST else min
        taken = choose(numbers, key=lambda number: number.quantity.value)
        return Found(target, taken.quantity, taken.text, _each_once([taken]), count)
    if count > MOST_AVERAGED:
        says = _("more than %(most)s replicates are not averaged.") % {"most": MOST_AVERAGED}
        raise _Unusable(_row_of(numbers[MOST_AVERAGED]).problem(says))
    with localcontext(FIFTY_DIGITS):
        mean = sum((number.quantity.value for number in numbers), Decimal(0)) / count
    return Found(target, replace(first.quantity, value=mean), "", _each_once(numbers), count)


def _each_once(numbers: Sequence[_Number]) -> tuple[Input, ...]:
    return tuple({(one.row.line, one.column): one for number in numbers for one in number.inputs}.values())


def _row_of(number: _Number) -> Row:
    return number.inputs[0].row
