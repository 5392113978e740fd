"""Files that people send: kept once, as they came, or refused with a sentence."""

from collections.abc import Collection

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import BadInput, Objection, lacks, refuse_if
from accounts.roles import Permission
from ledger import files
from ledger.models import StoredFile
from ledger.tables.texts import LARGEST, NotATableError, text_of
from ledger.writing import writing

SCANS = frozenset({"application/pdf", "image/png", "image/jpeg"})
EVIDENCE = SCANS | {"text/plain"}


def may_upload(person: Person) -> bool:
    """Tell whether somebody's roles let them store a file: as evidence of a hand-over, or to certify a true copy."""
    return not {Permission.CUSTODY_RECORD, Permission.TRUE_COPY}.isdisjoint(person.permissions)


def keep_upload(sent: "UploadedFile[bytes] | None", *, by: Person, taken: Collection[str] = EVIDENCE) -> StoredFile:
    """Store a file that somebody sent; its kind is what its content shows, whatever it is called.

    Raises BadInput for one that is missing, empty, larger than 50 MB or of a kind that nobody can read later.
    """
    if not may_upload(by):
        refuse_if(lacks(by, Permission.CUSTODY_RECORD))
    if sent is None or not sent.size:
        raise BadInput(Objection(_("Choose a file. It can't be empty."), field="file"))
    if sent.size > files.MAXIMUM_BYTES:
        raise BadInput(Objection(_("The file is larger than 50 MB."), field="file"))
    content = sent.read()
    if files.sniffed(content) not in taken:
        kinds = (
            _("a PDF, a PNG or JPEG picture, or plain text")
            if "text/plain" in taken
            else _("a PDF, a PNG or JPEG picture")
        )
        raise BadInput(Objection(_("This file is not taken. Send %(kinds)s.") % {"kinds": kinds}, field="file"))
    with writing():
        return files.keep(content, name=sent.name or "file", actor=by.reference)


def table_sent(sent: "UploadedFile[bytes] | None") -> tuple[str, bytes]:
    """Give the name and the bytes of a table that somebody sent; nothing is stored.

    Raises BadInput for one that is missing, empty or larger than 5 MB, by its size alone, before it is read.
    """
    if sent is None or not sent.size:
        raise BadInput(Objection(_("Choose a file. It can't be empty."), code="bad_input", field="file"))
    if sent.size > LARGEST:
        raise BadInput(Objection(_("The file is larger than 5 MB."), code="bad_input", field="file"))
    return sent.name or "file", sent.read()


def refuse_unless_text(content: bytes) -> None:
    """Raise BadInput with a sentence for bytes that are no text or too many."""
    try:
        text_of(content)
    except NotATableError as error:
        raise BadInput(Objection(str(error), code="bad_input", field="file")) from None
