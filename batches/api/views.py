"""Definitions, lots, orders, weights and batches through the API.

Everything that is signed goes through challenges and acts: `definition.prepare`, `lot.receive`, `order.place`,
`weight.verify`, `batch.issue`, `step.check_before`, `step.perform`, `step.witness`, `value.correct`.
"""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.models import Person
from accounts.parsing import parsed
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from batches.api import wording
from batches.api.shapes import (
    BatchOutput,
    DepartureInput,
    DepartureOutput,
    OrderOutput,
    Plain,
    WeightInput,
    WeightOutput,
    page_of,
)
from batches.completeness import objections_to_record
from batches.departures import departures_of, report_departure
from batches.identity import WITH_EVERYTHING
from batches.models import Batch, Order, Weight
from batches.ordering import correct_weight, record_weight

RowT = TypeVar("RowT", bound=Model)
ORDERS = Order.objects.select_related("coi", "product", "course")
BATCHES = Batch.objects.select_related(*WITH_EVERYTHING, "specification")


def reader(request: Request) -> Person:
    """Give the asker, who may read the record."""
    person = asker(request)
    refuse_if(lacks(person, Permission.RECORD_READ))
    return person


def listed(rows: "QuerySet[RowT]", request: Request, view: APIView, shown: Any) -> Response:  # Any: row to plain values
    """Give one page of rows, newest first."""
    pages = Pages.by("-recorded_at", "pk")()
    page = pages.paginate_queryset(rows, request, view=view)
    results: list[Plain] = [shown(row) for row in page or []]
    return pages.get_paginated_response(results)


class OrdersView(APIView):
    """Orders; one is placed by the act `order.place` on a chain of identity."""

    @documented("List orders", answers=page_of(OrderOutput), tag="orders")
    def get(self, request: Request) -> Response:
        reader(request)
        return listed(ORDERS.all(), request, self, wording.order)


class OrderView(APIView):
    """One order with its weights and batches."""

    @documented("Read an order", answers=OrderOutput, tag="orders")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        row = get_object_or_404(ORDERS, number=number)
        weights = Weight.objects.filter(order=row).select_related("verification", "superseded_by")
        told = wording.order(row)
        told["ended"] = wording.order_end(row)
        told["weights"] = [wording.weight(each) for each in weights.order_by("recorded_at")]
        told["batches"] = list(Batch.objects.filter(order=row).order_by("number").values_list("number", flat=True))
        return Response(told)


class WeightsView(APIView):
    """The recipient's weights of an order; a second person verifies one by the act `weight.verify`."""

    @documented("Record or correct a weight", sends=WeightInput, answers=WeightOutput, status=201, tag="orders")
    def post(self, request: Request, number: str) -> Response:
        data = parsed(WeightInput, request.data)
        by = asker(request)
        order = get_object_or_404(ORDERS, number=number)
        corrected, reason = data.pop("supersedes"), data.pop("reason")
        if corrected is None:
            return Response(wording.weight(record_weight(order=order, by=by, **data)), status=201)
        before = get_object_or_404(Weight.objects.select_related("order__product"), pk=corrected, order=order)
        return Response(wording.weight(correct_weight(weight=before, by=by, reason=reason, **data)), status=201)


class BatchesView(APIView):
    """Batches; one is issued by the act `batch.issue` on an order."""

    @documented("List batches", answers=page_of(BatchOutput), tag="batches")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = BATCHES.all()
        if stage := request.query_params.get("stage"):
            rows = rows.filter(state__stage=stage[:40])
        if disposition := request.query_params.get("disposition"):
            rows = rows.filter(state__disposition=disposition[:24])
        return listed(rows, request, self, wording.batch)


class BatchView(APIView):
    """One batch, with everything that is open in its record."""

    @documented("Read a batch", answers=BatchOutput, tag="batches")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        row = get_object_or_404(BATCHES, number=number)
        told = wording.batch(row)
        told["objections"] = [wording.objection(each) for each in objections_to_record(row)]
        return Response(told)


class DeparturesView(APIView):
    """What was not as the master record says; a report is taken at any time."""

    @documented("List departures", answers=DepartureOutput(many=True), tag="batches")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        batch = get_object_or_404(BATCHES, number=number)
        return Response([wording.departure(row) for row in departures_of(batch)])

    @documented("Report a departure", sends=DepartureInput, answers=DepartureOutput, status=201, tag="batches")
    def post(self, request: Request, number: str) -> Response:
        data = parsed(DepartureInput, request.data)
        batch = get_object_or_404(BATCHES, number=number)
        return Response(wording.departure(report_departure(batch=batch, by=asker(request), **data)), status=201)
