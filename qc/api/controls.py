"""Assay controls for programs.

What is signed goes through challenges and acts: `control.prepare` on the site, `control.approve` on a control,
`control.decide` on a run's measurement.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.parsing import parsed
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from ledger.models import plain
from qc.models import ControlLot
from qc.trends.controlling import Measured, MeasurementInput, Run, measurement_from, runs_of

Plain = dict[str, Any]  # Any: plain values of a JSON text
CONTROLS = ControlLot.objects.select_related("approval")


class ControlOutput(serializers.ModelSerializer[ControlLot]):
    """A control with its assigned limits; `approved_by` is empty while it waits."""

    mean = serializers.CharField()
    sd = serializers.CharField()
    prepared_by = serializers.CharField(source="signer_username")
    approved_by = serializers.CharField(source="approval.signer_username", default="")

    class Meta:
        model = ControlLot
        fields = [
            "id", "code", "title", "method", "material_lot", "unit", "mean", "sd", "n", "reference", "prepared_by",
            "approved_by",
        ]  # fmt: skip


class ControlsOutput(serializers.Serializer[Plain]):
    """One page of controls."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ControlOutput(many=True)


class RunOutput(serializers.Serializer[Plain]):
    """A run: what was measured, where it lies, the rules that it breaks, and the decision where there is one."""

    id = serializers.UUIDField()
    run = serializers.IntegerField()
    typed = serializers.CharField()
    unit = serializers.CharField()
    sds = serializers.CharField()
    rules = serializers.ListField(child=serializers.CharField())
    rejects = serializers.BooleanField()
    equipment = serializers.CharField(allow_null=True)
    performed_at = serializers.CharField()
    remark = serializers.CharField()
    decision = serializers.CharField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField()
    results = serializers.ListField(child=serializers.CharField())


class MeasuredOutput(RunOutput):
    """A measurement that was stored, and why its instrument was not fit for use; empty where it was."""

    unfit = serializers.CharField()


def run_told(run: Run) -> Plain:
    """Give a run in plain values."""
    row, decision = run.measurement, run.decision
    return {
        "id": row.pk,
        "run": row.run,
        "typed": row.typed,
        "unit": row.unit,
        "sds": f"{run.sds:.4f}",
        "rules": [rule.value for rule in run.rules],
        "rejects": run.is_rejected_by_rule,
        "equipment": row.equipment.code if row.equipment else None,
        "performed_at": str(plain(row.performed_at)),
        "remark": row.remark,
        "decision": decision.decision if decision else None,
        "decided_by": decision.signer_username if decision else None,
        "reason": decision.reason if decision else "",
        "results": decision.results if decision else [],
    }


def _control(code: str) -> ControlLot:
    return get_object_or_404(CONTROLS, code=code[:30])


class ControlsView(APIView):
    """Every control; one is prepared by the act `control.prepare` on the site."""

    @documented("List the assay controls, the newest first", answers=ControlsOutput, tag="trends")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        pages = Pages.by("-recorded_at", "pk")()
        page = pages.paginate_queryset(CONTROLS.all(), request, view=self)
        return pages.get_paginated_response(ControlOutput(page, many=True).data)


class ControlView(APIView):
    """One control."""

    @documented("Read an assay control", answers=ControlOutput, tag="trends")
    def get(self, request: Request, code: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response(ControlOutput(_control(code)).data)


class RunsView(APIView):
    """The runs of a control; one is decided on by the act `control.decide` on its id."""

    @documented("List the runs of a control in order", answers=RunOutput(many=True), tag="trends")
    def get(self, request: Request, code: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response([run_told(run) for run in runs_of(_control(code))])

    @documented(
        "Record a measurement of a control; the answer says what the rules say",
        sends=MeasurementInput,
        answers=MeasuredOutput,
        status=201,
        tag="trends",
    )
    def post(self, request: Request, code: str) -> Response:
        by = asker(request)
        measured: Measured = measurement_from(_control(code), parsed(MeasurementInput, request.data), by=by)
        return Response(run_told(measured.run) | {"unfit": measured.unfit}, status=201)
