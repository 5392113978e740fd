"""Criteria of a specification: what meets them, what fails, and what decides nothing."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.typed_numbers import THIN_SPACE
from qc.growth.clock import GrowthClockError
from qc.values.criteria import (
    AllOf,
    AnyOf,
    Around,
    AtLeast,
    AtMost,
    Category,
    Criterion,
    DefinitionError,
    Detection,
    Growth,
    Invalid,
    LessThan,
    MoreThan,
    NotTested,
    Numeric,
    PerKilogram,
    Seen,
    Verdict,
    Within,
    WrongKindError,
    criterion_from_definition,
    final_opens_at,
    full_days,
)
from qc.values.criterion_kinds import Member, NoGrowthAfter, NotDetected
from qc.values.quantities import Comparator, Quantity, UnitMismatchError, read_quantity
from qc.values.rounding import Limit, LimitError, Rounding
from qc.values.seen import Single

MADRID = ZoneInfo("Europe/Madrid")


def a_criterion(kind: str, rounding: Rounding = Rounding.USP, **definition: object) -> Criterion:
    return criterion_from_definition({"kind": kind, **definition}, rounding)


def percent(text: str) -> Numeric:
    return Numeric(read_quantity(text, "%"))


def a_group(kind: str, *codes: str) -> Criterion:
    criterion = {"kind": "at_least", "limit": "50", "unit": "%"}
    members = [{"code": code, "title": code.upper(), "criterion": criterion} for code in codes]
    return a_criterion(kind, members=members)


# Numbers


@pytest.mark.parametrize(
    ("kind", "limit", "rounding", "seen", "verdict"),
    [
        ("at_least", "80", Rounding.USP, "79.5", Verdict.MEETS),
        ("at_least", "80", Rounding.USP, "79.4", Verdict.FAILS),
        ("at_least", "80", Rounding.NONE, "79.5", Verdict.FAILS),
        ("at_least", "80", Rounding.NONE, "80", Verdict.MEETS),
        ("more_than", "90", Rounding.USP, "90.4", Verdict.FAILS),
        ("more_than", "90", Rounding.USP, "90.5", Verdict.MEETS),
        ("more_than", "90", Rounding.NONE, "90.4", Verdict.MEETS),
        ("more_than", "90", Rounding.NONE, "90", Verdict.FAILS),
        ("less_than", "2", Rounding.USP, "1.5", Verdict.FAILS),
        ("less_than", "2", Rounding.USP, "1.4", Verdict.MEETS),
        ("less_than", "2", Rounding.NONE, "1.5", Verdict.MEETS),
        ("less_than", "2", Rounding.NONE, "2.0", Verdict.FAILS),
        ("at_most", "10", Rounding.USP, "10.4", Verdict.MEETS),
        ("at_most", "10", Rounding.USP, "10.5", Verdict.FAILS),
        ("at_most", "10", Rounding.NONE, "10.4", Verdict.FAILS),
        ("at_least", "100.0", Rounding.PH_EUR, "99.95", Verdict.FAILS),
        ("at_least", "100.0", Rounding.USP, "99.95", Verdict.MEETS),
        ("at_least", "70", Rounding.USP, "<70", Verdict.INDETERMINATE),
        ("at_least", "70", Rounding.NONE, "<70", Verdict.FAILS),
        ("at_least", "70", Rounding.USP, "<69.5", Verdict.FAILS),
        ("at_least", "70", Rounding.USP, "≤69.5", Verdict.INDETERMINATE),
        ("at_least", "70", Rounding.USP, "≥69.5", Verdict.MEETS),
        ("at_least", "70", Rounding.USP, ">70", Verdict.MEETS),
        ("at_least", "70", Rounding.USP, ">69", Verdict.INDETERMINATE),
        ("at_least", "70", Rounding.NONE, "<69.9", Verdict.FAILS),
        ("more_than", "70", Rounding.NONE, ">70", Verdict.MEETS),
        ("more_than", "70", Rounding.NONE, "≥70", Verdict.INDETERMINATE),
        ("more_than", "70", Rounding.NONE, "≤70", Verdict.FAILS),
        ("at_most", "0.3", Rounding.USP, "<0.3", Verdict.MEETS),
        ("at_most", "0.3", Rounding.USP, "<0.5", Verdict.INDETERMINATE),
        ("at_most", "0.3", Rounding.USP, "<0.35", Verdict.MEETS),
        ("at_most", "0.3", Rounding.USP, "≤0.35", Verdict.INDETERMINATE),
        ("at_most", "0.3", Rounding.USP, ">0.3", Verdict.INDETERMINATE),
        ("at_most", "0.3", Rounding.USP, "≥0.35", Verdict.FAILS),
        ("at_most", "0.3", Rounding.NONE, ">0.3", Verdict.FAILS),
        ("at_most", "0.5", Rounding.USP, "≤0.5", Verdict.MEETS),
        ("less_than", "0.5", Rounding.USP, "≤0.5", Verdict.INDETERMINATE),
        ("less_than", "0.5", Rounding.NONE, "≤0.5", Verdict.INDETERMINATE),
        ("less_than", "0.5", Rounding.NONE, "<0.5", Verdict.MEETS),
        ("less_than", "0.5", Rounding.USP, "<0.5", Verdict.INDETERMINATE),
        ("less_than", "0.5", Rounding.USP, "<0.45", Verdict.MEETS),
        ("less_than", "0.5", Rounding.USP, "≤0.45", Verdict.INDETERMINATE),
        ("less_than", "5", Rounding.USP, "<6.25", Verdict.INDETERMINATE),
        ("less_than", "5", Rounding.USP, "<0.0625", Verdict.MEETS),
        ("less_than", "5", Rounding.USP, "≥5", Verdict.FAILS),
    ],
)
def test_a_number_is_judged_at_the_scale_of_the_limit(
    kind: str, limit: str, rounding: Rounding, seen: str, verdict: Verdict
) -> None:
    judged = a_criterion(kind, rounding, limit=limit, unit="%").verdict(percent(seen))

    assert judged.verdict is verdict
    assert judged.rule == rounding.words
    assert judged.why.endswith(".")


@pytest.mark.parametrize(
    ("rounding", "seen", "verdict"),
    [
        (Rounding.USP, "159500000", Verdict.MEETS),
        (Rounding.USP, "159499999", Verdict.FAILS),
        (Rounding.USP, "240499999", Verdict.MEETS),
        (Rounding.USP, "240500000", Verdict.FAILS),
        (Rounding.NONE, "159999999", Verdict.FAILS),
        (Rounding.NONE, "160000000", Verdict.MEETS),
        (Rounding.NONE, "240000001", Verdict.FAILS),
        (Rounding.USP, "<240000000", Verdict.INDETERMINATE),
        (Rounding.USP, "<159500000", Verdict.FAILS),
        (Rounding.USP, ">240500000", Verdict.FAILS),
        (Rounding.USP, "≥159500000", Verdict.INDETERMINATE),
    ],
)
def test_a_number_is_within_its_two_limits(rounding: Rounding, seen: str, verdict: Verdict) -> None:
    criterion = a_criterion("within", rounding, low="1.60", high="2.40", exponent="8", unit="cells")

    assert criterion.words() == f"1.60 to 2.40×10⁸{THIN_SPACE}cells"
    assert criterion.verdict(Numeric(read_quantity(seen, "cells"))).verdict is verdict


@pytest.mark.parametrize(
    ("nominal", "percent_off", "low", "high"),
    [
        ("1.0", "20", "0.8", "1.2"),
        ("1", "20", "0.8", "1.2"),
        ("5", "20", "4", "6"),
        ("10", "20", "8", "12"),
        ("2.5", "20", "2.0", "3.0"),
        ("0.25", "20", "0.20", "0.30"),
        ("0.5", "7.5", "0.4625", "0.5375"),
        ("899999999999", "0.1", "899099999999.001", "900899999998.999"),
    ],
)
def test_the_ends_of_a_tolerance_are_exact(nominal: str, percent_off: str, low: str, high: str) -> None:
    criterion = a_criterion("around", nominal=nominal, unit="cells", tolerance_percent=percent_off)

    assert isinstance(criterion, Around)
    assert tuple(end.text for end in criterion.ends) == (low, high)


@pytest.mark.parametrize(
    ("rounding", "seen", "verdict"),
    [
        (Rounding.USP, "750000", Verdict.MEETS),
        (Rounding.USP, "749999", Verdict.FAILS),
        (Rounding.USP, "1249999", Verdict.MEETS),
        (Rounding.USP, "1250000", Verdict.FAILS),
        (Rounding.NONE, "800000", Verdict.MEETS),
        (Rounding.NONE, "799999", Verdict.FAILS),
        (Rounding.NONE, "1200000", Verdict.MEETS),
        (Rounding.NONE, "1200001", Verdict.FAILS),
        (Rounding.PH_EUR, "850000", Verdict.MEETS),
        (Rounding.NONE, "<1000000", Verdict.INDETERMINATE),
        (Rounding.NONE, "<800000", Verdict.FAILS),
    ],
)
def test_a_number_lies_around_its_nominal_value(rounding: Rounding, seen: str, verdict: Verdict) -> None:
    criterion = a_criterion("around", rounding, nominal="1.0", exponent="6", unit="cells", tolerance_percent="20")

    assert criterion.words() == f"1.0×10⁶{THIN_SPACE}cells ± 20{THIN_SPACE}%"
    assert criterion.verdict(Numeric(read_quantity(seen, "cells"))).verdict is verdict


def test_a_tolerance_of_a_dose_is_judged_per_kilogram() -> None:
    dose = a_criterion("around", nominal="1.0", exponent="6", unit="cells/kg", per="kg", tolerance_percent="20")

    assert dose.verdict(Numeric(read_quantity("70000000", "cells")), weight_kg=Decimal(70)).verdict is Verdict.MEETS
    assert dose.verdict(Numeric(read_quantity("70000000", "cells")), weight_kg=Decimal(50)).verdict is Verdict.FAILS
    assert dose.verdict(Numeric(read_quantity("70000000", "cells"))).verdict is Verdict.PENDING


def test_both_values_of_a_number_are_kept() -> None:
    judged = a_criterion("at_least", limit="70", unit="%").verdict(percent("97.9"))

    assert (judged.reported, judged.unrounded) == (f"98{THIN_SPACE}%", f"97.9{THIN_SPACE}%")
    assert judged.why == f"98{THIN_SPACE}% meets ≥ 70{THIN_SPACE}%."


def test_a_bound_is_reported_as_it_was_stated() -> None:
    judged = a_criterion("at_most", limit="0.5", unit="EU/mL").verdict(Numeric(read_quantity("≤0.50", "EU/mL")))

    assert judged.reported == judged.unrounded == f"≤ 0.50{THIN_SPACE}EU/mL"


def test_a_value_that_rounds_to_nothing_keeps_the_decimals_of_the_limit() -> None:
    judged = a_criterion("at_most", limit="0.50", unit="%").verdict(percent("0.001"))

    assert judged.reported == f"0.00{THIN_SPACE}%"


@pytest.mark.parametrize(
    ("kind", "words"), [("at_least", "≥"), ("more_than", ">"), ("at_most", "≤"), ("less_than", "<")]
)
def test_a_criterion_says_what_it_asks(kind: str, words: str) -> None:
    assert a_criterion(kind, limit="70", unit="%").words() == f"{words} 70{THIN_SPACE}%"


COMPARISONS = [
    AtLeast(Limit("1.5", "x"), Rounding.USP),
    MoreThan(Limit("1.5", "x"), Rounding.NONE),
    AtMost(Limit("1.5", "x"), Rounding.PH_EUR),
    LessThan(Limit("1.5", "x"), Rounding.USP),
    Within(Limit("1.5", "x"), Limit("2.5", "x"), Rounding.USP),
    Around(Limit("2.0", "x"), "25", Rounding.USP),
]


@pytest.mark.parametrize("criterion", COMPARISONS, ids=lambda each: type(each).__name__)
@given(
    bound=st.decimals(min_value=-4, max_value=4, places=2),
    comparator=st.sampled_from(Comparator),
    further=st.decimals(min_value="0.001", max_value=4, places=3),
)
def test_a_bound_never_says_more_than_every_value_it_allows(
    criterion: Criterion, bound: Decimal, comparator: Comparator, further: Decimal
) -> None:
    possible = {
        Comparator.EQUAL: bound,
        Comparator.LESS: bound - further,
        Comparator.AT_MOST: bound - further,
        Comparator.MORE: bound + further,
        Comparator.AT_LEAST: bound + further,
    }[comparator]

    of_the_bound = criterion.verdict(Numeric(Quantity(bound, "x", comparator))).verdict
    of_the_value = criterion.verdict(Numeric(Quantity(possible, "x"))).verdict

    assert of_the_bound in {of_the_value, Verdict.INDETERMINATE}
    assert of_the_value in {Verdict.MEETS, Verdict.FAILS}


# Nothing gets better by knowing less

PERCENT = st.decimals(min_value=0, max_value=100, places=1).map(lambda each: Numeric(Quantity(each, "%")))
KNOWN = {
    "viable": PERCENT,
    "virus": st.booleans().map(Detection),
    "growth": st.builds(Growth, st.booleans(), st.integers(min_value=0, max_value=20)),
}
UNKNOWN = st.sampled_from([None, NotTested("no sample was left"), Invalid("the control failed"), Detection(None)])
MEMBERS = (
    Member("viable", "Viable", AtLeast(Limit("70", "%"), Rounding.USP)),
    Member("virus", "Virus", NotDetected()),
    Member("growth", "Growth", NoGrowthAfter(14)),
)


@pytest.mark.parametrize("group", [AnyOf(MEMBERS), AllOf(MEMBERS)], ids=["any of", "all of"])
@given(seen=st.fixed_dictionaries(KNOWN), left_out=st.sets(st.sampled_from(sorted(KNOWN)), min_size=1), gone=UNKNOWN)
def test_a_verdict_never_improves_by_dropping_information(
    group: AnyOf | AllOf, seen: dict[str, Single], left_out: set[str], gone: Single
) -> None:
    kept = {code: each for code, each in seen.items() if code not in left_out}
    # Detection(None) is a run without an answer, which only the virus can be.
    replaced = kept | {code: gone if code == "virus" or not isinstance(gone, Detection) else None for code in left_out}

    whole = group.verdict(seen).verdict
    for less in (kept, replaced):
        known = group.verdict(less).verdict
        assert known is not Verdict.MEETS or whole is Verdict.MEETS


def test_another_unit_is_an_error_and_not_a_verdict() -> None:
    with pytest.raises(UnitMismatchError, match="must be in EU/mL"):
        a_criterion("at_most", limit="0.5", unit="EU/mL").verdict(percent("0.1"))


# Per kilogram


def a_dose() -> Criterion:
    return a_criterion("more_than", limit="0.5", exponent="6", unit="cells/kg", per="kg")


@pytest.mark.parametrize(
    ("cells", "weight", "verdict"),
    [
        ("1495000000", "70", Verdict.MEETS),
        ("38499999", "70", Verdict.FAILS),
        ("38500000", "70", Verdict.MEETS),
        ("35000000", "70", Verdict.FAILS),
        ("<38500000", "70", Verdict.FAILS),
        ("<39000000", "70", Verdict.INDETERMINATE),
        ("≥38500000", "70", Verdict.MEETS),
    ],
)
def test_a_dose_is_divided_by_the_weight_and_then_judged(cells: str, weight: str, verdict: Verdict) -> None:
    judged = a_dose().verdict(Numeric(read_quantity(cells, "cells")), weight_kg=Decimal(weight))

    assert judged.verdict is verdict
    assert judged.rule.startswith(f"Divided by {weight}{THIN_SPACE}kg. Rounded")


def test_a_dose_is_reported_at_the_scale_of_its_limit() -> None:
    judged = a_dose().verdict(Numeric(read_quantity("1495000000", "cells")), weight_kg=Decimal(70))

    assert judged.reported == f"21.4×10⁶{THIN_SPACE}cells/kg"
    assert judged.unrounded.startswith("21357142.857142857142857142857142857142857142857143")


def test_a_dose_without_a_weight_is_pending() -> None:
    assert a_dose().verdict(Numeric(read_quantity("1", "cells"))).verdict is Verdict.PENDING


@pytest.mark.parametrize("weight", ["0", "-70"])
def test_a_weight_that_is_not_above_zero_gives_no_verdict(weight: str) -> None:
    judged = a_dose().verdict(Numeric(read_quantity("100000000", "cells")), weight_kg=Decimal(weight))

    assert judged.verdict is Verdict.INDETERMINATE


def test_a_dose_is_given_in_cells_and_not_per_kilogram_already() -> None:
    with pytest.raises(UnitMismatchError):
        a_dose().verdict(Numeric(read_quantity("600000", "cells/kg")), weight_kg=Decimal(70))


def test_a_limit_per_kilogram_says_so_in_its_unit() -> None:
    with pytest.raises(LimitError, match="ends in /kg"):
        PerKilogram(AtLeast(Limit("1", "cells"), Rounding.USP))


def test_the_weight_reaches_a_dose_inside_a_group() -> None:
    dose = {"kind": "more_than", "limit": "0.5", "exponent": "6", "unit": "cells/kg", "per": "kg"}
    group = a_criterion("all_of", members=[{"code": "dose", "criterion": dose}])
    seen = {"dose": Numeric(read_quantity("1495000000", "cells"))}

    assert group.verdict(seen, weight_kg=Decimal(70)).verdict is Verdict.MEETS
    assert group.verdict(seen).verdict is Verdict.PENDING


# Words, detections and growth


@pytest.mark.parametrize(
    ("kind", "definition", "seen", "verdict", "reported"),
    [
        ("not_detected", {}, Detection(False), Verdict.MEETS, "Not detected"),
        ("not_detected", {}, Detection(True), Verdict.FAILS, "Detected"),
        ("not_detected", {}, Detection(None), Verdict.INDETERMINATE, "Cannot be judged"),
        ("no_growth", {"days": "14"}, Growth(False, 14), Verdict.MEETS, "No growth to day 14"),
        ("no_growth", {"days": "14"}, Growth(False, 15), Verdict.MEETS, "No growth to day 15"),
        ("no_growth", {"days": "14"}, Growth(False, 13), Verdict.PENDING, "No growth to day 13"),
        ("no_growth", {"days": "14"}, Growth(False, 0), Verdict.PENDING, "No growth to day 0"),
        ("no_growth", {"days": "14"}, Growth(True, 2), Verdict.FAILS, "Growth by day 2"),
        ("no_growth", {"days": "14"}, Growth(None, 6), Verdict.PENDING, "Cannot be judged on day 6"),
        ("no_growth", {"days": "14"}, Growth(None, 14), Verdict.INDETERMINATE, "Cannot be judged on day 14"),
        ("one_of", {"accepted": ["cloudy", "clear"]}, Category("clear"), Verdict.MEETS, "clear"),
        ("one_of", {"accepted": ["cloudy", "clear"]}, Category("Clear"), Verdict.FAILS, "Clear"),
        ("one_of", {"accepted": ["cloudy", "clear"]}, Category("lumps"), Verdict.FAILS, "lumps"),
        ("report_only", {"unit": "%"}, percent("12.5"), Verdict.REPORT_ONLY, f"12.5{THIN_SPACE}%"),
        ("report_only", {}, Category("seen"), Verdict.REPORT_ONLY, "seen"),
        ("report_only", {}, Detection(True), Verdict.REPORT_ONLY, "Detected"),
        ("not_applicable", {"reason": "No viral vector."}, None, Verdict.NOT_APPLICABLE, "Not applicable"),
    ],
)
def test_what_is_not_a_number_is_judged_by_its_own_kind(
    kind: str, definition: Mapping[str, object], seen: Seen, verdict: Verdict, reported: str
) -> None:
    judged = criterion_from_definition({"kind": kind, **definition}, Rounding.USP).verdict(seen)

    assert (judged.verdict, judged.reported) == (verdict, reported)


EVERY_KIND: list[tuple[str, dict[str, object], Seen]] = [
    ("at_least", {"limit": "70", "unit": "%"}, Category("seventy")),
    ("more_than", {"limit": "5", "unit": "cells/kg", "per": "kg"}, Category("many")),
    ("within", {"low": "1", "high": "2", "unit": "%"}, Detection(False)),
    ("around", {"nominal": "1", "unit": "%", "tolerance_percent": "20"}, Detection(False)),
    ("not_detected", {}, Category("absent")),
    ("no_growth", {"days": "14"}, Detection(False)),
    ("one_of", {"accepted": ["clear"]}, percent("1")),
    ("report_only", {}, {"code": None}),
]


@pytest.mark.parametrize(("kind", "definition", "wrong"), EVERY_KIND)
def test_what_is_unknown_never_meets_and_what_is_of_another_kind_is_an_error(
    kind: str, definition: Mapping[str, object], wrong: Seen
) -> None:
    criterion = criterion_from_definition({"kind": kind, **definition}, Rounding.USP)

    assert criterion.verdict(None).verdict is Verdict.PENDING
    assert criterion.verdict(NotTested("No sample was left.")).verdict is Verdict.INDETERMINATE
    assert criterion.verdict(Invalid("The control failed.")).verdict is Verdict.INDETERMINATE
    with pytest.raises(WrongKindError):
        criterion.verdict(wrong)


def test_a_reported_number_stands_in_its_unit() -> None:
    with pytest.raises(UnitMismatchError):
        a_criterion("report_only", unit="%").verdict(Numeric(read_quantity("1", "mL")))


def test_a_line_that_is_not_applicable_takes_no_result() -> None:
    with pytest.raises(WrongKindError, match="No viral vector"):
        a_criterion("not_applicable", reason="No viral vector.").verdict(Detection(False))


@pytest.mark.parametrize("word", ["nd", "ND", "na", "n/a", " Not available ", "", "not tested"])
def test_a_word_that_says_there_is_no_result_is_no_result(word: str) -> None:
    with pytest.raises(WrongKindError, match="not tested"):
        Category(word)


# Groups

MET, FAILED, OPEN = percent("60"), percent("40"), None
UNTESTED, INVALID = NotTested("No sample was left."), Invalid("The control failed.")


@pytest.mark.parametrize(
    ("first", "second", "any_of", "all_of"),
    [
        (MET, MET, Verdict.MEETS, Verdict.MEETS),
        (MET, FAILED, Verdict.MEETS, Verdict.FAILS),
        (MET, OPEN, Verdict.MEETS, Verdict.PENDING),
        (MET, UNTESTED, Verdict.MEETS, Verdict.INDETERMINATE),
        (MET, INVALID, Verdict.MEETS, Verdict.INDETERMINATE),
        (FAILED, FAILED, Verdict.FAILS, Verdict.FAILS),
        (FAILED, OPEN, Verdict.PENDING, Verdict.FAILS),
        (FAILED, UNTESTED, Verdict.FAILS, Verdict.FAILS),
        (FAILED, INVALID, Verdict.INDETERMINATE, Verdict.FAILS),
        (OPEN, OPEN, Verdict.PENDING, Verdict.PENDING),
        (OPEN, UNTESTED, Verdict.PENDING, Verdict.PENDING),
        (OPEN, INVALID, Verdict.PENDING, Verdict.PENDING),
        (UNTESTED, UNTESTED, Verdict.INDETERMINATE, Verdict.INDETERMINATE),
        (INVALID, UNTESTED, Verdict.INDETERMINATE, Verdict.INDETERMINATE),
    ],
)
def test_a_group_follows_from_its_members_in_any_order(
    first: Seen, second: Seen, any_of: Verdict, all_of: Verdict
) -> None:
    for one, other in [(first, second), (second, first)]:
        assert a_group("any_of", "a", "b").verdict({"a": one, "b": other}).verdict is any_of
        assert a_group("all_of", "a", "b").verdict({"a": one, "b": other}).verdict is all_of


def test_every_member_of_a_group_keeps_its_own_verdict() -> None:
    judged = a_group("any_of", "a", "b").verdict({"a": FAILED, "b": MET})

    assert [(code, each.verdict) for code, each in judged.members] == [
        ("a", Verdict.FAILS),
        ("b", Verdict.MEETS),
    ]
    assert judged.reported == f"40{THIN_SPACE}%; 60{THIN_SPACE}%"


@pytest.mark.parametrize("kind", ["any_of", "all_of"])
def test_members_that_were_not_seen_are_pending(kind: str) -> None:
    group = a_group(kind, "a", "b")

    assert group.verdict(None).verdict is Verdict.PENDING
    assert group.verdict({}).verdict is Verdict.PENDING


@pytest.mark.parametrize("group", [AnyOf(()), AllOf(())])
def test_an_empty_group_is_not_met(group: AnyOf | AllOf) -> None:
    assert group.verdict({}).verdict is Verdict.INDETERMINATE


@pytest.mark.parametrize("kind", ["any_of", "all_of"])
def test_a_group_of_lines_that_are_only_reported_is_not_met(kind: str) -> None:
    group = a_criterion(kind, members=[{"code": "a", "criterion": {"kind": "report_only", "unit": "%"}}])

    assert group.verdict({"a": MET}).verdict is Verdict.INDETERMINATE


def test_a_group_judges_its_members_and_no_others() -> None:
    with pytest.raises(WrongKindError, match="no member c"):
        a_group("any_of", "a").verdict({"c": MET})
    with pytest.raises(WrongKindError, match="each under its own code"):
        a_group("any_of", "a").verdict(MET)


def test_groups_stand_in_groups() -> None:
    inner = {"kind": "any_of", "members": [{"code": "x", "criterion": {"kind": "not_detected"}}]}
    outer = a_criterion("all_of", members=[{"code": "in", "criterion": inner}])

    assert outer.verdict({"in": {"x": Detection(False)}}).verdict is Verdict.MEETS
    assert outer.verdict({"in": {"x": Detection(True)}}).verdict is Verdict.FAILS
    assert outer.verdict({}).verdict is Verdict.PENDING


def test_a_group_says_its_members_in_words() -> None:
    assert a_group("any_of", "a", "b").words() == f"A: ≥ 50{THIN_SPACE}% or B: ≥ 50{THIN_SPACE}%"
    assert a_group("all_of", "a", "b").words() == f"A: ≥ 50{THIN_SPACE}% and B: ≥ 50{THIN_SPACE}%"


# The clock of growth tests


@pytest.mark.parametrize(
    ("inoculated", "opens"),
    [
        (datetime(2026, 11, 6, 15, 58, tzinfo=MADRID), datetime(2026, 11, 20, 15, 58, tzinfo=MADRID)),
        (datetime(2026, 10, 23, 9, 30, tzinfo=MADRID), datetime(2026, 11, 6, 8, 30, tzinfo=MADRID)),
        (datetime(2026, 3, 20, 9, 30, tzinfo=MADRID), datetime(2026, 4, 3, 10, 30, tzinfo=MADRID)),
    ],
)
def test_the_final_reading_opens_after_whole_periods_of_24_hours(inoculated: datetime, opens: datetime) -> None:
    assert final_opens_at(inoculated, 14) == opens.astimezone(UTC)
    assert full_days(inoculated, opens) == 14
    assert full_days(inoculated, opens.astimezone(UTC) - timedelta(minutes=1)) == 13
    assert full_days(inoculated, inoculated) == 0


def test_a_growth_test_refuses_times_that_cannot_be() -> None:
    moment = datetime(2026, 11, 6, 15, 58, tzinfo=UTC)

    with pytest.raises(GrowthClockError, match="before the inoculation"):
        full_days(moment, moment - timedelta(seconds=1))
    with pytest.raises(GrowthClockError, match="time zone"):
        full_days(moment, datetime(2026, 11, 20))
    with pytest.raises(GrowthClockError, match="at least one day"):
        final_opens_at(moment, 0)


# Definitions


@pytest.mark.parametrize(
    ("definition", "sentence"),
    [
        ({}, "kind must be text"),
        ({"kind": "about"}, "no criterion of the kind about"),
        ({"kind": "at_least", "unit": "%"}, "limit is missing"),
        ({"kind": "at_least", "limit": "70"}, "unit is missing"),
        ({"kind": "at_least", "limit": 70, "unit": "%"}, "numbers stand in quotes"),
        ({"kind": "at_least", "limit": "1e6", "unit": "cells"}, "exponent"),
        ({"kind": "at_least", "limit": "1,5", "unit": "cells"}, "decimal point"),
        ({"kind": "at_least", "limit": "70", "unit": "%", "limits": "x"}, "limits is not known here"),
        ({"kind": "at_least", "limit": "70", "unit": "%", "exponent": "six"}, "exponent must be a whole number"),
        ({"kind": "at_least", "limit": "70", "unit": "%", "exponent": "31"}, "between -30 and 30"),
        ({"kind": "at_least", "limit": "70", "unit": "%", "figures": "3"}, "significant figures"),
        ({"kind": "at_least", "limit": "70", "unit": "%", "per": "kg"}, "ends in /kg"),
        ({"kind": "at_least", "limit": "70", "unit": "cells/kg", "per": "m2"}, "per is kg"),
        ({"kind": "within", "low": "2", "high": "1", "unit": "%"}, "above the high limit"),
        ({"kind": "within", "low": "1", "high": "2.0", "unit": "%"}, "same decimal places"),
        ({"kind": "around", "nominal": "0", "unit": "%", "tolerance_percent": "20"}, "above zero"),
        ({"kind": "around", "nominal": "999999999999", "unit": "%", "tolerance_percent": "20"}, "12 digits"),
        ({"kind": "around", "nominal": "1", "unit": "%", "tolerance_percent": "0"}, "between 0 and 100"),
        ({"kind": "around", "nominal": "1", "unit": "%", "tolerance_percent": "100"}, "number of percent"),
        ({"kind": "around", "nominal": "1", "unit": "%"}, "tolerance_percent is missing"),
        ({"kind": "no_growth", "days": "0"}, "between 1 and 365"),
        ({"kind": "no_growth", "days": "14.5"}, "whole number"),
        ({"kind": "no_growth", "days": "\u0661\u0664"}, "whole number"),
        ({"kind": "one_of", "accepted": []}, "at least one accepted word"),
        ({"kind": "one_of", "accepted": "clear"}, "at least one accepted word"),
        ({"kind": "one_of", "accepted": ["clear", "clear"]}, "listed twice"),
        ({"kind": "one_of", "accepted": ["ND"]}, "no result"),
        ({"kind": "one_of", "accepted": [1]}, "is text"),
        ({"kind": "report_only", "unit": ""}, "unit must be text"),
        ({"kind": "not_detected", "limit": "0"}, "limit is not known here"),
        ({"kind": "any_of", "members": []}, "1 to 50 members"),
        ({"kind": "any_of", "members": [{"code": "a"}]}, "a code and a criterion"),
        ({"kind": "any_of", "members": [{"criterion": {"kind": "not_detected"}}]}, "code must be text"),
        ({"kind": "any_of", "members": [{"code": "a", "criterion": "not_detected"}]}, "is a mapping"),
        ({"kind": "all_of", "members": [{"code": "a", "criterion": {"kind": "not_detected"}}] * 2}, "same code"),
    ],
)
def test_a_definition_of_another_shape_is_refused_with_a_sentence(
    definition: Mapping[str, object], sentence: str
) -> None:
    with pytest.raises(DefinitionError, match=sentence):
        criterion_from_definition(definition, Rounding.USP)


def test_a_limit_whose_figures_are_in_doubt_is_refused_where_figures_count() -> None:
    with pytest.raises(DefinitionError, match="may have 1 to 3"):
        a_criterion("at_least", Rounding.PH_EUR, limit="100", unit="%")

    stated = a_criterion("at_least", Rounding.PH_EUR, limit="100", unit="%", figures="3")

    assert stated.verdict(percent("99.94")).verdict is Verdict.FAILS
    assert stated.verdict(percent("99.95")).verdict is Verdict.MEETS


def test_groups_cannot_stand_in_each_other_without_end() -> None:
    definition: dict[str, object] = {"kind": "not_detected"}
    for _ in range(6):
        definition = {"kind": "any_of", "members": [{"code": "a", "criterion": definition}]}

    with pytest.raises(DefinitionError, match="deep"):
        criterion_from_definition(definition, Rounding.USP)


# A published product


CD19: list[tuple[dict[str, object], list[Seen]]] = [
    (
        {"kind": "one_of", "accepted": ["cloudy liquid solution"]},
        [Category("cloudy liquid solution")] * 3,
    ),
    (
        {"kind": "more_than", "limit": "0.5", "exponent": "6", "unit": "cells/kg", "per": "kg"},
        [Numeric(read_quantity(n, "cells")) for n in ("1495000000", "1746000000", "1340000000")],
    ),
    ({"kind": "at_least", "limit": "20", "unit": "%"}, [percent(n) for n in ("26.0", "41.9", "39.7")]),
    ({"kind": "at_least", "limit": "70", "unit": "%"}, [percent(n) for n in ("97.9", "98.6", "98.6")]),
    ({"kind": "at_least", "limit": "70", "unit": "%"}, [percent(n) for n in ("97.9", "98.1", "98.0")]),
    ({"kind": "no_growth", "days": "14"}, [Growth(False, 14)] * 3),
    ({"kind": "not_detected"}, [Detection(False)] * 3),
    (
        {"kind": "at_most", "limit": "0.5", "unit": "EU/mL"},
        [Numeric(read_quantity("<=0.5", "EU/mL"))] * 3,
    ),
    (
        {"kind": "at_most", "limit": "10", "unit": "copies/cell"},
        [Numeric(read_quantity(n, "copies/cell")) for n in ("1.45", "2.32", "2.51")],
    ),
    (
        {
            "kind": "any_of",
            "members": [
                {"code": "a", "criterion": {"kind": "less_than", "limit": "70", "unit": "%"}},
                {"code": "b", "criterion": {"kind": "more_than", "limit": "50", "unit": "%"}},
            ],
        },
        [{"a": percent(a), "b": percent(b)} for a, b in (("14.9", "90.9"), ("40.4", "64.6"), ("43.0", "67.0"))],
    ),
]


@pytest.mark.parametrize(("definition", "seen"), CD19)
def test_three_published_cd19_batches_meet_their_specification(definition: dict[str, object], seen: list[Seen]) -> None:
    """Castella M. et al., Mol Ther Methods Clin Dev 2018;12:134-144, table 2."""
    criterion = criterion_from_definition(definition, Rounding.USP)

    verdicts = [criterion.verdict(each, weight_kg=Decimal(70)).verdict for each in seen]

    assert verdicts == [Verdict.MEETS] * 3
