"""A master batch record as it applies to one product and one batch: what holds only elsewhere is left out, and told.

(1) A part with `when` holds where every attribute it names has one of the values it lists; an attribute that nobody
    states matches nothing.
(2) What is left out of a batch is never silently absent: `left_out` names it with the reason.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import prod

from batches.definitions.attributes import POSSIBLE, START, agree
from batches.definitions.master import Derived, Field, LeftOut, Made, MasterDefinition, Need, Step, When

__all__ = ["START", "applied", "holds", "number_of_variants", "variants", "whens", "why_not"]


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
    """Give every combination of attribute values that the record tells apart, so that each can be checked.

    Values that no part names are alike to the record: one of them stands for all. Combinations that no product can
    have are left out.
    """
    groups = _told_apart(master)
    names = list(groups)
    for chosen in product(*groups.values()):
        one = _of_groups(dict(zip(names, chosen, strict=True)))
        if one is not None:
            yield one


def number_of_variants(master: MasterDefinition) -> int:
    """Give how many combinations there are at most, without making them."""
    return prod(len(groups) for groups in _told_apart(master).values())


def _told_apart(master: MasterDefinition) -> dict[str, list[tuple[str, ...]]]:
    """Give the possible values of each attribute in groups that the record treats alike."""
    named: dict[str, set[str]] = {}
    for _where, when in whens(master):
        for name, values in when.items():
            named.setdefault(name, set()).update(values)
    groups: dict[str, list[tuple[str, ...]]] = {}
    for name in sorted(named):
        alone: list[tuple[str, ...]] = [(value,) for value in POSSIBLE[name] if value in named[name]]
        others = tuple(value for value in POSSIBLE[name] if value not in named[name])
        groups[name] = [*alone, others] if others else alone
    return groups


def _of_groups(groups: Mapping[str, tuple[str, ...]]) -> dict[str, str] | None:
    """Give one value of each group such that a product can have them all; None where there is none."""
    one = {name: values[0] for name, values in groups.items()}
    modified, transfer = groups.get("genetically_modified"), groups.get("gene_transfer")
    if modified is None or transfer is None:
        return one
    both = next(((a, b) for a, b in product(modified, transfer) if agree(a, b)), None)
    return one | {"genetically_modified": both[0], "gene_transfer": both[1]} if both else None


def whens(master: MasterDefinition) -> Iterator[tuple[str, When]]:
    """Give every condition of the record with the place at which it stands."""
    for stage in master.stages:
        yield f"Stage {stage.code}", stage.when
        for step in stage.steps:
            yield f"Step {step.code}", step.when
            for part in _parts(step):
                yield f"Step {step.code}, {part.title}", part.when
    yield from ((f"Hold time {each.code}", each.when) for each in master.hold_times)
    yield from ((f"Yield {each.code}", each.when) for each in master.yields)
