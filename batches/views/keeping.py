"""What keeps a batch's record, and the papers in it: two panels, and the pages by which a scan comes in."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.fields import Asked
from accounts.handing_out import attachment
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.offering import offer
from accounts.panels import Panel, register_panel
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.identity import batch_numbered
from batches.legal_holds import SHORTEST_REASON
from batches.models import LegalHold, TrueCopy
from batches.page_counting import SCANS
from batches.pinned import master_of
from batches.retention import WORDS, retention_of
from batches.true_copies import TrueCopyIntent, bytes_of, copies_of, is_as_certified, pages_words, stored
from batches.views.strip import strip_of
from chain_of_custody.uploading import keep_upload


def retention_panel(request: HttpRequest, number: str) -> str:
    """Render until when the record of a batch is kept, by which rules, and the legal holds on it."""
    batch = batch_numbered(number)
    person = person_of(request)
    may_hold = Permission.LEGAL_HOLD in person.permissions
    retention = retention_of(batch)
    context = {
        "retention": retention,
        "rules": [(WORDS[one.rule], one.until, one == retention.longest) for one in retention.terms],
        "holds": [(hold, offer("legal_hold.lift", hold, by=person) if may_hold else None) for hold in retention.holds],
        "lifted": LegalHold.objects.filter(batch=batch).exclude(lifted=None).select_related("lifted"),
        "set_hold": offer("legal_hold.set", batch, by=person) if may_hold else None,
        "shortest": SHORTEST_REASON,
    }
    return render_to_string("batches/_retention.html", context, request=request)


def papers_panel(request: HttpRequest, number: str) -> str:
    """Render the certified copies of papers in the record of a batch, and the form that sends another one."""
    batch = batch_numbered(number)
    copies = [
        {
            "row": copy,
            "pages": pages_words(copy.first_page, copy.last_page, copy.pages),
            "matches": is_as_certified(copy),
            "url": reverse("batches:paper", args=[number, copy.pk]),
        }
        for copy in copies_of(batch)
    ]
    may_certify = Permission.TRUE_COPY in person_of(request).permissions
    context = {"number": number, "copies": copies, "may_certify": may_certify}
    return render_to_string("batches/_papers.html", context, request=request)


def count_papers(number: str) -> int:
    """Give how many true copies stand in the record of a batch."""
    return TrueCopy.objects.filter(batch__number=number).count()


@require_POST
@needs(Permission.TRUE_COPY)
def upload(request: HttpRequest, number: str) -> HttpResponse:
    """Store a scan; what it is a copy of is said on the next page."""
    batch = batch_numbered(number)
    kept = keep_upload(request.FILES.get("file"), by=person_of(request), taken=SCANS)
    return SeeOther(reverse("batches:paper-new", args=[batch.number, kept.pk]))


@require_safe
@needs(Permission.TRUE_COPY)
def certify(request: HttpRequest, number: str, file_id: UUID) -> HttpResponse:
    """Ask what a stored scan is a copy of; the form is sent to its signature page."""
    batch = batch_numbered(number)
    kept = stored(str(file_id))
    if kept is None:
        raise Http404
    steps = [("", _("none")), *((step.code, f"{step.code} {step.title}") for step in master_of(batch).steps)]
    asked = Asked(TrueCopyIntent)
    fields = [
        asked("title", hint=_("As it calls itself, with its number.")),
        asked("first_page", maxlength=4, value="1"),
        asked("last_page", maxlength=4),
        asked("pages", maxlength=4),
        asked("original_at", hint=_("Building, cabinet, folder.")),
        asked("step", options=steps),
    ]
    act = offer("true_copy.certify", batch, by=person_of(request))
    context = strip_of(batch) | {"file": kept, "fields": fields, "act": act}
    return render(request, "batches/paper_new.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def download(request: HttpRequest, number: str, copy_id: UUID) -> HttpResponse:
    """Hand out a certified copy, compared with the ledger first."""
    copy = TrueCopy.objects.select_related("file").filter(pk=copy_id, batch__number=number).first()
    if copy is None:
        raise Http404
    content = bytes_of(copy, by=person_of(request))
    return attachment(content, name=f"true-copy-{copy.file.sha256[:12]}", media_type=copy.file.media_type)


def register() -> None:
    """Put both panels on the page of a batch."""
    read = Permission.RECORD_READ
    register_panel("batch", Panel(gettext_lazy("Papers"), "papers", read, papers_panel, count_papers))
    retention = Panel(gettext_lazy("Retention"), "retention", read, retention_panel, on_overview=True, beside=True)
    register_panel("batch", retention)
