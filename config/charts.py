"""Control charts as inline SVG: one image with a sentence, drawn by attributes and classes alone.

(1) The Content-Security-Policy allows no inline style, so places are attributes and colours are classes.
(2) The image is never shrunk: its words would become too small to read. Its box scrolls instead.
(3) Everything that comes from a record is escaped.
"""

from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.statuses import status_called
from config import drawings
from qc.trends.charting import Area, Chart, Dot, Item, LaidOut, Look, Shape, Stroke, Words, laid_out
from qc.trends.control_rules import Bound

WIDTH, HEIGHT = 800, 380
_RADIUS = Decimal(4)
_SHAPE = 17


def chart_svg(chart: Chart, *, width: int = WIDTH, height: int = HEIGHT) -> SafeString:
    """Give a chart as inline SVG."""
    return drawing_svg(laid_out(chart, width=width, height=height))


def drawing_svg(drawn: LaidOut, *, is_small: bool = False) -> SafeString:
    """Give what is laid out as inline SVG; a small one is made for its column and fits it."""
    return format_html(
        '<svg class="chart{}" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>',
        " chart--small" if is_small else "",
        drawn.sentence,
        drawn.width,
        drawn.height,
        drawn.width,
        drawn.height,
        format_html_join("", "{}", ((_drawn(item),) for item in drawn.items)),
    )


def _drawn(item: Item) -> SafeString:
    match item:
        case Area():
            return format_html(
                '<rect class="chart__{}" x="{}" y="{}" width="{}" height="{}"/>',
                item.look, item.x, item.y, item.width, item.height,
            )  # fmt: skip
        case Stroke():
            places = " ".join(f"{x},{y}" for x, y in item.points)
            return format_html('<polyline class="chart__line chart__line--{}" points="{}"/>', item.look, places)
        case Dot():
            return _dot(item)
        case Shape():
            status = status_called(item.status)
            x, y = item.x - Decimal(_SHAPE) / 2, item.y - Decimal(_SHAPE) / 2
            return format_html(
                '<svg class="status-mark--{}" x="{}" y="{}" width="{}" height="{}">{}</svg>',
                status.code, x, y, _SHAPE, _SHAPE, drawings.shape(status.shape, _SHAPE),
            )  # fmt: skip
        case Words():
            return format_html(
                '<text class="chart__words chart__words--{}" x="{}" y="{}" text-anchor="{}">{}</text>',
                item.look, item.x, item.y, item.anchor, item.text,
            )  # fmt: skip


def _dot(item: Dot) -> SafeString:
    if item.bound is Bound.EXACT:
        radius = _RADIUS + 1 if item.look is Look.HOLLOW else _RADIUS
        return format_html(
            '<circle class="chart__dot chart__dot--{}" cx="{}" cy="{}" r="{}"/>', item.look, item.x, item.y, radius
        )
    # An open triangle points to where the true value may lie.
    tip = item.y + (8 if item.bound is Bound.BELOW else -8)
    base = item.y + (-3 if item.bound is Bound.BELOW else 3)
    return format_html(
        '<path class="chart__dot chart__dot--bound" d="M{} {}L{} {}L{} {}z"/>',
        item.x - 5, base, item.x + 5, base, item.x, tip,
    )  # fmt: skip
