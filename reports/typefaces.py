"""The typefaces of every document; they are embedded whole or as subsets, and no other face is ever used.

Importing this module registers them and makes them ReportLab's own defaults: without that, ReportLab falls back on
Helvetica, which is not embedded, and the file is no PDF/A.
"""

from functools import cache
from pathlib import Path

from reportlab import rl_config
from reportlab.graphics import shapes
from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

SANS = "DejaVuSans"
BOLD = "DejaVuSans-Bold"
OBLIQUE = "DejaVuSans-Oblique"
MONO = "DejaVuSansMono"
# Its zero is dotted and its I, l and 1 differ, so identifiers are printed in it.
MONO_BOLD = "DejaVuSansMono-Bold"

FACES = (SANS, BOLD, OBLIQUE, MONO, MONO_BOLD)
FOLDER = Path(__file__).parent / "fonts"


def _with_true_widths(font: TTFont) -> TTFont:
    """Give the font with each advance width in the font's own units.

    A monospaced face states one width for a long run of glyphs. ReportLab 5.1 scales that width to thousandths before
    it repeats it, and writes the scaled figure into the embedded subset, which PDF/A rightly refuses.
    """
    last: int | None = None
    for glyph, (width, bearing) in enumerate(font.face.hmetrics):
        if isinstance(width, int):
            last = width
        elif last is not None:
            font.face.hmetrics[glyph] = (last, bearing)
    return font


def _register() -> None:
    for face in FACES:
        pdfmetrics.registerFont(_with_true_widths(TTFont(face, str(FOLDER / f"{face}.ttf"))))
    for regular, bold, oblique in ((SANS, BOLD, OBLIQUE), (MONO, MONO_BOLD, MONO)):
        addMapping(regular, 0, 0, regular)
        addMapping(regular, 1, 0, bold)
        addMapping(regular, 0, 1, oblique)
        addMapping(regular, 1, 1, bold)
    rl_config.canvas_basefontname = SANS
    rl_config.defaultGraphicsFontName = SANS
    shapes.STATE_DEFAULTS["fontName"] = SANS
    # Compressed streams stay as they are; written as letters they are a quarter longer and take their time.
    rl_config.useA85 = 0
    # No text may make ReportLab open a file or a connection; the escaping is the first wall, this is the second.
    rl_config.trustedSchemes = []
    rl_config.trustedHosts = None


_register()


@cache
def covered() -> frozenset[int]:
    """Give the code points that every one of our faces can draw."""
    return frozenset.intersection(
        *(frozenset(pdfmetrics.getFont(face).face.charToGlyph) for face in FACES),
    )


def width_of(text: str, face: str, size: float) -> float:
    """Give the width of a text in points."""
    return float(pdfmetrics.stringWidth(text, face, size))
