"""What a master record is checked for under every condition; what only looks wrong; what is still to be set."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.definitions.applying import applied, number_of_variants, variants
from batches.definitions.attributes import POSSIBLE, START, agree
from batches.definitions.bindings import faults_between_master_and_product
from batches.definitions.container_checks import AREA_KINDS
from batches.definitions.master import Limits, MasterDefinition, Rounding
from batches.definitions.parts import FaultyDefinitionError
from batches.definitions.product import ProductDefinition
from batches.definitions.reading import read_master, read_product
from batches.definitions.warning import (
    Limited,
    unfilled_limits,
    warnings_of_change,
    warnings_of_master,
    warnings_of_product,
)
from qc.definitions.reading import read_specification
from qc.definitions.unfilled import unfilled_limits as unfilled_of_specification
from qc.definitions.warning import warnings_of_specification
from tests.definitions_builders import Data, dli, named, step_in, value_in


def faults(change: Callable[[Data], object]) -> str:
    data = dli()
    change(data)
    with pytest.raises(FaultyDefinitionError) as raised:
        read_master(data)
    return "\n".join(raised.value.faults)


def refuses(change: Callable[[Data], object], sentence: str) -> Any:
    return pytest.param(change, sentence, id=sentence[:70])


def hold(data: Data, **said: str) -> None:
    data["hold_times"][0].update(said)


def harvest(data: Data, **said: object) -> None:
    data["yields"][0].update(said)


def amount(data: Data) -> Data:
    return named(step_in(data, "2.1")["needs"], "wash")["amount"]


def again_with(data: Data, code: str, **said: object) -> None:
    """One more value with the code of another."""
    fields = step_in(data, "1.3")["fields"]
    fields.append({"code": code, "title": "Again", "type": "text"} | said)


def test_the_small_product_holds_for_fresh_and_frozen_cells() -> None:
    master, product = read_master(dli()), read_product(dli("product"))

    assert [dict(each) for each in variants(master)] == [{"start": "frozen"}, {"start": "fresh"}]
    assert list(faults_between_master_and_product(master, product)) == []
    assert applied(master, {START: "fresh"}).step("1.2") is None
    assert applied(master, {START: "frozen"}).step("1.2") is not None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        refuses(lambda d: step_in(d, "1.2").update(when={"start": ["warm"]}), "start is never warm."),
        refuses(lambda d: again_with(d, "received_ml"), "The field or derived quantity received_ml is there twice."),
        refuses(
            lambda d: again_with(d, "received_ml", when={"start": ["frozen"]}),
            "received_ml is there twice. (where start is frozen)",
        ),
        refuses(lambda d: hold(d, start="received_ml"), "Hold time unpacked_to_filled: received_ml is no time field"),
        refuses(lambda d: hold(d, start="thawed_at"), "thawed_at is no time field of the record. (where"),
        refuses(lambda d: hold(d, start="filled_at", end="unpacked_at"), "must stand earlier in the record than"),
        refuses(lambda d: hold(d, warn_minutes="481"), "it warns after 481 minutes, later than its limit of 480."),
        refuses(lambda d: d["hold_times"].append(d["hold_times"][0]), "Hold time unpacked_to_filled is there twice."),
        refuses(lambda d: d["yields"].append(d["yields"][0]), "Yield fill_yield is there twice."),
        refuses(lambda d: harvest(d, actual="labels_agree"), "fill_yield: labels_agree is no number of the record."),
        refuses(lambda d: harvest(d, actual="filled_ml"), "filled_ml is in mL, received_cells in cells."),
        refuses(lambda d: harvest(d, step="1.3"), "filled_cells is not known yet with step 1.3; step 2.1 records it."),
        refuses(lambda d: harvest(d, step="3.1"), "the record has no step 3.1."),
        refuses(lambda d: harvest(d, low="120"), "low 120 must be below high 110."),
        refuses(lambda d: named(step_in(d, "2.1")["needs"], "cabinet").update(of="tent"), "tent is no kind of area;"),
        refuses(
            lambda d: named(step_in(d, "2.1")["needs"], "bag").update(clearance="yes"), "only an area is cleared."
        ),
        refuses(lambda d: amount(d).update(actual="received_ml"), "received_ml must be a number field of this step"),
        refuses(lambda d: amount(d).update(unit="g"), "wash_used_ml is in mL, but the amount is in g."),
        refuses(lambda d: amount(d).update(planned_number="20"), "give either planned or planned_number."),
        refuses(lambda d: amount(d).update(planned="nothing"), "planned nothing is no number that is known by then."),
        refuses(lambda d: amount(d).update(planned="received_cells"), "received_cells is in cells, but the amount"),
        refuses(
            lambda d: named(step_in(d, "2.1")["needs"], "bag").update(amount=amount(d)), "only a lot has an"
        ),
        refuses(
            lambda d: (
                named(step_in(d, "1.3")["needs"], "bag").update(many="yes"),
                step_in(d, "1.3")["creates"].append({"kind": "culture_bag", "title": "Bag", "number": "1"}),
            ),
            "Step 1.3: several containers become a culture_bag; say pools: yes",
        ),
        refuses(
            lambda d: step_in(d, "1.3")["evidence"].append({"code": "chamber", "title": "Again"}),
            "Step 1.3: the evidence chamber is there twice.",
        ),
        refuses(
            lambda d: step_in(d, "1.3").update(labels=["final_bag"]),
            "labels are printed for final_bag, but none has been made by then.",
        ),
        refuses(lambda d: step_in(d, "2.1").update(optional="yes"), "a forced step cannot be left out"),
        refuses(
            lambda d: step_in(d, "1.3").update(optional="yes"),
            "filled_cells rests on concentration, but step 1.3 may be left out.",
        ),
        refuses(lambda d: step_in(d, "2.1").update(protects="record"), "a forced step protects identity or sterility"),
        refuses(
            lambda d: value_in(d, "t_cell_percent").update(low="30"), "what is only reported is never judged"
        ),
        refuses(lambda d: value_in(d, "unpacked_at").update(low="to be set"), "only a number or a count has"),
        refuses(
            lambda d: step_in(d, "1.1").update(when={"start": ["frozen"]}),
            "unpacked_at is no time field of the record. (where start is fresh)",
        ),
    ],
)  # fmt: skip
def test_a_fault_is_told_once_with_where_it_shows(change: Callable[[Data], object], sentence: str) -> None:
    said = faults(change)

    assert sentence in said
    assert len(said.splitlines()) == len(set(said.splitlines()))


def test_a_code_may_stand_twice_where_the_conditions_exclude_each_other() -> None:
    data = dli()
    value_in(data, "received_ml")["when"] = {"start": ["fresh"]}
    again_with(data, "received_ml", type="number", unit="mL", critical="yes", when={"start": ["frozen"]})
    step = dict(step_in(data, "1.2"), title="Open", when={"start": ["fresh"]}, fields=[])
    data["stages"][0]["steps"].insert(1, step)

    master = read_master(data)

    assert [each.title for each in applied(master, {START: "fresh"}).steps] == [
        "Identity of the bag", "Open", "Count", "Fill one bag",
    ]  # fmt: skip


def test_more_conditions_than_can_be_checked_are_refused() -> None:
    data = dli()
    fields = step_in(data, "1.1")["fields"]
    for name, values in POSSIBLE.items():
        for value in (each for each in values if each):
            code = f"{name}_{value}"[:40]
            fields.append({"code": code, "title": "x", "type": "text", "when": {name: [value]}})
    with pytest.raises(FaultyDefinitionError, match="tell apart more than 256 records"):
        read_master(data)


def test_a_tumour_vessel_is_at_hand_at_the_start_and_is_never_made() -> None:
    data = dli()
    for code in ("1.1", "1.3", "2.1"):
        named(step_in(data, code)["needs"], "bag")["of"] = "tumour_vessel"

    assert read_master(data).steps


def test_areas_are_of_the_kinds_that_can_be_registered() -> None:
    from batches.models import Area

    assert set(Area.Kind.values) == AREA_KINDS


def test_the_attributes_and_their_values_are_those_of_products_and_conditions() -> None:
    import json

    from batches.definitions.reading import MASTER_SCHEMA, PRODUCT_SCHEMA

    stated = json.loads(PRODUCT_SCHEMA.read_text())["properties"]["attributes"]
    named_by_when = json.loads(MASTER_SCHEMA.read_text())["$defs"]["when"]["properties"]
    for name, values in POSSIBLE.items():
        offered = stated["properties"].get(name, {}).get("enum", ["yes", "no"])
        assert name == START or {each for each in values if each} == set(offered), name
        assert ("" in values) is (name not in stated["required"] and name != START), name
    assert set(named_by_when) == set(POSSIBLE)


# Properties of applying

STATED = {name: st.sampled_from([each for each in values if each]) for name, values in POSSIBLE.items()}
WHENS = st.fixed_dictionaries({}, optional={name: st.lists(values, min_size=1) for name, values in STATED.items()})
ATTRIBUTES = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in POSSIBLE.items()})
PLAIN = read_master(dli())


def with_conditions(whens: list[dict[str, list[str]]]) -> MasterDefinition:
    from dataclasses import replace

    told = iter(whens)
    stages = []
    for stage in PLAIN.stages:
        steps = []
        for step in stage.steps:
            when = {name: tuple(values) for name, values in next(told, {}).items()}
            fields = tuple(replace(each, when=when) for each in step.fields)
            steps.append(replace(step, fields=fields, when={}))
        stages.append(replace(stage, steps=tuple(steps)))
    return replace(PLAIN, stages=tuple(stages))


@given(whens=st.lists(WHENS, min_size=4, max_size=4), attributes=ATTRIBUTES)
def test_applying_only_ever_takes_away_and_tells_what_it_took(
    whens: list[dict[str, list[str]]], attributes: dict[str, str]
) -> None:
    master = with_conditions(whens)

    holding = applied(master, attributes)

    before = [(step.code, field.code) for step, field in master.fields()]
    after = [(step.code, field.code) for step, field in holding.fields()]
    assert [each for each in before if each in set(after)] == after
    assert len(before) - len(after) == len([each for each in holding.left_out if not each.is_step])
    assert applied(holding, attributes).stages == holding.stages


@given(whens=st.lists(WHENS, min_size=4, max_size=4), attributes=ATTRIBUTES)
def test_every_product_is_alike_to_one_of_the_variants(
    whens: list[dict[str, list[str]]], attributes: dict[str, str]
) -> None:
    master = with_conditions(whens)
    if number_of_variants(master) > 256 or not agree(attributes["genetically_modified"], attributes["gene_transfer"]):
        return

    wanted = applied(master, attributes).stages

    assert any(applied(master, each).stages == wanted for each in variants(master))


# Warnings


def limited(low: str | None = None, high: str | None = None, *, unit: str = "%", exponent: int = 0) -> Limited:
    ends = (None if low is None else Decimal(low), None if high is None else Decimal(high))
    limits = None if ends == (None, None) else Limits(*ends, Rounding.USP)
    return Limited("Step 1.3, X", "x", "", unit, exponent, limits, None)


@pytest.mark.parametrize(
    ("before", "now", "says"),
    [
        (limited("70"), limited(high="70"), "Is it the right way round?"),
        (limited(high="5"), limited("5"), "Is it the right way round?"),
        (limited("70"), limited("7.0"), ""),
        (limited("70"), limited("6.9"), "more than ten times looser"),
        (limited(high="5"), limited(high="50"), ""),
        (limited(high="5"), limited(high="50.1"), "more than ten times looser"),
        (limited("0.5", exponent=6), limited("500000"), ""),
        (limited("0.5", exponent=6), limited("0.5"), "more than ten times looser"),
        (limited("0.5", unit="mg"), limited("0.01", unit="g"), ""),
        (limited("70"), limited(), "now there is no limit"),
        (limited(), limited("70"), ""),
        (limited("2", "8"), limited("2", "9"), ""),
    ],
)
def test_a_limit_that_turned_was_dropped_or_loosened_is_warned_of(before: Limited, now: Limited, says: str) -> None:
    warnings = list(warnings_of_change(now, before))

    assert bool(warnings) is bool(says)
    assert all(says in each for each in warnings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: None, ""),
        (lambda d: value_in(d, "viability").update(low="70", high="99"), ""),
        (lambda d: value_in(d, "viability").update(high=value_in(d, "viability").pop("low")), "Viability"),
        (lambda d: value_in(d, "received_ml").update(low="600"), "no plausible value (10–500) lies within"),
        (lambda d: value_in(d, "received_ml").update(low="5"), "every plausible value (10–500) lies within"),
        (lambda d: value_in(d, "received_ml").update(low="20"), ""),
        (lambda d: (d["yields"][0].pop("low"), d["yields"][0].update(high="80")), "Cells filled of those received"),
        (lambda d: again_with(d, "residual_beads", type="number", unit="beads", low="3"), "less of this is better"),
    ],
)  # fmt: skip
def test_a_limit_on_the_wrong_side_is_warned_of(change: Callable[[Data], object], says: str) -> None:
    data = dli()
    change(data)

    warnings = warnings_of_master(read_master(data), None)

    assert bool(warnings) is bool(says)
    assert all(says in each for each in warnings)


def a_product(**dose: str) -> ProductDefinition:
    data = dli("product")
    data["dose"].update(dose)
    return read_product(data)


def test_a_dose_that_became_a_most_or_much_lower_is_warned_of() -> None:
    assert warnings_of_product(a_product(), a_product()) == []
    assert any("right way round" in each for each in warnings_of_product(a_product(kind="at_most"), None))
    assert any("ten times looser" in each for each in warnings_of_product(a_product(limit="0.05"), a_product()))


def test_a_criterion_on_the_wrong_side_is_warned_of() -> None:
    good, turned = dli("specification"), dli("specification")
    named(turned["lines"], "viability_percent")["criterion"]["kind"] = "at_most"
    named(turned["lines"], "endotoxin")["criterion"]["kind"] = "at_least"
    before, after = read_specification(good), read_specification(turned)

    assert warnings_of_specification(before, None) == []
    alone, changed = warnings_of_specification(after, None), warnings_of_specification(after, before)
    assert [each.split(":")[0] for each in alone] == ["Line Viability", "Line Endotoxin"]
    assert sum("was" in each for each in changed) == 2


# Limits that are still to be set


def test_limits_that_are_still_to_be_set_are_named() -> None:
    data = dli()
    value_in(data, "received_ml")["low"] = "to be set"
    value_in(data, "viability")["low"] = "to be set"

    assert unfilled_limits(read_master(dli())) == []
    assert unfilled_limits(read_master(data)) == ["Step 1.3, Volume", "Step 1.3, Viability"]


def test_a_criterion_can_wait_for_its_limit_and_everything_else_about_it_is_checked() -> None:
    data = dli("specification")
    named(data["lines"], "endotoxin")["criterion"]["limit"] = "to be set"
    assert unfilled_of_specification(read_specification(data)) == ["Line endotoxin, Endotoxin"]

    named(data["lines"], "endotoxin")["criterion"]["unit"] = "EU/kg"
    with pytest.raises(FaultyDefinitionError, match="it is entered in EU/mL, but judged in EU/kg"):
        read_specification(data)
