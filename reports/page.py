"""The page around a document: who issued it, whose cells it is about, which page of how many.

(1) Each page names the site, the document with its version, the batch, the chain of identity and each donation.
(2) No identifier is ever shortened: the foot grows instead.
(3) A training site's document says so across each page and above it; a superseded one names what replaced it.
"""

import io
from dataclasses import dataclass
from functools import partial

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph

from reports import tables
from reports.escape import escaped, one_line, visible
from reports.snapshot import Identity, Issue
from reports.typefaces import BOLD, MONO_BOLD, SANS, width_of

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
    identity: Identity

    @property
    def notices(self) -> list[tuple[str, object]]:
        """Lines above the head: training, superseded."""
        lines: list[tuple[str, object]] = []
        if self.issue.training:
            lines.append((TRAINING, _TRAINING_INK))
        if self.issue.superseded_by:
            lines.append((f"SUPERSEDED by {visible(self.issue.superseded_by)}", _SUPERSEDED_INK))
        return lines

    def head(self) -> list[object]:
        """Give the site's name and place."""
        return [
            tables.words(self.issue.site, tables.NAME),
            tables.words(f"{self.issue.address} · {self.issue.licence}", tables.QUIET),
        ]

    def foot(self) -> object:
        """Give the identity line, which wraps between identifiers and inside none."""
        donations = [f"{item.number} {item.check_character}" for item in self.identity.donations]
        parts = [self.identity.batch, self.identity.chain_of_identity, *donations]
        unbroken = " · ".join(escaped(part).replace(" ", "\u00a0") for part in parts)
        return Paragraph(unbroken, tables.COLUMN.clone("foot", fontName=MONO_BOLD, fontSize=6.6, leading=8.6))


_HEAD_WIDTH = tables.CONTENT - 66 * mm
_FOOT_WIDTH = tables.CONTENT - 84 * mm


class _PagesCounted(Canvas):  # type: ignore[misc]  # ReportLab ships no types
    """A canvas that holds its pages back until their number is known."""

    def __init__(self, *args: object, furniture: Furniture, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._furniture = furniture
        self._held: list[dict[str, object]] = []

    def showPage(self) -> None:  # noqa: N802  ReportLab's name
        """Keep the page; it is written when all are known."""
        self._held.append(dict(self.__dict__))
        self._startPage()

    def save(self) -> None:
        """Write each page with its number and the number of all."""
        for number, page in enumerate(self._held, start=1):
            self.__dict__.update(page)
            _draw_page_number(self, self._furniture, number, len(self._held))
            super().showPage()
        super().save()


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
        pageTemplates=[PageTemplate(frames=[frame], onPage=partial(_draw_furniture, furniture))],
        title=one_line(title),
        author=one_line(furniture.issue.site),
        subject=one_line(f"{furniture.issue.number} {version_words(furniture.issue)}, {furniture.identity.batch}"),
        creator="Cellwright",
        initialFontName=SANS,
        invariant=1,
    )
    document.build(story, canvasmaker=partial(_PagesCounted, furniture=furniture))
    return written.getvalue()


def _draw_furniture(furniture: Furniture, canvas: Canvas, _document: object) -> None:
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
