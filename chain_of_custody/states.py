"""Where each container is and who holds it: the cached state, and the same again from the rows alone.

(1) An act that moves containers locks their states first, in the order of their ids, and changes them in its own
    transaction.
(2) `standings_of()` walks everything that happened in a chain of identity in the order of the ledger and never
    looks at the cache; verification compares the two.
(3) A container made from others begins in the place of the first of them, where this site holds that one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from accounts.models import Person
from chain_of_custody.models import (
    ChainOfIdentity,
    Container,
    ContainerState,
    HandOverAccepted,
    HandOverOffered,
    Party,
    Placement,
)
from ledger.models import Entry

Happening = Container | Placement | HandOverOffered | HandOverAccepted
NOT_WRITTEN_YET = 2**62


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rows about one container add up to."""

    holder_party_id: UUID
    holder_person_id: UUID | None
    place_id: UUID | None
    position: str
    since: datetime
    latest_at: datetime
    offered_to_id: UUID | None = None


def ids(containers: Iterable[Container]) -> list[str]:
    """Give the ids of containers as rows name them: sorted text."""
    return sorted(str(container.pk) for container in containers)


def lock(containers: Iterable[UUID | str]) -> list[ContainerState]:
    """Lock the states of containers, always in the same order, and give them."""
    locked = ContainerState.objects.select_for_update().filter(container__in=list(containers))
    return list(locked.order_by("container_id"))


def begin(container: Container, *, party: Party, person: Person | None) -> ContainerState:
    """Give a new container its first state: with whom it was made, in the place of what it was made from."""
    source = ContainerState.objects.filter(container=container.made_from[0]).first() if container.made_from else None
    here = source is not None and source.holder_party_id == party.pk
    return ContainerState.objects.create(
        container=container,
        holder_party=party,
        holder_person=person,
        place_id=source.place_id if source and here else None,
        position=source.position if source and here else "",
        since=container.made_at,
        latest_at=container.made_at,
    )


def after_offer(offer: HandOverOffered) -> None:
    """Note in the states that containers are offered; custody stays."""
    ContainerState.objects.filter(container__in=offer.containers).update(
        offered_to=offer.taker_party, latest_at=offer.happened_at
    )


def after_acceptance(accepted: HandOverAccepted) -> None:
    """Note in the states who holds the containers now, and where."""
    ContainerState.objects.filter(container__in=accepted.offered.containers).update(
        holder_party=accepted.offered.taker_party,
        holder_person=accepted.person,
        place=accepted.place,
        position=accepted.position,
        since=accepted.happened_at,
        latest_at=accepted.happened_at,
        offered_to=None,
    )


def after_placement(placement: Placement) -> None:
    """Note in the states where the containers were put."""
    ContainerState.objects.filter(container__in=placement.containers).update(
        place=placement.place, position=placement.position, latest_at=placement.happened_at
    )


def happenings(coi: ChainOfIdentity) -> list[Happening]:
    """Give everything that made, placed or moved containers of a chain of identity, in the order of the ledger."""
    rows: Sequence[Happening] = [
        *Container.objects.filter(coi=coi).select_related("collection__party", "assignment"),
        *Placement.objects.filter(coi=coi).select_related("place__party", "excursion"),
        *HandOverOffered.objects.filter(coi=coi).select_related(
            "person", "giver_party", "taker_party", "shipper", "evidence", "check_of_attestation", "signer"
        ),
        *HandOverAccepted.objects.filter(offered__coi=coi).select_related(
            "offered__giver_party", "offered__taker_party", "offered__shipper", "person", "place__party", "evidence",
            "check_of_attestation", "excursion", "signer",
        ),
    ]  # fmt: skip
    entries = Entry.objects.filter(stream=coi.stream_name()).values_list("rec_id", "sseq")
    positions = dict(entries)
    return sorted(rows, key=lambda row: (positions.get(row.pk, NOT_WRITTEN_YET), row.recorded_at))


def standings_of(coi: ChainOfIdentity) -> dict[UUID, Standing]:
    """Compute who holds each container of a chain of identity, and where, from the rows alone."""
    standings: dict[UUID, Standing] = {}
    for row in happenings(coi):
        if isinstance(row, Container):
            standings[row.pk] = _at_the_start(row, standings)
        else:
            for key in _moved(row):
                if key in standings:
                    standings[key] = _moved_on(standings[key], row)
    return standings


def _moved(row: Placement | HandOverOffered | HandOverAccepted) -> list[UUID]:
    containers = row.offered.containers if isinstance(row, HandOverAccepted) else row.containers
    return [UUID(key) for key in containers]


def _at_the_start(row: Container, standings: dict[UUID, Standing]) -> Standing:
    if row.collection is not None:
        return Standing(row.collection.party_id, None, None, "", row.made_at, row.made_at)
    here = Party.objects.values_list("pk", flat=True).get(kind=Party.Kind.OWN_SITE)
    source = standings.get(UUID(row.made_from[0])) if row.made_from else None
    inherits = source is not None and source.holder_party_id == here
    return Standing(
        holder_party_id=here,
        holder_person_id=UUID(row.actor.removeprefix("person/")),
        place_id=source.place_id if source and inherits else None,
        position=source.position if source and inherits else "",
        since=row.made_at,
        latest_at=row.made_at,
    )


def _moved_on(before: Standing, row: Placement | HandOverOffered | HandOverAccepted) -> Standing:
    if isinstance(row, Placement):
        return replace(before, place_id=row.place_id, position=row.position, latest_at=row.happened_at)
    if isinstance(row, HandOverOffered):
        return replace(before, offered_to_id=row.taker_party_id, latest_at=row.happened_at)
    return Standing(
        holder_party_id=row.offered.taker_party_id,
        holder_person_id=row.person_id,
        place_id=row.place_id,
        position=row.position,
        since=row.happened_at,
        latest_at=row.happened_at,
    )
