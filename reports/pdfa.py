"""A laid-out document as PDF/A-3b with its snapshot attached; the same input gives the same bytes.

What would differ from one run to the next is fixed: the dates are the document's time of issue, the file's identifier
is computed from its content. The file is checked before it is given out, and one that does not conform is an error.
"""

import io
import re
from datetime import UTC, datetime

import pikepdf
from pikepdf import AttachedFileSpec, Name, Pdf, String, pdfa

FLAVOUR = "3b"
LANGUAGE = "en-GB"
ATTACHMENT = "snapshot.json"

_METADATA_DATE = re.compile(rb"(<xmp:MetadataDate>)[^<]*(</xmp:MetadataDate>)|(xmp:MetadataDate=\")[^\"]*(\")")


class NotArchivable(RuntimeError):  # noqa: N818  the name says what the file is
    """A document could not be made in the form in which it can be kept."""


def as_pdfa(pages: bytes, *, snapshot: bytes, issued_at_utc: str) -> bytes:
    """Give the document as checked PDF/A-3b bytes, with the snapshot attached as its data."""
    issued = datetime.strptime(issued_at_utc, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    written = io.BytesIO()
    with pikepdf.open(io.BytesIO(pages)) as pdf:
        _tidy(pdf, issued)
        _attach(pdf, snapshot, issued)
        pdfa.prepare(pdf, FLAVOUR)
        _fix_metadata_date(pdf, issued)
        try:
            pdfa.save(pdf, written, FLAVOUR, repair=False, deterministic_id=True)
        except pdfa.PdfaError as error:
            raise NotArchivable(f"The document is not PDF/A-{FLAVOUR}: {error}") from error
    return written.getvalue()


def attached_snapshot(document: bytes) -> bytes:
    """Give the snapshot that is attached to a document of ours."""
    with pikepdf.open(io.BytesIO(document)) as pdf:
        return bytes(pdf.attachments[ATTACHMENT].get_file().read_bytes())


def maker_of(document: bytes) -> str:
    """Give what a document says of the program that made it."""
    with pikepdf.open(io.BytesIO(document)) as pdf:
        return str(pdf.docinfo.get(Name.Creator, ""))


def _pdf_date(moment: datetime) -> str:
    return f"D:{moment:%Y%m%d%H%M%S}+00'00'"


def _tidy(pdf: Pdf, issued: datetime) -> None:
    """Remove what PDF/A forbids, and put the time of issue where ReportLab left its fixed date."""
    for page in pdf.pages:
        if Name.Trans in page.obj:
            del page.obj[Name.Trans]
    if Name.Trapped in pdf.docinfo:
        del pdf.docinfo[Name.Trapped]
    pdf.docinfo[Name.CreationDate] = String(_pdf_date(issued))
    pdf.docinfo[Name.ModDate] = String(_pdf_date(issued))
    pdf.Root.Lang = String(LANGUAGE)
    pdf.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)


def _attach(pdf: Pdf, snapshot: bytes, issued: datetime) -> None:
    specification = AttachedFileSpec(
        pdf,
        snapshot,
        description="The data this document was made from",
        filename=ATTACHMENT,
        mime_type="application/json",
        creation_date=_pdf_date(issued),
        mod_date=_pdf_date(issued),
    )
    specification.relationship = Name.Data
    pdf.attachments[ATTACHMENT] = specification


def _fix_metadata_date(pdf: Pdf, issued: datetime) -> None:
    """Set the metadata's own date, which is otherwise the moment of the run."""
    moment = issued.isoformat().encode("ascii")
    packet, found = _METADATA_DATE.subn(
        lambda match: (match[1] or match[3]) + moment + (match[2] or match[4]), pdf.Root.Metadata.read_bytes()
    )
    if found != 1:
        raise NotArchivable(f"The metadata have {found} dates of their own instead of one.")
    pdf.Root.Metadata.write(packet)
