"""Control charts in documents: the geometry of the page's chart, drawn as vectors in the faces of the house."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportlab.graphics.shapes import Circle, Drawing, Group, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor, white

from qc.trends.charting import Area, Chart, Dot, Item, LaidOut, Look, Shape, Stroke, Words, laid_out
from qc.trends.control_rules import Bound
from reports import signs
from reports.escape import visible
from reports.snapshot import Sign
from reports.tables import CONTENT, INK, INK_2
from reports.typefaces import BOLD, SANS

WIDTH, HEIGHT = 800, 330
_RED, _BLUE, _GREY, _VIOLET = HexColor("#B0121B"), HexColor("#0B4F78"), HexColor("#7B8896"), HexColor("#652B98")
_BAND = HexColor("#EDF2F6")


@dataclass(frozen=True, slots=True)
class _Pen:
    colour: Color
    width: float
    dashes: Sequence[float] | None = None


_PENS: Mapping[Look, _Pen] = {
    Look.MEAN: _Pen(INK, 1.6),
    Look.SD_2: _Pen(_GREY, 1),
    Look.SD_3: _Pen(_GREY, 1.4, (2, 3)),
    Look.LIMIT: _Pen(_RED, 2, (8, 5)),
    Look.HOLLOW: _Pen(_RED, 1, (2, 3)),
    Look.CHANGE: _Pen(_VIOLET, 1.3, (5, 4)),
    Look.TRACE: _Pen(INK_2, 0.9),
}
_INKS: Mapping[Look, tuple[str, Color]] = {
    Look.MEAN: (BOLD, INK),
    Look.NAME: (BOLD, INK),
    Look.LIMIT: (BOLD, _RED),
    Look.HOLLOW: (BOLD, _RED),
    Look.CHANGE: (BOLD, _VIOLET),
}


def chart_drawn(chart: Chart) -> Drawing:
    """Give a chart as a drawing as wide as the text."""
    told = laid_out(chart, width=WIDTH, height=HEIGHT)
    scale = CONTENT / WIDTH
    drawing = Drawing(CONTENT, HEIGHT * scale)
    group = Group(transform=(scale, 0, 0, scale, 0, 0))
    for item in told.items:
        for part in _parts(item, told):
            group.add(part)
    drawing.add(group)
    return drawing


def _parts(item: Item, told: LaidOut) -> list[object]:
    high = told.height
    match item:
        case Area(x, y, width, height):
            return [
                Rect(float(x), high - float(y + height), float(width), float(height), fillColor=_BAND, strokeColor=None)
            ]
        case Stroke(points, look):
            flat = [value for x, y in points for value in (float(x), high - float(y))]
            pen = _PENS[look]
            return [
                PolyLine(
                    flat, strokeColor=pen.colour, strokeWidth=pen.width, strokeDashArray=pen.dashes, fillColor=None
                )
            ]
        case Dot():
            return [_dot(item, high)]
        case Shape(x, y, status):
            side = 17.0
            shape = Group(transform=(side / 20, 0, 0, side / 20, float(x) - side / 2, high - float(y) - side / 2))
            for part in signs.parts_of(Sign(status)):
                shape.add(part)
            return [shape]
        case Words(x, y, text, look, anchor):
            face, ink = _INKS.get(look, (SANS, INK_2))
            return [
                String(
                    float(x), high - float(y), visible(text),
                    fontName=face, fontSize=11, fillColor=ink, textAnchor=anchor,
                )
            ]  # fmt: skip


def _dot(item: Dot, high: int) -> object:
    x, y = float(item.x), high - float(item.y)
    if item.bound is not Bound.EXACT:
        down = item.bound is Bound.BELOW
        base, tip = (y + 3, y - 8) if down else (y - 3, y + 8)
        return Polygon([x - 5, base, x + 5, base, x, tip], fillColor=white, strokeColor=_BLUE, strokeWidth=1.6)
    if item.look is Look.HOLLOW:
        return Circle(x, y, 5, fillColor=white, strokeColor=_RED, strokeWidth=2.2)
    return Circle(x, y, 4, fillColor=_BLUE, strokeColor=None)
