"""The documents of the site as programs read them."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from reports.models import Document
from reports.reading import bytes_of, document_called

Plain = dict[str, Any]  # Any: plain values of a JSON text


class DocumentOutput(serializers.ModelSerializer[Document]):
    """A version of a document."""

    batch = serializers.CharField(source="batch.number")
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)
    is_superseded = serializers.SerializerMethodField()

    class Meta:
        model = Document
        fields = [
            "id", "number", "version", "kind", "batch", "sha256", "snapshot_sha256", "is_interim", "issued_at",
            "supersedes", "is_superseded",
        ]

    def get_is_superseded(self, document: Document) -> bool:
        """Tell whether a newer version replaced this one."""
        return hasattr(document, "superseded_by")


class DocumentsOutput(serializers.Serializer[Plain]):
    """One page of documents."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DocumentOutput(many=True)


class DocumentsView(APIView):
    """Every version of every document."""

    @documented("List documents, the newest first", answers=DocumentsOutput, tag="documents")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        pages = Pages.by("-issued_at", "pk")()
        found = Document.objects.select_related("batch", "superseded_by")
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(DocumentOutput(page, many=True).data)


class DocumentFileView(APIView):
    """The bytes of one version."""

    @documented("Download a document as PDF", tag="documents")
    def get(self, request: Request, number: str, version: int) -> HttpResponse:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_READ))
        document = document_called(number, version)
        content = bytes_of(document, by=by)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{document.file.original_name}"'
        response["X-Content-SHA256"] = document.sha256
        return response
