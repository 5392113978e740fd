"""What is planned around an order: suites, shipment, lymphodepletion, infusion."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.refusal import NotAllowed, Refused
from accounts.roles import Role
from batches.models import Area, PlannedTime, SuiteBooking
from batches.planning import book_suite, bookings_in_force, give_free, plan_of, plan_time
from ledger import clock
from ledger.verification import verify_records
from ledger.writing import write, writing
from tests.batches_builders import BatchWorld
from tests.custody_builders import a_subject
from tests.kept import made_once
from tests.people import a_person, at_browser

pytestmark = pytest.mark.django_db
Kind = PlannedTime.Kind


class PlanWorld:
    """Two orders, a planner, an exclusive suite."""

    def __init__(self) -> None:
        world = BatchWorld()
        self.planner = a_person(Role.LOGISTICS)
        self.technician = world.technician
        self.order = world.ordered()
        world.coi = a_subject(by=world.logistics)
        self.other = world.ordered()
        with writing():
            self.suite = write(
                Area(code="CAB-P", name="Cabinet P", kind=Area.Kind.CABINET), type="area.registered", actor="machine"
            )
        self.noon = clock.now().replace(microsecond=0) + timedelta(days=3)

    def planned(self, kind, at, *, by=None, reason=""):
        return plan_time(order=self.order, kind=kind, at=at, by=by or self.planner, id=uuid4(), reason=reason)

    def booked(self, order, start, hours, **more):
        begins = self.noon + timedelta(hours=start)
        return book_suite(
            order=order, area=self.suite, starts_at=begins, ends_at=begins + timedelta(hours=hours), by=self.planner,
            id=uuid4(), **more,
        )  # fmt: skip


world = made_once(PlanWorld)


def test_a_time_changes_with_a_reason_and_the_first_one_stays(world):
    first = world.planned(Kind.SHIPMENT, world.noon)

    with pytest.raises(Refused, match="Say why it changes"):
        world.planned(Kind.SHIPMENT, world.noon + timedelta(days=1))
    world.planned(Kind.SHIPMENT, world.noon + timedelta(days=1), reason="the ward asked for it")

    assert plan_of(world.order).at(Kind.SHIPMENT) == world.noon + timedelta(days=1)
    assert PlannedTime.objects.filter(pk=first.pk).exists()
    assert verify_records().findings == []


@pytest.mark.parametrize(
    ("first", "second"),
    [(Kind.SHIPMENT, Kind.INFUSION), (Kind.LYMPHODEPLETION, Kind.INFUSION), (Kind.COLLECTION, Kind.SHIPMENT)],
)
def test_what_comes_first_is_planned_first(world, first, second):
    world.planned(second, world.noon)

    for late in (timedelta(), timedelta(hours=1)):
        with pytest.raises(Refused, match="comes before"):
            world.planned(first, world.noon + late)
    world.planned(first, world.noon - timedelta(hours=1))


@pytest.mark.parametrize(
    ("start", "hours", "fits"),
    [(-2, 2, True), (4, 2, True), (3, 2, False), (-1, 2, False), (1, 1, False), (-1, 9, False)],
)
def test_an_exclusive_suite_is_planned_for_one_order_at_a_time(world, start, hours, fits):
    world.booked(world.order, 0, 4)

    if fits:
        world.booked(world.other, start, hours)
    else:
        with pytest.raises(Refused, match=f"planned for order {world.order.number}"):
            world.booked(world.other, start, hours)


def test_a_booking_that_is_given_free_or_moved_makes_room(world):
    booking = world.booked(world.order, 0, 4)
    moved = world.booked(world.order, 10, 4, instead_of=booking, reason="the courier is late")
    world.booked(world.other, 0, 4)

    give_free(booking=moved, reason="the order was put off", by=world.planner, id=uuid4())

    assert [one.order for one in bookings_in_force()] == [world.other]
    with pytest.raises(Refused, match="changed already"):
        give_free(booking=booking, reason="once more", by=world.planner, id=uuid4())
    assert SuiteBooking.objects.count() == 4


def test_who_does_not_plan_changes_no_plan(world):
    with pytest.raises(NotAllowed):
        world.planned(Kind.INFUSION, world.noon, by=world.technician)


def test_pages_and_api_plan_alike(world):
    browser = at_browser(world.planner)
    number = world.order.number
    sent = {"id": str(uuid4()), "kind": "infusion", "at": world.noon.isoformat()}

    stored = browser.post(f"/orders/{number}/plan/", sent | {"form": "time"})
    again = browser.post(f"/api/v1/orders/{number}/plan/times/", sent, content_type="application/json")
    refused = browser.post(
        f"/orders/{number}/plan/", {"form": "time", "id": str(uuid4()), "kind": "shipment", "at": "tomorrow"}
    )
    booked = browser.post(
        f"/api/v1/orders/{number}/plan/bookings/",
        {
            "id": str(uuid4()), "area": world.suite.code, "starts_at": world.noon.isoformat(),
            "ends_at": (world.noon + timedelta(hours=4)).isoformat(),
        },
        content_type="application/json",
    )  # fmt: skip
    plan = browser.get(f"/api/v1/orders/{number}/plan/").json()

    assert (stored.status_code, again.status_code, refused.status_code, booked.status_code) == (303, 201, 400, 201)
    assert "This is not a time" in refused.content.decode()
    assert [one["kind"] for one in plan["times"]] == ["infusion"]
    assert number in browser.get("/plan/").content.decode()
    assert world.suite.code in browser.get("/plan/").content.decode()
    assert browser.post(f"/orders/{number}/plan/", {"form": "guess"}).status_code == 404
