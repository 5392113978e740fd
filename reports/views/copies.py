"""Pages of copies: asking for one, seeing how far it has come, taking it, and who was given it."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from accounts import security
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.parsing import StrictSerializer, parsed
from accounts.refusal import NotAllowed, Objection, Refused, lacks, refuse_if
from accounts.roles import Permission
from accounts.sessions import station_of
from accounts.views.places import SeeOther
from batches.identity import batch_numbered
from batches.views.strip import strip_of
from reports import copying
from reports.inspecting import is_in_force, opened, why_over
from reports.models import CopyAsked, CopyHandedOver, CopyMade
from reports.reading_room import band_of
from reports.views.records import handed_out

A_PAGE = 50


class CopyForm(StrictSerializer[dict[str, Any]]):  # Any: as read
    """Which copy is asked for; the id was made with the form, so that sending it twice asks once."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(CopyAsked.Kind.choices)


@require_POST
@needs(Permission.RECORD_COPY)
def ask_from_reader(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for a copy of a record that an inspection opened."""
    batch, inspection = opened(person_of(request), number)
    data = parsed(CopyForm, form_sent(request))
    asked = copying.ask_copy(batch=batch, by=person_of(request), inspection=inspection, **data)
    return SeeOther(reverse("reports:export", args=[asked.pk]))


@require_POST
@needs(Permission.RECORD_COPY)
def ask_from_batch(request: HttpRequest, number: str) -> HttpResponse:
    """Ask for a copy of a record that this person may read anyway."""
    refuse_if(lacks(person_of(request), Permission.RECORD_READ))
    data = parsed(CopyForm, form_sent(request))
    asked = copying.ask_copy(batch=batch_numbered(number), by=person_of(request), **data)
    return SeeOther(reverse("reports:export", args=[asked.pk]))


def visible_copy(asked: UUID, person: Person) -> CopyAsked:
    """Give a copy to the one who asked for it, or to who manages inspections.

    Raises NotAllowed where the inspection under which it was asked for is over; Http404 for everybody else's.
    """
    found = copying.copy_called(asked)
    if Permission.INSPECTION_MANAGE in person.permissions:
        return found
    if found.by_id != person.pk:
        raise Http404
    if found.inspection is not None and not is_in_force(found.inspection):
        raise NotAllowed(Objection(why_over(found.inspection), code="access_over"))
    return found


@require_safe
@needs(Permission.RECORD_COPY)
def copies(request: HttpRequest) -> HttpResponse:
    """List the copies that I took; all of them, and who was given them, for those who manage inspections."""
    person = person_of(request)
    manages = Permission.INSPECTION_MANAGE in person.permissions
    found = copying.copies() if manages else copying.copies_of_person(person)
    page = Paginator(found, A_PAGE).get_page(request.GET.get("page"))
    made = [one.made.pk for one in page if hasattr(one, "made")]
    given: dict[UUID, list[CopyHandedOver]] = {}
    for row in CopyHandedOver.objects.filter(copy__in=made).order_by("signed_at"):
        given.setdefault(row.copy_id, []).append(row)
    rows = [_row(one, given, person, manages=manages) for one in page]
    return render(request, "reports/copies.html", {"page": page, "rows": rows, "manages": manages})


def _row(
    asked: CopyAsked, given: dict[UUID, list[CopyHandedOver]], person: Person, *, manages: bool
) -> dict[str, object]:
    made = _made(asked)
    row: dict[str, object] = {"asked": asked, "made": made, "given": given.get(made.pk, []) if made else []}
    if manages and made is not None:
        row["offer"] = offer("copy.hand_over", made, by=person)
    return row


def _made(asked: CopyAsked) -> CopyMade | None:
    made: CopyMade | None = getattr(asked, "made", None)
    return made


@require_safe
@needs(Permission.RECORD_COPY)
def export(request: HttpRequest, asked: UUID) -> HttpResponse:
    """Show how far a copy has come; the page asks again by itself until it is there."""
    person = person_of(request)
    found = visible_copy(asked, person)
    context = {"asked": found, "progress": copying.progress_of(found)}
    if request.headers.get("HX-Request"):
        return render(request, "reports/_export_progress.html", context)
    batch = batch_numbered(found.batch.number)
    band = band_of(found.inspection, person) if found.inspection and found.by_id == person.pk else None
    context |= strip_of(batch) | {"band": band, "heading": found.get_kind_display()}
    return render(request, "reports/export.html", context)


@require_safe
@needs(Permission.RECORD_COPY)
def download(request: HttpRequest, asked: UUID) -> FileResponse:
    """Hand out a copy, compared with the ledger first; it is read from the disk a block at a time."""
    return given_copy(visible_copy(asked, person_of(request)), person_of(request), station=station_of(request))


def given_copy(asked: CopyAsked, person: Person, *, station: str) -> FileResponse:
    """Give a finished copy as a download, and log it; refuse while it is being made."""
    made = _made(asked)
    if made is None:
        raise Refused(
            Objection(_("This copy is still being made. Open its page to see how far it is."), code="not_yet")
        )
    place = copying.copy_bytes_path(made, by=person)
    about = f"{asked.get_kind_display()} {asked.batch.number} {made.sha256[:12]}"
    security.log("copy_downloaded", person=person, username=person.username, station=station, about=about)
    return handed_out(place.open("rb"), made.file)
