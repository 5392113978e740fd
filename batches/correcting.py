"""Correcting a value after its step was signed: the correction is signed, and the step must be signed anew.

(1) The old value stays and is shown struck through; the new one names it and says why.
(2) The signatures of the step no longer count: it is performed and witnessed again as a new version. So is every later
    step that calculated with the old value.
(3) Each such correction is a departure that quality assesses.
"""

from decimal import Decimal
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField, YesNoField
from accounts.refusal import Objection, Refused, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.bench import field_called, objections_to_correction, objections_to_work, read_reason, read_value
from batches.continuity import owe_edition
from batches.definitions.master import Field, Step
from batches.departures import raise_departure
from batches.hold_times import watch_hold_times
from batches.identity import batch_of, identity_lines, locked
from batches.judging import NOT_APPLICABLE, is_plausible, shown_value
from batches.models import BatchState, Departure, StepPerformed, Value, ValueCorrected
from batches.performing import corrected, judged
from batches.record import step_url, words_of
from batches.stages import refresh_stage
from ledger.writing import write

REASONS = (
    ("transcription", gettext_lazy("transcription error")),
    ("unit", gettext_lazy("wrong unit")),
    ("sample", gettext_lazy("wrong sample scanned")),
    ("reread", gettext_lazy("instrument read again")),
    ("other", gettext_lazy("other")),
)


class CorrectionIntent(StrictSerializer[Intent]):
    """The new value and why it replaces the old one; where it is not applicable, `typed` is why."""

    typed = TextField(label=gettext_lazy("New value"), max_length=1000)
    kind = serializers.ChoiceField(REASONS, label=gettext_lazy("Kind of error"), required=False, default="other")
    reason = TextField(label=gettext_lazy("Reason, at least 10 characters"), max_length=900, min_length=10)
    confirmed = YesNoField(
        label=gettext_lazy("The value is right, also outside the plausible range"), required=False, default=False
    )
    not_applicable = YesNoField(label=gettext_lazy("Not applicable"), required=False, default=False)


@register
class CorrectValue(Act[Value]):
    """Correct a signed value under one's own signature."""

    code = "value.correct"
    title = gettext_lazy("Correct a value")
    verb = gettext_lazy("Sign the correction")
    permission = Permission.STEP_WORK
    meaning = Meaning.CORRECTED
    meaning_text = gettext_lazy("I corrected this value; the first entry stays.")
    asks = CorrectionIntent

    def find(self, subject: UUID) -> Value:
        row = Value.objects.filter(pk=subject).first()
        if row is None:
            raise Http404
        row.batch = batch_of(row.batch_id)
        return row

    def lock(self, subject: Value) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: Value, intent: Intent) -> ToSign:
        step, wanted, number = _read(subject, intent)
        signed = _signed_version(subject)
        return ToSign(
            title=f"{self.title}: {_('step')} {step.code}, {wanted.title}",
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Old value"), words_of(wanted, subject)),
                Line(_("New value"), _shown(wanted, intent, number)),
                Line(_("Kind"), str(dict(REASONS)[intent["kind"]])),
                Line(_("Reason"), intent["reason"]),
            ],
            version=f"{subject.pk} {signed.pk if signed else ''}",
            earlier=[EarlierSignature.on(signed)] if signed else [],
        )

    def objections(self, subject: Value, intent: Intent, by: Person) -> list[Objection]:
        step, wanted, number = _read(subject, intent)
        working = [one for one in objections_to_work(subject.batch, step, by=by) if one.code != "lacks_permission"]
        return [
            *working,
            *when(
                _signed_version(subject) is None,
                _("This step is not signed yet. Correct the value on its page."),
                code="not_signed",
            ),
            *when(
                subject.batch.state.disposition != BatchState.Disposition.NONE,
                _("This batch was decided on. Report what happened as a departure instead."),
                code="decided",
            ),
            *objections_to_correction(
                subject, intent["typed"], intent["reason"], not_applicable=intent["not_applicable"]
            ),
            *when(
                not is_plausible(wanted, number) and not intent["confirmed"],
                _("%(value)s is outside the plausible range. Check it, then confirm it.")
                % {"value": shown_value(wanted, intent["typed"], number)},
                code="ask_again",
                field="typed",
            ),
        ]

    def carry_out(self, subject: Value, intent: Intent, signature: Signature) -> ValueCorrected:
        step, wanted, number = _read(subject, intent)
        by, batch = signature.signer, subject.batch
        signed = _signed_version(subject)
        if signed is None:
            raise Refused(_("This step is not signed yet. Correct the value on its page."))
        reason = f"{dict(REASONS)[intent['kind']]}: {intent['reason']}"
        row = corrected(subject, step, wanted, intent["typed"], number, reason, None, confirmed=True)
        row.is_not_applicable = intent["not_applicable"]
        write(row, type="value.corrected", actor=by.reference)
        judged(batch, step, wanted, row, by=by)
        watch_hold_times(batch, wanted, by=by)
        words = {
            "step": step.code,
            "title": wanted.title,
            "old": words_of(wanted, subject),
            "new": words_of(wanted, row),
            "reason": reason,
        }
        says = _("Step %(step)s: %(title)s corrected after signing from %(old)s to %(new)s. %(reason)s") % words
        raise_departure(batch=batch, kind=Departure.Kind.CORRECTION, says=says, by=by, step=step.code, about=row)
        correction = ValueCorrected(batch=batch, value=row, corrects=subject)
        sign(correction, signature, type="value.correction_signed", earlier=[signed])
        owe_edition(correction)
        refresh_stage(batch)
        return correction

    def done_url(self, row: Signed) -> str:
        return step_url(row.batch.number, row.value.step) if isinstance(row, ValueCorrected) else "/"


def _read(value: Value, intent: Intent) -> tuple[Step, Field, Decimal | None]:
    step, wanted = field_called(value.batch, value.step, value.field)
    if intent["not_applicable"]:
        read_reason(wanted, intent["typed"])
        return step, wanted, None
    return step, wanted, read_value(wanted, intent["typed"], True)


def _shown(wanted: Field, intent: Intent, number: Decimal | None) -> str:
    if intent["not_applicable"]:
        return NOT_APPLICABLE % {"why": intent["typed"]}
    return shown_value(wanted, intent["typed"], number)


def _signed_version(value: Value) -> StepPerformed | None:
    """Give the newest signed version of the value's step."""
    return StepPerformed.objects.filter(batch=value.batch_id, step=value.step).order_by("-version").first()
