"""Release specifications as three publications print them: each row of their tables is a line, without new code."""

import csv
import re
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ledger.safe_yaml import read
from qc.definitions.reading import read_specification
from qc.definitions.specification import Line, Release, SpecificationDefinition
from qc.definitions.unfilled import as_if_set, unfilled_limits, unfilled_two_step
from qc.values.criteria import criterion_from_definition
from qc.values.rounding import Rounding

VECTORS = Path(__file__).parent.parent / "vectors"
ROWS = list(csv.DictReader((VECTORS / "published_specifications.csv").open(encoding="utf-8")))
Row = dict[str, str]

# Where each product of the tables is defined, and which codes its sampling points have there.
FILES = {
    "CD20 CAR-T (CliniMACS Prodigy, melanoma trial)": "cd20-car-t",
    "TIL (lot release post-REP)": "til",
    "Expanded NK (TC-NK, K562-mbIL15-41BBL feeders)": "nk",
}
POINTS = {
    "day 5 (IPC)": "day_5",
    "day 10 (IPC)": "day_10",
    "day 12 at harvest": "harvest",
    "day 12 IMP": "imp",
    "pre-REP (IPC)": "pre_rep",
    "post-REP": "post_rep",
    "final product": "final_product",
    "end-of-culture supernatant": "supernatant",
    "end of production": "end_of_production",
}
# What a table prints in words, and what a certificate prints for it here. Days that a table does not print are said in
# the note of the line.
WORDS = {
    ("microbiological_examination", "negative-to-date"): "No growth after 2 days",
    ("microbiological_examination", "negative"): "No growth after 7 days",
    ("mycoplasma", "negative-to-date"): "No growth after 2 days",
    ("mycoplasma", "negative"): "Not detected",
    ("sterility_usp", "negative after 14 days"): "No growth after 14 days",
    ("sterility_bactec", "no growth"): "No growth after 3 days",
    ("cd3_viability", "determined/declared"): "Report result",
    ("appearance", "slightly turbid infusion dispersion, primary package integrity"): (
        "Infusion dispersion: slightly turbid infusion dispersion and Primary package: primary package integrity"
    ),
    ("dose_cd3_car_per_ml", "according to cohort dosage; deviation of 20% acceptable"): "1 cells/mL ± 20 %",
}
# A growth test of which the table prints neither a number of days nor how early it is read.
NO_GROWTH = {"pre_rep": "No growth after 7 days", "post_rep": "No growth after 14 days"}
PENDING = (["microbiological_examination", "mycoplasma", "vector_copy_number"], ["sterility"], ["sterility_usp"])
PRINTED = re.compile(r"(?P<sign>>=|<=|[<>])\s*(?P<limit>[\d.]+)(?: x 10\^(?P<power>\d+))?\s*(?P<rest>.*)", re.ASCII)
RANGE = re.compile(r"(?P<low>[\d.]+) - (?P<high>[\d.]+) x 10\^(?P<power>\d+) (?P<unit>\w+)", re.ASCII)
SIGNS = {">=": "at_least", "<=": "at_most", ">": "more_than", "<": "less_than"}
UNITS = {"pg/ml": "pg/mL"}


def data_of(product: str) -> Any:  # Any: as the file has it
    return read((VECTORS / "published" / f"{FILES[product]}.specification.yaml").read_bytes())


@cache
def specification_of(product: str, relation: str = "") -> SpecificationDefinition:
    """The definition as it is read, for cells of this relation where the table asks other things of others."""
    data = deepcopy(dict(data_of(product)))
    if relation:
        data["attributes"] = {**data["attributes"], "donor_relation": relation}
    return read_specification(data)


def relation_in(row: Row) -> str:
    return row["sample_point"].partition(", ")[2].removesuffix(" only")


def line_of(row: Row) -> Line:
    """The line of a row: at its sampling point, called after its test."""
    point = POINTS[row["sample_point"].partition(", ")[0]]
    specification = specification_of(row["product"], relation_in(row))
    found = [
        line
        for line in specification.lines
        if line.sample_point == point and line.code in (row["test"], f"{row['test']}_{point}")
    ]
    assert len(found) == 1, f"{row['test']} at {point}"
    return found[0]


def words_of(line: Line) -> str:
    printed = criterion_from_definition(as_if_set(line.criterion), Rounding.NONE).words()
    return printed.replace("\u2009", " ")


def value(number: object, exponent: object) -> Decimal:
    return Decimal(str(number)).scaleb(int(str(exponent)))


