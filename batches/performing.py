"""Working a step at the bench: begin it, record its values one by one, correct them before they are signed.

(1) A step is begun by somebody trained on its procedure and version. A forced step waits until every step before it is
    complete; another may begin out of order with a reason, which is a departure.
(2) A value is stored as typed and judged afterwards. Outside its plausible range it is asked again first; outside its
    limits it is stored, flagged, and a departure stands in the same transaction.
(3) A first value is never overwritten: changing it is a correction with a reason. Once its step was signed, the
    correction is signed too (batches.correcting).
(4) Times claimed are never in the future, never before the step began, and need a reason when they are long past.
(5) A field that need not be recorded may be not applicable, with the reason; it is no number then and never judged.
(6) Where an act is checked first, its values open when a second person has signed the check.
(7) A time that ends a hold time too late is a departure in the same transaction (batches.hold_times).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, Refused, refuse_if, when
from accounts.repeats import recorded_before
from batches.bench import (
    field_called,
    objections_to_correction,
    objections_to_first_value,
    objections_to_start,
    objections_to_work,
    read_reason,
    read_value,
    step_called,
)
from batches.definitions.master import Field, Step
from batches.departures import raise_departure
from batches.hold_times import watch_hold_times
from batches.identity import locked
from batches.judging import Verdict, expected_words, is_plausible, shown_value
from batches.models import Batch, Departure, StepPerformed, StepStart, Value
from batches.paper import OnPaper, objections_to_time_on_paper, refused_of_paper
from batches.record import verdict_of, words_of
from batches.scanning import scan_slot
from ledger import clock
from ledger.typed_numbers import scaled_up
from ledger.writing import write, writing

__all__ = ["Recorded", "correct_value", "record_value", "scan_slot", "start_step"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """A value that was stored, and what it says: flagged when it is outside its limits."""

    value: Value
    verdict: Verdict
    limit: str
    shown: str
    departure: Departure | None = None


def start_step(
    *,
    batch: Batch,
    step: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    happened_at: datetime | None = None,
    reason: str = "",
    paper: OnPaper | None = None,
) -> StepStart:
    """Begin a step; refused out of a forced order, without training, or after the decision on the batch.

    One that began on `paper` began; only what contradicts the record itself is refused (batches.paper).
    """
    definition = step_called(batch, step)
    with writing():
        batch.state = locked(batch.pk)
        said = {"batch_id": batch.pk, "step": step, "reason": reason}
        if happened_at is not None:
            said["happened_at"] = happened_at
        if known := recorded_before(StepStart, id, said, by=by):
            return known
        moment = happened_at or clock.now()
        objections = objections_to_start(batch, definition, by=by, happened_at=moment, reason=reason)
        if paper is not None:
            objections = refused_of_paper(objections) + objections_to_time_on_paper(batch, moment, field="happened_at")
        refuse_if(objections)
        row = StepStart(id=id, batch=batch, step=step, happened_at=moment, reason=reason)
        if paper is not None:
            paper.put_on(row)
        write(row, type="step.begun", actor=by.reference)
        if reason:
            says = _("Step %(step)s was begun out of order: %(reason)s") % {"step": step, "reason": reason}
            raise_departure(batch=batch, kind=Departure.Kind.ORDER, says=says, by=by, step=step, about=row)
        return row


def record_value(
    *,
    batch: Batch,
    step: str,
    field: str,
    typed: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    performed_at: datetime | None = None,
    late_reason: str = "",
    comma_allowed: bool = False,
    confirmed: bool = False,
    not_applicable: bool = False,
    paper: OnPaper | None = None,
) -> Recorded:
    """Store the first value of a field as typed and judge it afterwards; outside its limits it is a departure.

    Where it is `not_applicable`, `typed` is the reason. One from `paper` is never late: it is transcribed for ever.
    """
    definition, wanted = field_called(batch, step, field)
    # A paper that holds no value holds none, also where one must be recorded.
    number = _read(replace(wanted, required=False) if paper else wanted, typed, comma_allowed, not_applicable)
    with writing():
        batch.state = locked(batch.pk)
        said = {"batch_id": batch.pk, "step": step, "field": field, "typed": typed, "late_reason": late_reason}
        said["is_not_applicable"] = not_applicable
        if performed_at is not None:
            said["performed_at"] = performed_at
        if known := recorded_before(Value, id, said | {"supersedes_id": None}, by=by):
            return _answer(wanted, known)
        moment = performed_at or clock.now()
        objections = objections_to_first_value(batch, definition, wanted, by=by, moment=moment, late_reason=late_reason)
        if paper is not None:
            objections = refused_of_paper(objections) + objections_to_time_on_paper(batch, moment, field="performed_at")
        refuse_if(objections)
        row = _new_value(batch, definition, wanted, typed, number, moment, id, confirmed)
        row.late_reason, row.is_not_applicable = late_reason, not_applicable
        if paper is not None:
            paper.put_on(row)
        write(row, type="value.recorded", actor=by.reference)
        if late_reason:
            says = _("%(title)s was entered late: %(reason)s") % {"title": wanted.title, "reason": late_reason}
            raise_departure(batch=batch, kind=Departure.Kind.LATE, says=says, by=by, step=step, about=row)
        raised = judged(batch, definition, wanted, row, by=by)
        watch_hold_times(batch, wanted, by=by)
        return _answer(wanted, row, raised)


def correct_value(
    *,
    value: Value,
    typed: str,
    reason: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    comma_allowed: bool = False,
    confirmed: bool = False,
    not_applicable: bool = False,
) -> Recorded:
    """Store another value beside the first, with the reason, before the step was signed; the first one stays."""
    batch = value.batch
    definition, wanted = field_called(batch, value.step, value.field)
    number = _read(wanted, typed, comma_allowed, not_applicable)
    with writing():
        batch.state = locked(batch.pk)
        said = {"batch_id": batch.pk, "typed": typed, "reason": reason, "supersedes_id": value.pk}
        said["is_not_applicable"] = not_applicable
        if known := recorded_before(Value, id, said, by=by):
            return _answer(wanted, known)
        signed = StepPerformed.objects.filter(batch=batch, step=value.step).exists()
        refuse_if(
            [
                *_objections_to_correcting(value, definition, by=by),
                *objections_to_correction(value, typed, reason, not_applicable=not_applicable),
                *when(signed, _("This step was signed. Correct the value under your signature."), code="signed"),
            ]
        )
        row = corrected(value, definition, wanted, typed, number, reason, id, confirmed)
        row.is_not_applicable = not_applicable
        write(row, type="value.corrected", actor=by.reference)
        raised = judged(batch, definition, wanted, row, by=by)
        watch_hold_times(batch, wanted, by=by)
        return _answer(wanted, row, raised)


def _read(wanted: Field, typed: str, comma_allowed: bool, not_applicable: bool) -> Decimal | None:
    """Give the number that was typed, or None for what is no number; a reason is read as such."""
    if not_applicable:
        read_reason(wanted, typed)
        return None
    return read_value(wanted, typed, comma_allowed)


def corrected(
    value: Value,
    definition: Step,
    wanted: Field,
    typed: str,
    number: Decimal | None,
    reason: str,
    row_id: UUID | None,
    confirmed: bool,
) -> Value:
    """Give the row that supersedes a value; it keeps the time at which the thing was done."""
    row = _new_value(value.batch, definition, wanted, typed, number, value.performed_at, row_id, confirmed)
    row.supersedes, row.reason = value, reason
    row.copy, row.done_by = value.copy, value.done_by
    return row


def _objections_to_correcting(value: Value, definition: Step, *, by: Person) -> list[Objection]:
    """Ask for the training of whoever corrects their work, not of whoever corrects what they copied from paper."""
    objections = objections_to_work(value.batch, definition, by=by)
    return refused_of_paper(objections) if value.copy_id else objections


def judged(batch: Batch, definition: Step, wanted: Field, row: Value, *, by: Person) -> Departure | None:
    """Judge a stored value; outside its limits a departure is raised and given."""
    if verdict_of(wanted, row) is not Verdict.FAILS:
        return None
    words = {
        "title": wanted.title,
        "value": words_of(wanted, row),
        "limit": expected_words(wanted),
        "step": definition.code,
    }
    says = _("Step %(step)s: %(title)s is %(value)s, wanted %(limit)s.") % words
    return raise_departure(batch=batch, kind=Departure.Kind.LIMIT, says=says, by=by, step=definition.code, about=row)


def _new_value(
    batch: Batch,
    step: Step,
    wanted: Field,
    typed: str,
    number: Decimal | None,
    moment: datetime,
    row_id: UUID | None,
    confirmed: bool,
) -> Value:
    asked_again = not is_plausible(wanted, number)
    if asked_again and not confirmed:
        raise Refused(
            Objection(
                _("%(title)s of %(value)s is outside the plausible range %(range)s. Check it, then confirm it.")
                % {
                    "title": wanted.title,
                    "value": shown_value(wanted, typed, number),
                    "range": wanted.plausible.words if wanted.plausible else "",
                },
                code="ask_again",
                field="typed",
            )
        )
    row = Value(
        batch=batch,
        step=step.code,
        field=wanted.code,
        typed=typed,
        number=None if number is None else scaled_up(number, wanted.exponent),
        exponent=wanted.exponent,
        unit=wanted.unit,
        performed_at=moment,
        was_asked_again=asked_again,
    )
    if row_id is not None:
        row.id = row_id
    return row


def _answer(wanted: Field, row: Value, raised: Departure | None = None) -> Recorded:
    return Recorded(row, verdict_of(wanted, row), expected_words(wanted), words_of(wanted, row), raised)
