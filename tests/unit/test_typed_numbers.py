"""Numbers as people type and read them."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.typed_numbers import (
    THIN_SPACE,
    TypedNumberError,
    read_number,
    scaled_up,
    show,
    show_count,
    to_figures,
)


@pytest.mark.parametrize(
    "typed",
    [
        "0",
        "1",
        "1.15",
        "1.150",
        "-3.5",
        "0.000001",
        "999999999999",
        "999999999999.999999",
        "1.234",
        "-0.5",
        "007",
    ],
)
def test_a_plain_number_is_kept_digit_by_digit(typed: str) -> None:
    number = read_number(typed, comma_allowed=False)

    assert number == Decimal(typed)
    assert number.as_tuple() == Decimal(typed).as_tuple()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("1,5", "1.5"), ("1,50", "1.50"), ("-0,1", "-0.1"), ("1234,5678", "1234.5678"), ("0,0500", "0.0500")],
)
def test_a_comma_that_cannot_group_is_a_point_where_it_is_allowed(typed: str, meant: str) -> None:
    assert str(read_number(typed, comma_allowed=True)) == meant
    with pytest.raises(TypedNumberError, match="decimal point"):
        read_number(typed, comma_allowed=False)


@pytest.mark.parametrize("typed", ["1,234", "12,345", "0,500", "-1,234", "1234,567"])
def test_a_comma_before_exactly_three_digits_is_never_guessed(typed: str) -> None:
    with pytest.raises(TypedNumberError, match="two numbers"):
        read_number(typed, comma_allowed=True)
    with pytest.raises(TypedNumberError):
        read_number(typed, comma_allowed=False)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "NaN", "nan", "sNaN", "Infinity", "-inf", "inf", "1e400", "1E5", "1.5e-3", "1.234,5", "1,234.5",
     "1,234,567", "1.234.567", "1_000", "1 000", "1\u00a0000", "1\u2009000", "1\u202f000", "1'000",
     "\uff11\uff12", "\u0661\u0662", "1\u0662", "\u00b2", "-0", "-0.0", "-0.000", "+1", "+0", "--1", "0x1F",
     "1.", ".5", ",5", "1,", "-", ".", "1 ", " 1", "1\n", "\t1", "true", "True", "1/2", "½", "5%", "\u22121",
     "1000000000000", "0.0000001", "9" * 5000, "1\x00"],
)  # fmt: skip
@pytest.mark.parametrize("comma_allowed", [True, False])
def test_anything_else_is_refused_with_a_sentence(typed: str, comma_allowed: bool) -> None:
    with pytest.raises(TypedNumberError) as refused:
        read_number(typed, comma_allowed=comma_allowed, name="Viable cell count")

    assert str(refused.value).endswith(".")
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("sent", [True, False, 1, 1.5, None, Decimal("1"), ["1"], {"value": "1"}, b"1"])
def test_only_text_is_a_typed_number(sent: object) -> None:
    with pytest.raises(TypedNumberError, match="sent as text"):
        read_number(sent, comma_allowed=True)


@pytest.mark.parametrize(
    ("typed", "decimals", "sentence"),
    [
        ("1.5", 0, "Viable cell count must be a whole number, like 115."),
        ("1.25", 1, "Viable cell count can have at most 1 decimal place, like 1.5."),
        ("1.255", 2, "Viable cell count can have at most 2 decimal places, like 1.15."),
        ("abc", None, "Viable cell count must be a number, like 1.15."),
        ("1e5", None, "Viable cell count must be typed without an exponent, like 1.15."),
        ("1_000", None, "Viable cell count must be typed without separators between digits, like 1234.5."),
        ("-0", None, "Viable cell count can't be minus zero. Type 0."),
    ],
)
def test_the_sentence_says_what_to_type(typed: str, decimals: int | None, sentence: str) -> None:
    with pytest.raises(TypedNumberError) as refused:
        read_number(typed, comma_allowed=True, decimals=decimals, name="Viable cell count")

    assert str(refused.value) == sentence


def test_the_field_decides_how_many_decimals_it_takes_but_never_more_than_six() -> None:
    assert read_number("1.25", comma_allowed=False, decimals=2) == Decimal("1.25")
    with pytest.raises(TypedNumberError):
        read_number("1.1234567", comma_allowed=False, decimals=9)


@given(st.decimals(min_value=-999_999_999_999, max_value=999_999_999_999, places=6).filter(lambda n: n != 0))
def test_every_number_of_the_size_allowed_can_be_typed(number: Decimal) -> None:
    assert read_number(f"{number:f}", comma_allowed=False) == number


@given(st.text(max_size=12))
def test_no_text_is_read_as_anything_but_its_own_number(typed: str) -> None:
    try:
        number = read_number(typed, comma_allowed=False)
    except TypedNumberError:
        return
    assert set(typed) <= set("-.0123456789")
    assert number == Decimal(typed)


@pytest.mark.parametrize(
    ("value", "options", "shown"),
    [
        ("1.50", {}, "1.50"),
        ("97.9", {"unit": "%"}, f"97.9{THIN_SPACE}%"),
        ("1150000", {"exponent": 6}, "1.150000×10⁶"),
        ("1.15E6", {"exponent": 6, "unit": "cells/mL"}, f"1.15×10⁶{THIN_SPACE}cells/mL"),
        ("1495000000", {"exponent": 9, "figures": 3, "unit": "cells"}, f"1.50×10⁹{THIN_SPACE}cells"),
        ("1495000000", {"exponent": 6, "figures": 4}, "1495×10⁶"),
        ("0.00012", {"exponent": -4}, "1.2×10⁻⁴"),
        ("21357142.857142857", {"exponent": 7, "figures": 3}, "2.14×10⁷"),
        ("2.0455", {"figures": 3}, "2.05"),
        ("5", {"exponent": 0}, "5"),
    ],
)
def test_a_value_is_shown_at_the_scale_asked_for(value: str, options: dict[str, Any], shown: str) -> None:
    assert show(Decimal(value), **options) == shown


@pytest.mark.parametrize(
    ("value", "figures", "shown"),
    [
        ("1800000000", 3, "1.80×10⁹"),
        ("1495000000", 4, "1.495×10⁹"),
        ("9996", 3, "1.00×10⁴"),
        ("9994", 3, "9.99×10³"),
        ("5", 3, "5.00"),
        ("0", 3, "0"),
        ("0.00095", 1, "1×10⁻³"),
    ],
)
def test_a_count_is_shown_with_one_digit_before_the_point(value: str, figures: int, shown: str) -> None:
    assert show_count(Decimal(value), figures=figures) == shown


@given(st.decimals(min_value="0.000001", max_value=999_999_999_999), st.integers(1, 8))
def test_rounding_to_figures_moves_a_value_by_half_its_last_place_at_most(value: Decimal, figures: int) -> None:
    rounded = to_figures(value, figures)

    assert len(rounded.as_tuple().digits) == figures
    assert abs(rounded - value) * 2 <= Decimal(1).scaleb(rounded.adjusted() - figures + 1)


def test_a_value_with_no_figures_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="At least one"):
        to_figures(Decimal(1), 0)


def test_a_value_typed_at_a_scale_is_the_number_itself() -> None:
    assert scaled_up(Decimal("1.15"), 6) == 1_150_000
