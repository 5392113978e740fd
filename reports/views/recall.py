"""The list of a rehearsed recall, to take away: who takes it stands in the security log."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import security
from accounts.handing_out import attachment
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.roles import Permission
from accounts.sessions import station_of
from batches.recall import rehearse
from batches.tracing import Start
from reports.recall_report import recall_csv

LONGEST = 60


@require_safe
@needs(Permission.RECORD_READ)
@needs(Permission.RECORD_COPY)
def recall_list(request: HttpRequest) -> HttpResponse:
    """Hand out the list of every container that a lot, a device, an area or a person reached."""
    code = request.GET.get("code", "").strip()[:LONGEST]
    start = next((one for one in Start if one.value == request.GET.get("from", "")), None)
    if not code or start is None:
        raise Http404
    person = person_of(request)
    security.log(
        "recall_list",
        person=person,
        username=person.username,
        station=station_of(request),
        about=f"{start.value} {code}",
    )
    listed = b"".join(recall_csv(rehearse(start, code)))
    return attachment(listed, name="recall-list.csv", media_type="text/csv; charset=utf-8")
