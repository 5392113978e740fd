"""Rules of dose: licensed ones read without code, boundaries of weight, what is handed out, what is never a pass."""

import csv
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.calculating import NotCalculable
from batches.definitions.dose import ALL_CONTAINERS, PER_CONTAINER, PER_ML, VOLUME, DoseRule
from batches.definitions.parts import FaultyDefinitionError
from batches.definitions.reading import read_product
from batches.definitions.warning import warnings_of_product
from ledger.safe_yaml import read
from qc.definitions.agreement import faults_between_specification_and_product
from qc.definitions.reading import read_specification
from qc.dose.rules import Allowed, DoseVerdict, Filled, Held, allowed_for, as_texts, contents, dose_of
from qc.values.quantities import Quantity, read_quantity

ROOT = Path(__file__).parent.parent.parent
CD19 = read((ROOT / "batches/definitions/cd19-car-t.product.yaml").read_bytes())
LICENSED = list(csv.DictReader((ROOT / "tests/vectors/licensed_doses.csv").open(encoding="utf-8")))
SAID = {"of": "viable CAR+ T cells", "basis": "pre_freeze", "reference": "named in tests/vectors/licensed_doses.csv"}
COUNTED = {"by": "car_positive_cells_total", "as": "all_containers"}
# The dose part of a product definition for each licensed rule: data alone.
RULES: dict[tuple[str, str], dict[str, Any]] = {
    ("Kymriah", "B-ALL, bands by weight"): {
        "kind": "by_weight",
        "bands": [
            {"up_to_kg": "50", "kind": "per_kg", "minimum": "0.2", "maximum": "5.0", "exponent": "6"},
            {"kind": "flat", "minimum": "0.1", "maximum": "2.5", "exponent": "8"},
        ],
    },
    ("Kymriah", "adult r/r DLBCL"): {"kind": "flat", "minimum": "0.6", "maximum": "6.0", "exponent": "8"},
    ("Kymriah", "EU/UK, all bags together"): {"kind": "flat", "minimum": "1.2", "maximum": "600", "exponent": "6"},
    ("Tecartus", "adult r/r MCL"): {
        "kind": "per_kg", "target": "2", "exponent": "6", "cap": {"cells": "2", "exponent": "8"},
    },
    ("Abecma", "EU/UK"): {"kind": "flat", "minimum": "260", "maximum": "500", "exponent": "6"},
    ("ARI0002h", "r/r multiple myeloma"): {
        "kind": "per_kg", "target": "3", "exponent": "6",
        "fractions": {"percent": ["10", "30", "60"], "hours_between": "24"},
    },
}  # fmt: skip


def defined(**dose: Any) -> DoseRule:
    """The rule that a product definition gives with this dose."""
    data: Any = deepcopy(CD19)
    data["dose"] = SAID | dose
    return read_product(data).dose


def faults(**dose: Any) -> str:
    with pytest.raises(FaultyDefinitionError) as raised:
        defined(**dose)
    return "\n".join(raised.value.faults)


def licensed(product: str, population: str, **more: Any) -> DoseRule:
    return defined(**RULES[product, population], **more)


def allowed(rule: DoseRule, weight: str | None) -> Allowed:
    found = allowed_for(rule, Decimal(weight) if weight else None)
    assert isinstance(found, Allowed)
    return found


# Licensed rules


@pytest.mark.parametrize("row", LICENSED, ids=lambda row: f"{row['product']}-{row['weight_kg'] or 'flat'}")
def test_each_licensed_rule_gives_its_range_and_target(row: dict[str, str]) -> None:
    found = allowed(licensed(row["product"], row["population"]), row["weight_kg"])

    stated = [found.low.value if found.low else None, found.target, found.high.value if found.high else None]
    assert stated == [
        Decimal(row[name]) if row[name] else None for name in ("least_cells", "target_cells", "most_cells")
    ]


def test_every_licensed_rule_has_a_known_answer() -> None:
    assert {(row["product"], row["population"]) for row in LICENSED} == set(RULES)


def test_fractions_of_a_target_are_those_of_the_publication() -> None:
    rule = licensed("ARI0002h", "r/r multiple myeloma", handed_out={"as": "volume", "graduation_ml": "0.1"})
    held = [Held("FB-01", Decimal("2.5E8"), Decimal(50))]

    dose = dose_of(rule, Decimal("64.0"), held)

    assert [part.wanted for part in dose.parts] == [Decimal("1.92E7"), Decimal("5.76E7"), Decimal("1.152E8")]
    assert [part.volume_ml for part in dose.parts] == [Decimal("3.8"), Decimal("11.6"), Decimal("23.0")]
    assert (dose.verdict, dose.cells, rule.hours_between) == (DoseVerdict.WITHIN, Decimal("1.92E8"), 24)


