"""The inputs of a calculation from a file: what is taken, what is refused, and that a file says what typing says."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batches.models import Definition
from ledger.safe_yaml import read as read_yaml
from qc.definitions.method import MethodDefinition
from qc.definitions.method_reading import read_method
from qc.definitions.specification import Entry, Line, MethodReference, Release
from qc.importing.before import Before
from qc.importing.by_method import targets_under, why_nothing
from qc.importing.planning import Reads, reads_of, table_of
from qc.importing.plates import column_typed, table_of_wells
from qc.importing.profiles import Profile
from qc.laboratory.judging import judged, workings_of
from qc.methods.in_force import MethodInForce
from qc.methods.working import Working
from qc.models import Reading
from qc.values.criteria import Judgement, Numeric, criterion_from_definition
from qc.values.quantities import Quantity, read_quantity
from qc.values.rounding import Rounding
from tests.method_builders import set_by_site
from tests.unit.test_instrument_files import SAMPLE, profile_of

HEAD = "Well,Sample,Target,Copies (copies)\n"
SHARES = {"car_percent": "40.0", "parent_percent": "90.0"}
ALL = {"car_percent": "100", "parent_percent": "100"}


def a_method(code: str, *values: str) -> MethodDefinition:
    return read_method(read_yaml(set_by_site(code, *values).encode()))


COPIES = a_method("TM-QC-032", "2", "20", "0.90", "1.10", "10000")
VIABILITY = a_method("TM-QC-021", "2", "10", "30")
CAR_CELLS = a_method("TM-QC-020", "2", "10", "30")


def a_line(code: str, method: MethodDefinition, criterion: Mapping[str, object], *, exponent: int = 0) -> Line:
    return Line(
        code=code, title=code, covers=(), method=MethodReference(method.code, 1, ""), sample_point="final_product",
        entry=Entry(method.result_type, method.unit, exponent, 2, ()), criterion=criterion, members=(),
        release=Release.BEFORE, basis="", reference="", note="",
    )  # fmt: skip


LESS_THAN_5 = {"kind": "less_than", "limit": "5", "unit": "copies/transduced cell", "figures": "1"}
LINE = a_line("vector_copy_number", COPIES, LESS_THAN_5)
CRITERION = criterion_from_definition(LESS_THAN_5, Rounding.USP)


def in_force(line: Line, method: MethodDefinition) -> dict[str, MethodInForce]:
    return {line.code: MethodInForce(Definition(), method)}


def there(method: MethodDefinition, *replicates: Mapping[str, str]) -> dict[str, Before]:
    """What was typed of each replicate before the file came."""
    assert method.calculation is not None
    found: dict[str, Before] = {}
    for code, entry in method.calculation.entries.items():
        values = {
            number: read_quantity(given[code], entry.unit, exponent=entry.exponent)
            for number, given in enumerate(replicates, 1)
            if code in given
        }
        found[code] = Before(max(values, default=0), values)
    return found


def wells(*copies: tuple[str, str]) -> str:
    """A file of copies: transgene and reference gene of each well."""
    return HEAD + "".join(
        f"A{well:02d},{SAMPLE},{target},{number}\n"
        for well, pair in enumerate(copies, 1)
        for target, number in zip(("Transgene", "Reference"), pair, strict=True)
    )


def read(content: str, *typed: Mapping[str, str], profile: Profile | None = None) -> Reads:
    used = profile or profile_of("ddpcr-copies")
    return reads_of(
        table_of(content.encode(), used), used, LINE, sample=SAMPLE, rounding=Rounding.USP,
        methods=in_force(LINE, COPIES), there=there(COPIES, *typed),
    )  # fmt: skip


def sentence(reads: Reads) -> str:
    assert reads.readings == ()
    return " ".join(str(one) for one in reads.problems)


# What is taken


def test_inputs_stand_replicate_by_replicate_whatever_the_order_of_the_profile():
    reads = read(wells(("250", "400"), ("260", "410")))

    assert [(one.replicate, one.member, one.typed, one.unit) for one in reads.readings] == [
        (1, "transgene_copies", "250", "copies"), (1, "reference_copies", "400", "copies"),
        (2, "transgene_copies", "260", "copies"), (2, "reference_copies", "410", "copies"),
    ]  # fmt: skip
    assert reads.readings[0].title == "Copies of the transgene"
    assert reads.readings[0].told()["rule"] == "replicate 1: as it stands: Copies (copies), Target Transgene"


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ((), 1),
        ((SHARES,), 1),
        (({"transgene_copies": "1"},), 2),
        (({"reference_copies": "1"},), 2),
        ((SHARES, SHARES | {"transgene_copies": "1"}), 3),
    ],
)  # fmt: skip
def test_both_copies_of_a_well_keep_one_number_behind_any_that_is_recorded(typed, first):
    reads = read(wells(("250", "400")), *typed)

    if first > 2:
        assert "reads this value 2 times" in sentence(reads)
    else:
        assert [one.replicate for one in reads.readings] == [first, first]


@pytest.mark.parametrize("copies", [("250", "0"), ("<5", "400"), ("5", "> 400"), ("250.25", "400.75"), ("0", "400")])
def test_an_input_is_taken_as_it_stands(copies):
    assert [one.typed for one in read(wells(copies), SHARES).readings] == list(copies)


@pytest.mark.parametrize(
    ("copies", "line"),
    [(("NaN", "400"), 2), (("250", ""), 3), (("1e3", "400"), 2), (("250", "1 000"), 3), (("250.1234567", "400"), 2)],
)
def test_what_could_not_be_typed_is_refused_with_its_line(copies, line):
    assert sentence(read(wells(copies), SHARES)).startswith(f"Line {line}: ")


def test_further_wells_are_read_only_where_the_method_says_so():
    further = set_by_site("TM-QC-032", "2", "5", "0.90", "1.10", "10000")
    further = further.replace("when_beyond: invalid", 'most: "3"\n  when_beyond: further')
    method = read_method(read_yaml(further.encode()))
    close, apart = [("250", "400"), ("251", "400")], [("250", "400"), ("350", "400")]
    used = profile_of("ddpcr-copies")

    def given(copies: list[tuple[str, str]], *typed: Mapping[str, str]) -> Reads:
        return reads_of(
            table_of(wells(*copies).encode(), used), used, LINE, sample=SAMPLE, rounding=Rounding.USP,
            methods=in_force(LINE, method), there=there(method, *typed),
        )  # fmt: skip

    third = ("300", "400")
    assert len(given([*apart, third], SHARES, SHARES, SHARES).readings) == 6
    assert "only where the first 2 lie too far apart" in sentence(given([*close, third], SHARES, SHARES))
    assert "only where the first 2 lie too far apart" in sentence(given([*apart, third]))
    assert "reads this value 3 times" in sentence(given([*apart, third, third], SHARES, SHARES, SHARES))


def test_the_dead_cells_are_all_less_the_viable_ones():
    line = a_line("viability_percent", VIABILITY, {"kind": "at_least", "limit": "70", "unit": "%", "figures": "2"})
    used = profile_of("cell-counts")

    def given(total: str, viable: str) -> Reads:
        content = f"Sample ID,Cells counted (cells),Viable cells counted (cells)\n{SAMPLE},{total},{viable}\n"
        return reads_of(
            table_of(content.encode(), used), used, line, sample=SAMPLE, rounding=Rounding.USP,
            methods=in_force(line, VIABILITY),
        )  # fmt: skip

    assert [(one.member, one.typed) for one in given("200", "196").readings] == [
        ("viable_counted", "196"), ("dead_counted", "4")
    ]  # fmt: skip
    assert "More cells are viable than were counted." in sentence(given("196", "200"))
    assert sentence(given("200", "196.5")).startswith("Line 2: ")


# Which profile


@pytest.mark.parametrize(
    ("profile", "members"),
    [
        ("ddpcr-copies", ["transgene_copies", "reference_copies"]),
        ("flow-cytometer", ["car_percent"]),
        ("ddpcr", []),
        ("cell-counter", []),
    ],
)
def test_a_profile_serves_a_method_that_calculates_where_it_gives_an_input(profile, members):
    used = profile_of(profile)

    assert [one.member for one in targets_under(used, LINE, in_force(LINE, COPIES))] == members
    assert bool(why_nothing(used, LINE, in_force(LINE, COPIES))) == (not members)


def test_without_that_method_the_inputs_are_not_wanted_and_the_value_is():
    assert targets_under(profile_of("ddpcr-copies"), LINE, {}) == ()
    assert [one.member for one in targets_under(profile_of("ddpcr"), LINE, {})] == ["vector_copy_number"]
    assert why_nothing(profile_of("ddpcr-copies"), LINE, {}).endswith("Choose another profile.")


def test_a_profile_of_another_method_is_refused_and_names_what_the_method_does_not_have():
    other = profile_of("ddpcr-copies", ("member: reference_copies", "member: albumin_copies"))

    assert "The line has no value called albumin_copies." in sentence(read(wells(("250", "400")), profile=other))


def test_an_input_in_another_unit_is_refused():
    other = profile_of("ddpcr-copies", ("unit: copies", "unit: copies/µL"))

    assert "the line takes copies" in sentence(
        read(wells(("1", "2")).replace("(copies)", "(copies/µL)"), profile=other)
    )


def test_a_plate_whose_one_column_is_an_input_gives_it_well_by_well():
    method = a_method("TM-QC-031", "3", "20", "0.90", "1.10", "90", "110")
    line = a_line("potency", method, {"kind": "at_most", "limit": "10", "unit": "copies/cell", "figures": "2"})
    reader = profile_of("plate-reader", ("line: potency", "line: potency, member: delta_ct"), ("pg/mL", "cycles"))
    used = replace(reader, layout=replace(reader.layout, decimal_comma=False))
    column = column_typed(used, line, in_force(line, method))
    assert column is not None
    assert used.plate is not None

    table = table_of_wells(used, used.plate, column, dict.fromkeys(used.plate.wells, "1.25"), SAMPLE)
    reads = reads_of(table, used, line, sample=SAMPLE, rounding=Rounding.USP, methods=in_force(line, method))

    assert [(one.member, one.replicate, one.typed, one.found.wells) for one in reads.readings] == [
        ("delta_ct", 1, "1.25", ["A03"]), ("delta_ct", 2, "1.25", ["B03"]), ("delta_ct", 3, "1.25", ["C03"])
    ]  # fmt: skip
    assert column_typed(used, line, {}) is None


# A file says what typing says


def recorded(values: Mapping[tuple[str, int], str]) -> list[Reading]:
    """Readings as the record keeps them, by value and replicate."""
    moment = datetime(2026, 11, 14, 12, tzinfo=UTC)
    return [
        Reading(line=LINE.code, member=member, replicate=number, typed=typed, performed_at=moment, recorded_at=moment)
        for (member, number), typed in values.items()
    ]


def shares_of(*replicates: Mapping[str, str]) -> dict[tuple[str, int], str]:
    return {(code, number): typed for number, given in enumerate(replicates, 1) for code, typed in given.items()}


def says(values: Mapping[tuple[str, int], str]) -> tuple[Working, Judgement]:
    """What the page of the test works out of readings."""
    methods, readings = in_force(LINE, COPIES), recorded(values)
    judgement = judged(CRITERION, LINE, readings, weight_kg=None, methods=methods)
    return workings_of(LINE, readings, methods)[LINE.code], judgement


copies = st.decimals(min_value="0.01", max_value=5000, places=2).map(str)
shares = st.fixed_dictionaries(dict.fromkeys(SHARES, st.decimals(min_value="0.1", max_value=100, places=1).map(str)))


@given(st.lists(st.tuples(copies, copies), min_size=2, max_size=2), st.lists(shares, min_size=2, max_size=2))
@settings(max_examples=60, deadline=None)
def test_a_file_with_the_same_numbers_says_what_typing_them_says(pairs, typed_shares):
    typed = shares_of(*typed_shares) | {
        (code, number): text
        for number, pair in enumerate(pairs, 1)
        for code, text in zip(("transgene_copies", "reference_copies"), pair, strict=True)
    }

    reads = read(wells(*pairs), *typed_shares)
    given_by_file = shares_of(*typed_shares) | {(one.member, one.replicate): one.typed for one in reads.readings}

    assert reads.problems == ()
    assert says(given_by_file) == says(typed)


# At the limit: with every cell transduced and 400 reference copies, 900 copies are 4.5, which is reported as 5.
near = st.integers(min_value=-200, max_value=200).map(lambda steps: Decimal(900) + Decimal(steps) / 10000)


@given(near, near)
@settings(max_examples=80, deadline=None)
def test_rounding_an_input_never_changes_the_verdict(first, second):
    reads = read(wells((str(first), "400"), (str(second), "400")), ALL, ALL)

    exact = (first + second) / 400
    unrounded = CRITERION.verdict(Numeric(Quantity(exact, "copies/transduced cell")))
    if reads.problems:
        assert sentence(reads).endswith("would not be judged as they are without rounding. Ask your lead.")
        return
    _working, judgement = says(shares_of(ALL, ALL) | {(one.member, one.replicate): one.typed for one in reads.readings})
    assert (judgement.verdict, judgement.reported) == (unrounded.verdict, unrounded.reported)


@pytest.mark.parametrize(
    ("transgene", "is_taken"),
    [("899.99", True), ("899.994", True), ("899.996", False), ("900.00", True), ("900.004", True)],
)
def test_the_boundary_of_a_verdict_is_not_crossed_by_rounding(transgene, is_taken):
    assert bool(read(wells((transgene, "400")), ALL).readings) == is_taken


def test_nothing_is_rounded_in_a_replicate_whose_other_values_are_missing():
    says_why = "takes 2 decimals of it, and other values of this replicate are missing"

    assert says_why in sentence(read(wells(("250.253", "400"))))
    assert says_why in sentence(read(wells(("250.253", "400")), {"car_percent": "40.0"}))
    assert read(wells(("250.253", "400")), SHARES).readings[0].typed == "250.25"
    assert read(wells(("250.25", "400"))).readings[0].typed == "250.25"


@pytest.mark.parametrize(("share", "is_taken"), [("50.1", True), ("50.06", True), ("50.14", False), ("50.16", True)])
def test_a_value_per_kilogram_is_judged_by_the_weight_before_anything_is_rounded(share, is_taken):
    """More than 0.5 × 10⁶ cells per kg: at 100 kg, 55 × 10⁶ cells are enough, which are 50.102 % of 109.78 × 10⁶."""
    per_kg = {"kind": "more_than", "limit": "0.5", "exponent": "6", "unit": "cells/kg", "per": "kg", "figures": "1"}
    line = a_line("car_positive_cells_total", CAR_CELLS, per_kg, exponent=6)
    used = profile_of("flow-cytometer", ("combine: only", "combine: mean"))
    content = f"Sample\tCD3+ of viable (%)\tCAR+ of viable CD3+ (%)\n{SAMPLE}\t100\t{share}\n"

    def given(weight: str | None) -> Reads:
        return reads_of(
            table_of(content.encode(), used), used, line, sample=SAMPLE, rounding=Rounding.USP,
            methods=in_force(line, CAR_CELLS), there=there(CAR_CELLS, {"viable_cells": "109.78"}),
            weight_kg=Decimal(weight) if weight else None,
        )  # fmt: skip

    assert bool(given("100").readings) == is_taken
    assert given(None).readings
