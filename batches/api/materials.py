"""Lots of material through the API: where each stands, what is left, where it was used.

What is signed goes through challenges and acts: `lot.receive` on the site, `lot.decide` and `lot.discard` on a lot.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import MomentField, StrictSerializer, TextField, parsed
from batches.api.shapes import Plain, SignedByOutput, page_of
from batches.api.views import listed, reader
from batches.api.wording import signature
from batches.deciding_lots import Opened, record_opening
from batches.lot_states import LotStatus, status_of
from batches.lot_uses import remaining_of
from batches.lots import WITH_ITS_LIFE, lots_matching
from batches.models import LotDecision, LotDiscarded, LotOpened, LotUse, MaterialLot, SlotScan
from ledger import clock
from ledger.models import plain


class OpeningInput(StrictSerializer[Plain]):
    """A lot, or one of its units, was opened or thawed."""

    id = serializers.UUIDField()
    how = serializers.ChoiceField(LotOpened.How.choices)
    unit = TextField(max_length=30, required=False, default="")
    happened_at = MomentField(required=False, default=None)


class OpeningOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """An opening as it was stored; `is_too_often` where the unit was thawed more often than allowed."""

    id = serializers.UUIDField()
    how = serializers.CharField()
    unit = serializers.CharField()
    happened_at = serializers.CharField()
    use_until = serializers.CharField(allow_null=True)
    thaws = serializers.IntegerField(required=False)
    is_too_often = serializers.BooleanField(required=False)


class LotDecisionOutput(serializers.Serializer[Any]):
    """What quality decided."""

    decision = serializers.CharField()
    reason = serializers.CharField()
    signed = SignedByOutput()


class LotDiscardOutput(serializers.Serializer[Any]):
    """What was thrown away, in the unit of the lot."""

    quantity = serializers.CharField()
    reason = serializers.CharField()
    signed = SignedByOutput()


class LotUseOutput(serializers.Serializer[Any]):
    """A scan of the lot that fitted a slot of a batch, and how much the step took where it says so."""

    batch = serializers.CharField()
    step = serializers.CharField()
    slot = serializers.CharField()
    codes = serializers.ListField(child=serializers.CharField())
    scanned_at = serializers.CharField()
    planned = serializers.CharField(allow_null=True)
    actual = serializers.CharField(allow_null=True)
    unit = serializers.CharField()


class LotOutput(serializers.Serializer[Any]):
    """A lot of material and where it stands; decisions, openings, discards and uses in the detail alone."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    kind = serializers.CharField()
    item = serializers.CharField()
    name = serializers.CharField()
    supplier = serializers.CharField()
    certificate = serializers.CharField()
    received_on = serializers.CharField(allow_null=True)
    expires_on = serializers.CharField()
    status = serializers.ChoiceField([str(one) for one in LotStatus])
    quantity = serializers.CharField(allow_null=True)
    remaining = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    storage = serializers.CharField()
    grade = serializers.CharField()
    animal_origin = serializers.CharField()
    in_use_hours = serializers.IntegerField(allow_null=True)
    construct = serializers.CharField()
    target_antigen = serializers.CharField()
    titer_tu_per_ml = serializers.CharField(allow_null=True)
    titer_method = serializers.CharField()
    replication_competent = serializers.CharField()
    bank = serializers.CharField()
    most_thaws = serializers.IntegerField(allow_null=True)
    units = serializers.ListField(child=serializers.CharField())
    received = SignedByOutput()
    decisions = LotDecisionOutput(many=True, required=False)
    openings = OpeningOutput(many=True, required=False)
    discards = LotDiscardOutput(many=True, required=False)
    uses = LotUseOutput(many=True, required=False)


