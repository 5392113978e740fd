"""What happens at the bench is recorded when it comes: moments, suitability, complete data.

(1) All are facts of the run that is worked on, under the method in force for the line. A moment of a sample and a check
    of a run are recorded once; another entry is a correction with its reason, and the first stays.
(2) A timed condition is judged when both its moments are there. Beyond its limit it is flagged and raises one
    departure; the test goes on.
(3) A check of suitability is judged by the criterion of its method when it is entered.
(4) Nothing is added to a run that has a result, or after the decision.
"""

from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.departures import raise_departure
from batches.models import Batch, Departure
from ledger import clock
from ledger.models import StoredFile
from ledger.writing import write, writing
from qc.batch_act import lock_batch
from qc.definitions.method import CompleteDataKind, SuitabilityCheck
from qc.laboratory.judging import seen_in
from qc.laboratory.runs import objections_to_open_run
from qc.methods.at_the_bench import TimedOfSample, at_the_bench
from qc.methods.in_force import MethodInForce
from qc.methods.words import beyond_words
from qc.models import CompleteData, Sample, SuitabilityRecorded, TimedEvent
from qc.panel import PanelLine, panel_line
from qc.release.pending import is_closed
from qc.values.criteria import Judgement, criterion_from_definition
from qc.values.rounding import Rounding

AHEAD = timedelta(seconds=2)
SHORTEST_REASON = 10
RowT = TypeVar("RowT", TimedEvent, SuitabilityRecorded)


def line_at_the_bench(batch: Batch, code: str) -> PanelLine:
    """Give a line of the panel; raise BadInput for a code that the specification does not have."""
    found = panel_line(batch, code)
    if found is None:
        says = _("The specification has no line called %(code)s.") % {"code": code[:40]}
        raise BadInput(Objection(says, field="line"))
    return found


def method_called(found: PanelLine, code: str, *, having: str, among: str) -> MethodInForce:
    """Give the method of a line that has an event, a check or a part of the data; raise BadInput where none has.

    `code` names the method where several methods of a group have the same.
    """
    for method in found.methods.values():
        says = method.says
        there = {
            "event": [one.code for one in says.events],
            "check": [one.code for one in says.suitability],
            "kind": [one.value for one in says.complete_data],
        }[among]
        if having in there and code in ("", says.code):
            return method
    if not found.methods:
        raise BadInput(Objection(_("No method definition is in force for this line."), code="no_method", field="line"))
    raise BadInput(Objection(_("The method of this line does not ask for that."), code="not_asked_for", field=among))


def objections_at_the_bench(batch: Batch, found: PanelLine, *, by: Person) -> list[Objection]:
    """Give the reasons against recording anything at the bench for the run of a line that is worked on."""
    return [
        *lacks(by, Permission.RESULT_ENTER),
        *objections_to_open_run(found.runs),
        *when(
            is_closed(batch, found.code),
            _("The decision on this batch has been made. Report what you found as a departure."),
            code="decided",
        ),
    ]


def record_event(
    *,
    batch: Batch,
    line: str,
    event: str,
    sample: Sample | None,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    method: str = "",
    performed_at: datetime | None = None,
    corrects: TimedEvent | None = None,
    reason: str = "",
) -> TimedEvent:
    """Store a moment of a test and give it; now, where no time is named. Beyond a limit it raises one departure."""
    said: dict[str, object] = {"actor": by.reference, "batch_id": batch.pk, "line": line, "event": event}
    said |= {"sample_id": sample.pk if sample else None, "reason": reason}
    said |= {"performed_at": performed_at} if performed_at else {}
    with writing():
        batch.state = lock_batch(batch)
        if known := recorded_before(TimedEvent, id, said):
            return known
        found = line_at_the_bench(batch, line)
        in_force = method_called(found, method, having=event, among="event")
        moment = performed_at or clock.now()
        refuse_if([*objections_at_the_bench(batch, found, by=by), *_objections_to_moment(batch, found, sample, moment)])
        assert sample is not None  # noqa: S101  objected to above
        there = at_the_bench(batch, found).event_of(in_force, event, sample)
        refuse_if(_objections_to_another(there, corrects, reason))
        row = TimedEvent(
            id=id,
            batch=batch,
            line=line,
            run=found.run,
            method=in_force.row,
            sample=sample,
            event=event,
            performed_at=moment,
            supersedes=corrects,
            reason=reason,
        )
        write(row, type="test.moment_corrected" if corrects else "test.moment_recorded", actor=by.reference)
        for one in at_the_bench(batch, found).timed_of(in_force):
            if one.sample == sample and one.timed.is_beyond:
                _raise_once(row, found, in_force, one, by=by)
        return row


def departure_id(row: TimedEvent, condition: str) -> UUID:
    """Give the id of the departure that a timed condition of a sample in a run raises: it is raised once."""
    return uuid5(row.batch_id, f"{row.line}/{row.run}/{row.sample_id}/{row.method_id}/{condition}")


