"""The plan of an order as programs read and change it."""

from typing import Any

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from batches.api.views import reader
from batches.models import PlannedTime, SuiteBooking
from batches.planning import bookings_in_force, plan_of
from batches.views.planning import ORDERS, BookingForm, FreeForm, TimeForm, booking_from, freed_from, time_from
from ledger.models import plain

Plain = dict[str, Any]  # Any: plain values of a JSON text


class TimeOutput(serializers.Serializer[Plain]):
    """A planned time."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    at = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)


class BookingOutput(serializers.Serializer[Plain]):
    """A booked suite."""

    id = serializers.UUIDField()
    order = serializers.CharField()
    area = serializers.CharField()
    starts_at = serializers.CharField()
    ends_at = serializers.CharField()
    is_given_free = serializers.BooleanField()


class PlanOutput(serializers.Serializer[Plain]):
    """What is planned for an order."""

    order = serializers.CharField()
    times = TimeOutput(many=True)
    bookings = BookingOutput(many=True)


class SuitesView(APIView):
    """Every booking that stands, by time."""

    @documented("List booked suites", answers=BookingOutput(many=True), tag="plan")
    def get(self, request: Request) -> Response:
        reader(request)
        return Response([_booking(row) for row in bookings_in_force()])


class OrderPlanView(APIView):
    """The plan of an order."""

    @documented("Read the plan of an order", answers=PlanOutput, tag="plan")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        plan = plan_of(get_object_or_404(ORDERS, number=number))
        times = [_time(row) for _kind, row in sorted(plan.times.items())]
        return Response({"order": number, "times": times, "bookings": [_booking(row) for row in plan.bookings]})


class OrderTimesView(APIView):
    """Planned times of an order."""

    @documented("Plan a time", sends=TimeForm, answers=TimeOutput, status=201, tag="plan")
    def post(self, request: Request, number: str) -> Response:
        row = time_from(get_object_or_404(ORDERS, number=number), request.data, by=asker(request))
        return Response(_time(row), status=201)


class OrderBookingsView(APIView):
    """Booked suites of an order."""

    @documented("Book a suite", sends=BookingForm, answers=BookingOutput, status=201, tag="plan")
    def post(self, request: Request, number: str) -> Response:
        row = booking_from(get_object_or_404(ORDERS, number=number), request.data, by=asker(request))
        return Response(_booking(row), status=201)


class OrderBookingsFreeView(APIView):
    """Bookings that are taken back."""

    @documented("Take a booking back", sends=FreeForm, answers=BookingOutput, status=201, tag="plan")
    def post(self, request: Request, number: str) -> Response:
        row = freed_from(get_object_or_404(ORDERS, number=number), request.data, by=asker(request))
        return Response(_booking(row), status=201)


def _time(row: PlannedTime) -> Plain:
    return {"id": str(row.pk), "kind": row.kind, "at": plain(row.at), "reason": row.reason}


def _booking(row: SuiteBooking) -> Plain:
    return {
        "id": str(row.pk),
        "order": row.order.number,
        "area": row.area.code,
        "starts_at": plain(row.starts_at),
        "ends_at": plain(row.ends_at),
        "is_given_free": row.is_given_free,
    }
