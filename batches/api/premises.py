"""Equipment, areas, line clearance and monitoring through the API.

What is signed goes through challenges and acts: `equipment.event` on a piece of equipment, `area.clear` on a batch,
`area.verify_clearance` on a clearance.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import parsed
from accounts.refusal import Objection
from batches.api.shapes import DepartureOutput, Plain, SignedByOutput, page_of
from batches.api.views import listed, reader
from batches.api.wording import departure, objection, signature
from batches.areas import register_area
from batches.clearing import objections_to_premises, points_of
from batches.equipment import standing_of, use_log
from batches.identity import batch_numbered
from batches.models import Area, Equipment, EquipmentEvent, LineClearance, MonitoringResult, SlotScan
from batches.monitoring import record_monitoring
from batches.pinned import master_of
from batches.views.premises import AreaForm, EquipmentForm, MonitoringForm, area_named, new_equipment
from ledger import clock
from ledger.models import plain


class UseOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """One use, as the step's scan tells."""

    batch = serializers.CharField()
    step = serializers.CharField()
    slot = serializers.CharField()
    code = serializers.CharField()
    performed_at = serializers.CharField()
    by = serializers.CharField()


class EventOutput(serializers.Serializer[Any]):
    """Something that happened to a piece of equipment."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    happened_at = serializers.CharField()
    valid_until = serializers.CharField(allow_null=True)
    reference = serializers.CharField()
    says = serializers.CharField()
    signed = SignedByOutput()


class EquipmentOutput(serializers.Serializer[Any]):
    """A piece of equipment and where it stands; events and the log of its use in the detail alone."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    type = serializers.CharField()
    name = serializers.CharField()
    model = serializers.CharField()
    serial = serializers.CharField()
    area = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    why = serializers.CharField()
    events = EventOutput(many=True, required=False)
    log = UseOutput(many=True, required=False)


class ClearanceOutput(serializers.Serializer[Any]):
    """A line clearance with the signatures of both people; its id is the subject of `area.verify_clearance`."""

    id = serializers.UUIDField()
    batch = serializers.CharField()
    area = serializers.CharField()
    when = serializers.CharField()
    points = serializers.ListField(child=serializers.CharField())
    monitoring = serializers.CharField()
    cleared = SignedByOutput()
    verified = SignedByOutput(allow_null=True)


class MonitoringOutput(serializers.Serializer[Any]):
    """What a monitoring session found."""

    id = serializers.UUIDField()
    area = serializers.CharField()
    session = serializers.CharField()
    result = serializers.CharField()
    says = serializers.CharField()
    supersedes = serializers.UUIDField(allow_null=True)
    departure = DepartureOutput(allow_null=True, required=False)


