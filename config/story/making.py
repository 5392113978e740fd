"""From receipt to the store: every step of the master batch record, at the bench and beside it.

A step is begun, its slots are scanned, what cannot be undone is checked first, its values are recorded one by one,
it is performed, and witnessed where the master record asks for it.
"""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from accounts.wording import local
from batches.definitions.master import Field, FieldType, Need, NeedKind, Step
from batches.identity import batch_of
from batches.models import CheckBeforeAct, MaterialLot, StepPerformed, StepWitnessed
from batches.performing import record_value, scan_slot, start_step
from batches.pinned import master_of
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container, HandOverAccepted, HandOverOffered
from chain_of_custody.placing import place_containers
from chain_of_custody.registering import own_party
from config.story.acting import Story, act, after, somebody
from config.story.in_process import tenths, vials_for
from config.story.receiving import Cells
from config.story.site import SUITE, TANK, VECTOR_LOT, VIAL_ML, VIALS_A_BATCH, place, vial
from ledger import clock

# When each step begins: the day after the collection, and the time of day.
BEGINS = {
    "1.1": (1, "08:15"), "1.2": (1, "08:25"), "1.3": (1, "08:35"), "1.4": (1, "09:20"),
    "2.1": (1, "09:45"), "2.2": (1, "10:15"), "2.3": (1, "12:00"), "2.4": (1, "14:00"),
    "3.1": (2, "09:00"), "3.2": (2, "09:40"), "3.3": (2, "10:10"), "3.4": (3, "10:30"),
    "4.1": (6, "09:00"), "4.2": (6, "10:00"), "4.3": (8, "09:00"), "4.4": (10, "09:00"),
    "5.1": (12, "08:30"), "5.2": (12, "09:10"), "5.3": (12, "09:40"), "5.4": (12, "09:47"), "5.5": (12, "09:53"),
    "5.6": (12, "09:58"), "5.7": (12, "10:07"), "5.8": (12, "10:13"), "5.9": (12, "10:18"), "5.10": (12, "12:30"),
}  # fmt: skip
BETWEEN_VALUES = timedelta(seconds=15)
MINUTES_IN_CENTRIFUGE = 20
THAW = timedelta(minutes=25)

# Before these steps the cells are moved, by the one who holds them.
FROZEN = (Container.Kind.FINAL_BAG, Container.Kind.RETAIN_VIAL)
MOVES = {"2.1": ((Container.Kind.APHERESIS_BAG,), SUITE, "", "20.5"), "5.10": (FROZEN, TANK, "", "-181")}


def made(cells: Cells, *, before: str = "", witnessed: bool = True) -> Story:
    """Perform every step in its order, up to, not with, the step `before`; the last one may stay unwitnessed."""
    codes = [step.code for step in master_of(cells.made_in).steps]
    steps = codes[: codes.index(before)] if before else codes
    for code in steps:
        if code in MOVES:
            yield from _moved(cells, code)
        yield from _step(cells, code, witnessed=witnessed or code != steps[-1])
    if not before:
        yield from _stored(cells)


def _moved(cells: Cells, code: str) -> Story:
    kinds, where, position, temperature = MOVES[code]
    yield cells.on(*BEGINS[code]) - timedelta(minutes=6)
    place_containers(
        id=uuid4(),
        coi=cells.coi,
        containers=_of_kind(cells, *kinds),
        place=place(where),
        position=position,
        temperature_c=Decimal(temperature),
        happened_at=clock.now(),
        by=somebody(cells.plan.crew.performer),
    )


def _step(cells: Cells, code: str, *, witnessed: bool) -> Story:
    """Perform one step from its beginning to its witness."""
    crew, batch = cells.plan.crew, cells.made_in
    step = master_of(batch).step(code)
    if step is None:
        raise LookupError(f"The master batch record has no step {code}.")
    yield cells.on(*BEGINS[code])
    start = start_step(batch=batch, step=code, by=somebody(crew.performer), id=uuid4())
    yield from _scanned(cells, step)
    if step.is_checked_before_the_act:
        yield after(seconds=70)
        act("step.check_before", start, CheckBeforeAct, by=crew.checker)
    yield from _recorded(cells, step)
    yield after(seconds=30)
    performed = act("step.perform", start, StepPerformed, by=crew.performer)
    if step.witness and witnessed:
        yield after(seconds=45)
        act("step.witness", performed, StepWitnessed, by=crew.witness)


