"""The rules at the bench: who may work on a step, in which order, at which time, with which words.

Each function gives the reasons against something; what is done about them is decided where it is done.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person, trained
from accounts.refusal import BadInput, Objection, lacks, when
from accounts.roles import Permission
from accounts.wording import local, short_time
from batches.accepting import objections_to_opening
from batches.definitions.master import Field, Protects, Step
from batches.ended import objections_to_going_on
from batches.judging import UnreadableError, read_typed
from batches.models import Batch, BatchState, CheckBeforeAct, StepPerformed, StepStart, Value
from batches.paper import is_compared
from batches.pinned import master_of
from batches.record import BatchRecord, Status, record_of, step_url, words_of
from ledger import clock

LATE_AFTER = timedelta(minutes=30)
AHEAD = timedelta(seconds=2)
SHORTEST_REASON = 10
LONGEST_TYPED = 1000

# What is lost when a step is begun while an earlier one is open; where it is the record alone, one may go on.
LOST = {
    Protects.IDENTITY: gettext_lazy("The order protects the identity of the cells."),
    Protects.STERILITY: gettext_lazy("The order protects the sterility of the cells."),
}


def step_called(batch: Batch, code: str) -> Step:
    """Give a step of the batch's master record; raise BadInput for a code that is none."""
    step = master_of(batch).step(code)
    if step is None:
        raise BadInput(
            Objection(
                _("Batch %(batch)s has no step %(step)s.") % {"batch": batch.number, "step": code[:20]}, field="step"
            )
        )
    return step


def objections_to_work(batch: Batch, step: Step, *, by: Person) -> list[Objection]:
    """Give the reasons why this person cannot work on a step at all: roles and training."""
    needed = step.training
    return [
        *lacks(by, Permission.STEP_WORK),
        *when(
            not _is_trained(batch, step, by),
            _(
                "You aren't trained on %(procedure)s version %(version)s. "
                "Ask your lead to assign someone, or finish the training."
            )
            % {"procedure": needed.procedure, "version": needed.version},
            code="not_trained",
        ),
    ]


def _is_trained(batch: Batch, step: Step, by: Person) -> bool:
    """Tell whether somebody is trained for a step, or was when it began: what lapses since keeps nobody from it."""
    needed = step.training
    if trained(by, needed.procedure, str(needed.version), at=clock.now()):
        return True
    start = StepStart.objects.filter(batch=batch, step=step.code).first()
    return start is not None and trained(by, needed.procedure, str(needed.version), at=start.happened_at)


def objections_to_start(
    batch: Batch, step: Step, *, by: Person, happened_at: datetime, reason: str = ""
) -> list[Objection]:
    """Give the reasons against beginning a step: by this person, now, in this order."""
    record = record_of(batch)
    here = record.step(step.code)
    before = record.before(step.code)
    latest = max((each.start.happened_at for each in before if each.start), default=batch.signed_at)
    return [
        *objections_to_work(batch, step, by=by),
        *when(
            here is not None and here.start is not None,
            _("Step %(step)s was begun already.") % {"step": step.code},
            code="begun_already",
        ),
        *when(
            here is not None and here.left_out is not None,
            _("Step %(step)s was left out. Report what is done nevertheless as a departure.") % {"step": step.code},
            code="left_out",
        ),
        *objections_to_opening(batch, step),
        *_objections_to_order(record, step, reason),
        *_objections_to_decided(batch),
        *objections_to_going_on(batch),
        *objections_to_time(happened_at),
        *when(
            happened_at < max(latest, batch.signed_at) - AHEAD and not reason,
            _("This is before %(time)s, when the batch was issued or an earlier step began. Check the time.")
            % {"time": short_time(max(latest, batch.signed_at))},
            code="too_early",
            field="happened_at",
        ),
    ]


def _objections_to_order(record: BatchRecord, step: Step, reason: str) -> list[Objection]:
    objections: list[Objection] = []
    is_hard = order_is_hard(step)
    for earlier in record.before(step.code):
        if earlier.is_done or (not is_hard and earlier.status is Status.PERFORMED) or is_compared(earlier):
            continue  # what was done on paper and compared with it waits for signatures alone
        words = {"step": earlier.definition.code}
        url = step_url(record.batch.number, earlier.definition.code)
        if is_hard:
            says = _("Step %(step)s isn't finished. Finish it first.") % words
            says = f"{says} {LOST[step.protects]}" if step.protects in LOST else says
            objections.append(Objection(says, "forced_order", "step", url))
        elif len(reason.strip()) < SHORTEST_REASON:
            says = (
                _("Step %(step)s is open. Finish it first, or go on with a reason of at least 10 characters.") % words
            )
            objections.append(Objection(says, "order", "reason", url))
    return objections


def order_is_hard(step: Step) -> bool:
    """Tell whether a step waits for every one before it; else one may go on with a reason, and the other stays open."""
    return step.forced or step.protects is not Protects.RECORD


