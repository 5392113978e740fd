"""What the training site works with: lots received and approved, equipment and cabinets registered and ready.

Everything that the master batch records in force ask for is there once; a vector lot has its single vials.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

from accounts.wording import local, today
from batches.areas import register_area
from batches.definitions.kinds import as_master, as_product
from batches.definitions.master import MasterDefinition, Need, NeedKind
from batches.definitions.product import ProductDefinition
from batches.equipment import register_equipment
from batches.models import Area, Definition, Equipment, EquipmentEvent, LotDecision, MaterialLot
from batches.pinned import in_force, reading_of
from config.story.acting import Story, act, after, somebody
from config.story.in_process import TITER
from config.story.worked_batches import Lot
from ledger import clock
from ledger.models import Site

VECTOR_LOT = "LV19-2207"
VIAL_ML = Decimal("5.0")
VIALS_A_BATCH = 4
VIALS = 60
PLENTY = "20000"
KEEPER, DECIDER, ENGINEER = "jpark", "tweiss", "rcastellanos"
CONSUMABLES = {"selection_set", "culture_bag_set", "final_bag_set", "cryovials"}
MEDIA = {"culture_medium", "wash_buffer", "density_gradient_medium", "cryoprotectant"}
# How many areas of a kind the site has: batches are worked on side by side, each in its own.
AREAS = {Area.Kind.CABINET: 8, Area.Kind.ISOLATOR: 2, Area.Kind.DEVICE: 2, Area.Kind.ROOM: 2}
PREFIXES = {Area.Kind.CABINET: "BSC", Area.Kind.ISOLATOR: "ISO", Area.Kind.DEVICE: "DEV", Area.Kind.ROOM: "CR"}


def stocked(families: Mapping[str, tuple[Lot, ...]]) -> Story:
    """Tell how lots are received and approved, and how equipment and areas come into use.

    `families` holds the lots of the worked batches, which say what stands on those that carry a receptor.
    """
    told = {lot.item: lot for lots in families.values() for lot in lots}
    pairs = list(masters_in_force())
    needs = [need for master, _product in pairs for step in master.steps for need in step.needs]
    for kind in sorted({need.of for need in needs if need.kind is NeedKind.AREA}):
        _register_areas(Area.Kind(kind))
    for type_ in sorted({need.of for need in needs if need.kind is NeedKind.EQUIPMENT}):
        yield after(minutes=5)
        yield from _equipped(type_)
    for master, product in pairs:
        yield after(hours=1)
        _receive_lots(master, product, told)
    yield after(days=1)
    for lot in MaterialLot.objects.filter(decisions=None).order_by("recorded_at"):
        act("lot.decide", lot, LotDecision, by=DECIDER, decision="approved")


def masters_in_force() -> Iterator[tuple[MasterDefinition, ProductDefinition]]:
    """Give each master batch record in force with its product."""
    codes = Definition.objects.filter(kind=Definition.Kind.MASTER).values_list("code", flat=True)
    for code in sorted(set(codes)):
        row = in_force(Definition.Kind.MASTER, on=today(), code=code)
        if row is None:
            continue
        master = as_master(reading_of(row))
        product = in_force(Definition.Kind.PRODUCT, on=today(), code=master.product)
        if product is not None:
            yield master, as_product(reading_of(product))


def _register_areas(kind: Area.Kind) -> None:
    for number in range(1, AREAS[kind] + 1):
        register_area(
            id=uuid4(),
            code=f"{PREFIXES[kind]}-{number:02d}",
            name=str(kind.label).capitalize(),
            kind=str(kind),
            grade="A" if kind is not Area.Kind.ROOM else "B",
            by=somebody(ENGINEER),
        )


def _equipped(type_: str) -> Story:
    """Register two pieces of a type and bring them into use; a second one stands in where the first is on hold."""
    for number in (1, 2):
        piece = register_equipment(
            id=uuid4(),
            code=f"{type_.replace('_', '-')[:22].upper()}-{number:02d}",
            type=type_,
            name=type_.replace("_", " ").capitalize(),
            by=somebody(ENGINEER),
        )
        yield after(minutes=20)
        for kind in (EquipmentEvent.Kind.QUALIFIED, EquipmentEvent.Kind.CALIBRATED, EquipmentEvent.Kind.CLEANED):
            _event(piece, kind)


def _event(piece: Equipment, kind: EquipmentEvent.Kind) -> None:
    lasts = kind is not EquipmentEvent.Kind.CLEANED
    until = {"valid_until": (today() + timedelta(days=365)).isoformat()} if lasts else {}
    act(
        "equipment.event",
        piece,
        EquipmentEvent,
        by=ENGINEER,
        kind=str(kind),
        happened_at=local(clock.now()).isoformat(),
        reference=f"{kind.upper()[:3]}-{piece.code}"[:60],
        **until,
    )


def _receive_lots(master: MasterDefinition, product: ProductDefinition, told: Mapping[str, Lot]) -> None:
    """Receive one lot of each material that is not there yet."""
    wanted: dict[str, Need] = {}
    for step in master.steps:
        for need in step.needs:
            # The slot that says how much is taken also says in which unit its lots are counted.
            if need.kind in (NeedKind.MATERIAL_LOT, NeedKind.VECTOR_LOT) and (need.of not in wanted or need.amount):
                wanted[need.of] = need
    for item in sorted(wanted):
        if not MaterialLot.objects.filter(item=item).exists():
            _receive_lot(item, wanted[item], product, told.get(item))


def _receive_lot(item: str, need: Need, product: ProductDefinition, told: Lot | None) -> None:
    if need.kind is NeedKind.VECTOR_LOT:
        is_first = not MaterialLot.objects.filter(code=VECTOR_LOT).exists()
        code = VECTOR_LOT if is_first else f"LV-{2207 + MaterialLot.objects.count()}"
        _received(
            item,
            code=code,
            kind=MaterialLot.Kind.VECTOR,
            name=f"Vector, {item.replace('_', ' ')}",
            target_antigen=product.attributes.get("target_antigen", ""),
            construct=product.attributes.get("construct", "EX-CAR-1"),
            titer_tu_per_ml=f"{TITER:f}",
            titer_method="flow cytometry of transduced cells",
            replication_competent="RCL not detected, certificate of the maker",
            bank="MCB-EX-04",
            in_use_hours=8,
            most_thaws=1,
            storage="below -70 °C",
            units=[f"{code}-{number:02d}" for number in range(1, VIALS + 1)],
            **_counted(need, f"{VIALS * VIAL_ML:f}"),
        )
        return
    _received(
        item,
        code=f"M-{2201 + MaterialLot.objects.count()}",
        kind=_kind_of(item),
        name=need.title,
        grade="GMP",
        storage="2–8 °C" if item not in CONSUMABLES else "room temperature",
        animal_origin="no material of animal origin",
        target_antigen=told.target_antigen if told else "",
        construct=told.construct if told else "",
        **_counted(need, PLENTY),
    )


def _counted(need: Need, quantity: str) -> dict[str, object]:
    return {"quantity": quantity, "unit": need.amount.unit} if need.amount else {}


def _received(item: str, *, code: str, kind: MaterialLot.Kind, name: str, **more: object) -> None:
    act(
        "lot.receive",
        Site.objects.get(),
        MaterialLot,
        by=KEEPER,
        code=code,
        kind=str(kind),
        item=item,
        name=name,
        supplier="Example Supplies",
        certificate=f"CoA {code}",
        expires_on=(today() + timedelta(days=365)).isoformat(),
        **more,
    )


def _kind_of(item: str) -> MaterialLot.Kind:
    if item in CONSUMABLES:
        return MaterialLot.Kind.CONSUMABLE
    return MaterialLot.Kind.MEDIUM if item in MEDIA else MaterialLot.Kind.REAGENT


def vial(number: int) -> str:
    """Give the code of a vector vial; a batch takes its own ones only."""
    return f"{VECTOR_LOT}-{number:02d}"
