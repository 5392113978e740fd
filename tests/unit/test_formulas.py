"""Derived quantities: known answers, and no answer where there is none."""

import inspect
from collections.abc import MutableMapping
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.calculating import Effect, FormulaError, FormulaTable, Input
from batches.formulas import FORMULAS, Formula, NotCalculable, viability_percent

KNOWN = [
    ("viability_percent", {"viable": "196", "dead": "4"}, "98.0"),
    ("dead_cells", {"total": "200", "viable": "196"}, "4"),
    ("haemocytometer_concentration", {"counted": "200", "squares": "4", "dilution": "2"}, "1.0E6"),
    ("haemocytometer_concentration", {"counted": "50", "squares": "1", "dilution": "2"}, "1.0E6"),
    ("total_nucleated_cells", {"concentration": "2.0E6", "volume_ml": "150"}, "3.00E8"),
    ("viable_cells", {"viable_concentration": "1.0E6", "volume_ml": "150"}, "1.50E8"),
    ("viable_cells_from_tnc", {"total_nucleated_cells": "3.00E8", "viability_percent": "98"}, "2.94E8"),
    ("viable_t_cells", {"viable_cells": "2.94E8", "cd3_percent": "97.6"}, "286944000"),
    (
        "car_positive_viable_cells",
        {"viable_cells": "2.94E8", "cd3_percent": "97.6", "car_percent_of_cd3": "39.7"},
        "113916768",
    ),
    ("car_positive_of_viable", {"viable_cells": "2.94E8", "car_percent_of_viable": "39.7"}, "116718000"),
    ("car_positive_per_kg", {"t_cells_per_kg": "1.5E6", "car_percent_of_t_cells": "64.5"}, "967500"),
    ("volume_to_infuse_ml", {"target_cells": "1.4E8", "concentration": "5.0E6"}, "28.0"),
    ("containers_to_thaw", {"volume_ml": "28.0", "container_volume_ml": "10"}, "3"),
    ("containers_to_thaw", {"volume_ml": "30", "container_volume_ml": "10"}, "3"),
    ("containers_to_thaw", {"volume_ml": "30.01", "container_volume_ml": "10"}, "4"),
    ("capped_dose", {"cells_per_kg": "2E6", "weight_kg": "120", "cap_cells": "2.0E8"}, "2.0E8"),
    ("capped_dose", {"cells_per_kg": "2E6", "weight_kg": "70", "cap_cells": "2.0E8"}, "1.4E8"),
    ("capped_dose", {"cells_per_kg": "3E6", "weight_kg": "64.0", "cap_cells": "9E9"}, "1.920E8"),
    ("dose_by_weight", {"cells_per_kg": "0.2E6", "weight_kg": "50.0"}, "1.0E7"),
    ("fraction_of_dose", {"cells": "1.920E8", "percent": "10"}, "1.92E7"),
    ("fraction_of_dose", {"cells": "1.920E8", "percent": "60"}, "1.152E8"),
    ("cells_by_volume", {"cells": "1.5E9", "container_volume_ml": "50", "filled_volume_ml": "150"}, "5.0E8"),
    ("viable_cells_of_kind", {"viable_cells": "5.6E8", "share_percent": "95.0"}, "5.320E8"),
    ("cells_together", {"first": "7.5E7", "second": "0.9E7"}, "8.4E7"),
    ("fold_expansion", {"cells": "3.0E9", "seeded_cells": "1.0E8"}, "30.0"),
    ("cumulative_fold", {"fold_before": "5", "fold_of_stage": "6"}, "30"),
    ("recovery_percent", {"cells_out": "5.5E8", "cells_in": "1.0E9"}, "55.0"),
    ("recovery_percent", {"cells_out": "2.4E8", "cells_in": "3.0E8"}, "80.0"),
    ("yield_percent", {"actual": "9.0E8", "theoretical": "1.2E9"}, "75"),
    ("moi", {"titer": "1E8", "vector_volume_ml": "2.5", "cells": "5E7"}, "5.0"),
    ("vector_volume_ml", {"moi": "5", "cells": "5E7", "titer": "1E8"}, "2.5"),
    ("expected_cells", {"seeded_cells": "1.2E8", "planned_fold": "30"}, "3.6E9"),
    ("nucleic_acid_volume_ml", {"micrograms_per_million": "1.5", "cells": "4.0E8", "concentration": "1000"}, "0.6"),
    ("nucleic_acid_per_million", {"volume_ml": "0.6", "concentration": "1000", "cells": "4.0E8"}, "1.5"),
    ("vcn_per_cell", {"transgene_copies": "900", "reference_copies": "1200"}, "1.50"),
    ("vcn_by_digital_pcr", {"transgene_per_microlitre": "338.4", "reference_per_microlitre": "451.2"}, "1.50"),
    ("vcn_per_transduced_cell", {"vcn_per_cell": "1.50", "car_percent_of_tested": "40"}, "3.75"),
    (
        "vcn_per_transduced_cell_by_copies",
        {"transgene_copies": "900", "reference_copies": "1200", "car_percent": "40", "parent_percent": "100"},
        "3.75",
    ),
    ("vcn_per_transduced_cell_by_delta_ct", {"delta_ct": "0", "car_percent": "40", "parent_percent": "100"}, "5"),
    ("endotoxin_infused", {"endotoxin_eu_per_ml": "0.5", "infused_volume_ml": "70"}, "35.0"),
    (
        "endotoxin_infused_per_hour",
        {"endotoxin_eu_per_ml": "0.5", "infused_volume_ml": "70", "infusion_hours": "0.5"},
        "70",
    ),
    ("car_percent_of_tested", {"car_percent": "38.4", "parent_percent": "97.6"}, "37.4784"),
    ("vcn_by_delta_ct", {"delta_ct": "0"}, "2"),
    ("vcn_by_delta_ct", {"delta_ct": "1"}, "1"),
    ("vcn_by_delta_ct", {"delta_ct": "-2"}, "8"),
    (
        "endotoxin_per_kg",
        {"endotoxin_eu_per_ml": "0.5", "infused_volume_ml": "70", "weight_kg": "70"},
        "0.50",
    ),
    (
        "endotoxin_per_kg_per_hour",
        {"endotoxin_eu_per_ml": "0.5", "infused_volume_ml": "70", "weight_kg": "70", "infusion_hours": "0.5"},
        "1",
    ),
    (
        "maximum_valid_dilution",
        {"limit_eu_per_ml": "0.5", "concentration": "1", "sensitivity_eu_per_ml": "0.005"},
        "100",
    ),
    ("beads_per_three_million", {"beads_counted": "405", "cells_examined": "30E6"}, "40.5"),
    ("cytotoxicity_percent", {"experimental": "3200", "spontaneous": "800", "maximum": "4800"}, "60.0"),
    ("cytotoxicity_percent", {"experimental": "700", "spontaneous": "800", "maximum": "4800"}, "-2.5"),
    ("cd4_cd8_ratio", {"cd4_percent": "60", "cd8_percent": "40"}, "1.5"),
    ("concentration_at_fill", {"cells_per_container": "5.0E8", "fill_volume_ml": "50.0"}, "1.00E7"),
    ("dmso_percent", {"dmso_volume_ml": "5", "total_volume_ml": "50"}, "10"),
    (
        "reconciliation_difference",
        {
            "made": "1.80E9",
            "filled": "1.50E9",
            "sampled": "0.08E9",
            "retained": "0.04E9",
            "discarded": "0.18E9",
        },
        "0",
    ),
    (
        "reconciliation_difference",
        {"made": "10", "filled": "8", "sampled": "1", "retained": "1", "discarded": "1"},
        "-1",
    ),
]

