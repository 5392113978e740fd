"""Reading the custody record of a chain of identity: each link, where things were kept between, who holds them now.

(1) Only what is accepted is a link; it counts as attested when one of its sides is.
(2) The giver of a link is the holder before it; times never go back; nothing is in two hands. The rows are read
    again here, without trusting that they were refused when they were written.
(3) A gap is a time for which no place is stated, or something that was given away and never received.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, when
from accounts.wording import short_time
from chain_of_custody import states
from chain_of_custody.lapsing import is_accepted, is_open, lapses_at
from chain_of_custody.models import (
    AttestationCheck,
    ChainOfIdentity,
    Collection,
    Container,
    ContainerState,
    Excursion,
    HandOverAccepted,
    HandOverHalf,
    HandOverOffered,
    IdentityCheck,
    Party,
    Place,
    Placement,
)
from ledger import clock


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


def custody_record(coi: ChainOfIdentity, *, batch_number: str = "") -> CustodyRecord:
    """Read the custody record of a chain of identity, or of the containers of one batch in it."""
    return _Reader(coi, batch_number).read()


def objections_to_custody(batch_number: str) -> list[Objection]:
    """Give the reasons why the custody of a batch's containers doesn't allow its release."""
    containers = Container.objects.filter(assignment__batch_number=batch_number).select_related("coi")
    chains = {container.coi_id: container.coi for container in containers}
    if not chains:
        return when(True, _("No container belongs to this batch."), code="custody_missing")
    return [
        objection
        for coi in chains.values()
        for objection in _objections(custody_record(coi, batch_number=batch_number))
    ]


def _objections(record: CustodyRecord) -> list[Objection]:
    url = f"/custody/{record.coi.identifier}/"
    unverified = [one for one in record.collections if not hasattr(one, "verification")]
    never_taken = [link for link in record.links if link.status == "lapsed" and _was_carried_away(link, record)]
    loose = [
        container.code
        for held in record.held
        if held.place is None
        for container in held.containers
        if container.kind == Container.Kind.FINAL_BAG
    ]
    return [
        *(Objection(says, "custody_contradiction", url=url) for says in record.contradictions),
        *(
            Objection(
                _("Collection %(din)s isn't verified. A second person must compare it with its form.")
                % {"din": one.din},
                "collection_unverified",
                url=url,
            )
            for one in unverified
        ),
        *(
            Objection(
                _("What %(name)s stated isn't checked. A second person must compare it with the evidence.")
                % {"name": side.name},
                "attestation_unchecked",
                url=url,
            )
            for side in record.sides_to_check
        ),
        *(
            Objection(
                _("%(codes)s: offered to %(party)s at %(time)s and not accepted yet.")
                % {"codes": _codes(link.containers), "party": link.offer.taker_party.name,
                   "time": short_time(link.offer.happened_at)},
                "offer_open",
                url=url,
            )
            for link in record.waiting
        ),
        *(
            Objection(
                _("%(codes)s: given to %(party)s at %(time)s and never received. Enter the receipt, or report it.")
                % {"codes": _codes(link.containers), "party": link.offer.taker_party.name,
                   "time": short_time(link.offer.happened_at)},
                "custody_gap",
                url=url,
            )
            for link in never_taken
        ),
        *when(
            loose,
            _("%(codes)s: no place is stated now. Say where it is kept.") % {"codes": ", ".join(loose)},
            code="custody_gap",
            url=url,
        ),
    ]  # fmt: skip


def _was_carried_away(link: Link, record: CustodyRecord) -> bool:
    """Tell whether a lapsed offer to another party is the newest of its containers: nobody says where they are."""
    if link.offer.giver_party_id == link.offer.taker_party_id:
        return False
    later = record.links[record.links.index(link) + 1 :]
    return not any(set(other.offer.containers) & set(link.offer.containers) for other in later)


def _codes(containers: Iterable[Container]) -> str:
    return ", ".join(container.code for container in containers)


class _Reader:
    """Walks everything that happened, in the order of the ledger, and notes what it adds up to."""

    def __init__(self, coi: ChainOfIdentity, batch_number: str) -> None:
        self.coi, self.batch_number = coi, batch_number
        self.known: dict[UUID, Container] = {}
        self.holder: dict[UUID, tuple[UUID, UUID | None]] = {}
        self.latest: dict[UUID, datetime] = {}
        self.now_kept: dict[UUID, Kept] = {}
        self.link_of: dict[UUID, Link | None] = {}
        self.offers: dict[UUID, HandOverOffered] = {}
        self.links: dict[UUID, Link] = {}
        self.before: list[Kept] = []
        self.contradictions: list[str] = []

    def read(self) -> CustodyRecord:
        standings = states.standings_of(self.coi)
        for row in states.happenings(self.coi):
            match row:
                case Container():
                    self.made(row, standings)
                case Placement():
                    self.placed(row)
                case HandOverOffered():
                    self.offered(row)
                case HandOverAccepted():
                    self.accepted(row)
        containers = sorted(self.known.values(), key=lambda one: (one.made_at, one.code))
        links = list(self.links.values())
        number = 0
        for link in links:
            if link.accepted is not None:
                number += 1
                link.number = number
        return CustodyRecord(
            coi=self.coi,
            containers=containers,
            collections=self._collections(),
            before=self.before,
            links=links,
            held=_held_now(containers),
            checks=list(self._checks()),
            excursions=self._excursions(),
            contradictions=self.contradictions,
            gaps=list(self._gaps(links)),
        )

    def made(self, row: Container, standings: dict[UUID, states.Standing]) -> None:
        if self.batch_number and getattr(getattr(row, "assignment", None), "batch_number", "") != self.batch_number:
            return
        source = self.now_kept.get(UUID(row.made_from[0])) if row.made_from else None
        begins = standings[row.pk]
        self.known[row.pk] = row
        if row.collection is not None:
            self.holder[row.pk] = (row.collection.party_id, None)
            source = None
        else:
            own = Party.objects.values_list("pk", flat=True).filter(kind=Party.Kind.OWN_SITE).first()
            self.holder[row.pk] = (own or begins.holder_party_id, UUID(row.actor.removeprefix("person/")))
        self.latest[row.pk] = row.made_at
        self.link_of[row.pk] = self.link_of.get(UUID(row.made_from[0])) if row.made_from else None
        self._keep([row.pk], source.place if source else None, source.position if source else "", row.made_at)

    def placed(self, row: Placement) -> None:
        keys = self._of_this(row.containers)
        self._in_order(keys, row.happened_at, _("Kept in %(place)s") % {"place": row.place.name})
        self._keep(keys, row.place, row.position, row.happened_at)

    def offered(self, row: HandOverOffered) -> None:
        keys = self._of_this(row.containers)
        if not keys:
            return
        what = _("The hand-over of %(time)s") % {"time": short_time(row.happened_at)}
        self._in_order(keys, row.happened_at, what)
        for key in keys:
            party, person = self.holder[key]
            code = self.known[key].code
            if party != row.giver_party_id or (person is not None and row.person_id != person):
                self.contradictions.append(
                    _("%(what)s: %(code)s wasn't given by the one who held it.") % {"what": what, "code": code}
                )
            earlier = self.offers.get(key)
            if earlier is not None and not is_accepted(earlier) and row.recorded_at <= lapses_at(earlier):
                self.contradictions.append(
                    _("%(what)s: %(code)s was offered to somebody else at that time.") % {"what": what, "code": code}
                )
            self.offers[key] = row
        giver = Side(row, row.giver_party, getattr(row, "check_of_attestation", None))
        self.links[row.pk] = Link(row, [self.known[key] for key in keys], giver, None, 0)

    def accepted(self, row: HandOverAccepted) -> None:
        link = self.links.get(row.offered_id)
        keys = self._of_this(row.offered.containers)
        if link is None:
            if keys:
                self.contradictions.append(_("Something was accepted that nobody had offered."))
            return
        what = _("The acceptance of %(time)s") % {"time": short_time(row.happened_at)}
        self._in_order(keys, row.happened_at, what)
        same_signer = row.person_id is not None and row.person_id == link.offer.person_id
        same_name = row.is_attested and row.attested_name.casefold() == link.offer.attested_name.casefold()
        if same_signer or same_name:
            self.contradictions.append(_("%(what)s: giver and taker are the same person.") % {"what": what})
        link.taker = Side(row, row.offered.taker_party, getattr(row, "check_of_attestation", None))
        link.accepted = row
        for key in keys:
            self.holder[key] = (row.offered.taker_party_id, row.person_id)
            self.link_of[key] = link
        self._keep(keys, row.place, row.position, row.happened_at)

    def _of_this(self, containers: list[str]) -> list[UUID]:
        return [UUID(key) for key in containers if UUID(key) in self.known]

    def _in_order(self, keys: list[UUID], happened_at: datetime, what: str) -> None:
        for key in keys:
            if happened_at < self.latest[key]:
                self.contradictions.append(
                    _("%(what)s: for %(code)s something later had been recorded before.")
                    % {"what": what, "code": self.known[key].code}
                )
            self.latest[key] = max(happened_at, self.latest[key])

    def _keep(self, keys: list[UUID], place: Place | None, position: str, since: datetime) -> None:
        """End the time in the place before and begin the next one; containers that go together share it."""
        for key in keys:
            if ends := self.now_kept.get(key):
                self._end(ends, key, since)
            link = self.link_of.get(key)
            times = link.kept if link else self.before
            together = next(
                (t for t in times if (t.place, t.position, t.since, t.until) == (place, position, since, None)), None
            )
            if together is None:
                together = Kept([], place, position, since)
                times.append(together)
            together.containers.append(self.known[key])
            self.now_kept[key] = together

    def _end(self, kept: Kept, key: UUID, at: datetime) -> None:
        """End a stay for one container; those that stay go on in a time of their own."""
        leaving = [one for one in kept.containers if one.pk == key]
        kept.containers = [one for one in kept.containers if one.pk != key]
        link = self.link_of.get(key)
        times = next((t for t in (*(one.kept for one in self.links.values()), self.before) if kept in t), self.before)
        ended = next(
            (t for t in times if (t.place, t.position, t.since, t.until) == (kept.place, kept.position, kept.since, at)),
            None,
        )
        if ended is None:
            ended = Kept([], kept.place, kept.position, kept.since, at)
            times.insert(times.index(kept) if kept in times else len(times), ended)
        ended.containers += leaving
        if not kept.containers and kept in times:
            times.remove(kept)
        del link

    def _collections(self) -> list[Collection]:
        used = {one.collection_id for one in self.known.values() if one.collection_id}
        found = Collection.objects.filter(coi=self.coi)
        if self.batch_number:
            found = found.filter(pk__in=used)
        return list(found.select_related("party", "verification", "form").order_by("collected_at"))

    def _checks(self) -> Iterable[IdentityCheck]:
        found = IdentityCheck.objects.filter(coi=self.coi).select_related("container")
        return found.filter(batch_number=self.batch_number) if self.batch_number else found

    def _excursions(self) -> list[Excursion]:
        found = Excursion.objects.filter(coi=self.coi).select_related("place").order_by("happened_at")
        return [one for one in found if self._of_this(one.containers)]

    def _gaps(self, links: list[Link]) -> Iterable[str]:
        for kept in (*self.before, *(kept for link in links for kept in link.kept)):
            if kept.place is None and kept.until != kept.since:
                until = short_time(kept.until) if kept.until else _("now")
                yield _("No place is stated for %(codes)s from %(since)s to %(until)s.") % {
                    "codes": _codes(kept.containers), "since": short_time(kept.since), "until": until,
                }  # fmt: skip
        for link in links:
            if link.status == "lapsed":
                yield _("%(codes)s: offered to %(party)s at %(time)s, not accepted until %(end)s.") % {
                    "codes": _codes(link.containers), "party": link.offer.taker_party.name,
                    "time": short_time(link.offer.happened_at), "end": short_time(lapses_at(link.offer)),
                }  # fmt: skip


def _held_now(containers: list[Container]) -> list[HeldNow]:
    found = ContainerState.objects.filter(container__in=containers).select_related(
        "holder_party", "holder_person", "place__party", "offered_to"
    )
    by_container = {state.container_id: state for state in found}
    groups: dict[tuple[object, ...], list[Container]] = {}
    for container in containers:
        state = by_container[container.pk]
        key = (state.holder_party, state.holder_person, state.place, state.position, state.since, state.offered_to)
        groups.setdefault(key, []).append(container)
    held = []
    for together in groups.values():
        state = by_container[together[0].pk]
        held.append(
            HeldNow(
                together, state.holder_party, state.holder_person, state.place, state.position, state.since,
                state.offered_to,
            )
        )  # fmt: skip
    return held


def holders_at(coi: ChainOfIdentity) -> datetime:
    """Give the moment for which `custody_record` says who holds what: now."""
    return clock.now()
