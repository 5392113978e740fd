"""Copies of records, and the inspections that open them, as programs read and ask for them."""

from typing import Any
from uuid import UUID

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.problems import MEDIA_TYPE
from accounts.api.schema import REFUSALS, ProblemOutput, documented
from accounts.parsing import StrictSerializer, TextField, parsed
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from accounts.sessions import station_of
from batches.identity import batch_numbered
from reports import copying
from reports.api.documents import PdfRenderer
from reports.inspecting import is_in_force, opened
from reports.models import CopyAsked, Inspection
from reports.views.copies import given_copy, visible_copy

Plain = dict[str, Any]  # Any: plain values of a JSON text
FILE_ANSWERS = {
    (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, description="the file"),
    **{(code, MEDIA_TYPE): OpenApiResponse(ProblemOutput, description=str(says)) for code, says in REFUSALS.items()},
}


class CopyInput(StrictSerializer[Plain]):
    """Which copy of which batch's record is asked for; asking again with the same id gives the same copy."""

    id = serializers.UUIDField()
    batch = TextField(max_length=20)
    kind = serializers.ChoiceField(CopyAsked.Kind.choices)


class CopyOutput(serializers.ModelSerializer[CopyAsked]):
    """A copy that was asked for, and how far it has come."""

    batch = serializers.CharField(source="batch.number")
    by = serializers.CharField(source="by.username")
    inspection = serializers.SerializerMethodField()
    asked_at = serializers.DateTimeField(source="recorded_at")
    progress = serializers.SerializerMethodField()
    sha256 = serializers.SerializerMethodField()
    size = serializers.SerializerMethodField()

    class Meta:
        model = CopyAsked
        fields = ["id", "batch", "kind", "by", "inspection", "asked_at", "progress", "sha256", "size"]

    def get_inspection(self, asked: CopyAsked) -> str | None:
        """Give the inspection under which it was asked for."""
        return asked.inspection.number if asked.inspection else None

    def get_progress(self, asked: CopyAsked) -> str:
        """Say how far it has come."""
        return str(copying.progress_of(asked).words)

    def get_sha256(self, asked: CopyAsked) -> str | None:
        """Give its digest once it is made."""
        return asked.made.sha256 if hasattr(asked, "made") else None

    def get_size(self, asked: CopyAsked) -> int | None:
        """Give its size in bytes once it is made."""
        return asked.made.size if hasattr(asked, "made") else None


class CopiesOutput(serializers.Serializer[Plain]):
    """One page of copies."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CopyOutput(many=True)


class CopiesView(APIView):
    """Copies: one's own, or all for those who manage inspections."""

    @documented("List copies of records, the newest first", answers=CopiesOutput, tag="copies")
    def get(self, request: Request) -> Response:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_COPY))
        manages = Permission.INSPECTION_MANAGE in by.permissions
        found = copying.copies() if manages else copying.copies_of_person(by)
        pages = Pages.by("-recorded_at", "pk")()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(CopyOutput(page, many=True).data)

    @documented("Ask for a copy of a record", sends=CopyInput, answers=CopyOutput, status=201, tag="copies")
    def post(self, request: Request) -> Response:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_COPY))
        data = parsed(CopyInput, request.data)
        if Permission.RECORD_READ in by.permissions:
            batch, inspection = batch_numbered(data["batch"]), None
        else:
            batch, inspection = opened(by, data["batch"])
        asked = copying.ask_copy(batch=batch, kind=data["kind"], by=by, inspection=inspection, id=data["id"])
        return Response(CopyOutput(copying.copy_called(asked.pk)).data, status=201)


class CopyView(APIView):
    """One copy."""

    @documented("Read how far a copy has come", answers=CopyOutput, tag="copies")
    def get(self, request: Request, asked: UUID) -> Response:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_COPY))
        return Response(CopyOutput(visible_copy(asked, by)).data)


class CopyFileView(APIView):
    """The bytes of one copy, read from the disk a block at a time."""

    renderer_classes = [PdfRenderer]

    @extend_schema(summary="Download a copy of a record", responses=FILE_ANSWERS, tags=["copies"])
    def get(self, request: Request, asked: UUID) -> FileResponse:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_COPY))
        return given_copy(visible_copy(asked, by), by, station=station_of(request._request))


class InspectionOutput(serializers.ModelSerializer[Inspection]):
    """An inspection to which records are or were open."""

    reader = serializers.CharField(source="reader.username")
    opened_by = serializers.CharField(source="signer_username")
    batches = serializers.ListField(child=serializers.CharField())
    in_force = serializers.SerializerMethodField()

    class Meta:
        model = Inspection
        fields = ["id", "number", "authority", "inspector", "reader", "opened_by", "batches", "until", "in_force"]

    def get_in_force(self, inspection: Inspection) -> bool:
        """Tell whether it still opens anything."""
        return is_in_force(inspection)


class InspectionsOutput(serializers.Serializer[Plain]):
    """One page of inspections."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = InspectionOutput(many=True)


class InspectionsView(APIView):
    """Inspections: those that open records to the asker, or all for those who manage them."""

    @documented("List inspections, the newest first", answers=InspectionsOutput, tag="inspections")
    def get(self, request: Request) -> Response:
        by = asker(request)
        manages = Permission.INSPECTION_MANAGE in by.permissions
        refuse_if([] if manages else lacks(by, Permission.RECORD_READ_GRANTED))
        found = Inspection.objects.select_related("reader", "ended")
        pages = Pages.by("-recorded_at", "pk")()
        page = pages.paginate_queryset(found if manages else found.filter(reader=by), request, view=self)
        return pages.get_paginated_response(InspectionOutput(page, many=True).data)
