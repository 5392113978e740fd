"""The replicates that a run had before a file or a plate came: it goes on behind them, and is judged with them.

(1) The number of a replicate goes on where those that are recorded end, whoever recorded them and however. What a file
    gives of one replicate keeps one number: two inputs of a calculation are never paired with those of another well.
(2) What is stored is read again beside what was there when it was stored, by the order of the ledger: a correction that
    came later changes nothing of it.
(3) What an earlier file gave of an input with more digits is remembered: roundings do not add up unseen.
(4) The same file, or the same wells, are not taken twice in a run: a measurement is not counted twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from ledger.models import Entry, Written
from qc.definitions.specification import Entry as EnteredAs
from qc.definitions.specification import Line
from qc.importing.by_method import Apart, is_calculated, read_apart
from qc.importing.fitting import in_full
from qc.importing.profiles import Target
from qc.laboratory.judging import NO_RESULT, InForce, seen_in
from qc.models import InstrumentImport, PlateEntry, Reading
from qc.values.quantities import Quantity
from qc.values.seen import Numeric


@dataclass(frozen=True, slots=True)
class Before:
    """The replicates of one value that were there: the number of the last, what each says, and said unrounded."""

    last: int = 0
    values: Mapping[int, Quantity] = field(default_factory=dict)
    unrounded: Mapping[int, Quantity] = field(default_factory=dict)  # of inputs that a file or a plate gave


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
    entries = {code: entry for one in read_apart(line, methods) for code, entry in one.entries.items()}
    if not entries:
        return {}
    related = ("superseded_by", "from_file__imported", "from_plate__plate")
    rows = list(Reading.objects.filter(batch=batch, line=line.code, run=run).select_related(*related))
    there = _in_force_at(rows, stored) if stored else [one for one in rows if not hasattr(one, "superseded_by")]
    found: dict[str, Before] = {}
    for member, entry in entries.items():
        own = [one for one in there if one.member == member]
        seen = {one.replicate: seen_in(one.typed, entry) for one in own if one.typed not in NO_RESULT}
        values = {number: value.quantity for number, value in seen.items() if isinstance(value, Numeric)}
        unrounded = _unrounded(own, values, entry) if is_calculated(line, methods) else {}
        found[member] = Before(max((one.replicate for one in own), default=0), values, unrounded)
    return found


def _unrounded(readings: Iterable[Reading], values: Mapping[int, Quantity], entry: EnteredAs) -> dict[int, Quantity]:
    """Give what files and plates said of these readings before it was rounded to fit."""
    found: dict[int, Quantity] = {}
    for one in readings:
        link, well = getattr(one, "from_file", None), getattr(one, "from_plate", None)
        told = link.imported.calculated if link else well.plate.calculated if well else ()
        for each in told:
            if (each["member"], each["replicate"]) == (one.member, one.replicate) and one.replicate in values:
                said = replace(values[one.replicate], value=Decimal(each["unrounded"]))
                found[one.replicate] = in_full(said, entry)
    return found


def first_numbers(apart: Iterable[Apart], targets: Iterable[Target], there: Mapping[str, Before]) -> dict[str, int]:
    """Give the number of the first replicate of each value that a file gives and that is not combined."""
    given = {one.member for one in targets}
    found: dict[str, int] = {}
    for method in apart:
        mine = [member for member in method.entries if member in given]
        last = max((there.get(member, NOTHING_BEFORE).last for member in mine), default=0)
        found |= dict.fromkeys(mine, last + 1)
    return found


def entered_before(
    apart: Apart, there: Mapping[str, Before], *, unrounded: bool = False
) -> dict[int, dict[str, Quantity]]:
    """Give what was entered for each replicate of a method, by its code; unrounded as far as that is known."""
    found: dict[int, dict[str, Quantity]] = {}
    for member in apart.entries:
        known = there.get(member, NOTHING_BEFORE)
        for number, quantity in {**known.values, **(known.unrounded if unrounded else {})}.items():
            found.setdefault(number, {})[member] = quantity
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
