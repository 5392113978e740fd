"""Alarms that wait for somebody, those that were taken on, and who is on call."""

from uuid import UUID, uuid4

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from rest_framework import serializers

from accounts.alarms import open_alarms
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Alarm, OnCallDuty, Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.on_call import HIGHEST_LEVEL, duties_now, end_duty, put_on_call
from accounts.parsing import MomentField, StrictSerializer, TextField, parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther

Plain = dict[str, object]
A_PAGE = 30


class DutyForm(StrictSerializer[Plain]):
    """A duty as pages and programs send it."""

    id = serializers.UUIDField()
    person = serializers.UUIDField()
    level = serializers.IntegerField(min_value=1, max_value=HIGHEST_LEVEL)
    channel = serializers.ChoiceField(OnCallDuty.Channel.choices)
    address = TextField(max_length=300, required=False, default="")
    starts_at = MomentField(future_allowed=True)
    ends_at = MomentField(future_allowed=True)


class EndForm(StrictSerializer[Plain]):
    """The end of a duty before its time."""

    id = serializers.UUIDField()
    reason = TextField(max_length=300)


def duty_from(data: object, *, by: Person) -> OnCallDuty:
    """Record a duty from what was sent."""
    read = parsed(DutyForm, data)
    person = get_object_or_404(Person.objects.select_related("state"), pk=read.pop("person"))
    return put_on_call(person=person, by=by, **read)


def ended_from(duty_id: UUID, data: object, *, by: Person) -> None:
    """Record the end of a duty from what was sent."""
    duty = get_object_or_404(OnCallDuty, pk=duty_id)
    end_duty(duty=duty, by=by, **parsed(EndForm, data))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.ALARM_ACKNOWLEDGE)
def page(request: HttpRequest) -> HttpResponse:
    """Show the alarms, the open ones first, and take a duty."""
    by = person_of(request)
    if request.method != "POST":
        return render(request, "accounts/alarms.html", _context(request, by))
    try:
        duty_from(form_sent(request), by=by)
    except Refused as refused:
        errors = [{"says": one.says, "field_id": one.field, "url": one.url} for one in refused.objections]
        context = _context(request, by) | {"errors": errors, "sent": request.POST, "page_has_errors": True}
        return render(request, "accounts/alarms.html", context, status=refused.status)
    return SeeOther("/alarms/#on-call")


@require_POST
@needs(Permission.ALARM_ACKNOWLEDGE)
def end(request: HttpRequest, duty_id: UUID) -> HttpResponse:
    """End a duty before its time."""
    ended_from(duty_id, form_sent(request), by=person_of(request))
    return SeeOther("/alarms/#on-call")


@require_safe
@needs(Permission.ALARM_ACKNOWLEDGE)
def one(request: HttpRequest, alarm_id: UUID) -> HttpResponse:
    """Show one alarm: what happened, whom it was sent to, who took it on."""
    alarm = get_object_or_404(Alarm.objects.select_related("acknowledged"), pk=alarm_id)
    context = {"alarm": _shown(alarm, person_of(request))}
    return render(request, "accounts/alarm.html", context)


def _context(request: HttpRequest, by: Person) -> Plain:
    taken = Alarm.objects.filter(acknowledged__isnull=False).select_related("acknowledged").order_by("-recorded_at")
    callable_people = Person.objects.filter(state__active=True).select_related("state").order_by("name")
    return {
        "open_alarms": [_shown(alarm, by) for alarm in open_alarms()[:50]],
        "taken": Paginator(taken, A_PAGE).get_page(request.GET.get("page")),
        "duties": [{"row": duty, "new_id": uuid4()} for duty in duties_now()],
        "may_manage": Permission.ONCALL_MANAGE in by.permissions,
        "people": [
            (str(one.pk), one.name) for one in callable_people if Permission.ALARM_ACKNOWLEDGE in one.permissions
        ],
        "levels": [(str(level), str(level)) for level in range(1, HIGHEST_LEVEL + 1)],
        "channels": OnCallDuty.Channel.choices,
        "new_id": uuid4(),
    }


def _shown(alarm: Alarm, by: Person) -> Plain:
    return {
        "row": alarm,
        "sent": alarm.sent.select_related("duty__person").order_by("recorded_at", "pk"),
        "taken": getattr(alarm, "acknowledged", None),
        "offer": None if hasattr(alarm, "acknowledged") else offer("alarm.acknowledge", alarm, by=by),
    }
