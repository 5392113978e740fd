"""What became of a container, recorded under signature, and what that says about its batch.

(1) The end of a container is a fact: it is refused only where it contradicts the record or is not said whole.
(2) A container that was lost, a final bag destroyed while its batch was still wanted, and an infusion of anything but
    a certified final bag in date are departures of the batch, in the same transaction.
    A bag of a batch that is not certified may have been meant to be given all the same: rooms above say so
    (`meant_to_be_given_when`), and it is no departure then. They also do what follows an end (`follows_an_end`).
    A destruction that rooms above name as decided on (`destroyed_on_decision`) is none either.
(3) Each final container ends in exactly one of infused, destroyed, retained, lost; the sum equals the number filled.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection
from accounts.roles import Permission
from accounts.signature import Signature
from accounts.wording import record_time
from batches.departures import raise_departure
from batches.ended import order_end_of
from batches.identity import identity_lines, locked
from batches.models import Batch, BatchState, Departure, Order
from chain_of_custody import states
from chain_of_custody.collecting import identity_of
from chain_of_custody.containers import of_batch
from chain_of_custody.fates import (
    End,
    end_container,
    fate_words,
    fates_of,
    objections_to_end,
    objections_to_witnessing,
    waits_for_witness,
    witness_destruction,
)
from chain_of_custody.models import Assignment, Container, ContainerFate, ContainerFateWitnessed
from chain_of_custody.shapes import MaybeMoment, MaybeNumber
from ledger import clock

Fate = ContainerFate.Fate
# Certified, be it before the last result.
CERTIFIED = (BatchState.Disposition.CERTIFIED, BatchState.Disposition.CERTIFIED_CONDITIONALLY)
Decided = Callable[[Container], bool]
_decided: list[Decided] = []
FINAL_FATES = (Fate.INFUSED, Fate.DESTROYED, Fate.RETAINED, Fate.LOST)

Meant = Callable[[Batch, Container], str]
Following = Callable[[Batch, ContainerFate, Person], None]
_meant: list[Meant] = []
_following: list[Following] = []


def meant_to_be_given_when(rule: Meant) -> Meant:
    """Add a rule that says why a bag of a batch that is not certified was meant to be given; "" where it was not."""
    if rule not in _meant:
        _meant.append(rule)
    return rule


def follows_an_end(step: Following) -> Following:
    """Add what a room above does when a container of a batch has ended, in the transaction that stores the end."""
    if step not in _following:
        _following.append(step)
    return step


def follow(batch: Batch, fate: ContainerFate, by: Person) -> None:
    """Do what rooms above do when a container of a batch has ended; inside the transaction that stores the end."""
    for step in _following:
        step(batch, fate, by)


def meant_words(batch: Batch | None, container: Container) -> str:
    """Say why a bag of a batch that is not certified was meant to be given all the same; nothing where it was not."""
    if batch is None or container.kind != Container.Kind.FINAL_BAG:
        return ""
    return next((says for rule in _meant if (says := rule(batch, container))), "")


def destroyed_on_decision(rule: Decided) -> Decided:
    """Add a rule that tells whether it was decided that a final bag is to be destroyed."""
    if rule not in _decided:
        _decided.append(rule)
    return rule


@dataclass(frozen=True, slots=True)
class FinalCount:
    """How many final bags were filled, how many ended in which way, and how many have not ended."""

    filled: int
    ended: dict[str, int]

    @property
    def open(self) -> int:
        return self.filled - sum(self.ended.values())


class EndIntent(StrictSerializer[Intent]):
    """What became of a container."""

    fate = serializers.ChoiceField(Fate.choices, label=gettext_lazy("What became of it"))
    happened_at = MaybeMoment(label=gettext_lazy("When"), help_text="now, where it is left empty")
    volume_ml = MaybeNumber(label=gettext_lazy("Volume"), help_text="how much was infused or destroyed, in mL")
    route = TextField(
        label=gettext_lazy("By what way, or where"),
        max_length=200,
        required=False,
        default="",
        help_text="way of the waste, or where it is kept",
    )
    reason = TextField(
        label=gettext_lazy("Why, or who says so"),
        max_length=1000,
        required=False,
        default="",
        help_text="why, or who says so",
    )


def batch_of_container(container: Container) -> Batch | None:
    """Give the batch to which a container belongs, or None."""
    number = Assignment.objects.filter(container=container).values_list("batch_number", flat=True).first()
    found = Batch.objects.select_related("order__coi__subject", "product", "master", "state")
    return found.filter(number=number).first() if number else None


def final_count(batch: Batch) -> FinalCount:
    """Count the final bags of a batch by how they ended."""
    bags = [one for one in of_batch(batch.number) if one.kind == Container.Kind.FINAL_BAG]
    ends = fates_of(bags)
    return FinalCount(len(bags), dict(Counter(str(end.fate) for end in ends.values())))


def open_containers(order: Order) -> list[Container]:
    """Give the containers of an order's batches of which nobody has said what became of them."""
    numbers = Batch.objects.filter(order=order).values("number")
    found = Container.objects.filter(assignment__batch_number__in=numbers, fate=None)
    return list(
        found.select_related("assignment", "state__holder_party", "state__holder_person", "state__place").order_by(
            "assignment__batch_number", "made_at", "code"
        )
    )


