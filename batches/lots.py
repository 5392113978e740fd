"""Finding lots of material by the codes that stand on them.

Every code means one thing: a lot, a single unit of a lot, never two.
"""

from dataclasses import dataclass

from django.db.models import Q
from django.db.models import TextField as TextColumn
from django.db.models.functions import Cast

from batches.lot_states import LotStatus, has_expired, status_of
from batches.models import MaterialLot
from ledger import clock

__all__ = ["FoundLot", "has_expired", "lot_of", "lots_matching"]

WITH_ITS_LIFE = ("decisions", "openings")
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class FoundLot:
    """A lot that a code names, and whether the code is that of one of its units."""

    lot: MaterialLot
    is_unit: bool


def lot_of(code: str) -> FoundLot | None:
    """Give the lot that a code names, as a whole or by one of its units."""
    lot = MaterialLot.objects.filter(code=code).first()
    if lot is not None:
        return FoundLot(lot, is_unit=False)
    # A JSON column is searched as text so that both engines find a unit the same way; equality decides afterwards.
    told = MaterialLot.objects.annotate(told=Cast("units", TextColumn())).filter(told__contains=f'"{code}"')
    for found in told:
        if code in found.units:
            return FoundLot(found, is_unit=True)
    return None


def lots_matching(text: str = "", status: str = "") -> list[MaterialLot]:
    """Give the newest lots whose code, item or name holds a text and that stand where it is asked for."""
    found = MaterialLot.objects.prefetch_related(*WITH_ITS_LIFE).select_related("state").order_by("-recorded_at")
    if text:
        found = found.filter(Q(code__icontains=text) | Q(item__icontains=text) | Q(name__icontains=text))
    if status not in set(LotStatus):
        return list(found[:MOST_SHOWN])
    now = clock.now()
    return [lot for lot in found if status_of(lot, now) == status][:MOST_SHOWN]
