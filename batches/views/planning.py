"""The plan: what is planned for each order, and which suite is taken when."""

from datetime import timedelta
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework import serializers

from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.parsing import MomentField, StrictSerializer, TextField, parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.identity import coi_for_the_eye
from batches.models import Area, Order, PlannedTime, SuiteBooking
from batches.planning import book_suite, bookings_in_force, give_free, plan_of, plan_time
from chain_of_custody.views.presenting import identity_context
from ledger import clock

Plain = dict[str, object]
SHOWN_BACK = timedelta(days=1)
ORDERS = Order.objects.select_related("coi__subject", "product", "ended")


class TimeForm(StrictSerializer[Plain]):
    """A planned time as pages and programs send it."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(PlannedTime.Kind.choices)
    at = MomentField(future_allowed=True)
    reason = TextField(max_length=1000, required=False, default="")


class BookingForm(StrictSerializer[Plain]):
    """A booking, or another instead of one that stands."""

    id = serializers.UUIDField()
    area = TextField(max_length=30)
    starts_at = MomentField(future_allowed=True)
    ends_at = MomentField(future_allowed=True)
    instead_of = serializers.UUIDField(required=False, allow_null=True, default=None)
    reason = TextField(max_length=1000, required=False, default="")


class FreeForm(StrictSerializer[Plain]):
    """A booking that is taken back."""

    id = serializers.UUIDField()
    booking = serializers.UUIDField()
    reason = TextField(max_length=1000)


def time_from(order: Order, data: object, *, by: Person) -> PlannedTime:
    """Plan a time from what was sent."""
    return plan_time(order=order, by=by, **parsed(TimeForm, data))


def booking_from(order: Order, data: object, *, by: Person) -> SuiteBooking:
    """Book a suite from what was sent."""
    read = parsed(BookingForm, data)
    area = get_object_or_404(Area, code=read.pop("area").strip())
    before = read.pop("instead_of")
    instead_of = get_object_or_404(SuiteBooking, pk=before) if before else None
    return book_suite(order=order, area=area, by=by, instead_of=instead_of, **read)


def freed_from(order: Order, data: object, *, by: Person) -> SuiteBooking:
    """Take a booking back from what was sent."""
    read = parsed(FreeForm, data)
    booking = get_object_or_404(
        SuiteBooking.objects.select_related("order", "area"), pk=read.pop("booking"), order=order
    )
    return give_free(booking=booking, by=by, **read)


FORMS = {"time": time_from, "booking": booking_from, "free": freed_from}


@require_safe
@needs(Permission.RECORD_READ)
def plan(request: HttpRequest) -> HttpResponse:
    """Show what is planned from yesterday on: suites by area, and the times around each order."""
    since = clock.now() - SHOWN_BACK
    bookings = list(bookings_in_force().filter(ends_at__gte=since))
    times = PlannedTime.objects.filter(superseded_by=None, at__gte=since, order__ended=None)
    lines = [
        {"row": row, "coi": coi_for_the_eye(row.order.coi)}
        for row in times.select_related("order__coi", "order__product").order_by("at", "pk")
    ]
    areas = [
        {"area": area, "bookings": [one for one in bookings if one.area_id == area.pk]}
        for area in Area.objects.order_by("code")
    ]
    return render(request, "batches/plan.html", {"areas": areas, "lines": lines})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def order_plan(request: HttpRequest, number: str) -> HttpResponse:
    """Show and change the plan of one order."""
    order = get_object_or_404(ORDERS, number=number)
    by = person_of(request)
    if request.method != "POST":
        return render(request, "batches/order_plan.html", _context(order, by))
    sent = form_sent(request, blanks=False)
    form = FORMS.get(str(sent.pop("form", "")))
    if form is None:
        raise Http404
    try:
        form(order, sent, by=by)
    except Refused as refused:
        errors = [{"says": one.says, "field_id": one.field, "url": one.url} for one in refused.objections]
        context = _context(order, by) | {"errors": errors, "sent": request.POST, "page_has_errors": True}
        return render(request, "batches/order_plan.html", context, status=refused.status)
    return SeeOther(f"/orders/{number}/plan/")


def _context(order: Order, by: Person) -> Plain:
    standing = plan_of(order)
    return {
        "order": order,
        "identity": identity_context(order.coi, order.coi.collections.order_by("collected_at").first()),
        "times": [
            {"kind": kind, "label": label, "row": standing.times.get(kind), "new_id": uuid4()}
            for kind, label in PlannedTime.Kind.choices
        ],
        "bookings": [{"row": row, "new_id": uuid4()} for row in standing.bookings],
        "areas": [(area.code, f"{area.code} {area.name}") for area in Area.objects.order_by("code")],
        "may_plan": Permission.PLAN in by.permissions and not hasattr(order, "ended"),
        "new_id": uuid4(),
    }
