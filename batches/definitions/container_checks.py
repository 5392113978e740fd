"""Whether the slots, containers and labels of a master record fit together.

(1) a container that is scanned exists by then: received, or made by an earlier step;
(2) created containers are counted, and say what they hold in values of their own step;
(3) several containers become one only in a step that may pool;
(4) an area is of a kind there is; only an area is cleared; only a lot has an amount, in values of its unit;
(5) labels are printed for containers that exist by then.
"""

from collections.abc import Iterator, Mapping

from batches.definitions.master import (
    Amount,
    ContainerKind,
    FieldType,
    Made,
    MasterDefinition,
    Need,
    NeedKind,
    Step,
)

RECEIVED = frozenset({ContainerKind.APHERESIS_BAG, ContainerKind.TUMOUR_VESSEL})
POOLED = frozenset({ContainerKind.CULTURE_BAG, ContainerKind.FORMULATION})
AREA_KINDS = frozenset({"room", "isolator", "cabinet", "device"})
LOTS = frozenset({NeedKind.VECTOR_LOT, NeedKind.MATERIAL_LOT})
PRODUCT = "product."


def faults_of_containers(master: MasterDefinition) -> Iterator[str]:
    """Every fault of slots, containers and labels, one sentence each."""
    at_hand = set(RECEIVED)
    units: dict[str, str] = {}
    for step in master.steps:
        units |= {each.code: each.unit for each in step.fields if each.is_numeric}
        units |= {each.code: each.unit for each in step.derived}
        for need in step.needs:
            yield from _faults_of_need(step, need, at_hand)
            if need.amount is not None:
                yield from _faults_of_amount(step, need, need.amount, units)
        for made in step.creates:
            yield from _faults_of_made(step, made)
        yield from _faults_of_pooling(step)
        at_hand |= {made.kind for made in step.creates}
        for kind in step.labels:
            if kind not in at_hand:
                yield f"Step {step.code}: labels are printed for {kind}, but none has been made by then."


def _faults_of_need(step: Step, need: Need, at_hand: set[ContainerKind]) -> Iterator[str]:
    where = f"Step {step.code}, {need.code}"
    if need.kind is NeedKind.CONTAINER:
        if need.of not in set(ContainerKind):
            yield f"{where}: {need.of} is no kind of container."
        elif ContainerKind(need.of) not in at_hand:
            yield f"{where}: no {need.of} has been made by then."
    if need.kind is NeedKind.AREA and need.of not in AREA_KINDS:
        yield f"{where}: {need.of} is no kind of area; there are {', '.join(sorted(AREA_KINDS))}."
    if need.some and not (need.many and need.kind is NeedKind.CONTAINER):
        yield f"{where}: only a slot that takes many containers takes some of them."
    if need.clearance and need.kind is not NeedKind.AREA:
        yield f"{where}: only an area is cleared."


def _faults_of_amount(step: Step, need: Need, amount: Amount, units: Mapping[str, str]) -> Iterator[str]:
    where = f"Step {step.code}, {need.code}"
    if need.kind not in LOTS:
        yield f"{where}: only a lot has an amount."
    actual = step.field(amount.actual)
    if actual is None or not actual.is_numeric:
        yield f"{where}: actual {amount.actual} must be a number field of this step."
    elif actual.unit != amount.unit:
        yield f"{where}: {amount.actual} is in {actual.unit}, but the amount is in {amount.unit}."
    if amount.planned is not None and amount.planned_number is not None:
        yield f"{where}: give either planned or planned_number."
    if amount.planned is None or amount.planned.startswith(PRODUCT):
        return  # a parameter is held against the product by `faults_between_master_and_product`
    if amount.planned not in units:
        yield f"{where}: planned {amount.planned} is no number that is known by then."
    elif units[amount.planned] != amount.unit:
        yield f"{where}: {amount.planned} is in {units[amount.planned]}, but the amount is in {amount.unit}."


def _faults_of_made(step: Step, made: Made) -> Iterator[str]:
    where = f"Step {step.code}, {made.kind}"
    if (made.number is None) == (made.number_field is None):
        yield f"{where}: give either number or number_field."
    if made.kind in RECEIVED:
        yield f"{where}: it is received, never made."
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


def _faults_of_pooling(step: Step) -> Iterator[str]:
    takes_many = any(need.many and need.kind is NeedKind.CONTAINER for need in step.needs)
    pooled = sorted(made.kind for made in step.creates if made.kind in POOLED)
    if takes_many and pooled and not step.pools:
        yield f"Step {step.code}: several containers become a {pooled[0]}; say pools: yes where that is allowed."
