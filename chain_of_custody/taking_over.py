"""Taking what was offered: custody moves here, signed by one of ours or attested for anybody else.

(1) The taker is another person than the giver, and belongs to the party to which it was offered.
(2) Nothing is accepted before it was offered, twice, or after the offer lapsed.
(3) It is put in a place of the taker, or stays in the shipper named in the offer.
(4) A temperature outside the range of that shipper or place is a fact: the acceptance stands, an `Excursion` is
    written with it.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.alarms import raise_alarm
from accounts.meanings import Meaning
from accounts.models import Alarm, Person, Signed
from accounts.parsing import StrictSerializer, TextField, YesNoField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time, short_time
from chain_of_custody import states
from chain_of_custody.attesting import (
    ENTERED,
    AttestedIntent,
    attested_fields,
    attested_lines,
    objections_to_evidence,
)
from chain_of_custody.collecting import chain_url, identity_of, place_called
from chain_of_custody.handing_over import moment_of
from chain_of_custody.lapsing import is_accepted, is_open, lapses_at
from chain_of_custody.models import (
    Container,
    ContainerState,
    Excursion,
    HandOverAccepted,
    HandOverOffered,
    Party,
    Place,
    Placement,
)
from chain_of_custody.shapes import MaybeMoment, MaybeNumber
from chain_of_custody.temperature.judging import Range
from chain_of_custody.words import celsius, counted, party_words, place_words
from ledger import clock
from ledger.writing import write


class _Arrival(StrictSerializer[Intent]):
    """How it arrived and where it is put."""

    place = TextField(label=gettext_lazy("Put in"), max_length=20, help_text="code of the place where it is put")
    position = TextField(
        label=gettext_lazy("Position"), max_length=60, required=False, default="", help_text="rack, box, shelf"
    )
    temperature_c = MaybeNumber(label=gettext_lazy("Temperature on arrival"), help_text="in °C, as read on arrival")
    seal_intact = YesNoField(label=gettext_lazy("Seal intact"), required=False, allow_null=True, default=None)
    condition = TextField(
        label=gettext_lazy("Condition on arrival"), max_length=300, help_text="what was seen on arrival"
    )
    happened_at = MaybeMoment(label=gettext_lazy("Received at"), help_text="now, where it is left empty")


class AcceptIntent(_Arrival):
    """How one of ours received it."""


class AttestedAcceptIntent(_Arrival, AttestedIntent):
    """How somebody without an account received it, and what they stated."""


class _Accepting(Act[HandOverOffered]):
    """What both ways of taking share."""

    permission = Permission.CUSTODY_RECORD

    def find(self, subject: UUID) -> HandOverOffered:
        found = HandOverOffered.objects.select_related(
            "coi__subject", "giver_party", "taker_party", "shipper__party", "accepted"
        )
        offer = found.filter(pk=subject).first()
        if offer is None:
            raise Http404
        return offer

    def lock(self, subject: HandOverOffered) -> None:
        states.lock(subject.containers)

    def to_sign(self, subject: HandOverOffered, intent: Intent) -> ToSign:
        containers = list(Container.objects.filter(pk__in=subject.containers).order_by("code"))
        place = place_called(intent["place"])
        codes = Line(_("Containers"), ", ".join(container.code for container in containers))
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject.coi, codes),
            lines=[
                Line(_("What"), counted(container.kind for container in containers)),
                Line(_("From"), f"{subject.attested_name or subject.signer_name}, {subject.giver_party.name}"),
                Line(_("To"), party_words(subject.taker_party)),
                Line(_("Put in"), place_words(place, intent["position"]) if place else "–"),
                *self._arrival(subject, intent, place),
                Line(_("Condition"), intent["condition"]),
                *self.more_lines(intent),
                Line(_("Happened"), _happened(intent)),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def _arrival(self, offer: HandOverOffered, intent: Intent, place: Place | None) -> list[Line]:
        """Give what was read on arrival, with its verdict, so that a signer sees an excursion before signing."""
        measured = Decimal(intent["temperature_c"]) if intent["temperature_c"] else None
        outside = measured is not None and is_outside(measured, range_of(offer, place))
        seal = {True: _("intact"), False: _("not intact"), None: "–"}[intent["seal_intact"]]
        return [
            Line(_("Temperature"), celsius(measured), "warn" if outside else ""),
            Line(_("Seal"), f"{offer.seal or '–'}, {seal}", "warn" if intent["seal_intact"] is False else ""),
        ]

    def more_lines(self, intent: Intent) -> list[Line]:
        """Give the lines that only one of the two ways shows."""
        return []

    def objections(self, subject: HandOverOffered, intent: Intent, by: Person) -> list[Objection]:
        if is_accepted(subject):
            return when(True, _("This was accepted already."), code="already_done")
        place = place_called(intent["place"])
        held = list(ContainerState.objects.filter(container__in=subject.containers))
        happened_at = moment_of(intent, clock.now())
        latest = max((state.latest_at for state in held), default=subject.happened_at)
        return [
            *when(
                not is_open(subject),
                _("This offer lapsed at %(time)s; nothing was handed over. Offer it again.")
                % {"time": short_time(lapses_at(subject))},
                code="lapsed",
            ),
            *when(
                any(state.holder_party_id != subject.giver_party_id for state in held),
                _("Somebody else holds this meanwhile. Offer it again."),
                code="not_holder",
            ),
            *self.objections_to_taker(subject, intent, by),
            *when(place is None, _("This place isn't known here. Scan the label of the place."), field="place"),
            *when(
                place is not None and place.party_id != subject.taker_party_id and place.pk != subject.shipper_id,
                _("This place isn't one of %(party)s. Choose a place of the taker.")
                % {"party": subject.taker_party.name},
                field="place",
            ),
            *when(
                happened_at < latest,
                _("It can't be accepted before it was offered, at %(time)s. Check the time.")
                % {"time": record_time(latest)},
                field="happened_at",
            ),
        ]

    def objections_to_taker(self, offer: HandOverOffered, intent: Intent, by: Person) -> list[Objection]:
        """Object where the taker isn't of the party that takes, or is the giver."""
        raise NotImplementedError

    def columns(self, intent: Intent, signature: Signature) -> dict[str, Any]:  # Any: columns of a half
        """Give the columns that say who took."""
        raise NotImplementedError

    def carry_out(self, subject: HandOverOffered, intent: Intent, signature: Signature) -> HandOverAccepted:
        place = place_called(intent["place"])
        assert place is not None  # noqa: S101  the objections were asked in this transaction
        measured = Decimal(intent["temperature_c"]) if intent["temperature_c"] else None
        accepted = sign(
            HandOverAccepted(
                offered=subject,
                place=place,
                position=intent["position"],
                temperature_c=measured,
                seal_intact=intent["seal_intact"],
                condition=intent["condition"],
                happened_at=moment_of(intent, clock.now()),
                **self.columns(intent, signature),
            ),
            signature,
            type="custody.accepted",
            earlier=[subject],
        )
        states.after_acceptance(accepted)
        note_excursion(accepted, measured, range_of(subject, place), actor=signature.signer.reference)
        return accepted

    def done_url(self, row: Signed) -> str:
        return chain_url(row)


