"""The reader's pages: what inspections open to me, and one record, a section a page. Nothing here changes anything."""

from typing import IO
from uuid import uuid4

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.needing import needs
from accounts.roles import Permission
from accounts.sessions import station_of
from batches.models import Batch
from batches.views.strip import disposition_status, disposition_words, strip_of
from ledger import clock
from ledger.models import StoredFile
from reports.copying import newest_package_size
from reports.inspecting import granted, opened
from reports.models import Inspection
from reports.reading import document_called, documents_of, intact_path
from reports.reading_room import (
    ENTRIES_A_PAGE,
    Read,
    Section,
    attention_of,
    band_of,
    checks_of,
    log_opened,
    read,
    section_url,
    sections_of,
)

Context = dict[str, object]
WITH_STATE = ("order__coi__subject", "product", "state")


@require_safe
@needs(Permission.RECORD_READ_GRANTED)
def granted_to_me(request: HttpRequest) -> HttpResponse:
    """List the records that inspections open to this person now."""
    person = person_of(request)
    inspections = granted(person, clock.now())
    numbers = {number for one in inspections for number in one.batches}
    batches = {one.number: one for one in Batch.objects.filter(number__in=numbers).select_related(*WITH_STATE)}
    shown = [
        {
            "inspection": one,
            "band": band_of(one, person),
            "batches": [_listed(batches[number]) for number in one.batches if number in batches],
        }
        for one in inspections
    ]
    return render(request, "reports/granted.html", {"shown": shown})


def _listed(batch: Batch) -> Context:
    return {"batch": batch, "status": disposition_status(batch), "word": disposition_words(batch)}


@require_safe
@needs(Permission.RECORD_READ_GRANTED)
def record(request: HttpRequest, number: str, section: str = "summary") -> HttpResponse:
    """Show one section of a record beside its outline and its integrity, and log that it was opened."""
    person = person_of(request)
    batch, inspection = opened(person, number)
    found = read(batch)
    sections = sections_of(found.record)
    at = next((place for place, one in enumerate(sections) if one.slug == section), None)
    if at is None:
        raise Http404
    log_opened(person, inspection, batch, section, station=station_of(request))
    context = strip_of(batch) | {
        "band": band_of(inspection, person),
        "inspection": inspection,
        "record": found.record,
        "integrity": found.integrity,
        "checks": checks_of(found.integrity),
        "broken": found.integrity.broken,
        "outline": [
            {"section": one, "url": section_url(number, one.slug), "current": one.slug == section} for one in sections
        ],
        "section": sections[at],
        "previous": _beside(number, sections[:at][-1:]),
        "next": _beside(number, sections[at + 1 :][:1]),
        "attention": [(one, section_url(number, one.slug)) for one in attention_of(found.record)],
        "package_size": newest_package_size(batch),
        "package_id": uuid4(),
        "record_id": uuid4(),
    }
    context |= _of_section(request, batch, found, section)
    return render(request, "reports/record.html", context)


def _beside(number: str, sections: list[Section]) -> Context | None:
    return {"url": section_url(number, sections[0].slug), "title": sections[0].title} if sections else None


def _of_section(request: HttpRequest, batch: Batch, found: Read, section: str) -> Context:
    """Give what a section shows beside the whole record: the stage, the documents' addresses, a page of the trail."""
    if section.startswith("stage-"):
        place = int(section.removeprefix("stage-"))
        stage = found.record.stages[place - 1]
        steps = [(step, sum(len(value.corrections) for value in step.values)) for step in stage.steps]
        return {"body": "reports/reader/stage.html", "stage": stage, "stage_number": place, "steps": steps}
    if section == "trail":
        pages = Paginator(found.record.trail, ENTRIES_A_PAGE)
        return {"body": "reports/reader/trail.html", "page": pages.get_page(request.GET.get("page"))}
    if section == "disposition":
        return {"body": "reports/reader/disposition.html", "documents": documents_of(batch.pk)}
    return {"body": f"reports/reader/{section}.html"}


@require_safe
@needs(Permission.RECORD_READ_GRANTED)
def document(request: HttpRequest, number: str, document_number: str, version: int) -> FileResponse:
    """Hand out a document of a record that is open to this person, compared with the ledger first."""
    batch, inspection = opened(person_of(request), number)
    found = document_called(document_number, version)
    if found.batch_id != batch.pk:
        raise Http404
    return _given(request, found.file, batch, inspection, f"document {found.number} v{found.version}")


@require_safe
@needs(Permission.RECORD_READ_GRANTED)
def file(request: HttpRequest, number: str, sha256: str) -> FileResponse:
    """Hand out a file that a record points at, compared with the ledger first."""
    batch, inspection = opened(person_of(request), number)
    if all(one.sha256 != sha256 for one in read(batch).record.files):
        raise Http404
    stored = StoredFile.objects.filter(sha256=sha256).order_by("recorded_at").first()
    if stored is None:
        raise Http404
    return _given(request, stored, batch, inspection, f"file {sha256[:12]}")


def _given(request: HttpRequest, stored: StoredFile, batch: Batch, inspection: Inspection, what: str) -> FileResponse:
    person = person_of(request)
    place = intact_path(stored, by=person)
    log_opened(person, inspection, batch, what, station=station_of(request))
    return handed_out(place.open("rb"), stored)


def handed_out(content: IO[bytes], stored: StoredFile) -> FileResponse:
    """Give a stored file as a download that no browser opens by itself."""
    response = FileResponse(content, as_attachment=True, filename=stored.original_name, content_type=stored.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-SHA256"] = stored.sha256
    return response
