"""Whatever is typed reaches the paper as it was typed, and nothing of it stays unseen."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.escape import LONGEST_TEXT, TextTooLong, escaped, one_line, visible
from reports.typefaces import FACES, FOLDER, covered


@pytest.mark.parametrize(
    ("typed", "markup"),
    [
        ("CD3 <5% & >95%", "CD3 &lt;5% &amp; &gt;95%"),
        ("&lt;", "&amp;lt;"),
        ("<!-- -->", "&lt;!-- --&gt;"),
        ("one\ntwo\r\nthree\rfour", "one<br/>two<br/>three<br/>four"),
        ("a  b", "a\u00a0 b"),
        ("", ""),
    ],
)
def test_markup_becomes_text(typed: str, markup: str) -> None:
    assert escaped(typed) == markup


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\u202e", "[U+202E]"),  # turns the writing direction
        ("\u2066", "[U+2066]"),
        ("\u200b", "[U+200B]"),  # has no width
        ("\u00ad", "[U+00AD]"),  # shows at a line's end alone
        ("\ufeff", "[U+FEFF]"),
        ("\x00", "[U+0000]"),
        ("\x1b", "[U+001B]"),
        ("\x85", "[U+0085]"),
        ("\u2028", "[U+2028]"),
        ("\ud800", "[U+D800]"),  # half a character
        ("\ue000", "[U+E000]"),
        ("\U0001f9ec", "[U+1F9EC]"),  # not in our faces
        ("字", "[U+5B57]"),
        ("א", "[U+05D0]"),  # runs from right to left
    ],
)
def test_what_cannot_be_seen_is_printed_as_its_number(hidden: str, shown: str) -> None:
    assert visible(f"a{hidden}b") == f"a{shown}b"


@pytest.mark.parametrize("sign", "αβγδµμΔ⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻×·≥≤±°→✓☐☑′″‰ŁłČčŻğ₂€–—…÷−‘’“”ÅßéñΩЖ\u00a0\u2009\u202f")
def test_the_signs_of_the_trade_are_in_every_face(sign: str) -> None:
    assert visible(sign) == sign


@given(st.text(max_size=200))
def test_any_text_is_well_formed_markup_of_characters_our_faces_draw(typed: str) -> None:
    root = ET.fromstring(f"<p>{escaped(typed)}</p>")  # noqa: S314  it is what we made ourselves

    assert all(child.tag == "br" and not len(child) for child in root)
    assert all(ord(sign) in covered() for sign in "".join(root.itertext()))


@given(st.text(alphabet=st.sampled_from("abc <>&;\"'%≥×⁶"), max_size=200))
def test_plain_text_reads_back_as_it_was(typed: str) -> None:
    root = ET.fromstring(f"<p>{escaped(typed)}</p>")  # noqa: S314  it is what we made ourselves

    assert "".join(root.itertext()).replace("\u00a0", " ") == typed


def test_the_longest_text_passes_and_one_more_character_does_not() -> None:
    assert len(visible("x" * LONGEST_TEXT)) == LONGEST_TEXT
    with pytest.raises(TextTooLong, match="4001 characters"):
        escaped("x" * (LONGEST_TEXT + 1))


def test_a_title_is_one_line() -> None:
    assert one_line("Certificate\n of\tanalysis ") == "Certificate of analysis"


def test_the_faces_come_with_their_licence() -> None:
    assert {path.stem for path in FOLDER.glob("*.ttf")} == set(FACES)
    assert "Bitstream Vera" in (FOLDER / "LICENSE").read_text()
