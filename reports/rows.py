"""Long plain tables: words wrapped by cached widths, drawn straight onto the page, in memory of one page.

(1) Rows come from an iterator and are laid out when their page is reached; a drawn row is forgotten.
(2) The head stands on each page. A row is moved to the next page whole, unless it is taller than `TALL`: then it is
    broken between its lines, and nothing is ever cut.
(3) Words pass through `drawable` and are drawn as text, never read as markup. They may be of any length.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from ledger.typed_numbers import THIN_SPACE
from reports import signs
from reports.escape import drawable
from reports.snapshot import Sign
from reports.tables import CONTENT, INK, INK_2, RULE
from reports.typefaces import BOLD, MONO, MONO_BOLD, SANS, width_of

TALL = 90 * mm
# A page with at least so much room is a new one: what does not fit here fits nowhere.
FRESH = 150 * mm
_ABOVE, _BELOW, _LEFT, _RIGHT = 0.75 * mm, 0.95 * mm, 0.9 * mm, 0.9 * mm
_FRAME = 2 * mm
_SIGN = 2.7 * mm


@dataclass(frozen=True, slots=True)
class Look:
    """A typeface with its size, the height of its lines, and its colour."""

    face: str
    size: float
    leading: float
    colour: Color = INK
    struck: bool = False


NAME = Look(BOLD, 8.4, 10.6)
TITLE = Look(BOLD, 8.6, 11)
COLUMN = Look(BOLD, 6.5, 8.2)
PLAIN = Look(SANS, 6.9, 8.6)
STRONG = Look(BOLD, 6.9, 8.6)
QUIET = Look(SANS, 6.5, 8.2, INK_2)
STRUCK = Look(SANS, 6.9, 8.6, INK_2, struck=True)
FINE = Look(MONO, 5.9, 7.4)
CODE = Look(MONO_BOLD, 6.7, 8.6)
SMALL = Look(SANS, 6.2, 7.7)
SMALL_QUIET = Look(SANS, 6.2, 7.7, INK_2)


@dataclass(frozen=True, slots=True)
class Words:
    """A text in one look; it begins on a line of its own."""

    text: str
    look: Look = PLAIN


@dataclass(frozen=True, slots=True)
class Cell:
    """Texts below each other, with a shape before them or a frame around them."""

    words: tuple[Words, ...] = ()
    sign: Sign | None = None
    frame: Color | None = None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """Cells beside each other; `starts` names the column in which each begins, where not one follows another."""

    cells: tuple[Cell, ...]
    starts: tuple[int, ...] | None = None
    ground: Color | None = None
    bar: Color | None = None  # a rule down the left side of the first cell
    ruled: bool = True
    keep: bool = False  # on the page of the next row


def cell(text: str, look: Look = PLAIN) -> Cell:
    """Give a cell of one text."""
    return Cell((Words(text, look),))


def status_cell(sign: Sign, text: str) -> Cell:
    """Give a status: its shape and its words in its colour."""
    return Cell((Words(text, _status_look(sign)),), sign=sign)


@lru_cache(maxsize=16)
def _status_look(sign: Sign) -> Look:
    return Look(BOLD, 6.6, 8.4, HexColor(signs.COLOURS[sign]))


@lru_cache(maxsize=65_536)
def _unit(word: str, face: str) -> float:
    """Give a word's width at a size of one point."""
    return width_of(word, face, 1)


def wrapped(text: str, look: Look, width: float) -> list[str]:
    """Break a text into lines no wider than `width`; a word that is wider is broken between characters."""
    face, limit = look.face, width / look.size
    lines: list[str] = []
    for paragraph in drawable(text).split("\n"):
        lines += _filled(paragraph, face, limit)
    return lines


def _filled(paragraph: str, face: str, limit: float) -> Iterator[str]:
    space = _unit(" ", face)
    line: list[str] = []
    used = 0.0
    for word in paragraph.split(" "):
        wide = _unit(word, face)
        if line and used + space + wide > limit:
            yield " ".join(line)
            line, used = [], 0.0
        if wide > limit:
            if line:
                yield " ".join(line)
            *whole, last = _pieces(word, face, limit)
            yield from whole
            line, used = [last], _unit(last, face)
            continue
        used += wide + (space if line else 0.0)
        line.append(word)
    yield " ".join(line)


def _pieces(word: str, face: str, limit: float) -> Iterator[str]:
    """Break a word that is too wide: after a thin space, which binds a unit to its number, or anywhere."""
    head, thin, tail = word.rpartition(THIN_SPACE)
    if thin and _unit(head, face) <= limit and _unit(tail, face) <= limit:
        yield from (head + thin, tail)
        return
    start, used = 0, 0.0
    for place, character in enumerate(word):
        wide = _unit(character, face)
        if used + wide > limit and place > start:
            yield word[start:place]
            start, used = place, 0.0
        used += wide
    yield word[start:]


