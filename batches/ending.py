"""The two ends that people sign: manufacture of one batch, and an order.

(1) Manufacture ends before its last step with a coded reason (DOMAIN: poor growth, low viability, low purity …). The
    order stays open and can have another attempt.
(2) An order ends once: infused, cancelled, the patient died or withdrew, manufacture failed, expired unused. What
    quality decided on its batches stays; planned steps stop; the fate of every container is asked for.
"""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from batches.ended import manufacture_end_of, manufacture_end_words, order_end_of, order_end_words
from batches.fates import open_containers
from batches.identity import batch_with, coi_for_the_eye, identity_lines, locked
from batches.models import Batch, BatchState, ManufactureEnded, Order, OrderEnded, StepStart
from batches.ordering import order_called
from batches.record import Status, record_of
from batches.turns import take_turn
from chain_of_custody.containers import of_batch
from chain_of_custody.models import ContainerFate

SHORTEST_REASON = 10
How, Why = ManufactureEnded.How, ManufactureEnded.Why
NEEDS_REASON = (
    OrderEnded.How.CANCELLED,
    OrderEnded.How.WITHDREW,
    OrderEnded.How.FAILED,
    OrderEnded.How.EXPIRED,
)


class ManufactureEndIntent(StrictSerializer[Intent]):
    """How and why manufacture ends, and what was seen."""

    how = serializers.ChoiceField(How.choices, label=gettext_lazy("How it ends"))
    why = serializers.ChoiceField(Why.choices, label=gettext_lazy("Why"))
    says = TextField(label=gettext_lazy("What was seen"), max_length=2000)


