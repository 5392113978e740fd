"""Entering back what was done on a copy of the continuity record.

(1) First it is said which copy a step was worked on, who did it, who checked and who watched, and when it began: from
    then on the step is transcribed, for ever, and a departure tells quality so.
(2) Values and codes are entered with their times as on the paper, by somebody who needs no training at the bench.
(3) What happens then, until it is signed, stands in `batches.comparing_paper`.
"""

from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.bench import SHORTEST_REASON, objections_to_start, objections_to_time, step_called
from batches.continuity import copy_words, is_accounted
from batches.definitions.master import Step
from batches.departures import raise_departure
from batches.identity import locked
from batches.models import (
    Batch,
    BatchState,
    ContinuityCopy,
    ContinuityCopyAccounted,
    Departure,
    StepOnPaper,
    StepPerformed,
    StepStart,
)
from batches.paper import (
    STILL_REFUSED,
    OnPaper,
    objections_to_time_on_paper,
    paper_of,
)
from batches.performing import Recorded, record_value, start_step
from batches.record import record_of
from batches.scanning import Scanned, scan_slot
from ledger.writing import write, writing

ORDER = frozenset({"forced_order", "order"})


def begin_transcription(
    *,
    batch: Batch,
    step: str,
    copy: ContinuityCopy,
    done_by: Person,
    happened_at: datetime,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    checked_by: Person | None = None,
    watched_by: Person | None = None,
    reason: str = "",
) -> StepOnPaper:
    """Say who did a step on paper, and begin it at the time on the paper where it had not begun.

    Saying it again, with a reason, supersedes what was read before, until the step is signed.
    """
    definition = step_called(batch, step)
    with writing():
        batch.state = locked(batch.pk)
        said = {
            "batch_id": batch.pk,
            "step": step,
            "copy_id": copy.pk,
            "done_by_id": done_by.pk,
            "checked_by_id": checked_by.pk if checked_by else None,
            "watched_by_id": watched_by.pk if watched_by else None,
        }
        if known := recorded_before(StepOnPaper, id, said, by=by):
            return known
        before = paper_of(batch, step)
        refuse_if(
            [
                *lacks(by, Permission.STEP_WORK),
                *_objections_to_copy(batch, step, copy),
                *_objections_to_people(definition, done_by, checked_by, watched_by),
                *_objections_to_another_reading(batch, step, before, reason),
                *objections_to_time(happened_at),
                *objections_to_time_on_paper(batch, happened_at, field="happened_at"),
                *when(
                    batch.state.disposition != BatchState.Disposition.NONE,
                    _("This batch was decided on. Report what happened as a departure instead."),
                    code="decided",
                ),
            ]
        )
        row = StepOnPaper(
            id=id,
            batch=batch,
            step=step,
            copy=copy,
            done_by=done_by,
            checked_by=checked_by,
            watched_by=watched_by,
            supersedes=before,
            reason=reason.strip() if before else "",
        )
        write(row, type="step.on_paper", actor=by.reference)
        beside = _told(batch, definition, row, happened_at)
        if not StepStart.objects.filter(batch=batch, step=step).exists():
            start_step(
                batch=batch,
                step=step,
                by=by,
                id=uuid5(id, "begun"),
                happened_at=happened_at,
                paper=OnPaper(copy, done_by),
            )
        if before is None:
            says = " ".join([_on_paper_words(row, by), *beside])
            raise_departure(batch=batch, kind=Departure.Kind.PAPER, says=says, by=by, step=step, about=row)
        return row


def record_from_paper(
    *,
    batch: Batch,
    step: str,
    field: str,
    typed: str,
    performed_at: datetime,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    confirmed: bool = False,
    not_applicable: bool = False,
    comma_allowed: bool = False,
) -> Recorded:
    """Store a value as it stands on the paper, with the time on the paper; judged and told like every other."""
    return record_value(
        batch=batch,
        step=step,
        field=field,
        typed=typed,
        by=by,
        id=id,
        performed_at=performed_at,
        confirmed=confirmed,
        not_applicable=not_applicable,
        comma_allowed=comma_allowed,
        paper=_on_paper(batch, step),
    )


