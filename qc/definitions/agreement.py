"""Whether a specification belongs to the product and the master record it is approved beside."""

from collections.abc import Iterator

from batches.definitions.dose import PER_ML, DoseRule
from batches.definitions.master import MasterDefinition
from batches.definitions.product import ProductDefinition
from qc.definitions.specification import Release, ResultType, SpecificationDefinition


def faults_between_specification_and_product(
    specification: SpecificationDefinition, product: ProductDefinition
) -> Iterator[str]:
    """Why batches of this product cannot be judged by this specification; nothing where they can."""
    if specification.product != product.code:
        yield f"{specification.code} is for {specification.product}, not {product.code}."
    for name, value in specification.attributes.items():
        stated = product.attributes.get(name, "not stated")
        if stated != value:
            yield f"{name} is {value} in {specification.code}, but {stated} in {product.code}."
    for line in specification.lines:
        if "dose" in line.covers and line.basis and line.basis != product.dose.basis:
            yield (
                f"Line {line.code} counts cells {line.basis}, "
                f"but the dose of {product.code} counts them {product.dose.basis}."
            )
    yield from _faults_of_the_count(specification, product.dose)


def _faults_of_the_count(specification: SpecificationDefinition, dose: DoseRule) -> Iterator[str]:
    """Why the line that the dose names does not count its cells."""
    if not dose.counted_by:
        return
    line = specification.line(dose.counted_by)
    if line is None:
        yield f"The dose is counted by the line {dose.counted_by}, which {specification.code} does not have."
        return
    unit = "cells/mL" if dose.counted_as == PER_ML else "cells"
    if line.entry.result_type not in (ResultType.COUNT, ResultType.NUMBER) or line.entry.unit != unit:
        yield f"Line {line.code} must give {unit}, as the dose counts {dose.counted_as.replace('_', ' ')}."
    # A line that answers for the dose and states another basis was found above.
    if line.basis != dose.basis and not ("dose" in line.covers and line.basis):
        yield f"Line {line.code} must state the basis {dose.basis}, in which the dose counts its cells."
    if line.release is Release.INFORMATION:
        yield f"Line {line.code} feeds the dose, so it cannot be for information."


def faults_between_specification_and_master(
    specification: SpecificationDefinition, master: MasterDefinition
) -> Iterator[str]:
    """Why the samples of this master record do not serve this specification; nothing where they do."""
    if specification.product != master.product:
        yield f"{specification.code} is for {specification.product}, but {master.code} makes {master.product}."
    made = [made for step in master.steps for made in step.creates]
    sampled = {each.sample_point for each in made if each.sample_point is not None}
    for line in specification.lines:
        if line.sample_point not in sampled:
            yield f"Line {line.code}: no step of {master.code} takes a sample at {line.sample_point}."
    yield from _faults_of_needs(specification, master)
    for point in sorted(sampled):
        if specification.sample_point(point) is None:
            yield f"{master.code} takes samples at {point}, which {specification.code} does not know."


def _faults_of_needs(specification: SpecificationDefinition, master: MasterDefinition) -> Iterator[str]:
    """Why the containers made at a sampling point are not those its tests use up; a number that is counted may be."""
    made = [each for step in master.steps for each in step.creates if each.sample_point is not None]
    for point in specification.sample_points:
        needs = [
            (line, line.needs)
            for line in specification.lines
            if line.sample_point == point.code and line.needs and not line.why_not_applicable
        ]
        here = [each for each in made if each.sample_point == point.code]
        for line, need in needs:
            if need.container and need.container not in {each.kind.value for each in here}:
                yield f"Line {line.code}: it is tested from a {need.container}, which no step makes at {point.code}."
        asked = sum(need.containers for _line, need in needs)
        if all(each.number is not None for each in here) and asked > sum(each.number or 0 for each in here):
            yield f"The tests at {point.code} use up {asked} containers, more than {master.code} makes there."
