"""Labels as they are printed: one label a page, 100 × 60 mm for what is given or stored, 50 × 25 mm for samples.

(1) Everything of the frozen content stands on the label for the eye, in embedded fonts; the code is one vector path.
(2) Nothing is cut: a text is set smaller down to 4.6 points and broken between words. What still does not fit gives a
    page that says so in place of the label, so that nobody takes a part of a label for a label.
(3) The same content gives the same bytes; the specimen of a print is recorded by the job that rendered it.
"""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import zxingcpp
from reportlab.graphics import renderPDF
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from batches.label_content import HAZARD, OUT_OF_SPECIFICATION, Label
from batches.label_prints import labels_in
from batches.labelling import LABEL_JOB
from batches.models import LabelPrint, LabelSpecimen
from ledger import files, outbox
from ledger.models import OutboxJob
from ledger.writing import write, writing
from reports import signs
from reports.escape import one_line
from reports.typefaces import BOLD, MONO_BOLD, SANS, width_of

MACHINE = "machine"
SIZES = {"large": (100.0, 60.0), "small": (50.0, 25.0)}  # mm
SMALLEST = 4.6  # points; below it nobody reads a label at arm's length
_MARGIN = {"large": 2.5, "small": 1.2}  # mm
_CODE = {"large": 22.0, "small": 11.0}  # mm
_HAZARD_SIGN = "☣"


class LabelDoesNotFitError(ValueError):
    """Something that has to stand on a label has no room on it; the message names the text."""


@dataclass(frozen=True, slots=True)
class _Style:
    face: str
    size: float


# As many sizes as are tried, the largest first: everything of a label shrinks together.
_SCALES = (1.0, 0.94, 0.88, 0.82, 0.76, 0.7)
_LARGE = {
    "band": _Style(BOLD, 6.6),
    "title": _Style(BOLD, 8.4),
    "identifier": _Style(MONO_BOLD, 8.4),
    "name": _Style(SANS, 5.8),
    "fact": _Style(SANS, 6.4),
    "statement": _Style(BOLD, 6.6),
    "serial": _Style(MONO_BOLD, 5.8),
}
_SMALL = {
    "band": _Style(BOLD, 4.8),
    "title": _Style(BOLD, 5.6),
    "identifier": _Style(MONO_BOLD, 6.4),
    "name": _Style(SANS, 4.8),
    "fact": _Style(SANS, 5.0),
    "statement": _Style(BOLD, 4.8),
    "serial": _Style(MONO_BOLD, 4.8),
}


