"""Definitions, lots, orders, weights and the issue of a batch: who signs, and each reason against it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.refusal import BadInput, NotAllowed, Refused, SameIdOtherContent
from accounts.roles import Role
from accounts.wording import today
from batches.definitions.kinds import as_master, read_text
from batches.lots import has_expired, lot_of
from batches.models import Batch, Definition, MaterialLot, Order, Weight
from batches.ordering import correct_weight, record_weight
from batches.pinned import in_force, master_of
from batches.weights import verified_weight
from chain_of_custody.containers import of_batch
from ledger.models import Site
from tests.batches_builders import FILES, BatchWorld
from tests.people import a_person, a_site, do, fresh, nothing_written

pytestmark = pytest.mark.django_db(transaction=True)


def source(kind: str, **replaced: str) -> str:
    """The text of a shipped definition, with pieces replaced."""
    text = FILES[kind].read_text(encoding="utf-8")
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text


def this_day() -> str:
    return today().isoformat()


def test_a_definition_takes_three_people_and_a_day():
    a_site()
    site = Site.objects.get()
    author, checker, approver = a_person(Role.QA), a_person(Role.QC_REVIEWER), a_person(Role.QUALIFIED_PERSON)
    text = source("master")

    row = do("definition.prepare", site, by=author, kind="master", source=text, change="First version.")
    with nothing_written(), pytest.raises(Refused, match="Somebody other"):
        do("definition.check", row, by=author)
    with nothing_written(), pytest.raises(Refused, match="second person must check"):
        do("definition.approve", row, by=approver, effective_from=this_day())
    do("definition.check", row, by=checker)
    with nothing_written(), pytest.raises(Refused, match="third person"):
        do("definition.approve", row, by=author, effective_from=this_day())
    with nothing_written(), pytest.raises(Refused, match="in the past"):
        do("definition.approve", row, by=approver, effective_from="2020-01-01")
    later = today() + timedelta(days=3)
    do("definition.approve", row, by=approver, effective_from=later.isoformat())

    assert in_force("master", code="MBR-CD19", on=today()) is None
    found = in_force("master", product="PROD-CD19", on=later)
    assert found is not None
    assert found.source == text
    assert as_master(read_text("master", found.source)).code == "MBR-CD19"


FAULTY = [
    ("master", "code: MBR-CD19", "kode: MBR-CD19"),
    ("master", 'version: "1"', "version: [1]"),
    ("master", "formula: {code: viability_percent", "formula: {code: no_such_formula"),
    ("product", "target_antigen: CD19", "target_antigen: &anchor CD19"),
    ("specification", "kind: specification", "kind: something_else"),
]


def test_a_faulty_definition_is_refused_with_everything_that_is_wrong():
    a_site()
    author = a_person(Role.QA)
    for kind, old, new in FAULTY:
        text = source(kind).replace(old, new, 1)
        with nothing_written(), pytest.raises(Refused) as refused:
            do("definition.prepare", Site.objects.get(), by=author, kind=kind, source=text, change="A try.")
        assert all(one.field == "source" for one in refused.value.objections), (kind, new)


def test_versions_follow_each_other_and_a_batch_keeps_its_own():
    world = BatchWorld()
    batch = world.issued()
    with nothing_written(), pytest.raises(Refused, match="next version of MBR-CD19 is 2"):
        world.defined("master")

    newer = source("master").replace('version: "1"\ntitle', 'version: "2"\ntitle', 1)
    world.defined("master", newer)

    assert master_of(Batch.objects.select_related("master").get(pk=batch.pk)).version == 1
    current = in_force("master", code="MBR-CD19", on=today())
    assert current is not None
    assert current.version == 2


def test_a_lot_is_received_whole_in_date_and_under_codes_of_its_own():
    world = BatchWorld()
    day = today()
    for change, field in (
        ({"expires_on": (day - timedelta(days=1)).isoformat()}, "expires_on"),
        ({"titer_tu_per_ml": "0"}, "titer_tu_per_ml"),
        ({"target_antigen": ""}, "target_antigen"),
        ({"units": ["V-1", "V-1"]}, "units"),
        ({"units": ["L-cd19_vector-07"]}, "code"),
    ):
        with nothing_written(), pytest.raises(Refused) as refused:
            world.a_lot("cd19_vector", "LV-2", **change)
        assert field in {one.field for one in refused.value.objections}, change
    with nothing_written(), pytest.raises(BadInput):
        world.a_lot("cd19_vector", "LV-2", titer_tu_per_ml="1,0")
    with nothing_written(), pytest.raises(NotAllowed):
        do("lot.receive", Site.objects.get(), by=world.qp, code="X-1", kind="reagent", item="wash_buffer",
           name="x", supplier="x", certificate="x", expires_on=this_day())  # fmt: skip

    found = lot_of("L-cd19_vector-07")
    assert found is not None
    assert found.is_unit
    assert lot_of("L-cd19_vector-0") is None
    assert not has_expired(found.lot, found.lot.expires_on)
    assert has_expired(found.lot, found.lot.expires_on + timedelta(days=1))
    assert MaterialLot.objects.filter(code="LV-2").count() == 0


def test_an_order_names_a_product_in_force_once_a_chain():
    world = BatchWorld()
    form = {"prescriber": "Dr E. Lindgren", "prescription": "RX-1"}
    with nothing_written(), pytest.raises(Refused, match="No version of product"):
        do("order.place", world.coi, by=world.logistics, product="PROD-X", **form)
    with nothing_written(), pytest.raises(NotAllowed):
        do("order.place", world.coi, by=world.technician, product="PROD-CD19", **form)

    order = world.ordered()

    assert order.number.startswith("ORD-")
    with nothing_written(), pytest.raises(Refused, match="has order"):
        world.ordered()
    assert Order.objects.count() == 1


def test_a_weight_is_dated_verified_by_another_and_corrected_with_a_reason():
    world = BatchWorld()
    order, by = world.ordered(), fresh(world.logistics)
    day = today()
    said = {"order": order, "weighed_on": day - timedelta(days=200), "source": "Ward sheet", "by": by}
    for change, error in (
        ({"kilograms": "0"}, BadInput),
        ({"kilograms": "-70"}, BadInput),
        ({"kilograms": "1e2"}, BadInput),
        ({"kilograms": "700"}, Refused),
        ({"kilograms": "70", "weighed_on": day + timedelta(days=2)}, Refused),
        ({"kilograms": "70", "source": " "}, Refused),
    ):
        with nothing_written(), pytest.raises(error):
            record_weight(**(said | change), id=uuid4())
    row_id = uuid4()

    weight = record_weight(**said, kilograms="70.0", id=row_id)  # long before the apheresis: allowed

    assert record_weight(**said, kilograms="70.0", id=row_id) == weight
    with pytest.raises(SameIdOtherContent):
        record_weight(**said, kilograms="71.0", id=row_id)
    with pytest.raises(Refused, match="recorded already"):
        record_weight(**said, kilograms="71.0", id=uuid4())
    with nothing_written(), pytest.raises(Refused, match="Somebody other"):
        do("weight.verify", weight, by=by)
    assert verified_weight(order) is None
    do("weight.verify", weight, by=world.qa)
    assert verified_weight(order) == weight
    correct_weight(
        weight=weight,
        kilograms="64",
        weighed_on=day,
        source="Ward sheet",
        reason="Weighed again today",
        by=by,
        id=uuid4(),
    )
    assert verified_weight(order) is None
    assert Weight.objects.count() == 2


def test_a_batch_is_issued_only_from_verified_accepted_cells_and_definitions_in_force():
    world = BatchWorld()
    order = world.ordered()
    with nothing_written(), pytest.raises(Refused, match="No collection is registered"):
        do("batch.issue", order, by=world.qa)
    collection = world.verified()
    with nothing_written(), pytest.raises(Refused, match="accepted at this site"):
        do("batch.issue", order, by=world.qa)
    bags = world.bags_of(collection)
    world.to_courier(bags)
    world.accepted(world.offered_to_site(bags))
    with nothing_written(), pytest.raises(NotAllowed):
        do("batch.issue", order, by=world.technician)

    batch = do("batch.issue", order, by=world.qa)

    assert isinstance(batch, Batch)
    assert batch.number.startswith("CT-")
    assert batch.state.stage == "receipt"
    assert [one.code for one in of_batch(batch.number)] == [bags[0].code]
    pinned = (batch.product.kind, batch.master.kind, batch.specification.kind)
    assert pinned == (Definition.Kind.PRODUCT, Definition.Kind.MASTER, Definition.Kind.SPECIFICATION)
    with nothing_written(), pytest.raises(Refused, match="not decided on yet"):
        do("batch.issue", order, by=world.qa)
