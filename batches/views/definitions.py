"""Definitions for reading and comparing, and the drafts from which they are prepared."""

from collections.abc import Callable
from uuid import UUID, uuid4

from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.refusal import BadInput, Objection, Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from accounts.wording import today
from batches import life
from batches.comparisons import compared
from batches.defining import LONGEST_SOURCE, exported, unfilled_in, warnings_about
from batches.definitions.kinds import as_master
from batches.definitions.master import MasterDefinition
from batches.definitions.parts import FaultyDefinitionError
from batches.drafting import faults_of_draft, newest_drafts, save_draft
from batches.models import Definition, DefinitionDraft
from batches.pinned import reading_of
from batches.views.master_words import stages_for_reading, times_and_yields
from ledger.models import Site

Plain = dict[str, object]
LIFE_STATUS = {
    life.Life.PREPARED: "wait",
    life.Life.CHECKED: "wait",
    life.Life.RETURNED: "fail",
    life.Life.APPROVED: "wait",
    life.Life.IN_FORCE: "pass",
    life.Life.SUPERSEDED: "none",
}
MOST_DRAFTS = 50


@require_safe
@needs(Permission.RECORD_READ)
def definitions(request: HttpRequest) -> HttpResponse:
    """List every version of every definition and the drafts; authors see the forms to begin one."""
    return _list(request)


def _list(request: HttpRequest, refused: Refused | None = None) -> HttpResponse:
    rows = Definition.objects.select_related(*life.WITH_LIFE).order_by("kind", "code", "-version")
    context = {
        "rows": [{"row": row} | _life_of(row) for row in rows],
        "offer": offer("definition.prepare", Site.objects.get(), by=person_of(request)),
        "kinds": Definition.Kind.choices,
        "drafts": _drafts(),
        "new_id": uuid4(),
        "errors": _errors(refused),
        "page_has_errors": refused is not None,
    }
    return render(request, "batches/definitions.html", context, status=refused.status if refused else 200)


def _drafts() -> list[Plain]:
    drafts = list(newest_drafts()[:MOST_DRAFTS])
    people = Person.objects.filter(pk__in={row.actor.removeprefix("person/") for row in drafts})
    names = {one.reference: one.name for one in people}
    return [{"row": row, "by": names.get(row.actor, "")} for row in drafts]


def _life_of(row: Definition) -> Plain:
    stands = life.status_of(row, on=today())
    return {"status": LIFE_STATUS[stands], "word": life.LIFE_WORDS[stands]}


def _errors(refused: Refused | None) -> list[Plain]:
    return [{"says": one.says, "field_id": one.field, "url": one.url} for one in refused.objections] if refused else []


@require_safe
@needs(Permission.RECORD_READ)
def definition(request: HttpRequest, definition_id: UUID) -> HttpResponse:
    """Show a definition for reading, with who prepared, checked and approved it, and what may be wrong with it."""
    row = get_object_or_404(Definition.objects.select_related(*life.WITH_LIFE), pk=definition_id)
    by = person_of(request)
    checked, approval, returned = (getattr(row, name, None) for name in life.WITH_LIFE)
    is_open = approval is None and returned is None
    master = _master(row)
    context = {
        "row": row,
        "signatures": [one for one in (row, checked, approval, returned) if one is not None],
        "effective_from": approval.effective_from if approval else None,
        "returned": returned,
        "check": offer("definition.check", row, by=by) if is_open and checked is None else None,
        "approve": offer("definition.approve", row, by=by) if is_open and checked is not None else None,
        "send_back": offer("definition.return", row, by=by) if is_open and _may_send_back(by) else None,
        "master": stages_for_reading(master) if master else [],
        "beside": times_and_yields(master) if master else [],
        "warnings": _if_readable(row, warnings_about),
        "unfilled": _if_readable(row, unfilled_in),
        "before": life.before(row),
        "today": today(),
    } | _life_of(row)
    return render(request, "batches/definition.html", context)


def _may_send_back(by: Person) -> bool:
    return bool({Permission.DEFINITION_PREPARE, Permission.DEFINITION_APPROVE} & by.permissions)


