"""The file of a numbered copy of a continuity record, through the API."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from batches.continuity import bytes_of
from batches.models import ContinuityCopy
from reports.api.documents import FILE_ANSWERS, PdfRenderer


class CopyFileView(APIView):
    """The bytes of one copy."""

    renderer_classes = [PdfRenderer, JSONRenderer]

    @extend_schema(summary="Download a copy of a continuity record", responses=FILE_ANSWERS, tags=["continuity"])
    def get(self, request: Request, number: str, copy_id: UUID) -> HttpResponse:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_READ))
        copy = get_object_or_404(ContinuityCopy.objects.select_related("file"), pk=copy_id, batch__number=number)
        response = HttpResponse(bytes_of(copy.file, by=by), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{copy.file.original_name}"'
        response["X-Content-SHA256"] = copy.file.sha256
        return response
