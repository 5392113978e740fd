"""The growth tests that run: which bottle is read when."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.needing import needs
from accounts.roles import Permission
from qc.growth.calendar import Standing, calendar


@require_safe
@needs(Permission.RECORD_READ)
def growth_tests(request: HttpRequest) -> HttpResponse:
    """List what is read of growth tests, the most pressing first."""
    found = calendar()
    context = {
        "looks": [
            {"look": look, "status": STATUS[look.standing], "word": _word(look.standing)} for look in found.looks
        ],
        "to_inoculate": found.to_inoculate,
    }
    return render(request, "qc/growth_tests.html", context)


STATUS = {Standing.MISSED: "warn", Standing.LATE: "warn", Standing.OPEN: "progress", Standing.LATER: "wait"}


def _word(standing: Standing) -> str:
    return {
        Standing.MISSED: _("Left out"),
        Standing.LATE: _("Late"),
        Standing.OPEN: _("Due now"),
        Standing.LATER: _("Later"),
    }[standing]
