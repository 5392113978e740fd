"""The definitions that a batch is pinned to, read; and those in force on a day."""

from datetime import date

from batches.definitions.applying import START, applied
from batches.definitions.kinds import ReadDefinition, as_master, as_product, read_text
from batches.definitions.master import MasterDefinition
from batches.definitions.product import ProductDefinition
from batches.models import Batch, Definition


def reading_of(definition: Definition) -> ReadDefinition:
    """Give what the text of a definition says."""
    return read_text(definition.kind, definition.source)


def product_of(batch: Batch) -> ProductDefinition:
    """Give the product as the batch is pinned to it."""
    return as_product(reading_of(batch.product))


def master_of(batch: Batch) -> MasterDefinition:
    """Give the master batch record as it applies to the batch: pinned, with the parts that hold for its product."""
    attributes = {**product_of(batch).attributes, START: batch.starting_material}
    return applied(as_master(reading_of(batch.master)), attributes)


def in_force(kind: str, *, on: date, code: str = "", product: str = "") -> Definition | None:
    """Give the newest approved version of a definition on a day, by its own code or by its product's."""
    found = Definition.objects.filter(kind=kind, approval__effective_from__lte=on)
    if code:
        found = found.filter(code=code)
    if product:
        found = found.filter(product=product)
    return found.order_by("-approval__effective_from", "-version").first()
