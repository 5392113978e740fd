"""From receipt to the store: every step of the master batch record, at the bench and beside it.

A step is begun, its slots are scanned, what cannot be undone is checked first, its values are recorded one by one,
it is performed, and witnessed where the master record asks for it.
"""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from accounts.wording import local
from batches.accepting import decision_on
from batches.definitions.master import Field, FieldType, Need, NeedKind, Step
from batches.equipment import ready_of_type
from batches.identity import batch_of
from batches.models import (
    CheckBeforeAct,
    MaterialLot,
    StartingMaterialDecision,
    StepPerformed,
    StepWitnessed,
    YieldVerified,
)
from batches.noting import add_file
from batches.performing import record_value, scan_slot, start_step
from batches.pinned import master_of, product_of
from batches.record import record_of
from batches.yields import YieldStatus
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container, HandOverAccepted, HandOverOffered
from chain_of_custody.placing import place_containers
from chain_of_custody.registering import own_party
from config.story.acting import Story, act, after, somebody
from config.story.clearing import area_of, cleared_after_use, cleared_before_use
from config.story.in_process import tenths, vials_for
from config.story.labelling import labelled
from config.story.receiving import COLLECTED, Cells
from config.story.site import FRIDGE, SUITE, TANK, place
from config.story.stocking import VECTOR_LOT, VIAL_ML, VIALS_A_BATCH, vial
from config.story.timetable import begins, day_of
from config.story.worked_batches import worked_batch
from ledger import clock, files
from ledger.writing import writing

DECIDER = "alindqvist"  # on starting material
CLEARED_EARLIER = timedelta(minutes=5)  # before a step begins
BETWEEN_VALUES = timedelta(seconds=15)
MINUTES_IN_CENTRIFUGE = 20
THAW = timedelta(minutes=25)

# The holder moves the starting cells before they are opened, and the filled containers before they are stored.
STARTING = (Container.Kind.APHERESIS_BAG, Container.Kind.TUMOUR_VESSEL)
FILLED = (Container.Kind.FINAL_BAG, Container.Kind.RETAIN_VIAL)
STORES = {"cryopreserved": (TANK, "-181"), "fresh": (FRIDGE, "5.2")}


def made(cells: Cells, *, before: str = "", witnessed: bool = True) -> Story:
    """Perform every step in its order, up to, not with, the step `before`; the last one may stay unwitnessed."""
    codes = [step.code for step in master_of(cells.made_in).steps]
    steps = codes[: codes.index(before)] if before else codes
    opened = next(step.code for step in master_of(cells.made_in).steps if step.is_checked_before_the_act)
    for code in steps:
        if code == opened:
            yield from _moved(cells, code, STARTING, SUITE, "20.5")
        elif code == codes[-1]:
            yield from _moved(cells, code, FILLED, *_store_of(cells))
        yield from _step(cells, code, witnessed=witnessed or code != steps[-1])
    if not before:
        yield from _stored(cells)


def _store_of(cells: Cells) -> tuple[str, str]:
    """Give where the filled containers of a product are kept, and how cold it is there, in °C."""
    return STORES[product_of(cells.made_in).attributes.get("form", "cryopreserved")]


