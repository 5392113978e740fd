"""The shipped families NK, TIL and CD34+: files that agree, limits as published, worked batches that add up."""

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from batches.definitions.applying import applied
from batches.definitions.kinds import (
    ReadDefinition,
    as_master,
    as_product,
    disagreements_among,
    read_text,
    unfilled,
    warnings_of,
)
from batches.definitions.master import FieldType, MasterDefinition, NeedKind, Phase, StepKind
from batches.definitions.parts import FaultyDefinitionError
from batches.definitions.product import ProductDefinition
from batches.deriving import Derivation, Known, derive_all
from batches.formulas import FORMULAS
from batches.judging import Verdict, is_plausible, read_typed, verdict_on, verdict_within
from batches.reconciling import account_of
from config.story.worked_batches import LimitsError, WorkedBatch, with_limits, worked_batch
from ledger.typed_numbers import scaled_up
from qc.definitions.specification import Line, Release, SpecificationDefinition
from qc.definitions.specification_checks import NEEDED
from qc.laboratory.judging import entries_of, seen_in
from qc.values.criteria import Growth, Judgement, criterion_from_definition
from qc.values.criteria import Verdict as ReleaseVerdict
from qc.values.rounding import Rounding
from qc.values.seen import Seen, Single

HOUSE = Path(__file__).parents[2]
FAMILIES = ("nk", "til", "cd34")
ROOM = {"product": "batches", "master": "batches", "specification": "qc"}
NK_SOURCE, TIL_SOURCE = "Cytotherapy 2012;14(9):1131-1143, Table IV", "Cytotherapy 2019;21(3):307-314, Table 1"
every_family = pytest.mark.parametrize("name", FAMILIES)


class Family(NamedTuple):
    """What is shipped for a product; of one that leaves limits for the site, with those of its worked batch."""

    product: ProductDefinition
    master: MasterDefinition
    specification: SpecificationDefinition
    worked: WorkedBatch

    def as_made(self, **changed: str) -> MasterDefinition:
        """The record as it applies to a batch that begins fresh, unless something is changed."""
        return applied(self.master, {**self.product.attributes, "start": "fresh", **changed})


def source_of(name: str, kind: str) -> str:
    return (HOUSE / ROOM[kind] / "definitions" / f"{name}.{kind}.yaml").read_text(encoding="utf-8")


@cache
def the(name: str) -> Family:
    worked = worked_batch(name)
    read = {kind: read_text(kind, with_limits(source_of(name, kind), worked.set_limits.get(kind, {}))) for kind in ROOM}
    specification = read["specification"]
    assert isinstance(specification, SpecificationDefinition)
    return Family(as_product(read["product"]), as_master(read["master"]), specification, worked)


def line_of(name: str, code: str) -> Line:
    line = the(name).specification.line(code)
    assert line is not None
    return line


@cache
def numbers_of(name: str) -> Mapping[str, Known]:
    """The typed numbers of the worked batch, in their plain unit."""
    found = {}
    for _step, field in the(name).as_made().fields():
        if field.is_numeric:
            number = read_typed(field, the(name).worked.values[field.code], comma_allowed=False)
            assert number is not None
            found[field.code] = Known(scaled_up(number, field.exponent))
    return found


@cache
def derived_of(name: str) -> Mapping[str, Derivation]:
    """Everything the record calculates from the worked batch, by code."""
    family = the(name)
    master = family.as_made()
    outside = {f"product.{each.code}": Known(each.value) for each in family.product.parameters}
    outside["order.weight_kg"] = Known(Decimal(family.worked.weight_kg))
    found = derive_all(master, numbers_of(name), {step.code: outside for step in master.steps})
    return {one.definition.code: one for several in found.values() for one in several}


def quantity(name: str, code: str) -> Decimal:
    known = numbers_of(name).get(code)
    found = known.value if known else derived_of(name)[code].result
    assert found is not None, code
    return found


# The files


@every_family
def test_product_master_and_specification_agree(name: str) -> None:
    family = the(name)
    together: dict[str, ReadDefinition] = {
        "product": family.product,
        "master": family.master,
        "specification": family.specification,
    }

    assert disagreements_among(together) == []


@every_family
def test_nobody_is_warned_of_a_limit_of_the_shipped_files(name: str) -> None:
    family = the(name)
    said = [
        *warnings_of("product", family.product, None),
        *warnings_of("master", family.master, None),
        *warnings_of("specification", family.specification, None),
    ]

    assert said == []


