"""Codes read into the slots of a step: containers by their identity, lots by the code on each vial.

(1) What was read is always stored, with whether it fits and, if not, what to do.
(2) A container fits when it is one of this very batch and of the kind that is wanted; custody decides that.
(3) How lots, equipment and areas are judged stands in `batches.judging_scans`.
(4) A label of another batch, or material that is not fit for use, raises a departure; a code of the wrong kind of
    thing, or equipment or an area that may not be used now, only says so.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, refuse_if, when
from accounts.repeats import recorded_before
from batches.bench import AHEAD, objections_to_time, objections_to_work, step_called
from batches.codes import thing_called
from batches.definitions.master import Need, NeedKind, Step
from batches.departures import raise_departure
from batches.identity import coi_for_the_eye, locked
from batches.judging_scans import Judged, judged_thing, wrong_kind
from batches.models import Batch, CheckBeforeAct, Departure, SlotScan, StepPerformed, StepStart
from batches.paper import OnPaper, objections_to_time_on_paper, refused_of_paper
from chain_of_custody.fates import fate_of, fate_words
from chain_of_custody.identity import check_identity
from chain_of_custody.models import IdentityCheck
from ledger import clock
from ledger.writing import write, writing

LONGEST_CODE = 200
Outcome = IdentityCheck.Outcome


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan that was stored; flagged, with a departure where there is one, when it does not fit."""

    scan: SlotScan
    departure: Departure | None = None

    @property
    def fits(self) -> bool:
        return self.scan.fits

    @property
    def is_a_stop(self) -> bool:
        """The code is that of other cells, or of something that must not be used here."""
        return self.departure is not None


def scan_slot(
    *,
    batch: Batch,
    step: str,
    slot: str,
    code: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    performed_at: datetime | None = None,
    typed: bool = False,
    paper: OnPaper | None = None,
) -> Scanned:
    """Store what was read into a slot; a code that does not fit is a fact and is given back with its flag."""
    definition = step_called(batch, step)
    need = next((each for each in definition.needs if each.code == slot), None)
    if need is None:
        raise BadInput(Objection(_("Step %(step)s has no such slot.") % {"step": step}, code="bad_input", field="slot"))
    code = code.strip()
    if not code or len(code) > LONGEST_CODE:
        raise BadInput(Objection(_("Scan a code of at most 200 characters."), code="bad_input", field="code"))
    with writing():
        batch.state = locked(batch.pk)
        said = {"batch_id": batch.pk, "step": step, "slot": slot, "code": code, "was_typed": typed}
        if known := recorded_before(SlotScan, id, said, by=by):
            return Scanned(known, Departure.objects.filter(about_id=known.pk).first())
        moment = performed_at or clock.now()
        objections = _objections_to_scan(batch, definition, by=by, moment=moment)
        if paper is not None:
            objections = refused_of_paper(objections) + objections_to_time_on_paper(batch, moment, field="performed_at")
        refuse_if(objections)
        judged = _judged(batch, definition, need, code, typed=typed, moment=moment, by=by, row_id=id)
        row = SlotScan(
            id=id,
            batch=batch,
            step=step,
            slot=slot,
            code=code,
            was_typed=typed,
            identity_check=judged.identity_check,
            lot=judged.lot,
            equipment=judged.equipment,
            area=judged.area,
            fits=judged.fits,
            says=judged.says[:300],
            performed_at=moment,
        )
        if paper is not None:
            paper.put_on(row)
        write(row, type="slot.scanned", actor=by.reference)
        kind = judged.kind
        if paper is not None and not judged.fits:
            kind = kind or Departure.Kind.MATERIAL  # it was used, on paper
        if kind is None:
            return Scanned(row)
        says = f"{need.title}: {judged.says}"
        return Scanned(row, raise_departure(batch=batch, kind=kind, says=says, by=by, step=step, about=row))


def _objections_to_scan(batch: Batch, step: Step, *, by: Person, moment: datetime) -> list[Objection]:
    start = StepStart.objects.filter(batch=batch, step=step.code).first()
    checked = step.is_checked_before_the_act and CheckBeforeAct.objects.filter(batch=batch, step=step.code).exists()
    return [
        *objections_to_work(batch, step, by=by),
        *when(start is None, _("Step %(step)s has not begun. Begin it first.") % {"step": step.code}, code="not_begun"),
        *when(
            checked,
            _("The check before the act is signed. If something else was used, report a departure."),
            code="checked",
        ),
        *when(
            StepPerformed.objects.filter(batch=batch, step=step.code).exists(),
            _("This step was signed. If something else was used, report a departure."),
            code="signed",
        ),
        *objections_to_time(moment, field="performed_at"),
        *when(
            start is not None and moment < start.happened_at - AHEAD,
            _("This is before the step began. Check the time."),
            code="too_early",
            field="performed_at",
        ),
    ]


def _judged(
    batch: Batch, step: Step, need: Need, code: str, *, typed: bool, moment: datetime, by: Person, row_id: UUID
) -> Judged:
    thing = thing_called(code, typed=typed)
    if need.kind is not NeedKind.CONTAINER:
        return judged_thing(batch, step, need, code, thing, moment=moment)
    if thing is not None and thing.container is None:
        return wrong_kind(thing, need)
    check = check_identity(
        scanned=code,
        batch_number=batch.number,
        coi=batch.order.coi,
        expected_kind=need.of,
        where=f"{_('step')} {step.code}",
        by=by,
        typed=typed,
        id=uuid5(row_id, "identity check"),
    )
    return _container(batch, need, code, check)


def _container(batch: Batch, need: Need, code: str, check: IdentityCheck) -> Judged:
    read = check.container.code if check.container else code
    match check.outcome:
        case Outcome.MATCH if check.container and (ended := fate_of(check.container)):
            says = _("Stop. %(code)s has ended: %(fate)s. It can't be used. Call QA.")
            says %= {"code": read, "fate": fate_words(ended)}
            return Judged(fits=False, says=says, kind=Departure.Kind.MATERIAL, identity_check=check)
        case Outcome.MATCH:
            return Judged(fits=True, identity_check=check)
        case Outcome.WRONG_KIND:
            says = _("This code belongs to something else. This step needs: %(title)s. Scan that label.")
            return Judged(fits=False, says=says % {"title": need.title}, identity_check=check)
        case Outcome.UNKNOWN:
            says = _(
                "This label isn't known here: %(code)s. Check the label. "
                "If it's right, put the bag in quarantine at its transport temperature, then call QA."
            ) % {"code": code[:80]}
        case Outcome.NOT_ASSIGNED:
            says = _("Stop. %(code)s belongs to no batch. Don't process. Call QA.") % {"code": read}
        case Outcome.OTHER_BATCH:
            says = _("Stop. %(code)s belongs to another batch than %(batch)s. Don't process. Call QA.")
            says %= {"code": read, "batch": batch.number}
        case _:
            says = _(
                "Stop. The bag and the chain of identity don't match. Label: %(code)s. Chain of identity: %(coi)s. "
                "Don't process. Call QA."
            ) % {"code": read, "coi": coi_for_the_eye(batch.order.coi)}
    return Judged(fits=False, says=says, kind=Departure.Kind.MISMATCH, identity_check=check)
