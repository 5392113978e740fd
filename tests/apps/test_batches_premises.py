"""Equipment and areas: what may be used, who cleared the line, whose batch is in the cabinet, what lapsed meanwhile."""

from datetime import timedelta
from http import HTTPStatus
from uuid import uuid4

import pytest

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.roles import Role
from accounts.wording import today
from batches.areas import holder_of, register_area
from batches.clearing import POINTS, objections_to_premises, points_of
from batches.completeness import objections_to_record
from batches.equipment import register_equipment, standing_of, use_log
from batches.models import AreaState, Departure, Equipment, LineClearance
from batches.monitoring import record_monitoring
from batches.pinned import master_of
from ledger import clock
from ledger.verification import verify_records
from tests.kept import made_once
from tests.people import a_person, at_browser, do, fresh, nothing_written
from tests.stock_builders import Stock

pytestmark = pytest.mark.django_db


stock = made_once(Stock)


@pytest.fixture
def world(stock, db) -> Stock:
    """A batch by the short master record, with equipment and areas; nothing is begun."""
    return stock.again()


# Equipment

EVENTS = [
    ([], "unqualified", "it is not qualified"),
    (["qualified"], "uncalibrated", "it is not calibrated"),
    (["qualified", "calibrated"], "soiled", "it needs cleaning"),
    (["qualified", "calibrated", "cleaned"], "ready", ""),
    (["qualified", "calibrated", "cleaned", "soiled"], "soiled", "it needs cleaning"),
    (["qualified", "calibrated", "cleaned", "soiled", "cleaned"], "ready", ""),
    (["qualified", "calibrated", "cleaned", "held"], "held", "As the log says"),
    (["qualified", "calibrated", "cleaned", "held", "cleaned"], "held", "As the log says"),
    (["qualified", "calibrated", "cleaned", "retired"], "retired", "it is retired"),
]


@pytest.mark.clause("21 CFR 211.68", "Equipment fits a step only while qualified, calibrated, clean and not on hold.")
@pytest.mark.parametrize(("events", "status", "why"), EVENTS, ids=["+".join(each[0]) or "new" for each in EVENTS])
def test_equipment_fits_when_it_is_ready_and_else_another_is_named(world, events, status, why):
    piece = world.some_equipment("centrifuge", "CF-09", ready=False)
    for event in events:
        world.later(minutes=1)
        world.event(piece, event)
    world.start()

    scanned = world.scan("centrifuge", "CF-09")

    assert standing_of(Equipment.objects.get(pk=piece.pk), clock.now()).status == status
    assert scanned.fits is (status == "ready")
    assert scanned.departure is None
    if why:
        assert scanned.scan.says == f"Centrifuge CF-09 is on hold: {why}. Use CF-01."


def test_the_last_day_of_a_calibration_is_its_last(world):
    piece = world.some_equipment("centrifuge", "CF-09")
    world.later(minutes=1)
    world.event(piece, "calibrated", valid_until=today().isoformat())
    last = Equipment.objects.get(pk=piece.pk)

    assert standing_of(last, clock.now()).is_ready
    after = standing_of(last, clock.now() + timedelta(days=1))

    assert after.status == "uncalibrated"
    assert "calibration was due" in after.why


def test_where_no_other_is_ready_the_lead_is_asked(world):
    for piece in (world.centrifuge, world.spare_centrifuge):
        world.event(piece, "held", says="Noise")
    world.start()

    assert world.scan("centrifuge", "CF-01").scan.says == (
        "Centrifuge CF-01 is on hold: Noise. No other may be used now. Ask your lead."
    )


def test_what_is_recorded_of_equipment_follows_its_rules(world):
    piece, now = world.centrifuge, clock.now().isoformat()
    bad = [
        ({"kind": "calibrated"}, "valid_until"),
        ({"kind": "cleaned", "valid_until": today().isoformat()}, "valid_until"),
        ({"kind": "qualified", "valid_until": (today() - timedelta(days=1)).isoformat()}, "valid_until"),
        ({"kind": "held"}, "says"),
        ({"kind": "returned", "says": "It is quiet."}, "kind"),
        ({"kind": "broken"}, "kind"),
        ({"kind": "cleaned", "happened_at": (clock.now() + timedelta(hours=1)).isoformat()}, "happened_at"),
    ]
    for intent, field in bad:
        with nothing_written(), pytest.raises(Refused) as refused:
            do("equipment.event", piece, by=world.qa, **({"happened_at": now} | intent))
        assert field in {one.field for one in refused.value.objections}, intent
    for kind in ("calibrated", "qualified", "retired"):
        with nothing_written(), pytest.raises(NotAllowed):
            world.event(piece, kind, by=world.technician)
    world.event(piece, "cleaned", by=world.technician)


