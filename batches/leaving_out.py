"""Leaving out a step that the master record calls optional: signed, with the reason, before it was begun.

A step that was left out is done for the order of the record and for the stage; it stands there with its reason. What
does not apply by the definition itself needs nobody: `MasterDefinition.left_out` says so.
"""

from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import GivenField, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.bench import objections_to_work
from batches.identity import batch_with, identity_lines, locked
from batches.models import Batch, BatchState, StepNotApplicable
from batches.record import BatchRecord, StepRecord, record_of, step_url
from batches.stages import refresh_stage


class LeavingOutIntent(StrictSerializer[Intent]):
    """Which step is left out, and why."""

    step = GivenField(max_length=10)
    reason = TextField(label=gettext_lazy("Reason, at least 10 characters"), min_length=10, max_length=1000)


@register
class LeaveOutStep(Act[Batch]):
    """Leave out an optional step."""

    code = "step.leave_out"
    title = gettext_lazy("Leave out a step")
    verb = gettext_lazy("Leave it out")
    permission = Permission.STEP_WORK
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I left this step out, for the reason that I state.")
    asks = LeavingOutIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        _record, step = _step(subject, intent)
        return ToSign(
            title=f"{self.title}: {step.definition.code} {step.definition.title}",
            identity=identity_lines(subject),
            lines=[Line(_("Instruction"), step.definition.instruction), Line(_("Reason"), intent["reason"])],
            version=f"{subject.pk} {step.definition.code}",
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        record, step = _step(subject, intent)
        definition = step.definition
        working = [one for one in objections_to_work(subject, definition, by=by) if one.code != "lacks_permission"]
        return [
            *working,
            *when(
                not definition.optional,
                _("Step %(step)s can't be left out.") % {"step": definition.code},
                code="not_optional",
            ),
            *when(step.left_out, _("This step was left out already."), code="left_out"),
            *when(
                step.start is not None,
                _("Step %(step)s was begun. Record what is not applicable in it.") % {"step": definition.code},
                code="begun_already",
            ),
            *[
                Objection(
                    _("Step %(step)s isn't finished. Finish it first.") % {"step": earlier.definition.code},
                    "forced_order",
                    "step",
                    step_url(subject.number, earlier.definition.code),
                )
                for earlier in record.before(definition.code)
                if not earlier.is_done
            ],
            *when(
                subject.state.disposition != BatchState.Disposition.NONE,
                _("This batch was decided on. Report what happened as a departure instead."),
                code="decided",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> StepNotApplicable:
        row = StepNotApplicable(batch=subject, step=intent["step"], reason=intent["reason"])
        sign(row, signature, type="step.left_out")
        refresh_stage(subject)
        return row

    def done_url(self, row: Signed) -> str:
        return step_url(row.batch.number, row.step) if isinstance(row, StepNotApplicable) else "/"


def _step(batch: Batch, intent: Intent) -> tuple[BatchRecord, StepRecord]:
    record = record_of(batch)
    step = record.step(intent["step"])
    if step is None:
        says = _("Batch %(batch)s has no step %(step)s.") % {"batch": batch.number, "step": intent["step"]}
        raise BadInput(Objection(says, code="bad_input", field="step"))
    return record, step