Line = tuple[str, Look]


@dataclass(slots=True)
class _Laid:
    """A row with its lines, cell by cell, and where each cell stands."""

    row: Row
    places: tuple[tuple[float, float], ...]  # left and width of each cell
    lines: tuple[list[Line], ...]
    height: float = field(init=False)

    def __post_init__(self) -> None:
        self.height = (
            _ABOVE
            + _BELOW
            + max(
                (
                    sum(look.leading for _text, look in lines) + (2 * _FRAME if cell.frame is not None else 0.0)
                    for cell, lines in zip(self.row.cells, self.lines, strict=True)
                ),
                default=0.0,
            )
        )

    def cut(self, room: float) -> "tuple[_Laid, _Laid] | None":
        """Give the part that fits into a height, and the rest; None where not even a line of it fits."""
        above: list[list[Line]] = []
        below: list[list[Line]] = []
        for item, lines in zip(self.row.cells, self.lines, strict=True):
            left = room - _ABOVE - _BELOW - (2 * _FRAME if item.frame is not None else 0.0)
            number = 0
            while number < len(lines) and lines[number][1].leading <= left:
                left -= lines[number][1].leading
                number += 1
            above.append(lines[:number])
            below.append(lines[number:])
        if not any(above):
            return None
        return _Laid(self.row, self.places, tuple(above)), _Laid(self.row, self.places, tuple(below))


class _Text(Protocol):
    """What is used of ReportLab's text objects, which have no types."""

    def setTextOrigin(self, x: float, y: float) -> None: ...  # noqa: N802  ReportLab's names
    def setFont(self, face: str, size: float, leading: float) -> None: ...  # noqa: N802
    def setFillColor(self, colour: Color) -> None: ...  # noqa: N802
    def textLine(self, text: str) -> None: ...  # noqa: N802


