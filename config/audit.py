"""The audit trail of the whole site: every entry of the ledger, the newest first, or those of one stream."""

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.incident_spans import spans
from accounts.needing import needs
from accounts.roles import Permission
from ledger.models import Entry

ENTRIES_A_PAGE = 100
LONGEST_STREAM = 80


def page_of_entries(request: HttpRequest, entries: QuerySet[Entry]) -> Page[Entry]:
    """Give the page of entries that was asked for, the newest entries first."""
    return Paginator(entries.order_by("-seq"), ENTRIES_A_PAGE).get_page(request.GET.get("page"))


@require_safe
@needs(Permission.LEDGER_VERIFY)
def audit(request: HttpRequest) -> HttpResponse:
    """Show the entries of the ledger, all of them or those of the stream that was asked for."""
    stream = request.GET.get("stream", "").strip()[:LONGEST_STREAM]
    entries = Entry.objects.filter(stream=stream) if stream else Entry.objects.all()
    about = _("Entries of stream %(stream)s, the newest first") % {"stream": stream} if stream else ""
    context = {
        "page": page_of_entries(request, entries),
        "stream": stream,
        "spans": spans(),
        "about": about or _("Every entry of this site, the newest first"),
    }
    return render(request, "config/audit.html", context)
