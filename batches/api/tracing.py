"""Courses, containers of a batch and traces through the API.

What is signed goes through challenges and acts: `course.open` on a chain of identity, `dose.plan` on a course,
`manufacture.end` on a batch, `order.end` on an order, `container.end` on a container and `container.end_witness` on
its end.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.schema import documented
from accounts.models import Signed
from accounts.refusal import BadInput, Objection
from batches.api import wording
from batches.api.shapes import Plain, SignedByOutput, page_of
from batches.api.views import BATCHES, listed, reader
from batches.courses import doses_in_force
from batches.ended import manufacture_end_of
from batches.fates import final_count
from batches.lineage import Member, family_of
from batches.models import Batch, Course, ManufactureEnded, PlannedDose
from batches.recall import Affected, Rehearsal, Tally, rehearse
from batches.trace_starts import starts_of
from batches.tracing import Reached, Source, Start, backward
from ledger.models import plain

LONGEST = 60


class DoseOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """A dose as it is planned now."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    order = serializers.CharField()
    share_percent = serializers.CharField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    planned_on = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    planned = SignedByOutput()


class AttemptOutput(serializers.Serializer[Any]):
    """A batch of a course, and where it stands."""

    number = serializers.CharField()
    order = serializers.CharField()
    attempt = serializers.IntegerField()
    stage = serializers.CharField()
    disposition = serializers.CharField()
    manufacture_ended = serializers.CharField(allow_null=True)


class CourseOutput(serializers.Serializer[Any]):
    """A course; `batches` and `doses` in the detail alone."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    chain = serializers.CharField()
    title = serializers.CharField()
    plan = serializers.CharField()
    orders = serializers.ListField(child=serializers.CharField())
    opened = SignedByOutput()
    batches = AttemptOutput(many=True, required=False)
    doses = DoseOutput(many=True, required=False)


class FateOutput(serializers.Serializer[Any]):
    """What became of a container; its id is the subject of `container.end_witness`."""

    id = serializers.UUIDField()
    fate = serializers.CharField()
    happened_at = serializers.CharField()
    volume_ml = serializers.CharField(allow_null=True)
    route = serializers.CharField()
    reason = serializers.CharField()
    signed = SignedByOutput()
    witnessed = SignedByOutput(allow_null=True)
    waits_for_witness = serializers.BooleanField()


class MemberOutput(serializers.Serializer[Any]):
    """A container of a batch; its id is the subject of `container.end`."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    kind = serializers.CharField()
    made_from = serializers.ListField(child=serializers.CharField())
    volume_ml = serializers.CharField(allow_null=True)
    viable_cells = serializers.CharField(allow_null=True)
    made_at = serializers.CharField()
    expires_at = serializers.CharField(allow_null=True)
    place = serializers.CharField()
    holder = serializers.CharField()
    fate = FateOutput(allow_null=True)


class FamilyOutput(serializers.Serializer[Any]):
    """The containers of a batch, and how its final bags add up."""

    containers = MemberOutput(many=True)
    filled = serializers.IntegerField()
    ended = serializers.DictField(child=serializers.IntegerField())
    open = serializers.IntegerField()


class TallyOutput(serializers.Serializer[Any]):
    """Containers: made = here + elsewhere + ended."""

    made = serializers.IntegerField()
    here = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    ended = serializers.IntegerField()


class ReachedOutput(serializers.Serializer[Any]):
    """A container that was reached."""

    code = serializers.CharField()
    kind = serializers.CharField()
    was_there_before = serializers.BooleanField()
    holder = serializers.CharField()
    holder_address = serializers.CharField()
    person = serializers.CharField()
    place = serializers.CharField()
    position = serializers.CharField()
    fate = serializers.CharField()


class AffectedOutput(serializers.Serializer[Any]):
    """A batch that was reached, with its patient and its containers."""

    batch = serializers.CharField()
    order = serializers.CharField()
    prescriber = serializers.CharField()
    disposition = serializers.CharField()
    chain = serializers.CharField()
    subject = serializers.CharField()
    tally = TallyOutput()
    reconciles = serializers.BooleanField()
    contradictions = serializers.ListField(child=serializers.CharField())
    containers = ReachedOutput(many=True)


class SourceOutput(serializers.Serializer[Any]):
    """Something that went into the cells."""

    part = serializers.CharField()
    batch = serializers.CharField()
    step = serializers.CharField()
    code = serializers.CharField()
    says = serializers.CharField()
    amount = serializers.CharField()
    unit = serializers.CharField()
    at = serializers.CharField(allow_null=True)


class TraceOutput(serializers.Serializer[Any]):
    """A trace: forward with `affected` where the code begins one, else backward with `sources`."""

    code = serializers.CharField()
    direction = serializers.ChoiceField(["forward", "backward"])
    start = serializers.CharField(allow_blank=True)
    tally = TallyOutput(allow_null=True)
    reconciles = serializers.BooleanField(allow_null=True)
    affected = AffectedOutput(many=True)
    sources = SourceOutput(many=True)


def _text(value: object) -> str | None:
    return None if value is None else str(plain(value))


def _signed(row: Signed | None) -> Plain | None:
    return wording.signature(row)


def _dose(row: PlannedDose) -> Plain:
    return {
        "id": row.pk,
        "number": row.number,
        "order": row.order.number,
        "share_percent": _text(row.share_percent),
        "source": row.source,
        "planned_on": _text(row.planned_on),
        "reason": row.reason,
        "planned": _signed(row),
    }


