"""Addenda: what comes to a record after its decision is added and signed, never written into it.

(1) An addendum to a certified batch runs the rules of its certification again and keeps what would stand against it.
    That the record changed since its review is what an addendum is, and is left out.
(2) While an addendum blocks, the containers that are still here stay, until the qualified person signs that the
    decision stands, with the reason, or another decision supersedes it.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.fates import CERTIFIED
from batches.identity import identity_lines
from batches.models import Batch, BatchState
from qc.batch_act import BatchAct, RowOfBatchAct
from qc.models import Addendum, DecisionStands
from qc.record_read import RecordRead
from qc.release.disposition import objections_to_certification
from qc.release.pending import decision_in_force, pending_codes
from qc.release.taking_part import objections_to_person

# What any later entry brings with it, and an open offer, which ends by itself.
BY_ITSELF = frozenset({"review_outdated", "trail_open", "offer_open"})
# What belongs to the way from a conditional certification to the final one.
ON_THE_WAY = frozenset({"two_step_not_offered", "approval_outdated", "no_acceptance"})


def would_block(batch: Batch) -> list[Objection]:
    """Give what would stand against the certification in force, were it decided now; nothing where there is none."""
    read = RecordRead(batch)
    if batch.state.disposition not in CERTIFIED:
        return []
    conditionally = batch.state.disposition == BatchState.Disposition.CERTIFIED_CONDITIONALLY
    found = objections_to_certification(batch, read, conditionally=conditionally)
    left_out = BY_ITSELF | (ON_THE_WAY if conditionally else frozenset())
    pending = pending_codes(read.decision) if conditionally else frozenset()
    return [
        one for one in found if one.code not in left_out and not (one.code == "result_missing" and one.field in pending)
    ]


def against_today(batch: Batch, read: RecordRead | None = None) -> list[Objection]:
    """Give what would stand against certifying a batch that was decided on, but for what later entries bring."""
    return [one for one in objections_to_certification(batch, read) if one.code not in BY_ITSELF]


def addenda_of(batch: Batch) -> QuerySet[Addendum]:
    """Give the addenda to a batch, with what was decided on each, in the order in which they came."""
    return Addendum.objects.filter(batch=batch).select_related("stands").order_by("recorded_at", "pk")


def holding_addenda(batch: Batch) -> QuerySet[Addendum]:
    """Give the addenda to the decision in force that hold the containers."""
    decision = decision_in_force(batch)
    return addenda_of(batch).filter(decision=decision, stands=None).exclude(blocks=[])


class AddendumIntent(StrictSerializer[Intent]):
    """What came after the decision: of which kind, about what, and what it says."""

    kind = serializers.ChoiceField(Addendum.Kind.choices, label=gettext_lazy("Kind"))
    about = TextField(
        label=gettext_lazy("About"), max_length=200, help_text="what it concerns, such as a test or a container"
    )
    text = TextField(label=gettext_lazy("Addendum"), min_length=10, max_length=4000)


@register
class AddToRecord(BatchAct):
    """Add something to a record after its decision."""

    code = "addendum.record"
    title = gettext_lazy("Add to the decided record")
    verb = gettext_lazy("Sign the addendum")
    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I add this to the record.")
    asks = AddendumIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        decision = decision_in_force(subject)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Decision"), str(subject.state.get_disposition_display())),
                Line(_("Kind"), str(Addendum.Kind(intent["kind"]).label)),
                Line(_("About"), intent["about"]),
                Line(_("Addendum"), intent["text"]),
                *(Line(_("Would stand against the certification"), one.says, "warn") for one in would_block(subject)),
            ],
            version=str(decision.pk) if decision else "",
            earlier=[EarlierSignature.on(decision)] if decision else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        return not_decided(subject)

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> Addendum:
        return addendum_to(subject, intent["kind"], intent["about"], intent["text"], signature)


def not_decided(batch: Batch) -> list[Objection]:
    """Object to an addendum to a record on which nobody has decided."""
    return when(
        decision_in_force(batch) is None,
        _("Nobody has decided on this batch. Record it in the batch itself, or report a departure."),
        code="not_decided",
    )


def addendum_to(batch: Batch, kind: str, about: str, text: str, signature: Signature) -> Addendum:
    """Write an addendum to the decision in force, with what would stand against the certification now."""
    decision = decision_in_force(batch)
    assert decision is not None  # noqa: S101  objected to above
    row = Addendum(
        batch=batch,
        decision=decision,
        kind=kind,
        about=about,
        text=text,
        blocks=[one.says for one in would_block(batch)],
    )
    return sign(row, signature, type="addendum.recorded", earlier=[decision])


class StandsIntent(StrictSerializer[Intent]):
    """Why the decision stands."""

    reason = TextField(label=gettext_lazy("Why the decision stands"), min_length=10, max_length=2000)


@register
class LetDecisionStand(RowOfBatchAct[Addendum]):
    """Sign that the decision stands although an addendum blocks; the containers may leave again."""

    code = "decision.stands"
    title = gettext_lazy("Let the decision stand")
    verb = gettext_lazy("Sign that the decision stands")
    permission = Permission.BATCH_CERTIFY
    stopped_by_findings = True
    meaning = Meaning.CERTIFIED
    meaning_text = gettext_lazy("I have seen this addendum and what it blocks. The decision stands.")
    asks = StandsIntent

    def rows(self) -> QuerySet[Addendum]:
        return Addendum.objects.select_related("stands")

    def streams(self, subject: Addendum) -> list[str]:
        return [subject.batch.stream_name()]

    def to_sign(self, subject: Addendum, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Decision"), str(subject.batch.state.get_disposition_display())),
                Line(_("Addendum"), f"{subject.get_kind_display()}, {subject.about}: {subject.text}"),
                *(Line(_("Stood against the certification"), says, "warn") for says in subject.blocks),
                *(Line(_("Stands against it now"), one.says, "warn") for one in would_block(subject.batch)),
                Line(_("Reason"), intent["reason"]),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Addendum, intent: Intent, by: Person) -> list[Objection]:
        decision = decision_in_force(subject.batch)
        return [
            *when(
                DecisionStands.objects.filter(addendum=subject).exists(),
                _("This was signed already."),
                code="already_done",
            ),
            *when(
                decision is None or decision.pk != subject.decision_id,
                _("A later decision superseded the one that this addendum is about."),
                code="superseded",
            ),
            *when(not subject.blocks, _("This addendum holds nothing."), code="not_blocking"),
            *when(
                subject.signer_id == by.pk,
                _("You wrote this addendum; another person decides on it."),
                code="same_person",
            ),
            *objections_to_person(subject.batch, by),
        ]

    def carry_out(self, subject: Addendum, intent: Intent, signature: Signature) -> DecisionStands:
        row = DecisionStands(batch=subject.batch, addendum=subject, reason=intent["reason"])
        return sign(row, signature, type="decision.stands", earlier=[subject])
