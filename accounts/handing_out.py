"""Handing out a file of the record: compared with the ledger first, never kept by a browser."""

from django.http import HttpResponse

from accounts import security
from accounts.models import Person
from accounts.refusal import Objection, Refused, Text
from ledger import files
from ledger.models import StoredFile


def intact_bytes(file: StoredFile, *, by: Person, says: Text, code: str, event: str = "") -> bytes:
    """Give the bytes of a file; refuse with `says`, and log it, if they are not those of the ledger any more."""
    try:
        return files.read(file)
    except files.FileChangedError as error:
        raise damaged(error, by=by, says=says, code=code, event=event) from error


def damaged(error: files.FileChangedError, *, by: Person, says: Text, code: str, event: str = "") -> Refused:
    """Log that a file is not the one that was kept, as `event` or else as its code, and give the refusal."""
    security.log(event or code, person=by, username=by.username, about=str(error))
    return Refused(Objection(str(says), code=code), status=409)


def attachment(content: bytes, *, name: str, media_type: str) -> HttpResponse:
    """Answer with a file that is saved and not shown, and that nothing on the way keeps."""
    answer = HttpResponse(content, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