@pytest.mark.parametrize(("weight", "band"), [("50.0", 0), ("50", 0), ("50.1", 1), ("50.001", 1), ("8", 0), ("200", 1)])
def test_the_end_of_a_band_belongs_to_it(weight: str, band: int) -> None:
    rule = licensed("Kymriah", "B-ALL, bands by weight")

    assert allowed(rule, weight) == allowed(replace(rule, bands=(replace(rule.bands[band], up_to_kg=None),)), weight)


def test_a_dose_by_weight_without_a_weight_is_not_calculable_and_a_flat_one_is() -> None:
    held = [Held("FB-01", Decimal("3E8"), Decimal(50))]

    assert dose_of(licensed("Tecartus", "adult r/r MCL"), None, held).verdict is DoseVerdict.NOT_CALCULABLE
    assert dose_of(licensed("Kymriah", "B-ALL, bands by weight"), None, held).verdict is DoseVerdict.NOT_CALCULABLE
    assert dose_of(licensed("Abecma", "EU/UK"), None, held).verdict is DoseVerdict.WITHIN


def test_the_rule_on_the_page_of_how_to_state_a_dose_is_one() -> None:
    page = (ROOT / "docs/how-to/state-a-dose.md").read_text("utf-8")
    written: Any = read(page.split("```yaml\n")[1].split("```")[0].encode())

    data: Any = deepcopy(CD19) | written
    assert read_product(data).dose.bands == licensed("Kymriah", "B-ALL, bands by weight").bands


# The first shape of the definition


def test_a_rule_of_one_limit_is_a_band_with_one_end_and_asks_for_no_dose() -> None:
    rule = defined(kind="more_than", limit="0.5", exponent="6", unit="cells/kg", per="kg")

    found = allowed(rule, "70")
    assert (found.low and found.low.value, found.low and found.low.is_included) == (Decimal("3.5E7"), False)
    assert (found.target, found.high, rule.counted_by, rule.handed_out) == (None, None, "", "whole_containers")


@pytest.mark.parametrize(("cells", "verdict"), [
    ("35000000", DoseVerdict.BELOW), ("35000001", DoseVerdict.WITHIN), ("34999999", DoseVerdict.BELOW),
])  # fmt: skip
def test_more_than_excludes_its_end(cells: str, verdict: DoseVerdict) -> None:
    rule = defined(kind="more_than", limit="0.5", exponent="6", unit="cells/kg", per="kg")

    assert dose_of(rule, Decimal(70), [Held("FB-01", Decimal(cells), None)]).verdict is verdict


@pytest.mark.parametrize(("cells", "verdict"), [
    ("259999999", DoseVerdict.BELOW), ("260000000", DoseVerdict.WITHIN), ("500000000", DoseVerdict.WITHIN),
    ("500000001", DoseVerdict.ABOVE),
])  # fmt: skip
def test_a_range_includes_its_ends_and_nothing_is_rounded(cells: str, verdict: DoseVerdict) -> None:
    assert dose_of(licensed("Abecma", "EU/UK"), None, [Held("FB-01", Decimal(cells), None)]).verdict is verdict


def test_no_cells_are_no_dose_even_where_a_rule_has_a_most_alone() -> None:
    rule = defined(kind="at_most", limit="2", exponent="8", unit="cells")

    assert dose_of(rule, None, [Held("FB-01", Decimal(0), None)]).verdict is DoseVerdict.BELOW
    assert dose_of(rule, None, [Held("FB-01", Decimal(1), None)]).verdict is DoseVerdict.WITHIN


# Faults of a definition

FLAT = {"kind": "flat", "exponent": "8", "minimum": "1"}
LIMIT = {"kind": "at_least", "limit": "1", "exponent": "6", "unit": "cells"}
BANDS = RULES["Kymriah", "B-ALL, bands by weight"]["bands"]


