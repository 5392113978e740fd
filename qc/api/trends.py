"""Trends for programs.

What is signed goes through challenges and acts: `trend_limits.prepare` on the site, `trend_limits.approve` on limits,
`trend_signal.assess` on the result that gives a signal, `trend_signal.close` on an assessment.
"""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.models import TrendLimits
from qc.trends.charts import capability_words
from qc.trends.limits import limits_in_force, limits_of, limits_waiting
from qc.trends.series import BatchPoint, numeric_lines, products_followed, series_of
from qc.trends.signals import Signal, signals_in
from qc.trends.work import every_open_signal

Plain = dict[str, Any]  # Any: plain values of a JSON text
LONGEST = 40


class LineOutput(serializers.Serializer[Plain]):
    """A line whose results are numbers."""

    product = serializers.CharField()
    line = serializers.CharField()
    title = serializers.CharField()
    has_limits = serializers.BooleanField()


class PointOutput(serializers.Serializer[Plain]):
    """A batch on the chart; `first_out` is its first result where that was out of specification and replaced."""

    batch = serializers.CharField()
    result = serializers.UUIDField(allow_null=True)
    value = serializers.CharField(allow_null=True)
    bound = serializers.CharField(allow_null=True)
    first_out = serializers.CharField(allow_null=True)
    product_version = serializers.IntegerField()
    vector_lots = serializers.ListField(child=serializers.CharField())
    starting_material = serializers.CharField()


class LimitsOutput(serializers.Serializer[Plain]):
    """Limits with the batches that they come from; `approved_by` is null while they wait."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    mean = serializers.CharField()
    sd = serializers.CharField()
    unit = serializers.CharField()
    n = serializers.IntegerField()
    batches = serializers.ListField(child=serializers.CharField())
    prepared_by = serializers.CharField()
    approved_by = serializers.CharField(allow_null=True)


class SignalOutput(serializers.Serializer[Plain]):
    """A signal; `result` is what `trend_signal.assess` takes, `assessment` what `trend_signal.close` takes."""

    product = serializers.CharField()
    line = serializers.CharField()
    batch = serializers.CharField()
    first_batch = serializers.CharField()
    result = serializers.UUIDField()
    value = serializers.CharField()
    rule = serializers.CharField()
    says = serializers.CharField()
    is_open = serializers.BooleanField()
    assessment = serializers.UUIDField(allow_null=True)
    conclusion = serializers.CharField(allow_null=True)
    assessed_by = serializers.CharField(allow_null=True)
    closed_by = serializers.CharField(allow_null=True)


class TrendOutput(serializers.Serializer[Plain]):
    """One line over its batches."""

    product = serializers.CharField()
    line = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    criterion = serializers.CharField()
    capability = serializers.CharField()
    limits = LimitsOutput(allow_null=True)
    waiting = LimitsOutput(allow_null=True)
    points = PointOutput(many=True)
    signals = SignalOutput(many=True)


def signal_told(signal: Signal) -> Plain:
    """Give a signal in plain values."""
    said = signal.assessment
    return {
        "product": signal.limits.product,
        "line": signal.limits.line,
        "batch": signal.batch_number,
        "first_batch": signal.first_batch,
        "result": signal.result.pk,
        "value": signal.value,
        "rule": signal.rule.value,
        "says": signal.says,
        "is_open": signal.is_open,
        "assessment": said.pk if said else None,
        "conclusion": said.conclusion if said else None,
        "assessed_by": said.signer_username if said else None,
        "closed_by": signal.closing.signer_username if signal.closing else None,
    }


def limits_told(limits: TrendLimits | None) -> Plain | None:
    """Give limits in plain values; nothing for none."""
    if limits is None:
        return None
    approval = getattr(limits, "approval", None)
    return {
        "id": limits.pk,
        "version": limits.version,
        "mean": f"{limits.mean:f}",
        "sd": f"{limits.sd:f}",
        "unit": limits.unit,
        "n": limits.n,
        "batches": limits.batches,
        "prepared_by": limits.signer_username,
        "approved_by": approval.signer_username if approval else None,
    }


def point_told(point: BatchPoint) -> Plain:
    """Give a batch on the chart in plain values."""
    return {
        "batch": point.batch.number,
        "result": point.result.pk if point.result else None,
        "value": f"{point.reported.value:f}" if point.reported else None,
        "bound": point.reported.bound.value if point.reported else None,
        "first_out": point.first_out.unrounded if point.first_out else None,
        "product_version": point.batch.product.version,
        "vector_lots": list(point.vector_lots),
        "starting_material": point.batch.starting_material,
    }


class TrendsView(APIView):
    """Every line of every product whose results are numbers."""

    @documented("List the lines that can be followed", answers=LineOutput(many=True), tag="trends")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response(
            [
                {
                    "product": product,
                    "line": line.code,
                    "title": line.title,
                    "has_limits": limits_in_force(product, line.code) is not None,
                }
                for product, _title in products_followed()
                for line in numeric_lines(product)
            ]
        )


class TrendView(APIView):
    """One line of a product over its batches."""

    @documented("Read a trend with its points, limits and signals", answers=TrendOutput, tag="trends")
    def get(self, request: Request, product: str, line: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        series = series_of(product[:LONGEST], line[:LONGEST])
        if series is None:
            raise Http404
        limits = limits_of(series)
        told = {
            "product": series.product,
            "line": series.line,
            "title": series.title,
            "unit": series.unit,
            "criterion": series.criterion,
            "capability": capability_words(series, series.values),
            "limits": limits_told(limits),
            "waiting": limits_told(limits_waiting(product, line)),
            "points": [point_told(point) for point in series.points],
            "signals": [signal_told(one) for one in (signals_in(series, limits) if limits else [])],
        }
        return Response(told)


class SignalsView(APIView):
    """The signals that nobody has closed."""

    @documented("List the open signals of every trend", answers=SignalOutput(many=True), tag="trends")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response([signal_told(signal) for signal in every_open_signal()])
