"""What a code says in a slot for a lot, a piece of equipment or an area.

(1) A code of another kind of thing says what it is and what is wanted. That is no departure.
(2) A lot fits when it is the wanted material, approved, in date, within its in-use time, not thawed too often, made for
    exactly the antigens and the construct of the product, and when this unit was used in no other batch. Anything else
    of these is a departure: the lot was at hand where it must not be.
(3) A lot from which the step takes an amount fits when enough is left of it, and when it is the lot from which the slot
    takes already: one slot counts one lot.
(4) Equipment fits when it is of the wanted type and ready; else another that is ready is named.
(5) An area fits when it is of the wanted kind and holds no other batch, and where the record asks for it, when two
    people cleared it for this batch before. An exclusive area that fits holds the batch from then on.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from batches.areas import give_to, locked_area
from batches.clearing import cleared_before
from batches.codes import Thing
from batches.definitions.master import Need, NeedKind, Step
from batches.definitions.product import ProductDefinition
from batches.equipment import why_unfit as why_equipment_is_unfit
from batches.lot_states import LotStatus, status_of
from batches.lot_states import why_unfit as why_lot_is_unfit
from batches.lot_uses import locked_lot, planned_of
from batches.lots import FoundLot
from batches.models import Area, Batch, Departure, Equipment, MaterialLot, SlotScan
from batches.pinned import product_of
from batches.receiving_lots import antigens_of
from batches.record import record_of
from chain_of_custody.models import IdentityCheck
from ledger import clock

UNFIT = Departure.Kind.MATERIAL


@dataclass(frozen=True, slots=True)
class Judged:
    """Whether a code fits its slot, what to do if not, and what it names."""

    fits: bool
    says: str = ""
    kind: Departure.Kind | None = None
    lot: MaterialLot | None = None
    equipment: Equipment | None = None
    area: Area | None = None
    identity_check: IdentityCheck | None = None


def wrong_kind(thing: Thing, need: Need, *, lot: MaterialLot | None = None) -> Judged:
    """Say what a code belongs to and what the slot takes."""
    says = _("This code belongs to %(name)s. This step needs: %(title)s. Scan that label.")
    return Judged(fits=False, says=says % {"name": thing.words, "title": need.title}, lot=lot)


def judged_thing(batch: Batch, step: Step, need: Need, code: str, thing: Thing | None, *, moment: datetime) -> Judged:
    """Judge a code in a slot for anything but a container."""
    if need.kind is NeedKind.EQUIPMENT:
        return _equipment(need, code, thing, moment)
    if need.kind is NeedKind.AREA:
        return _area(batch, need, code, thing, moment)
    if thing is None:
        says = _("No approved lot has the code %(code)s. It can't be used. Scan another lot.") % {"code": code[:80]}
        return Judged(fits=False, says=says, kind=UNFIT)
    if thing.lot is None:
        return wrong_kind(thing, need)
    return _lot(batch, step, need, code, thing, thing.lot, moment)


def _lot(batch: Batch, step: Step, need: Need, code: str, thing: Thing, found: FoundLot, moment: datetime) -> Judged:
    lot = found.lot
    is_vector = need.kind is NeedKind.VECTOR_LOT
    if (lot.kind == MaterialLot.Kind.VECTOR) != is_vector or lot.item != need.of:
        return wrong_kind(thing, need, lot=lot)
    locked_lot(lot)
    if why := _why_never(lot, code if found.is_unit else "", moment):
        says = _("%(why)s It can't be used. Scan another lot.") % {"why": why}
        return Judged(fits=False, says=says, kind=UNFIT, lot=lot)
    if says := _why_for_another_product(lot, product_of(batch), is_vector=is_vector):
        return Judged(fits=False, says=says, kind=UNFIT, lot=lot)
    if need.many and lot.units and not found.is_unit:
        return Judged(fits=False, says=_("Each vial carries its own code. Scan the vial, not its lot."), lot=lot)
    if found.is_unit:
        used = SlotScan.objects.filter(code=code, fits=True).exclude(batch=batch).select_related("batch").first()
        if used is not None:
            says = _("Stop. Vial %(code)s was used in batch %(batch)s. Don't process. Call QA.")
            return Judged(fits=False, says=says % {"code": code, "batch": used.batch.number}, kind=UNFIT, lot=lot)
    if says := _why_too_little(batch, step, need, lot):
        return Judged(fits=False, says=says, lot=lot)
    return Judged(fits=True, lot=lot)


def _why_never(lot: MaterialLot, unit: str, moment: datetime) -> str:
    """Say why a lot was not fit at a moment; one that was rejected or recalled since is not fit either."""
    now = clock.now()
    if status_of(lot, now) in (LotStatus.REJECTED, LotStatus.RECALLED):
        return why_lot_is_unfit(lot, unit, now)
    return why_lot_is_unfit(lot, unit, moment)


def _why_for_another_product(lot: MaterialLot, product: ProductDefinition, *, is_vector: bool) -> str:
    """Say for which antigens or construct a lot was made, where the product has others."""
    made_for, wanted = frozenset(antigens_of(lot.target_antigen)), product.target_antigens
    if wanted and (made_for or is_vector) and made_for != wanted:
        says = _("Stop. Lot %(lot)s is for %(is)s, this product for %(wanted)s. Don't process. Call QA.")
        return says % {"lot": lot.code, "is": lot.target_antigen or "–", "wanted": "/".join(sorted(wanted))}
    construct = product.attributes.get("construct", "")
    if construct and (lot.construct or is_vector) and lot.construct != construct:
        says = _("Stop. Lot %(lot)s holds construct %(is)s, this product has %(wanted)s. Don't process. Call QA.")
        return says % {"lot": lot.code, "is": lot.construct or "–", "wanted": construct}
    return ""


def _why_too_little(batch: Batch, step: Step, need: Need, lot: MaterialLot) -> str:
    """Say why a slot that counts what it takes cannot take it from this lot."""
    amount = need.amount
    if amount is None:
        return ""
    other = (
        SlotScan.objects.filter(batch=batch, step=step.code, slot=need.code, fits=True)
        .exclude(lot=lot)
        .select_related("lot")
        .first()
    )
    if need.many and other is not None and other.lot is not None:
        says = _("This step takes from one lot, and %(lot)s was scanned. Scan a unit of that lot.")
        return says % {"lot": other.lot.code}
    left = locked_lot(lot).remaining
    if left is None or lot.unit != amount.unit:
        return ""
    if left == 0:
        return _("Nothing is left of lot %(lot)s. Scan another lot.") % {"lot": lot.code}
    planned = planned_of(record_of(batch), need)
    if planned is None or planned <= left:
        return ""
    says = _("%(left)s %(unit)s of lot %(lot)s are left; this step takes %(planned)s %(unit)s. Scan another lot.")
    return says % {"left": f"{left:f}", "unit": amount.unit, "lot": lot.code, "planned": f"{planned:f}"}


def _equipment(need: Need, code: str, thing: Thing | None, moment: datetime) -> Judged:
    if thing is None:
        says = _("No equipment has the code %(code)s. Scan another one, or ask your lead to register it.")
        return Judged(fits=False, says=says % {"code": code[:80]})
    found = thing.equipment
    if found is None or found.type != need.of:
        return wrong_kind(thing, need)
    why = why_equipment_is_unfit(found, moment)
    return Judged(fits=not why, says=why, equipment=found)


def _area(batch: Batch, need: Need, code: str, thing: Thing | None, moment: datetime) -> Judged:
    if thing is None:
        says = _("No area has the code %(code)s. Scan another one, or ask your lead to register it.")
        return Judged(fits=False, says=says % {"code": code[:80]})
    found = thing.area
    if found is None or found.kind != need.of:
        return wrong_kind(thing, need)
    words = {"name": found.name, "code": found.code, "batch": ""}
    state = locked_area(found)
    if found.is_exclusive and state.batch_id not in (None, batch.pk):
        words["batch"] = state.batch.number if state.batch else ""
        says = _("%(name)s %(code)s holds batch %(batch)s. Use another one, or wait until it was cleared after use.")
        return Judged(fits=False, says=says % words, area=found)
    if need.clearance and cleared_before(found, batch, moment) is None:
        says = _("%(name)s %(code)s has not been cleared for this batch by two people. Clear the line first.")
        return Judged(fits=False, says=says % words, area=found)
    if found.is_exclusive:
        give_to(state, batch)
    return Judged(fits=True, area=found)
