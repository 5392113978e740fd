"""Areas: rooms, isolators, cabinets and closed devices, and whose batch each holds.

(1) An exclusive area holds one batch at a time: from its clearance before use, or the scan that fits in a step, until
    two people cleared it after use. Two batches that ask for it at the same moment wait for each other; one gets it.
(2) A shared area holds none.
(3) The row of an area's state is its lock; locks of batches are taken before it.
"""

from math import inf
from uuid import UUID

from accounts.models import Person
from accounts.refusal import lacks, refuse_if
from accounts.repeats import recorded_before
from accounts.roles import Permission
from batches.codes import TURN, objections_to_new_codes
from batches.models import Area, AreaState, Batch, LineClearance, LineClearanceVerified, SlotScan
from batches.turns import take_turn
from ledger.models import Entry
from ledger.writing import write, writing


def register_area(
    *,
    code: str,
    name: str,
    kind: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    grade: str = "",
    is_exclusive: bool = True,
) -> Area:
    """Register an area; an exclusive one holds one batch at a time."""
    refuse_if(lacks(by, Permission.EQUIPMENT_MANAGE))
    with writing():
        take_turn(TURN)
        said = {"code": code, "name": name, "kind": kind, "grade": grade, "is_exclusive": is_exclusive}
        if known := recorded_before(Area, id, said, by=by):
            return known
        refuse_if(objections_to_new_codes([code]))
        row = write(Area(id=id, **said), type="area.registered", actor=by.reference)
        AreaState.objects.create(area=row, batch=None)
        return row


def locked_area(area: Area) -> AreaState:
    """Hold an area until the transaction ends; the batch in it stays the same meanwhile."""
    AreaState.objects.get_or_create(area=area, defaults={"batch": holder_of(area)})
    return AreaState.objects.select_for_update().select_related(None).get(area=area)


def give_to(state: AreaState, batch: Batch | None) -> None:
    """Give a held area to a batch, or free it."""
    state.batch = batch
    state.save(update_fields=["batch"])


def holder_of(area: Area) -> Batch | None:
    """Give the batch that an exclusive area holds, as its rows tell: the last that was let in and did not leave."""
    if not area.is_exclusive:
        return None
    scans = SlotScan.objects.filter(area=area, fits=True).select_related("batch")
    cleared = LineClearanceVerified.objects.filter(clearance__area=area).select_related("batch", "clearance")
    # What was let in or left first is told by the order of the entries; times of one story may be the same.
    ids = [one.pk for one in (*scans, *cleared)]
    seqs = dict(Entry.objects.filter(rec_id__in=ids).values_list("rec_id", "seq"))
    events = [(seqs.get(one.pk, inf), False, one.batch) for one in scans] + [
        (seqs.get(one.pk, inf), one.clearance.when == LineClearance.When.AFTER, one.batch) for one in cleared
    ]
    holder: Batch | None = None
    for _seq, leaves, batch in sorted(events, key=lambda one: one[0]):
        if not leaves:
            holder = batch
        elif holder is not None and holder.pk == batch.pk:
            holder = None
    return holder


def area_url(code: str) -> str:
    """Give the address of an area's page."""
    return f"/areas/{code}/"