class Rows(Flowable):  # type: ignore[misc]  # ReportLab ships no types
    """A table of rows in columns of the given widths, as wide as the text unless the widths say otherwise."""

    def __init__(self, widths: Sequence[float], rows: Iterable[Row], *, head: Sequence[Row] = ()) -> None:
        super().__init__()
        self._widths = tuple(width * mm for width in widths)
        self._edges = tuple(sum(self._widths[:number]) for number in range(len(self._widths) + 1))
        self._head = [self._laid_out(row) for row in head]
        self._source: Iterator[Row] = iter(rows)
        self._ahead: deque[_Laid] = deque()
        self._look: Look | None = None
        self.width = self._edges[-1]
        self.height = 0.0

    def _laid_out(self, row: Row) -> _Laid:
        starts = row.starts or tuple(range(len(row.cells)))
        ends = (*starts[1:], len(self._widths) if row.starts else len(row.cells))
        places = tuple(
            (self._edges[start], self._edges[end] - self._edges[start]) for start, end in zip(starts, ends, strict=True)
        )
        lines = []
        for item, (_left, width) in zip(row.cells, places, strict=True):
            room = width - _LEFT - _RIGHT - (2 * _FRAME if item.frame is not None else 0.0)
            room -= _SIGN + 1 * mm if item.sign is not None else 0.0
            lines.append([(line, words.look) for words in item.words for line in wrapped(words.text, words.look, room)])
        return _Laid(row, places, tuple(lines))

    def wrap(self, _width: float, height: float) -> tuple[float, float]:
        """Give the size; rows are laid out only until they fill the height that there is."""
        total = sum(laid.height for laid in self._head) + sum(laid.height for laid in self._ahead)
        while total <= height:
            row = next(self._source, None)
            if row is None:
                break
            laid = self._laid_out(row)
            self._ahead.append(laid)
            total += laid.height
        self.height = total
        return self.width, total

    def split(self, _width: float, height: float) -> "list[Rows]":
        """Give what fits into the height and then the rest, each with its head; nothing where nothing fits."""
        room = height - sum(laid.height for laid in self._head)
        taken: list[_Laid] = []
        while self._ahead and self._ahead[0].height <= room:
            room -= self._ahead[0].height
            taken.append(self._ahead.popleft())
        if self._ahead and self._ahead[0].height > TALL and (parts := self._ahead[0].cut(room)):
            taken.append(parts[0])
            self._ahead[0] = parts[1]
        else:
            kept = len(taken)
            while kept and taken[kept - 1].row.keep:
                kept -= 1
            if kept or height < FRESH:
                self._ahead.extendleft(reversed(taken[kept:]))
                del taken[kept:]
        if not taken:
            return []
        return [self._part(taken, iter(())), self._part(self._ahead, self._source)]

    def _part(self, ahead: Iterable[_Laid], source: Iterator[Row]) -> "Rows":
        """Give a part of this table: ReportLab remembers of each object whether it was moved to another page."""
        part = copy(self)
        part.__dict__.pop("_postponed", None)
        part._ahead, part._source = deque(ahead), source
        return part

    def texts(self) -> list[str]:
        """Give the lines that are laid out, as they will be drawn."""
        return [line for laid in (*self._head, *self._ahead) for lines in laid.lines for line, _look in lines]

    def draw(self) -> None:
        """Draw grounds and rules first, then every word in one text object, then shapes and what is struck out."""
        y = self.height
        rows: list[tuple[_Laid, float]] = []
        for laid in (*self._head, *self._ahead):
            y -= laid.height
            rows.append((laid, y))
        for laid, bottom in rows:
            self._draw_ground(laid, bottom)
        self._draw_rules(rows)
        text = self.canv.beginText()
        after: list[Callable[[], None]] = []
        self._look = None
        for laid, bottom in rows:
            self._write(laid, bottom, text, after)
        self.canv.drawText(text)
        for draw in after:
            draw()

    def _write(self, laid: _Laid, bottom: float, text: _Text, after: list[Callable[[], None]]) -> None:
        """Add a row's words to the text, and what is drawn over them to what comes after."""
        top = bottom + laid.height - _ABOVE
        for item, (left, _width), lines in zip(laid.row.cells, laid.places, laid.lines, strict=True):
            inset = _FRAME if item.frame is not None else 0.0
            x, line_top = left + _LEFT + inset, top - inset
            if item.sign is not None and lines:
                after.append(self._stamp(item.sign, x, line_top - lines[0][1].leading))
                x += _SIGN + 1 * mm
            for words, look in lines:
                line_top -= look.leading
                base = line_top + 0.26 * look.leading
                if look is not self._look:
                    self._turn(text, look)
                text.setTextOrigin(x, base)
                text.textLine(words)
                if look.struck and words:
                    after.append(self._strike(words, look, x, base))

    def _turn(self, text: _Text, look: Look) -> None:
        text.setFont(look.face, look.size, look.leading)
        if self._look is None or self._look.colour is not look.colour:
            text.setFillColor(look.colour)
        self._look = look

    def _stamp(self, sign: Sign, x: float, y: float) -> Callable[[], None]:
        return lambda: signs.stamp(self.canv, sign, x, y + 0.8, _SIGN)

    def _strike(self, words: str, look: Look, x: float, base: float) -> Callable[[], None]:
        def draw() -> None:
            self.canv.setStrokeColor(look.colour)
            self.canv.setLineWidth(0.6)
            height = base + 0.3 * look.size
            self.canv.line(x, height, x + width_of(words, look.face, look.size), height)

        return draw

    def _draw_ground(self, laid: _Laid, bottom: float) -> None:
        canvas = self.canv
        first = laid.places[0][0]
        if laid.row.ground is not None:
            canvas.setFillColor(laid.row.ground)
            canvas.rect(first, bottom, self.width - first, laid.height, stroke=0, fill=1)
        if laid.row.bar is not None:
            canvas.setFillColor(laid.row.bar)
            canvas.rect(first, bottom, 0.8 * mm, laid.height, stroke=0, fill=1)
        for item, (left, width), lines in zip(laid.row.cells, laid.places, laid.lines, strict=True):
            if item.frame is not None and lines:
                canvas.setStrokeColor(item.frame)
                canvas.setLineWidth(1.2 if item.dashed else 0.7)
                canvas.setDash(*((3.2, 2) if item.dashed else ()))
                low = bottom + _BELOW
                canvas.rect(left + 0.4 * mm, low, width - 2 * mm, laid.height - _ABOVE - _BELOW, stroke=1, fill=0)
                canvas.setDash()

    def _draw_rules(self, rows: Sequence[tuple[_Laid, float]]) -> None:
        canvas = self.canv
        heads = len(self._head)
        if heads:
            canvas.setStrokeColor(INK)
            canvas.setLineWidth(0.8)
            canvas.line(0, self.height, self.width, self.height)
            canvas.line(0, rows[heads - 1][1], self.width, rows[heads - 1][1])
        ruled = [bottom for laid, bottom in rows[heads:] if laid.row.ruled]
        if ruled:
            canvas.setStrokeColor(RULE)
            canvas.setLineWidth(0.4)
            canvas.lines([(0, bottom, self.width, bottom) for bottom in ruled])


WIDE = CONTENT / mm
