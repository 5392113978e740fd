"""A plate whose wells are typed where there is no file: all wells at once, each kept as it was typed.

The wells go the way of the rows of a file, so the sample's wells become one reading by the rule of the profile, or a
replicate each where a method in force combines them itself.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, Refused, SameIdOtherContent, lacks, refuse_if, when
from accounts.repeats import other_content
from accounts.roles import Permission
from batches.models import Batch
from ledger.tables.rows import Problem, Row, Table
from ledger.typed_numbers import TypedNumberError
from ledger.writing import write, writing
from qc.definitions.specification import Line
from qc.importing.before import replicates_before
from qc.importing.by_method import targets_under
from qc.importing.choosing import Chosen, taken
from qc.importing.importing import UNREADABLE
from qc.importing.planning import Reads, reads_of
from qc.importing.profiles import FromColumn, Plate, Profile, Role
from qc.laboratory.judging import InForce
from qc.laboratory.recording import record_reading
from qc.laboratory.testing import kilograms_for
from qc.models import PlateEntry, PlateReading, PlateWell
from qc.specifying import rounding_of, specification_of
from qc.values.quantities import read_quantity

LONGEST_WELL, MOST_WELLS = 40, 96


def column_typed(profile: Profile, line: Line, methods: InForce) -> FromColumn | None:
    """Give the column whose numbers are typed into a plate for a line; None where a plate cannot be typed for it."""
    targets = targets_under(profile, line, methods)
    term = targets[0].term if profile.plate is not None and len(targets) == 1 else None
    return term if isinstance(term, FromColumn) and not term.where else None


def well_problems(
    profile: Profile, column: FromColumn, wells: Mapping[str, str], *, comma_allowed: bool
) -> list[Problem]:
    """Say of each well that is missing, not on the map, or no number, what to type."""
    assert profile.plate is not None  # noqa: S101  such a column has one
    on_map = profile.plate.wells
    problems = [Problem(0, _("this well is not on the plate."), well[:3]) for well in wells if well not in on_map]
    for well in on_map:
        typed = wells.get(well, "")
        if len(typed) > LONGEST_WELL:
            problems.append(Problem(0, _("this is too long for a number."), well))
            continue
        try:
            read_quantity(typed, column.unit, comma_allowed=comma_allowed)
        except TypedNumberError as error:
            problems.append(Problem(0, str(error), well))
    return problems


def table_of_wells(profile: Profile, plate: Plate, column: FromColumn, wells: Mapping[str, str], sample: str) -> Table:
    """Give typed wells as the rows that a file of the same plate would have."""
    rows: list[Row] = []
    for at, (well, holds) in enumerate(plate.wells.items(), 1):
        cells = {
            plate.column: well,
            profile.sample: sample if holds.role is Role.SAMPLE else holds.title,
            column.column: wells[well].replace(",", "."),
        }
        rows.append(Row(at, cells, well))
    return Table(rows=rows)


def reads_of_plate(
    batch: Batch,
    what: Chosen,
    wells: Mapping[str, str],
    *,
    comma_allowed: bool,
    run: int,
    stored: PlateEntry | None = None,
) -> Reads:
    """Give what the typed wells say of their line, or every problem, each with its well.

    They go on behind the replicates that the run has, or had when a plate was stored.
    """
    column = column_typed(what.profile, what.line, what.methods)
    plate = what.profile.plate
    if column is None or plate is None:
        says = _("%(profile)s has no plate that can be typed for this line.") % {"profile": what.profile.title}
        raise BadInput(Objection(says, code="bad_input", field="profile"))
    if problems := well_problems(what.profile, column, wells, comma_allowed=comma_allowed):
        return Reads((), tuple(problems))
    sample = what.sample.container.code
    # What was typed has a decimal point by now, whatever the files of this instrument have.
    typed = replace(what.profile, layout=replace(what.profile.layout, decimal_comma=False))
    return reads_of(
        table_of_wells(typed, plate, column, wells, sample),
        typed,
        what.line,
        sample=sample,
        rounding=rounding_of(specification_of(batch)),
        methods=what.methods,
        there=replicates_before(what.line, what.methods, batch=batch.pk, run=run, stored=stored),
        weight_kg=None if stored else kilograms_for(batch, what.line),
    )


def _objections_to_wells(batch: Batch, what: Chosen, wells: Mapping[str, str]) -> list[Objection]:
    """Object to wells that are all those of another plate of the run: a measurement is not counted twice."""
    others = PlateEntry.objects.filter(batch=batch, line=what.line.code, run=what.runs.run).prefetch_related("wells")
    same = any({one.well: one.typed for one in other.wells.all()} == dict(wells) for other in others)
    return when(same, _("These wells are those of a plate that is recorded already."), code="recorded")


def record_plate(
    *,
    batch: Batch,
    line: str,
    sample: UUID,
    profile: str,
    instrument: str,
    wells: Mapping[str, str],
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    performed_at: datetime | None = None,
    comma_allowed: bool = False,
) -> PlateEntry:
    """Keep every well as typed and record what the sample's wells give; all of it or nothing. An intention.

    Raises Refused (422) with a sentence a well. The same id with the same wells gives the first plate again.
    """
    refuse_if(lacks(by, Permission.RESULT_ENTER))
    with writing():
        new = taken(
            PlateEntry,
            id,
            batch,
            line=line,
            sample=sample,
            profile=profile,
            instrument=instrument,
            performed_at=performed_at,
            by=by,
        )
        if new.known is not None:
            if dict(new.known.wells.values_list("well", "typed")) != dict(wells):
                raise SameIdOtherContent(other_content())
            return new.known
        what = new.chosen
        refuse_if(_objections_to_wells(batch, what, wells))
        reads = reads_of_plate(batch, what, wells, comma_allowed=comma_allowed, run=what.runs.run)
        if reads.problems:
            told = [Objection(str(one), code="well", field=one.well) for one in reads.problems[:MOST_WELLS]]
            raise Refused(told, status=UNREADABLE)
        plate = PlateEntry(
            id=id,
            batch=batch,
            run=what.runs.run,
            calculated=[one.told() for one in reads.readings],
            **new.columns(actor=by.reference),
        )
        write(plate, type="plate.recorded", actor=by.reference)
        assert what.profile.plate is not None  # noqa: S101  it was read as one
        for well, holds in what.profile.plate.wells.items():
            row = PlateWell(
                id=uuid5(id, well),
                batch=batch,
                plate=plate,
                well=well,
                role=holds.role.value,
                title=holds.title,
                typed=wells[well],
            )
            write(row, type="plate_well.recorded", actor=by.reference)
        for planned in reads.readings:
            reading = record_reading(
                batch=batch,
                line=line,
                member=planned.member,
                sample=what.sample,
                typed=planned.typed,
                by=by,
                id=uuid5(id, f"reading {planned.replicate}"),
                performed_at=new.performed_at,
                replicate=planned.replicate,
            )
            link = PlateReading(
                id=uuid5(reading.pk, "from plate"), batch=batch, plate=plate, reading=reading, wells=planned.found.wells
            )
            write(link, type="reading.from_plate", actor=by.reference)
        return plate
