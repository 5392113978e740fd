"""A custody record as its page shows it: already in words, nothing computed in the template."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.wording import local, short_time
from chain_of_custody import isbt128
from chain_of_custody.fates import fate_words, fates_of
from chain_of_custody.lapsing import lapses_at
from chain_of_custody.links import CustodyRecord, HeldNow, Kept, Link, Side
from chain_of_custody.models import ChainOfIdentity, Collection, Container, Excursion, IdentityCheck, Party
from chain_of_custody.temperature.stays import NOTHING, Known, is_logged, known_of, standing_of
from chain_of_custody.temperature.telling import (
    STANDINGS,
    excursion_words,
    standing_words,
    unknown_words,
)
from chain_of_custody.words import celsius, counted, place_words

WORDS = {"signed": "pass", "attested": "attested", "offered": "wait", "lapsed": "none"}


@dataclass(frozen=True, slots=True)
class SideShown:
    """One side of a hand-over in a line of the record."""

    name: str
    party: str
    status: str
    note: str


@dataclass(frozen=True, slots=True)
class KeptShown:
    """Where something was kept, from when to when, and what is known of its temperature; no id while it goes on."""

    where: str
    times: str
    stay: UUID | None
    status: str
    word: str
    is_told: bool  # something is known, or should be


@dataclass(frozen=True, slots=True)
class LinkShown:
    """One line of the custody record."""

    number: str
    title: str
    detail: str
    when: str
    giver: SideShown
    taker: SideShown | None
    waits: str
    kept: list[KeptShown]
    status: str
    word: str
    pk: str
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class HeldShown:
    """Who holds which containers now."""

    where: str
    who: str
    what: str
    codes: list[str]


def identity_context(coi: ChainOfIdentity, collection: Collection | None) -> dict[str, str]:
    """Give the identity strip of a chain of identity."""
    din = isbt128.din(collection.din) if collection else None
    return {
        "chain_of_identity": isbt128.chain_of_identity(coi.identifier).for_the_eye,
        "subject": coi.subject.pseudonym,
        "din": din.for_the_eye if din else "",
        "din_check": din.check_character if din else "",
    }


def record_context(record: CustodyRecord) -> dict[str, object]:
    """Give everything that the custody record shows."""
    known = known_of(record.coi)
    ends = fates_of(record.containers)
    return {
        "record": record,
        "identifier": record.coi.identifier,
        "held": [held_words(one) for one in still_held(record)],
        "ended": [(one.code, fate_words(ends[one.pk])) for one in record.containers if one.pk in ends],
        "counts": _counts(record),
        "stages": _route(record),
        "before": [_kept(one, known) for one in record.before],
        "links": [_link(one, record.excursions, known) for one in record.links],
        "excursions": [_excursion(one, record.containers) for one in record.excursions],
        "unknown_temperatures": _unknown(record, known),
        "mismatches": [_mismatch(one) for one in record.checks if one.outcome != IdentityCheck.Outcome.MATCH],
        "matches": sum(one.outcome == IdentityCheck.Outcome.MATCH for one in record.checks),
        "collections": [(one, isbt128.din(one.din), getattr(one, "verification", None)) for one in record.collections],
    }


def still_held(record: CustodyRecord) -> list[HeldNow]:
    """Give who holds what now, without the containers that have ended: nobody holds those any more."""
    ends = fates_of(record.containers)
    left = [replace(one, containers=[each for each in one.containers if each.pk not in ends]) for one in record.held]
    return [one for one in left if one.containers]


def span(since: datetime, until: datetime | None) -> str:
    """Write a time from and to; the day is repeated only where it changes."""
    if until is None:
        return _("since %(since)s") % {"since": short_time(since)}
    same_day = local(since).date() == local(until).date()
    ends = f"{local(until):%H:%M}" if same_day else short_time(until)
    return _("%(since)s to %(until)s") % {"since": short_time(since), "until": ends}


def kept_words(kept: Kept) -> tuple[str, str]:
    """Write where something was kept, and from when to when."""
    where = place_words(kept.place, kept.position) if kept.place else _("No place stated")
    return where, f"{counted(one.kind for one in kept.containers)}, {span(kept.since, kept.until)}"


def _kept(kept: Kept, known: Mapping[UUID, Known]) -> KeptShown:
    where, times = kept_words(kept)
    standing = standing_of(kept, known)
    is_told = standing != NOTHING or is_logged(kept)
    return KeptShown(where, times, kept.id, STANDINGS[standing], standing_words(standing), is_told)


def _unknown(record: CustodyRecord, known: Mapping[UUID, Known]) -> list[str]:
    """Write each time of which no temperature is known, for the containers of a record."""
    here = {str(one.pk) for one in record.containers}
    rows = [
        row
        for one in known.values()
        for row in (*one.no_file, *(gap for trace in one.traces for gap in trace.unknown.all()))
        if here & set(row.containers)
    ]
    return [f"{place_words(row.place)}: {unknown_words(row)}" for row in sorted(rows, key=lambda row: row.since)]


def held_words(held: HeldNow) -> HeldShown:
    """Write who holds which containers now."""
    who = f"{held.person.name}, {held.party.name}" if held.person else held.party.name
    return HeldShown(
        where=place_words(held.place, held.position) if held.place else _("No place stated"),
        who=_("%(who)s since %(since)s") % {"who": who, "since": short_time(held.since)},
        what=counted(container.kind for container in held.containers),
        codes=[container.code for container in held.containers],
    )


def _counts(record: CustodyRecord) -> dict[str, object]:
    links = len(record.accepted)
    told = ngettext("of %(n)d link", "of %(n)d links", links) % {"n": links}
    troubles = len(record.gaps) + len(record.contradictions)
    gaps = ngettext("%(n)d gap", "%(n)d gaps", troubles) % {"n": troubles} if troubles else _("no gap")
    return {"signed": record.signed, "attested": record.attested, "of": f"{told}, {gaps}", "whole": troubles == 0}


def _route(record: CustodyRecord) -> list[dict[str, object]]:
    """Give the stations of the route: where each accepted hand-over led, the last one is here and now."""
    stations: list[dict[str, object]] = []
    if record.collections:
        first = record.collections[0]
        stations.append(
            {
                "name": first.party.name,
                "status": "attested",
                "word": _("Attested"),
                "notes": [_("collected"), short_time(first.collected_at)],
            }
        )
    for link in record.accepted:
        assert link.accepted is not None  # noqa: S101  only accepted links are asked for
        outside = any(one.accepted_id == link.accepted.pk for one in record.excursions)
        word = _("Signed") if link.status == "signed" else _("Attested")
        stations.append(
            {
                "name": link.accepted.place.name,
                "status": "warn" if outside else WORDS[link.status],
                "word": _("%(word)s, excursion") % {"word": word} if outside else word,
                "notes": [link.offer.taker_party.name, short_time(link.accepted.happened_at), word],
            }
        )
    if stations:
        stations[-1]["current"] = True
    return stations


def _title(link: Link) -> str:
    own = Party.Kind.OWN_SITE
    giver, taker = link.offer.giver_party, link.offer.taker_party
    if giver.kind == own and taker.kind == own:
        place = link.accepted.place.name if link.accepted else taker.name
        return _("Moved to %(place)s") % {"place": place}
    if taker.kind == own:
        return _("Received at this site")
    return _("Handed to %(party)s") % {"party": taker.name}


def _link(link: Link, excursions: list[Excursion], known: Mapping[UUID, Known]) -> LinkShown:
    accepted = link.accepted
    seal = [_("seal %(seal)s") % {"seal": link.offer.seal}] if link.offer.seal else []
    warnings = []
    if accepted is not None and accepted.seal_intact is False:
        warnings.append(_("Seal not intact"))
    if accepted is not None:
        warnings += [
            _("%(found)s, outside the range") % {"found": celsius(one.observed_c)}
            for one in excursions
            if one.accepted_id == accepted.pk
        ]
    waits = {
        "offered": _("Offered until %(time)s, not accepted yet") % {"time": short_time(lapses_at(link.offer))},
        "lapsed": _("Offered, not accepted"),
    }.get(link.status, "")
    words = {"signed": _("Signed"), "attested": _("Attested"), "offered": _("Offered"), "lapsed": _("Lapsed")}
    return LinkShown(
        number=str(link.number) if link.number else "–",
        title=_title(link),
        detail=", ".join([counted(container.kind for container in link.containers), *seal]),
        when=short_time(link.happened_at),
        giver=_side(link.giver),
        taker=_side(link.taker) if link.taker else None,
        waits=waits,
        kept=[_kept(one, known) for one in link.kept],
        status=WORDS[link.status],
        word=words[link.status],
        pk=str(link.offer.pk),
        warnings=warnings,
    )


def _side(side: Side) -> SideShown:
    note = _("not yet checked") if side.waits_for_check else ""
    return SideShown(side.name, side.party.name, "attested" if side.is_attested else "pass", note)


def _excursion(row: Excursion, containers: list[Container]) -> str:
    codes = ", ".join(one.code for one in containers if str(one.pk) in row.containers)
    return f"{excursion_words(row)}: {codes}"


def _mismatch(row: IdentityCheck) -> str:
    return _("%(scanned)s at %(where)s, %(time)s: %(outcome)s") % {
        "scanned": row.scanned or _("nothing"),
        "where": row.where,
        "time": short_time(row.recorded_at),
        "outcome": IdentityCheck.Outcome(row.outcome).label,
    }
