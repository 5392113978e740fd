"""Values with units, and values that are only known as a bound."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.formulas import FORMULAS, Formula, NotCalculable
from ledger.typed_numbers import THIN_SPACE, TypedNumberError
from qc.values.quantities import (
    CENSORED,
    Comparator,
    Quantity,
    UnitMismatchError,
    calculate,
    divided_by,
    read_quantity,
    times,
)

amounts = st.decimals(min_value="0.001", max_value=99, places=3)


def q(text: str, unit: str) -> Quantity:
    return read_quantity(text, unit)


@pytest.mark.parametrize(
    ("typed", "comparator", "value"),
    [
        ("0.5", Comparator.EQUAL, "0.5"),
        ("<0.3", Comparator.LESS, "0.3"),
        ("< 0.05", Comparator.LESS, "0.05"),
        ("≤0.5", Comparator.AT_MOST, "0.5"),
        ("<= 0.5", Comparator.AT_MOST, "0.5"),
        (">5", Comparator.MORE, "5"),
        ("≥ 5.0", Comparator.AT_LEAST, "5.0"),
        (">=5", Comparator.AT_LEAST, "5"),
    ],
)
def test_a_value_is_read_with_its_sign(typed: str, comparator: Comparator, value: str) -> None:
    assert read_quantity(typed, "EU/mL") == Quantity(Decimal(value), "EU/mL", comparator)


@pytest.mark.parametrize(
    "typed", ["", "<", "nd", "na", "< <1", "<>1", "=1", "=<1", "~1", "1<", " <1", "<NaN", "<1e5", "≪1"]
)
def test_what_is_no_value_is_refused(typed: str) -> None:
    with pytest.raises(TypedNumberError):
        read_quantity(typed, "EU/mL")


def test_only_text_is_read() -> None:
    with pytest.raises(TypedNumberError):
        read_quantity(True, "EU/mL")


def test_a_value_typed_at_the_scale_of_its_field_is_stored_as_the_number_itself() -> None:
    assert read_quantity("1,15", "cells/mL", exponent=6, comma_allowed=True) == q("1150000", "cells/mL")


def test_a_bound_shows_its_sign() -> None:
    assert q("<=0.5", "EU/mL").show() == f"≤ 0.5{THIN_SPACE}EU/mL"
    assert q("0.50", "EU/mL").show() == f"0.50{THIN_SPACE}EU/mL"


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), 1.0, 1, "1"])
def test_a_quantity_holds_a_finite_decimal(value: Any) -> None:
    with pytest.raises(ValueError, match="finite Decimal"):
        Quantity(value, "mL")


def endotoxin_per_kg(endotoxin: str, volume: str, weight: str) -> Quantity | NotCalculable:
    return calculate(
        FORMULAS["endotoxin_per_kg", 1],
        {
            "endotoxin_eu_per_ml": q(endotoxin, "EU/mL"),
            "infused_volume_ml": q(volume, "mL"),
            "weight_kg": q(weight, "kg"),
        },
    )


@pytest.mark.parametrize(
    ("endotoxin", "expected"),
    [("<5.0", "<6.25"), ("<0.05", "<0.0625"), ("≤0.5", "≤0.625"), (">5.0", ">6.25"), ("5.0", "6.25")],
)
def test_a_bound_is_carried_through_a_formula_that_rises_with_it(endotoxin: str, expected: str) -> None:
    assert endotoxin_per_kg(endotoxin, "50", "40") == q(expected, "EU/kg")


def test_a_bound_is_turned_round_by_a_formula_that_falls_with_it() -> None:
    assert endotoxin_per_kg("5.0", "50", "<40") == q(">6.25", "EU/kg")
    assert endotoxin_per_kg("5.0", "50", "≥40") == q("≤6.25", "EU/kg")


def test_bounds_that_push_the_same_way_join_into_the_stricter_one() -> None:
    assert endotoxin_per_kg("<5.0", "≤50", "≥40") == q("<6.25", "EU/kg")


def test_bounds_that_push_opposite_ways_give_no_answer() -> None:
    assert endotoxin_per_kg("<5.0", "50", "<40") == CENSORED


def test_a_bound_beside_a_zero_gives_no_answer() -> None:
    assert endotoxin_per_kg("<5.0", "0", "40") == CENSORED
    assert endotoxin_per_kg("5.0", "0", "40") == q("0", "EU/kg")


def test_a_formula_that_may_go_either_way_gives_no_answer_for_a_bound() -> None:
    signals = {name: q("800", "signal") for name in ("experimental", "spontaneous")}

    answer = calculate(FORMULAS["cytotoxicity_percent", 1], {**signals, "maximum": q(">4800", "signal")})

    assert answer == NotCalculable("Not calculable from a censored value.")


def test_copies_per_transduced_cell_need_the_gates_multiplied() -> None:
    share = calculate(
        FORMULAS["car_percent_of_tested", 1],
        {"car_percent": q("38.4", "%"), "parent_percent": q("97.6", "%")},
    )
    assert isinstance(share, Quantity)
    copies = calculate(
        FORMULAS["vcn_per_transduced_cell", 1],
        {"vcn_per_cell": q("2.30", "copies/cell"), "car_percent_of_tested": share},
    )

    assert isinstance(copies, Quantity)
    assert copies.unit == "copies/transduced cell"
    assert round(copies.value, 3) == Decimal("6.137")


def test_a_formula_refuses_another_unit() -> None:
    with pytest.raises(UnitMismatchError, match="it must be in EU/mL"):
        calculate(
            FORMULAS["endotoxin_per_kg", 1],
            {
                "endotoxin_eu_per_ml": q("0.5", "EU/kg"),
                "infused_volume_ml": q("50", "mL"),
                "weight_kg": q("40", "kg"),
            },
        )


def test_a_missing_quantity_gives_no_answer() -> None:
    values = {"endotoxin_eu_per_ml": q("<5", "EU/mL"), "infused_volume_ml": q("5", "mL"), "weight_kg": None}

    assert calculate(FORMULAS["endotoxin_per_kg", 1], values) == NotCalculable("Weight of the recipient is missing.")


def test_a_quantity_is_scaled_by_what_is_above_zero() -> None:
    assert times(q("<5.0", "EU/mL"), Decimal(50), unit="EU") == q("<250.0", "EU")
    assert divided_by(q("≤0.5", "EU"), Decimal(4), unit="EU/kg") == q("≤0.125", "EU/kg")
    assert times(q("5", "a"), Decimal(-1), unit="b") == q("-5", "b")
    assert times(q("<5", "a"), Decimal(0), unit="b") == CENSORED
    assert times(q("<5", "a"), Decimal(-1), unit="b") == CENSORED
    assert divided_by(q("<5", "a"), Decimal(-1), unit="b") == CENSORED
    assert divided_by(q("5", "a"), Decimal(0), unit="b") == NotCalculable("The divisor is zero.")


def allows(quantity: Quantity, value: Decimal) -> bool:
    return {
        Comparator.EQUAL: value == quantity.value,
        Comparator.LESS: value < quantity.value,
        Comparator.AT_MOST: value <= quantity.value,
        Comparator.MORE: value > quantity.value,
        Comparator.AT_LEAST: value >= quantity.value,
    }[quantity.comparator]


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=lambda formula: formula.code)
@settings(max_examples=25)
@given(st.data())
def test_whatever_the_inputs_allow_the_answer_allows_too(formula: Formula, data: st.DataObject) -> None:
    quantities = {}
    possible = {}
    for each in formula.inputs:
        bound = Quantity(data.draw(amounts), each.unit, data.draw(st.sampled_from(Comparator)))
        value = data.draw(amounts)
        quantities[each.name], possible[each.name] = bound, value if allows(bound, value) else bound.value
    answer = calculate(formula, quantities)
    if isinstance(answer, NotCalculable) or not all(allows(quantities[n], v) for n, v in possible.items()):
        return
    exact = formula.calculate(possible)
    if not isinstance(exact, NotCalculable):
        assert allows(answer, exact)
