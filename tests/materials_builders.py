"""Lots, equipment and areas for tests, through the real acts: received and approved, registered and ready, cleared."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

from accounts.models import Person
from accounts.wording import local, today
from batches.areas import holder_of, register_area
from batches.clearing import cleared_before, points_of
from batches.definitions.kinds import as_master, as_product
from batches.definitions.master import Need, NeedKind
from batches.definitions.product import ProductDefinition
from batches.equipment import ready_of_type, register_equipment
from batches.identity import batch_of
from batches.lot_states import LotStatus, status_of
from batches.models import Area, Batch, Definition, Equipment, LineClearance, MaterialLot, SlotScan
from batches.pinned import master_of, product_of, reading_of
from ledger import clock
from ledger.models import Site
from tests.people import do, fresh

TITER = "100000000"
PLENTY = "1000000"
OF_A_LOT = (NeedKind.VECTOR_LOT, NeedKind.MATERIAL_LOT)


class Stocked:
    """The part of a world that has materials, equipment and areas; what a slot needs is made when it is asked for."""

    technician: Person
    second: Person
    checker: Person
    qa: Person

    def a_lot_received(self, item: str, code: str = "", **intent: object) -> MaterialLot:
        """A lot in quarantine; one of a vector has all that its certificate must say, and vials of its own."""
        need, product = next(_needs_of(item), (None, None))
        is_vector = item.endswith("_vector") if need is None else need.kind is NeedKind.VECTOR_LOT
        code = code or f"L-{item}"[:30]
        asked: dict[str, Any] = {  # Any: plain values of an intent, here and below
            "code": code,
            "kind": "vector" if is_vector else "reagent",
            "item": item,
            "name": item.replace("_", " "),
            "supplier": "Example supplier",
            "certificate": "CoA-1",
            "expires_on": (today() + timedelta(days=90)).isoformat(),
        }
        if need is not None and need.amount is not None:
            asked |= {"quantity": PLENTY, "unit": need.amount.unit}
        if is_vector:
            attributes = product.attributes if product else {}
            asked |= {
                "target_antigen": attributes.get("target_antigen", "CD19"),
                "construct": attributes.get("construct", "EX-CAR-1"),
                "titer_tu_per_ml": TITER,
                "titer_method": "flow cytometry",
                "replication_competent": "RCL not detected",
                "units": [f"{code}-07", f"{code}-08"],
            }
        row = do("lot.receive", Site.objects.get(), by=fresh(self.technician), **(asked | intent))
        assert isinstance(row, MaterialLot)
        return row

    def a_lot(self, item: str, code: str = "", **intent: object) -> MaterialLot:
        """An approved lot of a material."""
        row = self.a_lot_received(item, code, **intent)
        self.decide(row, "approved")
        return row

    def decide(self, lot: MaterialLot, decision: str, reason: str = "") -> None:
        """What quality decides on a lot."""
        do("lot.decide", lot, by=fresh(self.qa), decision=decision, reason=reason)

    def some_equipment(self, type_: str, code: str = "", *, ready: bool = True) -> Equipment:
        """A registered piece of equipment; ready for use unless it is not to be."""
        code = code or f"EQ-{type_}"[:27] + f"-{Equipment.objects.filter(type=type_).count() + 1}"
        row = register_equipment(
            id=uuid4(), code=code, type=type_, name=type_.replace("_", " ").capitalize(), by=fresh(self.qa)
        )
        if ready:
            for kind in ("qualified", "calibrated", "cleaned"):
                self.event(row, kind)
        return row

    def event(self, equipment: Equipment, kind: str, *, by: Person | None = None, **intent: Any) -> None:
        """Something that happened to a piece of equipment just now."""
        asked: dict[str, Any] = {"kind": kind, "happened_at": clock.now().isoformat(), "says": "As the log says."}
        if kind in ("qualified", "calibrated"):
            asked["valid_until"] = (today() + timedelta(days=365)).isoformat()
        do("equipment.event", equipment, by=by or fresh(self.qa), **(asked | intent))

    def an_area(self, kind: str, code: str = "", *, is_exclusive: bool = True) -> Area:
        """A registered area."""
        code = code or f"AR-{kind}-{Area.objects.filter(kind=kind).count() + 1}"
        return register_area(
            id=uuid4(), code=code, name=kind.replace("_", " ").capitalize(), kind=kind, grade="A",
            is_exclusive=is_exclusive, by=fresh(self.qa),
        )  # fmt: skip

    def clear(self, batch: Batch, area: Area, when: str, *, verified: bool = True, **intent: Any) -> LineClearance:
        """An area cleared for a batch or after it, and looked at by a second person."""
        points = points_of(master_of(batch))
        row = do("area.clear", batch, by=fresh(self.technician), area=area.code, when=when, points=points, **intent)
        assert isinstance(row, LineClearance)
        if verified:
            do("area.verify_clearance", row, by=fresh(self.second))
        return row

    def clear_what_is_done(self, batch: Batch, after: str = "") -> None:
        """Clear each area of a batch that no later step needs; all of them where no step is named."""
        steps = master_of(batch).steps
        codes = [step.code for step in steps]
        later = steps[codes.index(after) + 1 :] if after else ()
        wanted = {need.of for step in later for need in step.needs if need.kind is NeedKind.AREA}
        used = SlotScan.objects.filter(batch=batch, fits=True).exclude(area=None).values("area")
        for area in Area.objects.filter(pk__in=used).exclude(kind__in=wanted):
            if not self._is_cleared_after(batch, area):
                self.clear(batch, area, "after")

    def _is_cleared_after(self, batch: Batch, area: Area) -> bool:
        last = SlotScan.objects.filter(batch=batch, area=area, fits=True).latest("recorded_at")
        after = LineClearance.objects.filter(batch=batch, area=area, when="after", signed_at__gte=last.recorded_at)
        return after.exclude(verification=None).exists()

    def thing_for(self, batch: Batch, need: Need) -> list[str]:
        """The codes of lots, equipment or areas that fit a slot; what is missing is made, an area is cleared."""
        if need.kind is NeedKind.EQUIPMENT:
            ready = ready_of_type(need.of, clock.now())
            return [(ready[0] if ready else self.some_equipment(need.of)).code]
        if need.kind is NeedKind.AREA:
            return [self._area_for(batch, need).code]
        lot = self._lot_for(batch, need)
        return _units_left(lot, batch) if need.many and lot.units else [lot.code]

    def _lot_for(self, batch: Batch, need: Need) -> MaterialLot:
        now, product = clock.now(), product_of(batch)
        for lot in MaterialLot.objects.filter(item=need.of).order_by("recorded_at"):
            fits = not lot.target_antigen or frozenset(lot.target_antigen.split("/")) == product.target_antigens
            is_used_up = need.many and lot.units and not _units_left(lot, batch)
            if status_of(lot, now) is LotStatus.APPROVED and fits and not is_used_up:
                return lot
        return self.a_lot(need.of, f"L-{need.of}"[:26] + f"-{MaterialLot.objects.filter(item=need.of).count() + 1}")

    def _area_for(self, batch: Batch, need: Need) -> Area:
        of_kind = Area.objects.filter(kind=need.of).order_by("code")
        free = (area for area in of_kind if (held := holder_of(area)) is None or held.pk == batch.pk)
        area = next(free, None) or self.an_area(need.of)
        if need.clearance and cleared_before(area, batch, clock.now()) is None:
            self.clear(batch_of(batch.pk), area, "before")
        return area


def _units_left(lot: MaterialLot, batch: Batch) -> list[str]:
    """The units of a lot that no other batch used."""
    taken = set(SlotScan.objects.filter(lot=lot, fits=True).exclude(batch=batch).values_list("code", flat=True))
    return [code for code in lot.units if code not in taken]


def _needs_of(item: str) -> Iterator[tuple[Need, ProductDefinition | None]]:
    """Each slot of a master record that takes a material, with the product that it belongs to."""
    for row in Definition.objects.filter(kind="master").order_by("recorded_at"):
        master = as_master(reading_of(row))
        product = Definition.objects.filter(kind="product", code=master.product).order_by("-version").first()
        for step in master.steps:
            for need in step.needs:
                if need.of == item and need.kind in OF_A_LOT and (need.amount or need.kind is NeedKind.VECTOR_LOT):
                    yield need, as_product(reading_of(product)) if product else None


def hours_ago(hours: float) -> str:
    """A moment of the past, as it is typed."""
    return local(clock.now() - timedelta(hours=hours)).isoformat()