def _if_readable(row: Definition, ask: Callable[[Definition], list[str]]) -> list[str]:
    """A version from before a rule was made may no longer be readable; it is shown as the text that it is."""
    try:
        return ask(row)
    except FaultyDefinitionError:
        return []


def _master(row: Definition) -> MasterDefinition | None:
    if row.kind != Definition.Kind.MASTER:
        return None
    try:
        return as_master(reading_of(row))
    except FaultyDefinitionError:
        return None


@require_safe
@needs(Permission.RECORD_READ)
def definition_file(request: HttpRequest, definition_id: UUID) -> HttpResponse:
    """Give the file of a definition as it was prepared, byte by byte."""
    row = get_object_or_404(Definition, pk=definition_id)
    response = HttpResponse(exported(row), content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{row.code}-v{row.version}.yaml"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_safe
@needs(Permission.RECORD_READ)
def compare(request: HttpRequest, definition_id: UUID, other_id: UUID | None = None) -> HttpResponse:
    """Show what is different between a version and another one; the one before it where none is named."""
    row = get_object_or_404(Definition, pk=definition_id)
    other = life.before(row) if other_id is None else get_object_or_404(Definition, pk=other_id, kind=row.kind)
    if other is None:
        raise Http404
    others = Definition.objects.filter(kind=row.kind, code=row.code).exclude(pk__in=[row.pk, other.pk])
    context = {
        "row": row,
        "other": other,
        "others": others.order_by("-version"),
        "groups": compared(other.source, row.source),
    }
    return render(request, "batches/definition_compare.html", context)


# Drafts


@require_POST
@needs(Permission.DEFINITION_PREPARE)
def keep_draft(request: HttpRequest) -> HttpResponse:
    """Keep a text that was pasted, or a file that was sent, as a new draft."""
    try:
        row = _saved(request, None)
    except Refused as refused:
        return _list(request, refused)
    return SeeOther(reverse("batches:definition-draft", args=[row.pk]))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def draft(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Show a draft with its faults, save it again, or begin its preparation."""
    row = get_object_or_404(DefinitionDraft.objects.select_related("superseded_by"), pk=draft_id)
    if request.method != "POST":
        return _draft(request, row)
    try:
        newer = _saved(request, row)
    except Refused as refused:
        return _draft(request, row, refused)
    return SeeOther(reverse("batches:definition-draft", args=[newer.pk]))


def _draft(request: HttpRequest, row: DefinitionDraft, refused: Refused | None = None) -> HttpResponse:
    by = person_of(request)
    context = {
        "row": row,
        "newer": getattr(row, "superseded_by", None),
        "faults": faults_of_draft(row),
        "text": request.POST.get("source", "") if refused else row.source,
        "may_save": Permission.DEFINITION_PREPARE in by.permissions,
        "prepare": offer("definition.prepare", Site.objects.get(), by=by),
        "new_id": uuid4(),
        "errors": _errors(refused),
        "page_has_errors": refused is not None,
    }
    return render(request, "batches/definition_draft.html", context, status=refused.status if refused else 200)


def _saved(request: HttpRequest, before: DefinitionDraft | None) -> DefinitionDraft:
    file = request.FILES.get("file")
    # A browser sends line breaks as CR LF; a file keeps those that it has.
    source = _text_of(file) if file else request.POST.get("source", "").replace("\r\n", "\n")
    return save_draft(
        source=source,
        by=person_of(request),
        id=_id(request.POST.get("id", "")),
        note=request.POST.get("note", "").strip(),
        supersedes=before,
    )


def _text_of(file: "UploadedFile[bytes]") -> str:
    if (file.size or 0) > LONGEST_SOURCE:
        raise BadInput(Objection(_("The file is too large: at most 400,000 bytes are read."), "bad_input", "file"))
    try:
        content: bytes = file.read()
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise BadInput(Objection(_("The file is not text in UTF-8."), "bad_input", "file")) from None


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise BadInput(Objection(_("Open the page again and send the form anew."), "bad_input", "id")) from None