class AreaOutput(serializers.Serializer[Any]):
    """An area and the batch that it holds; clearances and the log of its use in the detail alone."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    grade = serializers.CharField()
    is_exclusive = serializers.BooleanField()
    holds = serializers.CharField(allow_null=True)
    clearances = ClearanceOutput(many=True, required=False)
    log = UseOutput(many=True, required=False)


class OpenPointOutput(serializers.Serializer[Any]):
    """Something that is open, and what to do."""

    says = serializers.CharField()
    code = serializers.CharField()
    field = serializers.CharField()


class PremisesOutput(serializers.Serializer[Any]):
    """On what and where a batch was made; `points` are those of its clearances, `objections` what is open."""

    points = serializers.ListField(child=serializers.CharField())
    equipment = UseOutput(many=True)
    areas = UseOutput(many=True)
    clearances = ClearanceOutput(many=True)
    monitoring = MonitoringOutput(many=True)
    objections = OpenPointOutput(many=True)


def _use(scan: SlotScan) -> Plain:
    return {
        "batch": scan.batch.number,
        "step": scan.step,
        "slot": scan.slot,
        "code": scan.code,
        "performed_at": str(plain(scan.performed_at)),
        "by": scan.actor,
    }


def _event(row: EquipmentEvent) -> Plain:
    return {
        "id": row.pk,
        "kind": row.kind,
        "happened_at": str(plain(row.happened_at)),
        "valid_until": None if row.valid_until is None else row.valid_until.isoformat(),
        "reference": row.reference,
        "says": row.says,
        "signed": signature(row),
    }


def equipment_told(row: Equipment) -> Plain:
    """Give a piece of equipment and where it stands now."""
    standing = standing_of(row, clock.now())
    return {
        **{name: getattr(row, name) for name in ("id", "code", "type", "name", "model", "serial")},
        "area": row.area.code if row.area else None,
        "status": str(standing.status),
        "why": standing.why,
    }


def area_told(row: Area) -> Plain:
    """Give an area and the batch that it holds."""
    state = getattr(row, "state", None)
    return {
        **{name: getattr(row, name) for name in ("id", "code", "name", "kind", "grade", "is_exclusive")},
        "holds": state.batch.number if state and state.batch else None,
    }


def clearance_told(row: LineClearance) -> Plain:
    """Give a clearance with both signatures."""
    return {
        "id": row.pk,
        "batch": row.batch.number,
        "area": row.area.code,
        "when": row.when,
        "points": row.points,
        "monitoring": row.monitoring,
        "cleared": signature(row),
        "verified": signature(getattr(row, "verification", None)),
    }


def monitoring_told(row: MonitoringResult) -> Plain:
    """Give what a session found."""
    return {
        "id": row.pk,
        "area": row.area.code,
        "session": row.session,
        "result": row.result,
        "says": row.says,
        "supersedes": row.supersedes_id,
    }


class EquipmentListView(APIView):
    """The register of equipment; `type` chooses among it."""

    @documented("List equipment", answers=page_of(EquipmentOutput), tag="premises")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = Equipment.objects.select_related("area").prefetch_related("events")
        if wanted := request.query_params.get("type"):
            rows = rows.filter(type=wanted[:60])
        return listed(rows, request, self, equipment_told)

    @documented("Register equipment", sends=EquipmentForm, answers=EquipmentOutput, status=201, tag="premises")
    def post(self, request: Request) -> Response:
        row = new_equipment(parsed(EquipmentForm, request.data), asker(request))
        return Response(equipment_told(row), status=201)


class EquipmentView(APIView):
    """One piece of equipment with its events and the log of its use."""

    @documented("Read a piece of equipment", answers=EquipmentOutput, tag="premises")
    def get(self, request: Request, code: str) -> Response:
        reader(request)
        row = get_object_or_404(Equipment.objects.select_related("area").prefetch_related("events"), code=code)
        events = row.events.order_by("happened_at", "recorded_at")
        more = {"events": [_event(one) for one in events], "log": [_use(one) for one in use_log(equipment=row)]}
        return Response(equipment_told(row) | more)


class AreasView(APIView):
    """The register of areas."""

    @documented("List areas", answers=page_of(AreaOutput), tag="premises")
    def get(self, request: Request) -> Response:
        reader(request)
        return listed(Area.objects.select_related("state__batch"), request, self, area_told)

    @documented("Register an area", sends=AreaForm, answers=AreaOutput, status=201, tag="premises")
    def post(self, request: Request) -> Response:
        return Response(area_told(register_area(by=asker(request), **parsed(AreaForm, request.data))), status=201)


class AreaView(APIView):
    """One area with its clearances and the log of its use."""

    @documented("Read an area", answers=AreaOutput, tag="premises")
    def get(self, request: Request, code: str) -> Response:
        reader(request)
        row = get_object_or_404(Area.objects.select_related("state__batch"), code=code)
        clearances = row.clearances.select_related("batch", "area", "verification").order_by("signed_at")
        more = {
            "clearances": [clearance_told(one) for one in clearances],
            "log": [_use(one) for one in use_log(area=row)],
        }
        return Response(area_told(row) | more)


class PremisesView(APIView):
    """Equipment, areas, clearances and monitoring of a batch, and what is open about them."""

    @documented("Read on what and where a batch was made", answers=PremisesOutput, tag="premises")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        batch = batch_numbered(number)
        master = master_of(batch)
        scans = list(
            SlotScan.objects.filter(batch=batch, fits=True)
            .select_related("batch")
            .order_by("performed_at", "recorded_at")
        )
        clearances = LineClearance.objects.filter(batch=batch).select_related("batch", "area", "verification")
        read = MonitoringResult.objects.filter(batch=batch).select_related("area").order_by("recorded_at")
        open_points: list[Objection] = objections_to_premises(batch, master)
        return Response(
            {
                "points": points_of(master),
                "equipment": [_use(one) for one in scans if one.equipment_id],
                "areas": [_use(one) for one in scans if one.area_id],
                "clearances": [clearance_told(one) for one in clearances.order_by("signed_at")],
                "monitoring": [monitoring_told(one) for one in read],
                "objections": [objection(one) for one in open_points],
            }
        )


class MonitoringView(APIView):
    """Results of environmental monitoring, told for a batch."""

    @documented(
        "Record a monitoring result", sends=MonitoringForm, answers=MonitoringOutput, status=201, tag="premises"
    )
    def post(self, request: Request, number: str) -> Response:
        data = parsed(MonitoringForm, request.data)
        data["area"] = area_named(data["area"])
        stored = record_monitoring(batch=batch_numbered(number), by=asker(request), **data)
        return Response(monitoring_told(stored.row) | {"departure": departure(stored.departure)}, status=201)