def test_who_put_equipment_on_hold_does_not_return_it(world):
    world.event(world.centrifuge, "held", by=world.technician)
    world.later(minutes=1)

    with nothing_written(), pytest.raises(Refused, match="Somebody else"):
        world.event(world.centrifuge, "returned", by=world.technician)
    world.event(world.centrifuge, "returned", by=world.second)

    assert standing_of(Equipment.objects.get(pk=world.centrifuge.pk), clock.now()).is_ready
    world.event(world.centrifuge, "retired")
    with nothing_written(), pytest.raises(Refused, match="retired"):
        world.event(world.centrifuge, "cleaned")


def test_a_code_is_registered_once_whatever_it_names(world):
    for code in ("CF-01", "BSC-01", "L-wash_buffer", "L-cd19_vector-07", world.bag, world.batch.number):
        with nothing_written(), pytest.raises(Refused, match="already"):
            register_equipment(id=uuid4(), code=code, type="x", name="x", by=world.qa)
        with nothing_written(), pytest.raises(Refused, match="already"):
            register_area(id=uuid4(), code=code, name="x", kind="room", by=world.qa)
    with nothing_written(), pytest.raises(NotAllowed):
        register_equipment(id=uuid4(), code="CF-77", type="x", name="x", by=world.technician)
    key = uuid4()
    first = register_equipment(id=key, code="CF-77", type="x", name="x", by=world.qa)
    assert register_equipment(id=key, code="CF-77", type="x", name="x", by=world.qa) == first


@pytest.mark.clause("21 CFR 211.105", "identifies each piece of equipment that a batch used by a code read at the step")
@pytest.mark.clause("21 CFR 211.182", "The log of equipment lists batch, step, date, time and person, in order.")
def test_the_log_of_equipment_is_read_from_the_steps(world):
    other = world.another_batch()
    world.start(batch=other)
    world.scan("centrifuge", "CF-01", batch=other)
    world.later(minutes=5)
    world.start()
    world.scan("centrifuge", "CF-01")
    world.scan("centrifuge", "NO-SUCH")

    log = use_log(equipment=world.centrifuge)

    assert [(one.batch_id, one.step, one.actor) for one in log] == [
        (other.pk, "1.1", world.technician.reference),
        (world.batch.pk, "1.1", world.technician.reference),
    ]
    assert log[0].performed_at < log[1].performed_at


# Areas and clearance


@pytest.mark.clause("21 CFR 211.130", "A step is worked on only in an area that two people cleared for this batch.")
def test_an_area_fits_after_two_people_cleared_it(world):
    world.start()
    assert "has not been cleared for this batch" in world.scan("cabinet", "BSC-01").scan.says
    clearance = world.clear(world.batch, world.cabinet, "before", verified=False)
    assert "has not been cleared for this batch" in world.scan("cabinet", "BSC-01").scan.says
    with nothing_written(), pytest.raises(Refused, match="second person"):
        do("area.verify_clearance", clearance, by=world.technician)

    do("area.verify_clearance", clearance, by=world.second)

    assert world.scan("cabinet", "BSC-01").fits
    with nothing_written(), pytest.raises(Refused, match="verified already"):
        do("area.verify_clearance", clearance, by=world.checker)


def test_every_point_is_confirmed_as_the_master_record_states_it(world):
    points = points_of(master_of(world.batch))
    assert points == ["No product of another batch", "No labels of another batch", "Clean and dry"]
    for sent, says in ((points[1:], "Confirm: No product"), ([], "Confirm: Clean and dry"), ([*points, "x"], "differ")):
        with nothing_written(), pytest.raises(Refused, match=says):
            do("area.clear", world.batch, by=world.technician, area="BSC-01", when="before", points=sent)
    with nothing_written(), pytest.raises(Refused, match="No area has the code"):
        do("area.clear", world.batch, by=world.technician, area="BSC-99", when="before", points=points)
    with nothing_written(), pytest.raises(NotAllowed):
        do("area.clear", world.batch, by=world.qp, area="BSC-01", when="before", points=points)
    assert len(POINTS) == 6


