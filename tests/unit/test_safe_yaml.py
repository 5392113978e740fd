"""The YAML that is read here says what it shows, or is refused with the line."""

from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ledger.safe_yaml import DEEPEST_LEVEL, LARGEST_BYTES, UnsafeYamlError, read

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)
keys = texts.filter(lambda key: key != "<<")
documents = st.recursive(
    texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(texts.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=15,
)


@pytest.mark.parametrize(
    "scalar", ["yes", "no", "null", "~", "1.50", "0x1F", "1_000", "1e3", "2026-11-14", "NaN", "true", "0.10"]
)
def test_every_scalar_is_text_as_written(scalar: str) -> None:
    assert read(f"value: {scalar}") == {"value": scalar}


def test_an_empty_scalar_is_empty_text() -> None:
    assert read("value:") == {"value": ""}


def test_lists_maps_and_folded_text_are_read() -> None:
    source = "stages:\n  - code: receipt\n    words: >-\n      one\n      line\n  - [a, b]\n"

    assert read(source) == {"stages": [{"code": "receipt", "words": "one line"}, ["a", "b"]]}


@pytest.mark.parametrize(
    ("source", "line", "why"),
    [
        ("code: a\ntitle: b\ncode: c\n", 3, "the key code stands twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, "the key b stands twice"),
        ("a: 1\n'a': 2\n", 2, "the key a stands twice"),
        ("a: &x 1\nb: 2\n", 1, "anchors"),
        ("a: &x [1]\n", 1, "anchors"),
        ("a: b\nc: *a\n", 2, "aliases"),
        ("a:\n  <<: {b: 1}\n", 2, "merges"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, "tags"),
        ("a: !!str 1\n", 1, "tags"),
        ("! a\n", 1, "tags"),
        ("%TAG ! tag:example.com,2026:\n---\na: 1\n", 1, "tags"),
        ("? [a, b]\n: c\n", 1, "a key must be text"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("a: 1\n  b: 2\n", 2, "mapping values are not allowed"),
        ("a: 1\nb: [1, 2\n", 3, ""),
        ("a: 1\nb: @\n", 2, ""),
    ],
)
def test_what_could_say_more_than_it_shows_is_refused_with_its_line(source: str, line: int, why: str) -> None:
    with pytest.raises(UnsafeYamlError, match=rf"^Line {line}: .*{why}"):
        read(source)


@pytest.mark.parametrize("source", ["", "# only a comment\n", b""])
def test_an_empty_file_is_refused(source: str | bytes) -> None:
    with pytest.raises(UnsafeYamlError, match="empty"):
        read(source)


def test_a_file_that_is_not_utf8_is_refused_with_its_line() -> None:
    with pytest.raises(UnsafeYamlError, match=r"^Line 2: the file is not UTF-8"):
        read(b"a: 1\nb: \xff\n")


def test_control_characters_are_refused() -> None:
    with pytest.raises(UnsafeYamlError):
        read("a: \x00\n")


def test_the_largest_file_is_read_and_one_byte_more_is_refused() -> None:
    largest = b"a: " + b"x" * (LARGEST_BYTES - 3)

    assert read(largest) == {"a": "x" * (LARGEST_BYTES - 3)}
    with pytest.raises(UnsafeYamlError, match="at most 1,048,576"):
        read(largest + b"x")
    with pytest.raises(UnsafeYamlError, match="at most 1,048,576"):
        read("ä" * (LARGEST_BYTES // 2 + 1))


def test_the_deepest_level_is_read_and_one_more_is_refused() -> None:
    deepest = "[" * (DEEPEST_LEVEL - 1) + "a" + "]" * (DEEPEST_LEVEL - 1)

    assert read(deepest)
    with pytest.raises(UnsafeYamlError, match="levels"):
        read(f"[{deepest}]")


@given(documents)
def test_whatever_is_written_in_quotes_reads_back_the_same(document: object) -> None:
    assert read(yaml.safe_dump(document, default_style='"', allow_unicode=True)) == document


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(source: bytes) -> None:
    # Anything but the error that names a line would escape from here.
    with suppress(UnsafeYamlError):
        read(source)
