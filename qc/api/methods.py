"""What methods ask for at the bench, for programs: moments, suitability, complete data."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from batches.departures import departures_about
from qc.batch_act import batch_called
from qc.methods.inputs import (
    CompleteDataInput,
    EventInput,
    SuitabilityInput,
    complete_data_from,
    event_from,
    suitability_from,
)
from qc.models import CompleteData, SuitabilityRecorded, TimedEvent

WHERE = ("id", "line", "run", "method")


class MomentOutput(serializers.ModelSerializer[TimedEvent]):
    """A moment of a test, and the departure that it raised where a time was beyond its limit."""

    method = serializers.CharField(source="method.code")
    departure = serializers.SerializerMethodField()

    class Meta:
        model = TimedEvent
        fields = (
            *WHERE,
            "sample",
            "event",
            "performed_at",
            "recorded_at",
            "actor",
            "supersedes",
            "reason",
            "departure",
        )

    def get_departure(self, row: TimedEvent) -> str | None:
        """Give the id of the departure, if there is one."""
        departure = departures_about(row).first()
        return str(departure.pk) if departure else None


class SuitabilityOutput(serializers.ModelSerializer[SuitabilityRecorded]):
    """A check of suitability with its verdict."""

    method = serializers.CharField(source="method.code")
    check = serializers.CharField(source="check_code")

    class Meta:
        model = SuitabilityRecorded
        fields = (*WHERE, "check", "typed", "unit", "verdict", "why", "recorded_at", "actor", "supersedes", "reason")


class CompleteDataOutput(serializers.ModelSerializer[CompleteData]):
    """A part of the complete data of a test."""

    method = serializers.CharField(source="method.code")
    sha256 = serializers.CharField(source="file.sha256", allow_null=True, default=None)

    class Meta:
        model = CompleteData
        fields = (*WHERE, "kind", "says", "file", "sha256", "recorded_at", "actor")


class _Page(serializers.Serializer[Any]):  # Any: an output of plain values
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class MomentsOutput(_Page):
    """One page of moments."""

    results = MomentOutput(many=True)


class SuitabilitiesOutput(_Page):
    """One page of checks of suitability."""

    results = SuitabilityOutput(many=True)


class CompleteDatasOutput(_Page):
    """One page of complete data."""

    results = CompleteDataOutput(many=True)


class MomentsView(APIView):
    """The moments of the tests of a batch."""

    @documented("List the moments of the tests of a batch", answers=MomentsOutput, tag="laboratory")
    def get(self, request: Request, number: str) -> Response:
        rows = TimedEvent.objects.filter(batch=batch_called(number)).select_related("method")
        return _listed(self, request, rows, MomentOutput)

    @documented(
        "Record a moment of a test; a time beyond its limit is stored, flagged and answered with its departure",
        sends=EventInput,
        answers=MomentOutput,
        status=201,
        tag="laboratory",
    )
    def post(self, request: Request, number: str) -> Response:
        row = event_from(batch_called(number), "", request.data, by=asker(request))
        return Response(MomentOutput(row).data, status=201)


class SuitabilityView(APIView):
    """What showed that the systems were fit for the tests of a batch."""

    @documented("List the checks of suitability of a batch", answers=SuitabilitiesOutput, tag="laboratory")
    def get(self, request: Request, number: str) -> Response:
        rows = SuitabilityRecorded.objects.filter(batch=batch_called(number)).select_related("method")
        return _listed(self, request, rows, SuitabilityOutput)

    @documented(
        "Record a check of suitability as typed; the answer says its verdict",
        sends=SuitabilityInput,
        answers=SuitabilityOutput,
        status=201,
        tag="laboratory",
    )
    def post(self, request: Request, number: str) -> Response:
        row = suitability_from(batch_called(number), "", request.data, by=asker(request), comma_allowed=False)
        return Response(SuitabilityOutput(row).data, status=201)


class CompleteDataView(APIView):
    """The complete data of the tests of a batch; the bytes of a file are stored before, at `files/`."""

    @documented("List the complete data of the tests of a batch", answers=CompleteDatasOutput, tag="laboratory")
    def get(self, request: Request, number: str) -> Response:
        rows = CompleteData.objects.filter(batch=batch_called(number)).select_related("method", "file")
        return _listed(self, request, rows, CompleteDataOutput)

    @documented(
        "Keep a part of the complete data of a test",
        sends=CompleteDataInput,
        answers=CompleteDataOutput,
        status=201,
        tag="laboratory",
    )
    def post(self, request: Request, number: str) -> Response:
        row = complete_data_from(batch_called(number), "", request.data, by=asker(request))
        return Response(CompleteDataOutput(row).data, status=201)


def _listed(
    view: APIView, request: Request, rows: QuerySet[Any], shape: type[serializers.ModelSerializer[Any]]
) -> Response:  # Any: a row of one of the three tables
    refuse_if(lacks(asker(request), Permission.RECORD_READ))
    pages = Pages.by("recorded_at", "pk")()
    page = pages.paginate_queryset(rows, request, view=view)
    return pages.get_paginated_response(shape(page, many=True).data)