@every_family
def test_a_product_says_under_what_it_is_given_and_how_its_donor_is_tested(name: str) -> None:
    product = the(name).product

    assert product.donor_testing is not None
    assert product.donor_testing.required
    assert set(product.donor_markers) >= {"HIV 1 and 2", "Hepatitis B", "Hepatitis C", "Syphilis"}
    assert "example" in product.authorisation.number
    assert product.product_code.startswith("S9")  # invented: 9001 and up


def test_each_regime_is_shown_by_one_family_and_a_trial_names_its_sponsor() -> None:
    regimes = {name: the(name).product.authorisation.regime for name in FAMILIES}
    trial = the("til").product.authorisation

    assert regimes == {"nk": "hospital_exemption", "til": "trial", "cd34": "licensed"}
    assert (trial.sponsor, trial.protocol, trial.cohort, trial.label_text) == (
        "Example University Hospital",
        "EX-207, version 3",
        "A",
        "For clinical trial use only",
    )


@every_family
def test_everything_that_must_be_tested_has_a_line_or_a_waiver_with_its_reference(name: str) -> None:
    specification = the(name).specification
    covered = {each for line in specification.lines for each in line.covers}
    waived = {waiver.covers for waiver in specification.waivers if waiver.reason and waiver.reference}

    assert set(NEEDED) <= covered | waived
    assert covered & waived == set()


@every_family
def test_every_limit_of_a_specification_says_where_it_comes_from(name: str) -> None:
    known = (NK_SOURCE, TIL_SOURCE, "Example", "To be set by the site", "USP <71>", "Ph. Eur.")

    assert [line.code for line in the(name).specification.lines if not line.reference.startswith(known)] == []


@every_family
def test_a_master_asks_for_areas_equipment_and_lots_by_scan_and_never_by_free_text(name: str) -> None:
    master = the(name).as_made()
    kinds = {need.kind for step in master.steps for need in step.needs}

    assert {NeedKind.AREA, NeedKind.EQUIPMENT, NeedKind.MATERIAL_LOT, NeedKind.CONTAINER} <= kinds
    assert [field.code for _step, field in master.fields() if "equipment" in field.title.lower()] == []
    assert len(master.clearance_points) >= 5
    opened = [step for step in master.steps if step.kind in (StepKind.CHECK_BEFORE_ACT, StepKind.FILL)]
    assert opened
    for step in opened:
        assert any(need.kind is NeedKind.AREA and need.clearance for need in step.needs), step.code


@every_family
def test_the_immune_profile_is_reported_and_never_judged(name: str) -> None:
    profile = [field for _step, field in the(name).as_made().fields() if field.code.startswith("profile_")]

    assert {"profile_b_percent", "profile_pd1_percent", "profile_tim3_percent", "profile_lag3_percent"} < {
        field.code for field in profile
    }
    assert all(field.report_only and not field.required and field.limits is None for field in profile)


@every_family
def test_each_master_states_a_yield_at_enrichment_harvest_and_fill(name: str) -> None:
    assert [each.phase for each in the(name).master.yields] == [Phase.ENRICHMENT, Phase.HARVEST, Phase.FILL]


@every_family
def test_labels_are_printed_for_everything_that_is_filled(name: str) -> None:
    master = the(name).as_made()
    filled = next(step for step in master.steps if step.kind is StepKind.FILL)
    labelled = {kind for step in master.steps for kind in step.labels}

    assert labelled == {made.kind for made in filled.creates}


# What holds only for some batches


@every_family
def test_a_frozen_start_brings_a_thaw_and_its_hold_time_and_a_fresh_one_says_why_not(name: str) -> None:
    fresh, frozen = the(name).as_made(), the(name).as_made(start="frozen")

    assert fresh.step("2.1") is None
    assert [(each.title, each.why) for each in fresh.left_out if each.step == "2.1"] == [
        (f"Thaw of the {'tumour vessel' if name == 'til' else 'apheresis bag'}", "start: fresh")
    ]
    thaw = frozen.step("2.1")
    assert thaw is not None
    assert [field.code for field in thaw.fields if field.type is FieldType.TIME] == ["thawed_at"]
    assert "thaw_to_use" in {each.code for each in frozen.hold_times} - {each.code for each in fresh.hold_times}


@every_family
def test_a_product_is_frozen_or_held_fresh_and_never_both(name: str) -> None:
    frozen = {step.title for step in the(name).as_made(form="cryopreserved").steps}
    fresh = {step.title for step in the(name).as_made(form="fresh").steps}

    assert frozen - fresh == {"Freezing", "Placing in storage"}
    assert fresh - frozen == {"Holding for hand-over"}


