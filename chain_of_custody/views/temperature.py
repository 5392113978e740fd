"""The temperature of a time in one place: a logger's file is sent, what it says is shown, and it is confirmed."""

from datetime import timedelta
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.api.problems import log_refusal
from accounts.fields import Field, choose, filled
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.parsing import parsed
from accounts.refusal import Objection, Refused
from accounts.roles import Permission
from accounts.sessions import station_of
from accounts.views.places import SeeOther
from chain_of_custody.api.shapes import LoggerFileInput, NoFileInput
from chain_of_custody.links import Kept
from chain_of_custody.models import ChainOfIdentity, LoggerTrace
from chain_of_custody.models.temperature import CLOCKS
from chain_of_custody.temperature.drawing import drawn
from chain_of_custody.temperature.profiles import newest_profiles
from chain_of_custody.temperature.seeing import Seen, seen_in
from chain_of_custody.temperature.stays import Known, known_of, stay_called
from chain_of_custody.temperature.storing import (
    confirm_trace,
    keep_logger_file,
    logger_file_called,
    objections_to_trace,
    state_no_file,
)
from chain_of_custody.temperature.telling import STANDINGS, lasted_words, outside_words, standing_words, unknown_words
from chain_of_custody.uploading import table_sent
from chain_of_custody.views.presenting import identity_context, kept_words
from chain_of_custody.words import celsius, range_words
from ledger import files


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def stay(request: HttpRequest, identifier: str, stay: UUID) -> HttpResponse:
    """Show what is known of the temperature of a time, and take the file of a logger for it."""
    coi, kept = _found(identifier, stay)
    if request.method != "POST":
        return _stay(request, coi, kept)
    try:
        values = parsed(LoggerFileInput, form_sent(request))
        name, content = table_sent(request.FILES.get("file"))
        row = keep_logger_file(coi=coi, stay=stay, content=content, name=name, by=person_of(request), **values)
    except Refused as refused:
        return _stay(request, coi, kept, refused=refused, form="file")
    return SeeOther(reverse("chain_of_custody:logger-file", args=[identifier, row.pk]))


@require_http_methods(["POST"])
@needs(Permission.RECORD_READ)
def no_file(request: HttpRequest, identifier: str, stay: UUID) -> HttpResponse:
    """Record that there is no file of a logger for a time."""
    coi, kept = _found(identifier, stay)
    try:
        state_no_file(coi=coi, stay=stay, by=person_of(request), **parsed(NoFileInput, form_sent(request)))
    except Refused as refused:
        return _stay(request, coi, kept, refused=refused, form="none")
    return SeeOther(reverse("chain_of_custody:stay", args=[identifier, stay]))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def logger_file(request: HttpRequest, identifier: str, file: UUID) -> HttpResponse:
    """Show what the file of a logger says of its time, and store it when that is confirmed."""
    coi = get_object_or_404(ChainOfIdentity.objects.select_related("subject"), identifier=identifier)
    row = logger_file_called(coi, file)
    refused = None
    if request.method == "POST":
        try:
            confirm_trace(row, shown=request.POST.get("shown", "")[:64], by=person_of(request))
            return SeeOther(reverse("chain_of_custody:stay", args=[identifier, row.stay]))
        except Refused as error:
            refused = _told(error, request)
    seen = seen_in(row, files.read(row.file))
    is_stored = hasattr(row, "trace")
    context = {
        "coi": coi,
        "identity": _strip(coi),
        "row": row,
        "range": range_words(row.place),
        "seen": seen,
        "shown": _shown(seen),
        "is_stored": is_stored,
        "against": [] if is_stored or refused else objections_to_trace(row, by=person_of(request)),
        "objections": refused.objections if refused else [],
        "page_has_errors": refused is not None,
    }
    return render(request, "chain_of_custody/logger_file.html", context, status=refused.status if refused else 200)


def _found(identifier: str, stay: UUID) -> tuple[ChainOfIdentity, Kept]:
    coi = get_object_or_404(ChainOfIdentity.objects.select_related("subject"), identifier=identifier)
    return coi, stay_called(coi, stay)


