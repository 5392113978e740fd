"""The shapes that stand beside status words, drawn so that grey paper tells them apart.

Pass is a filled circle with a check, fail a filled octagon with a cross, wait a ring with clock hands, warn a triangle
with a stroke and a dot, conditional a half-filled diamond, none a dashed ring.
"""

from collections.abc import Callable, Mapping, Sequence
from math import cos, pi, sin

from reportlab.graphics import renderPDF
from reportlab.graphics.shapes import Circle, Drawing, Line, Path, Polygon, PolyLine, Rect
from reportlab.lib.colors import HexColor, white
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from reports.snapshot import Sign

COLOURS: Mapping[Sign, str] = {
    Sign.PASS: "#0A6638",
    Sign.FAIL: "#B0121B",
    Sign.WARN: "#854700",
    Sign.WAIT: "#1D4F91",
    Sign.CONDITIONAL: "#854700",
    Sign.NONE: "#4A5866",
}
# What lies behind a result line; a conforming line is quiet.
GROUNDS: Mapping[Sign, str] = {Sign.FAIL: "#FCE7E7", Sign.WARN: "#FFF0D4", Sign.WAIT: "#EEF3F9"}

# Each shape is drawn in a square of 20 by 20 and scaled.
_SIDE = 20.0


def _points(*pairs: tuple[float, float]) -> list[float]:
    return [value for pair in pairs for value in pair]


def _stroke(colour: object, width: float, *pairs: tuple[float, float]) -> object:
    return PolyLine(_points(*pairs), strokeColor=colour, strokeWidth=width, strokeLineCap=1, strokeLineJoin=1)


def _ring(colour: object, dash: Sequence[float] | None = None) -> object:
    return Circle(10, 10, 8, fillColor=white, strokeColor=colour, strokeWidth=2.2, strokeDashArray=dash)


def _pass(colour: object) -> list[object]:
    disc = Circle(10, 10, 9.4, fillColor=colour, strokeColor=None)
    return [disc, _stroke(white, 2.4, (5.6, 10.2), (8.8, 7), (14.6, 13.2))]


def _fail(colour: object) -> list[object]:
    corners = [(10 + 9.8 * cos(pi / 8 + n * pi / 4), 10 + 9.8 * sin(pi / 8 + n * pi / 4)) for n in range(8)]
    octagon = Polygon(_points(*corners), fillColor=colour, strokeColor=None)
    return [
        octagon,
        _stroke(white, 2.4, (6.4, 6.4), (13.6, 13.6)),
        _stroke(white, 2.4, (6.4, 13.6), (13.6, 6.4)),
    ]


def _wait(colour: object) -> list[object]:
    return [_ring(colour), _stroke(colour, 2, (10, 15), (10, 10), (13.4, 8))]


def _warn(colour: object) -> list[object]:
    triangle = Polygon(_points((1, 2), (19, 2), (10, 18.4)), fillColor=white, strokeColor=colour, strokeWidth=2)
    return [
        triangle,
        Line(10, 7.4, 10, 12.6, strokeColor=colour, strokeWidth=2),
        Circle(10, 4.9, 1.1, fillColor=colour),
    ]


def _conditional(colour: object) -> list[object]:
    diamond = Polygon(
        _points((1, 10), (10, 19), (19, 10), (10, 1)), fillColor=white, strokeColor=colour, strokeWidth=1.8
    )
    half = Polygon(_points((10, 19), (19, 10), (10, 1)), fillColor=colour, strokeColor=None)
    return [diamond, half]


def _none(colour: object) -> list[object]:
    return [_ring(colour, (3.2, 2.4))]


_DRAWN: Mapping[Sign, Callable[[object], list[object]]] = {
    Sign.PASS: _pass,
    Sign.FAIL: _fail,
    Sign.WARN: _warn,
    Sign.WAIT: _wait,
    Sign.CONDITIONAL: _conditional,
    Sign.NONE: _none,
}


def parts_of(sign: Sign) -> list[object]:
    """Give the parts of a shape in a square of 20 by 20."""
    return _DRAWN[sign](HexColor(COLOURS[sign]))


def drawn(sign: Sign, side_mm: float = 3.0) -> Drawing:
    """Give the shape as a drawing of the given side."""
    drawing = Drawing(side_mm * mm, side_mm * mm)
    for part in parts_of(sign):
        drawing.add(part)
    drawing.scale(side_mm * mm / _SIDE, side_mm * mm / _SIDE)
    return drawing


def stamp(canvas: Canvas, sign: Sign, x: float, y: float, side: float) -> None:
    """Draw the shape of the given side, in points, at a place; it is in the file once, however often it is drawn."""
    name = f"sign-{sign.value}"
    if not canvas.hasForm(name):
        canvas.beginForm(name, 0, 0, _SIDE, _SIDE)
        drawing = Drawing(_SIDE, _SIDE)
        for part in parts_of(sign):
            drawing.add(part)
        renderPDF.draw(drawing, canvas, 0, 0)
        canvas.endForm()
    canvas.saveState()
    canvas.transform(side / _SIDE, 0, 0, side / _SIDE, x, y)
    canvas.doForm(name)
    canvas.restoreState()


def modules_drawn(dark: Sequence[Sequence[bool]], side_mm: float) -> Drawing:
    """Give a two-dimensional code as one vector path, its first row on top."""
    module = side_mm * mm / len(dark)
    path = Path(fillColor=HexColor("#000000"), strokeColor=None, strokeWidth=0)
    for row, cells in enumerate(dark):
        top = side_mm * mm - row * module
        start: int | None = None
        for column, cell in enumerate([*cells, False]):
            if cell and start is None:
                start = column
            if not cell and start is not None:
                left, right = start * module, column * module
                path.moveTo(left, top)
                path.lineTo(right, top)
                path.lineTo(right, top - module)
                path.lineTo(left, top - module)
                path.closePath()
                start = None
    drawing = Drawing(side_mm * mm, side_mm * mm)
    # White ground with a quiet zone: what lies across the page must not lie in the code.
    quiet = 4 * module
    ground = side_mm * mm + 2 * quiet
    drawing.add(Rect(-quiet, -quiet, ground, ground, fillColor=white, strokeColor=None))
    drawing.add(path)
    return drawing
