"""Reading the rows of a chain of identity again, in the order of the ledger, into links and the times between.

(1) Only what is accepted is a link; it counts as attested when one of its sides is.
(2) The giver of a link is the holder before it; times never go back; nothing is in two hands. All of it is judged
    again here, without trusting that the opposite was refused when it was written.
(3) A gap is a time for which no place is stated, or something that was given away and never received.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.wording import short_time
from chain_of_custody import states
from chain_of_custody.lapsing import lapses_at
from chain_of_custody.links import CustodyRecord, HeldNow, Kept, Link, Side
from chain_of_custody.models import (
    ChainOfIdentity,
    Collection,
    Container,
    ContainerState,
    Excursion,
    HandOverAccepted,
    HandOverOffered,
    IdentityCheck,
    Party,
    Place,
    Placement,
)


@dataclass(slots=True)
class Stay:
    """The time of one container in one place, after one link; `link` is None before the first."""

    container: Container
    link: Link | None
    place: Place | None
    position: str
    since: datetime
    until: datetime | None = None


class Retracing:
    """One reading of the containers of a chain of identity, or of one of its batches."""

    def __init__(self, coi: ChainOfIdentity, batch_number: str) -> None:
        self.coi, self.batch_number = coi, batch_number
        self.own_site = Party.objects.values_list("pk", flat=True).filter(kind=Party.Kind.OWN_SITE).first()
        self.known: dict[UUID, Container] = {}
        self.holder: dict[UUID, tuple[UUID | None, UUID | None]] = {}
        self.latest: dict[UUID, datetime] = {}
        self.offer_of: dict[UUID, HandOverOffered] = {}
        self.links: dict[UUID, Link] = {}
        self.stay_of: dict[UUID, Stay] = {}
        self.stays: list[Stay] = []
        self.contradictions: list[str] = []
        happened = states.happenings(coi)
        self.taken = {row.offered_id for row in happened if isinstance(row, HandOverAccepted)}
        for row in happened:
            match row:
                case Container():
                    self.made(row)
                case Placement():
                    self.placed(row)
                case HandOverOffered():
                    self.offered(row)
                case HandOverAccepted():
                    self.accepted(row)

    def made(self, row: Container) -> None:
        """A container began: with the collecting party, or with the person here who made it."""
        if self.batch_number and getattr(getattr(row, "assignment", None), "batch_number", "") != self.batch_number:
            return
        self.known[row.pk] = row
        self.latest[row.pk] = row.made_at
        source = self.stay_of.get(UUID(row.made_from[0])) if row.made_from else None
        if row.collection is not None:
            self.holder[row.pk] = (row.collection.party_id, None)
        else:
            self.holder[row.pk] = (self.own_site, UUID(row.actor.removeprefix("person/")))
            if source is not None and self.holder[source.container.pk][0] != self.own_site:
                source = None
        stay = Stay(row, None, None, "", row.made_at)
        if source is not None:
            stay = Stay(row, source.link, source.place, source.position, row.made_at)
        self.stay_of[row.pk] = stay
        self.stays.append(stay)

    def placed(self, row: Placement) -> None:
        """Containers were put somewhere by the one who held them."""
        keys = self._of_this(row.containers)
        self._in_order(keys, row.happened_at, _("Kept in %(place)s") % {"place": row.place.name})
        for key in keys:
            self._moved(key, self.stay_of[key].link, row.place, row.position, row.happened_at)

    def offered(self, row: HandOverOffered) -> None:
        """Containers were offered: by the one who held them, and to nobody else at the time."""
        keys = self._of_this(row.containers)
        if not keys:
            return
        what = _("The hand-over of %(time)s") % {"time": short_time(row.happened_at)}
        self._in_order(keys, row.happened_at, what)
        for key in keys:
            party, person = self.holder[key]
            says = {"what": what, "code": self.known[key].code}
            if party != row.giver_party_id or (person is not None and row.person_id != person):
                self.contradictions.append(_("%(what)s: %(code)s wasn't given by the one who held it.") % says)
            earlier = self.offer_of.get(key)
            if earlier is not None and earlier.pk not in self.taken and row.recorded_at <= lapses_at(earlier):
                self.contradictions.append(_("%(what)s: %(code)s was offered to somebody else at that time.") % says)
            self.offer_of[key] = row
        giver = Side(row, row.giver_party, getattr(row, "check_of_attestation", None))
        self.links[row.pk] = Link(row, [self.known[key] for key in keys], giver, None, 0)

    def accepted(self, row: HandOverAccepted) -> None:
        """What was offered was taken, by somebody else than its giver."""
        keys = self._of_this(row.offered.containers)
        link = self.links.get(row.offered_id)
        what = _("The acceptance of %(time)s") % {"time": short_time(row.happened_at)}
        if link is None:
            if keys:
                self.contradictions.append(_("%(what)s: nobody had offered this before.") % {"what": what})
            return
        self._in_order(keys, row.happened_at, what)
        same_signer = row.person_id is not None and row.person_id == link.offer.person_id
        same_name = row.is_attested and row.attested_name.casefold() == link.offer.attested_name.casefold()
        if same_signer or same_name:
            self.contradictions.append(_("%(what)s: giver and taker are the same person.") % {"what": what})
        link.taker = Side(row, row.offered.taker_party, getattr(row, "check_of_attestation", None))
        link.accepted = row
        for key in keys:
            self.holder[key] = (row.offered.taker_party_id, row.person_id)
            self._moved(key, link, row.place, row.position, row.happened_at)

    def record(self) -> CustodyRecord:
        """Give everything that was read."""
        containers = sorted(self.known.values(), key=lambda one: (one.made_at, one.code))
        links = list(self.links.values())
        for number, link in enumerate((link for link in links if link.accepted is not None), start=1):
            link.number = number
        return CustodyRecord(
            coi=self.coi,
            containers=containers,
            collections=self._collections(),
            before=self._together(links),
            links=links,
            held=_held_now(containers),
            checks=self._checks(),
            excursions=self._excursions(),
            contradictions=self.contradictions,
            gaps=list(self._gaps(links)),
        )

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

    def _moved(self, key: UUID, link: Link | None, place: Place, position: str, at: datetime) -> None:
        self.stay_of[key].until = at
        self.stay_of[key] = Stay(self.known[key], link, place, position, at)
        self.stays.append(self.stay_of[key])

    def _together(self, links: list[Link]) -> list[Kept]:
        """Put containers that were kept together in one line, under their link; give those before the first link."""
        lines: dict[tuple[object, ...], Kept] = {}
        before: list[Kept] = []
        for stay in self.stays:
            if stay.place is None and stay.until == stay.since:
                continue
            link_key = stay.link.offer.pk if stay.link else None
            key = (link_key, stay.place, stay.position, stay.since, stay.until)
            if key not in lines:
                offer = stay.link.offer if stay.link else None
                lines[key] = Kept([], stay.place, stay.position, stay.since, stay.until, offer)
                (stay.link.kept if stay.link else before).append(lines[key])
            lines[key].containers.append(stay.container)
        for times in (before, *(link.kept for link in links)):
            times.sort(key=lambda kept: (kept.since, kept.until is None, kept.until or kept.since))
        return before

    def _collections(self) -> list[Collection]:
        found = Collection.objects.filter(coi=self.coi)
        if self.batch_number:
            found = found.filter(pk__in={one.collection_id for one in self.known.values() if one.collection_id})
        return list(found.select_related("party", "verification", "form", "coi").order_by("collected_at"))

    def _checks(self) -> list[IdentityCheck]:
        found = IdentityCheck.objects.filter(coi=self.coi).select_related("container").order_by("recorded_at")
        return list(found.filter(batch_number=self.batch_number) if self.batch_number else found)

    def _excursions(self) -> list[Excursion]:
        found = Excursion.objects.filter(coi=self.coi).order_by("happened_at", "pk")
        found = found.select_related("place", "seen_by_logger__trace__source")
        return [one for one in found if self._of_this(one.containers)]

    def _gaps(self, links: list[Link]) -> Iterable[str]:
        nowhere: dict[tuple[datetime, datetime | None], list[str]] = {}
        for stay in self.stays:
            if stay.place is None and stay.until != stay.since:
                nowhere.setdefault((stay.since, stay.until), []).append(stay.container.code)
        for (since, until), codes in nowhere.items():
            yield _("No place is stated for %(codes)s from %(since)s to %(until)s.") % {
                "codes": ", ".join(codes),
                "since": short_time(since),
                "until": short_time(until) if until else _("now"),
            }
        for link in links:
            if link.status == "lapsed":
                yield _("%(codes)s: offered to %(party)s at %(time)s, not accepted until %(end)s.") % {
                    "codes": ", ".join(container.code for container in link.containers),
                    "party": link.offer.taker_party.name,
                    "time": short_time(link.offer.happened_at),
                    "end": short_time(lapses_at(link.offer)),
                }


def _held_now(containers: list[Container]) -> list[HeldNow]:
    """Put containers together that the same person holds in the same place."""
    found = ContainerState.objects.filter(container__in=containers).select_related(
        "holder_party", "holder_person", "place__party", "offered_to"
    )
    by_container = {state.container_id: state for state in found}
    groups: dict[tuple[object, ...], HeldNow] = {}
    for container in containers:
        state = by_container[container.pk]
        what = (state.holder_party, state.holder_person, state.place, state.position, state.since, state.offered_to)
        groups.setdefault(what, HeldNow([], *what)).containers.append(container)
    return list(groups.values())
