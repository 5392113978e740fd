"""The pinned specification of a batch, read and ready to judge by."""

from functools import lru_cache

from ledger.safe_yaml import read_yaml
from batches.models import Batch
from qc.criteria import Criterion, criterion_from_definition
from qc.definitions.reading import read_specification
from qc.definitions.specification import Line, SpecificationDefinition
from qc.rounding import Rounding


def specification_of(batch: Batch) -> SpecificationDefinition:
    """Give the specification that a batch is pinned to, whatever newer versions say."""
    return _read(batch.specification.source)


@lru_cache(maxsize=64)
def _read(source: str) -> SpecificationDefinition:
    return read_specification(read_yaml(source))


def rounding_of(specification: SpecificationDefinition) -> Rounding:
    """Give the rounding rule under which the specification judges."""
    return Rounding[specification.rounding]


def criterion_of(specification: SpecificationDefinition, line: Line) -> Criterion:
    """Give the criterion of a line."""
    return criterion_from_definition(line.criterion, rounding_of(specification))
