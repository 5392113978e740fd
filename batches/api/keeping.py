"""What is kept beside a batch's record, through the API: holds, how long it is kept, the papers in it.

All of it is signed: `batch.hold`, `batch.lift_hold`, `legal_hold.set`, `legal_hold.lift`, `true_copy.certify`.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.schema import documented
from batches.api.shapes import Plain, SignedByOutput
from batches.api.views import BATCHES, reader
from batches.api.wording import signature
from batches.holds import holds_of
from batches.models import Hold, LegalHold, TrueCopy
from batches.retention import WORDS, Retention, retention_of
from batches.true_copies import copies_of
from ledger.models import plain


class TermOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """What one rule asks: the last day, or which fact is missing."""

    rule = serializers.CharField()
    words = serializers.CharField()
    until = serializers.CharField(allow_null=True)
    missing = serializers.CharField(allow_null=True)


class BatchHoldOutput(serializers.Serializer[Any]):
    """A hold on a batch, its shipment or containers; `lifted` is null while it stands."""

    id = serializers.UUIDField()
    scope = serializers.CharField()
    containers = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    signed = SignedByOutput()
    lifted = SignedByOutput(allow_null=True)
    reason_lifted = serializers.CharField()


class HoldOutput(serializers.Serializer[Any]):
    """A legal hold that is not lifted."""

    id = serializers.UUIDField()
    reason = serializers.CharField()
    signed = SignedByOutput()


class RetentionOutput(serializers.Serializer[Any]):
    """Until when a record is kept. The days are null where none can be given, and `reasons` says why."""

    batch = serializers.CharField()
    until = serializers.CharField(allow_null=True)
    destroyed_from = serializers.CharField(allow_null=True)
    rule = serializers.CharField()
    reasons = serializers.ListField(child=serializers.CharField())
    terms = TermOutput(many=True)
    holds = HoldOutput(many=True)


class PaperOutput(serializers.Serializer[Any]):
    """A certified copy of a paper."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    first_page = serializers.IntegerField()
    last_page = serializers.IntegerField()
    pages = serializers.IntegerField()
    original_at = serializers.CharField()
    step = serializers.CharField()
    file = serializers.UUIDField()
    sha256 = serializers.CharField()
    certified = SignedByOutput()


class HoldsView(APIView):
    """The holds on a batch."""

    @documented("List the holds on a batch", answers=BatchHoldOutput(many=True), tag="batches")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        return Response([_batch_hold(hold) for hold in holds_of(get_object_or_404(BATCHES, number=number))])


class RetentionView(APIView):
    """How long a batch's record is kept."""

    @documented("Read how long a batch is kept", answers=RetentionOutput, tag="batches")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        return Response(_retention(retention_of(get_object_or_404(BATCHES, number=number))))


class PapersView(APIView):
    """The certified copies of papers in a batch's record."""

    @documented("List true copies", answers=PaperOutput(many=True), tag="batches")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        return Response([_paper(copy) for copy in copies_of(get_object_or_404(BATCHES, number=number))])


def _retention(retention: Retention) -> Plain:
    return {
        "batch": retention.batch.number,
        "until": plain(retention.until),
        "destroyed_from": plain(retention.destroyed_from),
        "rule": str(retention.longest.rule),
        "reasons": retention.reasons,
        "terms": [
            {"rule": str(one.rule), "words": str(WORDS[one.rule]), "until": plain(one.until), "missing": one.missing}
            for one in retention.terms
        ],
        "holds": [_hold(hold) for hold in retention.holds],
    }


def _batch_hold(hold: Hold) -> Plain:
    lifted = getattr(hold, "lifted", None)
    return {
        "id": str(hold.pk),
        **{name: getattr(hold, name) for name in ("scope", "containers", "reason")},
        "signed": signature(hold),
        "lifted": signature(lifted) if lifted else None,
        "reason_lifted": lifted.reason if lifted else "",
    }


def _hold(hold: LegalHold) -> Plain:
    return {"id": str(hold.pk), "reason": hold.reason, "signed": signature(hold)}


def _paper(copy: TrueCopy) -> Plain:
    told = ("title", "first_page", "last_page", "pages", "original_at", "step")
    return {
        "id": str(copy.pk),
        **{name: getattr(copy, name) for name in told},
        "file": str(copy.file_id),
        "sha256": copy.file.sha256,
        "certified": signature(copy),
    }
