"""How much of a lot was used, and what is left of it.

(1) A step that states how much it takes writes a use when it is performed: planned and actual, in the unit in which it
    was measured. Several units of one lot are one use.
(2) A step that is performed again replaces its uses; what was taken too much is there again.
(3) What is left is what was received less every use in force and every discard, never below zero. Taking more than was
    left is a fact: the use stands as it was measured, nothing is left, and a departure says so.
(4) A use in another unit than that in which the lot is counted is not converted and takes nothing off; it says so.
(5) The row of a lot's state is its lock; locks of batches are taken before it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import Person
from batches.definitions.master import Need, NeedKind
from batches.departures import raise_departure
from batches.models import Batch, Departure, LotDiscarded, LotState, LotUse, MaterialLot, StepPerformed
from batches.pinned import product_of
from batches.record import BatchRecord, StepRecord
from ledger.writing import write

OF_A_LOT = (NeedKind.MATERIAL_LOT, NeedKind.VECTOR_LOT)


def balance_of(lot: MaterialLot) -> Decimal | None:
    """Give what the rows leave of a lot, below zero where more was used than was received; None if it isn't counted."""
    if lot.quantity is None:
        return None
    used = LotUse.objects.filter(lot=lot, superseded_by=None, unit=lot.unit).values_list("actual", flat=True)
    gone = LotDiscarded.objects.filter(lot=lot).values_list("quantity", flat=True)
    taken = [amount for amount in (*used, *gone) if amount is not None]
    return lot.quantity - sum(taken, Decimal(0))


def remaining_of(lot: MaterialLot) -> Decimal | None:
    """Give what is left of a lot as its rows tell; None where it is not counted."""
    balance = balance_of(lot)
    return None if balance is None else max(balance, Decimal(0))


def begin_counting(lot: MaterialLot) -> LotState:
    """Give the state of a lot that was just received."""
    return LotState.objects.create(lot=lot, remaining=lot.quantity)


def locked_lot(lot: MaterialLot) -> LotState:
    """Hold a lot until the transaction ends; what is left of it stays as it is meanwhile."""
    LotState.objects.get_or_create(lot=lot, defaults={"remaining": remaining_of(lot)})
    return LotState.objects.select_for_update().get(lot=lot)


def locked_lots(lots: Iterable[MaterialLot]) -> None:
    """Hold several lots, always in the same order."""
    for lot in sorted(lots, key=lambda one: str(one.pk)):
        locked_lot(lot)


def count_again(lot: MaterialLot) -> LotState:
    """Bring the cached remainder of a held lot up to date."""
    state = locked_lot(lot)
    state.remaining = remaining_of(lot)
    state.save(update_fields=["remaining"])
    return state


def planned_of(record: BatchRecord, need: Need) -> Decimal | None:
    """Give how much of a material a step is to take, in the plain unit of the amount; None where it isn't known yet."""
    amount = need.amount
    if amount is None or amount.planned_number is not None:
        return amount.planned_number if amount else None
    code = amount.planned or ""
    if code.startswith("product."):
        parameter = product_of(record.batch).parameter(code.removeprefix("product."))
        return parameter.value if parameter else None
    for step in record.steps:
        if (found := step.field(code)) is not None:
            return found.current.number if found.current else None
        for derived in step.derived:
            if derived.definition.code == code:
                return derived.result
    return None


@dataclass(frozen=True, slots=True)
class _Taken:
    need: Need
    lot: MaterialLot
    planned: Decimal | None
    actual: Decimal


def record_lot_uses(record: BatchRecord, step: StepRecord, performed: StepPerformed, *, by: Person) -> list[LotUse]:
    """Write what a performed step took of each lot; more than was left raises a departure, never a refusal."""
    before = {
        use.slot: use
        for use in LotUse.objects.filter(batch=record.batch, step=performed.step, superseded_by=None).select_related(
            "lot"
        )
    }
    taken = [one for slot in step.slots if (one := _taken(record, step, slot.definition)) is not None]
    locked_lots({one.lot for one in taken} | {use.lot for use in before.values()})
    written = [_written(record.batch, one, before.get(one.need.code), performed, by=by) for one in taken]
    gone = sorted(set(before) - {one.need.code for one in taken})
    written += [_given_back(before[slot], performed, by=by) for slot in gone]
    for lot in {use.lot for use in written} | {use.lot for use in before.values()}:
        count_again(lot)
    for use in written:
        _raise_if_short(use, by=by)
    return written


def _taken(record: BatchRecord, step: StepRecord, need: Need) -> _Taken | None:
    slot = step.slot(need.code)
    lots = {scan.lot_id: scan.lot for scan in slot.fitting if scan.lot is not None} if slot else {}
    if need.kind not in OF_A_LOT or need.amount is None or len(lots) != 1:
        return None
    measured = step.field(need.amount.actual)
    if measured is None or measured.current is None or measured.current.number is None:
        return None
    return _Taken(need, next(iter(lots.values())), planned_of(record, need), measured.current.number)


def _written(batch: Batch, one: _Taken, before: LotUse | None, performed: StepPerformed, *, by: Person) -> LotUse:
    row = LotUse(
        batch=batch,
        step=performed.step,
        slot=one.need.code,
        lot=one.lot,
        planned=one.planned,
        actual=one.actual,
        unit=one.need.amount.unit if one.need.amount else "",
        performed=performed,
        supersedes=before,
    )
    return write(row, type="lot.used", actor=by.reference)


def _given_back(before: LotUse, performed: StepPerformed, *, by: Person) -> LotUse:
    """Take back a use that the step, as it was performed again, no longer states."""
    row = LotUse(
        batch=performed.batch,
        step=before.step,
        slot=before.slot,
        lot=before.lot,
        planned=before.planned,
        actual=Decimal(0),
        unit=before.unit,
        performed=performed,
        supersedes=before,
    )
    return write(row, type="lot.used", actor=by.reference)


def _raise_if_short(use: LotUse, *, by: Person) -> None:
    balance = balance_of(use.lot) if use.unit == use.lot.unit else None
    if balance is None or balance >= 0 or not use.actual:
        return
    says = _("Step %(step)s took %(actual)s %(unit)s of lot %(lot)s; %(left)s %(unit)s were left by the record.")
    words = {
        "step": use.step,
        "actual": f"{use.actual:f}",
        "unit": use.unit,
        "lot": use.lot.code,
        "left": f"{max(use.actual + balance, Decimal(0)):f}",
    }
    raise_departure(batch=use.batch, kind=Departure.Kind.QUANTITY, says=says % words, by=by, step=use.step, about=use)


def uses_of(lot: MaterialLot) -> list[LotUse]:
    """Give the uses of a lot that are in force, the oldest first."""
    rows = LotUse.objects.filter(lot=lot, superseded_by=None).select_related("batch__order__coi", "performed")
    return list(rows.order_by("recorded_at", "pk"))
