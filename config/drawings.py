"""Drawings that pages carry inline: icons of the Lucide set, the shapes of the statuses, the mark of the house.

(1) A drawing says nothing to a screen reader: the word beside it does.
(2) Colours come from the stylesheet; `drawn-on` strokes take the colour of the ground they lie on.
(3) Sizes are attributes, because the Content-Security-Policy allows no inline styles.
"""

from functools import cache

from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide

_SHAPES = {
    "circle-check": '<circle cx="12" cy="12" r="11" fill="currentColor"/>'
    '<path class="drawn-on" d="m6.8 12.4 3.5 3.5 7-7.2" stroke-width="2.6"/>',
    "octagon-cross": '<path d="M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z" fill="currentColor"/>'
    '<path class="drawn-on" d="m8 8 8 8m0-8-8 8" stroke-width="2.6"/>',
    "triangle-exclamation": '<path d="M12 2.6 22.6 21H1.4z" fill="currentColor" stroke="currentColor"'
    ' stroke-width="2" stroke-linejoin="round"/><path class="drawn-on" d="M12 9v5.4m0 3.3v.1" stroke-width="2.4"/>',
    "ring-clock": '<circle cx="12" cy="12" r="10" stroke="currentColor" stroke-width="2.2"/>'
    '<path d="M12 6.2V12l3.8 2.2" stroke="currentColor" stroke-width="2.2"/>',
    "ring-half": '<circle cx="12" cy="12" r="10" stroke="currentColor" stroke-width="2.4"/>'
    '<path d="M12 5a7 7 0 0 1 0 14z" fill="currentColor"/>',
    "square-pause": '<rect x="2" y="2" width="20" height="20" rx="3" fill="currentColor"/>'
    '<path class="drawn-on" d="M9.2 7.8v8.4m5.6-8.4v8.4" stroke-width="2.8"/>',
    "diamond-half": '<path d="M12 1.8 22.2 12 12 22.2 1.8 12z" stroke="currentColor" stroke-width="2"'
    ' stroke-linejoin="round"/><path d="M12 1.8 22.2 12 12 22.2z" fill="currentColor"/>',
    "ring-dashed": '<circle cx="12" cy="12" r="10" stroke="currentColor" stroke-width="2.2"'
    ' stroke-dasharray="4.1 3.75" stroke-linecap="butt"/>',
    "page-folded": '<path d="M14.5 1.6H6.4a2 2 0 0 0-2 2v16.8a2 2 0 0 0 2 2h11.2a2 2 0 0 0 2-2V6.7z'
    'M14.5 1.6v5.1h5.1M8.4 12.4h7.2m-7.2 4.4h7.2" stroke="currentColor" stroke-width="2" stroke-linejoin="round"/>',
}

_MARK = (
    '<circle cx="11" cy="12" r="8.2" stroke="currentColor" stroke-width="2.4"/>'
    '<circle cx="21" cy="12" r="8.2" stroke="#8CC4E8" stroke-width="2.4"/>'
)


class UnknownDrawingError(ValueError):
    """A template names a shape or an icon that does not exist."""


@cache
def icon(name: str, size: int = 20) -> SafeString:
    """Give an icon of the Lucide set as inline SVG, hidden from screen readers."""
    try:
        drawn = lucide(name, size=size, aria_hidden="true", focusable="false", **{"class": "icon"})
    except IconDoesNotExist:
        raise UnknownDrawingError(f"There is no icon called {name!r}.") from None
    return format_html("{}", drawn)


@cache
def shape(name: str, size: int = 18) -> SafeString:
    """Give the shape of a status as inline SVG, hidden from screen readers."""
    try:
        paths = _SHAPES[name]
    except KeyError:
        raise UnknownDrawingError(f"There is no shape called {name!r}.") from None
    return _drawn(paths, "0 0 24 24", size, size, "shape")


@cache
def house_mark() -> SafeString:
    """Give the mark of the house: two cells that touch."""
    return _drawn(_MARK, "0 0 32 24", 29, 22, "mark")


def _drawn(paths: str, box: str, width: int, height: int, kind: str) -> SafeString:
    # The paths are constants of this module, so they are part of the format and not of what is escaped.
    return format_html(
        '<svg class="{}" viewBox="{}" width="{}" height="{}" fill="none" stroke-linecap="round"'
        ' aria-hidden="true" focusable="false">' + paths + "</svg>",
        kind,
        box,
        width,
        height,
    )
