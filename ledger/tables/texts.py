"""From the bytes of a file to its text, or one sentence that says why it is no table.

(1) A file has at most 5 MB; it is read once.
(2) Its kind is what its content shows: pictures, archives, drawings and pages are no tables, whatever they are called.
(3) UTF-16 is known by its first bytes; anything else is UTF-8, with or without a mark. Nothing is guessed.
"""

import codecs
import re

from django.utils.translation import gettext as _

from ledger.files import sniffed

LARGEST = 5 * 1024 * 1024
PLAIN = "text/plain"
_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotATableError(ValueError):
    """The bytes are no text with a table; the message says what to do."""


def text_of(content: bytes) -> str:
    """Give the text of a file, its mark of encoding left out."""
    if not content:
        raise NotATableError(_("The file is empty."))
    if len(content) > LARGEST:
        raise NotATableError(_("The file is larger than 5 MB."))
    text = _decoded(content)
    if text.lstrip().startswith("<"):
        raise NotATableError(_("This is a page or a drawing, no table. Export the table as text."))
    if bad := _UNREADABLE.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        raise NotATableError(_("Line %(line)s holds a character that no table has.") % {"line": line})
    return text


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF_32):
        raise NotATableError(_("The file is UTF-32. Export it as UTF-8."))
    is_wide = content.startswith(_UTF_16)
    if not is_wide and sniffed(content) not in (PLAIN, "application/octet-stream"):
        raise NotATableError(_("This is a picture, an archive or a document, no table. Export the table as text."))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        says = _("Line %(line)s is not UTF-8. Export the table as UTF-8, or as UTF-16 with its mark.")
        raise NotATableError(says % {"line": line}) from None
