"""The one door through which text reaches a page.

(1) Nothing a person typed is ever markup: what looks like a tag or an entity is printed as it was typed.
(2) Nothing is invisible: control characters, marks that turn the writing direction, and characters our faces cannot
    draw are printed as their number, for example [U+202E]. Writing that runs from right to left is among them: it
    would otherwise be printed in the wrong order.
(3) Nothing is endless: a text of more than 4,000 characters is refused, because layout time grows faster than its
    length.
"""

import unicodedata
from xml.sax.saxutils import escape

from reports.typefaces import covered

LONGEST_TEXT = 4_000

# Other, format, surrogate, private, unassigned; line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_LINE_ENDS = {"\r\n": "\n", "\r": "\n"}


class TextTooLong(ValueError):  # noqa: N818  the name says what the text is
    """A text is longer than a page can take."""


def _drawn(character: str) -> str:
    if character == "\n":
        return character
    if character == "\t":
        return "    "
    code = ord(character)
    hidden = unicodedata.category(character) in _INVISIBLE
    backwards = unicodedata.bidirectional(character) in _RIGHT_TO_LEFT
    if hidden or backwards or code not in covered():
        return f"[U+{code:04X}]"
    return character


_MOST_KEPT = 10_000


class _Drawn(dict[int, str]):
    """What is printed for each character, worked out once."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_KEPT:
            self.clear()
        self[code] = _drawn(chr(code))
        return self[code]


_DRAWN = _Drawn()


def visible(text: str) -> str:
    """Give the text as our faces can draw it, with everything they cannot draw as its number."""
    if len(text) > LONGEST_TEXT:
        raise TextTooLong(f"A text of {len(text)} characters does not fit; shorten it to {LONGEST_TEXT}.")
    return drawable(text)


def drawable(text: str) -> str:
    """Give a text of any length as our faces can draw it, for a layout whose time grows no faster than the text."""
    if text.isascii() and text.isprintable():
        return text
    for ending, plain in _LINE_ENDS.items():
        text = text.replace(ending, plain)
    return text.translate(_DRAWN)


def escaped(text: str) -> str:
    """Give the text as paragraph markup that prints it literally, line ends and runs of spaces included."""
    # A no-break space before each further space: a paragraph would fold a run of spaces into one.
    return escape(visible(text)).replace("  ", "\u00a0 ").replace("\n", "<br/>")


def one_line(text: str) -> str:
    """Give the text for a place that has a single line, such as a document's title."""
    return " ".join(visible(text).split())
