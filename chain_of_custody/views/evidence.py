"""Files that prove what somebody stated: uploaded once, compared by their SHA-256 whenever they are read."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.fields import Options, choose
from accounts.handing_out import attachment, intact_bytes
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.roles import Permission
from accounts.views.places import SeeOther, own_place
from accounts.wording import short_time
from chain_of_custody.uploading import keep_upload
from ledger import clock
from ledger.models import StoredFile

RECENTLY = timedelta(days=1)


def recent_files(person: Person) -> Options:
    """Give the files that a person stored within a day, to choose from."""
    rows = StoredFile.objects.filter(actor=person.reference, recorded_at__gte=clock.now() - RECENTLY)
    shown = (
        (str(row.pk), f"{row.original_name}, {short_time(row.recorded_at)}") for row in rows.order_by("-recorded_at")
    )
    return choose(shown)


@require_http_methods(["GET", "POST"])
@needs(Permission.CUSTODY_RECORD)
def evidence(request: HttpRequest) -> HttpResponse:
    """Store a file as evidence, and list what this person stored within a day."""
    person = person_of(request)
    back = own_place(request.POST.get("next", "") or request.GET.get("next", ""), otherwise="")
    if request.method == "POST":
        keep_upload(request.FILES.get("file"), by=person)
        return SeeOther(back or request.path)
    rows = StoredFile.objects.filter(actor=person.reference, recorded_at__gte=clock.now() - RECENTLY)
    context = {"files": rows.order_by("-recorded_at"), "back": back}
    return render(request, "chain_of_custody/evidence.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def download(request: HttpRequest, file_id: str) -> HttpResponse:
    """Give a file that proves a side of a hand-over or a collection, after comparing it with the record."""
    stored = get_object_or_404(StoredFile, pk=file_id)
    says = _("This evidence is not given out: it is not the file that was stored. Call quality assurance.")
    content = intact_bytes(stored, by=person_of(request), says=says, code="evidence_damaged")
    return attachment(content, name=f"evidence-{stored.sha256[:12]}", media_type=stored.media_type)
