"""The pinned specification of a batch, read and ready to judge by."""

from collections.abc import Iterator, Mapping

from batches.definitions.kinds import ReadDefinition, as_master, as_product
from batches.models import Batch
from batches.pinned import reading_of
from qc.definitions.agreement import (
    faults_between_specification_and_master,
    faults_between_specification_and_product,
)
from qc.definitions.method_checks import unfilled_in_method
from qc.definitions.specification import Line, SpecificationDefinition
from qc.definitions.unfilled import unfilled_limits, unfilled_two_step
from qc.definitions.warning import warnings_of_specification
from qc.methods.in_force import as_method, warnings_of_methods
from qc.values.criteria import Criterion, criterion_from_definition
from qc.values.rounding import Rounding


def specification_of(batch: Batch) -> SpecificationDefinition:
    """Give the specification that a batch is pinned to, whatever newer versions say."""
    return as_specification(reading_of(batch.specification))


def as_specification(definition: ReadDefinition) -> SpecificationDefinition:
    """Give a definition that is known to be a specification as one."""
    if not isinstance(definition, SpecificationDefinition):
        raise TypeError(f"{definition.code} is no specification")
    return definition


def rounding_of(specification: SpecificationDefinition) -> Rounding:
    """Give the rounding rule under which the specification judges."""
    return Rounding[specification.rounding]


def criterion_of(specification: SpecificationDefinition, line: Line) -> Criterion:
    """Give the criterion of a line."""
    return criterion_from_definition(line.criterion, rounding_of(specification))


def product_of(definition: ReadDefinition) -> str:
    """Give the code of the product that a specification is about."""
    return as_specification(definition).product


def disagreements_of(definition: ReadDefinition, others: Mapping[str, ReadDefinition]) -> Iterator[str]:
    """Give the sentences that say where a specification disagrees with its product or its master batch record."""
    specification = as_specification(definition)
    if "product" in others:
        yield from faults_between_specification_and_product(specification, as_product(others["product"]))
    if "master" in others:
        yield from faults_between_specification_and_master(specification, as_master(others["master"]))


def unfilled_of(definition: ReadDefinition) -> list[str]:
    """Give what the site has still to set in a specification: limits, and what allows a result to follow."""
    specification = as_specification(definition)
    return [*unfilled_limits(specification), *unfilled_two_step(specification)]


def warnings_of(definition: ReadDefinition, before: ReadDefinition | None) -> list[str]:
    """Give what may be wrong with a specification, also against the version before."""
    return warnings_of_specification(as_specification(definition), None if before is None else as_specification(before))


def methods_not_here(definition: ReadDefinition) -> list[str]:
    """Say of each method that a specification names where it is not approved here, or gives something else."""
    return warnings_of_methods(as_specification(definition))


def unfilled_of_method(definition: ReadDefinition) -> list[str]:
    """Give what the site has still to set in a method."""
    return unfilled_in_method(as_method(definition))
