"""The security log, newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.models import SecurityEvent
from accounts.refusal import BadInput, Objection, lacks, refuse_if
from accounts.roles import Permission

ON_A_PAGE = 100


@require_safe
@never_cache
def log(request: HttpRequest) -> HttpResponse:
    """Show one page of the log, from a line downwards."""
    refuse_if(lacks(person_of(request), Permission.SECURITY_READ))
    events = SecurityEvent.objects.select_related("person").order_by("-pk")
    before = request.GET.get("before", "")
    if before:
        if not (before.isascii() and before.isdigit() and len(before) <= 15):
            raise BadInput(Objection(_("This page of the log does not exist."), field="before"))
        events = events.filter(pk__lt=int(before))
    lines = list(events[: ON_A_PAGE + 1])
    older = lines[ON_A_PAGE - 1].pk if len(lines) > ON_A_PAGE else None
    return render(request, "accounts/security.html", {"events": lines[:ON_A_PAGE], "older": older, "before": before})