@register
class EndManufacture(Act[Batch]):
    """End the manufacture of a batch before its last step."""

    code = "manufacture.end"
    title = gettext_lazy("End manufacture")
    verb = gettext_lazy("Sign the end of manufacture")
    permission = Permission.STARTING_MATERIAL
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I end the manufacture of this batch for the reason named here.")
    asks = ManufactureEndIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        begun = list(StepStart.objects.filter(batch=subject).order_by("recorded_at").values_list("step", flat=True))
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("How it ends"), str(How(intent["how"]).label)),
                Line(_("Why"), str(Why(intent["why"]).label)),
                Line(_("What was seen"), intent["says"]),
                Line(_("Steps begun"), ", ".join(begun) or "–"),
                Line(_("Containers"), str(len(of_batch(subject.number)))),
            ],
            version=f"{subject.pk} {' '.join(begun)} {subject.state.disposition}",
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        ended = manufacture_end_of(subject)
        begun = StepStart.objects.filter(batch=subject).exists()
        complete = begun and all(step.status is Status.COMPLETE for step in record_of(subject).steps)
        return [
            *when(
                ended is not None,
                _("Manufacture of this batch ended already: %(how)s.")
                % {"how": manufacture_end_words(ended) if ended else ""},
                code="ended_already",
            ),
            *when(
                subject.state.disposition != BatchState.Disposition.NONE,
                _("This batch was decided on. Report what happened as a departure instead."),
                code="decided",
            ),
            *when(complete, _("Every step is complete. Quality decides on the batch now."), code="complete"),
            *when(
                intent["how"] == How.CANCELLED and begun,
                _("Steps of this batch were begun. Say that it is terminated."),
                field="how",
            ),
            *when(
                intent["how"] == How.TERMINATED and not begun,
                _("No step of this batch was begun. Say that it is cancelled before the start."),
                field="how",
            ),
            *when(
                intent["why"] == Why.ORDER_ENDED and order_end_of(subject.order) is None,
                _("The order has not ended. End it first, or choose another reason."),
                field="why",
            ),
            *when(
                len(intent["says"].strip()) < SHORTEST_REASON,
                _("Say in at least 10 characters what was seen."),
                code="no_reason",
                field="says",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> ManufactureEnded:
        row = ManufactureEnded(batch=subject, how=intent["how"], why=intent["why"], says=intent["says"])
        return sign(row, signature, type="manufacture.ended", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.batch.number}/" if isinstance(row, ManufactureEnded) else "/batches/"


class OrderEndIntent(StrictSerializer[Intent]):
    """How an order ended, when, and who says so."""

    how = serializers.ChoiceField(OrderEnded.How.choices, label=gettext_lazy("How it ended"))
    happened_on = DayField(label=gettext_lazy("Day"))
    source = TextField(label=gettext_lazy("Who says so, and where it stands written"), max_length=300)  # type: ignore[assignment]  # DRF has an attribute of this name
    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, required=False, default="")


@register
class EndOrder(Act[Order]):
    """End an order; the fate of every container of its batches is asked for."""

    code = "order.end"
    title = gettext_lazy("End an order")
    verb = gettext_lazy("Sign the end of the order")
    permission = Permission.ORDER_END
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared the end of this order with the source named here.")
    asks = OrderEndIntent

    def find(self, subject: UUID) -> Order:
        return order_called(subject)

    def lock(self, subject: Order) -> None:
        for batch in Batch.objects.filter(order=subject).order_by("pk"):
            locked(batch.pk)
        take_turn("ISSUE")  # no batch is issued for an order that ends

    def to_sign(self, subject: Order, intent: Intent) -> ToSign:
        batches = list(Batch.objects.filter(order=subject).select_related("state").order_by("number"))
        left = open_containers(subject)
        infused = ContainerFate.objects.filter(
            container__assignment__batch_number__in=[batch.number for batch in batches], fate=ContainerFate.Fate.INFUSED
        ).count()
        unsupported = intent["how"] == OrderEnded.How.INFUSED and not infused
        return ToSign(
            title=str(self.title),
            identity=[
                Line(_("Order"), subject.number),
                Line(_("Chain of identity"), coi_for_the_eye(subject.coi)),
                Line(_("Subject"), subject.coi.subject.pseudonym),
            ],
            lines=[
                Line(_("Product"), subject.product.title),
                Line(_("How it ended"), str(OrderEnded.How(intent["how"]).label)),
                Line(_("Day"), day(date.fromisoformat(intent["happened_on"]))),
                Line(_("Source"), intent["source"]),
                Line(_("Reason"), intent["reason"] or "–"),
                *(Line(_("Batch"), f"{one.number}: {one.state.get_disposition_display()}") for one in batches),
                Line(_("Containers infused"), str(infused), "warn" if unsupported else ""),
                Line(_("Containers whose fate is not recorded yet"), str(len(left))),
            ],
            version=f"{subject.pk} {' '.join(f'{one.pk}:{one.state.disposition}' for one in batches)}",
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Order, intent: Intent, by: Person) -> list[Objection]:
        ended = order_end_of(subject)
        return [
            *when(
                ended is not None,
                _("This order ended already: %(how)s.") % {"how": order_end_words(ended) if ended else ""},
                code="ended_already",
            ),
            *when(
                date.fromisoformat(intent["happened_on"]) < local(subject.signed_at).date(),
                _("This is before the order was placed. Check the day."),
                code="too_early",
                field="happened_on",
            ),
            *when(
                intent["how"] in NEEDS_REASON and len(intent["reason"].strip()) < SHORTEST_REASON,
                _("Give the reason in at least 10 characters."),
                code="no_reason",
                field="reason",
            ),
        ]

    def carry_out(self, subject: Order, intent: Intent, signature: Signature) -> OrderEnded:
        row = OrderEnded(
            order=subject,
            how=intent["how"],
            happened_on=date.fromisoformat(intent["happened_on"]),
            source=intent["source"],
            reason=intent["reason"],
        )
        return sign(row, signature, type="order.ended", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return f"/orders/{row.order.number}/" if isinstance(row, OrderEnded) else "/orders/"