def _objections_to_decided(batch: Batch) -> list[Objection]:
    return when(
        batch.state.disposition != BatchState.Disposition.NONE,
        _("This batch was decided on. Report what happened as a departure instead."),
        code="decided",
    )


def objections_to_time(moment: datetime, *, field: str = "happened_at") -> list[Objection]:
    """Object to a time that has not come yet."""
    now = clock.now()
    return when(
        moment > now + AHEAD,
        _("The time can't be in the future. The server time is %(now)s.") % {"now": f"{local(now):%H:%M}"},
        code="future",
        field=field,
    )


def field_called(batch: Batch, step: str, code: str) -> tuple[Step, Field]:
    definition = step_called(batch, step)
    wanted = definition.field(code)
    if wanted is None:
        raise BadInput(
            Objection(_("Step %(step)s has no such field.") % {"step": step}, code="bad_input", field="field")
        )
    return definition, wanted


def read_value(wanted: Field, typed: str, comma_allowed: bool) -> Decimal | None:
    if len(typed) > LONGEST_TYPED:
        raise BadInput(Objection(_("At most 1,000 characters are kept."), code="bad_input", field="typed"))
    try:
        return read_typed(wanted, typed, comma_allowed=comma_allowed)
    except UnreadableError as error:
        raise BadInput(Objection(str(error), code="bad_input", field="typed")) from None


def read_reason(wanted: Field, typed: str) -> None:
    """Read why a field is not applicable; raise BadInput for one that must be recorded or a reason too short."""
    if wanted.required:
        says = _("%(title)s must be recorded. It can't be not applicable.") % {"title": wanted.title}
        raise BadInput(Objection(says, code="required", field="typed"))
    if not SHORTEST_REASON <= len(typed.strip()) <= LONGEST_TYPED:
        says = _("Say in 10 to 1,000 characters why this is not applicable.")
        raise BadInput(Objection(says, code="bad_input", field="typed"))


def objections_to_first_value(
    batch: Batch, step: Step, wanted: Field, *, by: Person, moment: datetime, late_reason: str
) -> list[Objection]:
    start = StepStart.objects.filter(batch=batch, step=step.code).first()
    signed = StepPerformed.objects.filter(batch=batch, step=step.code).exists()
    unchecked = (
        step.is_checked_before_the_act and not CheckBeforeAct.objects.filter(batch=batch, step=step.code).exists()
    )
    return [
        *objections_to_work(batch, step, by=by),
        *when(start is None, _("Step %(step)s has not begun. Begin it first.") % {"step": step.code}, code="not_begun"),
        *when(
            unchecked,
            _("A second person must check containers, lots and volume before this act. Ask for the check first."),
            code="not_checked",
        ),
        *when(
            signed,
            _("This step was signed. Correct a value, or report a departure."),
            code="signed",
        ),
        *when(
            Value.objects.filter(batch=batch, step=step.code, field=wanted.code, supersedes=None).exists(),
            _already(batch, step, wanted),
            code="recorded_already",
            field="typed",
        ),
        *objections_to_time(moment, field="performed_at"),
        *when(
            start is not None and moment < start.happened_at - AHEAD,
            _("This is before the step began. Check the time."),
            code="too_early",
            field="performed_at",
        ),
        *when(
            clock.now() - moment > LATE_AFTER and len(late_reason.strip()) < SHORTEST_REASON,
            _(
                "This was more than %(minutes)d minutes ago. "
                "Give a reason for the late entry, of at least 10 characters."
            )
            % {"minutes": LATE_AFTER.total_seconds() // 60},
            code="late",
            field="late_reason",
        ),
    ]


def _already(batch: Batch, step: Step, wanted: Field) -> str:
    """Say what stands there, by whom and since when: somebody else may have been faster."""
    stands = Value.objects.filter(batch=batch, step=step.code, field=wanted.code, superseded_by=None).first()
    if stands is None:
        return ""
    by = Person.objects.filter(pk=stands.actor.removeprefix("person/")).first()
    return _("%(title)s is recorded already: %(value)s, by %(name)s at %(time)s. Correct it with a reason.") % {
        "title": wanted.title,
        "value": words_of(wanted, stands),
        "name": by.name if by else stands.actor,
        "time": f"{local(stands.recorded_at):%H:%M:%S}",
    }


def objections_to_correction(value: Value, typed: str, reason: str, *, not_applicable: bool = False) -> list[Objection]:
    """Give the reasons against correcting a value, signed or not."""
    superseded = Value.objects.filter(supersedes=value).exists()
    return [
        *when(superseded, _("This value was corrected already. Open the page again."), code="superseded"),
        *when(
            value.typed == typed and value.is_not_applicable == not_applicable,
            _("The new value is the same as the old one."),
            code="same_value",
            field="typed",
        ),
        *when(
            len(reason.strip()) < SHORTEST_REASON,
            _("Give the reason in at least 10 characters."),
            code="no_reason",
            field="reason",
        ),
    ]