@register
class EndContainer(Act[Container]):
    """Record what became of a container."""

    code = "container.end"
    title = gettext_lazy("Record what became of a container")
    verb = gettext_lazy("Sign what became of it")
    permission = Permission.CONTAINER_END
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I record what became of this container.")
    asks = EndIntent

    def find(self, subject: UUID) -> Container:
        found = Container.objects.select_related("coi__subject", "assignment", "state").filter(pk=subject).first()
        if found is None:
            raise Http404
        return found

    def lock(self, subject: Container) -> None:
        batch = batch_of_container(subject)
        if batch is not None:
            locked(batch.pk)
        states.lock([subject.pk])

    def to_sign(self, subject: Container, intent: Intent) -> ToSign:
        batch = batch_of_container(subject)
        end = _end(intent, clock.now())
        warning = _departs(batch, subject, end)
        meant = meant_words(batch, subject) if end.fate == Fate.INFUSED else ""
        code = Line(_("Container"), subject.code)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(batch, containers=[subject.code]) if batch else identity_of(subject.coi, code),
            lines=[
                Line(_("What"), str(subject.get_kind_display())),
                Line(_("What became of it"), str(Fate(end.fate).label)),
                Line(_("Happened"), record_time(end.happened_at) if intent["happened_at"] else _("on signing")),
                Line(_("Volume"), f"{end.volume_ml:f} mL" if end.volume_ml is not None else "–"),
                Line(_("By what way, or where"), end.route or "–"),
                Line(_("Why, or who says so"), end.reason or "–"),
                *([Line(_("Given although not certified"), meant, "warn")] if meant else []),
                *([Line(_("This is a departure"), warning, "warn")] if warning else []),
            ],
            version=f"{subject.pk} {subject.state.latest_at.isoformat()}",
        )

    def objections(self, subject: Container, intent: Intent, by: Person) -> list[Objection]:
        return objections_to_end(subject, _end(intent, clock.now()))

    def carry_out(self, subject: Container, intent: Intent, signature: Signature) -> ContainerFate:
        end = _end(intent, signature.signed_at)
        row = end_container(subject, end, signature)
        batch = batch_of_container(subject)
        if batch is None:
            return row
        if says := _departs(batch, subject, end):
            raise_departure(batch=batch, kind=Departure.Kind.REPORTED, says=says, by=signature.signer, about=row)
        follow(batch, row, signature.signer)
        return row

    def done_url(self, row: Signed) -> str:
        return container_url(row.container) if isinstance(row, ContainerFate) else "/"


@register
class WitnessEnd(Act[ContainerFate]):
    """Sign as the second person who saw a container destroyed."""

    code = "container.end_witness"
    title = gettext_lazy("Witness the destruction of a container")
    verb = gettext_lazy("Sign as witness")
    permission = Permission.CONTAINER_END
    meaning = Meaning.WITNESSED
    meaning_text = gettext_lazy("I saw this container destroyed.")
    second_person = True

    def find(self, subject: UUID) -> ContainerFate:
        found = ContainerFate.objects.select_related("container__coi__subject", "witnessed")
        row = found.filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: ContainerFate) -> None:
        states.lock([subject.container_id])

    def to_sign(self, subject: ContainerFate, intent: Intent) -> ToSign:
        container = subject.container
        batch = batch_of_container(container)
        code = Line(_("Container"), container.code)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(batch, containers=[container.code]) if batch else identity_of(container.coi, code),
            lines=[
                Line(_("What became of it"), fate_words(subject)),
                Line(_("Volume"), f"{subject.volume_ml:f} mL" if subject.volume_ml is not None else "–"),
                Line(_("By what way, or where"), subject.route or "–"),
                Line(_("Why, or who says so"), subject.reason or "–"),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
            signatures=2,
        )

    def objections(self, subject: ContainerFate, intent: Intent, by: Person) -> list[Objection]:
        return objections_to_witnessing(subject, by_id=by.pk)

    def carry_out(self, subject: ContainerFate, intent: Intent, signature: Signature) -> ContainerFateWitnessed:
        return witness_destruction(subject, signature)

    def done_url(self, row: Signed) -> str:
        return container_url(row.fate.container) if isinstance(row, ContainerFateWitnessed) else "/"


def container_url(container: Container) -> str:
    """Give the address of a container's page."""
    return reverse("chain_of_custody:container", args=[container.code])


def is_whole(fate: ContainerFate) -> bool:
    """Tell whether nothing is missing to the end of a container: a destruction was seen by a second person."""
    return not waits_for_witness(fate)


def _end(intent: Intent, otherwise: datetime) -> End:
    return End(
        fate=Fate(intent["fate"]),
        happened_at=datetime.fromisoformat(intent["happened_at"]) if intent["happened_at"] else otherwise,
        volume_ml=None if intent["volume_ml"] is None else Decimal(intent["volume_ml"]),
        route=intent["route"],
        reason=intent["reason"],
    )


def _departs(batch: Batch | None, container: Container, end: End) -> str:
    """Say what about this end is not as it should be; nothing where it is."""
    if batch is None:
        return ""
    words = {"code": container.code, "kind": container.get_kind_display(), "reason": end.reason}
    is_final = container.kind == Container.Kind.FINAL_BAG
    if end.fate == Fate.LOST:
        return _("%(code)s (%(kind)s) was lost: %(reason)s") % words
    if end.fate == Fate.DESTROYED and is_final:
        refused = batch.state.disposition == BatchState.Disposition.NOT_CERTIFIED
        unwanted = refused or order_end_of(batch.order) is not None or any(rule(container) for rule in _decided)
        return "" if unwanted else _("Final bag %(code)s was destroyed: %(reason)s") % words
    if end.fate != Fate.INFUSED:
        return ""
    if not is_final:
        return _("%(code)s was infused, and it is no final bag but: %(kind)s.") % words
    if batch.state.disposition not in CERTIFIED and not meant_words(batch, container):
        return _("%(code)s was infused although its batch was not certified.") % words
    if container.expires_at is not None and end.happened_at > container.expires_at:
        return _("%(code)s was infused after it had expired.") % words
    return ""
