"""The laboratory: samples that are here, samples to come, and receiving one."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.api.problems import log_refusal
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.parsing import parsed
from accounts.refusal import BadInput, Objection
from accounts.roles import Permission
from accounts.sessions import station_of
from accounts.views.places import SeeOther
from batches.models import Batch
from batches.views.strip import strip_of
from ledger import clock
from qc.batch_act import READ_AT_ONCE, batch_called
from qc.laboratory.inputs import SampleInput
from qc.laboratory.receiving import Received, receive_sample
from qc.models import Sample
from qc.release.pending import OPEN_DECISIONS
from qc.views.tests import UNREADABLE
from qc.work import samples_to_receive

NEWEST = 100


@require_safe
@needs(Permission.RECORD_READ)
def samples(request: HttpRequest) -> HttpResponse:
    """List the samples to receive and those that are here, the newest first."""
    undecided = Batch.objects.filter(state__disposition__in=OPEN_DECISIONS).select_related(*READ_AT_ONCE)
    awaited = [(batch, container) for batch in undecided.order_by("number") for container in samples_to_receive(batch)]
    here = Sample.objects.select_related("container", "batch").order_by("-received_at")[:NEWEST]
    context = {
        "awaited": awaited,
        "samples": here,
        "may_receive": Permission.SAMPLE_RECEIVE in person_of(request).permissions,
    }
    return render(request, "qc/samples.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.SAMPLE_RECEIVE)
def receive(request: HttpRequest, number: str) -> HttpResponse:
    """Read a sample's label and register it; a label of something else is recorded and stops the page."""
    batch = batch_called(number)
    if request.method != "POST":
        return _form(request, batch, {}, [])
    try:
        data = form_sent(request)
        received = receive_sample(batch=batch, by=person_of(request), **parsed(SampleInput, data))
    except BadInput as refused:
        log_refusal(refused, person=person_of(request), station=station_of(request), method="POST", path=request.path)
        return _form(request, batch, request.POST.dict(), refused.objections, status=UNREADABLE)
    if received.sample is None:
        return _stop(request, batch, received)
    return SeeOther(reverse("batch-tab", args=[batch.number, "release-tests"]))


def _form(
    request: HttpRequest,
    batch: Batch,
    typed: dict[str, str],
    objections: list[Objection],
    *,
    status: int = 200,
) -> HttpResponse:
    context = strip_of(batch) | {
        "typed": typed,
        "new_id": typed.get("id") or uuid4(),
        "objections": objections,
        "errors": {one.field: one.says for one in objections},
        "page_has_errors": bool(objections),
        "awaited": samples_to_receive(batch),
        "now": clock.now(),
    }
    return render(request, "qc/receive.html", context, status=status)


def _stop(request: HttpRequest, batch: Batch, received: Received) -> HttpResponse:
    check = received.check
    context = strip_of(batch) | {
        "heading": _("Stop. This is no sample of this batch."),
        "codes": [
            {"label": _("Label"), "code": check.scanned},
            {"label": _("Batch"), "code": batch.number},
        ],
        "says": [
            _("What was read: %(outcome)s. It is recorded and raised.") % {"outcome": check.get_outcome_display()},
            _("Don't test it. Keep it apart at its temperature, then call QA."),
        ],
        "next_steps": [
            {"url": reverse("qc:sample-receive", args=[batch.number]), "words": _("Scan another label")},
            {"url": reverse("qc:samples"), "words": _("All samples")},
        ],
    }
    return render(request, "qc/stop.html", context)
