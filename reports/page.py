"""The page around a document: who issued it, whose cells it is about, which page of how many.

(1) Each page names the site, the document with its version, the batch, the chain of identity and each donation.
(2) No identifier is ever shortened: the foot grows instead.
(3) A training site's document says so across each page and above it; a superseded one names what replaced it.
"""

import io
import zlib
from dataclasses import dataclass
from functools import partial

import pikepdf
import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

from reports import tables
from reports.escape import escaped, one_line, visible
from reports.snapshot import Identity, Issue
from reports.typefaces import BOLD, MONO_BOLD, SANS, width_of

# What decides about a document's bytes beside its snapshot; the number rises when the look of a document changes.
LAYOUT = 2
MAKER = (
    f"Cellwright, layout {LAYOUT} (ReportLab {reportlab.Version}, pikepdf {pikepdf.__version__}, "
    f"qpdf {pikepdf.__libqpdf_version__}, zlib {zlib.ZLIB_RUNTIME_VERSION})"
)
TRAINING = "TRAINING SYSTEM. NOT FOR GMP RECORDS."

_WIDTH, _HEIGHT = A4
_SIDE = (_WIDTH - tables.CONTENT) / 2
_TRAINING_GREY = HexColor("#E8E8EC")
_TRAINING_INK = HexColor("#652B98")
_SUPERSEDED_INK = HexColor("#B0121B")


def version_words(issue: Issue) -> str:
    """Give a document's version as it is printed: "version 2, interim"."""
    return f"version {issue.version}{', interim' if issue.interim else ''}"


@dataclass(frozen=True, slots=True)
class Furniture:
    """What stands on each page of one document."""

    issue: Issue
    identity: Identity | None  # nothing where the document is about more than one batch
    above: tuple[str, ...] = ()  # lines of this document's own above the head of each page
    about: str = ""  # what it is about, where it has no identity

    @property
    def notices(self) -> list[tuple[str, object]]:
        """Lines above the head: training, superseded."""
        lines: list[tuple[str, object]] = []
        if self.issue.training:
            lines.append((TRAINING, _TRAINING_INK))
        if self.issue.superseded_by:
            lines.append((f"SUPERSEDED by {visible(self.issue.superseded_by)}", _SUPERSEDED_INK))
        return [*lines, *((visible(line), tables.INK) for line in self.above)]

    @property
    def subject(self) -> str:
        """The batch, or what else the document is about."""
        return self.identity.batch if self.identity else self.about

    def head(self) -> list[object]:
        """Give the site's name and place."""
        return [
            tables.words(self.issue.site, tables.NAME),
            tables.words(f"{self.issue.address} · {self.issue.licence}", tables.QUIET),
        ]

    def foot(self) -> object:
        """Give the identity line, which wraps between identifiers and inside none."""
        identity = self.identity
        donations = [f"{item.number} {item.check_character}" for item in identity.donations] if identity else []
        parts = [identity.batch, identity.chain_of_identity, *donations] if identity else [self.about]
        unbroken = " · ".join(escaped(part).replace(" ", "\u00a0") for part in parts)
        return Paragraph(unbroken, tables.COLUMN.clone("foot", fontName=MONO_BOLD, fontSize=6.6, leading=8.6))


_HEAD_WIDTH = tables.CONTENT - 66 * mm
_FOOT_WIDTH = tables.CONTENT - 84 * mm


