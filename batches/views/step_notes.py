"""Notes and files of a step: two forms of its page, and the download of a file."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from accounts.forms_sent import form_sent
from accounts.handing_out import attachment
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.parsing import MomentField, StrictSerializer, TextField, parsed
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.identity import batch_numbered
from batches.models import StepFile
from batches.noting import add_file, add_note, bytes_of
from batches.record import step_url
from chain_of_custody.uploading import keep_upload

Plain = dict[str, object]


class NoteForm(StrictSerializer[Plain]):
    """A note as the page posts it."""

    id = serializers.UUIDField()
    says = TextField(max_length=2000)
    happened_at = MomentField(required=False, default=None)


class FileForm(StrictSerializer[Plain]):
    """What a file is, as the page posts it beside the file."""

    id = serializers.UUIDField()
    title = TextField(max_length=200, required=False, allow_blank=True, default="")
    evidence = TextField(max_length=40, required=False, allow_blank=True, default="")


@require_POST
@needs(Permission.RECORD_READ)
def note(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Store a note to a step."""
    data = parsed(NoteForm, form_sent(request, blanks=False))
    add_note(batch=batch_numbered(number), step=step, by=person_of(request), **data)
    return SeeOther(f"{step_url(number, step)}#notes")


@require_POST
@needs(Permission.RECORD_READ)
def upload(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Store a file with a step."""
    batch, by = batch_numbered(number), person_of(request)
    data = parsed(FileForm, form_sent(request, blanks=False))
    kept = keep_upload(request.FILES.get("file"), by=by)
    add_file(batch=batch, step=step, file=kept, by=by, **data)
    return SeeOther(f"{step_url(number, step)}#files")


@require_safe
@needs(Permission.RECORD_READ)
def download(request: HttpRequest, number: str, step: str, file_id: UUID) -> HttpResponse:
    """Hand out a file of a step, compared with the ledger first."""
    row = StepFile.objects.select_related("file").filter(pk=file_id, batch__number=number, step=step).first()
    if row is None:
        raise Http404
    content = bytes_of(row, by=person_of(request))
    return attachment(content, name=f"step-file-{row.file.sha256[:12]}", media_type=row.file.media_type)
