"""The check before an act that cannot be undone: a second person confirms what is at hand before entry opens.

(1) Every slot of the step holds a code that fits, and every earlier value that the step confirms is in force.
(2) The second person has not begun the step, scanned or recorded anything in it, and does not perform it later.
"""

from typing import TypeVar
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local
from batches.continuity import owe_edition
from batches.deriving import Derivation
from batches.identity import batch_of, identity_lines, locked
from batches.judging import STATUS_OF
from batches.models import CheckBeforeAct, StepPerformed, StepStart
from batches.paper import objections_to_checking, untouched_slots
from batches.record import BatchRecord, FieldRecord, StepRecord, record_of, step_url

READ_WITH = "record_read_with_it"
StartedT = TypeVar("StartedT", StepStart, StepPerformed)


def record_read_with(row: StepStart | StepPerformed) -> BatchRecord:
    """Give the record of a row's batch, read once for the row that was found.

    Whoever locks the batch finds the row anew, and so reads the record anew.
    """
    read = vars(row)
    if READ_WITH not in read:
        read[READ_WITH] = record_of(batch_of(row.batch_id))
    record: BatchRecord = read[READ_WITH]
    return record


def found_in(record: BatchRecord, row: StartedT) -> StartedT:
    """Give a row of a record that a page has read as an act about it finds it: the record is not read again."""
    vars(row)[READ_WITH] = record
    return row


def subject_of(start: StepStart) -> tuple[BatchRecord, StepRecord]:
    """Give the record and the step that a beginning belongs to."""
    record = record_read_with(start)
    step = record.step(start.step)
    if step is None:
        raise Http404
    return record, step


def start_called(subject: UUID) -> StepStart:
    """Give the beginning of a step by its id; raise Http404 if there is none."""
    row = StepStart.objects.select_related("batch").filter(pk=subject).first()
    if row is None:
        raise Http404
    return row


def confirmed_values(record: BatchRecord, step: StepRecord) -> list[FieldRecord | Derivation]:
    """Give the earlier values and quantities that a check before an act confirms."""
    found: list[FieldRecord | Derivation] = []
    for code in step.definition.confirms:
        for other in record.steps:
            found += [each for each in other.fields if each.definition.code == code]
            found += [each for each in other.derived if each.definition.code == code]
    return found


def scan_lines(step: StepRecord) -> list[Line]:
    """Give a line for each code that fits its slot, with the time at which it was read."""
    return [
        Line(f"{slot.definition.title} {scan.code}", f"{_('typed') if scan.was_typed else _('scanned')} "
             f"{local(scan.performed_at):%H:%M:%S}", "pass")
        for slot in step.slots
        for scan in slot.fitting
    ]  # fmt: skip


def empty_slots(step: StepRecord) -> list[Objection]:
    """Object to every slot that holds no code that fits."""
    return [
        Objection(
            _("%(title)s has not been scanned, or what was scanned doesn't fit.") % {"title": slot.definition.title},
            code="empty_slot",
            field=slot.definition.code,
        )
        for slot in step.slots
        if not slot.fitting
    ]


def is_checked(record: BatchRecord, step: StepRecord) -> bool:
    """Tell whether a second person confirmed exactly what is at hand now; a later change asks for another check."""
    return step.check is not None and step.check.confirmed == _confirmed_ids(record, step)


@register
class CheckBefore(Act[StepStart]):
    """Confirm containers, vials, lot and volume as an independent second person, before entry opens."""

    code = "step.check_before"
    title = gettext_lazy("Check before the act")
    verb = gettext_lazy("Sign the check")
    permission = Permission.STEP_WITNESS
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared container, vials, lot and volume with this batch myself, before the act.")
    second_person = True

    def find(self, subject: UUID) -> StepStart:
        return start_called(subject)

    def lock(self, subject: StepStart) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: StepStart, intent: Intent) -> ToSign:
        record, step = subject_of(subject)
        values = confirmed_values(record, step)
        containers = [scan.code for scan in step.scans_in_force if scan.identity_check_id]
        return ToSign(
            title=f"{_('Step')} {step.definition.code} {step.definition.title}",
            identity=identity_lines(record.batch, containers=containers),
            lines=[
                *scan_lines(step),
                *[Line(each.definition.title, each.shown or "–", STATUS_OF[each.verdict]) for each in values],
            ],
            version=f"{subject.pk} {len(step.checks)} " + " ".join(_confirmed_ids(record, step)),
        )

    def objections(self, subject: StepStart, intent: Intent, by: Person) -> list[Objection]:
        record, step = subject_of(subject)
        missing = [each.definition.title for each in confirmed_values(record, step) if _is_unknown(each)]
        return [
            *when(not step.definition.is_checked_before_the_act, _("This step has no check before it.")),
            *when(is_checked(record, step), _("This step was checked already."), code="checked_already"),
            *when(step.performed is not None, _("This step was signed already."), code="signed"),
            *when(
                by.reference in step.people,
                _("Somebody else than those who work on this step must check it."),
                code="same_person",
            ),
            *(untouched_slots(step) if step.paper else empty_slots(step)),
            *objections_to_checking(step, by=by),
            *when(
                missing,
                _("These are not known yet: %(titles)s. Record them first.") % {"titles": ", ".join(missing)},
                code="missing_value",
            ),
        ]

    def carry_out(self, subject: StepStart, intent: Intent, signature: Signature) -> CheckBeforeAct:
        record, step = subject_of(subject)
        row = CheckBeforeAct(batch=record.batch, step=subject.step, confirmed=_confirmed_ids(record, step))
        sign(row, signature, type="step.checked_before")
        owe_edition(row)
        return row

    def done_url(self, row: Signed) -> str:
        return step_url(row.batch.number, row.step) if isinstance(row, CheckBeforeAct) else "/"


def _is_unknown(each: FieldRecord | Derivation) -> bool:
    """Tell whether there is nothing to confirm; what is not applicable confirms nothing."""
    if isinstance(each, FieldRecord):
        return each.current is None or each.current.is_not_applicable
    return each.result is None


def _confirmed_ids(record: BatchRecord, step: StepRecord) -> list[str]:
    ids = {str(scan.pk) for scan in step.scans_in_force}
    for each in confirmed_values(record, step):
        if isinstance(each, Derivation):
            ids |= {name.rpartition("/")[2] for name in each.records}
        elif each.current is not None:
            ids.add(str(each.current.pk))
    return sorted(ids)
