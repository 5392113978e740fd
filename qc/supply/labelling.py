"""The legend on the bags that are supplied out of specification: printed on each label of a named bag from then on.

The label that was printed at the fill does not carry it: a bag is labelled again, itself or its outer package, by
printing, reading both codes and counting as ever (batches/labelling.py). A supply that is taken back prints none.
"""

from collections.abc import Mapping
from uuid import UUID

from batches.label_content import OUT_OF_SPECIFICATION
from batches.label_prints import labels_on, prints_of
from batches.labelling import legends_when
from batches.models import Batch
from chain_of_custody.models import Container
from qc.models import ExceptionalSupply
from qc.supply.leaving import supply_for
from qc.supply.standing import is_here, named_containers


@legends_when
def they_are_supplied(batch: Batch) -> Mapping[UUID, str]:
    """Give the legend of each container of a batch that is named in a supply in force."""
    supply = supply_for(batch)
    return {UUID(key): OUT_OF_SPECIFICATION for key in supply.naming.containers} if supply is not None else {}


def without_legend(supply: ExceptionalSupply) -> list[Container]:
    """Give the named containers that are here and carry no label with the legend."""
    on = labels_on(prints_of(supply.batch))
    return [
        one
        for one in named_containers(supply.naming)
        if is_here(one) and (one.pk not in on or OUT_OF_SPECIFICATION not in on[one.pk].statements)
    ]
