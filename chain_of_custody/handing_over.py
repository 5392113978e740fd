"""Giving containers up: offered by the one who holds them, signed by one of ours or attested for anybody else.

(1) The giver is the holder of the link before; at this site that is one person, who signs.
(2) What is offered waits for its taker and is offered to nobody else meanwhile; custody stays with the giver.
(3) Times follow each other. An offer that nobody accepts lapses by computation.
(4) Rooms above may name reasons why final bags must not leave yet (`bags_stay_while`).
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
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
from chain_of_custody.collecting import chain_called, chain_url, holds_states, identity_of, place_called
from chain_of_custody.fates import objections_to_ended
from chain_of_custody.lapsing import open_offer_of
from chain_of_custody.models import ChainOfIdentity, Container, ContainerState, HandOverOffered, Party, Place
from chain_of_custody.shapes import ContainersField, MaybeMoment
from chain_of_custody.words import counted, party_words, place_words
from ledger import clock

Rule = Callable[[Sequence[Container], Party], list[Objection]]
_rules: list[Rule] = []


def bags_stay_while(rule: Rule) -> Rule:
    """Add a rule that names the reasons why final bags must not leave this site for another party yet."""
    if rule not in _rules:
        _rules.append(rule)
    return rule


class _WhatToWhom(StrictSerializer[Intent]):
    """What goes to whom, and how it travels."""

    containers = ContainersField(help_text="codes of the containers")
    taker = serializers.UUIDField(label=gettext_lazy("Taken by"), help_text="the party that takes them")
    shipper = TextField(
        label=gettext_lazy("Shipper"),
        max_length=20,
        required=False,
        default="",
        help_text="code of the shipper, if it travels",
    )
    seal = TextField(label=gettext_lazy("Seal"), max_length=40, required=False, default="")
    happened_at = MaybeMoment(label=gettext_lazy("Handed over at"), help_text="now, where it is left empty")


class OfferIntent(_WhatToWhom):
    """What one of ours gives to whom."""


class AttestedOfferIntent(_WhatToWhom, AttestedIntent):
    """What somebody without an account gave to whom, and what they stated."""


class _Offering(Act[ChainOfIdentity]):
    """What both ways of giving share."""

    permission = Permission.CUSTODY_RECORD

    def find(self, subject: UUID) -> ChainOfIdentity:
        return chain_called(subject)

    def lock(self, subject: ChainOfIdentity) -> None:
        holds_states(subject)

    def to_sign(self, subject: ChainOfIdentity, intent: Intent) -> ToSign:
        containers = _chosen(subject, intent)
        held = ContainerState.objects.filter(container__in=containers).select_related("holder_party", "holder_person")
        taker = Party.objects.filter(pk=intent["taker"]).first()
        shipper = place_called(intent["shipper"])
        codes = Line(_("Containers"), ", ".join(container.code for container in containers) or "–")
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject, codes),
            lines=[
                Line(_("What"), counted(container.kind for container in containers) or "–"),
                Line(_("From"), "; ".join(sorted({_holder(state) for state in held})) or "–"),
                Line(_("To"), party_words(taker) if taker else "–"),
                Line(_("Travels in"), place_words(shipper) if shipper else "–"),
                Line(_("Seal"), intent["seal"] or "–"),
                *self.more_lines(intent),
                Line(_("Happened"), _happened(intent)),
            ],
            version=" ".join(f"{state.container_id}:{state.latest_at.isoformat()}" for state in held.order_by("pk")),
        )

    def more_lines(self, intent: Intent) -> list[Line]:
        """Give the lines that only one of the two ways shows."""
        return []

    def objections(self, subject: ChainOfIdentity, intent: Intent, by: Person) -> list[Objection]:
        containers = _chosen(subject, intent)
        unknown = sorted(set(intent["containers"]) - {container.code for container in containers})
        if unknown or not containers:
            return when(
                True,
                _("Not known in this chain of identity: %(codes)s. Scan a container of it.")
                % {"codes": ", ".join(unknown) or "–"},
                field="containers",
            )
        found = ContainerState.objects.filter(container__in=containers).select_related("holder_party", "holder_person")
        held = list(found)
        givers = {state.holder_party_id: state.holder_party for state in held}
        taker = Party.objects.filter(pk=intent["taker"]).first()
        shipper = place_called(intent["shipper"])
        happened_at = moment_of(intent, clock.now())
        return [
            *when(len(givers) > 1, _("These containers have several holders. Hand them over one by one.")),
            *when(taker is None, _("Choose who takes them. This party isn't known here."), field="taker"),
            *when(
                intent["shipper"] and (shipper is None or shipper.kind != Place.Kind.SHIPPER),
                _("This code isn't a shipper's. Scan the shipper."),
                field="shipper",
            ),
            *objections_to_ended(containers),
            *_waiting_already(containers),
            *self.objections_to_giver(held, by),
            *when(
                any(happened_at < state.latest_at for state in held),
                _("Something later is recorded for these containers: %(time)s. Check the time.")
                % {"time": record_time(max(state.latest_at for state in held))},
                field="happened_at",
            ),
            *_why_bags_stay(containers, givers, taker),
        ]

    def objections_to_giver(self, held: Sequence[ContainerState], by: Person) -> list[Objection]:
        """Object where the giver isn't the holder of the link before."""
        raise NotImplementedError

    def columns(self, intent: Intent, signature: Signature) -> dict[str, Any]:  # Any: columns of a half
        """Give the columns that say who gave."""
        raise NotImplementedError

    def carry_out(self, subject: ChainOfIdentity, intent: Intent, signature: Signature) -> HandOverOffered:
        containers = _chosen(subject, intent)
        giver = ContainerState.objects.select_related("holder_party").get(container=containers[0]).holder_party
        offer = sign(
            HandOverOffered(
                coi=subject,
                containers=states.ids(containers),
                giver_party=giver,
                taker_party=Party.objects.get(pk=intent["taker"]),
                shipper=place_called(intent["shipper"]),
                seal=intent["seal"],
                happened_at=moment_of(intent, clock.now()),
                **self.columns(intent, signature),
            ),
            signature,
            type="custody.offered",
        )
        states.after_offer(offer)
        return offer

    def done_url(self, row: Signed) -> str:
        return chain_url(row)


