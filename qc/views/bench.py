"""What is entered at the bench on the page of a test: moments, suitability, complete data."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from accounts.api.problems import log_refusal
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.refusal import BadInput
from accounts.roles import Permission
from accounts.sessions import station_of
from accounts.views.places import SeeOther
from batches.models import Batch
from chain_of_custody.uploading import keep_upload
from ledger.models import Written
from qc.batch_act import batch_called
from qc.laboratory.testing import known_line
from qc.methods.inputs import complete_data_from, event_from, suitability_from
from qc.views.tests import UNREADABLE, page_of_test


@require_POST
@needs(Permission.RESULT_ENTER)
def moment(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Store a moment of a test; without a time it is now."""
    return _kept(
        request, number, line, lambda batch: event_from(batch, line, request.POST.dict(), by=person_of(request))
    )


@require_POST
@needs(Permission.RESULT_ENTER)
def suitability(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Store what showed that the system was fit, with its verdict."""

    def keep(batch: Batch) -> Written:
        return suitability_from(batch, line, request.POST.dict(), by=person_of(request), comma_allowed=True)

    return _kept(request, number, line, keep)


@require_POST
@needs(Permission.RESULT_ENTER)
def complete_data(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Keep a part of the complete data: a file that is sent along, or what is stated."""

    def keep(batch: Batch) -> Written:
        by, sent = person_of(request), request.FILES.get("file")
        is_file = request.POST.get("kind") == "file"
        file = keep_upload(sent, by=by) if is_file else None
        return complete_data_from(batch, line, request.POST.dict(), by=by, file=file)

    return _kept(request, number, line, keep)


def _kept(request: HttpRequest, number: str, line: str, keep: Callable[[Batch], Written]) -> HttpResponse:
    """Store something and go back to the page; what cannot be read stays on the page with its reason."""
    batch = batch_called(number)
    try:
        keep(batch)
    except BadInput as refused:
        log_refusal(refused, person=person_of(request), station=station_of(request), method="POST", path=request.path)
        return page_of_test(request, batch, line, refused.objections, status=UNREADABLE)
    return SeeOther(known_line(batch, line).url)