def render_labels(labels: Sequence[Label], *, title: str) -> bytes:
    """Give the labels as PDF, one a page: the same labels give the same bytes."""
    target = io.BytesIO()
    canvas = Canvas(target, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    for label in labels:
        width, height = (side * mm for side in SIZES[label.size])
        canvas.setPageSize((width, height))
        try:
            lines = _fitted(label)
        except LabelDoesNotFitError as error:
            _draw_refusal(canvas, label, str(error))
        else:
            _draw(canvas, label, lines)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


@outbox.handles(LABEL_JOB)
def keep_specimen(job: OutboxJob) -> None:
    """Render a print and keep its specimen (21 CFR 211.188(b)(8))."""
    row = LabelPrint.objects.select_related("batch").get(pk=job.subject)
    content = render_labels(labels_in(row), title=f"Labels {row.number}")
    with writing():
        outbox.finish(job)
        file = files.keep(content, name=f"labels-{row.number}.pdf", actor=MACHINE)
        write(LabelSpecimen(batch=row.batch, print=row, file=file), type="labels.rendered", actor=MACHINE)


# Layout


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of text in one style; its pieces stand beside each other."""

    pieces: tuple[tuple[_Style, str], ...]
    above: float = 0.0  # points of room before it

    @property
    def height(self) -> float:
        return max(style.size for style, _text in self.pieces) * 1.16 + self.above


def _fitted(label: Label) -> tuple[list[_Line], list[_Line]]:
    """Give the lines beside the code and those below it, in the largest size in which all of them fit."""
    refusal: LabelDoesNotFitError | None = None
    for scale in _SCALES:
        try:
            return _laid_out(label, scale)
        except LabelDoesNotFitError as error:
            refusal = error
    assert refusal is not None  # noqa: S101  at least one scale was tried
    raise refusal


def _laid_out(label: Label, scale: float) -> tuple[list[_Line], list[_Line]]:
    width, height = (side * mm for side in SIZES[label.size])
    margin, code = _MARGIN[label.size] * mm, _CODE[label.size] * mm
    named = _LARGE if label.size == "large" else _SMALL
    styles = {name: _Style(style.face, max(SMALLEST, style.size * scale)) for name, style in named.items()}
    whole, narrow = width - 2 * margin, width - 3 * margin - code
    room = height - 2 * margin
    found = list(_parts(label, styles))
    beside: list[_Line] = []
    below: list[_Line] = []
    for part in found:
        lines = part(narrow)
        if not below and sum(line.height for line in (*beside, *lines)) <= code:
            beside += lines
        else:
            below += part(whole)
    # The upper part is as high as the code, whatever stands beside it.
    used = code + sum(line.height for line in below) if below else max(code, sum(line.height for line in beside))
    if used > room:
        raise LabelDoesNotFitError(f"{used / mm:.1f} mm of text and code, {room / mm:.1f} mm of room")
    return beside, below


Part = Callable[[float], list[_Line]]


def _parts(label: Label, styles: dict[str, _Style]) -> Iterable[Part]:
    """Give what stands on a label from top to bottom; each part is set for a width."""
    if label.size == "small":
        yield from _small_parts(label, styles)
        return
    if label.bands:
        yield _text(" ".join(label.bands), styles["band"])
    yield _text(label.title, styles["title"])
    for name, value in label.identity:
        yield _named(name, value, styles["name"], styles["identifier"], unbroken=True)
    for text in label.donor:
        if text == HAZARD:
            yield _text(f"{_HAZARD_SIGN} {text}", styles["title"], above=0.6)
        else:
            yield _text(text, styles["statement"], above=0.6)
    for text in label.statements:
        yield _text(text, styles["title" if text == OUT_OF_SPECIFICATION else "statement"], above=0.6)
    for name, value in label.facts:
        yield _named(name, value, styles["name"], styles["fact"], unbroken=False)
    yield _text(label.serial, styles["serial"], above=0.8)


def _small_parts(label: Label, styles: dict[str, _Style]) -> Iterable[Part]:
    """Give what stands on a small label: what names the sample first, several statements in one line."""
    for name, value in label.identity:
        yield _named(name, value, styles["name"], styles["identifier"], unbroken=True)
    yield _text(label.title, styles["title"])
    for name, value in label.facts:
        yield _named(name, value, styles["name"], styles["fact"], unbroken=False)
    if label.donor:
        hazard = f"{_HAZARD_SIGN} " if HAZARD in label.donor else ""
        yield _text(hazard + " · ".join(label.donor), styles["statement"])
    yield _text(label.serial, styles["serial"])
    if label.bands:
        yield _text(" ".join(label.bands), styles["band"])


def _text(text: str, style: _Style, *, above: float = 0.0) -> Part:
    clean = one_line(text)

    def set_for(width: float) -> list[_Line]:
        return [
            _Line(((style, line),), above if place == 0 else 0.0)
            for place, line in enumerate(_broken(clean, style, width))
        ]

    return set_for


def _named(name: str, value: str, small: _Style, style: _Style, *, unbroken: bool) -> Part:
    """Give a name before its value; an identifier stays on one line, other values break between words."""
    label = f"{one_line(name)}  " if name else ""
    clean = one_line(value)

    def set_for(width: float) -> list[_Line]:
        taken = width_of(label, small.face, small.size)
        if unbroken:
            if taken + width_of(clean, style.face, style.size) > width:
                raise LabelDoesNotFitError(f"{name}: {value}")
            return [_Line(((small, label), (style, clean)))]
        first, *rest = _broken(clean, style, width, first=width - taken)
        return [_Line(((small, label), (style, first))), *(_Line(((style, line),)) for line in rest)]

    return set_for


def _broken(text: str, style: _Style, width: float, *, first: float | None = None) -> list[str]:
    """Break a text between words; raise LabelDoesNotFitError for a word that is wider than the label."""
    lines: list[str] = []
    current, room = "", width if first is None else first
    for word in text.split(" "):
        wanted = f"{current} {word}" if current else word
        if width_of(wanted, style.face, style.size) <= room:
            current = wanted
            continue
        if not current and not lines and first is not None:
            lines.append("")  # the word has no room behind the name and begins the next line
        elif current:
            lines.append(current)
        room = width
        if width_of(word, style.face, style.size) > room:
            raise LabelDoesNotFitError(text)
        current = word
    return [*lines, current]


# Drawing


def _draw(canvas: Canvas, label: Label, lines: tuple[list[_Line], list[_Line]]) -> None:
    width, height = (side * mm for side in SIZES[label.size])
    margin, code = _MARGIN[label.size] * mm, _CODE[label.size]
    beside, below = lines
    drawing = signs.modules_drawn(modules_of(label.code), code)
    renderPDF.draw(drawing, canvas, width - margin - code * mm, height - margin - code * mm)
    _draw_lines(canvas, beside, margin, height - margin)
    _draw_lines(canvas, below, margin, height - margin - code * mm)


def _draw_lines(canvas: Canvas, lines: Sequence[_Line], left: float, top: float) -> None:
    at = top
    for line in lines:
        at -= line.height
        x = left
        for style, text in line.pieces:
            canvas.setFont(style.face, style.size)
            canvas.drawString(x, at + style.size * 0.24, text)
            x += width_of(text, style.face, style.size)


def _draw_refusal(canvas: Canvas, label: Label, why: str) -> None:
    """Say in place of a label that it cannot be printed; no code is drawn, so that nothing can be scanned."""
    width, height = (side * mm for side in SIZES[label.size])
    margin = _MARGIN[label.size] * mm
    style = _Style(BOLD, 8.0 if label.size == "large" else 5.0)
    says = f"NOT A LABEL. {label.serial} has no room for what must stand on it. Call quality assurance. {why}"
    words = " ".join(piece for word in one_line(says).split(" ") for piece in _pieces(word, style, width - 2 * margin))
    lines = [_Line(((style, line),)) for line in _broken(words, style, width - 2 * margin)]
    room = int((height - 2 * margin) / lines[0].height)
    _draw_lines(canvas, lines[:room], margin, height - margin)


def _pieces(word: str, style: _Style, width: float) -> list[str]:
    """Break a word that is wider than the page; what is told here is no identifier."""
    pieces = [""]
    for sign in word:
        if width_of(pieces[-1] + sign, style.face, style.size) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces


def modules_of(content: str) -> list[list[bool]]:
    """Give a DataMatrix as rows of dark and light modules, without its quiet zone."""
    code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    # The library's type description does not say that its pictures are buffers.
    image = memoryview(code.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    rows, columns = image.shape or (0, 0)
    return [[image[row, column] == 0 for column in range(columns)] for row in range(rows)]
