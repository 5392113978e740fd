"""Pages of courses: the list with the form for a new one, and each with its orders, batches and doses."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.fields import Asked, Field, choose
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.offering import offer
from accounts.roles import Permission
from batches.courses import CourseIntent, DoseIntent, doses_in_force
from batches.ended import manufacture_end_of, order_end_of
from batches.identity import coi_for_the_eye
from batches.models import Batch, Course, Order, PlannedDose
from chain_of_custody.models import ChainOfIdentity
from chain_of_custody.views.presenting import identity_context

A_PAGE = 50
Context = dict[str, object]


@require_safe
@needs(Permission.RECORD_READ)
def courses(request: HttpRequest) -> HttpResponse:
    """List the courses, and the form for a new one where a chain of identity is named."""
    by = person_of(request)
    rows = Course.objects.select_related("coi__subject").prefetch_related("orders__product").order_by("-recorded_at")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    wanted = request.GET.get("chain", "").replace(" ", "").upper()[:15]
    chain = ChainOfIdentity.objects.select_related("subject").filter(identifier=wanted).first() if wanted else None
    asked = Asked(CourseIntent)
    context = {
        "lines": [{"course": row, "coi": coi_for_the_eye(row.coi)} for row in page],
        "page": page,
        "wanted": wanted,
        "chain": chain,
        "chain_words": coi_for_the_eye(chain) if chain else "",
        "may_open": Permission.ORDER_PLACE in by.permissions,
        "act": offer("course.open", chain, by=by) if chain else None,
        "fields": [asked("title"), asked("plan")],
    }
    return render(request, "batches/courses.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def course(request: HttpRequest, number: str) -> HttpResponse:
    """Show a course: its orders with their batches, its doses as planned now and before, and the form for a dose."""
    row = get_object_or_404(Course.objects.select_related("coi__subject"), number=number)
    orders = list(Order.objects.filter(course=row).select_related("product").order_by("number"))
    history = PlannedDose.objects.filter(course=row).exclude(superseded_by=None).select_related("order")
    context = {
        "course": row,
        "identity": identity_context(row.coi, row.coi.collections.order_by("collected_at").first()),
        "orders": [_order(one) for one in orders],
        "doses": list(doses_in_force(row)),
        "before": list(history.order_by("number", "recorded_at")),
        "act": offer("dose.plan", row, by=person_of(request)),
        "fields": _dose_fields(orders),
    }
    return render(request, "batches/course.html", context)


def _order(order: Order) -> Context:
    batches = Batch.objects.filter(order=order).select_related("state").order_by("number")
    return {
        "order": order,
        "ended": order_end_of(order),
        "batches": [(one, manufacture_end_of(one)) for one in batches],
    }


def _dose_fields(orders: list[Order]) -> list[Field]:
    asked = Asked(DoseIntent)
    return [
        asked("number", hint=_("Its number in the course. The same number again changes the plan."), maxlength=2),
        asked("order", options=choose((one.number, f"{one.number}, {one.product.title}") for one in orders)),
        asked("share_percent", unit="%"),
        asked("source", options=PlannedDose.Source.choices, optional=False),
        asked("planned_on"),
        asked("reason"),
    ]