@pytest.mark.parametrize(("dose", "says"), [
    ({"kind": "flat", "exponent": "8"}, "give a minimum, a target or a maximum"),
    (FLAT | {"minimum": "0"}, "must be above zero"),
    (FLAT | {"minimum": "5", "maximum": "2"}, "the wrong way round"),
    (FLAT | {"minimum": "2", "target": "1"}, "the wrong way round"),
    (FLAT | {"limit": "3"}, "no limit, unit, per or bands"),
    (LIMIT | {"maximum": "3"}, "has no minimum, target, maximum or bands"),
    ({"kind": "at_least", "exponent": "6"}, "limit, unit is missing"),
    (LIMIT | {"per": "kg"}, "the unit ends in /kg exactly where"),
    ({"kind": "by_weight", "bands": BANDS[:1]}, "has too few entries"),
    ({"kind": "by_weight", "bands": [BANDS[0], BANDS[0]]}, "no weight is left out"),
    ({"kind": "by_weight", "bands": [BANDS[1], BANDS[1]]}, "each band but the last ends"),
    ({"kind": "by_weight", "bands": [BANDS[0], BANDS[0], BANDS[1]]}, "in the order of their weights"),
    ({"kind": "by_weight", "bands": BANDS, "minimum": "1"}, "has its numbers in its bands"),
    (FLAT | {"fractions": {"percent": ["50", "50"], "hours_between": "24"}}, "parts of a target"),
    (FLAT | {"target": "2", "fractions": {"percent": ["10", "30"], "hours_between": "24"}}, "to 100 %, not 40 %"),
    (FLAT | {"target": "2", "fractions": {"percent": ["120", "-20"], "hours_between": "24"}}, "must be above zero and"),
    (FLAT | {"handed_out": {"as": "volume", "graduation_ml": "0.1"}}, "a volume is calculated from a target"),
    (FLAT | {"target": "2", "handed_out": {"as": "volume"}}, "to which volume they are measured"),
    (FLAT | {"handed_out": {"as": "whole_containers", "graduation_ml": "1"}}, "given where volumes are handed out"),
    (FLAT | {"cap": {"cells": "0", "exponent": "8"}}, "the cap must be above zero"),
    (FLAT | {"target": "2", "handed_out": {"as": "volume", "graduation_ml": "1"},
             "counted": {"by": "cells", "as": "per_container"}}, "from cells per mL"),
    (FLAT | {"basis": "frozen"}, "is not one of fresh, pre_freeze, post_thaw"),
])  # fmt: skip
def test_a_rule_by_which_nothing_can_be_calculated_is_refused_with_a_sentence(dose: dict[str, Any], says: str) -> None:
    assert says in faults(**dose)


def product(**dose: Any) -> Any:
    data: Any = deepcopy(CD19)
    data["dose"] = SAID | dose
    return read_product(data)


@pytest.mark.parametrize(("before", "now", "says"), [
    (FLAT, {"kind": "flat", "exponent": "8", "maximum": "1"}, "Is it the right way round?"),
    (FLAT, FLAT | {"minimum": "0.05"}, "more than ten times looser"),
    (FLAT | {"cap": {"cells": "2", "exponent": "8"}}, FLAT, "had a cap; now there is none"),
])  # fmt: skip
def test_a_dose_that_became_looser_or_turned_is_warned_of(before: Any, now: Any, says: str) -> None:
    assert any(says in each for each in warnings_of_product(product(**now), product(**before)))


@pytest.mark.parametrize(("change", "says"), [
    (lambda d: d["counted"].update(by="nothing"), "which SPEC-CD19 does not have"),
    (lambda d: d["counted"].update({"as": "per_ml"}), "must give cells/mL"),
    (lambda d: d["counted"].update(by="viability_percent"), "must give cells,"),
    (lambda d: d.update(basis="post_thaw"), "but the dose of PROD-CD19 counts them post_thaw"),
    (lambda d: (d["counted"].update(by="car_positive_percent")), "must state the basis pre_freeze"),
])  # fmt: skip
def test_a_line_that_does_not_count_the_cells_of_the_dose_is_refused(
    change: Callable[[Any], object], says: str
) -> None:
    data: Any = deepcopy(CD19)
    change(data["dose"])
    specification = read_specification(read((ROOT / "qc/definitions/cd19-car-t.specification.yaml").read_bytes()))

    assert says in "\n".join(faults_between_specification_and_product(specification, read_product(data)))


# What containers hold

BAGS = [Filled("FB-01", Decimal(50)), Filled("FB-02", Decimal(30)), Filled("FB-03", Decimal(20), is_there=False)]


def counted(as_: str = ALL_CONTAINERS, **more: Any) -> DoseRule:
    return defined(**(FLAT | {"counted": {"by": "cells", "as": as_}} | more))


