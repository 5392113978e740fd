"""Whether a specification belongs to the product and the master record it is approved beside."""

from collections.abc import Iterator

from batches.definitions.master import MasterDefinition
from batches.definitions.product import ProductDefinition
from qc.definitions.specification import SpecificationDefinition


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
    for point in sorted(sampled):
        if specification.sample_point(point) is None:
            yield f"{master.code} takes samples at {point}, which {specification.code} does not know."