def _raise_once(row: TimedEvent, found: PanelLine, method: MethodInForce, one: TimedOfSample, *, by: Person) -> None:
    wanted = departure_id(row, one.timed.condition.code)
    if not Departure.objects.filter(pk=wanted).exists():
        says = f"{beyond_words(found.title, one)} {method.says.words}."
        raise_departure(batch=row.batch, kind=Departure.Kind.LIMIT, says=says, by=by, about=row, id=wanted)


def _objections_to_moment(batch: Batch, found: PanelLine, sample: Sample | None, moment: datetime) -> list[Objection]:
    return [
        *when(sample is None, _("Scan the sample first; a result belongs to a sample."), field="sample"),
        *when(
            sample is not None and sample.batch_id != batch.pk,
            _("This sample belongs to another batch."),
            code="other_batch",
            field="sample",
        ),
        *when(
            sample is not None and sample.point != found.line.sample_point,
            _("This test takes a sample of another point."),
            code="other_point",
            field="sample",
        ),
        *when(moment > clock.now() + AHEAD, _("The time can't be in the future."), code="future", field="performed_at"),
    ]


def _objections_to_another(there: RowT | None, corrects: RowT | None, reason: str) -> list[Objection]:
    if corrects is None:
        return when(
            there is not None,
            _("This is recorded already. Correct it with a reason instead."),
            code="recorded",
        )
    return [
        *when(
            there != corrects,
            _("This was corrected already, or is of something else. Open the page again."),
            code="superseded",
        ),
        *when(
            len(reason) < SHORTEST_REASON,
            _("Give the reason for the correction, in at least 10 characters."),
            code="no_reason",
            field="reason",
        ),
    ]


def record_suitability(
    *,
    batch: Batch,
    line: str,
    check: str,
    typed: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    method: str = "",
    corrects: SuitabilityRecorded | None = None,
    reason: str = "",
    comma_allowed: bool = False,
) -> SuitabilityRecorded:
    """Store what showed that the system was fit, as typed, with its verdict, and give it."""
    typed = typed.replace(",", ".") if comma_allowed else typed
    said = {"actor": by.reference, "batch_id": batch.pk, "line": line, "check_code": check, "typed": typed}
    with writing():
        batch.state = lock_batch(batch)
        if known := recorded_before(SuitabilityRecorded, id, said | {"reason": reason}):
            return known
        found = line_at_the_bench(batch, line)
        in_force = method_called(found, method, having=check, among="check")
        asked = in_force.says.check(check)
        assert asked is not None  # noqa: S101  it was just found
        judgement = suitability_judged(in_force, asked, typed)
        there = at_the_bench(batch, found).check_of(in_force, check)
        refuse_if([*objections_at_the_bench(batch, found, by=by), *_objections_to_another(there, corrects, reason)])
        row = SuitabilityRecorded(
            id=id,
            batch=batch,
            line=line,
            run=found.run,
            method=in_force.row,
            check_code=check,
            typed=typed,
            unit=asked.entry.unit,
            verdict=judgement.verdict.value,
            why=judgement.why[:500],
            supersedes=corrects,
            reason=reason,
        )
        kind = "test.suitability_corrected" if corrects else "test.suitability_recorded"
        return write(row, type=kind, actor=by.reference)


def suitability_judged(method: MethodInForce, check: SuitabilityCheck, typed: str) -> Judgement:
    """Judge what was typed for a check by its criterion; raise BadInput where it cannot be read."""
    criterion = criterion_from_definition(check.criterion, Rounding[method.says.rounding])
    return criterion.verdict(seen_in(typed, check.entry))


def keep_complete_data(
    *,
    batch: Batch,
    line: str,
    kind: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    method: str = "",
    says: str = "",
    file: StoredFile | None = None,
) -> CompleteData:
    """Keep a part of the complete data of a run: a file that this person stored, or what is stated; and give it."""
    text = says.strip()
    said = {"batch_id": batch.pk, "line": line, "kind": kind, "says": text, "file_id": file.pk if file else None}
    with writing():
        batch.state = lock_batch(batch)
        if known := recorded_before(CompleteData, id, said, by=by):
            return known
        found = line_at_the_bench(batch, line)
        in_force = method_called(found, method, having=kind, among="kind")
        refuse_if([*objections_at_the_bench(batch, found, by=by), *_objections_to_data(kind, text, file, by)])
        row = CompleteData(
            id=id, batch=batch, line=line, run=found.run, method=in_force.row, kind=kind, says=text, file=file
        )
        return write(row, type="test.complete_data_kept", actor=by.reference)


def _objections_to_data(kind: str, says: str, file: StoredFile | None, by: Person) -> list[Objection]:
    is_file = kind == CompleteDataKind.FILE
    return [
        *when(
            kind == CompleteDataKind.READINGS,
            _("The readings of a run are kept with it already."),
            code="not_asked_for",
            field="kind",
        ),
        # Only one's own file: another may hold what this batch must not show.
        *when(
            is_file and (file is None or file.actor != by.reference),
            _("This file isn't stored here. Upload it again."),
            code="unknown_file",
            field="file",
        ),
        *when(
            not is_file and file is not None,
            _("A file belongs to the file of the instrument; state this in words."),
            field="file",
        ),
        *when(not is_file and len(says) < 3, _("State it in 3 to 1,000 characters."), field="says"),
    ]
