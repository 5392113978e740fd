"""The replicates that a run had before a file or a plate came: it goes on behind them, and is judged with them.

(1) The number of a replicate goes on where those that are recorded end, whoever recorded them and however.
(2) What is stored is read again beside what was there when it was stored, by the order of the ledger: a correction that
    came later changes nothing of it.
(3) The same file, or the same wells, are not taken twice in a run: a measurement is not counted twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from ledger.models import Entry, Written
from qc.definitions.specification import Line
from qc.importing.by_method import read_apart
from qc.laboratory.judging import NO_RESULT, InForce, entries_of, seen_in
from qc.models import InstrumentImport, PlateEntry, Reading
from qc.values.quantities import Quantity
from qc.values.seen import Numeric


@dataclass(frozen=True, slots=True)
class Before:
    """The replicates of one value that were there: the number of the last, and what each says."""

    last: int = 0
    values: Mapping[int, Quantity] = field(default_factory=dict)


NOTHING_BEFORE = Before()


def replicates_before(
    line: Line,
    methods: InForce,
    *,
    batch: UUID,
    run: int,
    stored: InstrumentImport | PlateEntry | None = None,
) -> dict[str, Before]:
    """Give what was there of each value that a method reads several times: now, or when a row was stored."""
    apart = read_apart(methods)
    if not apart:
        return {}
    rows = list(Reading.objects.filter(batch=batch, line=line.code, run=run).select_related("superseded_by"))
    there = _in_force_at(rows, stored) if stored else [one for one in rows if not hasattr(one, "superseded_by")]
    entries = entries_of(line, methods)
    found: dict[str, Before] = {}
    for member in apart:
        own = [one for one in there if one.member == member]
        seen = {one.replicate: seen_in(one.typed, entries[member]) for one in own if one.typed not in NO_RESULT}
        values = {number: value.quantity for number, value in seen.items() if isinstance(value, Numeric)}
        found[member] = Before(max((one.replicate for one in own), default=0), values)
    return found


def _in_force_at(rows: Sequence[Reading], stored: InstrumentImport | PlateEntry) -> list[Reading]:
    """Give the readings that were in force when a row was stored, without those that it gave itself."""
    own = set(stored.readings.values_list("reading", flat=True))
    rows = [one for one in rows if one.pk not in own]
    written = _positions([*rows, *(one.superseded_by for one in rows if hasattr(one, "superseded_by")), stored])
    at = written[stored.pk]
    return [
        one
        for one in rows
        if written[one.pk] < at and not (hasattr(one, "superseded_by") and written[one.superseded_by.pk] < at)
    ]


def _positions(rows: Sequence[Written]) -> dict[object, int]:
    """Give where each row stands in the ledger."""
    return dict(Entry.objects.filter(rec_id__in=[one.pk for one in rows]).values_list("rec_id", "seq"))
