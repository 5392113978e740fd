"""The families CD19 CAR-T, non-viral CAR-T and unmodified T cells: their files agree, a worked batch adds up."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from batches.definitions.applying import applied, variants
from batches.definitions.kinds import as_master, as_product, disagreements_among, read_text
from batches.definitions.master import Field, FieldType, MasterDefinition, NeedKind, Phase
from batches.definitions.master_checks import faults_of_master
from batches.definitions.parts import FaultyDefinitionError
from batches.definitions.product import ProductDefinition
from batches.definitions.reading import read_master
from batches.deriving import Derivation, Known, derive_all
from batches.formulas import FORMULAS
from batches.judging import Verdict, is_plausible, read_typed, verdict_on, verdict_within
from batches.reconciling import account_of
from config.story.ari0001 import three_batches
from config.story.in_process import TITER, in_process_values
from config.story.worked_batches import worked_batch
from ledger import clock
from ledger.safe_yaml import read
from ledger.typed_numbers import scaled_up
from qc.definitions.reading import read_specification
from qc.definitions.specification import Entry, Release, ResultType, SpecificationDefinition
from qc.definitions.specification_checks import NEEDED, NEEDED_IF_MODIFIED, NEEDED_IF_VIRAL
from qc.laboratory.judging import entries_of, seen_in
from qc.values.criteria import criterion_from_definition
from qc.values.rounding import Rounding
from qc.values.seen import Detection, Growth, Seen, Single, WrongKindError
from qc.values.verdicts import Verdict as ReleaseVerdict

HOUSE = Path(__file__).parents[2]
NEW = ("nonviral-car-t", "t-cells")
FAMILIES = ("cd19-car-t", *NEW)
WEIGHT_KG = Decimal(70)
# Plain data of any depth.
Data = Any


class Family(NamedTuple):
    """What is shipped for a product."""

    product: ProductDefinition
    master: MasterDefinition
    specification: SpecificationDefinition

    def attributes(self, start: str = "fresh") -> dict[str, str]:
        return {**self.product.attributes, "start": start}

    def as_made(self, start: str = "fresh") -> MasterDefinition:
        """The record as it applies to a batch."""
        return applied(self.master, self.attributes(start))


@cache
def the(name: str) -> Family:
    def text(room: str, kind: str) -> str:
        return (HOUSE / room / "definitions" / f"{name}.{kind}.yaml").read_text(encoding="utf-8")

    return Family(
        as_product(read_text("product", text("batches", "product"))),
        as_master(read_text("master", text("batches", "master"))),
        read_specification(read(text("qc", "specification").encode())),
    )


def typed_values(name: str) -> Mapping[str, str]:
    """What a conforming batch of the family records, by field code."""
    if name in NEW:
        return worked_batch(name).values
    return in_process_values(three_batches(clock.now().date())[0])


def numbers_of(master: MasterDefinition, typed: Mapping[str, str]) -> dict[str, Known]:
    """The typed numbers, in their plain unit."""
    return {
        field.code: Known(scaled_up(number_typed(field, typed[field.code]), field.exponent))
        for _step, field in master.fields()
        if field.is_numeric and field.code in typed
    }


def number_typed(field: Field, typed: str) -> Decimal:
    number = read_typed(field, typed, comma_allowed=False)
    assert number is not None, field.code
    return number


def derived_of(name: str, typed: Mapping[str, str]) -> dict[str, Derivation]:
    """Everything the record calculates from the typed values, by code."""
    family = the(name)
    master = family.as_made()
    outside = {f"product.{each.code}": Known(each.value) for each in family.product.parameters}
    outside |= {"order.weight_kg": Known(WEIGHT_KG), "lot.titer": Known(Decimal(TITER))}
    steps = {step.code: outside for step in master.steps}
    return {
        one.definition.code: one
        for found in derive_all(master, numbers_of(master, typed), steps).values()
        for one in found
    }


def quantities(name: str, typed: Mapping[str, str]) -> dict[str, Known]:
    """Recorded and derived numbers together."""
    derived = {code: Known(one.result) for code, one in derived_of(name, typed).items()}
    return numbers_of(the(name).as_made(), typed) | derived


# The files


@pytest.mark.parametrize("name", FAMILIES)
def test_product_master_and_specification_agree(name: str) -> None:
    family = the(name)

    assert disagreements_among(family._asdict()) == []


@pytest.mark.parametrize("name", FAMILIES)
def test_the_record_holds_whatever_its_conditions_leave_out(name: str) -> None:
    family = the(name)
    cases = [*variants(family.master), family.attributes(), family.attributes("frozen")]

    assert [(case, faults) for case in cases if (faults := faults_of_master(applied(family.master, case)))] == []


@pytest.mark.parametrize("name", FAMILIES)
def test_a_frozen_start_adds_the_thaw_and_a_fresh_one_says_why_it_has_none(name: str) -> None:
    family = the(name)
    fresh, frozen = family.as_made(), family.as_made("frozen")
    added = {step.code for step in frozen.steps} - {step.code for step in fresh.steps}
    why = {one.step: one.why for one in fresh.left_out if one.is_step}

    assert {step.title for step in frozen.steps if step.code in added} == {"Thaw of the apheresis"}
    assert {why[code] for code in added} == {"start: fresh"}
    assert {one.code for one in frozen.hold_times} - {one.code for one in fresh.hold_times} == {"thaw_to_start"}


def test_the_record_of_t_cells_serves_a_frozen_product_without_beads_too() -> None:
    family = the("t-cells")
    other = applied(family.master, {**family.attributes(), "form": "cryopreserved", "beads": "no"})
    made, made_other = {one.title for one in family.as_made().steps}, {one.title for one in other.steps}

    assert made - made_other == {"Removal of the beads", "Ready for hand-over, fresh"}
    assert made_other - made == {"Freezing", "Placing in storage"}


@pytest.mark.parametrize("name", FAMILIES)
def test_equipment_and_areas_are_scanned_and_never_typed(name: str) -> None:
    master = the(name).as_made()
    slots = {need.kind for step in master.steps for need in step.needs}

    assert {NeedKind.AREA, NeedKind.EQUIPMENT} <= slots
    assert [field.code for _step, field in master.fields() if "equipment number" in field.title] == []
    assert master.clearance_points
    assert all(need.clearance for step in master.steps for need in step.needs if need.kind is NeedKind.AREA)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_formulated_is_another_container_than_what_is_cultured(name: str) -> None:
    master = the(name).as_made()
    made = [(step.code, one.kind.value) for step in master.steps for one in step.creates]
    fill = next(step for step in master.steps if step.kind == "fill")

    assert [kind for _code, kind in made].count("culture_bag") == 1
    assert [kind for _code, kind in made].count("formulation") == 1
    assert {need.of for need in fill.needs if need.kind is NeedKind.CONTAINER} == {"formulation"}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_immune_profile_is_reported_and_never_judged(name: str) -> None:
    profile = [field for _step, field in the(name).as_made().fields() if field.code.startswith("profile_")]

    assert len(profile) == 8
    assert all(field.report_only and not field.required and field.limits is None for field in profile)


@pytest.mark.parametrize("name", FAMILIES)
def test_yields_are_stated_at_enrichment_harvest_and_fill_each_with_limits(name: str) -> None:
    yields = the(name).as_made().yields

    assert [one.phase for one in yields] == [Phase.ENRICHMENT, Phase.HARVEST, Phase.FILL]
    assert all(one.limits and None not in (one.limits.low, one.limits.high) for one in yields)


@pytest.mark.parametrize("name", FAMILIES)
def test_hold_times_run_from_one_time_of_the_record_to_a_later_one(name: str) -> None:
    master = the(name).as_made()
    times = [field.code for _step, field in master.fields() if field.type is FieldType.TIME]

    assert len(master.hold_times) >= 4
    for hold in master.hold_times:
        assert times.index(hold.start) < times.index(hold.end), hold.code
        assert hold.warn_minutes < hold.limit_minutes, hold.code


@pytest.mark.parametrize("name", FAMILIES)
def test_nothing_is_left_for_the_site_to_set_and_every_number_of_a_master_has_its_reference(name: str) -> None:
    family = the(name)

    assert not any(field.to_be_set for _step, field in family.master.fields())
    assert not any(one.to_be_set for _step, one in family.master.derived())
    assert "example" in family.master.reference
    assert family.product.dose.reference


@pytest.mark.parametrize("name", NEW)
def test_every_limit_of_a_specification_says_where_it_comes_from(name: str) -> None:
    for line in the(name).specification.lines:
        assert re.search(r"PMC\d+|\d{5}-\d{3}-\d{5}|USP|Example|FDA|For information", line.reference), line.code


# Construct and conditions


def test_two_antigens_stand_on_the_non_viral_product_and_its_potency_asks_for_both() -> None:
    family = the("nonviral-car-t")
    potency = family.specification.line("potency")
    assert potency is not None

    assert family.product.target_antigens == {"CD19", "CD22"}
    assert potency.criterion["kind"] == "all_of"
    assert {member.code for member in potency.members} == {"potency_cd19", "potency_cd22"}


def test_a_product_without_a_viral_vector_says_that_the_test_for_such_a_virus_is_not_applicable() -> None:
    line = the("nonviral-car-t").specification.line("rcl")
    assert line is not None
    criterion = criterion_from_definition(line.criterion, Rounding.USP)

    assert line.why_not_applicable == "no viral vector"
    assert criterion.words() == "Not applicable: no viral vector"
    assert criterion.verdict(None).verdict is ReleaseVerdict.NOT_APPLICABLE
    with pytest.raises(WrongKindError, match="takes no result"):
        criterion.verdict(Detection(False))


def test_nucleic_acids_are_lots_whose_volume_is_planned_and_counted() -> None:
    step = the("nonviral-car-t").as_made().step("3.3")
    assert step is not None
    planned = {need.of: need.amount.planned for need in step.needs if need.amount and need.amount.planned}

    assert planned == {"cd19_cd22_transposon": "transposon_planned_ml", "transposase_mrna": "transposase_planned_ml"}
    assert step.is_checked_before_the_act
    assert set(planned.values()) <= set(step.confirms)


def test_without_gene_transfer_the_electroporation_is_left_out_and_named() -> None:
    family = the("nonviral-car-t")
    other = applied(family.master, {**family.attributes(), "gene_transfer": "none"})

    assert {one.title: one.why for one in other.left_out if one.is_step and one.step.startswith("3.")} == {
        "Volumes of nucleic acid": "gene transfer: none",
        "Electroporation": "gene transfer: none",
    }


def test_an_unmodified_product_waives_what_belongs_to_modified_ones_with_a_reason() -> None:
    waived = {one.covers: one.reason for one in the("t-cells").specification.waivers}

    assert set(waived) == {"transgene_expression", "copy_number", "replication_competent_virus"}
    assert all(reason.startswith("Not applicable: ") for reason in waived.values())


def test_a_fresh_product_is_decided_by_an_early_culture_and_its_own_may_follow() -> None:
    specification = the("t-cells").specification
    early, final = specification.line("culture_sterility"), specification.line("sterility")
    assert early is not None
    assert final is not None

    assert (early.release, early.sample_point, early.criterion["days"]) == (Release.BEFORE, "culture_day_10", "3")
    assert (final.release, final.sample_point, final.criterion["days"]) == (Release.MAY_FOLLOW, "final_product", "14")
    assert early.covers == ()


@pytest.mark.parametrize("name", FAMILIES)
def test_every_characteristic_that_a_product_needs_has_a_line_that_decides_or_a_waiver(name: str) -> None:
    family = the(name)
    needed = set(NEEDED)
    needed |= set(NEEDED_IF_MODIFIED) if family.product.is_genetically_modified else set()
    needed |= set(NEEDED_IF_VIRAL) if family.product.uses_a_viral_vector else set()
    lines = family.specification.lines
    decided = {each for line in lines if line.release is not Release.INFORMATION for each in line.covers}
    waived = {each.covers for each in family.specification.waivers}

    assert needed <= decided | waived


def test_a_specification_that_loses_its_line_for_sterility_is_refused() -> None:
    for name in NEW:
        data = read((HOUSE / "qc/definitions" / f"{name}.specification.yaml").read_bytes())
        assert isinstance(data, dict)
        data["lines"] = [line for line in data["lines"] if line["code"] != "sterility"]
        with pytest.raises(FaultyDefinitionError, match="Nothing covers sterility"):
            read_specification(data)


def test_a_record_that_electroporates_without_a_count_before_is_refused() -> None:
    data: Data = read((HOUSE / "batches/definitions/nonviral-car-t.master.yaml").read_bytes())
    transfer = next(stage for stage in data["stages"] if stage["code"] == "gene_transfer")
    transfer["steps"] = [step for step in transfer["steps"] if step["code"] != "3.1"]

    with pytest.raises(FaultyDefinitionError, match="electroporation_viable_cells"):
        read_master(data)


# A worked batch


@pytest.mark.parametrize("name", NEW)
def test_a_worked_batch_has_every_value_and_none_too_many(name: str) -> None:
    fields = [field for _step, field in the(name).as_made().fields() if field.type is not FieldType.TIME]
    typed = typed_values(name)

    assert [field.code for field in fields if field.code not in typed] == []
    assert set(typed) - {field.code for field in fields} == set()


@pytest.mark.parametrize("name", FAMILIES)
def test_each_typed_value_is_read_is_plausible_and_conforms(name: str) -> None:
    typed = typed_values(name)
    for _step, field in the(name).as_made().fields():
        if field.code not in typed:
            continue
        number = read_typed(field, typed[field.code], comma_allowed=False)
        assert is_plausible(field, number), field.code
        assert verdict_on(field, typed[field.code], number) is not Verdict.FAILS, field.code


@pytest.mark.parametrize("name", FAMILIES)
def test_everything_derived_of_a_worked_batch_is_calculated_and_conforms(name: str) -> None:
    typed = {"harvest_days": "9.0", **typed_values(name)}

    for code, derivation in derived_of(name, typed).items():
        assert derivation.result is not None, (code, derivation.why_not)
        assert derivation.verdict is not Verdict.FAILS, (code, derivation.shown)


@pytest.mark.parametrize("name", NEW)
def test_a_worked_batch_reconciles_to_the_cell(name: str) -> None:
    known = quantities(name, typed_values(name))
    account = account_of(the(name).as_made(), known)
    assert account is not None

    assert known["fill_difference"].value == 0
    assert account.difference == 0
    assert {line.kind for line in account.shares} == {"filled", "sampled", "retained", "lost", "discarded"}


def yields_of(name: str, typed: Mapping[str, str]) -> Iterator[tuple[str, Decimal, Verdict]]:
    known = quantities(name, typed)
    for one in the(name).as_made().yields:
        inputs = {"actual": known[one.actual].value, "theoretical": known[one.theoretical].value}
        percent = FORMULAS["yield_percent", 1].calculate(inputs)
        assert isinstance(percent, Decimal)
        yield one.code, percent, verdict_within(one.limits, percent)


def test_the_yields_of_the_worked_batches_are_known() -> None:
    shown = {
        name: {code: f"{percent:.1f}" for code, percent, _verdict in yields_of(name, typed_values(name))}
        for name in NEW
    }

    assert shown == {
        "nonviral-car-t": {"enrichment_yield": "60.0", "harvest_yield": "105.0", "fill_yield": "90.0"},
        "t-cells": {"enrichment_yield": "85.9", "harvest_yield": "100.0", "fill_yield": "92.3"},
    }


def test_the_yields_of_every_batch_conform_the_published_ones_too() -> None:
    published = [in_process_values(plan) for plan in three_batches(clock.now().date())]
    for name, typed in [(name, typed_values(name)) for name in NEW] + [("cd19-car-t", one) for one in published]:
        found = list(yields_of(name, {"harvest_days": "9.0", **typed}))
        assert [verdict for _code, _percent, verdict in found] == [Verdict.MEETS] * 3, (name, found)


def results_of(name: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for row in worked_batch(name).results:
        found.setdefault(row.line, {})[row.member] = row.typed
    return found


def seen(typed: str, entry: Entry, days: object) -> Single:
    single = seen_in(typed, entry)
    return Growth(single.grown, int(str(days))) if isinstance(single, Growth) else single


@pytest.mark.parametrize("name", NEW)
def test_the_results_of_a_worked_batch_meet_every_line_that_takes_one(name: str) -> None:
    specification, results = the(name).specification, results_of(name)

    assert set(results) == {line.code for line in specification.lines if not line.why_not_applicable}
    for line in specification.lines:
        if line.why_not_applicable:
            continue
        days = line.criterion.get("days", "0")
        by_member: dict[str, Seen] = {
            code: seen(results[line.code][code], entry, days) for code, entry in entries_of(line).items()
        }
        criterion = criterion_from_definition(line.criterion, Rounding[specification.rounding])
        weight = WEIGHT_KG if "per" in line.criterion else None
        judgement = criterion.verdict(by_member if line.members else by_member[line.code], weight_kg=weight)
        wanted = ReleaseVerdict.REPORT_ONLY if line.release is Release.INFORMATION else ReleaseVerdict.MEETS
        assert judgement.verdict is wanted, (line.code, judgement)


@pytest.mark.parametrize(("name", "line", "of"), [
    ("nonviral-car-t", "car_positive_cells_total", "filled_car_positive_cells"),
    ("t-cells", "viable_t_cells_total", "filled_viable_t_cells"),
])  # fmt: skip
def test_the_dose_that_is_tested_is_the_one_that_was_filled(name: str, line: str, of: str) -> None:
    found = the(name).specification.line(line)
    assert found is not None
    assert found.entry.result_type is ResultType.COUNT
    filled = quantities(name, typed_values(name))[of].value
    assert filled is not None

    assert Decimal(results_of(name)[line][line]) == (filled / 10**6).quantize(Decimal("0.1"))
    dose = the(name).product.dose
    assert (found.criterion["kind"], Decimal(str(found.criterion["limit"]))) == (dose.kind, dose.limit)


@pytest.mark.parametrize("name", NEW)
def test_a_worked_batch_has_a_lot_for_every_material_and_enough_of_it(name: str) -> None:
    lots = {lot.item: lot for lot in worked_batch(name).lots}
    needs = [
        need
        for step in the(name).as_made().steps
        for need in step.needs
        if need.kind in (NeedKind.MATERIAL_LOT, NeedKind.VECTOR_LOT)
    ]
    taken: dict[str, Decimal] = {}
    for need in needs:
        if need.amount:
            assert lots[need.of].unit == need.amount.unit, need.code
            taken[need.of] = taken.get(need.of, Decimal(0)) + Decimal(typed_values(name)[need.amount.actual])

    assert set(lots) == {need.of for need in needs}
    assert all(Decimal(lots[item].quantity) > amount for item, amount in taken.items())
    made_for = {(lot.target_antigen, lot.construct) for lot in lots.values()} - {("", "")}
    attributes = the(name).product.attributes
    assert made_for <= {(attributes.get("target_antigen"), attributes.get("construct"))}
