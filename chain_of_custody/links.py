"""The shapes of a custody record: links, their sides, the times between them, who holds what now."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid5

from accounts.models import Person
from chain_of_custody.lapsing import is_open
from chain_of_custody.models import (
    AttestationCheck,
    ChainOfIdentity,
    Collection,
    Container,
    Excursion,
    HandOverAccepted,
    HandOverHalf,
    HandOverOffered,
    IdentityCheck,
    Party,
    Place,
)
from ledger.canonical import canonical
from ledger.models import plain


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a hand-over: who, for whom, and whether it was signed or attested."""

    half: HandOverHalf
    party: Party
    check: AttestationCheck | None

    @property
    def is_attested(self) -> bool:
        return self.half.is_attested

    @property
    def name(self) -> str:
        return self.half.attested_name or self.half.signer_name

    @property
    def waits_for_check(self) -> bool:
        return self.is_attested and self.check is None


@dataclass(slots=True)
class Kept:
    """A time in which containers were kept in one place; `place` is None where none is stated."""

    containers: list[Container]
    place: Place | None
    position: str
    since: datetime
    until: datetime | None = None
    offer: HandOverOffered | None = None

    @property
    def id(self) -> UUID | None:
        """Name a time that has ended, the same whenever it is read; None while it goes on or no place is stated."""
        if self.place is None or self.until is None:
            return None
        told = [self.offer.pk if self.offer else None, self.place.pk, self.position, self.since, self.until]
        return uuid5(self.containers[0].coi_id, canonical([plain(one) for one in told]).decode())


@dataclass(slots=True)
class Link:
    """A hand-over: what went from whom to whom, and where it was kept until the next one."""

    offer: HandOverOffered
    containers: list[Container]
    giver: Side
    taker: Side | None
    number: int
    accepted: HandOverAccepted | None = None
    kept: list[Kept] = field(default_factory=list)

    @property
    def status(self) -> str:
        """Give signed, attested, offered (waits for its taker) or lapsed."""
        if self.taker is not None:
            return "attested" if self.giver.is_attested or self.taker.is_attested else "signed"
        return "offered" if is_open(self.offer) else "lapsed"

    @property
    def happened_at(self) -> datetime:
        return self.accepted.happened_at if self.accepted else self.offer.happened_at


@dataclass(frozen=True, slots=True)
class HeldNow:
    """Who holds which containers now, and where."""

    containers: list[Container]
    party: Party
    person: Person | None
    place: Place | None
    position: str
    since: datetime
    offered_to: Party | None


@dataclass(slots=True)
class CustodyRecord:
    """What is known of the custody of a chain of identity, or of one of its batches."""

    coi: ChainOfIdentity
    containers: list[Container]
    collections: list[Collection]
    before: list[Kept]
    links: list[Link]
    held: list[HeldNow]
    checks: list[IdentityCheck]
    excursions: list[Excursion]
    contradictions: list[str]
    gaps: list[str]

    @property
    def accepted(self) -> list[Link]:
        return [link for link in self.links if link.taker is not None]

    @property
    def signed(self) -> int:
        return sum(link.status == "signed" for link in self.links)

    @property
    def attested(self) -> int:
        return sum(link.status == "attested" for link in self.links)

    @property
    def waiting(self) -> list[Link]:
        return [link for link in self.links if link.status == "offered"]

    @property
    def sides_to_check(self) -> list[Side]:
        sides = [side for link in self.links for side in (link.giver, link.taker) if side is not None]
        return [side for side in sides if side.waits_for_check]
