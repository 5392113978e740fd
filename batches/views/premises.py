"""Equipment and areas: the registers, each with its log, and what a batch was made on and where."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework import serializers

from accounts.fields import Field, choose, filled, loose
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.panels import Panel, register_panel
from accounts.parsing import StrictSerializer, TextField, YesNoField, parsed
from accounts.refusal import BadInput, Objection, Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.areas import area_url, register_area
from batches.clearing import points_of, premises_url
from batches.codes import CODE
from batches.definitions.master import NeedKind
from batches.equipment import LASTING, equipment_url, register_equipment, standing_of, use_log
from batches.identity import batch_numbered
from batches.models import Area, Equipment, EquipmentEvent, LineClearance, MonitoringResult, SlotScan
from batches.monitoring import record_monitoring
from batches.pinned import master_of
from batches.views.step_context import offer_second
from ledger import clock

Plain = dict[str, object]


class EquipmentForm(StrictSerializer[Plain]):
    """A piece of equipment as it is registered."""

    id = serializers.UUIDField()
    code = serializers.RegexField(CODE)
    type = TextField(max_length=60, help_text="what definitions call it")
    name = TextField(max_length=120)
    model = TextField(max_length=120, required=False, default="")
    serial = TextField(max_length=60, required=False, default="")
    area = TextField(max_length=30, required=False, default="", help_text="code of the area in which it stands")


class AreaForm(StrictSerializer[Plain]):
    """An area as it is registered."""

    id = serializers.UUIDField()
    code = serializers.RegexField(CODE)
    name = TextField(max_length=120)
    kind = serializers.ChoiceField(Area.Kind.choices)
    grade = TextField(max_length=20, required=False, default="")
    is_exclusive = YesNoField(required=False, default=True, help_text="whether it holds one batch at a time")


class MonitoringForm(StrictSerializer[Plain]):
    """The result of a monitoring session."""

    id = serializers.UUIDField()
    area = TextField(max_length=30, help_text="code of the area")
    session = TextField(max_length=60)
    result = serializers.ChoiceField(MonitoringResult.Result.choices)
    says = TextField(max_length=1000, required=False, default="")


def area_named(code: object) -> Area:
    """Give the area of a code; raise BadInput for a code that is none."""
    found = Area.objects.filter(code=str(code).strip()).first()
    if found is None:
        says = _("No area has the code %(code)s.") % {"code": str(code)[:30]}
        raise BadInput(Objection(says, code="unknown_area", field="area"))
    return found


def new_equipment(data: Plain, by: Person) -> Equipment:
    """Register a piece of equipment from what a form or a program sent."""
    area = area_named(data["area"]) if data["area"] else None
    return register_equipment(by=by, **(data | {"area": area}))  # type: ignore[arg-type]  # read by EquipmentForm


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def equipment_list(request: HttpRequest) -> HttpResponse:
    """List the equipment with where each piece stands; register one."""
    by, refused = person_of(request), None
    if request.method == "POST":
        try:
            return SeeOther(equipment_url(new_equipment(parsed(EquipmentForm, form_sent(request)), by).code))
        except Refused as error:
            refused = error
    now = clock.now()
    rows = Equipment.objects.select_related("area").prefetch_related("events").order_by("type", "code")
    there = choose((one.code, f"{one.code} {one.name}") for one in Area.objects.order_by("code"))
    fields = [
        Field("code", _("Code"), "identifier", maxlength=30),
        Field("type", _("Type, as definitions call it"), maxlength=60),
        Field("name", _("Name"), maxlength=120),
        Field("model", _("Model"), optional=True, maxlength=120),
        Field("serial", _("Serial number"), optional=True, maxlength=60),
        Field("area", _("Stands in"), optional=True, options=there),
    ]
    context = {
        "rows": [{"row": row, "standing": standing_of(row, now), "dues": _dues(row)} for row in rows],
        "may_register": Permission.EQUIPMENT_MANAGE in by.permissions,
    }
    return _with_form(request, "batches/equipment_list.html", context, fields, refused)


def _dues(row: Equipment) -> list[tuple[str, object]]:
    """Give until when qualification and calibration count."""
    dues: list[tuple[str, object]] = []
    for kind in LASTING:
        of_kind = [one for one in row.events.all() if one.kind == kind]
        last = max(of_kind, key=lambda one: one.happened_at, default=None)
        dues.append((str(kind.label), last.valid_until if last else None))
    return dues


@require_http_methods(["GET", "HEAD"])
@needs(Permission.RECORD_READ)
def equipment(request: HttpRequest, code: str) -> HttpResponse:
    """Show a piece of equipment: where it stands, what happened to it, and the log of its use."""
    row = get_object_or_404(Equipment.objects.select_related("area").prefetch_related("events"), code=code)
    by = person_of(request)
    now = clock.now()
    may_care = Permission.EQUIPMENT_CARE in by.permissions
    context = {
        "row": row,
        "standing": standing_of(row, now),
        "events": row.events.order_by("-happened_at", "-recorded_at"),
        "log": log_lines(use_log(equipment=row)),
        "event": offer("equipment.event", row, by=by) if may_care else None,
        "kinds": EquipmentEvent.Kind.choices,
    }
    return render(request, "batches/equipment.html", context)


def log_lines(scans: list[SlotScan]) -> list[Plain]:
    """Give each use with the name of the one who scanned."""
    keys = {scan.actor.removeprefix("person/") for scan in scans}
    names = {person.reference: person.name for person in Person.objects.filter(pk__in=keys)}
    return [{"scan": scan, "by": names.get(scan.actor, "")} for scan in scans]


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def areas(request: HttpRequest) -> HttpResponse:
    """List the areas with the batch that each holds; register one."""
    by, refused = person_of(request), None
    if request.method == "POST":
        try:
            row = register_area(by=by, **parsed(AreaForm, form_sent(request)))
            return SeeOther(area_url(row.code))
        except Refused as error:
            refused = error
    fields = [
        Field("code", _("Code"), "identifier", maxlength=30),
        Field("name", _("Name"), maxlength=120),
        Field("kind", _("Kind"), options=choose((value, str(label)) for value, label in Area.Kind.choices)),
        Field("grade", _("Grade"), optional=True, maxlength=20),
        Field("is_exclusive", _("Holds"), options=[("yes", _("one batch at a time")), ("no", _("several batches"))]),
    ]
    context = {
        "rows": Area.objects.select_related("state__batch").order_by("kind", "code"),
        "may_register": Permission.EQUIPMENT_MANAGE in by.permissions,
    }
    return _with_form(request, "batches/areas.html", context, fields, refused)


@require_http_methods(["GET", "HEAD"])
@needs(Permission.RECORD_READ)
def area(request: HttpRequest, code: str) -> HttpResponse:
    """Show an area: whose batch it holds, its clearances, what monitoring found, and its log."""
    row = get_object_or_404(Area.objects.select_related("state__batch"), code=code)
    context = {
        "row": row,
        "holds": row.state.batch if hasattr(row, "state") else None,
        "clearances": LineClearance.objects.filter(area=row)
        .select_related("batch", "verification")
        .order_by("-signed_at")[:200],
        "monitoring": MonitoringResult.objects.filter(area=row, superseded_by=None)
        .select_related("batch")
        .order_by("-recorded_at")[:200],
        "equipment": row.equipment.order_by("code"),
        "log": log_lines(use_log(area=row)),
    }
    return render(request, "batches/area.html", context)


def premises_panel(request: HttpRequest, number: str) -> str:
    """Render on which equipment and in which areas a batch was made, its line clearances and its monitoring."""
    batch = batch_numbered(number)
    by = person_of(request)
    master = master_of(batch)
    scans = SlotScan.objects.filter(batch=batch, fits=True).select_related("equipment", "area")
    in_order = list(scans.order_by("performed_at", "recorded_at"))
    clearances = LineClearance.objects.filter(batch=batch).select_related("area", "verification").order_by("signed_at")
    wanted = {need.of for step in master.steps for need in step.needs if need.kind is NeedKind.AREA}
    used = {scan.area_id for scan in in_order if scan.area_id}
    offered = [one for one in Area.objects.order_by("code") if one.kind in wanted or one.pk in used]
    context = {
        "number": number,
        "equipment": log_lines([scan for scan in in_order if scan.equipment is not None]),
        "areas": log_lines([scan for scan in in_order if scan.area is not None]),
        "clearances": [
            {
                "row": one,
                "verified": getattr(one, "verification", None),
                "verify": None if hasattr(one, "verification") else offer_second("area.verify_clearance", one.pk, by),
            }
            for one in clearances
        ],
        "clear": offer("area.clear", batch, by=by) if Permission.STEP_WORK in by.permissions else None,
        "choices": choose((one.code, f"{one.code} {one.name}") for one in offered),
        "when": LineClearance.When.choices,
        "points": points_of(master),
        "monitoring": MonitoringResult.objects.filter(batch=batch, superseded_by=None).select_related("area"),
        "open_sessions": _open_sessions(list(clearances)),
        "may_read": Permission.EQUIPMENT_CARE in by.permissions,
        "results": MonitoringResult.Result.choices,
        "new_id": uuid4(),
    }
    return render_to_string("batches/_premises.html", context, request=request)


def _open_sessions(clearances: list[LineClearance]) -> list[tuple[str, str]]:
    """Give the area and number of each monitoring session that a clearance names, once."""
    return list(dict.fromkeys((one.area.code, one.monitoring) for one in clearances if one.monitoring))


@require_POST
@needs(Permission.RECORD_READ)
def monitoring(request: HttpRequest, number: str) -> HttpResponse:
    """Store what a monitoring session found; the form names area and session in one choice."""
    batch = batch_numbered(number)
    sent = form_sent(request)
    if "area" not in sent:
        sent["area"], _sign, sent["session"] = str(sent.get("session", "")).partition("|")
    data = parsed(MonitoringForm, sent)
    record_monitoring(batch=batch, by=person_of(request), **(data | {"area": area_named(data["area"])}))
    return SeeOther(premises_url(number))


def count_premises(number: str) -> int:
    """Give on how many pieces of equipment and in how many areas a batch was made."""
    scans = SlotScan.objects.filter(batch__number=number, fits=True)
    used = scans.order_by().values("equipment", "area").distinct()
    return len({key for row in used for key in row.values() if key})


def _with_form(
    request: HttpRequest, template: str, context: Plain, fields: list[Field], refused: Refused | None
) -> HttpResponse:
    shown = filled(fields, request.POST, refused)
    problems = [{"says": one.error, "field_id": one.id} for one in shown if one.error]
    problems += [{"says": says, "field_id": ""} for says in loose(fields, refused)]
    context |= {"fields": shown, "errors": problems, "row_id": uuid4(), "page_has_errors": bool(refused)}
    return render(request, template, context, status=refused.status if refused else 200)


def register() -> None:
    """Put this part's panel on its list."""
    title = gettext_lazy("Equipment")
    register_panel("batch", Panel(title, "equipment", Permission.RECORD_READ, premises_panel, count_premises))
