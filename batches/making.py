"""The containers that a step makes, in the transaction that signs it."""

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, when
from batches.definitions.container_checks import POOLED
from batches.definitions.master import ContainerKind, Made
from batches.pinned import product_of
from batches.record import BatchRecord, StepRecord
from batches.spans import life_after
from chain_of_custody.containers import make_container, of_batch
from chain_of_custody.fates import fates_of
from chain_of_custody.models import Container

# What takes the whole content of its sources; a sample takes a little of it.
MADE_NEXT = frozenset({Container.Kind.CULTURE_BAG, Container.Kind.FORMULATION, Container.Kind.FINAL_BAG})


def number_of(made: Made, step: StepRecord) -> int:
    """Give how many containers a step makes of one sort: fixed, or as counted in a field."""
    if made.number is not None:
        return made.number
    counted = step.field(made.number_field or "")
    return int(counted.number) if counted and counted.number is not None else 0


def make_containers(record: BatchRecord, step: StepRecord, *, by: Person, made_at: datetime) -> list[Container]:
    """Make and assign what the step makes; one that is performed again makes only what is not there yet."""
    made: list[Container] = []
    existing = of_batch(record.batch.number) if step.definition.creates else []
    before = set(step.performed.containers) if step.performed else set()
    for each in step.definition.creates:
        there = [one for one in existing if str(one.pk) in before and one.kind == each.kind]
        made += there
        made += [
            make_container(
                kind=Container.Kind(each.kind),
                coi=record.batch.order.coi,
                batch_number=record.batch.number,
                by=by,
                made_at=made_at,
                made_from=_sources(step, existing),
                volume_ml=_volume(each, step),
                viable_cells=_cells(each, step),
                sample_point=each.sample_point or "",
                expires_at=_expiry(record, each, made_at),
            )
            for _number in range(number_of(each, step) - len(there))
        ]
    return made


def made_too_many(step: StepRecord) -> int:
    """Give how many containers exist beyond what the step, as corrected, says it made."""
    if step.performed is None:
        return 0
    wanted = sum(number_of(each, step) for each in step.definition.creates)
    return max(0, len(step.performed.containers) - wanted)


def objections_to_pooling(record: BatchRecord, step: StepRecord) -> list[Objection]:
    """Object to a step that would bring several containers together without its master record allowing it."""
    if step.definition.pools or not any(
        each.kind in POOLED and number_of(each, step) for each in step.definition.creates
    ):
        return []
    sources = {one.pk: one.code for one in _sources(step, of_batch(record.batch.number))}
    return when(
        len(sources) > 1,
        _("Step %(step)s would pool %(codes)s, and the master record allows no pooling here. Report a departure.")
        % {"step": step.definition.code, "codes": ", ".join(sorted(sources.values()))},
        code="pooled",
    )


def asked_for(record: BatchRecord, step: StepRecord, kind: str) -> list[Container]:
    """Give the containers that a slot for every one of a kind asks for.

    They are those that the last step before made of that kind, or that were received, as far as they have not ended and
    their content has not gone into the next ones.
    """
    there = of_batch(record.batch.number)
    ended = fates_of(there)
    gone = {source for one in there if one.kind in MADE_NEXT for source in one.made_from}
    earlier = record.before(step.definition.code)
    makers = [each.performed for each in earlier if kind in {made.kind for made in each.definition.creates}]
    made = next((set(each.containers) for each in reversed(makers) if each is not None), None)
    return [
        one
        for one in there
        if one.kind == kind
        and one.pk not in ended
        and str(one.pk) not in gone
        and (made is None or str(one.pk) in made)
    ]


def _sources(step: StepRecord, existing: list[Container]) -> list[Container]:
    """Give the containers whose content a new one takes: those scanned here, else the newest ones in culture."""
    scanned = [scan.identity_check.container for scan in step.scans_in_force if scan.identity_check]
    if found := [one for one in scanned if one is not None]:
        return found
    for kind in (Container.Kind.CULTURE_BAG, Container.Kind.TUMOUR_VESSEL, Container.Kind.APHERESIS_BAG):
        of_kind = [one for one in existing if one.kind == kind]
        if of_kind:
            newest = max(one.made_at for one in of_kind)
            return [one for one in of_kind if one.made_at == newest]
    return []


def _volume(made: Made, step: StepRecord) -> Decimal | None:
    found = step.field(made.volume_field or "")
    return found.current.number if found and found.current else None


def _cells(made: Made, step: StepRecord) -> Decimal | None:
    return next((each.result for each in step.derived if each.definition.code == made.cells_from), None)


def _expiry(record: BatchRecord, made: Made, made_at: datetime) -> datetime | None:
    if made.kind is not ContainerKind.FINAL_BAG:
        return None
    life = product_of(record.batch).shelf_life
    return life_after(made_at, life.amount, life.unit)
