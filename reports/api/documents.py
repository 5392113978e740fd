"""The documents of the site as programs read them."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.problems import MEDIA_TYPE
from accounts.api.schema import REFUSALS, ProblemOutput, documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from reports.models import Document
from reports.reading import bytes_of, document_called

FILE_ANSWERS = {
    (200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY, description="the file"),
    **{(code, MEDIA_TYPE): OpenApiResponse(ProblemOutput, description=str(says)) for code, says in REFUSALS.items()},
}
Plain = dict[str, Any]  # Any: plain values of a JSON text


class DocumentOutput(serializers.ModelSerializer[Document]):
    """A version of a document."""

    batch = serializers.CharField(source="batch.number")
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)
    is_superseded = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = [
            "id",
            "number",
            "version",
            "kind",
            "batch",
            "sha256",
            "snapshot_sha256",
            "is_interim",
            "issued_at",
            "supersedes",
            "is_superseded",
        ]

    def get_is_superseded(self, document: Document) -> bool:
        """Tell whether a newer version replaced this one."""
        return hasattr(document, "superseded_by")


class DocumentsOutput(serializers.Serializer[Plain]):
    """One page of documents."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DocumentOutput(many=True)


class PdfRenderer(BaseRenderer):
    """Lets a program ask for application/pdf; the view gives the bytes itself, and a refusal stays problem details."""

    media_type = "application/pdf"
    format = "pdf"
    render_style = "binary"

    def render(
        self,
        data: Any,  # Any: the framework's own signature
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return bytes(JSONRenderer().render(data))


class DocumentsView(APIView):
    """Every version of every document."""

    @extend_schema(parameters=[OpenApiParameter("batch", str, description="only those of the batch of this number")])
    @documented("List documents, the newest first", answers=DocumentsOutput, tag="documents")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        pages = Pages.by("-issued_at", "pk")()
        found = Document.objects.select_related("batch", "superseded_by")
        if batch := request.query_params.get("batch"):
            found = found.filter(batch__number=batch)
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(DocumentOutput(page, many=True).data)


class DocumentFileView(APIView):
    """The bytes of one version."""

    renderer_classes = [PdfRenderer, JSONRenderer]

    @extend_schema(summary="Download a document as PDF", responses=FILE_ANSWERS, tags=["documents"])
    def get(self, request: Request, number: str, version: int) -> HttpResponse:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_READ))
        document = document_called(number, version)
        content = bytes_of(document, by=by)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{document.file.original_name}"'
        response["X-Content-SHA256"] = document.sha256
        return response