@pytest.mark.clause("EU GMP Part IV 9", "A second batch is not let into an area while another batch is in it.")
def test_an_exclusive_area_holds_one_batch_until_it_was_cleared_after_use(world):
    other = world.another_batch()
    world.start()
    world.clear(world.batch, world.cabinet, "before")
    assert world.scan("cabinet", "BSC-01").fits
    world.start(batch=other)
    # Not even for another day's clearance is the next batch let in.
    with nothing_written(), pytest.raises(Refused, match=f"holds batch {world.batch.number}"):
        world.clear(other, world.cabinet, "before")
    refused = world.scan("cabinet", "BSC-01", batch=other)
    assert f"holds batch {world.batch.number}" in refused.scan.says
    with nothing_written(), pytest.raises(Refused, match=r"Step 1.1 is still open"):
        world.clear(world.batch, world.cabinet, "after")
    with nothing_written(), pytest.raises(Refused, match="was not in"):
        world.clear(other, world.cabinet, "after")

    world.scan_all()
    world.typed()
    world.performed(world.batch, "1.1")
    world.later(minutes=1)
    world.clear(world.batch, world.cabinet, "after")

    assert AreaState.objects.get(area=world.cabinet).batch is None
    world.later(minutes=1)
    world.clear(other, world.cabinet, "before")
    assert world.scan("cabinet", "BSC-01", batch=other).fits
    assert holder_of(world.cabinet) == other
    assert [one for one in verify_records().findings if one.check == "remainders"] == []


def test_a_clearance_no_longer_counts_once_the_area_was_cleared_after_use(world):
    world.start()
    world.scan_all()
    world.typed()
    world.performed(world.batch, "1.1")
    world.later(minutes=1)
    world.clear(world.batch, world.cabinet, "after")
    other = world.another_batch()
    world.start(batch=other)

    assert "has not been cleared for this batch" in world.scan("cabinet", "BSC-01", batch=other).scan.says


def test_a_shared_area_takes_several_batches(world):
    other = world.another_batch()
    for batch in (world.batch, other):
        world.start("1.2", batch)
        assert world.scan("room", "CR-01", step="1.2", batch=batch).fits
    assert AreaState.objects.get(area=world.room).batch is None


def test_an_area_used_since_it_was_cleared_is_cleared_again(world):
    world.start()
    world.clear(world.batch, world.cabinet, "before")
    pending = world.clear(world.batch, world.cabinet, "before", verified=False)
    world.later(seconds=5)
    world.scan("cabinet", "BSC-01")

    with nothing_written(), pytest.raises(Refused, match="was used since"):
        do("area.verify_clearance", pending, by=world.second)


@pytest.mark.clause("21 CFR 211.188(b)(6)", "An area is inspected before and after use, each under two signatures.")
def test_a_batch_is_not_decided_on_before_its_areas_are_cleared_and_monitoring_is_read(world):
    world.start()
    world.clear(world.batch, world.cabinet, "before", monitoring="EM-7")
    world.scan_all()
    world.typed()
    world.performed(world.batch, "1.1")
    world.later(minutes=1)

    def open_points() -> set[str]:
        return {one.code for one in objections_to_premises(world.batch, master_of(world.batch))}

    assert open_points() == {"not_cleared_after", "no_monitoring"}
    assert {"not_cleared_after", "no_monitoring"} <= {one.code for one in objections_to_record(world.batch)}
    waits = world.clear(world.batch, world.cabinet, "after", verified=False)
    assert "not_cleared_after" in open_points()
    do("area.verify_clearance", waits, by=world.second)
    assert open_points() == {"no_monitoring"}

    given = {"batch": world.batch, "area": world.cabinet, "session": "EM-7"}
    read = record_monitoring(**given, result="within", by=world.technician, id=uuid4())
    assert read.departure is None
    assert open_points() == set()


def test_monitoring_outside_its_limits_is_a_departure_and_a_later_reading_replaces_it(world):
    world.clear(world.batch, world.cabinet, "before", monitoring="EM-7")
    given = {"batch": world.batch, "area": world.cabinet, "session": "EM-7"}
    key = uuid4()

    outside = record_monitoring(**given, result="outside", says="3 CFU", by=world.technician, id=key)
    again = record_monitoring(**given, result="outside", says="3 CFU", by=world.technician, id=key)
    later = record_monitoring(**given, result="within", says="Plate was mixed up.", by=world.second, id=uuid4())

    assert outside.departure is not None
    assert "EM-7, is outside its limits: 3 CFU" in outside.departure.says
    assert again.row == outside.row
    assert later.row.supersedes == outside.row
    assert Departure.objects.count() == 1
    with nothing_written(), pytest.raises(Refused, match="names session EM-8"):
        record_monitoring(**(given | {"session": "EM-8"}), result="within", by=world.technician, id=uuid4())
    with nothing_written(), pytest.raises(BadInput):
        record_monitoring(**given, result="fine", by=world.technician, id=uuid4())
    with nothing_written(), pytest.raises(NotAllowed):
        record_monitoring(**given, result="within", by=world.qp, id=uuid4())


