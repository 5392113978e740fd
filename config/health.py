"""Whether the process lives, and whether it may be sent work."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from ledger import guards

PLAIN = "text/plain; charset=utf-8"


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return HttpResponse("alive\n", content_type=PLAIN)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the database answers and every guard of the record stands."""
    try:
        lost = guards.missing(connection)
    except DatabaseError:
        return HttpResponse("not ready: the database does not answer\n", status=503, content_type=PLAIN)
    if lost:
        return HttpResponse("not ready: guards of the record are missing\n", status=503, content_type=PLAIN)
    return HttpResponse("ready\n", content_type=PLAIN)