class _PagesNumbered(Canvas):  # type: ignore[misc]  # ReportLab ships no types
    """A canvas that closes each page at once, and gives it its number and the number of all when that is known.

    Each page draws a form of its own, which is empty until the last page is closed: so no page is held back. What is
    the same on each page is one form too.
    """

    def __init__(self, *args: object, furniture: Furniture, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._furniture = furniture
        self._pages = 0

    def begin(self) -> None:
        """Draw the furniture onto a new page."""
        if not self.hasForm(_FURNITURE):
            self.beginForm(_FURNITURE)
            _draw_furniture(self._furniture, self)
            self.endForm()
        self.doForm(_FURNITURE)

    def showPage(self) -> None:  # noqa: N802  ReportLab's name
        """Close the page."""
        self._pages += 1
        self.doForm(_number_form(self._pages))
        super().showPage()

    def save(self) -> None:
        """Write each page's number and the number of all, then the file."""
        if self._code:
            self.showPage()
        for number in range(1, self._pages + 1):
            self.beginForm(_number_form(number))
            _draw_page_number(self, self._furniture, number, self._pages)
            self.endForm()
        super().save()


_FURNITURE = "furniture"


def _number_form(number: int) -> str:
    return f"page-{number}"


def _begin_page(canvas: _PagesNumbered, _document: object) -> None:
    canvas.begin()


def compose(furniture: Furniture, story: list[object], *, title: str) -> bytes:
    """Lay the story out on A4 pages inside the furniture and give the PDF's bytes, the same each time."""
    head_height = sum(_height(part, _HEAD_WIDTH) for part in furniture.head())
    foot_height = _height(furniture.foot(), _FOOT_WIDTH)
    top = 8 * mm + 4.4 * mm * len(furniture.notices) + head_height + 4 * mm
    bottom = 8 * mm + foot_height + 4 * mm
    frame = Frame(
        _SIDE, bottom, tables.CONTENT, _HEIGHT - top - bottom,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    written = io.BytesIO()
    document = BaseDocTemplate(
        written,
        pagesize=A4,
        pageTemplates=[PageTemplate(frames=[frame], onPage=_begin_page)],
        title=one_line(title),
        author=one_line(furniture.issue.site),
        subject=one_line(f"{furniture.issue.number} {version_words(furniture.issue)}, {furniture.subject}"),
        creator=MAKER,
        initialFontName=SANS,
        invariant=1,
    )
    document.build(story, canvasmaker=partial(_PagesNumbered, furniture=furniture))
    return written.getvalue()


def _draw_furniture(furniture: Furniture, canvas: Canvas) -> None:
    canvas.saveState()
    if furniture.issue.training:
        _draw_training_statement(canvas)
    y = _HEIGHT - 8 * mm
    for text, colour in furniture.notices:
        canvas.setFont(BOLD, 8)
        canvas.setFillColor(colour)
        canvas.drawCentredString(_WIDTH / 2, y - 6, text)
        y -= 4.4 * mm
    for part in furniture.head():
        y -= _height(part, _HEAD_WIDTH)
        _draw(part, canvas, _SIDE, y)
    canvas.setStrokeColor(tables.INK)
    canvas.setLineWidth(1.2)
    canvas.line(_SIDE, y - 1.8 * mm, _WIDTH - _SIDE, y - 1.8 * mm)
    foot = furniture.foot()
    height = _height(foot, _FOOT_WIDTH)
    canvas.setLineWidth(0.8)
    canvas.line(_SIDE, 8 * mm + height + 1.2 * mm, _WIDTH - _SIDE, 8 * mm + height + 1.2 * mm)
    _draw(foot, canvas, _SIDE, 8 * mm)
    canvas.restoreState()


def _draw_training_statement(canvas: Canvas) -> None:
    canvas.saveState()
    canvas.setFillColor(_TRAINING_GREY)
    size = 300 * mm / width_of(TRAINING, BOLD, 1)
    canvas.setFont(BOLD, size)
    canvas.translate(_WIDTH / 2, _HEIGHT / 2)
    canvas.rotate(54)
    canvas.drawCentredString(0, -size / 3, TRAINING)
    canvas.restoreState()


def _draw_page_number(canvas: Canvas, furniture: Furniture, number: int, total: int) -> None:
    issue = furniture.issue
    right = _WIDTH - _SIDE
    top = _HEIGHT - 8 * mm - 4.4 * mm * len(furniture.notices)
    canvas.setFillColor(tables.INK)
    canvas.setFont(MONO_BOLD, 9)
    canvas.drawRightString(right, top - 9, visible(issue.number))
    canvas.setFillColor(tables.INK_2)
    canvas.setFont(SANS, 7.4)
    printed = version_words(issue)
    canvas.drawRightString(right, top - 20, f"{printed[0].upper()}{printed[1:]} · page {number} of {total}")
    canvas.setFillColor(tables.INK)
    canvas.setFont(BOLD, 6.6)
    canvas.drawRightString(right, 8 * mm + 2, f"Page {number} of {total}")
    canvas.drawRightString(
        right - 22 * mm,
        8 * mm + 2,
        f"{visible(issue.number)} v{issue.version}{' interim' if issue.interim else ''}",
    )


def _height(part: object, width: float) -> float:
    # Flowables of a library without types; each has wrap() and drawOn().
    return float(part.wrap(width, _HEIGHT)[1])  # type: ignore[attr-defined]


def _draw(part: object, canvas: Canvas, x: float, y: float) -> None:
    part.drawOn(canvas, x, y)  # type: ignore[attr-defined]