every_row = pytest.mark.parametrize(
    "row",
    ROWS,
    ids=lambda row: f"{FILES[row['product']]}-{row['test']}-{POINTS[row['sample_point'].partition(', ')[0]]}",
)


@every_row
def test_every_row_of_the_tables_is_a_line_with_the_criterion_as_it_is_printed(row: Row) -> None:
    line, printed = line_of(row), row["criterion"]
    words = words_of(line)

    if (row["test"], printed) in WORDS:
        assert words == WORDS[row["test"], printed]
    elif span := RANGE.fullmatch(printed):
        stated = [value(line.criterion[end], line.criterion["exponent"]) for end in ("low", "high")]
        assert line.criterion["kind"] == "within"
        assert stated == [value(span["low"], span["power"]), value(span["high"], span["power"])]
        assert words == "0.1 to 2.0×10¹¹ cells"
    elif limit := PRINTED.fullmatch(printed):
        assert line.criterion["kind"] == SIGNS[limit["sign"]]
        assert value(line.criterion["limit"], line.criterion.get("exponent", "0")) == value(
            limit["limit"], limit["power"] or "0"
        )
        assert_unit_and_population(line, limit["rest"])
        assert words.startswith({">=": "≥", "<=": "≤"}.get(limit["sign"], limit["sign"]))
    elif printed == "no growth":
        assert words == NO_GROWTH[line.sample_point]
    else:
        assert words == printed


def assert_unit_and_population(line: Line, rest: str) -> None:
    """What follows the number is its unit, and of which cells it is, which the title says."""
    if rest.startswith("%"):
        assert line.criterion["unit"] == "%"
        for marker in re.findall(r"CD\d+[+-](?:CD\d+[+-])*|CAR\+|GFP\+|20:1 NK:K562", rest):
            assert marker in line.title
    elif rest.endswith("/kg"):
        unit = rest.split()[-1]
        assert (line.criterion["unit"], line.criterion["per"]) == (unit, "kg")
        assert rest.removesuffix(unit).strip() in line.title
    else:
        assert line.criterion["unit"] == UNITS.get(rest, rest)


@every_row
def test_every_row_is_known_before_or_after_the_release_as_its_table_says(row: Row) -> None:
    after = row["result_before_or_after_release"].startswith("after")

    assert line_of(row).release is (Release.MAY_FOLLOW if after else Release.BEFORE)


@every_row
def test_every_row_names_its_method_and_its_source(row: Row) -> None:
    line = line_of(row)

    assert line.method.words == row["method"]
    assert row["source"].partition(" doi ")[2].split()[0] in line.reference


def pending_of(product: str) -> Iterator[str]:
    for line in specification_of(product).lines:
        if line.release is Release.MAY_FOLLOW:
            yield line.code


@pytest.mark.parametrize(
    ("product", "pending"),
    [*zip(FILES, PENDING, strict=True)],
)
def test_what_a_first_certification_leaves_pending_is_what_the_table_knows_afterwards(
    product: str, pending: list[str]
) -> None:
    assert list(pending_of(product)) == pending


def test_no_line_stands_in_a_definition_that_its_table_does_not_have() -> None:
    for product in FILES:
        rows = [row for row in ROWS if row["product"] == product]
        assert sorted(line_of(row).code for row in rows) == sorted(
            line.code for line in specification_of(product).lines
        )


@pytest.mark.parametrize("row", [row for row in ROWS if relation_in(row)], ids=lambda row: row["test"])
def test_a_line_for_other_cells_stays_and_says_that_it_is_not_applicable(row: Row) -> None:
    asked = relation_in(row)
    other = {"autologous": "allogeneic", "allogeneic": "autologous"}[asked]

    line = specification_of(row["product"], other).line(row["test"])

    assert line is not None
    assert line.why_not_applicable == f"Asked for only where donor relation is {asked}."
    assert line.release is Release.INFORMATION
    assert line.method.words == row["method"]


@pytest.mark.parametrize(
    ("product", "waits"),
    [*zip(FILES, (["Line dose_cd3_car_per_ml, CD3+CAR+ cells per mL"], [], []), strict=True)],
)
def test_only_what_no_table_prints_is_still_to_be_set(product: str, waits: list[str]) -> None:
    specification = specification_of(product)

    assert unfilled_limits(specification) == waits
    assert unfilled_two_step(specification) == ["Two-step certification, the authorisation that allows it"]
