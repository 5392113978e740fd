"""Legal holds: the record of a batch is kept until further notice, whatever its retention says.

A hold says nothing of the product; it changes no decision. Several may stand at once; each is lifted by itself.
"""

from typing import TypeVar
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import WITH_EVERYTHING, batch_with, identity_lines, locked
from batches.models import Batch, LegalHold, LegalHoldLifted, SignedInBatch
from batches.retention import retention_of

SHORTEST_REASON = 10
SubjectT = TypeVar("SubjectT")


class HoldIntent(StrictSerializer[Intent]):
    """Why, in at least 10 characters."""

    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=SHORTEST_REASON)


class _AboutHold(Act[SubjectT]):
    """What setting and lifting share."""

    permission = Permission.LEGAL_HOLD
    asks = HoldIntent

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, SignedInBatch)  # noqa: S101  these acts write nothing else
        return f"/batches/{row.batch.number}/retention/"


@register
class SetHold(_AboutHold[Batch]):
    """Keep the record of a batch until further notice."""

    code = "legal_hold.set"
    title = gettext_lazy("Set a legal hold")
    verb = gettext_lazy("Sign the hold")
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I order that this record be kept until the hold is lifted.")

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Retention without this hold"), retention_of(subject).words),
                Line(_("Reason"), intent["reason"]),
            ],
        )

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> LegalHold:
        return sign(LegalHold(batch=subject, reason=intent["reason"]), signature, type="legal_hold.set")


@register
class LiftHold(_AboutHold[LegalHold]):
    """End a legal hold; the rules of retention go on."""

    code = "legal_hold.lift"
    title = gettext_lazy("Lift a legal hold")
    verb = gettext_lazy("Sign the lifting")
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I lift this hold. The record is still kept as its rules of retention say.")

    def find(self, subject: UUID) -> LegalHold:
        related = [f"batch__{name}" for name in WITH_EVERYTHING]
        hold = LegalHold.objects.select_related(*related).filter(pk=subject).first()
        if hold is None:
            raise Http404
        return hold

    def lock(self, subject: LegalHold) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: LegalHold, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[Line(_("Reason of the hold"), subject.reason), Line(_("Reason"), intent["reason"])],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: LegalHold, intent: Intent, by: Person) -> list[Objection]:
        return when(LegalHoldLifted.objects.filter(hold=subject).exists(), _("This hold is lifted already."))

    def carry_out(self, subject: LegalHold, intent: Intent, signature: Signature) -> LegalHoldLifted:
        row = LegalHoldLifted(batch=subject.batch, hold=subject, reason=intent["reason"])
        return sign(row, signature, type="legal_hold.lifted", earlier=[subject])
