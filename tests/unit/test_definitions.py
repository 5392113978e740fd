"""Products, master records and specifications as files: the shipped ones hold, a fault is named with its place."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from jsonschema import Draft202012Validator

from batches.definitions.bindings import faults_between_master_and_product
from batches.definitions.master import Limits, MasterDefinition, Rounding, StepKind
from batches.definitions.parts import FaultyDefinitionError
from batches.definitions.product import ProductDefinition
from batches.definitions.reading import MASTER_SCHEMA, PRODUCT_SCHEMA, read_master, read_product
from batches.formulas import FORMULAS
from ledger.safe_yaml import read
from qc.definitions.agreement import (
    faults_between_specification_and_master,
    faults_between_specification_and_product,
)
from qc.definitions.reading import SPECIFICATION_SCHEMA, read_specification
from qc.definitions.specification import Release, SpecificationDefinition
from qc.values.criteria import Category, Detection, Growth, Numeric, Verdict, criterion_from_definition
from qc.values.quantities import read_quantity
from qc.values.rounding import Rounding as RoundingRule
from qc.values.seen import Seen, Single

HOUSE = Path(__file__).parents[2]
FILES = {
    "product": (HOUSE / "batches/definitions/cd19-car-t.product.yaml", read_product),
    "master": (HOUSE / "batches/definitions/cd19-car-t.master.yaml", read_master),
    "specification": (HOUSE / "qc/definitions/cd19-car-t.specification.yaml", read_specification),
}
Found = TypeVar("Found")
# Plain data of any depth, changed in place by the tests.
Data = Any


@pytest.fixture(scope="session")
def shipped() -> dict[str, Data]:
    return {kind: read(path.read_bytes()) for kind, (path, _read) in FILES.items()}


@pytest.fixture(scope="session")
def product(shipped: dict[str, Data]) -> ProductDefinition:
    return read_product(shipped["product"])


@pytest.fixture(scope="session")
def master(shipped: dict[str, Data]) -> MasterDefinition:
    return read_master(shipped["master"])


@pytest.fixture(scope="session")
def specification(shipped: dict[str, Data]) -> SpecificationDefinition:
    return read_specification(shipped["specification"])


def the(found: Found | None) -> Found:
    """What must be there."""
    assert found is not None
    return found


def named(parts: list[Data], code: str) -> Data:
    return next(each for each in parts if each["code"] == code)


def step(data: Data, code: str) -> Data:
    return next(each for stage in data["stages"] for each in stage.get("steps", []) if each["code"] == code)


def field(data: Data, code: str) -> Data:
    return next(
        each
        for stage in data["stages"]
        for one in stage.get("steps", [])
        for each in one.get("fields", []) + one.get("derived", [])
        if each["code"] == code
    )


def line(data: Data, code: str) -> Data:
    return named(data["lines"], code)


def faults_after(shipped: dict[str, Data], kind: str, change: Callable[[Data], object]) -> str:
    """What is said of the shipped file after the change."""
    data = copy.deepcopy(shipped[kind])
    change(data)
    with pytest.raises(FaultyDefinitionError) as raised:
        FILES[kind][1](data)
    return "\n".join(raised.value.faults)


def refuses(kind: str, change: Callable[[Data], object], *sentences: str) -> Any:
    return pytest.param(kind, change, sentences, id=sentences[0][:60])


def a_range(low: str | None, high: str | None, rounding: Rounding) -> Limits:
    return Limits(Decimal(low) if low else None, Decimal(high) if high else None, rounding)


# The shipped files


def test_the_shipped_files_belong_to_each_other(
    product: ProductDefinition, master: MasterDefinition, specification: SpecificationDefinition
) -> None:
    assert list(faults_between_master_and_product(master, product)) == []
    assert list(faults_between_specification_and_product(specification, product)) == []
    assert list(faults_between_specification_and_master(specification, master)) == []


def test_the_product_says_what_strips_certificates_and_decisions_need(product: ProductDefinition) -> None:
    assert (product.code, product.version) == ("PROD-CD19", 1)
    assert product.short_title == "CD19 CAR-T, autologous"
    assert product.is_genetically_modified
    assert product.uses_a_viral_vector
    assert [(each.role, each.meaning) for each in product.profile.steps] == [
        ("qa", "reviewed"),
        ("qualified_person", "certified"),
    ]
    assert product.profile.step("certification").by_another_than == ("record_review",)
    assert product.profile.decision("not_certified").title == "Not certified"
    assert (product.dose.kind, product.dose.limit, product.dose.exponent) == ("more_than", Decimal("0.5"), 6)
    assert "example" in product.authorisation.number


def test_the_dose_of_the_product_is_the_one_the_specification_judges(
    product: ProductDefinition, specification: SpecificationDefinition
) -> None:
    dose = the(specification.line("car_positive_cells_total")).criterion

    assert dose["kind"] == product.dose.kind
    assert Decimal(str(dose["limit"])) == product.dose.limit
    assert int(str(dose["exponent"])) == product.dose.exponent
    assert (dose["unit"], dose["per"]) == (product.dose.unit, product.dose.per)


def test_the_master_runs_from_receipt_to_the_laboratory(master: MasterDefinition) -> None:
    assert [stage.code for stage in master.stages] == [
        "receipt",
        "selection_activation",
        "transduction",
        "expansion",
        "harvest_fill",
        "release_testing",
    ]
    assert master.stages[-1].laboratory
    assert len(master.steps) == 27
    assert [each.code for each in master.steps if each.is_checked_before_the_act] == ["1.5", "2.1", "3.3", "5.6"]


def test_every_step_checked_before_the_act_is_forced_and_witnessed(master: MasterDefinition) -> None:
    checked = [each for each in master.steps if each.is_checked_before_the_act]

    assert all(each.forced and each.witness and each.confirms for each in checked)


def test_each_vector_vial_is_scanned_by_its_own_code(master: MasterDefinition) -> None:
    slots = {need.code: need for need in the(master.step("3.3")).needs}

    assert slots["vector_vials"].many
    assert not slots["culture_bag"].many


def test_whatever_feeds_the_dose_is_verified_by_a_second_person(master: MasterDefinition) -> None:
    derived = {each.code: each for _step, each in master.derived()}
    fields = {each.code: each for _step, each in master.fields()}
    sources, feeding = ["filled_dose_per_kg"], set()
    while sources:
        code = sources.pop()
        if code in derived:
            sources += derived[code].inputs.values()
        elif code in fields:
            feeding.add(code)

    assert feeding >= {"final_viable_counted", "bags_volume_ml", "final_cd3_percent", "final_car_percent"}
    assert all(fields[code].critical for code in feeding)


def test_what_follows_from_a_value_is_found_over_several_steps(master: MasterDefinition) -> None:
    following = [each.code for each in master.derived_from("final_car_percent")]

    assert following == ["final_car_positive_cells", "filled_car_positive_cells", "filled_dose_per_kg"]
    assert master.derived_from("storage_position") == ()


def a_whole_run() -> dict[str, Decimal]:
    """Numbers, at full scale, of a run in which nothing is lost but in the wash."""
    counts = {
        "receipt": ("200", "4", "200", "100"),
        "washed": ("180", "4", "100", "100"),
        "selected": ("150", "4", "50", "80"),
        "transduction": ("120", "4", "10", "150"),
        "seeded": ("100", "4", "10", "150"),
        "day3": ("150", "4", "10", "300"),
        "day5": ("200", "4", "10", "600"),
        "day7": ("300", "4", "10", "800"),
        "harvest": ("306", "4", "20", "900"),
        "final": ("235", "4", "100", "110"),
    }
    values = {
        f"{name}_{part}": Decimal(text)
        for name, (viable, squares, dilution, volume) in counts.items()
        for part, text in (
            ("viable_counted", viable),
            ("dead_counted", "5"),
            ("squares", squares),
            ("dilution", dilution),
            ("volume_ml", volume),
        )
    }
    others = {
        "formulated_volume_ml": "110",
        "dmso_ml": "11",
        "receipt_cd3_percent": "60",
        "selected_cd3_percent": "96.0",
        "activated_cells_volume_ml": "10",
        "culture_volume_ml": "150",
        "vector_added_ml": "45",
        "harvest_days": "8",
        "harvest_sampled_ml": "10",
        "harvest_retained_ml": "4",
        "harvest_discarded_ml": "0",
        "final_cd3_percent": "97.9",
        "final_car_percent": "26.0",
        "bag_volume_ml": "50",
        "bags_volume_ml": "100",
        "qc_volume_ml": "6",
        "retain_volume_ml": "4",
        "fill_discarded_ml": "0",
        "product.planned_moi": "10",
        "product.planned_fold": "30",
        "lot.titer": "1E8",
        "order.weight_kg": "70",
    }
    return values | {code: Decimal(text) for code, text in others.items()}


def calculated(master: MasterDefinition, values: dict[str, Decimal]) -> dict[str, Decimal]:
    for _step, derived in master.derived():
        formula = FORMULAS[derived.formula, derived.version]
        answer = formula.calculate({name: values[source] for name, source in derived.inputs.items()})
        assert isinstance(answer, Decimal), (derived.code, answer)
        values[derived.code] = answer
    return values


def test_the_record_can_be_calculated_from_beginning_to_end(master: MasterDefinition) -> None:
    values = calculated(master, a_whole_run())

    assert values["final_viability"].quantize(Decimal("0.1")) == Decimal("97.9")
    assert values["filled_viable_cells"] == Decimal("5.875E9")
    assert values["filled_car_positive_cells"] == Decimal("1495422500")  # 1,495 × 10⁶, as published
    assert values["filled_dose_per_kg"].quantize(Decimal(1)) == 21363179
    assert values["vector_volume_planned"] == Decimal("45")
    assert values["actual_moi"] == 10


def test_what_was_harvested_is_filled_sampled_retained_lost_or_discarded(master: MasterDefinition) -> None:
    values = calculated(master, a_whole_run())
    account = the(master.reconciliation)

    assert values["fill_difference"] == 0
    assert sum(values[share.source] for share in account.shares) == values[account.made]
    assert {share.kind for share in account.shares} == {"filled", "sampled", "retained", "lost", "discarded"}


PUBLISHED = {  # Castella M. et al. 2018, Table 2: batches 01, 02, 03
    "car_positive_cells_total": ("1495000000", "1746000000", "1340000000"),
    "car_positive_percent": ("26.0", "41.9", "39.7"),
    "cd3_positive_percent": ("97.9", "98.6", "98.6"),
    "viability_percent": ("97.9", "98.1", "98.0"),
    "endotoxin": ("≤0.5", "≤0.5", "≤0.5"),
    "vector_copy_number": ("1.45", "2.32", "2.51"),
    "potency_a": ("14.9", "40.4", "43.0"),
    "potency_b": ("90.9", "64.6", "67.0"),
}
SEEN: dict[str, Single] = {
    "appearance": Category("cloudy liquid solution"),
    "sterility": Growth(grown=False, full_days=14),
    "mycoplasma": Detection(detected=False),
    "adventitious_viruses": Detection(detected=False),
    "rcl": Detection(detected=False),
}


def seen_of(code: str, unit: str, batch: int) -> Single:
    return SEEN[code] if code in SEEN else Numeric(read_quantity(PUBLISHED[code][batch], unit))


def test_the_specification_has_the_twelve_published_lines_in_their_order(
    specification: SpecificationDefinition,
) -> None:
    assert [each.code for each in specification.lines] == [
        "appearance",
        "car_positive_cells_total",
        "car_positive_percent",
        "cd3_positive_percent",
        "viability_percent",
        "sterility",
        "mycoplasma",
        "endotoxin",
        "adventitious_viruses",
        "vector_copy_number",
        "rcl",
        "potency",
    ]
    assert [each.code for each in the(specification.line("potency")).members] == ["potency_a", "potency_b"]
    assert all(each.release is Release.BEFORE for each in specification.lines)


@pytest.mark.parametrize("batch", [0, 1, 2])
def test_every_line_meets_on_the_published_results(specification: SpecificationDefinition, batch: int) -> None:
    for each in specification.lines:
        criterion = criterion_from_definition(each.criterion, RoundingRule[specification.rounding])
        seen: Seen = (
            {one.code: seen_of(one.code, one.entry.unit, batch) for one in each.members}
            if each.members
            else seen_of(each.code, each.entry.unit, batch)
        )
        assert criterion.verdict(seen, weight_kg=Decimal(70)).verdict is Verdict.MEETS, each.code


def test_the_days_of_the_sterility_test_say_that_they_are_not_the_publication_s(
    specification: SpecificationDefinition,
) -> None:
    assert the(specification.line("sterility")).criterion["days"] == "14"
    assert "without a number of days" in the(specification.line("sterility")).note


# The schemas


@pytest.mark.parametrize("path", [PRODUCT_SCHEMA, MASTER_SCHEMA, SPECIFICATION_SCHEMA], ids=lambda path: path.stem)
def test_a_schema_is_valid_closed_described_and_knows_no_number(path: Path) -> None:
    schema = json.loads(path.read_text())
    Draft202012Validator.check_schema(schema)
    pending = [schema]
    while pending:
        part = pending.pop()
        if isinstance(part, list):
            pending += part
        elif isinstance(part, dict):
            assert part.get("type") not in ("number", "integer", "boolean", "null")
            if part.get("type") == "object" and "if" not in part and "allOf" not in part:
                assert "additionalProperties" in part, part
            for one in part.get("properties", {}).values() if isinstance(part.get("properties"), dict) else ():
                assert "description" in one or "$ref" in one, one
            pending += [each for key, each in part.items() if key != "if"]


# Faults, each named


@pytest.mark.parametrize(
    ("kind", "change", "sentences"),
    [
        refuses("product", lambda d: d.pop("dose"), "The definition: dose is missing."),
        refuses("product", lambda d: d.update(colour="red"), "The definition: colour is not known here."),
        refuses(
            "product", lambda d: d.update(version=1), "version: must be text (numbers stand in quotation marks), not 1."
        ),
        refuses("product", lambda d: d["dose"].update(limit=0.5), "dose › limit: must be text"),
        refuses("product", lambda d: d["dose"].update(limit="1e6"), 'dose › limit: "1e6" does not have the form'),
        refuses("product", lambda d: d["dose"].update(limit="0"), "Dose: the limit must be above zero."),
        refuses("product", lambda d: d["dose"].pop("per"), "Dose: the unit ends in /kg exactly where"),
        refuses(
            "product", lambda d: d["attributes"].update(gene_transfer="none"), "gene_transfer is none exactly where"
        ),
        refuses(
            "product", lambda d: d["plausible_weight_kg"].update(low="200"), "Plausible weight: low must be below high."
        ),
        refuses(
            "product",
            lambda d: d["profile"]["decisions"][1].update(disposition="certified"),
            "no words for the decision not_certified",
        ),
        refuses(
            "product",
            lambda d: d["profile"]["steps"].reverse(),
            "record_review is not an earlier step",
            "The last step",
        ),
        refuses(
            "product", lambda d: d["parameters"].append(d["parameters"][0]), "Parameter planned_moi is there twice."
        ),
        refuses("master", lambda d: d["stages"].reverse(), "must begin with"),
        refuses(
            "master",
            lambda d: d["stages"][0]["steps"].reverse(),
            "Step 1.3 stands after 1.4; steps are numbered upwards.",
        ),
        refuses(
            "master", lambda d: d["stages"][3].update(steps=[]), "Stage expansion: a stage has steps exactly where"
        ),
        refuses("master", lambda d: d["stages"][5].update(code="receipt"), "Stage receipt is there twice."),
        refuses("master", lambda d: step(d, "4.1").update(code="4.01"), "does not have the form asked for"),
        refuses(
            "master",
            lambda d: field(d, "day5_volume_ml").update(code="day3_volume_ml"),
            "day3_volume_ml is there twice.",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["formula"].update(version="2"),
            "Step 4.1, day3_fold: there is no formula fold_expansion version 2.",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["formula"].update(code="growth"),
            "there is no formula growth version 1.",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["inputs"].update(cells="nowhere"),
            "cells is bound to nowhere, which is neither",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["inputs"].pop("cells"),
            "fold_expansion needs cells, which is bound to nothing.",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["inputs"].update(days="harvest_days"),
            "fold_expansion has no input days.",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["inputs"].update(cells="harvest_viable_cells"),
            "Step 4.1, day3_fold: harvest_viable_cells is used before it is known; step 5.1 records it.",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["inputs"].update(cells="day3_volume_ml"),
            "day3_volume_ml is in mL, but cells is in cells.",
        ),
        refuses(
            "master",
            lambda d: field(d, "day3_fold")["inputs"].update(cells="day3_counted_at"),
            "day3_counted_at is not a number.",
        ),
        refuses(
            "master", lambda d: field(d, "day3_fold").update(unit="%"), "fold_expansion answers in fold, not in %."
        ),
        refuses("master", lambda d: field(d, "day3_fold").update(decimals="1"), "give either figures or decimals."),
        refuses(
            "master", lambda d: step(d, "3.2").update(needs=[]), "lot.titer is used before a vector lot is scanned."
        ),
        refuses(
            "master",
            lambda d: field(d, "final_car_percent").pop("critical"),
            "Step 5.5, final_car_percent feeds the dose, so it must be critical.",
        ),
        refuses(
            "master",
            lambda d: field(d, "receipt_temperature_c").update(low="8.0"),
            "limit: low 8.0 must be below high 8.0.",
        ),
        refuses(
            "master",
            lambda d: field(d, "receipt_temperature_c").update(plausible_low="41"),
            "plausible range: low 41 must be below high 40.",
        ),
        refuses(
            "master",
            lambda d: field(d, "receipt_temperature_c").update(low="2.00"),
            "has more decimals than the field takes (1).",
        ),
        refuses(
            "master",
            lambda d: field(d, "seeding_density").update(low="2.5"),
            "seeding_density: low 2.5 must be below high 2.0.",
        ),
        refuses("master", lambda d: field(d, "bags_filled").update(low="-1"), "a count is never below zero"),
        refuses("master", lambda d: field(d, "harvest_days").pop("unit"), "a number or a count has a unit."),
        refuses(
            "master", lambda d: field(d, "storage_position").update(unit="mL"), "only a number or a count has a unit"
        ),
        refuses(
            "master",
            lambda d: field(d, "receipt_appearance").update(expected=["blue"]),
            "blue is expected but not offered.",
        ),
        refuses(
            "master", lambda d: field(d, "receipt_appearance").pop("choices"), "a choice offers at least two words."
        ),
        refuses(
            "master",
            lambda d: named(step(d, "1.1")["needs"], "apheresis_bag").update(of="bucket"),
            "bucket is no kind of container.",
        ),
        refuses(
            "master",
            lambda d: named(step(d, "2.1")["needs"], "apheresis_bag").update(of="culture_bag"),
            "no culture_bag has been made by then.",
        ),
        refuses(
            "master", lambda d: step(d, "5.6")["creates"][0].update(number="2"), "give either number or number_field."
        ),
        refuses(
            "master",
            lambda d: step(d, "5.6")["creates"][0].update(number_field="bag_volume_ml"),
            "must be a whole count of this step.",
        ),
        refuses(
            "master",
            lambda d: step(d, "5.6")["creates"][0].update(volume_field="bags_filled"),
            "must be a number of this step in mL.",
        ),
        refuses("master", lambda d: step(d, "5.6")["creates"][1].pop("sample_point"), "names its sampling point."),
        refuses(
            "master",
            lambda d: step(d, "5.6")["creates"][1].update(kind="final_bag"),
            "Step 5.6 creates: the kind final_bag is there twice.",
        ),
        refuses(
            "master", lambda d: step(d, "5.6").update(kind="sampling"), "only a check before the act or a fill confirms"
        ),
        refuses("master", lambda d: step(d, "3.3").update(witness="no"), "Step 3.3: what is checked before the act"),
        refuses("master", lambda d: step(d, "3.3").update(forced="no"), "Step 3.3: what is checked before the act"),
        refuses(
            "master",
            lambda d: step(d, "3.3").update(confirms=["final_viability"]),
            "confirms final_viability, which no earlier step records.",
        ),
        refuses("master", lambda d: step(d, "1.3").update(creates=[]), "Step 1.3: sampling creates samples"),
        refuses(
            "master",
            lambda d: d["reconciliation"].update(made="bags_volume_ml"),
            "bags_volume_ml is in mL, not in cells.",
        ),
        refuses(
            "master", lambda d: d["reconciliation"].update(made="all"), "all is neither a field nor a derived quantity."
        ),
        refuses("specification", lambda d: d.update(lines=[]), "lines: must not be empty."),
        refuses(
            "specification",
            lambda d: line(d, "rcl").update(sample_point="moon"),
            "Line rcl: moon is not a sampling point",
        ),
        refuses("specification", lambda d: line(d, "rcl").update(code="mycoplasma"), "Line mycoplasma is there twice."),
        refuses(
            "specification",
            lambda d: line(d, "potency")["criterion"]["members"][0].update(code="rcl"),
            "Line rcl is there twice.",
        ),
        refuses(
            "specification",
            lambda d: line(d, "endotoxin").update(unit="EU/kg"),
            "it is entered in EU/kg, but judged in EU/mL.",
        ),
        refuses(
            "specification",
            lambda d: line(d, "endotoxin").update(result_type="detection"),
            "cannot be judged by at_most.",
        ),
        refuses(
            "specification",
            lambda d: line(d, "endotoxin")["criterion"].update(limit="a lot"),
            "does not have the form asked for",
        ),
        refuses("specification", lambda d: line(d, "endotoxin")["criterion"].update(limit=0.5), "must be text"),
        refuses(
            "specification",
            lambda d: line(d, "endotoxin")["criterion"].update(kind="about"),
            '"about" is not one of at_least',
        ),
        refuses(
            "specification", lambda d: line(d, "endotoxin")["criterion"].update(days="3"), "days is not known here."
        ),
        refuses(
            "specification",
            lambda d: line(d, "endotoxin").update(
                criterion={"kind": "report_only", "unit": "EU/mL"}, release="may_follow"
            ),
            "Nothing covers endotoxin",
            "for information exactly where",
        ),
        refuses(
            "specification",
            lambda d: line(d, "endotoxin").update(release="information"),
            "for information exactly where",
        ),
        refuses(
            "specification",
            lambda d: line(d, "endotoxin").update(when={"form": ["fresh"]}),
            "Line endotoxin: it depends on form, which the attributes of this specification do not state.",
            "Nothing covers endotoxin",
        ),
        refuses(
            "specification",
            lambda d: line(d, "car_positive_cells_total").pop("basis"),
            "a count, and nothing else, names its basis.",
        ),
        refuses(
            "specification",
            lambda d: line(d, "appearance").update(choices=["cloudy liquid solution", "cloudy liquid solution"]),
            "could never fail",
        ),
        refuses(
            "specification",
            lambda d: line(d, "appearance").update(choices=["clear", "red"]),
            "is accepted but not offered.",
        ),
        refuses(
            "specification",
            lambda d: d["waivers"].append({"covers": "sterility", "reason": "a", "reference": "b"}),
            "sterility has a line and a waiver",
        ),
        refuses("specification", lambda d: d["waivers"][0].pop("reference"), "waivers › 1: reference is missing."),
    ],
)
def test_a_fault_is_named_with_its_place(
    shipped: dict[str, Data], kind: str, change: Callable[[Data], object], sentences: tuple[str, ...]
) -> None:
    said = faults_after(shipped, kind, change)

    for sentence in sentences:
        assert sentence in said


def test_all_faults_are_reported_at_once(shipped: dict[str, Data]) -> None:
    def spoil(data: Data) -> None:
        field(data, "day3_fold")["formula"]["version"] = "2"
        field(data, "receipt_temperature_c")["low"] = "9.0"

    said = faults_after(shipped, "master", spoil)

    assert "version 2" in said
    assert "low 9.0" in said


@pytest.mark.parametrize(
    ("line_code", "characteristic"),
    [
        ("sterility", "sterility"),
        ("endotoxin", "endotoxin"),
        ("mycoplasma", "mycoplasma"),
        ("viability_percent", "viability"),
        ("car_positive_cells_total", "dose"),
        ("cd3_positive_percent", "purity"),
        ("potency", "potency"),
        ("appearance", "appearance"),
        ("car_positive_percent", "transgene expression"),
        ("vector_copy_number", "copy number"),
        ("rcl", "replication-competent virus"),
    ],
)
def test_a_specification_without_a_needed_line_is_refused_until_a_waiver_is_written(
    shipped: dict[str, Data], line_code: str, characteristic: str
) -> None:
    def without_line(data: Data) -> None:
        data["lines"].remove(line(data, line_code))

    assert f"Nothing covers {characteristic}" in faults_after(shipped, "specification", without_line)

    data = copy.deepcopy(shipped["specification"])
    covers = line(data, line_code)["covers"]
    without_line(data)
    still = {one for each in data["lines"] for one in each["covers"]}
    data["waivers"] += [
        {"covers": one, "reason": "Not needed here.", "reference": "A letter"} for one in covers if one not in still
    ]
    assert line_code not in {each.code for each in read_specification(data).lines}


def test_identity_needs_a_line_too(shipped: dict[str, Data]) -> None:
    def without_identity(data: Data) -> None:
        for each in data["lines"]:
            each["covers"] = [one for one in each["covers"] if one != "identity"]

    assert "Nothing covers identity" in faults_after(shipped, "specification", without_identity)


@pytest.mark.parametrize(
    ("waived", "characteristic"), [("container", "the container"), ("process_impurities", "what the process brings in")]
)
def test_what_is_waived_needs_a_line_once_its_waiver_is_gone(
    shipped: dict[str, Data], waived: str, characteristic: str
) -> None:
    def without_waiver(data: Data) -> None:
        data["waivers"] = [each for each in data["waivers"] if each["covers"] != waived]

    assert f"Nothing covers {characteristic}" in faults_after(shipped, "specification", without_waiver)


def test_a_viral_product_without_a_line_for_virus_needs_a_waiver_with_its_reference(
    shipped: dict[str, Data],
) -> None:
    def waived_without_reference(data: Data) -> None:
        data["lines"].remove(line(data, "rcl"))
        data["waivers"].append({"covers": "replication_competent_virus", "reason": "Tested at the vector's release."})

    assert "reference is missing" in faults_after(shipped, "specification", waived_without_reference)


@pytest.mark.parametrize("transfer", ["non_viral", "none"])
def test_a_product_without_a_viral_vector_is_never_tested_for_such_a_virus(
    shipped: dict[str, Data], transfer: str
) -> None:
    def without_vector(data: Data) -> None:
        data["attributes"]["gene_transfer"] = transfer

    assert "Line rcl: no viral vector is used" in faults_after(shipped, "specification", without_vector)


def test_an_unmodified_product_needs_no_line_for_genes_or_virus(shipped: dict[str, Data]) -> None:
    data = copy.deepcopy(shipped["specification"])
    data["attributes"] = {"genetically_modified": "no", "gene_transfer": "none"}
    data["lines"] = [each for each in data["lines"] if each["code"] not in ("vector_copy_number", "rcl")]
    line(data, "car_positive_percent")["covers"] = []

    assert read_specification(data).attributes["gene_transfer"] == "none"


def test_a_specification_for_another_product_does_not_agree(
    product: ProductDefinition, master: MasterDefinition, shipped: dict[str, Data]
) -> None:
    data = copy.deepcopy(shipped["specification"])
    data["product"] = "PROD-OTHER"
    data["attributes"]["gene_transfer"] = "non_viral"
    line(data, "car_positive_cells_total")["basis"] = "post_thaw"
    data["sample_points"].append({"code": "day_30", "title": "Day 30", "short_title": "Day 30"})
    line(data, "rcl").update(sample_point="day_30", covers=[])
    other = read_specification(data)

    assert len(list(faults_between_specification_and_product(other, product))) == 3
    assert any("day_30" in fault for fault in faults_between_specification_and_master(other, master))


@pytest.mark.parametrize(
    ("need", "fault"),
    [
        ({"container": "qc_vial"}, "tested from a qc_vial, which no step makes at harvest_before_wash."),
        ({"container": "sample", "containers": "2", "volume_ml": "0.5"}, ""),
        ({"containers": "20"}, ""),
    ],
)
def test_what_a_test_uses_up_is_made_where_its_sample_is_taken(
    master: MasterDefinition, shipped: dict[str, Data], need: dict[str, str], fault: str
) -> None:
    data = copy.deepcopy(shipped["specification"])
    line(data, "rcl")["sample"] = need

    faults = list(faults_between_specification_and_master(read_specification(data), master))

    assert [each.partition(": it is ")[2] for each in faults] == ([fault] if fault else [])


def test_more_containers_than_a_step_makes_are_refused(master: MasterDefinition, shipped: dict[str, Data]) -> None:
    data = copy.deepcopy(shipped["specification"])
    line(data, "rcl")["sample"] = {"containers": "2"}
    line(data, "mycoplasma")["sample"] = {"containers": "1"}
    two = replace(
        master,
        stages=tuple(
            replace(
                stage,
                steps=tuple(
                    replace(step, creates=tuple(replace(made, number=2) for made in step.creates))
                    for step in stage.steps
                ),
            )
            for stage in master.stages
        ),
    )

    faults = list(faults_between_specification_and_master(read_specification(data), two))

    assert faults == ["The tests at harvest_before_wash use up 3 containers, more than MBR-CD19 makes there."]


@pytest.mark.parametrize(
    "need", [{}, {"volume_ml": "0"}, {"volume_ml": "0.0"}, {"containers": "0"}, {"container": "bag"}]
)
def test_a_need_that_says_nothing_or_nothing_possible_is_refused(
    shipped: dict[str, Data], need: dict[str, str]
) -> None:
    data = copy.deepcopy(shipped["specification"])
    line(data, "rcl")["sample"] = need

    with pytest.raises(FaultyDefinitionError):
        read_specification(data)


def test_a_master_that_uses_a_parameter_the_product_lacks_does_not_agree(
    master: MasterDefinition, shipped: dict[str, Data]
) -> None:
    data = copy.deepcopy(shipped["product"])
    fold = named(data["parameters"], "planned_fold")
    data["parameters"] = [fold]
    (fault,) = faults_between_master_and_product(master, read_product(data))
    assert "PROD-CD19 has no parameter product.planned_moi" in fault

    data["parameters"] = [fold, {"code": "planned_moi", "title": "MOI", "value": "10", "unit": "%"}]
    (fault,) = faults_between_master_and_product(master, read_product(data))
    assert "product.planned_moi is in %, but moi is in TU/cell" in fault


@pytest.mark.parametrize("data", [None, "text", [], {}, 5, {"kind": "product"}])
@pytest.mark.parametrize("kind", list(FILES))
def test_data_of_another_shape_are_refused_and_never_crash(kind: str, data: Data) -> None:
    with pytest.raises(FaultyDefinitionError):
        FILES[kind][1](data)


@pytest.mark.parametrize(
    ("low", "high", "rounding", "value", "met"),
    [
        ("70", None, Rounding.USP, "69.5", True),
        ("70", None, Rounding.USP, "69.4999", False),
        ("70", None, Rounding.NONE, "69.9", False),
        ("70.0", None, Rounding.USP, "69.95", True),
        ("70.0", None, Rounding.USP, "69.94", False),
        (None, "8.0", Rounding.USP, "8.04", True),
        (None, "8.0", Rounding.USP, "8.05", False),
        ("0.6", None, Rounding.USP, "0.55", True),
        ("0.6", None, Rounding.USP, "0.549999", False),
        ("-25", "25", Rounding.USP, "-25.4", True),
        ("-25", "25", Rounding.USP, "-25.5", False),
        (None, "-150", Rounding.USP, "-149", False),
        ("2.0", "8.0", Rounding.USP, "2.0", True),
    ],
)
def test_a_limit_is_compared_at_its_own_decimals(
    low: str | None, high: str | None, rounding: Rounding, value: str, met: bool
) -> None:
    limits = a_range(low, high, rounding)

    assert limits.are_met_by(Decimal(value)) is met


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        ("70", None, "≥ 70"),
        (None, "8", "≤ 8"),
        ("2.0", "8.0", "2.0–8.0"),
        ("-25", "25", "−25 to 25"),
        (None, "-150", "≤ −150"),
    ],
)
def test_limits_read_as_on_paper(low: str | None, high: str | None, words: str) -> None:
    assert a_range(low, high, Rounding.USP).words == words


def test_a_dose_limit_of_0_6_at_one_decimal_is_more_than_0_5(master: MasterDefinition) -> None:
    assert the(master.step("5.6")).kind is StepKind.FILL
    dose = next(each for _step, each in master.derived() if each.code == "filled_dose_per_kg")
    limits = the(dose.limits)

    assert not limits.are_met_by(Decimal("0.549999"))
    assert limits.are_met_by(Decimal("0.550000"))
