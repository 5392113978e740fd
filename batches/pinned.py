"""The definitions that a batch is pinned to, read; and those in force on a day.

The master record of a batch is its pinned text, with the parts that hold for its product and start, and with the
redlines that quality approved for it. What was worked out is kept by everything that it rests on.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from uuid import UUID

from accounts.wording import today
from batches.definitions.amending import amended
from batches.definitions.applying import START, applied
from batches.definitions.kinds import ReadDefinition, as_master, as_product, read_text
from batches.definitions.master import MasterDefinition, Training
from batches.definitions.product import ProductDefinition
from batches.models import Batch, Definition, Redline
from ledger.safe_yaml import read


def reading_of(definition: Definition) -> ReadDefinition:
    """Give what the text of a definition says."""
    return read_text(definition.kind, definition.source)


def product_of(batch: Batch) -> ProductDefinition:
    """Give the product as the batch is pinned to it."""
    return as_product(reading_of(batch.product))


def master_of(batch: Batch) -> MasterDefinition:
    """Give the master batch record as it applies to the batch; costs one small query, for its redlines."""
    approved = Redline.objects.filter(batch=batch, approval__isnull=False).order_by("approval__signed_at", "pk")
    return _applied(batch.master.source, _attributes(batch), tuple(approved.values_list("pk", flat=True)))


def master_with(batch: Batch, redlines: list[list[Mapping[str, object]]]) -> MasterDefinition:
    """Give the record of a batch as it would be with these redlines alone; raise FaultyDefinitionError."""
    return amended(_data_of(batch.master.source), redlines, dict(_attributes(batch)))


def _attributes(batch: Batch) -> tuple[tuple[str, str], ...]:
    return tuple(sorted({**product_of(batch).attributes, START: batch.starting_material}.items()))


@lru_cache(maxsize=128)
def _applied(source: str, attributes: tuple[tuple[str, str], ...], redlines: tuple[UUID, ...]) -> MasterDefinition:
    if not redlines:
        return applied(as_master(read_text("master", source)), dict(attributes))
    told = dict(Redline.objects.filter(pk__in=redlines).values_list("pk", "changes"))
    return amended(_data_of(source), [told[key] for key in redlines], dict(attributes))


def _data_of(source: str) -> Mapping[str, object]:
    """Give the text of a master record that was read before as plain data."""
    data = read(source)
    if not isinstance(data, Mapping):
        raise TypeError("The text is no map.")
    return data


def in_force(kind: str, *, on: date, code: str = "", product: str = "") -> Definition | None:
    """Give the newest approved version of a definition on a day, by its own code or by its product's."""
    found = Definition.objects.filter(kind=kind, approval__effective_from__lte=on)
    if code:
        found = found.filter(code=code)
    if product:
        found = found.filter(product=product)
    return found.order_by("-approval__effective_from", "-version").first()


def procedures_in_force() -> set[tuple[str, str]]:
    """Give the procedures, each with its version, on which people must be trained to work today."""
    found: set[tuple[str, str]] = set()
    codes = Definition.objects.filter(kind=Definition.Kind.MASTER).values_list("code", flat=True).distinct()
    for code in sorted(set(codes)):
        row = in_force(Definition.Kind.MASTER, on=today(), code=code)
        for needed in () if row is None else _trainings(as_master(reading_of(row))):
            found.add((needed.procedure, str(needed.version)))
    return found


def _trainings(master: MasterDefinition) -> set[Training]:
    return {master.training, *(step.training for step in master.steps)}
