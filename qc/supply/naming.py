"""Naming the containers that are to be supplied, who takes them, and who may carry them there.

(1) Only final bags of this batch that are still here, in date and offered to nobody are named.
(2) A hospital takes them. Where a courier brings them, the courier is named too, and nobody else carries them.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import StrictSerializer
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.identity import identity_lines
from batches.models import Batch
from chain_of_custody.lapsing import open_offers
from chain_of_custody.models import Container, Party
from chain_of_custody.shapes import ContainersField, MaybeId
from chain_of_custody.states import ids
from chain_of_custody.words import party_words
from ledger import clock
from qc.batch_act import BatchAct
from qc.models import SupplyNaming
from qc.supply.asking import objections_to_preparing
from qc.supply.standing import final_bags, is_here, standing_of
from qc.supply.supply_read import SupplyRead


class NamingIntent(StrictSerializer[Intent]):
    """Which containers go to whom, and who carries them."""

    containers = ContainersField(help_text="codes of final bags of this batch")
    recipient = serializers.UUIDField(label=gettext_lazy("Taken by"), help_text="the hospital that takes them")
    carrier = MaybeId(label=gettext_lazy("Carried by"), help_text="the courier that brings them there, if one does")


@register
class NameContainers(BatchAct):
    """Name the containers that are to be supplied, and to whom."""

    code = "supply.name_containers"
    title = gettext_lazy("Name the containers and who takes them")
    verb = gettext_lazy("Sign the names")
    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I name these containers and the party that takes them, as the physician asks.")
    asks = NamingIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        recipient, carrier = _party(intent["recipient"]), _party(intent["carrier"])
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject, containers=intent["containers"]),
            lines=[
                Line(_("Containers"), ", ".join(intent["containers"])),
                Line(_("Taken by"), party_words(recipient) if recipient else "–"),
                Line(_("Carried by"), party_words(carrier) if carrier else _("nobody else")),
            ],
            version=" ".join(intent["containers"]),
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        bags = {one.code: one for one in final_bags(subject)}
        unknown = sorted(set(intent["containers"]) - set(bags))
        recipient, carrier = _party(intent["recipient"]), _party(intent["carrier"])
        return [
            *objections_to_preparing(SupplyRead(subject)),
            *when(
                unknown,
                _("Not a final bag of this batch: %(codes)s.") % {"codes": ", ".join(unknown)},
                code="not_of_this_batch",
                field="containers",
            ),
            *objections_to_containers([bags[code] for code in intent["containers"] if code in bags]),
            *when(
                recipient is None or recipient.kind != Party.Kind.HOSPITAL,
                _("Choose the hospital that takes them."),
                field="recipient",
            ),
            *when(
                intent["carrier"] and (carrier is None or carrier.kind != Party.Kind.COURIER),
                _("Choose a courier to carry them, or nobody."),
                field="carrier",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> SupplyNaming:
        bags = [one for one in final_bags(subject) if one.code in intent["containers"]]
        row = SupplyNaming(
            batch=subject,
            decision=standing_of(subject).refusal,
            containers=ids(bags),
            recipient=_party(intent["recipient"]),
            carrier=_party(intent["carrier"]),
        )
        return sign(row, signature, type="supply.containers_named")


def objections_to_containers(containers: Sequence[Container]) -> list[Objection]:
    """Give what keeps containers from being supplied, container by container; there has to be one."""
    now = clock.now()
    offered = {key for offer in open_offers() for key in offer.containers} if containers else set()
    return [
        *when(not containers, _("Name at least one final bag."), code="no_container", field="containers"),
        *(
            objection
            for one in containers
            for objection in _against(
                one, expired=bool(one.expires_at and one.expires_at <= now), is_offered=str(one.pk) in offered
            )
        ),
    ]


def _against(container: Container, *, expired: bool, is_offered: bool) -> list[Objection]:
    words = {
        "code": container.code,
        "time": record_time(container.expires_at) if container.expires_at else "",
    }
    return [
        *when(not is_here(container), _("%(code)s is not here any more.") % words, code="not_here", field="containers"),
        *when(expired, _("%(code)s expired %(time)s.") % words, code="expired", field="containers"),
        *when(
            is_offered,
            _("%(code)s is offered to somebody. It is accepted first.") % words,
            code="offered_already",
            field="containers",
        ),
    ]


def _party(key: str | None) -> Party | None:
    return Party.objects.filter(pk=key).first() if key else None
