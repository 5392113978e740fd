"""The plan around an order: suites, collection, shipment, lymphodepletion, infusion.

(1) A planned time is a fact about a plan: the first stands, a later one supersedes it with a reason.
(2) An area that holds one batch at a time is planned for one order at a time; two bookings never overlap.
(3) The order in which things are planned makes sense: a shipment comes before its infusion, lymphodepletion too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, lacks, refuse_if, when
from accounts.repeats import recorded_before
from accounts.roles import Permission
from accounts.wording import short_time
from batches.ended import objections_to_ended_order, order_end_of
from batches.models import Area, Order, PlannedTime, SuiteBooking
from batches.turns import take_turn
from ledger.writing import write, writing

Kind = PlannedTime.Kind
# Of each pair the first is planned before the second.
IN_ORDER = (
    (Kind.COLLECTION, Kind.SHIPMENT),
    (Kind.SHIPMENT, Kind.INFUSION),
    (Kind.LYMPHODEPLETION, Kind.INFUSION),
)
SHORTEST_REASON = 5
LONGEST_BOOKING = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is planned for an order, as it stands."""

    order: Order
    times: dict[str, PlannedTime]
    bookings: tuple[SuiteBooking, ...]

    def at(self, kind: str) -> datetime | None:
        """When something is planned; None where it is not."""
        found = self.times.get(kind)
        return found.at if found else None


def plan_of(order: Order) -> Plan:
    """Give the plan of an order in two statements."""
    times = {row.kind: row for row in PlannedTime.objects.filter(order=order, superseded_by=None)}
    return Plan(order, times, tuple(bookings_in_force().filter(order=order)))


def bookings_in_force() -> QuerySet[SuiteBooking]:
    """Give the bookings that stand: not superseded, not given free, by time."""
    found = SuiteBooking.objects.filter(superseded_by=None, is_given_free=False)
    return found.select_related("area", "order__coi").order_by("starts_at", "pk")


def plan_time(
    *,
    order: Order,
    kind: str,
    at: datetime,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    reason: str = "",
) -> PlannedTime:
    """Plan a time, or another time instead of the one that stood, with the reason."""
    with writing():
        take_turn("PLAN")
        said = {"order_id": order.pk, "kind": kind, "at": at, "reason": reason}
        if known := recorded_before(PlannedTime, id, said, by=by):
            return known
        plan = plan_of(order)
        before = plan.times.get(kind)
        refuse_if(lacks(by, Permission.PLAN) + objections_to_time(plan, kind, at, reason))
        row = PlannedTime(id=id, order=order, kind=kind, at=at, supersedes=before, reason=reason)
        return write(row, type="plan.time_set" if before is None else "plan.time_changed", actor=by.reference)


def objections_to_time(plan: Plan, kind: str, at: datetime, reason: str) -> list[Objection]:
    """Give the reasons against planning a time."""
    before = plan.times.get(kind)
    return [
        *objections_to_ended_order(order_end_of(plan.order)),
        *when(
            before is not None and len(reason.strip()) < SHORTEST_REASON,
            _("This was planned for %(time)s. Say why it changes.") % {"time": short_time(before.at) if before else ""},
            code="no_reason",
            field="reason",
        ),
        *when(before is not None and before.at == at, _("This is the time that is planned already."), field="at"),
        *_out_of_order(plan, kind, at),
    ]


def _out_of_order(plan: Plan, kind: str, at: datetime) -> Iterable[Objection]:
    for first, second in IN_ORDER:
        other = plan.times.get(second if kind == first else first)
        if kind not in (first, second) or other is None:
            continue
        wrong = at >= other.at if kind == first else at <= other.at
        if wrong:
            words = {"first": Kind(first).label, "second": Kind(second).label, "time": short_time(other.at)}
            says = _("%(first)s comes before %(second)s, and the other is planned for %(time)s.") % words
            yield Objection(says, code="out_of_order", field="at")


def book_suite(
    *,
    order: Order,
    area: Area,
    starts_at: datetime,
    ends_at: datetime,
    by: Person,
    id: UUID,  # noqa: A002  as above
    instead_of: SuiteBooking | None = None,
    reason: str = "",
) -> SuiteBooking:
    """Plan an area for an order, or move a booking; refused where another order has it then."""
    with writing():
        take_turn("PLAN")
        said = {
            "order_id": order.pk,
            "area_id": area.pk,
            "starts_at": starts_at,
            "ends_at": ends_at,
            "supersedes_id": instead_of.pk if instead_of else None,
            "reason": reason,
        }
        if known := recorded_before(SuiteBooking, id, said, by=by):
            return known
        refuse_if(
            lacks(by, Permission.PLAN)
            + objections_to_ended_order(order_end_of(order))
            + objections_to_booking(order, area, starts_at, ends_at, instead_of)
            + _objections_to_replacing(instead_of, reason)
        )
        return write(SuiteBooking(id=id, **said), type="plan.suite_booked", actor=by.reference)


def give_free(
    *,
    booking: SuiteBooking,
    reason: str,
    by: Person,
    id: UUID,  # noqa: A002  as above
) -> SuiteBooking:
    """Take a booking back with the reason; its area is free for others."""
    with writing():
        take_turn("PLAN")
        said = {"supersedes_id": booking.pk, "is_given_free": True, "reason": reason}
        if known := recorded_before(SuiteBooking, id, said, by=by):
            return known
        refuse_if(lacks(by, Permission.PLAN) + _objections_to_replacing(booking, reason))
        row = SuiteBooking(
            id=id,
            order=booking.order,
            area=booking.area,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            is_given_free=True,
            supersedes=booking,
            reason=reason,
        )
        return write(row, type="plan.suite_given_free", actor=by.reference)


def objections_to_booking(
    order: Order, area: Area, starts_at: datetime, ends_at: datetime, instead_of: SuiteBooking | None
) -> list[Objection]:
    """Give the reasons against planning an area for a span of time."""
    taken = bookings_in_force().filter(area=area, starts_at__lt=ends_at, ends_at__gt=starts_at).exclude(order=order)
    other = taken.first() if area.is_exclusive else None
    return [
        *when(ends_at <= starts_at, _("The booking would end before it began."), field="ends_at"),
        *when(ends_at - starts_at > LONGEST_BOOKING, _("A booking is at most 60 days long."), field="ends_at"),
        *when(
            other is not None,
            _("%(area)s is planned for order %(order)s from %(from)s to %(to)s.")
            % {
                "area": area.code,
                "order": other.order.number if other else "",
                "from": short_time(other.starts_at) if other else "",
                "to": short_time(other.ends_at) if other else "",
            },
            code="taken",
            field="starts_at",
        ),
        *when(
            instead_of is not None and instead_of.order_id != order.pk,
            _("This booking belongs to another order."),
            field="instead_of",
        ),
    ]


def _objections_to_replacing(booking: SuiteBooking | None, reason: str) -> list[Objection]:
    if booking is None:
        return []
    gone = booking.is_given_free or SuiteBooking.objects.filter(supersedes=booking).exists()
    return [
        *when(gone, _("This booking was changed already. Open the page again."), code="superseded"),
        *when(
            len(reason.strip()) < SHORTEST_REASON,
            _("Give the reason in at least 5 characters."),
            code="no_reason",
            field="reason",
        ),
    ]
