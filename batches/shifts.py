"""Shift hand-over: one person says where a batch stands, another reads it and goes on.

(1) The steps that are open are listed by the server, never typed.
(2) The one who takes over is somebody else and is trained on the batch's master record.
(3) A newer hand-over takes the place of one that nobody took over; work is never stopped by either.
"""

from collections.abc import Iterator
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed, trained
from accounts.panels import Task
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import batch_of, batch_with, identity_lines, locked
from batches.models import Batch, BatchState, ShiftHandOver, ShiftTakenOver
from batches.pinned import master_of
from batches.record import Status, StepRecord, record_of
from ledger import clock


def open_steps(batch: Batch) -> list[StepRecord]:
    """Give the steps of a batch that were begun and are not done."""
    return [step for step in record_of(batch).steps if step.status is not Status.NOT_STARTED and not step.is_done]


def newest_hand_over(batch: Batch) -> ShiftHandOver | None:
    """Give the newest hand-over of a batch, taken over or not."""
    return ShiftHandOver.objects.filter(batch=batch).select_related("taken").order_by("-signed_at", "-pk").first()


def is_waiting(row: ShiftHandOver) -> bool:
    """Tell whether nobody has taken a hand-over."""
    return not hasattr(row, "taken")


class HandOverIntent(StrictSerializer[Intent]):
    """What the next shift must know."""

    says = TextField(label=gettext_lazy("What the next shift must know"), min_length=10, max_length=2000)


@register
class HandOverShift(Act[Batch]):
    """Hand a batch over to the next shift."""

    code = "batch.hand_over_shift"
    title = gettext_lazy("Hand over to the next shift")
    verb = gettext_lazy("Sign the hand-over")
    permission = Permission.STEP_WORK
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I hand this batch over as it stands here.")
    asks = HandOverIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        steps = open_steps(subject)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[*_step_lines(steps), Line(_("What the next shift must know"), intent["says"])],
            version=f"{subject.pk} {ShiftHandOver.objects.filter(batch=subject).count()}",
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        return when(
            subject.state.disposition != BatchState.Disposition.NONE,
            _("This batch was decided on. Nothing is handed over in it."),
            code="decided",
        )

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> ShiftHandOver:
        codes = [step.definition.code for step in open_steps(subject)]
        row = ShiftHandOver(batch=subject, open_steps=codes, says=intent["says"])
        return sign(row, signature, type="shift.handed_over")

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.batch.number}/" if isinstance(row, ShiftHandOver) else "/"


@register
class TakeOverShift(Act[ShiftHandOver]):
    """Take a batch over from the shift before."""

    code = "batch.take_over_shift"
    title = gettext_lazy("Take over from the shift before")
    verb = gettext_lazy("Take over")
    permission = Permission.STEP_WORK
    meaning = Meaning.ACCEPTED
    meaning_text = gettext_lazy("I read where this batch stands and go on with it.")

    def find(self, subject: UUID) -> ShiftHandOver:
        row = ShiftHandOver.objects.select_related("signer", "taken").filter(pk=subject).first()
        if row is None:
            raise Http404
        row.batch = batch_of(row.batch_id)
        return row

    def lock(self, subject: ShiftHandOver) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: ShiftHandOver, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                *[Line(_("Open at the hand-over"), code) for code in subject.open_steps],
                *_step_lines(open_steps(subject.batch)),
                Line(_("What the shift before said"), subject.says),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: ShiftHandOver, intent: Intent, by: Person) -> list[Objection]:
        newest = newest_hand_over(subject.batch)
        return [
            *when(
                subject.signer_id == by.pk,
                _("Somebody else than %(name)s takes over.") % {"name": subject.signer_name},
                code="same_person",
            ),
            *when(not _is_trained(by, subject.batch), _untrained(subject.batch), code="not_trained"),
            *when(not is_waiting(subject), _("This batch was taken over already."), code="taken_already"),
            *when(
                newest is not None and newest.pk != subject.pk,
                _("There is a newer hand-over. Open the batch again and take that one."),
                code="superseded",
            ),
        ]

    def carry_out(self, subject: ShiftHandOver, intent: Intent, signature: Signature) -> ShiftTakenOver:
        row = ShiftTakenOver(batch=subject.batch, hand_over=subject)
        return sign(row, signature, type="shift.taken_over", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.batch.number}/" if isinstance(row, ShiftTakenOver) else "/"


def _step_lines(steps: list[StepRecord]) -> list[Line]:
    if not steps:
        return [Line(_("Open steps"), _("none"))]
    return [
        Line(_("Open step"), f"{step.definition.code} {step.definition.title}: {step.status_words}") for step in steps
    ]


def _is_trained(by: Person, batch: Batch) -> bool:
    needed = master_of(batch).training
    return trained(by, needed.procedure, str(needed.version), at=clock.now())


def _untrained(batch: Batch) -> str:
    needed = master_of(batch).training
    return _("You aren't trained on %(procedure)s version %(version)s.") % {
        "procedure": needed.procedure,
        "version": needed.version,
    }


def to_take_over(person: Person) -> Iterator[Task]:
    """Give the batches that the shift before handed over and this person may take."""
    if Permission.STEP_WORK not in person.permissions:
        return
    waiting = ShiftHandOver.objects.filter(taken=None, batch__state__disposition=BatchState.Disposition.NONE)
    for row in waiting.exclude(signer=person).order_by("signed_at")[:100]:
        batch = batch_of(row.batch_id)
        newest = newest_hand_over(batch)
        if newest is None or newest.pk != row.pk or not _is_trained(person, batch):
            continue
        yield Task(
            title=_("Take over %(batch)s") % {"batch": batch.number},
            batch=batch.number,
            url=f"/batches/{batch.number}/#shift",
            verb=_("Read and take over"),
            detail=_("Handed over by %(name)s") % {"name": row.signer_name},
            icon="users",
        )
