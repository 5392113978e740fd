"""What environmental monitoring of an area found, told for the batch that was worked on there.

(1) The result of a session is recorded once it was read, also after the disposition; a later reading replaces it.
(2) Outside the limits is a fact: it is stored, and a departure stands beside it.
"""

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.departures import raise_departure
from batches.identity import locked
from batches.models import Area, Batch, Departure, LineClearance, MonitoringResult
from ledger.writing import write, writing

Result = MonitoringResult.Result


@dataclass(frozen=True, slots=True)
class Monitored:
    """A result that was stored, with its departure where it is outside the limits."""

    row: MonitoringResult
    departure: Departure | None = None


def record_monitoring(
    *,
    batch: Batch,
    area: Area,
    session: str,
    result: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    says: str = "",
) -> Monitored:
    """Store what a monitoring session of an area found; outside the limits it is a departure of the batch."""
    refuse_if(lacks(by, Permission.EQUIPMENT_CARE))
    if result not in Result.values:
        raise BadInput(Objection(_("Say whether it was within the limits."), code="bad_input", field="result"))
    with writing():
        batch.state = locked(batch.pk)
        said = {"batch_id": batch.pk, "area_id": area.pk, "session": session, "result": result, "says": says}
        if known := recorded_before(MonitoringResult, id, said, by=by):
            return Monitored(known, Departure.objects.filter(about_id=known.pk).first())
        named = LineClearance.objects.filter(batch=batch, area=area, monitoring=session).exists()
        refuse_if(
            when(
                not named,
                _("No clearance of %(code)s for this batch names session %(session)s.")
                % {"code": area.code, "session": session},
                code="unknown_session",
                field="session",
            )
        )
        before = MonitoringResult.objects.filter(batch=batch, area=area, session=session, superseded_by=None).first()
        row = MonitoringResult(
            id=id, batch=batch, area=area, session=session, result=result, says=says, supersedes=before
        )
        write(row, type="monitoring.read", actor=by.reference)
        if result != Result.OUTSIDE:
            return Monitored(row)
        words = {"name": area.name, "code": area.code, "session": session, "says": says or "–"}
        text = _("Environmental monitoring of %(name)s %(code)s, session %(session)s, is outside its limits: %(says)s")
        return Monitored(
            row, raise_departure(batch=batch, kind=Departure.Kind.REPORTED, says=text % words, by=by, about=row)
        )
