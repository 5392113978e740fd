"""Methods as definitions, and replicates: known answers, and no answer where there is none."""

import copy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.calculating import NotCalculable
from batches.definitions.parts import FaultyDefinitionError
from ledger.safe_yaml import read
from qc.definitions.method import MethodDefinition
from qc.definitions.method_checks import unfilled_in_method
from qc.definitions.method_reading import read_method
from qc.definitions.reading import read_specification
from qc.definitions.unfilled import TO_BE_SET
from qc.methods.timing import timed
from qc.methods.working import worked_out
from qc.values.quantities import Comparator, Quantity, read_quantity
from qc.values.replicates import all_below_or_all_above, apart, cv_percent, mean_of

DEFINITIONS = Path(__file__).parent.parent.parent / "qc" / "definitions"
SHIPPED = sorted((DEFINITIONS / "methods").glob("*.method.yaml"))
SPECIFICATIONS = sorted(DEFINITIONS.glob("*.specification.yaml"))
Data = Any  # plain data of any depth, changed in place


def data_of(code: str) -> Data:
    return copy.deepcopy(read((DEFINITIONS / "methods" / f"{code}.method.yaml").read_bytes()))


def method_of(code: str, **stated: str) -> MethodDefinition:
    """A shipped method with its replicates as stated."""
    data = data_of(code)
    data["replicates"] = {"combined_by": "mean"} | stated
    return read_method(data)


def percents(*typed: str) -> list[Quantity]:
    return [read_quantity(one, "%") for one in typed]


# The shipped methods


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_method_can_be_used_and_is_named_by_its_file(path):
    method = read_method(read(path.read_bytes()))

    assert path.name == f"{method.code}.method.yaml"
    assert method.references


@pytest.mark.parametrize("path", SPECIFICATIONS, ids=lambda path: path.name)
def test_every_method_that_a_shipped_specification_names_is_shipped_and_gives_what_its_line_asks_for(path):
    shipped = {(one.code, one.version): one for one in (read_method(read(each.read_bytes())) for each in SHIPPED)}
    for line in read_specification(read(path.read_bytes())).lines:
        for part in line.members or (line,):
            assert shipped[part.method.code, part.method.version].serves(part.entry), part.code


@pytest.mark.parametrize(
    "wanted",
    [
        "sterility, by growth", "rapid sterility", "gram stain", "mycoplasma", "endotoxin per millilitre",
        "endotoxin infused in an hour", "viability", "cell count", "share of a population", "car expression",
        "vector copies per cell, by digital", "vector copies per cell, by real-time",
        "vector copies per transduced cell, by digital", "vector copies per transduced cell, by real-time",
        "residual beads", "cytokine", "cytotoxicity", "replication-competent virus", "adventitious", "appearance",
        "volume", "container",
    ],
)  # fmt: skip
def test_the_panel_of_release_tests_is_shipped(wanted):
    titles = [read_method(read(path.read_bytes())).title.lower() for path in SHIPPED]

    assert any(title.startswith(wanted) for title in titles)


def test_a_limit_without_a_published_source_is_left_to_the_site():
    endotoxin = read_method(data_of("TM-QC-052"))

    assert "Replicates, the largest CV" in unfilled_in_method(endotoxin)
    assert endotoxin.check("ppc_recovery") is not None
    assert not any("Recovery" in name for name in unfilled_in_method(endotoxin))


# What a schema cannot see

