"""Donor tests through the API. Results are signed: `donor_test.record`, `donor_test.verify`."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.schema import documented
from chain_of_custody.api.finding import reader
from chain_of_custody.api.shapes import Plain
from chain_of_custody.donor_status import Found, Overall
from chain_of_custody.donor_testing import NOTHING_KNOWN, requirements_of, results_of, status_of, status_words
from chain_of_custody.models import Collection, DonorTest
from ledger.models import plain


class MarkerOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """One marker and what is known of it."""

    marker = serializers.CharField()
    found = serializers.ChoiceField([(one.value, one.value) for one in Found])


class DonorTestOutput(serializers.Serializer[Any]):
    """One result; it counts while `verified_by` is not null and `superseded` is false."""

    id = serializers.UUIDField()
    marker = serializers.CharField()
    result = serializers.ChoiceField(DonorTest.Result.choices)
    laboratory = serializers.CharField()
    report = serializers.CharField()
    sampled_on = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    recorded_by = serializers.CharField()
    verified_by = serializers.CharField(allow_null=True)
    superseded = serializers.BooleanField()


class DonorOutput(serializers.Serializer[Any]):
    """What is known of the donor of one collection; unknown is never a pass."""

    collection = serializers.UUIDField()
    status = serializers.ChoiceField([(one.value, one.value) for one in Overall])
    words = serializers.CharField()
    markers = MarkerOutput(many=True)
    tests = DonorTestOutput(many=True)


class DonorTestsView(APIView):
    """What is known of the donor of a collection."""

    @documented("Read the donor status of a collection", answers=DonorOutput, tag="custody")
    def get(self, request: Request, collection_id: UUID) -> Response:
        reader(request)
        collection = get_object_or_404(Collection.objects.select_related("coi"), pk=collection_id)
        status = status_of(collection, requirements_of(collection.coi) or NOTHING_KNOWN)
        return Response(
            {
                "collection": str(collection.pk),
                "status": str(status.overall),
                "words": status_words(status),
                "markers": [{"marker": each.marker, "found": str(each.found)} for each in status.markers],
                "tests": [_test(row) for row in results_of(collection)],
            }
        )


def _test(row: DonorTest) -> Plain:
    verification = getattr(row, "verification", None)
    return {
        "id": str(row.pk),
        "marker": row.marker,
        "result": row.result,
        "laboratory": row.laboratory,
        "report": row.report,
        "sampled_on": plain(row.sampled_on),
        "reason": row.reason,
        "recorded_by": row.signer_name,
        "verified_by": verification.signer_name if verification else None,
        "superseded": hasattr(row, "superseded_by"),
    }
