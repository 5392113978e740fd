"""Courses of treatment: several orders of one subject, doses as shares of them, and plans that change with a reason."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.refusal import BadInput, NotAllowed, Refused
from accounts.wording import today
from batches.courses import doses_in_force, share_of
from batches.models import Course, Order, PlannedDose
from tests.ends_builders import EndsWorld
from tests.kept import kept_for_a_module
from tests.people import at_browser, do, fresh, nothing_written

pytestmark = pytest.mark.django_db
REASON = "The ward changed the plan"


@pytest.fixture(scope="module")
def kept(django_db_setup, django_db_blocker):
    with kept_for_a_module(django_db_blocker):
        world = EndsWorld()
        course = world.course()
        yield world, course, world.ordered_in(course)


@pytest.fixture
def world(kept, db) -> EndsWorld:
    found: EndsWorld = kept[0]
    return found


@pytest.fixture
def course(kept, db) -> Course:
    return Course.objects.get(pk=kept[1].pk)


@pytest.fixture
def order(kept, db) -> Order:
    return Order.objects.get(pk=kept[2].pk)


def planned(
    world: EndsWorld, course: Course, number: int, order: str, **intent: Any
) -> PlannedDose:  # Any: what the act asks for
    """A dose of a course."""
    row = do("dose.plan", course, by=fresh(world.logistics), number=number, order=order, **intent)
    assert isinstance(row, PlannedDose)
    return row


def test_a_course_is_opened_once_a_title_by_those_who_order(world, course):
    assert course.number.startswith("CRS-")
    with nothing_written(), pytest.raises(NotAllowed):
        do("course.open", world.coi, by=world.technician, title="NK", plan="NK cells.")
    with nothing_written(), pytest.raises(Refused, match="with this title already"):
        world.course()
    with nothing_written(), pytest.raises(BadInput):
        do("course.open", world.coi, by=world.logistics, title="x" * 201, plan="Too long.")

    assert world.course("Booster").number != course.number


def test_the_same_product_is_ordered_again_only_within_a_course(world, course, order):
    with nothing_written(), pytest.raises(Refused, match="has order"):
        world.ordered()

    repeated = world.ordered_in(course)

    assert repeated.course_id == course.pk
    assert repeated.number != order.number
    assert Order.objects.filter(course=course, product__code="PROD-CD19").count() == 2


def test_an_order_names_a_course_of_its_own_chain(world, course):
    other = world.beside()
    form = {"product": "PROD-CD19", "prescriber": "Dr E. Lindgren", "prescription": "RX-2"}
    with nothing_written(), pytest.raises(Refused, match="another chain of identity"):
        do("order.place", other.coi, by=other.logistics, course=course.number, **form)
    with nothing_written(), pytest.raises(Refused, match="There is no course"):
        do("order.place", other.coi, by=other.logistics, course="CRS-26-9999", **form)


def test_a_dose_is_planned_and_planned_anew_with_a_reason(world, course, order):
    day = (today() + timedelta(days=20)).isoformat()
    first = planned(world, course, 1, order.number, share_percent="60", planned_on=day)
    with nothing_written(), pytest.raises(Refused, match="planned already"):
        planned(world, course, 1, order.number, share_percent="50")

    again = planned(world, course, 1, order.number, share_percent="50.5", source="retained", reason=REASON)

    assert again.supersedes_id == first.pk
    assert list(doses_in_force(course)) == [again]
    assert PlannedDose.objects.count() == 2


SHARES = [("40", True), ("40.01", False), ("0", False), ("-1", False), ("100.0", False), ("0.001", True)]


@pytest.mark.parametrize(("share", "fits"), SHARES)
def test_shares_of_one_order_never_add_up_to_more_than_a_hundred(world, course, order, share, fits):
    planned(world, course, 1, order.number, share_percent="60")

    if fits:
        planned(world, course, 2, order.number, share_percent=share)
    else:
        with nothing_written(), pytest.raises(Refused):
            planned(world, course, 2, order.number, share_percent=share)


def test_the_shares_of_another_order_do_not_count(world, course, order):
    planned(world, course, 1, order.number, share_percent="100")
    other = world.ordered_in(course)

    planned(world, course, 2, other.number, share_percent="100")

    assert share_of(doses_in_force(course), order) == 100


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shares=st.lists(st.integers(min_value=1, max_value=90), min_size=2, max_size=3))
def test_whatever_is_planned_in_which_order_the_sum_stays_below_a_hundred(world, course, order, shares):
    reasons: set[str] = set()
    for number, share in enumerate(shares, start=1):
        before = doses_in_force(course).filter(number=number).exists()
        try:
            planned(world, course, number, order.number, share_percent=str(share), reason=REASON if before else "")
        except Refused as refused:
            reasons |= {one.code for one in refused.objections}
    assert reasons <= {"too_much"}
    assert share_of(doses_in_force(course), order) <= 100


@pytest.mark.parametrize(
    ("intent", "error"),
    [
        ({"number": 0}, BadInput),
        ({"number": 51}, BadInput),
        ({"number": "one"}, BadInput),
        ({"order": "ORD-26-9999"}, Refused),
        ({"share_percent": "1e2"}, BadInput),
        ({"source": "thin air"}, BadInput),
        ({"planned_on": "tomorrow"}, BadInput),
    ],
)
def test_bad_doses_change_nothing(world, course, order, intent, error):
    asked = {"number": 1, "order": order.number} | intent
    with nothing_written(), pytest.raises(error):
        do("dose.plan", course, by=fresh(world.logistics), **asked)


def test_nothing_is_planned_for_an_order_that_ended(world, course, order):
    world.order_ended(order)
    with nothing_written(), pytest.raises(Refused, match="The order ended"):
        planned(world, course, 1, order.number, share_percent="50")


def test_pages_and_api_show_orders_batches_and_doses(world, course, order):
    planned(world, course, 1, order.number, share_percent="60")
    planned(world, course, 1, order.number, share_percent="55", reason=REASON)
    browser = at_browser(fresh(world.logistics))

    page = browser.get(f"/courses/{course.number}/").content.decode()
    assert order.number in page
    assert "55 %" in page
    assert "<del>" in page
    assert course.number in browser.get("/courses/").content.decode()
    assert "Plan of treatment" in browser.get("/courses/", {"chain": world.coi.identifier}).content.decode()
    form = browser.get("/orders/new/", {"chain": world.coi.identifier, "course": course.number}).content.decode()
    assert course.title in form
    told = browser.get(f"/api/v1/courses/{course.number}/").json()
    assert [one["share_percent"] for one in told["doses"]] == ["55"]
    assert told["orders"] == [order.number]
    assert browser.get("/courses/CRS-26-9999/").status_code == 404