FAULTS = [
    (lambda data: data["timed_conditions"][0].update(ends_with="nothing"), "nothing is no event"),
    (lambda data: data["timed_conditions"][0].update(ends_with="stained"), "begins and ends with the same event"),
    (lambda data: data["events"].append({"code": "late", "title": "Late"}), "late belongs to no timed condition"),
    (lambda data: data["events"].append(dict(data["events"][0])), "stained is there twice"),
    (lambda data: data.update(unit="cells"), "gives %, but the method gives cells"),
    (lambda data: data.pop("unit"), "has a unit"),
    (lambda data: data["calculation"].update(formula="nothing"), "no formula nothing version 1"),
    (lambda data: data["calculation"].update(version="2"), "no formula viability_percent version 2"),
    (lambda data: data["calculation"]["inputs"].pop(), "input dead of viability_percent is not bound"),
    (lambda data: data["calculation"]["inputs"][0].update(unit="mL"), "takes cells"),
    (lambda data: data["calculation"]["inputs"][0].update(input="living"), "has no input living"),
    (lambda data: data["calculation"]["inputs"][0].update(constant="1"), "either entered under a code, or a constant"),
    (lambda data: data["suitability"][0]["criterion"].update(accepted=["yes", "no"]), "criterion › accepted"),
    (lambda data: data["suitability"][0].update(kind="number", unit="%"), "judged by one_of"),
    (
        lambda data: data.update(replicates={"number": "1", "combined_by": "mean", "largest_cv_percent": "5"}),
        "Only two",
    ),
    (
        lambda data: data.update(replicates={"number": "2", "combined_by": "mean", "when_beyond": "further"}),
        "how many at most",
    ),
    (
        lambda data: data.update(
            replicates={"number": "3", "combined_by": "mean", "when_beyond": "further", "most": "3"}
        ),
        "must be more",
    ),
    (lambda data: data.update(replicates={"number": "0", "combined_by": "mean"}), "replicates › number"),
    (lambda data: data.update(complete_data=["readings", "readings"]), "readings is there twice"),
    (lambda data: data.update(product="PROD-CD19"), "product is not known here"),
]


@pytest.mark.parametrize(("change", "says"), FAULTS, ids=[says for _change, says in FAULTS])
def test_a_faulty_method_is_refused_with_what_is_wrong(change, says):
    data = data_of("TM-QC-021")
    change(data)

    with pytest.raises(FaultyDefinitionError) as refused:
        read_method(data)

    assert any(says in fault for fault in refused.value.faults), refused.value.faults


def test_a_test_without_a_number_is_neither_calculated_nor_averaged():
    data = data_of("TM-QC-010")
    data["replicates"] = {"number": "2", "combined_by": "mean"}

    with pytest.raises(FaultyDefinitionError, match="not read in replicates"):
        read_method(data)


# Replicates

KNOWN_CVS = [  # CV = 100 · s / mean, s with n - 1
    (("78.2", "79.1", "79.4"), "0.79"),
    (("10", "12"), "12.86"),  # s = √2, mean 11
    (("1", "2", "3", "4", "5"), "52.70"),  # s = √2.5, mean 3
    (("5", "5", "5"), "0.00"),
]


@pytest.mark.parametrize(("values", "cv"), KNOWN_CVS)
def test_known_answers_of_the_coefficient_of_variation(values, cv):
    found = cv_percent([Decimal(one) for one in values])

    assert isinstance(found, Decimal)
    assert found.quantize(Decimal("0.01")) == Decimal(cv)


@pytest.mark.parametrize("values", [(), ("5",), ("0", "0"), ("-1", "1"), ("-3", "-2")])
def test_no_coefficient_of_variation_without_two_values_and_a_mean_above_zero(values):
    assert isinstance(cv_percent([Decimal(one) for one in values]), NotCalculable)


numbers = st.decimals(min_value=1, max_value=1000, places=2)


@given(st.lists(numbers, min_size=2, max_size=6), st.decimals(min_value=1, max_value=50, places=1))
def test_the_coefficient_of_variation_knows_no_scale_and_the_mean_lies_between(values, factor):
    one, scaled = cv_percent(values), cv_percent([value * factor for value in values])
    mean = mean_of([Quantity(value, "%") for value in values])

    assert isinstance(one, Decimal)
    assert isinstance(scaled, Decimal)
    assert abs(one - scaled) < Decimal("1E-30")
    assert isinstance(mean, Quantity)
    assert min(values) - Decimal("1E-30") <= mean.value <= max(values) + Decimal("1E-30")


MEANS = [
    (("78.2", "79.1", "79.4"), "78.9", Comparator.EQUAL),
    (("< 0.05", "0.07"), "0.06", Comparator.LESS),
    (("≤ 0.05", "0.07"), "0.06", Comparator.AT_MOST),
    (("≤ 0.05", "< 0.07"), "0.06", Comparator.LESS),
    (("> 10", "12"), "11", Comparator.MORE),
    (("≥ 10", "> 12"), "11", Comparator.MORE),
]


@pytest.mark.parametrize(("typed", "mean", "comparator"), MEANS)
def test_a_bound_among_replicates_stays_a_bound(typed, mean, comparator):
    found = mean_of(percents(*typed))

    assert found == Quantity(Decimal(mean), "%", comparator)


