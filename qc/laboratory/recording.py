"""What the analyst sees is recorded as it was seen: one reading at a time, as typed, judged afterwards.

(1) A reading belongs to a sample of this batch, taken where its line wants it.
(2) A value of a line that is no growth test is recorded once, or once a replicate of its method; another one is a
    correction with its reason.
(3) Growth is a fact: it is stored and raised whenever it is seen, also after a result or a decision. So is a flag of
    the instrument: it has its own time, and somebody looks at the bottle.
(4) A bottle is one of those of its plan, and has one inoculation; a subculture has its own, once its bottle cannot be
    judged at the end.
(5) A reading belongs to the run that is worked on. One under a plan to test again is of the sample, and by somebody,
    that the plan names.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.alarms import raise_alarm
from accounts.models import Alarm, Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from accounts.wording import record_time
from batches.departures import LONGEST, departures_about
from batches.models import Batch, Departure
from ledger import clock
from ledger.writing import write, writing
from qc.batch_act import lock_batch
from qc.definitions.specification import Line as SpecificationLine
from qc.definitions.specification import ResultType
from qc.growth.bottles import Outcome
from qc.growth.clock import GrowthClockError, full_days
from qc.growth.vessels import objections_to_vessel
from qc.laboratory.judging import NEVER_TAKEN_BACK, NO_RESULT, entries_of, seen_in
from qc.laboratory.replicates import objections_to_another
from qc.laboratory.runs import Runs, objections_to_open_run, runs_of
from qc.laboratory.who_entered import people_of_run
from qc.methods.in_force import methods_of
from qc.models import Reading, Sample
from qc.release.notifying import look_after_release
from qc.release.pending import is_closed
from qc.specifying import specification_of

AHEAD = timedelta(seconds=2)
SHORTEST_REASON = 10


def line_called(batch: Batch, code: str) -> SpecificationLine:
    """Give a line of the pinned specification; raise BadInput for a code that it does not have."""
    line = specification_of(batch).line(code)
    if line is None:
        raise BadInput(
            Objection(_("The specification has no line called %(code)s.") % {"code": code[:40]}, field="line")
        )
    return line


def objections_to_reading(
    batch: Batch,
    line: SpecificationLine,
    sample: Sample | None,
    *,
    by: Person,
    runs: Runs,
    growth: bool = False,
    of_certificate: bool = False,
) -> list[Objection]:
    """Give the reasons against recording a reading of a line on a sample; growth is taken at any time.

    `of_certificate` is what corrects a contract laboratory's certificate, which is taken after its result, too.
    """
    return [
        *lacks(by, Permission.RESULT_ENTER),
        *when(sample is None, _("Scan the sample first; a result belongs to a sample."), field="sample"),
        *(_objections_to_sample(batch, line, sample) if sample else []),
        *when(
            bool(line.why_not_applicable),
            _("%(title)s takes no result. Not applicable: %(reason)s")
            % {"title": line.title, "reason": line.why_not_applicable},
            code="not_applicable",
            field="line",
        ),
        *([] if growth else objections_to_open_run(runs, of_certificate=of_certificate)),
        *([] if growth else _objections_under_plan(batch, runs, sample, by)),
        *when(
            not growth and is_closed(batch, line.code),
            _("The decision on this batch has been made. Report what you found as a departure."),
            code="decided",
        ),
    ]


def _objections_under_plan(batch: Batch, runs: Runs, sample: Sample | None, by: Person) -> list[Objection]:
    """Object to testing again with another sample, or by another person, than the approved plan says."""
    plan = runs.plan
    if plan is None or runs.newest is not None:
        return []
    return [
        *when(
            sample is not None and sample.pk != plan.sample_id,
            _("The plan tests sample %(sample)s again; this is another one.") % {"sample": plan.sample.container.code},
            code="other_sample",
            field="sample",
        ),
        *when(
            plan.other_analyst and by.reference in people_of_run(batch, plan.oos.line, plan.oos.result.run),
            _("The plan asks for another analyst; you entered the first result."),
            code="same_person",
        ),
    ]


def growth_was_seen(batch: Batch, line: SpecificationLine, run: int) -> bool:
    """Tell whether growth was ever seen in a run of a line."""
    growing = [code for code, entry in entries_of(line).items() if entry.result_type is ResultType.GROWTH]
    seen = Reading.objects.filter(batch=batch, line=line.code, run=run, member__in=growing)
    return seen.filter(typed=Outcome.GROWTH.value).exists()


def _objections_to_sample(batch: Batch, line: SpecificationLine, sample: Sample) -> list[Objection]:
    return [
        *when(
            sample.batch_id != batch.pk,
            _("This sample belongs to another batch."),
            code="other_batch",
            field="sample",
        ),
        *when(
            sample.point != line.sample_point,
            _("This test takes a sample of another point (%(wanted)s); this one was taken at %(point)s.")
            % {"wanted": line.sample_point, "point": sample.point},
            code="other_point",
            field="sample",
        ),
    ]


def record_reading(
    *,
    batch: Batch,
    line: str,
    member: str,
    sample: Sample | None,
    typed: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    performed_at: datetime | None = None,
    replicate: int = 1,
    is_subculture: bool = False,
    began_at: datetime | None = None,
    corrects: Reading | None = None,
    reason: str = "",
    comma_allowed: bool = False,
    of_certificate: bool = False,
) -> Reading:
    """Store one reading as typed and give it; growth raises a departure in the same transaction.

    Without a time it was read now, without an inoculation when its bottle was inoculated as recorded before. The same
    id with the same content gives the first row again.
    """
    wanted = line_called(batch, line)
    known_methods = methods_of(batch, specification_of(batch))
    run = runs_of(batch, line).run if known_methods.may_be_elsewhere(wanted) else 1
    methods = known_methods.of_line(wanted, run)
    entry = entries_of(wanted, methods).get(member)
    if entry is None:
        raise BadInput(Objection(_("This line has no value called %(code)s.") % {"code": member[:40]}, field="member"))
    seen_in(typed, entry, why_none=reason, comma_allowed=comma_allowed)
    is_growth = entry.result_type is ResultType.GROWTH
    is_fact = is_growth and typed in NEVER_TAKEN_BACK
    if comma_allowed and entry.result_type in (ResultType.NUMBER, ResultType.COUNT):
        typed = typed.replace(",", ".")
    same: dict[str, object] = {
        "actor": by.reference,
        "batch_id": batch.pk,
        "line": line,
        "member": member,
        "sample_id": sample.pk if sample else None,
        "replicate": replicate,
        "is_subculture": is_subculture,
        "typed": typed,
        "supersedes_id": corrects.pk if corrects else None,
        "reason": reason,
    }
    same |= {"performed_at": performed_at} if performed_at else {}
    same |= {"began_at": began_at} if began_at else {}
    with writing():
        batch.state = lock_batch(batch)
        if known := recorded_before(Reading, id, same):
            return known
        performed_at = performed_at or clock.now()
        runs = runs_of(batch, line)
        if is_growth and began_at is None:
            began_at = inoculation_of(batch, line, member, replicate, run=runs.run, is_subculture=is_subculture)
        row = Reading(
            id=id,
            batch=batch,
            line=line,
            member=member,
            sample=sample,
            run=runs.run,
            replicate=replicate,
            is_subculture=is_subculture,
            typed=typed,
            unit=entry.unit,
            exponent=entry.exponent,
            began_at=began_at,
            performed_at=performed_at,
            supersedes=corrects,
            reason=reason,
        )
        refuse_if(
            [
                *objections_to_reading(
                    batch, wanted, sample, by=by, runs=runs, growth=is_fact, of_certificate=of_certificate
                ),
                *out_of_time(is_growth, sample, began_at, performed_at, typed),
                *(_objections_to_correction(row, is_growth) if corrects else []),
                *([] if corrects or is_growth else objections_to_another(row, wanted, methods)),
                *(objections_to_vessel(row, wanted) if is_growth else []),
                *(_objections_to_inoculation(row) if is_growth and not is_fact else []),
            ]
        )
        write(row, type="reading.corrected" if corrects else "reading.recorded", actor=by.reference)
        if is_fact:
            raise_growth(row, by=by)
        return row


def out_of_time(
    is_growth: bool, sample: Sample | None, began_at: datetime | None, performed_at: datetime, typed: str
) -> list[Objection]:
    """Object to times that cannot be: to come, before the sample was taken, read before it was inoculated."""
    taken = _minute_of(sample.container.made_at) if sample else None
    objections = [
        *when(
            performed_at > clock.now() + AHEAD,
            _("The time can't be in the future."),
            code="future",
            field="performed_at",
        ),
        *when(
            taken is not None and performed_at < taken,
            _("The reading would be earlier than the sample was taken."),
            code="too_early",
            field="performed_at",
        ),
    ]
    if not is_growth or typed in NO_RESULT:
        return objections
    if began_at is None:
        return objections + when(True, _("Enter when the bottle was inoculated."), field="began_at")
    try:
        full_days(began_at, performed_at)
    except GrowthClockError as error:
        objections += when(True, str(error), field="began_at")
    return objections + when(
        taken is not None and began_at < taken,
        _("The bottle would have been inoculated before the sample was taken."),
        code="too_early",
        field="began_at",
    )


def _minute_of(moment: datetime) -> datetime:
    # People enter times by the minute, so a sample counts as taken from the beginning of its minute.
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def inoculation_of(
    batch: Batch,
    line: str,
    member: str,
    replicate: int,
    *,
    run: int,
    is_subculture: bool,
    besides: Reading | None = None,
) -> datetime | None:
    """Give when a bottle of a run, or its subculture, was inoculated, by its first reading; None for one not read."""
    vessel = Reading.objects.filter(
        batch=batch,
        line=line,
        member=member,
        run=run,
        replicate=replicate,
        is_subculture=is_subculture,
        superseded_by=None,
    )
    others = vessel.exclude(pk=besides.pk) if besides else vessel
    first = others.exclude(began_at=None).order_by("recorded_at").first()
    return first.began_at if first else None


def _objections_to_inoculation(row: Reading) -> list[Objection]:
    """Object to another inoculation of a bottle whose clock runs already."""
    before = inoculation_of(
        row.batch,
        row.line,
        row.member,
        row.replicate,
        run=row.run,
        is_subculture=row.is_subculture,
        besides=row.supersedes,
    )
    return when(
        row.began_at is not None and before is not None and row.began_at != before,
        _("Bottle %(bottle)s was inoculated %(time)s, as recorded before. Use that time.")
        % {"bottle": row.replicate, "time": record_time(before) if before else ""},
        code="other_inoculation",
        field="began_at",
    )


def _objections_to_correction(row: Reading, is_growth: bool) -> list[Objection]:
    wrong = row.supersedes
    assert wrong is not None  # noqa: S101  asked by the caller
    return [
        *when(
            len(row.reason) < SHORTEST_REASON,
            _("Give the reason for the correction, in at least 10 characters."),
            code="no_reason",
            field="reason",
        ),
        *when(
            (wrong.batch_id, wrong.line, wrong.member, wrong.run, wrong.replicate, wrong.is_subculture)
            != (row.batch_id, row.line, row.member, row.run, row.replicate, row.is_subculture),
            _("This corrects a reading of something else."),
            code="other_reading",
        ),
        *when(
            Reading.objects.filter(supersedes=wrong).exists(),
            _("This reading was corrected already. Open the page again."),
            code="superseded",
        ),
        *when(
            is_growth and wrong.typed in NEVER_TAKEN_BACK,
            _("Growth that was seen, and a flag, are never corrected away."),
            code="growth",
        ),
    ]


def raise_growth(row: Reading, *, by: Person) -> Departure:
    """Write that growth was seen or a bottle flagged, as a departure that quality assurance assesses, and alarm."""
    says = growth_words(row) % {
        "bottle": row.replicate,
        "line": row.line,
        "time": record_time(row.performed_at),
    }
    departure = Departure(
        batch=row.batch,
        kind=Departure.Kind.REPORTED,
        says=says[:LONGEST],
        about_type=Reading.record_type(),
        about_id=row.pk,
    )
    write(departure, type="departure.growth", actor=by.reference)
    raise_alarm(
        kind=Alarm.Kind.GROWTH,
        says=f"{row.batch.number}: {departure.says}",
        stream=row.stream_name(),
        actor=by.reference,
        url=f"/batches/{row.batch.number}/release/",
        about=departure,
    )
    look_after_release(row.batch, row, row.line, by=by)
    return departure


def growth_words(row: Reading) -> str:
    """Give the sentence that a growth or a flag is raised with, for its bottle, line and time."""
    if row.typed == Outcome.FLAGGED.value:
        if row.is_subculture:
            return _("The instrument flagged the subculture of bottle %(bottle)s of %(line)s at %(time)s.")
        return _("The instrument flagged bottle %(bottle)s of %(line)s at %(time)s.")
    if row.is_subculture:
        return _("Growth was seen in the subculture of bottle %(bottle)s of %(line)s at %(time)s.")
    return _("Growth was seen in bottle %(bottle)s of %(line)s at %(time)s.")


def raised_by(row: Reading) -> Departure | None:
    """Give the departure that a reading raised, if it raised one."""
    return departures_about(row).first()