@register
class Offer(_Offering):
    """Offer containers that one holds; custody passes when they are accepted."""

    code = "custody.offer"
    title = gettext_lazy("Hand over")
    verb = gettext_lazy("Sign released")
    meaning = Meaning.RELEASED
    asks = OfferIntent

    def objections_to_giver(self, held: Sequence[ContainerState], by: Person) -> list[Objection]:
        elsewhere = next((state for state in held if state.holder_party.kind != Party.Kind.OWN_SITE), None)
        others = sorted({state.holder_person.name for state in held
                         if state.holder_person is not None and state.holder_person_id != by.pk})  # fmt: skip
        return [
            *when(
                elsewhere is not None,
                _("%(party)s holds this, not this site. Enter what the giver states, with evidence.")
                % {"party": elsewhere.holder_party.name if elsewhere else ""},
                code="not_holder",
            ),
            *when(
                others,
                _("%(names)s holds this and hands it over.") % {"names": ", ".join(others)},
                code="not_holder",
            ),
        ]

    def columns(self, intent: Intent, signature: Signature) -> dict[str, Any]:  # Any: as above
        return {"person": signature.signer}


@register
class OfferAttested(_Offering):
    """Enter that a giver without an account gave containers up, with evidence."""

    code = "custody.offer_attested"
    title = gettext_lazy("Enter what the giver stated")
    verb = gettext_lazy("Sign the entry")
    meaning = Meaning.PERFORMED
    meaning_text = ENTERED
    asks = AttestedOfferIntent

    def more_lines(self, intent: Intent) -> list[Line]:
        return attested_lines(intent)

    def objections(self, subject: ChainOfIdentity, intent: Intent, by: Person) -> list[Objection]:
        return [*super().objections(subject, intent, by), *objections_to_evidence(intent)]

    def objections_to_giver(self, held: Sequence[ContainerState], by: Person) -> list[Objection]:
        return when(
            any(state.holder_party.kind == Party.Kind.OWN_SITE for state in held),
            _("This site holds this. The holder signs the hand-over."),
            code="not_holder",
        )

    def columns(self, intent: Intent, signature: Signature) -> dict[str, Any]:  # Any: as above
        return attested_fields(intent)


def moment_of(intent: Intent, otherwise: datetime) -> datetime:
    """Give the time at which something is said to have happened."""
    return datetime.fromisoformat(intent["happened_at"]) if intent["happened_at"] else otherwise


def _happened(intent: Intent) -> str:
    return record_time(datetime.fromisoformat(intent["happened_at"])) if intent["happened_at"] else _("on signing")


def _chosen(coi: ChainOfIdentity, intent: Intent) -> list[Container]:
    return list(Container.objects.filter(coi=coi, code__in=intent["containers"]).order_by("code"))


def _holder(state: ContainerState) -> str:
    person = state.holder_person
    return f"{person.name}, {state.holder_party.name}" if person else state.holder_party.name


def _waiting_already(containers: Sequence[Container]) -> list[Objection]:
    for container in containers:
        waiting = open_offer_of(str(container.pk))
        if waiting is not None:
            return when(
                True,
                _("%(code)s is offered to %(party)s since %(time)s. It is accepted first.")
                % {
                    "code": container.code,
                    "party": waiting.taker_party.name,
                    "time": short_time(waiting.happened_at),
                },
                code="offered_already",
                field="containers",
            )
    return []


def _why_bags_stay(containers: Sequence[Container], givers: dict[UUID, Party], taker: Party | None) -> list[Objection]:
    bags = [container for container in containers if container.kind == Container.Kind.FINAL_BAG]
    leaving = taker is not None and taker.kind in (Party.Kind.HOSPITAL, Party.Kind.COURIER)
    ours = any(giver.kind == Party.Kind.OWN_SITE for giver in givers.values())
    if not (bags and leaving and ours and taker is not None):
        return []
    return [objection for rule in _rules for objection in rule(bags, taker)]