def _course(row: Course) -> Plain:
    return {
        "id": row.pk,
        "number": row.number,
        "chain": row.coi.identifier,
        "title": row.title,
        "plan": row.plan,
        "orders": sorted(order.number for order in row.orders.all()),
        "opened": _signed(row),
    }


def _attempt(row: Batch) -> Plain:
    ended: ManufactureEnded | None = manufacture_end_of(row)
    return {
        "number": row.number,
        "order": row.order.number,
        "attempt": row.attempt,
        "stage": row.state.stage,
        "disposition": row.state.disposition,
        "manufacture_ended": ended.why if ended else None,
    }


def _member(one: Member) -> Plain:
    container, fate = one.container, one.fate
    told: Plain = {
        "id": container.pk,
        "code": container.code,
        "kind": container.kind,
        "made_from": list(one.made_from),
        "volume_ml": _text(container.volume_ml),
        "viable_cells": _text(container.viable_cells),
        "made_at": _text(container.made_at),
        "expires_at": _text(container.expires_at),
        "place": one.where,
        "holder": one.holder,
        "fate": None,
    }
    if fate is not None:
        told["fate"] = {
            "id": fate.pk,
            "fate": fate.fate,
            "happened_at": _text(fate.happened_at),
            "volume_ml": _text(fate.volume_ml),
            "route": fate.route,
            "reason": fate.reason,
            "signed": _signed(fate),
            "witnessed": _signed(getattr(fate, "witnessed", None)),
            "waits_for_witness": one.waits_for_witness,
        }
    return told


def _tally(one: Tally) -> Plain:
    return {"made": one.made, "here": one.here, "elsewhere": one.elsewhere, "ended": one.ended}


def _reached(one: Reached) -> Plain:
    return {
        "code": one.container,
        "kind": one.kind,
        "was_there_before": one.was_there_before,
        "holder": one.holder,
        "holder_address": one.holder_address,
        "person": one.person,
        "place": one.place,
        "position": one.position,
        "fate": one.fate,
    }


def _affected(one: Affected) -> Plain:
    return {
        "batch": one.batch,
        "order": one.order,
        "prescriber": one.prescriber,
        "disposition": one.disposition,
        "chain": one.chain,
        "subject": one.subject,
        "tally": _tally(one.tally),
        "reconciles": one.reconciles,
        "contradictions": list(one.contradictions),
        "containers": [_reached(each) for each in one.containers],
    }


def _source(one: Source) -> Plain:
    return {
        "part": one.part.value,
        "batch": one.batch,
        "step": one.step,
        "code": one.code,
        "says": one.says,
        "amount": one.amount,
        "unit": one.unit,
        "at": _text(one.at),
    }


def _forward(found: Rehearsal) -> Plain:
    return {
        "code": found.code,
        "direction": "forward",
        "start": found.start.value,
        "tally": _tally(found.tally),
        "reconciles": found.reconciles,
        "affected": [_affected(one) for one in found.affected],
        "sources": [],
    }


class CoursesView(APIView):
    """Courses of treatment; one is opened by the act `course.open` on a chain of identity."""

    @documented("List courses", answers=page_of(CourseOutput), tag="courses")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = Course.objects.select_related("coi").prefetch_related("orders")
        return listed(rows, request, self, _course)


class CourseView(APIView):
    """One course with its batches and its doses as planned now; a dose is planned by the act `dose.plan`."""

    @documented("Read a course", answers=CourseOutput, tag="courses")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        row = get_object_or_404(Course.objects.select_related("coi"), number=number)
        batches = Batch.objects.filter(order__course=row).select_related("order", "state").order_by("number")
        told = _course(row)
        told["batches"] = [_attempt(one) for one in batches]
        told["doses"] = [_dose(one) for one in doses_in_force(row)]
        return Response(told)


class ContainersView(APIView):
    """The containers of a batch, each after what it was made from, with what became of it."""

    @documented("List the containers of a batch", answers=FamilyOutput, tag="batches")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        batch = get_object_or_404(BATCHES, number=number)
        count = final_count(batch)
        told = {
            "containers": [_member(one) for one in family_of(batch)],
            "filled": count.filled,
            "ended": count.ended,
            "open": count.open,
        }
        return Response(told)


class TraceView(APIView):
    """Whom a lot, a device, an area or a person reached; or what went into the cells of a patient or a batch."""

    @extend_schema(
        parameters=[
            OpenApiParameter("code", str, required=True, description="what stands on the label"),
            OpenApiParameter("from", str, enum=[one.value for one in Start], description="where a code names several"),
        ]
    )
    @documented("Trace a code", answers=TraceOutput, tag="traces")
    def get(self, request: Request) -> Response:
        reader(request)
        code = request.query_params.get("code", "").strip()
        if not code or len(code) > LONGEST:
            raise BadInput(Objection(_("Send a code of at most 60 characters."), code="bad_input", field="code"))
        starts = starts_of(code)
        wanted = request.query_params.get("from", "")
        start = next((one for one in starts if one.value == wanted), starts[0] if starts else None)
        if start is not None:
            return Response(_forward(rehearse(start, code)))
        told: Plain = {"code": code, "direction": "backward", "start": "", "tally": None, "reconciles": None}
        return Response(told | {"affected": [], "sources": [_source(one) for one in backward(code)]})
