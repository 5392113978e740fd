"""Codes read into the slots of a step: containers by their identity, lots by the code on each vial.

(1) What was read is always stored, with whether it fits and, if not, what to do.
(2) A container fits when it is one of this very batch and of the kind that is wanted; custody decides that.
(3) A lot fits when it is the wanted material, in date, for the right antigen, and this vial was used nowhere else.
(4) A label of another batch, or material that is not fit for use, raises a departure; a code of the wrong kind of
    thing only says so.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, refuse_if, when
from accounts.repeats import recorded_before
from accounts.wording import day, local
from batches.bench import AHEAD, objections_to_time, objections_to_work, step_called
from batches.definitions.master import Need, NeedKind, Step
from batches.departures import raise_departure
from batches.identity import coi_for_the_eye, locked
from batches.lots import has_expired, lot_of
from batches.models import Batch, CheckBeforeAct, Departure, MaterialLot, SlotScan, StepPerformed, StepStart
from batches.pinned import product_of
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


@dataclass(frozen=True, slots=True)
class _Judged:
    fits: bool
    says: str = ""
    kind: Departure.Kind | None = None
    lot: MaterialLot | None = None
    identity_check: IdentityCheck | None = None


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
        refuse_if(_objections_to_scan(batch, definition, by=by, moment=moment))
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
            fits=judged.fits,
            says=judged.says[:300],
            performed_at=moment,
        )
        write(row, type="slot.scanned", actor=by.reference)
        if judged.kind is None:
            return Scanned(row)
        says = f"{need.title}: {judged.says}"
        return Scanned(row, raise_departure(batch=batch, kind=judged.kind, says=says, by=by, step=step, about=row))


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
) -> _Judged:
    if need.kind is NeedKind.CONTAINER:
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
    if need.kind is NeedKind.EQUIPMENT:
        return _Judged(fits=True)
    return _lot(batch, need, code, moment)


def _container(batch: Batch, need: Need, code: str, check: IdentityCheck) -> _Judged:
    read = check.container.code if check.container else code
    match check.outcome:
        case Outcome.MATCH:
            return _Judged(fits=True, identity_check=check)
        case Outcome.WRONG_KIND:
            says = _("This code belongs to something else. This step needs: %(title)s. Scan that label.")
            return _Judged(fits=False, says=says % {"title": need.title}, identity_check=check)
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
    return _Judged(fits=False, says=says, kind=Departure.Kind.MISMATCH, identity_check=check)


def _lot(batch: Batch, need: Need, code: str, moment: datetime) -> _Judged:
    found = lot_of(code)
    unfit = Departure.Kind.MATERIAL
    if found is None:
        says = _("No approved lot has the code %(code)s. It can't be used. Scan another lot.") % {"code": code[:80]}
        return _Judged(fits=False, says=says, kind=unfit)
    lot = found.lot
    is_vector = need.kind is NeedKind.VECTOR_LOT
    if (lot.kind == MaterialLot.Kind.VECTOR) != is_vector or lot.item != need.of:
        says = _("This code belongs to %(name)s. This step needs: %(title)s. Scan that label.")
        return _Judged(fits=False, says=says % {"name": lot.name, "title": need.title}, lot=lot)
    if has_expired(lot, local(moment).date()):
        says = _("Lot %(lot)s expired on %(day)s. It can't be used. Scan another lot.")
        return _Judged(fits=False, says=says % {"lot": lot.code, "day": day(lot.expires_on)}, kind=unfit, lot=lot)
    antigen = product_of(batch).attributes.get("target_antigen", "")
    if is_vector and antigen and lot.target_antigen != antigen:
        says = _("Stop. Lot %(lot)s is for %(is)s, this product for %(wanted)s. Don't process. Call QA.")
        words = {"lot": lot.code, "is": lot.target_antigen or "–", "wanted": antigen}
        return _Judged(fits=False, says=says % words, kind=unfit, lot=lot)
    if need.many and lot.units and not found.is_unit:
        return _Judged(fits=False, says=_("Each vial carries its own code. Scan the vial, not its lot."), lot=lot)
    if found.is_unit:
        used = SlotScan.objects.filter(code=code, fits=True).exclude(batch=batch).select_related("batch").first()
        if used is not None:
            says = _("Stop. Vial %(code)s was used in batch %(batch)s. Don't process. Call QA.")
            return _Judged(fits=False, says=says % {"code": code, "batch": used.batch.number}, kind=unfit, lot=lot)
    return _Judged(fits=True, lot=lot)