@register
class Accept(_Accepting):
    """Accept what was offered to this site; custody is the signer's from now on."""

    code = "custody.accept"
    title = gettext_lazy("Take over")
    verb = gettext_lazy("Sign accepted")
    meaning = Meaning.ACCEPTED
    second_person = True
    asks = AcceptIntent

    def objections_to_taker(self, offer: HandOverOffered, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(
                offer.taker_party.kind != Party.Kind.OWN_SITE,
                _("%(party)s takes this, not this site. Enter what the taker states, with evidence.")
                % {"party": offer.taker_party.name},
                code="not_taker",
            ),
            *when(
                offer.person_id == by.pk,
                _("The taker must be a different person from %(name)s.") % {"name": offer.signer_name},
                code="same_person",
            ),
        ]

    def columns(self, intent: Intent, signature: Signature) -> dict[str, Any]:  # Any: as above
        return {"person": signature.signer}


@register
class AcceptAttested(_Accepting):
    """Enter that a taker without an account accepted what was offered, with evidence."""

    code = "custody.accept_attested"
    title = gettext_lazy("Enter what the taker stated")
    verb = gettext_lazy("Sign the entry")
    meaning = Meaning.PERFORMED
    meaning_text = ENTERED
    asks = AttestedAcceptIntent

    def more_lines(self, intent: Intent) -> list[Line]:
        return attested_lines(intent)

    def objections_to_taker(self, offer: HandOverOffered, intent: Intent, by: Person) -> list[Objection]:
        same = intent["attested_name"].casefold() == (offer.attested_name or offer.signer_name).casefold()
        return [
            *when(
                offer.taker_party.kind == Party.Kind.OWN_SITE,
                _("This was offered to this site. The taker signs."),
                code="not_taker",
            ),
            *when(
                same,
                _("The taker must be a different person from %(name)s.")
                % {"name": offer.attested_name or offer.signer_name},
                code="same_person",
                field="attested_name",
            ),
            *objections_to_evidence(intent),
        ]

    def columns(self, intent: Intent, signature: Signature) -> dict[str, Any]:  # Any: as above
        return attested_fields(intent)


def range_of(offer: HandOverOffered, place: Place | None) -> Place | None:
    """Give the place whose range judges what was read on arrival: the shipper it came in, else where it is put."""
    return offer.shipper or place


def is_outside(measured: Decimal, place: Place | None) -> bool:
    """Tell whether a temperature is outside what a place keeps."""
    return place is not None and Range(place.low_c, place.high_c).beyond(measured) != 0


def note_excursion(
    found_at: HandOverAccepted | Placement, measured: Decimal | None, place: Place | None, *, actor: str
) -> Excursion | None:
    """Write an excursion where a temperature is outside the range of its place; give it, or None."""
    if measured is None or place is None or not is_outside(measured, place):
        return None
    accepted = found_at if isinstance(found_at, HandOverAccepted) else None
    placement = found_at if isinstance(found_at, Placement) else None
    about = accepted.offered if accepted else placement
    assert about is not None  # noqa: S101  it is one of the two
    row = Excursion(
        coi=about.coi,
        containers=about.containers,
        place=place,
        observed_c=measured,
        happened_at=found_at.happened_at,
        accepted=accepted,
        placement=placement,
    )
    write(row, type="excursion.found", actor=actor)
    raise_alarm(
        kind=Alarm.Kind.EXCURSION,
        says=_("%(number)d containers of %(chain)s were found at %(observed)s °C in %(place)s.")
        % {
            "number": len(row.containers),
            "chain": about.coi.identifier,
            "observed": measured,
            "place": place.name,
        },
        stream=row.stream_name(),
        actor=actor,
        url=f"/custody/{about.coi.identifier}/",
        about=row,
    )
    return row


def _happened(intent: Intent) -> str:
    return record_time(datetime.fromisoformat(intent["happened_at"])) if intent["happened_at"] else _("on signing")