def checked_only(cells: Cells, code: str) -> Story:
    """Begin a step that is checked before its act, and leave it when the check is signed."""
    crew, batch = cells.plan.crew, cells.made_in
    step = master_of(batch).step(code)
    if step is None:
        raise LookupError(f"The master batch record has no step {code}.")
    yield cells.on(*BEGINS[code])
    start = start_step(batch=batch, step=code, by=somebody(crew.performer), id=uuid4())
    yield from _scanned(cells, step)
    yield after(seconds=70)
    act("step.check_before", start, CheckBeforeAct, by=crew.checker)


def _scanned(cells: Cells, step: Step) -> Story:
    by = somebody(cells.plan.crew.performer)
    for need in step.needs:
        for code in _codes(cells, need):
            yield after(seconds=8)
            scan_slot(batch=cells.made_in, step=step.code, slot=need.code, code=code, by=by, id=uuid4())


def _recorded(cells: Cells, step: Step) -> Story:
    by = somebody(cells.plan.crew.performer)
    for field in step.fields:
        yield after(seconds=BETWEEN_VALUES.total_seconds())
        record_value(
            batch=cells.made_in, step=step.code, field=field.code, typed=_typed(cells, field), by=by, id=uuid4()
        )


def _typed(cells: Cells, field: Field) -> str:
    """Give what is typed into a field: planned, the time of the story, or what follows from such times."""
    now = clock.now()
    if field.type is FieldType.TIME:
        moment = now - THAW if field.code == "vector_thawed_at" else now
        cells.happened[field.code] = moment
        return local(moment).isoformat(timespec="seconds")
    match field.code:
        case "gradient_minutes":
            return str(MINUTES_IN_CENTRIFUGE)
        case "vector_thaw_minutes":
            return _minutes(now - cells.happened["vector_thawed_at"])
        case "minutes_in_cryoprotectant":
            return _minutes(cells.happened["freezing_started_at"] - cells.happened["cryoprotectant_added_at"])
        case "harvest_days":
            span = cells.happened["harvested_at"] - cells.happened["vector_washed_at"]
            return tenths(Decimal(int(span.total_seconds())) / 86_400)
    planned = cells.values.get(field.code, "")
    return planned or ("yes" if field.type is FieldType.YES_NO else "EQ-1")


def _minutes(span: timedelta) -> str:
    return str(int(span.total_seconds()) // 60)


def _codes(cells: Cells, need: Need) -> list[str]:
    """Give the codes that are read into a slot."""
    if need.kind is NeedKind.CONTAINER:
        there = _of_kind(cells, Container.Kind(need.of))
        return [one.code for one in (there if need.many else there[-1:])]
    if need.kind is NeedKind.VECTOR_LOT:
        first = (cells.plan.number - 1) * VIALS_A_BATCH + 1
        vials = [vial(first + number) for number in range(vials_for(cells.values, VIAL_ML))]
        return vials if need.many else [VECTOR_LOT]
    return [MaterialLot.objects.values_list("code", flat=True).get(item=need.of)]


def _of_kind(cells: Cells, *kinds: Container.Kind) -> list[Container]:
    """Give the containers of the batch of these kinds, the newest last."""
    return [one for one in of_batch(cells.made_in.number) if one.kind in kinds]


def _stored(cells: Cells) -> Story:
    """Hand bags and retained vials to logistics, who keep the store, and bring the batch up to date."""
    yield after(minutes=20)
    frozen = [one.code for one in _of_kind(cells, *FROZEN)]
    yield from handed_over(cells, frozen, to="jpark", where=TANK, position=f"rack {cells.plan.number}")
    cells.batch = batch_of(cells.made_in.pk)


def handed_over(cells: Cells, codes: list[str], *, to: str, where: str, position: str = "") -> Story:
    """Hand containers from the performer to a colleague, each side under its own signature."""
    offered = act(
        "custody.offer",
        cells.coi,
        HandOverOffered,
        by=cells.plan.crew.performer,
        containers=codes,
        taker=str(own_party().pk),
    )
    yield after(minutes=3)
    act(
        "custody.accept",
        offered,
        HandOverAccepted,
        by=to,
        place=where,
        position=position,
        condition="complete, labels read",
    )
