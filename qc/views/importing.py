"""Importing what an instrument measured: the file is sent, what it would become is shown, and it is confirmed."""

from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.api.problems import log_refusal
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.parsing import parsed
from accounts.refusal import Objection, Refused
from accounts.roles import Permission
from accounts.sessions import station_of
from accounts.views.places import SeeOther
from batches.equipment import ready_of_type
from batches.models import Batch
from batches.views.strip import Context, strip_of
from chain_of_custody.uploading import table_sent
from ledger import clock
from qc.batch_act import batch_called
from qc.importing.choosing import MeasuredInput
from qc.importing.importing import file_called, import_file, keep_file, objections_to_import
from qc.importing.previewing import Preview, preview_of
from qc.importing.profiles import Profile
from qc.importing.shipped import profiles_for
from qc.models import InstrumentFile, Sample
from qc.panel import PanelLine
from qc.specifying import specification_of
from qc.views.tests import UNREADABLE, line_or_404
from qc.views.values_judged import values_judged

SHOWN_INSTRUMENTS = 6


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RESULT_ENTER)
def send(request: HttpRequest, number: str, line: str) -> HttpResponse:
    """Take a file of an instrument and show what it would become; what does not fit stays in the form."""
    batch = batch_called(number)
    found = line_or_404(batch, line)
    if request.method != "POST":
        return _form(request, batch, found, {}, [])
    try:
        row = _kept(request, batch, found)
    except Refused as refused:
        told(refused, request)
        status = UNREADABLE if refused.status == 400 else refused.status
        return _form(request, batch, found, request.POST.dict(), refused.objections, status=status)
    preview = preview_of(row)
    if preview.problems:
        return _shown(request, preview, found, [], status=UNREADABLE)
    return SeeOther(reverse("qc:import", args=[number, line, row.pk]))


def _kept(request: HttpRequest, batch: Batch, found: PanelLine) -> InstrumentFile:
    values = parsed(MeasuredInput, form_sent(request, blanks=False) | {"line": found.code})
    name, content = table_sent(request.FILES.get("file"))
    return keep_file(batch=batch, content=content, name=name, by=person_of(request), **values)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def preview(request: HttpRequest, number: str, line: str, file: UUID) -> HttpResponse:
    """Show what a kept file would become, and import it when that is confirmed."""
    batch = batch_called(number)
    found = line_or_404(batch, line)
    row = file_called(batch, file)
    if request.method == "POST":
        try:
            import_file(row=row, shown=request.POST.get("shown", "")[:64], by=person_of(request))
        except Refused as refused:
            told(refused, request)
            return _shown(request, preview_of(row), found, refused.objections, status=refused.status)
        return SeeOther(found.url)
    shown = preview_of(row)
    return _shown(request, shown, found, [], status=UNREADABLE if shown.problems else 200)


def told(refused: Refused, request: HttpRequest) -> None:
    """Put a refusal that is shown on a page of its own into the security log."""
    person, station = person_of(request), station_of(request)
    log_refusal(refused, person=person, station=station, method=str(request.method), path=request.path)


def choices_of(batch: Batch, found: PanelLine, profiles: list[Profile], typed: dict[str, str]) -> Context:
    """Give what the forms of a file and of a plate let people choose from."""
    samples = Sample.objects.filter(batch=batch, point=found.line.sample_point).select_related("container")
    return {
        "found": found,
        "typed": typed,
        "new_id": typed.get("id") or uuid4(),
        "samples": [(str(one.pk), one.container.code) for one in samples.order_by("received_at")],
        "profiles": [(one.code, f"{one.title}, v{one.version}") for one in profiles],
        "notes": [one for one in profiles if one.note],
        "instruments": _instruments(profiles),
    }


def _instruments(profiles: list[Profile]) -> list[str]:
    """Name instruments that these profiles read and that are fit for use now."""
    types = dict.fromkeys(one.equipment for one in profiles)
    fit = [piece for type_ in types for piece in ready_of_type(type_, clock.now())]
    return [f"{piece.code} ({piece.name})" for piece in fit[:SHOWN_INSTRUMENTS]]


def _form(
    request: HttpRequest,
    batch: Batch,
    found: PanelLine,
    typed: dict[str, str],
    objections: list[Objection],
    *,
    status: int = 200,
) -> HttpResponse:
    context = strip_of(batch) | choices_of(batch, found, profiles_for(found.line, found.methods), typed)
    context |= refused_context(objections)
    return render(request, "qc/import.html", context, status=status)


def refused_context(objections: list[Objection]) -> Context:
    """Give what a form shows of its refusal."""
    return {
        "objections": objections,
        "errors": {one.field: one.says for one in objections},
        "page_has_errors": bool(objections),
    }


def _shown(
    request: HttpRequest, preview: Preview, found: PanelLine, objections: list[Objection], *, status: int
) -> HttpResponse:
    row = preview.file
    is_imported = hasattr(row, "imported")
    context = strip_of(row.batch) | {
        "found": found,
        "row": row,
        "preview": preview,
        "profile": preview.chosen.profile,
        "is_imported": is_imported,
        "sentences": preview.sentences,
        "against": [] if is_imported or objections else objections_to_import(preview, by=person_of(request)),
        "others": _other_lines(preview),
        "objections": objections,
        "page_has_errors": bool(objections or preview.problems),
    }
    if outlook := preview.outlook:
        context |= {"outlook": outlook} | values_judged(row.batch, outlook.line, outlook.judgement)
    return render(request, "qc/import_preview.html", context, status=status)


def _other_lines(preview: Preview) -> list[str]:
    """Name the other lines of this batch that the same file has values of."""
    codes = {target.line for target in preview.chosen.profile.targets} - {preview.file.line}
    return [line.title for line in specification_of(preview.file.batch).lines if line.code in codes]
