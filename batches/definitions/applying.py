"""A master batch record as it applies to one product and one batch: what holds only elsewhere is left out, and told.

(1) A part with `when` holds where every attribute it names has one of the values it lists; an attribute that nobody
    states matches nothing.
(2) What is left out of a batch is never silently absent: `left_out` names it with the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from batches.definitions.master import Derived, Field, LeftOut, Made, MasterDefinition, Need, Step, When

# The attribute of a batch, beside those of its product.
START = "start"


def holds(when: When, attributes: Mapping[str, str]) -> bool:
    """Tell whether a part of the record holds for these attributes."""
    return all(attributes.get(name, "") in values for name, values in when.items())


def why_not(when: When, attributes: Mapping[str, str]) -> str:
    """Say what keeps a part from holding: the attributes that have another value."""
    return ", ".join(
        f"{name.replace('_', ' ')}: {attributes.get(name, '–').replace('_', ' ')}"
        for name, values in when.items()
        if attributes.get(name, "") not in values
    )


def applied(master: MasterDefinition, attributes: Mapping[str, str]) -> MasterDefinition:
    """Give the record with exactly the parts that hold for these attributes, and what was left out of it."""
    left_out = tuple(_left_out(master, attributes))
    stages = tuple(
        replace(stage, steps=tuple(_step(step, attributes) for step in stage.steps if holds(step.when, attributes)))
        for stage in master.stages
        if holds(stage.when, attributes)
    )
    return replace(
        master,
        stages=tuple(stage for stage in stages if stage.laboratory or stage.steps),
        hold_times=tuple(each for each in master.hold_times if holds(each.when, attributes)),
        yields=tuple(each for each in master.yields if holds(each.when, attributes)),
        left_out=left_out,
    )


def _step(step: Step, attributes: Mapping[str, str]) -> Step:
    return replace(
        step,
        needs=tuple(each for each in step.needs if holds(each.when, attributes)),
        creates=tuple(each for each in step.creates if holds(each.when, attributes)),
        fields=tuple(each for each in step.fields if holds(each.when, attributes)),
        derived=tuple(each for each in step.derived if holds(each.when, attributes)),
    )


def _left_out(master: MasterDefinition, attributes: Mapping[str, str]) -> Iterator[LeftOut]:
    for stage in master.stages:
        for step in stage.steps:
            outer = next((each.when for each in (stage, step) if not holds(each.when, attributes)), None)
            if outer is not None:
                yield LeftOut(step.code, step.title, why_not(outer, attributes), is_step=True)
                continue
            for part in _parts(step):
                if not holds(part.when, attributes):
                    yield LeftOut(step.code, part.title, why_not(part.when, attributes), is_step=False)


def _parts(step: Step) -> Iterator[Need | Made | Field | Derived]:
    yield from step.needs
    yield from step.creates
    yield from step.fields
    yield from step.derived


def variants(master: MasterDefinition) -> Iterator[Mapping[str, str]]:
    """Give every combination of attribute values that the record tells apart, so that each can be checked."""
    told: dict[str, set[str]] = {}
    for when in _whens(master):
        for name, values in when.items():
            told.setdefault(name, set()).update(values)
    combinations: list[dict[str, str]] = [{}]
    for name in sorted(told):
        # A value that no part names stands for every other one.
        combinations = [{**one, name: value} for one in combinations for value in [*sorted(told[name]), ""]]
    yield from combinations


def _whens(master: MasterDefinition) -> Iterator[When]:
    for stage in master.stages:
        yield stage.when
        for step in stage.steps:
            yield step.when
            yield from (part.when for part in _parts(step))
    yield from (each.when for each in (*master.hold_times, *master.yields))
