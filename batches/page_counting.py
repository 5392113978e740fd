"""How many pages a scanned paper has: those of a PDF, one of a picture; no framework.

The files come from outside. A PDF is opened by qpdf, nothing in it is run or drawn, and its own words are not shown.
"""

from io import BytesIO

import pikepdf

PDF = "application/pdf"
PICTURES = frozenset({"image/png", "image/jpeg"})
SCANS = PICTURES | {PDF}
MOST_PAGES = 9999


class UnreadableScanError(ValueError):
    """The pages of a file cannot be counted."""


def pages_in(content: bytes, media_type: str) -> int:
    """Give the number of pages; raise UnreadableScanError for what is no scan, is locked or is damaged."""
    if media_type in PICTURES:
        return 1
    if media_type != PDF:
        raise UnreadableScanError("it is neither a PDF nor a PNG or JPEG picture")
    try:
        with pikepdf.open(BytesIO(content), suppress_warnings=True, attempt_recovery=False) as document:
            count = len(document.pages)
    except pikepdf.PasswordError:
        raise UnreadableScanError("it is locked by a password") from None
    except (pikepdf.PdfError, ValueError, RuntimeError, RecursionError) as error:
        raise UnreadableScanError("its pages cannot be counted") from error
    if not 1 <= count <= MOST_PAGES:
        raise UnreadableScanError("it has no page, or too many")
    return count
