"""What a schema cannot see in a master batch record: order, references, kinds, limits.

Everything is checked on the record as it applies to each combination of attributes that its `when`s tell apart; a
fault is told once, with the attributes under which it shows where it does not show under all.

(1) codes stand once, also where `when` lets a code stand twice in the file; steps are numbered by stage and rise;
(2) fields have the unit, limits and choices that fit their type (`batches.definitions.value_checks`);
(3) derived quantities name a formula of the table, bind exactly its inputs, in its units, to what is
    known by then (`batches.definitions.bindings`);
(4) scanned containers exist by then; created ones are counted, each kind once in a step; slots, amounts and labels
    name what there is (`batches.definitions.container_checks`);
(5) an act that cannot be undone is checked on a container, witnessed, and confirms earlier values;
(6) hold times and yields name values that are known in their order (`batches.definitions.value_checks`);
(7) nothing rests on a step that may be left out.
"""

from collections.abc import Iterator, Mapping

from batches.definitions.applying import applied, number_of_variants, variants, whens
from batches.definitions.attributes import POSSIBLE
from batches.definitions.bindings import faults_of_bindings, faults_of_reconciliation
from batches.definitions.container_checks import faults_of_containers
from batches.definitions.master import ContainerKind, MasterDefinition, NeedKind, Protects, Step, StepKind
from batches.definitions.parts import repeated
from batches.definitions.value_checks import faults_of_hold_times, faults_of_values, faults_of_yields

MOST_VARIANTS = 256


def faults_of_master(master: MasterDefinition) -> list[str]:
    """Every fault of the definition, one sentence each; empty where it can be used for every product and start."""
    faults = [*_faults_of_whens(master), *_faults_of_order(master)]
    if any(name not in POSSIBLE for _where, when in whens(master) for name in when):
        return faults
    if number_of_variants(master) > MOST_VARIANTS:
        return [*faults, f"The conditions tell apart more than {MOST_VARIANTS} records. Write several master records."]
    return [*faults, *_faults_of_variants(master)]


def faults_of_applied(master: MasterDefinition) -> list[str]:
    """Every fault of the record as it applies to one combination of attributes."""
    return [
        *_faults_of_codes(master),
        *faults_of_values(master),
        *faults_of_bindings(master),
        *faults_of_containers(master),
        *_faults_of_acts(master),
        *_faults_of_optional(master),
        *faults_of_reconciliation(master),
        *faults_of_hold_times(master),
        *faults_of_yields(master),
    ]


def _faults_of_whens(master: MasterDefinition) -> Iterator[str]:
    for where, when in whens(master):
        for name, values in when.items():
            for value in values:
                if value not in POSSIBLE.get(name, ()) or not value:
                    yield f"{where}: {name} is never {value}."


def _faults_of_variants(master: MasterDefinition) -> list[str]:
    found: dict[str, list[Mapping[str, str]]] = {}
    checked = 0
    for attributes in variants(master):
        checked += 1
        for fault in dict.fromkeys(faults_of_applied(applied(master, attributes))):
            found.setdefault(fault, []).append(attributes)
    return [fault if len(where) == checked else f"{fault} ({_shared(where)})" for fault, where in found.items()]


def _shared(where: list[Mapping[str, str]]) -> str:
    """Say which attributes all of these have in common; of the first alone where they share none."""
    same = {
        name: value for name, value in where[0].items() if all(other.get(name) == value for other in where)
    } or where[0]
    return ", ".join(
        f"where {name.replace('_', ' ')} is {value.replace('_', ' ') or 'not stated'}" for name, value in same.items()
    )


def _faults_of_codes(master: MasterDefinition) -> Iterator[str]:
    yield from repeated((stage.code for stage in master.stages), "Stage")
    yield from repeated((step.code for step in master.steps), "Step")
    values = [field.code for _step, field in master.fields()] + [one.code for _step, one in master.derived()]
    yield from repeated(values, "The field or derived quantity")
    for step in master.steps:
        yield from repeated((need.code for need in step.needs), f"Step {step.code}: the slot")
        yield from repeated((made.kind for made in step.creates), f"Step {step.code} creates: the kind")
        yield from repeated((each.code for each in step.evidence), f"Step {step.code}: the evidence")
    yield from repeated((each.code for each in master.hold_times), "Hold time")
    yield from repeated((each.code for each in master.yields), "Yield")


def _faults_of_order(master: MasterDefinition) -> Iterator[str]:
    for position, stage in enumerate(master.stages, start=1):
        if stage.laboratory == bool(stage.steps):
            yield f"Stage {stage.code}: a stage has steps exactly where it is not the laboratory's."
        last = 0
        for step in stage.steps:
            of_stage, in_stage = (int(part) for part in step.code.split("."))
            if of_stage != position:
                yield f"Step {step.code} stands in stage {position} ({stage.code}) and must begin with {position}."
            # The same number twice is a matter of conditions: `_faults_of_codes` sees it where both hold.
            if in_stage < last:
                yield f"Step {step.code} stands after {of_stage}.{last}; steps are numbered upwards."
            last = in_stage


# Acts


def _faults_of_acts(master: MasterDefinition) -> Iterator[str]:
    known: set[str] = set()
    for step in master.steps:
        yield from _faults_of_order_rules(step)
        yield from _faults_of_act(step, known)
        known |= {each.code for each in step.fields} | {each.code for each in step.derived}


def _faults_of_order_rules(step: Step) -> Iterator[str]:
    if step.forced and step.protects is Protects.RECORD:
        yield f"Step {step.code}: a forced step protects identity or sterility, not the record alone."
    if step.forced and step.optional:
        yield f"Step {step.code}: a forced step cannot be left out, so it is not optional."


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


def _faults_of_optional(master: MasterDefinition) -> Iterator[str]:
    """Nothing rests on a step that may be left out, since it would then never be known."""
    left_out = {
        code: step.code
        for step in master.steps
        if step.optional
        for code in (*(each.code for each in step.fields), *(each.code for each in step.derived))
    }
    for where, step, source in _references(master):
        if source in left_out and left_out[source] != step:
            yield f"{where} rests on {source}, but step {left_out[source]} may be left out."


def _references(master: MasterDefinition) -> Iterator[tuple[str, str, str]]:
    """Give what refers to a value, the step in which it does, and the code of the value."""
    for step in master.steps:
        for derived in step.derived:
            yield from ((f"Step {step.code}, {derived.code}", step.code, one) for one in derived.inputs.values())
        yield from ((f"Step {step.code}", step.code, code) for code in step.confirms)
        for need in step.needs:
            if need.amount is not None and need.amount.planned is not None:
                yield f"Step {step.code}, {need.code}", step.code, need.amount.planned
    for each in master.yields:
        yield f"Yield {each.code}", each.step, each.actual
        yield f"Yield {each.code}", each.step, each.theoretical
    account = master.reconciliation
    if account is not None:
        for source in (account.made, *(share.source for share in account.shares)):
            yield "The reconciliation", "", source