@pytest.mark.parametrize(("relation", "least"), [("allogeneic", "71"), ("autologous", "51")])
def test_nk_cells_of_a_donor_are_asked_for_more_purity_and_few_t_cells(relation: str, least: str) -> None:
    master = the("nk").as_made(donor_relation=relation)
    limits = [field.limits for _step, field in master.fields() if field.code == "final_nk_percent"]
    codes = {derived.code for _step, derived in master.derived()}

    assert [limit.low for limit in limits if limit] == [Decimal(least)]
    assert ("residual_t_cells_per_kg" in codes) == (relation == "allogeneic")
    assert ("donor_is_the_one_ordered" in {f.code for _step, f in master.fields()}) == (relation == "allogeneic")


def test_nk_cells_grown_without_feeder_cells_are_asked_nothing_about_them() -> None:
    master = the("nk").as_made(feeders="no")
    everything = [field.code for _step, field in master.fields()] + [
        need.code for step in master.steps for need in step.needs
    ]

    assert [code for code in everything if "feeder" in code] == []
    assert {each.title for each in master.left_out if each.is_step} >= {"Second stimulation with feeder cells"}


def test_a_tumour_is_cut_into_cultures_of_which_some_go_on_together() -> None:
    master = the("til").as_made()
    first = next(step for step in master.steps if step.creates)
    pool = master.step("3.3")
    assert pool is not None

    assert [need.of for need in first.needs if need.kind is NeedKind.CONTAINER] == ["tumour_vessel"]
    assert [made.number for made in first.creates] == [4]
    assert pool.pools
    assert pool.is_checked_before_the_act
    assert pool.confirms == (*(f"culture{n}_choice" for n in range(1, 5)), "cultures_chosen")
    assert {step.code for step in master.steps if step.pools} == {"3.3", "5.1"}


def test_only_a_slot_that_takes_many_containers_takes_some_of_them() -> None:
    source = source_of("til", "master").replace('many: "yes", some: "yes"', 'some: "yes"')

    with pytest.raises(FaultyDefinitionError, match=r"Step 3\.3, chosen_cultures: only a slot that takes many"):
        read_text("master", source)


# Published limits


@pytest.mark.parametrize(("name", "line", "words"), [
    ("nk", "t_cells_total", "< 2×10⁵\u2009cells/kg"),
    ("nk", "nk_purity_percent", "> 70\u2009%"),
    ("nk", "viability_percent", "> 70\u2009%"),
    ("nk", "feeder_cells_percent", "< 0.1\u2009%"),
    ("nk", "potency", "> 20\u2009%"),
    ("nk", "endotoxin", "< 5.0\u2009EU/mL"),
    ("nk", "sterility", "No growth after 14 days"),
    ("til", "cells_total", "10.0 to 200.0×10⁹\u2009cells"),
    ("til", "cd45_cd3_percent", "> 90\u2009%"),
    ("til", "viability_percent", "> 70\u2009%"),
    ("til", "potency", "> 200\u2009pg/mL"),
    ("til", "endotoxin_total", "< 5\u2009EU/kg"),
])  # fmt: skip
def test_criteria_are_those_of_the_publications(name: str, line: str, words: str) -> None:
    found = line_of(name, line)

    assert criterion_from_definition(found.criterion, Rounding.USP).words() == words
    assert found.reference.startswith({"nk": NK_SOURCE, "til": TIL_SOURCE}[name])


@pytest.mark.parametrize(("name", "line", "typed", "verdict"), [
    ("til", "cells_total", "9.9", ReleaseVerdict.FAILS),
    ("til", "cells_total", "10.0", ReleaseVerdict.MEETS),
    ("til", "cells_total", "200.0", ReleaseVerdict.MEETS),
    ("til", "cells_total", "200.1", ReleaseVerdict.FAILS),
    ("til", "endotoxin_total", "<350.0", ReleaseVerdict.INDETERMINATE),
    ("til", "endotoxin_total", "<300.0", ReleaseVerdict.MEETS),
    ("nk", "t_cells_total", "10.49", ReleaseVerdict.MEETS),
    ("nk", "t_cells_total", "10.50", ReleaseVerdict.FAILS),
    ("nk", "feeder_cells_percent", "<0.05", ReleaseVerdict.MEETS),
    ("nk", "feeder_cells_percent", "0.05", ReleaseVerdict.FAILS),
    ("nk", "potency", "20.4", ReleaseVerdict.FAILS),
    ("nk", "hla_identity", "not identical to the donor", ReleaseVerdict.FAILS),
])  # fmt: skip
def test_release_limits_decide_at_their_edges(name: str, line: str, typed: str, verdict: ReleaseVerdict) -> None:
    assert judged(name, line_of(name, line), {line: typed}).verdict is verdict