def lot_told(row: MaterialLot) -> Plain:
    """Give a lot and where it stands now."""
    texts = ("code", "kind", "item", "name", "supplier", "certificate", "unit", "storage", "grade", "animal_origin",
             "construct", "target_antigen", "titer_method", "replication_competent", "bank")  # fmt: skip
    state = getattr(row, "state", None)
    numbers = {
        "quantity": row.quantity,
        "remaining": remaining_of(row) if state is None else state.remaining,
        "titer_tu_per_ml": row.titer_tu_per_ml,
        "expires_on": row.expires_on,
        "received_on": row.received_on,
    }
    return {
        "id": row.pk,
        **{name: getattr(row, name) for name in texts},
        **{name: None if value is None else str(plain(value)) for name, value in numbers.items()},
        "status": str(status_of(row, clock.now())),
        "in_use_hours": row.in_use_hours,
        "most_thaws": row.most_thaws,
        "units": row.units,
        "received": signature(row),
    }


def lot_told_whole(row: MaterialLot) -> Plain:
    """Give a lot with its decisions, openings, discards and uses."""
    return lot_told(row) | {
        "decisions": [_decision(one) for one in row.decisions.order_by("signed_at")],
        "openings": [_opening(one) for one in row.openings.order_by("happened_at", "recorded_at")],
        "discards": [_discard(one) for one in row.discards.order_by("signed_at")],
        "uses": uses_told(row),
    }


def _decision(row: LotDecision) -> Plain:
    return {"decision": row.decision, "reason": row.reason, "signed": signature(row)}


def _discard(row: LotDiscarded) -> Plain:
    return {"quantity": str(plain(row.quantity)), "reason": row.reason, "signed": signature(row)}


def _opening(row: LotOpened) -> Plain:
    return {
        "id": row.pk,
        "how": row.how,
        "unit": row.unit,
        "happened_at": str(plain(row.happened_at)),
        "use_until": None if row.use_until is None else str(plain(row.use_until)),
    }


def opened_told(stored: Opened) -> Plain:
    """Give an opening as it was stored, flagged where the unit was thawed too often."""
    return _opening(stored.row) | {"thaws": stored.thaws, "is_too_often": stored.is_too_often}


def uses_told(row: MaterialLot) -> list[Plain]:
    """Give each step of a batch that used a lot, the oldest first, once with all codes that were scanned."""
    amounts = {(use.batch_id, use.step, use.slot): use for use in LotUse.objects.filter(lot=row, superseded_by=None)}
    told: dict[object, Plain] = {}
    scans = SlotScan.objects.filter(lot=row, fits=True).select_related("batch")
    for scan in scans.order_by("performed_at", "recorded_at"):
        key = (scan.batch_id, scan.step, scan.slot)
        use = amounts.get(key)
        line = told.setdefault(
            key,
            {
                "batch": scan.batch.number,
                "step": scan.step,
                "slot": scan.slot,
                "codes": [],
                "scanned_at": str(plain(scan.performed_at)),
                "planned": None if use is None or use.planned is None else str(plain(use.planned)),
                "actual": None if use is None else str(plain(use.actual)),
                "unit": use.unit if use else "",
            },
        )
        if scan.code not in line["codes"]:
            line["codes"].append(scan.code)
    return list(told.values())


class LotsView(APIView):
    """Lots of material; `status` and `item` choose among them."""

    @documented("List lots", answers=page_of(LotOutput), tag="lots")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = MaterialLot.objects.prefetch_related(*WITH_ITS_LIFE).select_related("state")
        if item := request.query_params.get("item"):
            rows = rows.filter(item=item[:60])
        if status := request.query_params.get("status"):
            rows = rows.filter(pk__in=[lot.pk for lot in lots_matching(status=status[:12])])
        return listed(rows, request, self, lot_told)


class LotView(APIView):
    """One lot with everything about it."""

    @documented("Read a lot", answers=LotOutput, tag="lots")
    def get(self, request: Request, code: str) -> Response:
        reader(request)
        rows = MaterialLot.objects.prefetch_related(*WITH_ITS_LIFE).select_related("state")
        return Response(lot_told_whole(get_object_or_404(rows, code=code)))


class OpeningsView(APIView):
    """Openings and thaws of a lot."""

    @documented("Record an opening or a thaw", sends=OpeningInput, answers=OpeningOutput, status=201, tag="lots")
    def post(self, request: Request, code: str) -> Response:
        data = parsed(OpeningInput, request.data)
        row = get_object_or_404(MaterialLot, code=code)
        return Response(opened_told(record_opening(lot=row, by=asker(request), **data)), status=201)
