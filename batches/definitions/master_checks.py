"""What a schema cannot see in a master batch record: order, references, kinds, limits.

(1) codes stand once; steps are numbered by stage and rise;
(2) fields have the unit, limits and choices that fit their type;
(3) derived quantities name a formula of the table, bind exactly its inputs, in its units, to what is
    known by then (`batches.definitions.bindings`);
(4) scanned containers exist by then; created ones are counted, each kind once in a step;
(5) an act that cannot be undone is checked on a container, witnessed, and confirms earlier values.
"""

from collections.abc import Iterator

from batches.definitions.bindings import faults_of_bindings, faults_of_reconciliation
from batches.definitions.master import (
    ContainerKind,
    Field,
    FieldType,
    Made,
    MasterDefinition,
    NeedKind,
    Step,
    StepKind,
)
from batches.definitions.parts import repeated


def faults_of_master(master: MasterDefinition) -> list[str]:
    """Every fault of the definition, one sentence each; empty where it can be used."""
    return [
        *_faults_of_codes(master),
        *_faults_of_order(master),
        *(fault for step, field in master.fields() for fault in _faults_of_field(step, field)),
        *faults_of_bindings(master),
        *_faults_of_containers(master),
        *_faults_of_acts(master),
        *faults_of_reconciliation(master),
    ]


def _faults_of_codes(master: MasterDefinition) -> Iterator[str]:
    yield from repeated((stage.code for stage in master.stages), "Stage")
    yield from repeated((step.code for step in master.steps), "Step")
    values = [field.code for _step, field in master.fields()] + [one.code for _step, one in master.derived()]
    yield from repeated(values, "The field or derived quantity")
    for step in master.steps:
        yield from repeated((need.code for need in step.needs), f"Step {step.code}: the slot")
        yield from repeated((made.kind for made in step.creates), f"Step {step.code} creates: the kind")


def _faults_of_order(master: MasterDefinition) -> Iterator[str]:
    for position, stage in enumerate(master.stages, start=1):
        if stage.laboratory == bool(stage.steps):
            yield f"Stage {stage.code}: a stage has steps exactly where it is not the laboratory's."
        last = 0
        for step in stage.steps:
            of_stage, in_stage = (int(part) for part in step.code.split("."))
            if of_stage != position:
                yield f"Step {step.code} stands in stage {position} ({stage.code}) and must begin with {position}."
            if in_stage <= last:
                yield f"Step {step.code} stands after {of_stage}.{last}; steps are numbered upwards."
            last = in_stage


# Fields


def _faults_of_field(step: Step, field: Field) -> Iterator[str]:
    where = f"Step {step.code}, {field.code}"
    if field.is_numeric:
        yield from _faults_of_number(where, field)
    elif field.unit or field.exponent or field.decimals or field.limits or field.plausible:
        yield f"{where}: only a number or a count has a unit, an exponent, decimals or limits."
    if (field.type is FieldType.CHOICE) and len(field.choices) < 2:
        yield f"{where}: a choice offers at least two words."
    if field.choices and field.type not in (FieldType.CHOICE, FieldType.YES_NO):
        yield f"{where}: only a choice has choices."
    yield from (f"{where}: {fault}" for fault in repeated((each.code for each in field.choices), "the choice"))
    offered = {each.code for each in field.choices}
    for code in field.expected:
        if code not in offered:
            yield f"{where}: {code} is expected but not offered."


def _faults_of_number(where: str, field: Field) -> Iterator[str]:
    if not field.unit:
        yield f"{where}: a number or a count has a unit."
    for name, limits in (("limit", field.limits), ("plausible range", field.plausible)):
        if limits and limits.are_empty:
            yield f"{where}: {name}: low {limits.low} must be below high {limits.high}."
        for end in (limits.low, limits.high) if limits else ():
            if end is None:
                continue
            if -int(end.as_tuple().exponent) > field.decimals:
                yield f"{where}: {name} {end} has more decimals than the field takes ({field.decimals})."
            if field.type is FieldType.COUNT and end < 0:
                yield f"{where}: a count is never below zero, so {name} {end} says nothing."


# Containers


def _faults_of_containers(master: MasterDefinition) -> Iterator[str]:
    at_hand = {ContainerKind.APHERESIS_BAG}
    for step in master.steps:
        for need in step.needs:
            if need.kind is not NeedKind.CONTAINER:
                continue
            if need.of not in set(ContainerKind):
                yield f"Step {step.code}, {need.code}: {need.of} is no kind of container."
            elif ContainerKind(need.of) not in at_hand:
                yield f"Step {step.code}, {need.code}: no {need.of} has been made by then."
        for made in step.creates:
            yield from _faults_of_made(step, made)
        at_hand |= {made.kind for made in step.creates}


def _faults_of_made(step: Step, made: Made) -> Iterator[str]:
    where = f"Step {step.code}, {made.kind}"
    if (made.number is None) == (made.number_field is None):
        yield f"{where}: give either number or number_field."
    if made.kind is ContainerKind.APHERESIS_BAG:
        yield f"{where}: an apheresis bag is received, never made."
    if made.number_field is not None:
        counted = step.field(made.number_field)
        if counted is None or counted.type is not FieldType.COUNT or counted.exponent or counted.decimals:
            yield f"{where}: number_field {made.number_field} must be a whole count of this step."
    if made.volume_field is not None:
        volume = step.field(made.volume_field)
        if volume is None or not volume.is_numeric or volume.unit != "mL":
            yield f"{where}: volume_field {made.volume_field} must be a number of this step in mL."
    if made.cells_from is not None and made.cells_from not in {each.code for each in step.derived}:
        yield f"{where}: cells_from {made.cells_from} must be a derived quantity of this step."
    if made.kind in (ContainerKind.SAMPLE, ContainerKind.QC_VIAL) and made.sample_point is None:
        yield f"{where}: a sample or QC vial names its sampling point."


# Acts


def _faults_of_acts(master: MasterDefinition) -> Iterator[str]:
    known: set[str] = set()
    for step in master.steps:
        yield from _faults_of_act(step, known)
        known |= {each.code for each in step.fields} | {each.code for each in step.derived}


def _faults_of_act(step: Step, known: set[str]) -> Iterator[str]:
    scans_container = any(need.kind is NeedKind.CONTAINER for need in step.needs)
    made = {each.kind for each in step.creates}
    if step.kind is StepKind.CONTAINER_SCAN and not scans_container:
        yield f"Step {step.code}: a container scan has a slot for a container."
    if step.kind is StepKind.SAMPLING and not made & {ContainerKind.SAMPLE, ContainerKind.QC_VIAL}:
        yield f"Step {step.code}: sampling creates samples or QC vials."
    if step.kind is StepKind.FILL and ContainerKind.FINAL_BAG not in made:
        yield f"Step {step.code}: a fill creates final bags."
    if not step.is_checked_before_the_act:
        if step.confirms:
            yield f"Step {step.code}: only a check before the act or a fill confirms earlier values."
        return
    if not (scans_container and step.witness and step.forced):
        yield f"Step {step.code}: what is checked before the act scans a container, is forced and is witnessed."
    for code in step.confirms:
        if code not in known:
            yield f"Step {step.code} confirms {code}, which no earlier step records."
