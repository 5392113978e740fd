"""Pages of documents: all of them, one with its versions, and the download."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.handing_out import attachment
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.roles import Permission
from ledger.models import Entry
from reports.models import Document
from reports.reading import bytes_of, document_called, is_as_issued

PAGE = 100


@require_safe
@needs(Permission.RECORD_READ)
def certificates(request: HttpRequest) -> HttpResponse:
    """List the newest documents of the site."""
    found = Document.objects.filter(superseded_by=None).select_related("batch__order__coi", "file")
    return render(request, "reports/certificates.html", {"documents": found.order_by("-issued_at")[:PAGE]})


@require_safe
@needs(Permission.RECORD_READ)
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """Show one document: its versions, its fingerprint, and whether its file is the one that was issued."""
    newest = document_called(number)
    versions = Document.objects.filter(number=number).select_related("file", "batch", "superseded_by")
    context = {
        "document": newest,
        "versions": versions.order_by("-version"),
        "entry": Entry.objects.get(rec_type=newest.record_type(), rec_id=newest.pk),
        "batch": newest.batch,
        "matches": is_as_issued(newest),
    }
    return render(request, "reports/certificate.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def download(request: HttpRequest, number: str, version: int) -> HttpResponse:
    """Hand out a document's bytes as they were issued, compared with the ledger first."""
    document = document_called(number, version)
    content = bytes_of(document, by=person_of(request))
    return attachment(content, name=document.file.original_name, media_type="application/pdf")