def _moved(cells: Cells, code: str, kinds: tuple[Container.Kind, ...], where: str, temperature: str) -> Story:
    yield begins(cells, code) - timedelta(minutes=6)
    place_containers(
        id=uuid4(),
        coi=cells.coi,
        containers=_of_kind(cells, *kinds),
        place=place(where),
        position="",
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
    yield from _decided(cells, step)
    yield begins(cells, code) - CLEARED_EARLIER
    yield from cleared_before_use(cells, step)
    yield begins(cells, code)
    start = start_step(batch=batch, step=code, by=somebody(crew.performer), id=uuid4())
    yield from _scanned(cells, step)
    if step.is_checked_before_the_act:
        yield after(seconds=70)
        act("step.check_before", start, CheckBeforeAct, by=crew.checker)
    yield from _recorded(cells, step)
    yield from _shown(cells, step)
    yield from labelled(cells, step)
    yield after(seconds=30)
    performed = act("step.perform", start, StepPerformed, by=crew.performer)
    if step.witness and witnessed:
        yield after(seconds=45)
        act("step.witness", performed, StepWitnessed, by=crew.witness)
        yield from cleared_after_use(cells, _later_that_day(cells, code))
    yield from _yields_verified(cells, code)


def _yields_verified(cells: Cells, code: str) -> Story:
    """Verify each yield of a step that is complete, by somebody who did not perform it."""
    if all(each.step != code for each in master_of(cells.made_in).yields):
        return
    for each in record_of(batch_of(cells.made_in.pk)).yields:
        if each.definition.step == code and each.status is YieldStatus.TO_VERIFY:
            yield after(seconds=40)
            crew, name = cells.plan.crew, each.definition.code
            act("yield.verify", cells.made_in, YieldVerified, by=crew.witness, yield_code=name)


def _later_that_day(cells: Cells, code: str) -> list[Step]:
    """Give the steps of the same day that follow a step."""
    steps = list(master_of(cells.made_in).steps)
    following = steps[[step.code for step in steps].index(code) + 1 :]
    return [step for step in following if day_of(cells, step.code) == day_of(cells, code)]


def _decided(cells: Cells, step: Step) -> Story:
    """Take the starting material into manufacture before the first act that opens cells."""
    if not step.is_checked_before_the_act or decision_on(cells.made_in) is not None:
        return
    yield begins(cells, step.code) - timedelta(minutes=15)
    act("starting_material.decide", cells.made_in, StartingMaterialDecision, by=DECIDER, decision="accepted")


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


def _shown(cells: Cells, step: Step) -> Story:
    """Keep the prints and plots that a step asks for."""
    for each in step.evidence:
        if not each.required:
            continue
        yield after(seconds=20)
        by = somebody(cells.plan.crew.performer)
        text = f"{each.title}. {cells.made_in.number}, step {step.code}. Invented, for training.\n"
        with writing():
            file = files.keep(text.encode(), name=f"{cells.made_in.number}-{each.code}.txt", actor=by.reference)
        add_file(batch=cells.made_in, step=step.code, file=file, title="", by=by, id=uuid4(), evidence=each.code)


def _typed(cells: Cells, field: Field) -> str:
    """Give what is typed into a field: planned, the time of the story, or what follows from such times."""
    now = clock.now()
    if field.type is FieldType.TIME:
        earlier = {"vector_thawed_at": now - THAW, "collection_ended_at": cells.on(*COLLECTED)}
        moment = earlier.get(field.code, now)
        cells.happened[field.code] = moment
        return local(moment).isoformat(timespec="seconds")
    match "" if cells.plan.family else field.code:
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
        return [one.code for one in _containers(cells, need)]
    if need.kind is NeedKind.VECTOR_LOT:
        first = (cells.plan.number - 1) * VIALS_A_BATCH + 1
        vials = [vial(first + number) for number in range(vials_for(cells.values, VIAL_ML))]
        return vials if need.many else [VECTOR_LOT]
    if need.kind is NeedKind.EQUIPMENT:
        return [ready_of_type(need.of, clock.now())[0].code]
    if need.kind is NeedKind.AREA:
        return [area_of(cells, need).code]
    return [MaterialLot.objects.values_list("code", flat=True).get(item=need.of)]


def _containers(cells: Cells, need: Need) -> list[Container]:
    """Give the containers that go into a slot: those that the worked batch chooses, else the ones made last."""
    there = _of_kind(cells, Container.Kind(need.of))
    if not cells.plan.family:
        return there if need.many else there[-1:]
    newest = [one for one in there if one.made_at == there[-1].made_at]
    chosen = next((each.only for each in worked_batch(cells.plan.family).scans if each.slot == need.code), ())
    if chosen:
        return [one for number, one in enumerate(newest, start=1) if number in chosen]
    return newest if need.many else newest[-1:]


def _of_kind(cells: Cells, *kinds: Container.Kind) -> list[Container]:
    """Give the containers of the batch of these kinds, the newest last."""
    return [one for one in of_batch(cells.made_in.number) if one.kind in kinds]


def _stored(cells: Cells) -> Story:
    """Hand bags and retained vials to logistics, who keep the store, and bring the batch up to date."""
    yield after(minutes=20)
    filled = [one.code for one in _of_kind(cells, *FILLED)]
    where, _temperature = _store_of(cells)
    yield from handed_over(cells, filled, to="jpark", where=where, position=f"rack {cells.plan.number}")
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
