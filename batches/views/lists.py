"""Lists and their entries: batches, orders with weights, materials, definitions."""

from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework import serializers

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.parsing import DayField, StrictSerializer, TextField, TypedNumberField, YesNoField, parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from accounts.wording import day, today
from batches.defining import exported
from batches.definitions.kinds import ReadDefinition, as_master
from batches.definitions.parts import FaultyDefinitionError
from batches.identity import WITH_EVERYTHING, coi_for_the_eye
from batches.judging import expected_words, limit_words, unit_words
from batches.lots import has_expired, lots_matching
from batches.models import Batch, Definition, MaterialLot, Order, Weight
from batches.ordering import correct_weight, record_weight
from batches.pinned import in_force, master_of, reading_of
from batches.views.strip import disposition_status, disposition_words
from chain_of_custody.models import ChainOfIdentity
from ledger.models import Site

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
        stage = master_of(batch).stage(batch.state.stage)
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
    sent = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken" and value != ""}
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
        "coi": coi_for_the_eye(row.coi),
        "weights": weights,
        "current": next((each["row"] for each in weights if each["in_force"]), None),
        "batches": row.batches.order_by("number"),
        "issue": offer("batch.issue", row, by=by, data={}),
        "may_weigh": Permission.ORDER_PLACE in by.permissions,
        "new_id": uuid4(),
    }


def _weight(row: Weight, by: Person) -> Plain:
    in_force = not hasattr(row, "superseded_by")
    verified = getattr(row, "verification", None)
    verify: Offer | None = offer("weight.verify", row, by=by) if in_force and verified is None else None
    return {"row": row, "in_force": in_force, "verified": verified, "verify": verify}


@require_safe
@needs(Permission.RECORD_READ)
def materials(request: HttpRequest) -> HttpResponse:
    """List the approved lots; quality sees the form to approve one."""
    on = today()
    rows = [{"lot": lot, "expired": has_expired(lot, on)} for lot in lots_matching(request.GET.get("q", "")[:60])]
    made = offer("lot.approve", Site.objects.get(), by=person_of(request))
    context = {"rows": rows, "q": request.GET.get("q", "")[:60], "offer": made, "kinds": MaterialLot.Kind.choices}
    return render(request, "batches/materials.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def definitions(request: HttpRequest) -> HttpResponse:
    """List every version of every definition; authors see the form to prepare one."""
    rows = Definition.objects.select_related("checked", "approval").order_by("kind", "code", "-version")
    made = offer("definition.prepare", Site.objects.get(), by=person_of(request))
    context = {"rows": [_definition_line(row) for row in rows], "offer": made, "kinds": Definition.Kind.choices}
    return render(request, "batches/definitions.html", context)


def _definition_line(row: Definition) -> Plain:
    approval = getattr(row, "approval", None)
    on = today()
    current = in_force(row.kind, code=row.code, on=on)
    if approval is None:
        word = _("Waits for approval") if hasattr(row, "checked") else _("Waits for a check")
        return {"row": row, "status": "wait", "word": word}
    if current is not None and current.pk == row.pk:
        return {"row": row, "status": "pass", "word": _("In force")}
    later = approval.effective_from > on
    word = _("From %(day)s") % {"day": day(approval.effective_from)} if later else _("Replaced")
    return {"row": row, "status": "none", "word": word}


@require_safe
@needs(Permission.RECORD_READ)
def definition(request: HttpRequest, definition_id: UUID) -> HttpResponse:
    """Show a definition for reading, with who prepared, checked and approved it."""
    row = get_object_or_404(Definition.objects.select_related("checked", "approval"), pk=definition_id)
    by = person_of(request)
    checked, approval = getattr(row, "checked", None), getattr(row, "approval", None)
    context = {
        "row": row,
        "signatures": [one for one in (row, checked, approval) if one is not None],
        "effective_from": approval.effective_from if approval else None,
        "check": offer("definition.check", row, by=by) if checked is None else None,
        "approve": offer("definition.approve", row, by=by) if checked is not None and approval is None else None,
        "master": _master_lines(row),
        "today": today(),
    }
    return render(request, "batches/definition.html", context)


def _master_lines(row: Definition) -> list[Plain]:
    if row.kind != Definition.Kind.MASTER:
        return []
    try:
        read: ReadDefinition = reading_of(row)
    except FaultyDefinitionError:
        return []
    return [
        {
            "stage": stage,
            "steps": [
                {
                    "step": step,
                    "fields": [
                        (each.title, unit_words(each.unit, each.exponent), expected_words(each)) for each in step.fields
                    ],
                    "derived": [
                        (each.title, each.formula, each.version, limit_words(each.limits, each.unit, each.exponent))
                        for each in step.derived
                    ],
                }
                for step in stage.steps
            ],
        }
        for stage in as_master(read).stages
    ]


@require_safe
@needs(Permission.RECORD_READ)
def definition_file(request: HttpRequest, definition_id: UUID) -> HttpResponse:
    """Give the file of a definition as it was prepared, byte by byte."""
    row = get_object_or_404(Definition, pk=definition_id)
    response = HttpResponse(exported(row), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.code}-v{row.version}.yaml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response