@pytest.mark.parametrize(("as_", "typed", "unit", "cells"), [
    (ALL_CONTAINERS, "1000", "cells", ["5.00E+8", "3.00E+8"]),
    (PER_ML, "10", "cells/mL", ["5.00E+8", "3.00E+8"]),
    (PER_CONTAINER, "400", "cells", ["4.00E+8", "4.00E+8"]),
])  # fmt: skip
def test_a_destroyed_container_counts_in_the_volume_filled_and_not_in_the_dose(
    as_: str, typed: str, unit: str, cells: list[str]
) -> None:
    held = contents(counted(as_), read_quantity(typed, unit, exponent=6), "pre_freeze", BAGS)

    assert not isinstance(held, NotCalculable)
    assert [(each.code, each.cells) for each in held] == list(zip(["FB-01", "FB-02"], map(Decimal, cells), strict=True))


@pytest.mark.parametrize(("count", "basis", "bags", "says"), [
    (None, "pre_freeze", BAGS, "not counted"),
    (read_quantity("> 1000", "cells", exponent=6), "pre_freeze", BAGS, "censored"),
    (Quantity(Decimal("1E9"), "cells"), "post_thaw", BAGS, "counted post_thaw; the dose wants pre_freeze"),
    (Quantity(Decimal("1E9"), "cells"), "", BAGS, "in no stated state"),
    (Quantity(Decimal("1E9"), "cells/mL"), "pre_freeze", BAGS, "the dose wants cells"),
    (Quantity(Decimal("1E9"), "cells"), "pre_freeze", [], "no final container"),
    (Quantity(Decimal("1E9"), "cells"), "pre_freeze", BAGS[2:], "no final container"),
    (Quantity(Decimal("1E9"), "cells"), "pre_freeze", [*BAGS, Filled("FB-04", None)], "is not recorded"),
])  # fmt: skip
def test_what_is_not_known_is_never_within(count: Quantity | None, basis: str, bags: list[Filled], says: str) -> None:
    held = contents(counted(), count, basis, bags)

    assert isinstance(held, NotCalculable)
    assert says in held.reason
    assert dose_of(counted(), Decimal(70), held).verdict is DoseVerdict.NOT_CALCULABLE


# What is handed out


def test_whole_containers_are_taken_the_fullest_first_until_the_target_is_reached() -> None:
    rule = defined(kind="flat", exponent="8", target="5")
    held = [
        Held("FB-01", Decimal("1E8"), None),
        Held("FB-02", Decimal("4E8"), None),
        Held("FB-03", Decimal("2E8"), None),
    ]

    dose = dose_of(rule, None, held)

    assert (dose.parts[0].containers, dose.cells, dose.verdict) == (
        ("FB-02", "FB-03"),
        Decimal("6E8"),
        DoseVerdict.WITHIN,
    )


def test_without_a_target_all_containers_are_the_dose() -> None:
    held = [Held("FB-01", Decimal("1E8"), None), Held("FB-02", Decimal("4E8"), None)]

    assert dose_of(defined(**FLAT), None, held).parts[0].containers == ("FB-01", "FB-02")


def test_fractions_of_whole_containers_are_filled_from_the_largest() -> None:
    rule = licensed("ARI0002h", "r/r multiple myeloma")
    held = [Held(f"FB-0{number}", Decimal("1.92E7"), Decimal(10)) for number in range(1, 10)]

    short = dose_of(rule, Decimal(64), held)
    full = dose_of(rule, Decimal(64), [*held, Held("FB-10", Decimal("1.92E7"), Decimal(10))])

    assert [len(part.containers) for part in full.parts] == [1, 3, 6]
    assert full.verdict is DoseVerdict.WITHIN
    assert (short.verdict, len(short.parts[0].containers)) == (DoseVerdict.BELOW, 0)


def test_a_volume_never_holds_more_than_the_cap() -> None:
    rule = licensed("Tecartus", "adult r/r MCL", handed_out={"as": "volume", "graduation_ml": "1"})

    dose = dose_of(rule, Decimal(120), [Held("FB-01", Decimal("3.1E8"), Decimal(68))])

    assert dose.parts[0].volume_ml == Decimal(43)  # 44 mL would be the nearest and hold 2.006 × 10⁸
    assert dose.verdict is DoseVerdict.WITHIN
    assert dose.cells is not None
    assert dose.cells < Decimal("2E8")


# Properties