def _strip(coi: ChainOfIdentity) -> dict[str, str]:
    return identity_context(coi, coi.collections.order_by("collected_at").first())


def _told(refused: Refused, request: HttpRequest) -> Refused:
    """Put a refusal that is shown on a page of its own into the security log."""
    person, station = person_of(request), station_of(request)
    log_refusal(refused, person=person, station=station, method=str(request.method), path=request.path)
    return refused


def _stay(
    request: HttpRequest, coi: ChainOfIdentity, kept: Kept, *, refused: Refused | None = None, form: str = ""
) -> HttpResponse:
    assert kept.id is not None  # noqa: S101  what is found has ended
    assert kept.place is not None  # noqa: S101  as above
    known = known_of(coi).get(kept.id, Known())
    where, times = kept_words(kept)
    if refused is not None:
        _told(refused, request)
    of_file, of_none = (refused if form == "file" else None), (refused if form == "none" else None)
    fields, whys = _file_fields(), [Field("says", _("Why is there no file?"), "textarea", maxlength=1000, prefix="n")]
    context = {
        "coi": coi,
        "identity": _strip(coi),
        "kept": kept,
        "where": where,
        "times": times,
        "range": range_words(kept.place),
        "status": STANDINGS[known.standing],
        "word": standing_words(known.standing),
        "traces": [_trace(one) for one in known.traces],
        "no_file": [unknown_words(one) for one in known.no_file],
        "may": Permission.CUSTODY_RECORD in person_of(request).permissions,
        "nothing_known": known.standing == "nothing",
        "file_fields": filled(fields, request.POST, of_file),
        "file_errors": [one.says for one in (of_file.objections if of_file else []) if one.field == "file"],
        "none_fields": filled(whys, request.POST, of_none),
        "row_id": uuid4(),
        "objections": _of_page(refused, [*fields, *whys]),
        "page_has_errors": refused is not None,
    }
    return render(request, "chain_of_custody/stay.html", context, status=_status(refused))


def _of_page(refused: Refused | None, fields: list[Field]) -> list[Objection]:
    """Give the objections with the ids of the fields that they are about, so that each sentence leads there."""
    ids = {one.name: one.id for one in fields} | {"file": "file"}
    return [Objection(one.says, one.code, ids.get(one.field, "")) for one in refused.objections] if refused else []


def _status(refused: Refused | None) -> int:
    if refused is None:
        return 200
    return 422 if refused.status == 400 else refused.status


def _file_fields() -> list[Field]:
    profiles = [(one.code, one.title) for one in newest_profiles().values()]
    clocks = [(value, str(words)) for value, words in CLOCKS]
    return [
        Field("logger", _("Logger"), "identifier", _("Scan its label, or type its number."), maxlength=40),
        Field("profile", _("Layout of the file"), options=choose(profiles)),
        Field("clock", _("Clock of the logger"), hint=_("Of times that state no offset."), options=choose(clocks)),
    ]


def _trace(trace: LoggerTrace) -> dict[str, object]:
    seen = seen_in(trace.source, files.read(trace.source.file))
    return {"row": trace, "file": trace.source.file, "shown": _shown(seen)}


def _shown(seen: Seen) -> dict[str, object]:
    """Give what a page shows of a file: its numbers in words, its drawing, every excursion and unknown time."""
    judged, log, row = seen.judged, seen.log, seen.file
    if judged is None or log is None:
        return {}
    return {
        "is_within": judged.is_within,
        "log": log,
        "judged": judged,
        "interval": lasted_words(log.interval),
        "longest_gap": lasted_words(judged.longest_gap),
        "lowest": celsius(judged.lowest),
        "highest": celsius(judged.highest),
        "longest_outside": lasted_words(judged.longest_outside),
        "total_outside": lasted_words(judged.total_outside),
        "outside": [outside_words(one) for one in judged.outside],
        "unknown": [unknown_words(one) for one in judged.unknown],
        "others": len(log.readings) - judged.readings,
        "drawing": drawn(log, judged, row),
        "covers": lasted_words(timedelta(seconds=int((row.until - row.since).total_seconds()))),
    }
