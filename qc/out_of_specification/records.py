"""A result out of specification opens a record, which stands against the batch until quality assurance closes it.

(1) The record is opened in the transaction of the failing result, whoever submits or corrects it (21 CFR 211.192).
(2) While one is open for a line, a further failing result of that line belongs to it.
(3) Whoever worked on the failing run neither investigates nor closes; who investigated does not close.
"""

from collections.abc import Sequence

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.alarms import raise_alarm
from accounts.models import Alarm
from accounts.refusal import Objection
from accounts.wording import local
from batches.models import Batch
from ledger import clock
from ledger.numbering import next_number
from ledger.writing import write
from qc.definitions.specification import Line, Release
from qc.laboratory.runs import closure_of
from qc.models import OutOfSpecification, Result
from qc.values.verdicts import Verdict

LONGEST = 1000


def open_record_for(
    result: Result, line: Line, criterion: str, known: OutOfSpecification | None
) -> OutOfSpecification | None:
    """Open the record of a failing result in the open transaction; give the open one that it belongs to, or None."""
    if line.release is Release.INFORMATION or result.verdict != Verdict.FAILS.value:
        return None
    if known is not None:
        return known
    says = _("%(title)s: %(result)s does not meet %(criterion)s.") % {
        "title": line.title,
        "result": result.reported,
        "criterion": criterion,
    }
    row = OutOfSpecification(
        batch=result.batch,
        number=next_number("OOS", local(clock.now()).year),
        line=result.line,
        result=result,
        says=says[:LONGEST],
    )
    write(row, type="oos.opened", actor=result.actor)
    raise_alarm(
        kind=Alarm.Kind.OUT_OF_SPECIFICATION,
        says=f"{row.number}, {result.batch.number}: {row.says}",
        stream=row.stream_name(),
        actor=row.actor,
        url=record_url(row),
        about=row,
    )
    return row


def consequence(known: OutOfSpecification | None) -> str:
    """Say before it is signed what a failing result brings with it."""
    if known is not None:
        return _("This result is out of specification too. It belongs to %(number)s.") % {"number": known.number}
    return _(
        "A record out of specification is opened and quality is told at once. The batch is not certified until quality"
        " assurance has closed it. This result stays in the record."
    )


def stays_open(record: OutOfSpecification) -> str:
    """Say that a correction does not take a record out of specification away."""
    return _("%(number)s stays open. Quality assurance decides whether the corrected result counts.") % {
        "number": record.number
    }


def record_url(record: OutOfSpecification) -> str:
    """Give the page of a record."""
    return reverse("qc:out-of-specification", args=[record.number])


def record_called(number: str) -> OutOfSpecification:
    """Give the record of a number; raise Http404 if there is none."""
    found = OutOfSpecification.objects.select_related("result", "closed").filter(number=number[:20]).first()
    if found is None:
        raise Http404
    return found


def records_of(batch: Batch) -> list[OutOfSpecification]:
    """Give the records of a batch in their order."""
    found = OutOfSpecification.objects.filter(batch=batch).select_related("result", "closed")
    return list(found.order_by("recorded_at", "number"))


def objections_to_out_of_specification(
    batch: Batch, records: Sequence[OutOfSpecification] | None = None
) -> list[Objection]:
    """Give each record of a batch that quality assurance has not closed."""
    return [
        Objection(
            _("%(number)s is open: %(says)s") % {"number": row.number, "says": row.says},
            code="oos_open",
            field=row.line,
            url=record_url(row),
        )
        for row in (records_of(batch) if records is None else records)
        if closure_of(row) is None
    ]