KNOWN_TO_SOME_DIGITS = [
    ("dose_per_kg", {"cells": "1.495E9", "weight_kg": "70"}, "2.1357E7", "1E3"),
    ("viable_t_cells", {"viable_cells": "2.94E8", "cd3_percent": "97.6"}, "2.869E8", "1E5"),
    ("population_doublings", {"cells": "30", "seeded_cells": "1"}, "4.907", "0.001"),
    ("doubling_time_days", {"days": "12", "cells": "30", "seeded_cells": "1"}, "2.45", "0.01"),
    ("log_depletion", {"cells_in": "1E8", "cells_out": "50118.72336"}, "3.3", "0.0001"),
    ("vector_volume_ml", {"moi": "3.0", "cells": "1.72E9", "titer": "2.1E8"}, "24.57", "0.01"),
    (
        "vcn_per_transduced_cell",
        {"vcn_per_cell": "2.30", "car_percent_of_tested": "37.4784"},
        "6.137",
        "0.001",
    ),
    (
        "ddpcr_copies_per_microlitre",
        {"positive": "5000", "total": "20000", "droplet_volume_nl": "0.85", "dilution": "1"},
        "338.4",
        "0.1",
    ),
]

ZERO_DENOMINATORS = [
    ("viability_percent", {"viable", "dead"}),
    ("haemocytometer_concentration", {"squares"}),
    ("recovery_percent", {"cells_in"}),
    ("log_depletion", {"cells_in"}),
    ("log_depletion", {"cells_out"}),
    ("yield_percent", {"theoretical"}),
    ("fold_expansion", {"seeded_cells"}),
    ("population_doublings", {"cells"}),
    ("population_doublings", {"seeded_cells"}),
    ("doubling_time_days", {"seeded_cells"}),
    ("doubling_time_days", {"cells"}),
    ("moi", {"cells"}),
    ("vector_volume_ml", {"titer"}),
    ("nucleic_acid_volume_ml", {"concentration"}),
    ("nucleic_acid_per_million", {"cells"}),
    ("dose_per_kg", {"weight_kg"}),
    ("capped_dose", {"weight_kg"}),
    ("dose_by_weight", {"weight_kg"}),
    ("cells_by_volume", {"filled_volume_ml"}),
    ("volume_to_infuse_ml", {"concentration"}),
    ("containers_to_thaw", {"container_volume_ml"}),
    ("concentration_at_fill", {"fill_volume_ml"}),
    ("dmso_percent", {"total_volume_ml"}),
    ("vcn_per_cell", {"reference_copies"}),
    ("vcn_by_digital_pcr", {"reference_per_microlitre"}),
    ("vcn_per_transduced_cell", {"car_percent_of_tested"}),
    ("ddpcr_copies_per_microlitre", {"total"}),
    ("ddpcr_copies_per_microlitre", {"droplet_volume_nl"}),
    ("endotoxin_per_kg", {"weight_kg"}),
    ("endotoxin_per_kg_per_hour", {"infusion_hours"}),
    ("maximum_valid_dilution", {"sensitivity_eu_per_ml"}),
    ("beads_per_three_million", {"cells_examined"}),
    ("cytotoxicity_percent", {"maximum", "spontaneous"}),
    ("cd4_cd8_ratio", {"cd8_percent"}),
]

