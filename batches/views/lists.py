"""Lists and their entries: batches, orders with weights."""

from uuid import uuid4

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework import serializers

from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.parsing import DayField, StrictSerializer, TextField, TypedNumberField, YesNoField, parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from accounts.wording import today
from batches.definitions.kinds import as_master
from batches.identity import WITH_EVERYTHING, coi_for_the_eye
from batches.models import Batch, Course, Definition, Order, Weight
from batches.ordering import correct_weight, record_weight
from batches.pinned import reading_of
from batches.views.ends import order_context
from batches.views.strip import disposition_status, disposition_words
from chain_of_custody.containers import starting_containers
from chain_of_custody.models import ChainOfIdentity
from chain_of_custody.views.presenting import identity_context

A_PAGE = 50
Plain = dict[str, object]


@require_safe
@needs(Permission.RECORD_READ)
def batches(request: HttpRequest) -> HttpResponse:
    """List the batches, the newest first."""
    rows = Batch.objects.select_related(*WITH_EVERYTHING).order_by("-recorded_at")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    lines = []
    for batch in page:
        stage = as_master(reading_of(batch.master)).stage(batch.state.stage)
        lines.append(
            {
                "batch": batch,
                "coi": coi_for_the_eye(batch.order.coi),
                "stage": stage.title if stage else batch.state.stage,
                "status": disposition_status(batch),
                "word": disposition_words(batch),
            }
        )
    return render(request, "batches/batches.html", {"lines": lines, "page": page})


@require_safe
@needs(Permission.RECORD_READ)
def orders(request: HttpRequest) -> HttpResponse:
    """List the orders, and the form for a new one where a chain of identity is named."""
    rows = Order.objects.select_related("coi", "product").prefetch_related("batches").order_by("-recorded_at")
    page = Paginator(rows, A_PAGE).get_page(request.GET.get("page"))
    lines = [{"order": order, "coi": coi_for_the_eye(order.coi)} for order in page]
    may_order = Permission.ORDER_PLACE in person_of(request).permissions
    return render(request, "batches/orders.html", {"lines": lines, "page": page, "may_order": may_order})


@require_safe
@needs(Permission.ORDER_PLACE)
def new_order(request: HttpRequest) -> HttpResponse:
    """Show the form of an order: first the chain of identity, then what is ordered."""
    by = person_of(request)
    wanted = request.GET.get("chain", "").replace(" ", "").upper()[:15]
    chain = ChainOfIdentity.objects.select_related("subject").filter(identifier=wanted).first() if wanted else None
    without_order = ChainOfIdentity.objects.select_related("subject").filter(orders=None)
    products = Definition.objects.filter(kind=Definition.Kind.PRODUCT, approval__effective_from__lte=today())
    context = {
        "wanted": wanted,
        "chain": chain,
        "coi": coi_for_the_eye(chain) if chain else "",
        "chains": [
            {"identifier": one.identifier, "shown": coi_for_the_eye(one), "subject": one.subject.pseudonym}
            for one in without_order.order_by("-recorded_at")[:50]
        ],
        "offer": offer("order.place", chain, by=by) if chain else None,
        "courses": [("", "–"), *Course.objects.filter(coi=chain).order_by("number").values_list("number", "title")],
        "course": request.GET.get("course", "")[:20],
        "products": [
            (code, title) for code, title in dict(products.order_by("version").values_list("code", "title")).items()
        ],
    }
    return render(request, "batches/new_order.html", context)


class WeightForm(StrictSerializer[Plain]):
    """A weight as the page posts it."""

    id = serializers.UUIDField()
    kilograms = TypedNumberField(comma_allowed=True)
    weighed_on = DayField()
    source = TextField(max_length=120)  # type: ignore[assignment]  # DRF has an attribute of this name
    supersedes = serializers.UUIDField(required=False, allow_null=True, default=None)
    reason = TextField(max_length=1000, required=False, default="")
    confirmed = YesNoField(required=False, default=False)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def order(request: HttpRequest, number: str) -> HttpResponse:
    """Show an order with its weights and batches; take a weight."""
    row = get_object_or_404(Order.objects.select_related("coi__subject", "product"), number=number)
    by = person_of(request)
    if request.method != "POST":
        return render(request, "batches/order.html", _order_context(row, by))
    try:
        _store_weight(request, row, by)
    except Refused as refused:
        context = _order_context(row, by) | {
            "errors": [{"says": one.says, "field_id": one.field} for one in refused.objections],
            "sent": request.POST,
            "asks_again": any(one.code == "ask_again" for one in refused.objections),
            "page_has_errors": True,
        }
        return render(request, "batches/order.html", context, status=refused.status)
    return SeeOther(f"/orders/{number}/")


def _store_weight(request: HttpRequest, row: Order, by: Person) -> Weight:
    sent = form_sent(request, blanks=False)
    data = parsed(WeightForm, sent)
    corrected, reason = data.pop("supersedes"), data.pop("reason")
    if corrected is None:
        return record_weight(order=row, by=by, **data)
    before = get_object_or_404(Weight.objects.select_related("order__product"), pk=corrected, order=row)
    return correct_weight(weight=before, by=by, reason=reason, **data)


def _order_context(row: Order, by: Person) -> Plain:
    rows = Weight.objects.filter(order=row).select_related("verification", "superseded_by").order_by("recorded_at")
    weights = [_weight(each, by) for each in rows]
    return {
        "order": row,
        "identity": identity_context(row.coi, row.coi.collections.order_by("collected_at").first()),
        "weights": weights,
        "current": next((each["row"] for each in weights if each["in_force"]), None),
        "batches": row.batches.order_by("number"),
        "issue": offer("batch.issue", row, by=by, data={}),
        "bags": starting_containers(row.coi),
        **order_context(row, by),
        "may_weigh": Permission.ORDER_PLACE in by.permissions,
        "new_id": uuid4(),
    }


def _weight(row: Weight, by: Person) -> Plain:
    in_force = not hasattr(row, "superseded_by")
    verified = getattr(row, "verification", None)
    verify: Offer | None = offer("weight.verify", row, by=by) if in_force and verified is None else None
    return {"row": row, "in_force": in_force, "verified": verified, "verify": verify}