def scan_from_paper(
    *,
    batch: Batch,
    step: str,
    slot: str,
    code: str,
    performed_at: datetime,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    typed: bool = True,
) -> Scanned:
    """Store a code as it stands on the paper; what does not fit was used all the same, and is a departure."""
    return scan_slot(
        batch=batch,
        step=step,
        slot=slot,
        code=code,
        by=by,
        id=id,
        performed_at=performed_at,
        typed=typed,
        paper=_on_paper(batch, step),
    )


def _on_paper(batch: Batch, step: str) -> OnPaper:
    read = paper_of(batch, step)
    if read is None:
        says = _("Say first on which copy step %(step)s was worked, and by whom.") % {"step": step[:10]}
        refuse_if([Objection(says, code="not_on_paper", url=f"/batches/{batch.number}/continuity/")])
        raise AssertionError("refuse_if() refuses a list that is not empty.")
    return OnPaper(read.copy, read.done_by)


def _objections_to_copy(batch: Batch, step: str, copy: ContinuityCopy) -> list[Objection]:
    unused = is_accounted(copy) and copy.accounted.fate == ContinuityCopyAccounted.Fate.UNUSED
    return [
        *when(copy.batch_id != batch.pk, _("This copy belongs to another batch."), code="other_batch", field="copy"),
        *when(
            copy.batch_id == batch.pk and step not in copy.record.steps,
            _("Step %(step)s does not stand in %(copy)s.") % {"step": step, "copy": copy_words(copy)},
            code="not_in_copy",
            field="copy",
        ),
        *when(unused, _("This copy was returned unused."), code="was_unused", field="copy"),
    ]


def _objections_to_people(
    step: Step, done_by: Person, checked_by: Person | None, watched_by: Person | None
) -> list[Objection]:
    return [
        *when(
            done_by in (checked_by, watched_by),
            _("Nobody checks or watches their own work. Leave the field empty; the departure will say so."),
            code="same_person",
            field="checked_by" if done_by == checked_by else "watched_by",
        ),
        *when(
            checked_by is not None and not step.is_checked_before_the_act,
            _("This step has no check before it."),
            code="bad_input",
            field="checked_by",
        ),
        *when(
            watched_by is not None and not step.witness,
            _("This step asks for no witness."),
            code="bad_input",
            field="watched_by",
        ),
    ]


def _objections_to_another_reading(batch: Batch, step: str, before: StepOnPaper | None, reason: str) -> list[Objection]:
    if before is None:
        # A step that was signed without paper is no paper's.
        signed = StepPerformed.objects.filter(batch=batch, step=step).exists()
        return when(signed, _("This step was signed. Report what the paper says as a departure."), code="signed")
    signed = StepPerformed.objects.filter(batch=batch, step=step).exists()
    return [
        *when(signed, _("This step was signed by those whom the paper names."), code="signed"),
        *when(
            len(reason.strip()) < SHORTEST_REASON,
            _("This was said before. Say in at least 10 characters why it is read otherwise now."),
            code="no_reason",
            field="reason",
        ),
    ]


def _told(batch: Batch, step: Step, row: StepOnPaper, happened_at: datetime) -> list[str]:
    """Give what would have been refused at the bench, and happened on paper: it is told, never lost."""
    against = objections_to_start(batch, step, by=row.done_by, happened_at=happened_at)
    told = [one.says for one in against if one.code not in STILL_REFUSED | ORDER | {"too_early"}]
    earlier = [one for one in record_of(batch).before(step.code) if not one.is_done and one.paper is None]
    if earlier:
        told.append(_("Earlier steps were open: %(steps)s.") % {"steps": ", ".join(e.definition.code for e in earlier)})
    if step.is_checked_before_the_act and row.checked_by is None:
        told.append(_("The paper names nobody who checked before the act."))
    if step.witness and row.watched_by is None:
        told.append(_("The paper names nobody who watched."))
    return told


def _on_paper_words(row: StepOnPaper, by: Person) -> str:
    words = _("Step %(step)s was worked on paper (%(copy)s), done by %(name)s, entered back by %(by)s.")
    named = {"step": row.step, "copy": copy_words(row.copy), "name": row.done_by.name, "by": by.name}
    return words % named