# What lapses while a step runs


def test_equipment_and_training_that_lapse_during_a_step_are_departures_never_refusals(world):
    until = today().isoformat()
    newcomer = a_person(Role.TECHNICIAN)
    do("person.record_training", newcomer, by=world.qa, procedure="MBR-CD19", version="1", trained_on=until,
       valid_until=until)  # fmt: skip
    world.technician = fresh(newcomer)
    world.later(minutes=1)
    world.event(world.centrifuge, "calibrated", valid_until=until)
    world.start()
    world.scan_all(centrifuge="CF-01")
    world.later(days=1)
    world.typed()

    world.performed(world.batch, "1.1")

    says = sorted(Departure.objects.filter(kind="lapse").values_list("says", flat=True))
    assert len(says) == 2
    assert "CF-01: Calibration due, calibration was due" in says[0]
    assert f"the training of {newcomer.name} on MBR-CD19 version 1 lapsed" in says[1]
    # The gate stays hard at the start of the next step.
    with nothing_written(), pytest.raises(Refused, match="aren't trained"):
        world.start("1.2")


def test_equipment_that_needs_cleaning_after_its_use_is_no_lapse(world):
    world.start()
    world.scan_all(centrifuge="CF-01")
    world.typed()
    world.later(minutes=5)
    world.event(world.centrifuge, "soiled")

    world.performed(world.batch, "1.1")

    assert not Departure.objects.filter(kind="lapse").exists()


# Pages and programs


@pytest.mark.clause(
    "21 CFR 211.188(b)(2)", "names in the record of a batch each piece of equipment and each area that it used"
)
def test_premises_are_registered_cleared_and_read_by_page_and_by_program(world):
    lead = at_browser(world.qa)
    sent = {"id": str(uuid4()), "code": "BSC-02", "name": "Cabinet 2", "kind": "cabinet", "grade": "A",
            "is_exclusive": "yes"}  # fmt: skip
    assert lead.post("/areas/", sent).status_code == HTTPStatus.SEE_OTHER
    piece = {"id": str(uuid4()), "code": "INC-01", "type": "incubator", "name": "Incubator", "area": "BSC-02"}
    assert lead.post("/equipment/", piece).status_code == HTTPStatus.SEE_OTHER
    refused = lead.post("/equipment/", piece | {"id": str(uuid4())})
    made = lead.post(
        "/api/v1/equipment/", piece | {"id": str(uuid4()), "code": "INC-02"}, content_type="application/json"
    )
    unknown = lead.post("/api/v1/equipment/", piece | {"id": str(uuid4()), "code": "INC-03", "area": "NO"},
                        content_type="application/json")  # fmt: skip

    assert refused.status_code == HTTPStatus.CONFLICT
    assert "belongs to Incubator already" in refused.content.decode()
    assert made.status_code == HTTPStatus.CREATED
    assert made.json()["status"] == "unqualified"
    assert unknown.status_code == HTTPStatus.BAD_REQUEST

    world.start()
    world.clear(world.batch, world.cabinet, "before", monitoring="EM-7")
    world.scan_all(centrifuge="CF-01")
    client = at_browser(world.technician)
    number = world.batch.number
    read = {"id": str(uuid4()), "session": "BSC-01|EM-7", "result": "within"}
    assert client.post(f"/batches/{number}/monitoring/", read).status_code == HTTPStatus.SEE_OTHER
    for address, words in (
        ("/equipment/", "CF-01"), ("/equipment/CF-01/", number), ("/areas/", number), ("/areas/BSC-01/", "EM-7"),
        (f"/batches/{number}/equipment/", "No labels of another batch"), (f"/batches/{number}/equipment/", "EM-7"),
    ):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == HTTPStatus.OK, address
        assert words in answer.content.decode(), address
    assert client.get("/equipment/NO-SUCH/").status_code == HTTPStatus.NOT_FOUND

    told = client.get(f"/api/v1/batches/{number}/premises/").json()
    area = client.get("/api/v1/areas/BSC-01/").json()
    log = client.get("/api/v1/equipment/CF-01/").json()["log"]
    assert [one["code"] for one in told["equipment"]] == ["CF-01"]
    assert told["clearances"][0]["verified"]["name"] == world.second.name
    assert told["objections"][0]["code"] == "not_cleared_after"
    assert told["monitoring"][0]["result"] == "within"
    assert area["holds"] == number
    assert [(one["batch"], one["step"]) for one in log] == [(number, "1.1")]
    assert LineClearance.objects.count() == 1