@pytest.mark.parametrize(("name", "code", "limit", "exponent"), [
    ("til", "prerep_viable_cells", "61", 6),
    ("til", "prerep_viability", "71", 0),
    ("til", "prerep_ifn_gamma_pg_ml", "201", 0),
    ("til", "final_cd3_percent", "91", 0),
    ("nk", "final_viability", "71", 0),
])  # fmt: skip
def test_published_limits_of_the_process_stand_in_the_master(name: str, code: str, limit: str, exponent: int) -> None:
    """More than 60 × 10⁶, compared at whole millions, is at least 61 × 10⁶; likewise the others."""
    master = the(name).as_made()
    found = {field.code: (field.limits, field.exponent) for _step, field in master.fields()}
    found |= {derived.code: (derived.limits, derived.exponent) for _step, derived in master.derived()}
    limits, scale = found[code]

    assert limits is not None
    assert (limits.low, scale) == (Decimal(limit), exponent)


# Limits left for the site


def test_the_stem_cell_product_leaves_every_limit_of_process_and_release_to_the_site() -> None:
    open_ = {kind: read_text(kind, source_of("cd34", kind)) for kind in ("master", "specification")}
    master = as_master(open_["master"])
    settled = {field.code for _step, field in master.fields() if field.limits is not None and not field.to_be_set} | {
        derived.code for _step, derived in master.derived() if derived.limits is not None and not derived.to_be_set
    }

    assert len(unfilled("master", master)) == len(the("cd34").worked.set_limits["master"])
    assert len(unfilled("specification", open_["specification"])) == 6
    # What is left are counts of things: one sample, one bag, no bag refused, no cell made out of nothing.
    assert settled == {
        "harvest_samples", "bags_filled", "qc_vials_filled", "retain_vials_filled", "bags_refused", "wash_lost_cells",
    }  # fmt: skip


def test_a_site_fills_every_open_limit_by_its_code() -> None:
    family = the("cd34")

    assert unfilled("master", family.master) == []
    assert unfilled("specification", family.specification) == []
    dose = line_of("cd34", "cd34_cells_total").criterion
    assert (dose["kind"], dose["limit"]) == (family.product.dose.kind, str(family.product.dose.limit))


@pytest.mark.parametrize(("change", "says"), [
    ({"potency": {}}, "There is no number for potency, limit"),
    ({"potency": {"limit": "50", "high": "9"}}, "Nothing is to be set at potency, high"),
    ({"sterility": {"limit": "1"}}, "Nothing is to be set at sterility, limit"),
])  # fmt: skip
def test_open_limits_and_their_numbers_must_match(change: dict[str, dict[str, str]], says: str) -> None:
    limits = {**the("cd34").worked.set_limits["specification"], **change}

    with pytest.raises(LimitsError, match=says):
        with_limits(source_of("cd34", "specification"), limits)


# The worked batches


@every_family
def test_a_worked_batch_has_a_value_for_every_field_but_times_and_none_besides(name: str) -> None:
    fields = {field.code for _step, field in the(name).as_made().fields() if field.type is not FieldType.TIME}

    assert set(the(name).worked.values) == fields


@every_family
def test_every_value_of_a_worked_batch_reads_is_plausible_and_conforms(name: str) -> None:
    for _step, field in the(name).as_made().fields():
        if field.type is FieldType.TIME:
            continue
        typed = the(name).worked.values[field.code]
        number = read_typed(field, typed, comma_allowed=False)
        assert is_plausible(field, number), field.code
        assert verdict_on(field, typed, number) is not Verdict.FAILS, field.code


@every_family
def test_everything_derived_from_a_worked_batch_is_known_and_conforms(name: str) -> None:
    for code, one in derived_of(name).items():
        assert one.result is not None, (code, one.why_not)
        assert one.verdict is not Verdict.FAILS, (code, one.shown)


@every_family
def test_a_worked_batch_reconciles_to_the_cell(name: str) -> None:
    master = the(name).as_made()
    known = {**numbers_of(name), **{code: Known(one.result) for code, one in derived_of(name).items()}}
    account = account_of(master, known)

    assert account is not None
    assert account.difference == 0
    assert derived_of(name)["fill_difference"].result == 0


