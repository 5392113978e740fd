"""The page that checks a record package for everybody who is signed in."""

import tempfile
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms_sent import form_sent
from accounts.needing import needs
from accounts.parsing import StrictSerializer, TextField, parsed
from accounts.refusal import BadInput, Objection, Refused
from accounts.roles import Permission
from accounts.wording import in_groups
from ledger.models import LogKey
from reports.verifying import (
    LARGEST_PACKAGE,
    PACKAGE_FOLDER,
    Report,
    checkpoint_from,
    key_from,
    refuse_no_package,
    too_large,
    verify_package,
)

UNREADABLE = 422
# What a form holds beside its file.
LARGEST_REST = 64 * 1024
GIVEN_OUT = {"verify.py": "text/x-python", "FORMAT.md": "text/markdown"}


class VerifyForm(StrictSerializer[dict[str, str]]):
    """What a reader brings from elsewhere: a pinned key, and a checkpoint from paper."""

    key = TextField(max_length=200, required=False, default="")
    origin = TextField(max_length=220, required=False, default="")
    size = TextField(max_length=20, required=False, default="")
    root_hash = TextField(max_length=100, required=False, default="")


@csrf_exempt
def verify(request: HttpRequest) -> HttpResponse:
    """Show the page, or check what was uploaded; too large a request is refused before anything of it is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.method == "POST" and (not length.isdecimal() or int(length) > LARGEST_PACKAGE + LARGEST_REST):
        raise Refused(Objection(too_large(), code="too_large"), status=413)
    return _verify(request)


@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.OWN_ACCOUNT)
def _verify(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, None, [])
    try:
        return _page(request, _checked(request), [])
    except BadInput as refused:
        return _page(request, None, refused.objections, status=UNREADABLE)


def _checked(request: HttpRequest) -> Report:
    sent = {name: value for name, value in form_sent(request).items() if name != "package"}
    data = parsed(VerifyForm, sent)
    package = request.FILES.get("package")
    if package is None:
        raise BadInput(Objection(_("Choose a record package."), field="package"))
    refuse_no_package(package.read(4), package.size or 0)
    package.seek(0)
    key, checkpoints = key_from(data["key"]), checkpoint_from(data["origin"], data["size"], data["root_hash"])
    if place := getattr(package, "temporary_file_path", None):
        return verify_package(Path(place()), key=key, checkpoints=checkpoints)
    return _from_memory(package, key, checkpoints)


def _from_memory(package: "UploadedFile[bytes]", key: str, checkpoints: list[str]) -> Report:
    """Check a package that was small enough to be kept in memory."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        for chunk in package.chunks():
            file.write(chunk)
        file.flush()
        return verify_package(Path(file.name), key=key, checkpoints=checkpoints)


def _page(
    request: HttpRequest, report: Report | None, objections: list[Objection], *, status: int = 200
) -> HttpResponse:
    typed = {name: request.POST.get(name, "")[:220] for name in ("key", "origin", "size", "root_hash")}
    key = LogKey.objects.filter(replaced_by=None).first()
    context = {
        "report": report,
        "objections": objections,
        "page_has_errors": bool(objections),
        "typed": typed,
        "log_key": key,
        "log_key_groups": in_groups(key.key_id) if key else "",
        "file_name": getattr(request.FILES.get("package"), "name", "") if report else "",
    }
    return render(request, "reports/verify.html", context, status=status)


@require_safe
@needs(Permission.OWN_ACCOUNT)
def given_out(request: HttpRequest, name: str) -> FileResponse:
    """Hand out the verifier, or the description of the format."""
    if name not in GIVEN_OUT:
        raise Http404
    place = PACKAGE_FOLDER / name
    if not place.is_file():
        raise Http404
    response = FileResponse(place.open("rb"), as_attachment=True, filename=name, content_type=GIVEN_OUT[name])
    response["X-Content-Type-Options"] = "nosniff"
    return response
