"""Rounding against limits: the compendia's own examples, and values at every edge."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.typed_numbers import THIN_SPACE
from qc.values.criteria import AtLeast, AtMost, Numeric, Verdict
from qc.values.quantities import Quantity
from qc.values.rounding import Limit, LimitError, Rounding, Side

VECTORS = Path(__file__).parent.parent / "vectors" / "usp_rounding.csv"
with VECTORS.open(encoding="utf-8", newline="") as file:
    PUBLISHED = [tuple(row.values())[:6] for row in csv.DictReader(file)]

values = st.decimals(min_value=-1000, max_value=1000, places=5)


@pytest.mark.parametrize(("kind", "limit", "unit", "unrounded", "reported", "meets"), PUBLISHED)
def test_the_examples_of_usp_come_out_as_printed(
    kind: str, limit: str, unit: str, unrounded: str, reported: str, meets: str
) -> None:
    criterion = {"at_least": AtLeast, "at_most": AtMost}[kind](Limit(limit, unit), Rounding.USP)

    judged = criterion.verdict(Numeric(Quantity(Decimal(unrounded), unit)))

    assert judged.verdict is (Verdict.MEETS if meets == "yes" else Verdict.FAILS)
    assert judged.reported == f"{reported}{THIN_SPACE}{unit}"
    assert judged.unrounded == f"{unrounded}{THIN_SPACE}{unit}"


@pytest.mark.parametrize(
    ("rounding", "value", "limit", "rounded"),
    [
        (Rounding.PH_EUR, "98.28568", Limit("100.0", "%"), "98.29"),
        (Rounding.USP, "98.28568", Limit("100.0", "%"), "98.3"),
        (Rounding.NONE, "98.28568", Limit("100.0", "%"), "98.28568"),
        (Rounding.USP, "549999", Limit("0.5", "cells/kg", 6), "500000"),
        (Rounding.USP, "550000", Limit("0.5", "cells/kg", 6), "600000"),
        (Rounding.USP, "79.5", Limit("80", "%"), "80"),
        (Rounding.USP, "79.4", Limit("80", "%"), "79"),
        (Rounding.USP, "90.4", Limit("90", "%"), "90"),
        (Rounding.USP, "1.5", Limit("2", "%"), "2"),
        (Rounding.USP, "2.5", Limit("2", "%"), "3"),
        (Rounding.USP, "-2.5", Limit("2", "%"), "-3"),
        (Rounding.USP, "0.0249999999999999999999999", Limit("0.02", "%"), "0.02"),
        (Rounding.PH_EUR, "9.996", Limit("1.60", "x"), "10.0"),
        (Rounding.PH_EUR, "0.0123456", Limit("0.50", "x"), "0.012"),
        (Rounding.PH_EUR, "104.5", Limit("100", "x", 0, 3), "105"),
        (Rounding.PH_EUR, "104.5", Limit("100", "x", 0, 1), "100"),
        (Rounding.PH_EUR, "0", Limit("0.5", "x"), "0"),
    ],
)
def test_a_value_is_rounded_at_the_scale_of_its_limit(
    rounding: Rounding, value: str, limit: Limit, rounded: str
) -> None:
    assert rounding.at_limit(Decimal(value), limit) == Decimal(rounded)


def test_a_limit_knows_its_parts() -> None:
    limit = Limit("0.50", "cells/kg", 6)

    assert (limit.mantissa, limit.decimals, limit.figures, limit.value) == (Decimal("0.50"), 2, 2, Decimal(500_000))
    assert limit.words == f"0.50×10⁶{THIN_SPACE}cells/kg"


@pytest.mark.parametrize(
    ("text", "figures"),
    [("98.0", 3), ("0.02", 1), ("100.0", 4), ("5", 1), ("105", 3), ("0.050", 2), ("-1.5", 2)],
)
def test_significant_figures_are_read_where_they_can_be(text: str, figures: int) -> None:
    assert Limit(text, "x").figures == figures


@pytest.mark.parametrize("text", ["100", "10", "80", "1500", "0", "0.0"])
def test_significant_figures_are_never_guessed(text: str) -> None:
    limit = Limit(text, "x")

    with pytest.raises(LimitError):
        _ = limit.figures
    with pytest.raises(LimitError):
        Rounding.PH_EUR.at_limit(Decimal("1.23"), limit)


@pytest.mark.parametrize(("text", "stated"), [("100", 1), ("100", 2), ("100", 3), ("98.0", 3)])
def test_significant_figures_may_be_stated(text: str, stated: int) -> None:
    assert Limit(text, "x", 0, stated).figures == stated


@pytest.mark.parametrize(("text", "stated"), [("100", 4), ("98.0", 2), ("105", 2), ("0.5", 2), ("100", 0)])
def test_significant_figures_that_contradict_the_limit_are_refused(text: str, stated: int) -> None:
    with pytest.raises(LimitError):
        Limit(text, "x", 0, stated)


@pytest.mark.parametrize("text", ["", "abc", "1e6", "1,5", "NaN", "½", "1_000", "-0"])
def test_a_limit_is_a_plain_number(text: str) -> None:
    with pytest.raises(LimitError):
        Limit(text, "x")


def test_a_power_of_ten_has_bounds() -> None:
    with pytest.raises(LimitError):
        Limit("1", "x", 31)


@given(values, st.integers(0, 4))
def test_usp_rounding_moves_a_value_by_half_its_last_place_at_most(value: Decimal, decimals: int) -> None:
    limit = Limit(f"{Decimal(1):.{decimals}f}", "x")

    assert abs(Rounding.USP.at_limit(value, limit) - value) * 2 <= Decimal(1).scaleb(-decimals)


@given(st.sampled_from([Rounding.USP, Rounding.PH_EUR]), values, values)
def test_rounding_never_changes_the_order_of_two_values(rounding: Rounding, one: Decimal, other: Decimal) -> None:
    low, high = sorted((one, other))
    limit = Limit("1.5", "x")

    assert rounding.at_limit(low, limit) <= rounding.at_limit(high, limit)


@given(st.sampled_from([Rounding.USP, Rounding.PH_EUR]), values, st.sampled_from([Side.BELOW, Side.ABOVE]))
def test_values_just_beside_round_as_a_value_very_near_does(rounding: Rounding, value: Decimal, side: Side) -> None:
    limit = Limit("1.5", "x")
    near = value + side.value * Decimal("1E-30")

    assert rounding.beside(value, limit, side) == (rounding.at_limit(near, limit), 0) or value == 0
