"""Holds: quality stops a batch, its shipment or single containers, each with a reason and an owner.

(1) Any number of holds may stand at once. Each is owned by the person who set it, and ended by itself, with a reason.
(2) A hold on the disposition keeps the batch from being certified and everything in it from leaving; one on the
    shipment keeps everything from leaving, one on containers those.
(3) A hold never keeps anybody from looking after living cells, from testing, from recording what happened, or from
    refusing or withdrawing the batch.
"""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import LINES, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.identity import WITH_EVERYTHING, batch_with, identity_lines, locked
from batches.models import Batch, Hold, HoldLifted, SignedInBatch
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container
from chain_of_custody.shapes import TextListField

SHORTEST_REASON = 10
Scope = Hold.Scope


def holds_of(batch: Batch) -> QuerySet[Hold]:
    """Give every hold that was ever set on a batch, the newest first, with what ended it."""
    return Hold.objects.filter(batch=batch).select_related("lifted").order_by("-recorded_at")


def standing_holds(batch: Batch) -> QuerySet[Hold]:
    """Give the holds that stand."""
    return holds_of(batch).filter(lifted=None)


def objections_to_held(batch: Batch) -> list[Objection]:
    """Object to certifying a batch whose disposition is on hold."""
    return [_object(hold) for hold in standing_holds(batch).filter(scope=Scope.DISPOSITION)]


def objections_to_held_bags(batch: Batch, bags: Collection[Container] = ()) -> list[Objection]:
    """Object to bags of a batch leaving: to all where the batch or its shipment is on hold, else to those on hold."""
    codes = {bag.code for bag in bags}
    return [
        _object(hold)
        for hold in standing_holds(batch)
        if hold.scope != Scope.CONTAINERS or not codes.isdisjoint(hold.containers)
    ]


def hold_words(hold: Hold) -> str:
    """Give what is on hold."""
    if hold.scope == Scope.CONTAINERS:
        return ", ".join(hold.containers)
    return str(hold.get_scope_display())


def _object(hold: Hold) -> Objection:
    return Objection(
        _("On hold since %(time)s by %(name)s (%(what)s): %(reason)s")
        % {
            "time": record_time(hold.signed_at),
            "name": hold.signer_name,
            "what": hold_words(hold),
            "reason": hold.reason,
        },
        code="on_hold",
        url=holds_url(hold.batch.number),
    )


class HoldIntent(StrictSerializer[Intent]):
    """What is stopped, and why."""

    scope = serializers.ChoiceField(Scope.choices, label=gettext_lazy("What is put on hold"))
    containers = TextListField(
        label=gettext_lazy("Containers"),
        style=LINES,
        required=False,
        default=list,
        help_text="codes, where only these are stopped",
    )
    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=SHORTEST_REASON)


class LiftIntent(StrictSerializer[Intent]):
    """Why the hold ends."""

    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=SHORTEST_REASON)


@register
class SetHold(Act[Batch]):
    """Stop a batch, its shipment or some of its containers."""

    code = "batch.hold"
    title = gettext_lazy("Put on hold")
    verb = gettext_lazy("Sign the hold")
    permission = Permission.BATCH_HOLD
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I stop what is named here, for the reason given, until quality assurance lifts it.")
    asks = HoldIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        codes = ", ".join(sorted(set(intent["containers"])))
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Stopped"), codes or str(Scope(intent["scope"]).label), "hold"),
                Line(_("Reason"), intent["reason"]),
                Line(_("Decision on the batch"), str(subject.state.get_disposition_display())),
            ],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        named = set(intent["containers"])
        about_containers = intent["scope"] == Scope.CONTAINERS
        unknown = sorted(named - {one.code for one in of_batch(subject.number)}) if named else []
        return [
            *when(
                about_containers and not named,
                _("Name the containers that are put on hold."),
                field="containers",
            ),
            *when(
                not about_containers and bool(named),
                _("This hold is about all of the batch. Name no containers, or choose a hold on containers."),
                field="containers",
            ),
            *when(
                bool(unknown),
                _("Not in this batch: %(codes)s.") % {"codes": ", ".join(unknown)},
                field="containers",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> Hold:
        row = Hold(
            batch=subject,
            scope=intent["scope"],
            containers=sorted(set(intent["containers"])),
            reason=intent["reason"],
        )
        return sign(row, signature, type="batch.held")

    def done_url(self, row: Signed) -> str:
        return _done(row)


@register
class LiftHold(Act[Hold]):
    """End a hold, as quality assurance; the others stay."""

    code = "batch.lift_hold"
    title = gettext_lazy("Lift a hold")
    verb = gettext_lazy("Sign the lifting")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I lift this hold for the reason given.")
    asks = LiftIntent

    def find(self, subject: UUID) -> Hold:
        related = [f"batch__{name}" for name in WITH_EVERYTHING]
        hold = Hold.objects.select_related("lifted", *related).filter(pk=subject).first()
        if hold is None:
            raise Http404
        return hold

    def lock(self, subject: Hold) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: Hold, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Stopped"), hold_words(subject), "hold"),
                Line(_("Reason of the hold"), subject.reason),
                Line(_("Reason"), intent["reason"]),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Hold, intent: Intent, by: Person) -> list[Objection]:
        lifted = HoldLifted.objects.filter(hold=subject).exists()
        return when(lifted, _("This hold was lifted already."), code="lifted")

    def carry_out(self, subject: Hold, intent: Intent, signature: Signature) -> HoldLifted:
        row = HoldLifted(batch=subject.batch, hold=subject, reason=intent["reason"])
        return sign(row, signature, type="batch.hold_lifted", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return _done(row)


def holds_url(number: str) -> str:
    """Give the page on which a batch or its bags are put on hold."""
    return f"/batches/{number}/holds/"


def _done(row: Signed) -> str:
    assert isinstance(row, SignedInBatch)  # noqa: S101  these acts write nothing else
    return holds_url(row.batch.number)
