"""What a kept file would become, said before anything is recorded: every value with its rows, or every problem.

What the test would say with the values is worked out as its page does, and belongs to what is confirmed.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from django.utils.text import Truncator
from django.utils.translation import gettext as _

from batches.calculating import NotCalculable
from ledger import clock, files
from ledger.canonical import canonical, digest
from ledger.tables.rows import Problem, Table
from qc.importing.before import replicates_before
from qc.importing.by_method import is_calculated, read_apart, words_of_method
from qc.importing.choosing import Chosen, chosen_again
from qc.importing.outlook import Outlook, outlook_of
from qc.importing.planning import Planned, Reads, reads_of, table_of
from qc.laboratory.testing import kilograms_for
from qc.models import InstrumentFile, InstrumentImport, Reading
from qc.specifying import rounding_of, specification_of
from qc.values.quantities import Quantity

MOST_PROBLEMS = 50
FIRST_DIGITS = 10


@dataclass(frozen=True, slots=True)
class ReplicateShown:
    """What a file gives of one replicate of a calculation, and the value that follows; empty while some is missing."""

    number: int
    value: str
    readings: tuple[Planned, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """A kept file, what was chosen with it, and what it would become."""

    file: InstrumentFile
    chosen: Chosen
    table: Table
    reads: Reads
    outlook: Outlook | None  # None where there are problems, and for what is imported already

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
    def method_words(self) -> list[str]:
        """Say of each method that combines replicates or calculates what becomes of those of the file."""
        line, methods = self.chosen.line, self.chosen.methods
        return [
            words
            for apart in read_apart(line, methods)
            if (numbers := [one.replicate for one in self.reads.readings if one.member in apart.entries])
            for words in words_of_method(apart, line, methods, numbers)
        ]

    @property
    def replicates(self) -> list[ReplicateShown]:
        """Give the readings by replicate where the method of the line calculates; nothing where none does."""
        if not is_calculated(self.chosen.line, self.chosen.methods):
            return []
        workings = self.outlook.line.workings if self.outlook else {}
        values = {each.number: _shortly(each.value) for one in workings.values() for each in one.replicates}
        return [
            ReplicateShown(number, values.get(number, ""), tuple(readings))
            for number, readings in groupby(self.reads.readings, key=lambda one: one.replicate)
        ]

    @property
    def rounds_unjudged(self) -> bool:
        """Whether an input of a value per kilogram was rounded while there is no weight to judge that by."""
        line = self.outlook.line if self.outlook else None
        waits = line is not None and line.is_per_kilogram and line.weight is None
        return (
            waits
            and is_calculated(self.chosen.line, self.chosen.methods)
            and any(one.is_rounded for one in self.reads.readings)
        )

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
            "outlook": self.outlook.told() if self.outlook else {},
        }
        return digest(canonical(shown))


def _shortly(value: Quantity | NotCalculable) -> str:
    """Give the first digits of a calculated value, which has fifty, or why there is none."""
    if isinstance(value, NotCalculable):
        return value.reason
    number = Quantity(value.value, "", value.comparator).show()
    return f"{Truncator(number).chars(FIRST_DIGITS)} {value.unit}"


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
        weight_kg=None if imported else kilograms_for(row.batch, what.line),
    )
    is_to_come = imported is None and not reads.problems
    readings = [_unwritten(row, one, run=what.runs.run) for one in reads.readings] if is_to_come else []
    return Preview(row, what, table, reads, outlook_of(row.batch, row.line, readings) if is_to_come else None)


def _unwritten(row: InstrumentFile, planned: Planned, *, run: int) -> Reading:
    """Give the reading that would be recorded."""
    return Reading(
        batch=row.batch,
        line=row.line,
        member=planned.member,
        sample=row.sample,
        run=run,
        replicate=planned.replicate,
        typed=planned.typed,
        performed_at=row.performed_at,
        recorded_at=clock.now(),
    )
