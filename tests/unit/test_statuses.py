"""Statuses are told by shape and word; their colours can be read."""

import re
from pathlib import Path

import pytest

from accounts.statuses import Status, status_called
from config import drawings

STYLESHEET = Path(__file__).parents[2] / "config" / "static" / "cellwright" / "cellwright.css"
TOKENS = dict(
    re.findall(r"^\s*--([a-z0-9-]+): (#[0-9A-Fa-f]{6});$", STYLESHEET.read_text(encoding="utf-8"), re.MULTILINE)
)
# Under `prefers-contrast: more` some tokens are set a second time; the first, weaker values are those to check.
FIRST_TOKENS = dict(
    reversed(
        re.findall(r"^\s*--([a-z0-9-]+): (#[0-9A-Fa-f]{6});$", STYLESHEET.read_text(encoding="utf-8"), re.MULTILINE)
    )
)

TEXT_ON_GROUND = [
    ("ink", "surface"),
    ("ink", "canvas"),
    ("ink", "sunken"),
    ("ink-2", "surface"),
    ("ink-2", "canvas"),
    ("ink-2", "sunken"),
    ("ink-2", "warn-soft"),
    ("ink-2", "pass-ground"),
    ("ink-3", "surface"),
    ("ink-3", "canvas"),
    ("brand", "surface"),
    ("brand", "canvas"),
    ("brand", "brand-50"),
    ("brand-dark", "brand-50"),
    ("brand-dark", "brand-100"),
    ("on-dark", "bar"),
    ("on-dark-2", "bar"),
    ("on-dark", "brand"),
    ("on-dark", "brand-dark"),
    ("on-dark", "fail"),
    ("on-dark", "fail-dark"),
    ("on-dark", "hold"),
    ("fail", "surface"),
    ("warn", "warn-soft"),
    ("pass", "surface"),
    *((status.code, f"{status.code}-ground") for status in Status),
]
# Edges of controls and the focus ring are not text: 3 to 1 is asked of them.
EDGE_ON_GROUND = [
    ("line-2", "surface"),
    ("line-2", "canvas"),
    ("focus", "surface"),
    ("focus", "canvas"),
    ("on-dark", "bar"),
]


def luminance(colour: str) -> float:
    """Relative luminance of a colour, as WCAG 2.2 defines it."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def test_contrast_is_computed_as_published() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_can_be_read_on_its_ground(text: str, ground: str) -> None:
    assert contrast(FIRST_TOKENS[text], FIRST_TOKENS[ground]) >= 4.5


@pytest.mark.parametrize(("edge", "ground"), EDGE_ON_GROUND)
def test_edges_can_be_seen_on_their_ground(edge: str, ground: str) -> None:
    assert contrast(FIRST_TOKENS[edge], FIRST_TOKENS[ground]) >= 3


@pytest.mark.parametrize("text", ["ink-2", "ink-3"])
def test_who_asks_for_more_contrast_gets_more(text: str) -> None:
    assert contrast(TOKENS[text], TOKENS["canvas"]) > contrast(FIRST_TOKENS[text], FIRST_TOKENS["canvas"])


def test_each_status_has_its_own_shape_word_and_code() -> None:
    for told_by in ("code", "shape", "word"):
        assert len({getattr(status, told_by) for status in Status}) == len(Status)


def test_the_shapes_differ_in_their_drawing_and_not_only_in_name() -> None:
    drawn = {drawings.shape(status.shape) for status in Status}

    assert len(drawn) == len(Status)
    assert all("#" not in one for one in drawn), "a shape brings no colour of its own"


def test_the_stylesheet_knows_every_status() -> None:
    css = STYLESHEET.read_text(encoding="utf-8")

    for status in Status:
        assert f".status--{status.code} {{" in css


def test_the_stylesheet_and_the_templates_ask_for_nothing_the_policy_forbids() -> None:
    for path in STYLESHEET.parents[2].rglob("*"):
        if path.suffix in {".html", ".css"}:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"""\sstyle=["']|\son[a-z]+=["']|hx-on|<script>|https?://(?!www\.w3\.org)""", text), (
                path
            )


@pytest.mark.parametrize("status", Status)
def test_a_status_is_found_by_its_code(status: Status) -> None:
    assert status_called(status.code) is status


@pytest.mark.parametrize("code", ["", "PASS", "passed", " pass"])
def test_a_code_that_is_none_is_an_error(code: str) -> None:
    with pytest.raises(ValueError, match="no status"):
        status_called(code)


def test_an_icon_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(drawings.UnknownDrawingError):
        drawings.icon("no-such-icon")


def test_drawings_are_silent_and_carry_no_styles() -> None:
    for drawing in (drawings.icon("check"), drawings.shape("ring-half"), drawings.house_mark()):
        assert 'aria-hidden="true"' in drawing
        assert "style" not in drawing