def test_bounds_that_push_apart_give_no_number():
    assert isinstance(mean_of(percents("< 5", "> 1")), NotCalculable)
    assert isinstance(mean_of([]), NotCalculable)


def test_how_far_replicates_lie_apart_is_not_known_beside_a_bound():
    assert isinstance(apart(percents("< 5", "4")).cv_percent, NotCalculable)
    assert apart(percents("78.2", "79.4")).spread == Decimal("1.2")
    assert all_below_or_all_above(percents("< 5", "≤ 4"))
    assert not all_below_or_all_above(percents("< 5", "4"))


# From what is entered to a value


def entered(*pairs: tuple[str, str]) -> dict[int, dict[str, Quantity]]:
    return {
        number: {"viable_counted": read_quantity(viable, "cells"), "dead_counted": read_quantity(dead, "cells")}
        for number, (viable, dead) in enumerate(pairs, 1)
    }


def test_each_replicate_is_calculated_and_then_their_mean():
    working = worked_out(method_of("TM-QC-021", number="2"), "", entered(("196", "4"), ("194", "6")))

    assert [one.value for one in working.values] == [Decimal(98), Decimal(97)]
    assert working.mean == Quantity(Decimal("97.5"), "%")
    assert working.is_complete


def test_a_replicate_that_cannot_be_calculated_leaves_no_number():
    working = worked_out(method_of("TM-QC-021", number="2"), "", entered(("196", "4"), ("0", "0")))

    assert isinstance(working.mean, NotCalculable)


def test_a_replicate_half_entered_keeps_the_value_from_being_complete():
    given_so_far = entered(("196", "4"), ("194", "6"), ("195", "5"))
    del given_so_far[3]["dead_counted"]

    working = worked_out(method_of("TM-QC-021", number="2"), "", given_so_far)

    assert not working.is_complete
    assert not working.is_beyond


@pytest.mark.parametrize(
    ("typed", "limit", "beyond"),
    [
        (("78.2", "79.1", "79.4"), "5", False),
        (("10", "12"), "12.8", True),
        (("10", "12"), "12.9", False),
        (("5", "5"), "0.1", False),
        (("< 5", "4"), "5", True),  # not known is not within
        (("< 5", "< 5"), "5", False),  # below the limit of quantitation there is nothing to lie apart
    ],
)
def test_a_coefficient_of_variation_is_held_against_its_limit_unrounded(typed, limit, beyond):
    method = method_of("TM-QC-022", number=str(len(typed)), largest_cv_percent=limit)
    given_each = {number: {"cd3": one} for number, one in enumerate(percents(*typed), 1)}

    assert worked_out(method, "cd3", given_each).is_beyond is beyond


@pytest.mark.parametrize(("typed", "beyond"), [(("40", "42"), False), (("40", "42.1"), True)])
def test_a_spread_at_its_limit_is_within(typed, beyond):
    method = method_of("TM-QC-022", number="2", largest_spread="2")
    given_each = {number: {"cd3": one} for number, one in enumerate(percents(*typed), 1)}

    assert worked_out(method, "cd3", given_each).is_beyond is beyond


# Timed conditions

NOON = datetime(2026, 11, 9, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("elapsed", "beyond"),
    [
        (timedelta(minutes=5), False),
        (timedelta(minutes=5, microseconds=1), True),
        (timedelta(minutes=12, seconds=11), True),
        (timedelta(seconds=-1), True),
    ],
)
def test_a_timed_condition_is_within_at_its_limit_and_beyond_after_it_or_in_the_wrong_order(elapsed, beyond):
    data = data_of("TM-QC-021")
    data["timed_conditions"][0]["limit_minutes"] = "5"

    (one,) = timed(read_method(data), {"stained": NOON, "read": NOON + elapsed})

    assert one.elapsed == elapsed
    assert one.is_beyond is beyond


def test_a_timed_condition_without_its_end_is_neither_within_nor_beyond():
    (one,) = timed(read_method(data_of("TM-QC-021")), {"stained": NOON})

    assert one.elapsed is None
    assert not one.is_beyond


def test_a_condition_whose_limit_is_not_set_is_never_within():
    (one,) = timed(read_method(data_of("TM-QC-021")), {"stained": NOON, "read": NOON})

    assert one.condition.limit_minutes == TO_BE_SET
    assert one.is_beyond