CELLS = st.integers(min_value=1, max_value=10**10).map(Decimal)
ML = st.integers(min_value=1, max_value=3000).map(lambda tenths: Decimal(tenths) / 10)
WEIGHT = st.integers(min_value=80, max_value=2000).map(lambda tenths: Decimal(tenths) / 10)
HANDED_OUT = st.sampled_from([{"as": "whole_containers"}, {"as": "volume", "graduation_ml": "0.1"}])
RANGED = {"kind": "per_kg", "exponent": "6", "minimum": "0.5", "target": "2", "maximum": "5"}


@given(
    cells=CELLS,
    more=st.integers(min_value=0, max_value=10**10),
    volumes=st.lists(ML, min_size=1, max_size=5),
    weight=WEIGHT,
    handed_out=HANDED_OUT,
)
def test_more_cells_never_move_a_dose_from_within_to_below(
    cells: Decimal, more: int, volumes: list[Decimal], weight: Decimal, handed_out: dict[str, str]
) -> None:
    rule = defined(**RANGED, handed_out=handed_out, counted=COUNTED)
    bags = [Filled(f"FB-{number}", volume) for number, volume in enumerate(volumes)]

    first, second = (
        dose_of(rule, weight, contents(rule, Quantity(each, "cells"), "pre_freeze", bags)).verdict
        for each in (cells, cells + more)
    )

    assert not (first is DoseVerdict.WITHIN and second is DoseVerdict.BELOW)


@given(cells=CELLS, volumes=st.lists(ML, min_size=1, max_size=5), weight=WEIGHT, handed_out=HANDED_OUT)
def test_a_cap_is_never_exceeded_by_a_dose_that_is_within(
    cells: Decimal, volumes: list[Decimal], weight: Decimal, handed_out: dict[str, str]
) -> None:
    rule = licensed("Tecartus", "adult r/r MCL", handed_out=handed_out, counted=COUNTED)
    bags = [Filled(f"FB-{number}", volume) for number, volume in enumerate(volumes)]

    dose = dose_of(rule, weight, contents(rule, Quantity(cells, "cells"), "pre_freeze", bags))

    assert rule.cap_cells is not None
    if dose.verdict is DoseVerdict.WITHIN or (handed_out["as"] == VOLUME and dose.cells is not None):
        assert dose.cells is not None
        assert dose.cells <= rule.cap_cells


@given(cells=CELLS, volume=ML, weight=WEIGHT)
def test_volumes_of_fractions_add_up_to_the_whole_and_each_is_right_to_one_graduation(
    cells: Decimal, volume: Decimal, weight: Decimal
) -> None:
    graduation = Decimal("0.1")
    rule = licensed("ARI0002h", "r/r multiple myeloma", handed_out={"as": "volume", "graduation_ml": "0.1"})

    dose = dose_of(rule, weight, [Held("FB-01", cells, volume)])

    if dose.parts:
        volumes = [part.volume_ml or Decimal(0) for part in dose.parts]
        whole = sum(volumes)
        assert whole <= volume
        assert all(each % graduation == 0 for each in volumes)
        assert dose.cells is not None
        assert abs(sum(part.cells for part in dose.parts) - dose.cells) <= cells / volume * graduation
        for part, given_ml in zip(dose.parts, volumes, strict=True):
            assert abs(given_ml - whole * part.percent / 100) <= graduation


@given(cells=CELLS, volumes=st.lists(st.none() | ML, max_size=4), weight=st.none() | WEIGHT, missing=st.integers(0, 6))
def test_taking_an_input_away_never_makes_an_answer_of_none(
    cells: Decimal, volumes: list[Decimal | None], weight: Decimal | None, missing: int
) -> None:
    rule = defined(**RANGED, counted=COUNTED)

    def verdict(count: Quantity | None, kilograms: Decimal | None, known: list[Decimal | None]) -> DoseVerdict:
        bags = [Filled(f"FB-{number}", volume) for number, volume in enumerate(known)]
        return dose_of(rule, kilograms, contents(rule, count, "pre_freeze", bags)).verdict

    count = Quantity(cells, "cells")
    fewer = [None if number == missing else volume for number, volume in enumerate(volumes)]
    if verdict(count, weight, volumes) is DoseVerdict.NOT_CALCULABLE:
        for less in (verdict(None, weight, volumes), verdict(count, None, volumes), verdict(count, weight, fewer)):
            assert less is DoseVerdict.NOT_CALCULABLE


def test_a_dose_is_stored_with_every_digit() -> None:
    texts = as_texts(dose_of(defined(**FLAT), Decimal(3), [Held("FB-01", Decimal("1E8"), None)]))

    assert texts["cells"] == "100000000"
    assert str(texts["cells_per_kg"]).startswith("33333333.3333333333333333333333333")
