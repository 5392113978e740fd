"""Alarms and duties as programs read and record them. Taking an alarm on goes through challenges and acts."""

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.alarms import open_alarms
from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.models import Alarm, OnCallDuty, Person
from accounts.on_call import duties_now
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from accounts.views.alarms import DutyForm, EndForm, duty_from, ended_from
from ledger.models import plain

Plain = dict[str, Any]  # Any: plain values of a JSON text


class SentOutput(serializers.Serializer[Plain]):
    """An attempt to tell somebody."""

    level = serializers.IntegerField()
    person = serializers.CharField(allow_blank=True)
    channel = serializers.CharField(allow_blank=True)
    outcome = serializers.CharField()
    says = serializers.CharField(allow_blank=True)
    at = serializers.CharField()


class AlarmOutput(serializers.Serializer[Plain]):
    """An alarm, whom it was sent to, and who took it on."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    says = serializers.CharField()
    url = serializers.CharField(allow_blank=True)
    raised_at = serializers.CharField()
    sent = SentOutput(many=True)
    acknowledged_by = serializers.CharField(allow_blank=True)
    acknowledged_at = serializers.CharField(allow_blank=True)
    acknowledged_with = serializers.CharField(allow_blank=True)


class AlarmsOutput(serializers.Serializer[Plain]):
    """One page of alarms."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = AlarmOutput(many=True)


class DutyOutput(serializers.Serializer[Plain]):
    """A duty."""

    id = serializers.UUIDField()
    person = serializers.CharField()
    level = serializers.IntegerField()
    channel = serializers.CharField()
    address = serializers.CharField(allow_blank=True)
    starts_at = serializers.CharField()
    ends_at = serializers.CharField()


class AlarmsView(APIView):
    """Alarms, the newest first; `?open=yes` gives those that nobody has taken on."""

    @documented("List alarms", answers=AlarmsOutput, tag="alarms")
    def get(self, request: Request) -> Response:
        _reader(request)
        found = open_alarms() if request.query_params.get("open") == "yes" else Alarm.objects.all()
        pages = Pages.by("-recorded_at")()
        page = pages.paginate_queryset(
            found.select_related("acknowledged").prefetch_related("sent__duty__person"), request, view=self
        )
        return pages.get_paginated_response([_alarm(one) for one in page or []])


class AlarmView(APIView):
    """One alarm."""

    @documented("Read an alarm", answers=AlarmOutput, tag="alarms")
    def get(self, request: Request, alarm_id: UUID) -> Response:
        _reader(request)
        found = Alarm.objects.select_related("acknowledged").prefetch_related("sent__duty__person")
        alarm = found.filter(pk=alarm_id).first()
        if alarm is None:
            raise Http404
        return Response(_alarm(alarm))


class DutiesView(APIView):
    """Who is on call now and later."""

    @documented("List duties", answers=DutyOutput(many=True), tag="alarms")
    def get(self, request: Request) -> Response:
        _reader(request)
        return Response([_duty(duty) for duty in duties_now()])

    @documented("Put somebody on call", sends=DutyForm, answers=DutyOutput, status=201, tag="alarms")
    def post(self, request: Request) -> Response:
        return Response(_duty(duty_from(request.data, by=asker(request))), status=201)


class DutyEndView(APIView):
    """The end of a duty before its time."""

    @documented("End a duty", sends=EndForm, answers=DutyOutput, status=201, tag="alarms")
    def post(self, request: Request, duty_id: UUID) -> Response:
        ended_from(duty_id, request.data, by=asker(request))
        return Response(_duty(OnCallDuty.objects.select_related("person").get(pk=duty_id)), status=201)


def _reader(request: Request) -> Person:
    person = asker(request)
    refuse_if(lacks(person, Permission.ALARM_ACKNOWLEDGE))
    return person


def _alarm(alarm: Alarm) -> Plain:
    taken = getattr(alarm, "acknowledged", None)
    sent = sorted(alarm.sent.all(), key=lambda one: one.recorded_at)
    return {
        "id": str(alarm.pk),
        "kind": alarm.kind,
        "says": alarm.says,
        "url": alarm.url,
        "raised_at": plain(alarm.recorded_at),
        "sent": [
            {
                "level": one.level,
                "person": one.duty.person.name if one.duty else "",
                "channel": one.duty.channel if one.duty else "",
                "outcome": one.outcome,
                "says": one.says,
                "at": plain(one.recorded_at),
            }
            for one in sent
        ],
        "acknowledged_by": taken.signer_name if taken else "",
        "acknowledged_at": plain(taken.signed_at) if taken else "",
        "acknowledged_with": taken.says if taken else "",
    }


def _duty(duty: OnCallDuty) -> Plain:
    return {
        "id": str(duty.pk),
        "person": duty.person.name,
        "level": duty.level,
        "channel": duty.channel,
        "address": duty.address,
        "starts_at": plain(duty.starts_at),
        "ends_at": plain(duty.ends_at),
    }
