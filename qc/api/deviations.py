"""Deviations: facts as quality assurance assessed them, for programs. One is made by the act `fact.assess`."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.api import shapes
from qc.models import FactAssessment


class DeviationsView(APIView):
    """Every deviation; `severity` asks for one kind alone."""

    @documented("List the deviations, the newest first", answers=shapes.DeviationsOutput, tag="release")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        rows = FactAssessment.objects.exclude(number="").select_related("batch")
        if severity := request.query_params.get("severity"):
            rows = rows.filter(severity=severity[:10])
        pages = Pages.by("-signed_at", "pk")()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response([shapes.DeviationOutput(row).data for row in page or []])


class DeviationView(APIView):
    """One deviation."""

    @documented("Read a deviation", answers=shapes.DeviationOutput, tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        row = get_object_or_404(FactAssessment.objects.select_related("batch"), number=number[:20])
        return Response(shapes.DeviationOutput(row).data)
