"""Departures: something was not as the master record says. A fact, never refused; quality assesses each.

Most are raised by what is recorded: a value outside its limits, a label of another batch, a late entry. People report
the others, at any time, also after a decision.
"""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.alarms import raise_alarm
from accounts.models import Alarm, Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.models import Batch, Departure, InBatch
from ledger.checkpoints import MACHINE
from ledger.models import Written
from ledger.writing import write, writing

MAY_REPORT = (Permission.STEP_WORK, Permission.CUSTODY_RECORD, Permission.FACT_ASSESS, Permission.BATCH_CERTIFY)
LONGEST = 1000
# Kinds of departure that somebody must know of at once.
ALARMING = {
    Departure.Kind.MISMATCH: Alarm.Kind.MISMATCH,
    Departure.Kind.HOLD: Alarm.Kind.HOLD_TIME,
    Departure.Kind.LABEL: Alarm.Kind.LABEL,
    Departure.Kind.DONOR: Alarm.Kind.DONOR,
}


def raise_departure(
    *,
    batch: Batch,
    kind: Departure.Kind,
    says: str,
    by: Person | None,
    step: str = "",
    about: Written | None = None,
    id: UUID | None = None,  # noqa: A002  the row's own name for it
) -> Departure:
    """Write a departure in the transaction of what departs; by nobody where the machine found it."""
    row = Departure(
        batch=batch,
        kind=kind,
        step=step,
        says=says[:LONGEST],
        about_type=about.record_type() if about else "",
        about_id=about.pk if about else None,
    )
    if id is not None:
        row.id = id
    actor = by.reference if by else MACHINE
    write(row, type="departure.raised", actor=actor)
    if kind in ALARMING:
        raise_alarm(
            kind=ALARMING[kind],
            says=f"{batch.number}: {row.says}",
            stream=row.stream_name(),
            actor=actor,
            url=f"/batches/{batch.number}/departures/",
            about=row,
        )
    return row


def report_departure(
    *,
    batch: Batch,
    says: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    step: str = "",
) -> Departure:
    """Write what a person reports to have gone wrong; it is taken at any time."""
    if not any(permission in by.permissions for permission in MAY_REPORT):
        refuse_if(lacks(by, Permission.STEP_WORK))
    text = says.strip()
    if len(text) < 10 or len(text) > LONGEST:
        raise BadInput(Objection(_("Say in 10 to 1,000 characters what happened."), code="bad_input", field="says"))
    with writing():
        if known := recorded_before(Departure, id, {"batch_id": batch.pk, "says": text, "step": step}, by=by):
            return known
        row = Departure(id=id, batch=batch, kind=Departure.Kind.REPORTED, step=step, says=text)
        return write(row, type="departure.reported", actor=by.reference)


def departures_of(batch: Batch) -> QuerySet[Departure]:
    """Give the departures of a batch, the oldest first."""
    return Departure.objects.filter(batch=batch).order_by("recorded_at", "pk")


def departures_about(row: InBatch) -> QuerySet[Departure]:
    """Give the departures that one record raised."""
    return Departure.objects.filter(batch=row.batch_id, about_type=row.record_type(), about_id=row.pk)