every_formula = pytest.mark.parametrize("formula", FORMULAS.values(), ids=lambda formula: formula.code)
amounts = st.decimals(min_value="0.001", max_value=99, places=3)


def of(values: dict[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in values.items()}


@pytest.mark.parametrize(("code", "inputs", "answer"), KNOWN)
def test_known_answers_come_out_exactly(code: str, inputs: dict[str, str], answer: str) -> None:
    assert FORMULAS[code, 1].calculate(of(inputs)) == Decimal(answer)


@pytest.mark.parametrize(("code", "inputs", "answer", "within"), KNOWN_TO_SOME_DIGITS)
def test_known_answers_come_out_to_the_digits_they_are_known_in(
    code: str, inputs: dict[str, str], answer: str, within: str
) -> None:
    calculated = FORMULAS[code, 1].calculate(of(inputs))

    assert isinstance(calculated, Decimal)
    assert abs(calculated - Decimal(answer)) < Decimal(within)


def test_every_formula_has_a_known_answer() -> None:
    assert {code for code, _ in FORMULAS} == {row[0] for row in KNOWN} | {row[0] for row in KNOWN_TO_SOME_DIGITS}


@pytest.mark.parametrize(("code", "zeros"), ZERO_DENOMINATORS)
def test_a_zero_denominator_gives_no_number_and_a_reason(code: str, zeros: set[str]) -> None:
    formula = FORMULAS[code, 1]
    values = {name: Decimal(0) if name in zeros else Decimal(2) for name in formula.input_names}

    answer = formula.calculate(values)

    assert isinstance(answer, NotCalculable)
    assert answer.reason.endswith(".")


@every_formula
def test_a_missing_input_gives_no_number_and_names_the_input(formula: Formula) -> None:
    for missing in formula.inputs:
        values = {each.name: None if each is missing else Decimal(2) for each in formula.inputs}

        assert formula.calculate(values) == NotCalculable(f"{missing.title} is missing.")


@every_formula
def test_amounts_below_zero_and_shares_above_100_give_no_number(formula: Formula) -> None:
    for wrong in formula.inputs:
        for value in [Decimal("-0.1")] if not wrong.signed else []:
            values = {each.name: value if each is wrong else Decimal(2) for each in formula.inputs}
            assert isinstance(formula.calculate(values), NotCalculable)
        if wrong.unit == "%":
            values = {each.name: Decimal("100.1") if each is wrong else Decimal(2) for each in formula.inputs}
            assert formula.calculate(values) == NotCalculable(f"{wrong.title} is above 100 %.")


@every_formula
@pytest.mark.parametrize("bad", [2.0, 2, True, "2", Decimal("NaN"), Decimal("Infinity")])
def test_only_finite_decimals_are_calculated_with(formula: Formula, bad: object) -> None:
    values = dict.fromkeys(formula.input_names, bad)

    with pytest.raises(FormulaError, match="finite Decimal"):
        formula.compute(**values)


@every_formula
def test_inputs_must_be_exactly_those_declared(formula: Formula) -> None:
    values = {name: Decimal(2) for name in formula.input_names}

    with pytest.raises(FormulaError, match="needs"):
        formula.calculate({**values, "another": Decimal(1)})
    with pytest.raises(FormulaError, match="needs"):
        formula.calculate({})


@every_formula
def test_every_formula_says_what_it_does(formula: Formula) -> None:
    assert formula.title
    assert formula.unit
    assert all(each.title and each.unit for each in formula.inputs)
    assert " = " in (inspect.getdoc(formula.compute) or "")


@every_formula
@settings(max_examples=25)
@given(st.data())
def test_each_input_moves_the_answer_the_way_it_says(formula: Formula, data: st.DataObject) -> None:
    values = {each.name: data.draw(amounts, label=each.name) for each in formula.inputs}
    before = formula.calculate(values)
    for each in formula.inputs:
        if each.effect is Effect.UNCLEAR:
            continue
        after = formula.calculate({**values, each.name: values[each.name] + Decimal("0.5")})
        if isinstance(before, NotCalculable) or isinstance(after, NotCalculable):
            continue
        assert (after > before) == (each.effect is Effect.RAISES)
        assert after != before


def test_fifty_digits_are_carried_and_nothing_is_rounded_on_the_way() -> None:
    answer = viability_percent(viable=Decimal(1), dead=Decimal(2))

    assert str(answer) == "33." + "3" * 48


def test_every_droplet_positive_is_beyond_what_can_be_calculated() -> None:
    values = of({"positive": "20000", "total": "20000", "droplet_volume_nl": "0.85", "dilution": "1"})

    assert FORMULAS["ddpcr_copies_per_microlitre", 1].calculate(values) == NotCalculable(
        "Every droplet is positive; dilute the sample."
    )


def test_more_viable_cells_than_were_counted_give_no_number_of_dead_ones() -> None:
    answer = FORMULAS["dead_cells", 1].calculate(of({"total": "196", "viable": "200"}))

    assert answer == NotCalculable("More cells are viable than were counted.")


def test_an_impossible_difference_of_cycles_is_not_calculated() -> None:
    answer = FORMULAS["vcn_by_delta_ct", 1].calculate({"delta_ct": Decimal("-999999999999")})

    assert isinstance(answer, NotCalculable)


def test_the_table_cannot_be_changed() -> None:
    assert not isinstance(FORMULAS, MutableMapping)
    assert not hasattr(FORMULAS, "__setitem__")


def test_a_formula_that_declares_other_inputs_or_a_code_again_is_never_entered() -> None:
    table = FormulaTable()

    def twice(*, cells: Decimal) -> Decimal:
        return 2 * cells

    with pytest.raises(FormulaError, match="other inputs"):
        table.formula("Twice", Input("cell", "cells", "Cells"), unit="cells")(twice)
    table.formula("Twice", Input("cells", "cells", "Cells"), unit="cells")(twice)
    with pytest.raises(FormulaError, match="there twice"):
        table.formula("Twice", Input("cells", "cells", "Cells"), unit="cells")(twice)