@pytest.mark.parametrize(("name", "code", "percent"), [
    ("nk", "nk_recovery", "73.9"),
    ("nk", "harvest_yield", "93.8"),
    ("nk", "fill_yield", "93.8"),
    ("til", "selection_yield", "68.4"),
    ("til", "harvest_yield", "101.0"),
    ("til", "fill_yield", "95.0"),
    ("cd34", "cd34_recovery", "78.0"),
    ("cd34", "wash_yield", "91.5"),
    ("cd34", "fill_yield", "75.0"),
])  # fmt: skip
def test_the_yields_of_a_worked_batch_are_known_and_conform(name: str, code: str, percent: str) -> None:
    found = next(each for each in the(name).as_made().yields if each.code == code)
    inputs = {"actual": quantity(name, found.actual), "theoretical": quantity(name, found.theoretical)}
    answer = FORMULAS["yield_percent", 1].calculate(inputs)

    assert isinstance(answer, Decimal)
    assert f"{answer:.1f}" == percent
    assert verdict_within(found.limits, answer) is not Verdict.FAILS


@every_family
def test_a_worked_batch_takes_no_more_of_a_lot_than_there_is(name: str) -> None:
    lots = {lot.item: lot for lot in the(name).worked.lots}
    taken: dict[str, Decimal] = {}
    for step in the(name).as_made().steps:
        for need in step.needs:
            if need.kind is NeedKind.MATERIAL_LOT:
                assert need.of in lots, need.of
            if need.amount:
                assert need.amount.unit == lots[need.of].unit, need.of
                taken[need.of] = taken.get(need.of, Decimal(0)) + quantity(name, need.amount.actual)

    assert {item for item, amount in taken.items() if amount > Decimal(lots[item].quantity)} == set()
    assert {lot.item for lot in lots.values() if lot.quantity} == set(taken)


def test_the_scans_of_the_til_batch_are_the_cultures_that_were_chosen() -> None:
    family = the("til")
    pool = family.as_made().step("3.3")
    assert pool is not None
    chosen = tuple(n for n in range(1, 5) if family.worked.values[f"culture{n}_choice"] == "goes_on")

    assert [(each.slot, each.only) for each in family.worked.scans] == [("chosen_cultures", chosen)]
    assert [need.some for need in pool.needs if need.code == "chosen_cultures"] == [True]
    assert len(chosen) == int(family.worked.values["cultures_chosen"])


def judged(name: str, line: Line, typed: Mapping[str, str]) -> Judgement:
    """What the specification says of typed results, growth read on its last day."""
    seen: dict[str, Seen] = {
        code: _at_the_end(seen_in(typed[code], entry), line) for code, entry in entries_of(line).items()
    }
    criterion = criterion_from_definition(line.criterion, Rounding.USP)
    weight = Decimal(the(name).worked.weight_kg)
    return criterion.verdict(seen if line.members else seen[line.code], weight_kg=weight)


def _at_the_end(single: Single, line: Line) -> Single:
    return Growth(single.grown, int(str(line.criterion["days"]))) if isinstance(single, Growth) else single


@every_family
def test_the_results_of_a_worked_batch_meet_the_whole_specification(name: str) -> None:
    family = the(name)
    typed: dict[str, dict[str, str]] = {}
    for result in family.worked.results:
        typed.setdefault(result.line, {})[result.member] = result.typed

    assert set(typed) == {line.code for line in family.specification.lines}
    for line in family.specification.lines:
        wanted = ReleaseVerdict.REPORT_ONLY if line.release is Release.INFORMATION else ReleaseVerdict.MEETS
        assert judged(name, line, typed[line.code]).verdict is wanted, line.code


@pytest.mark.parametrize(("name", "line", "code"), [
    ("nk", "nk_cells_total", "filled_nk_cells"),
    ("nk", "t_cells_total", "filled_t_cells"),
    ("til", "cells_total", "filled_viable_cells"),
    ("cd34", "cd34_cells_total", "filled_cd34_cells"),
])  # fmt: skip
def test_what_the_laboratory_reports_is_what_the_record_derives(name: str, line: str, code: str) -> None:
    entry = line_of(name, line).entry
    typed = next(Decimal(each.typed) for each in the(name).worked.results if each.line == line)
    derived = scaled_up(quantity(name, code), -entry.exponent)

    assert typed == round(derived, entry.decimals)
