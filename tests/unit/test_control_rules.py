"""The rules of control charts at their boundaries, and what must hold of them whatever the numbers."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qc.trends.chart_statistics import (
    FEWEST_FOR_CAPABILITY,
    Spread,
    TooFewError,
    capability,
    in_sds,
    individuals,
)
from qc.trends.control_rules import Bound, Hit, Nelson, Point, Westgard, completed, nelson, rejects, westgard


def row(*texts: str) -> list[Point]:
    """Points in standard deviations, as typed."""
    return [Point(Decimal(text)) for text in texts]


def broken(points: list[Point], rule: Nelson) -> list[int]:
    """The places at which a rule is broken."""
    return [hit.at for hit in nelson(points) if hit.rule is rule]


@pytest.mark.parametrize(
    ("value", "is_beyond"),
    [("3", False), ("-3", False), ("3.000001", True), ("-3.000001", True), ("0", False), ("12", True)],
)
def test_beyond_three_standard_deviations_is_strict(value, is_beyond):
    assert bool(broken(row(value), Nelson.BEYOND)) is is_beyond


@pytest.mark.parametrize(("sds", "bound", "is_beyond"), [
    ("3.1", Bound.ABOVE, True), ("3.1", Bound.BELOW, False), ("-3.1", Bound.BELOW, True), ("-3.1", Bound.ABOVE, False),
    ("3", Bound.ABOVE, False),
])  # fmt: skip
def test_a_bound_is_beyond_only_where_every_value_it_allows_is(sds, bound, is_beyond):
    assert bool(nelson([Point(Decimal(sds), bound)])) is is_beyond


SIDES = [
    (["0.1", "0.3"] * 4, []),
    (["0.1", "0.3"] * 4 + ["0.2"], [8]),
    (["0.1", "0.3"] * 5, [8, 9]),
    (["-0.1", "-0.3"] * 4 + ["-0.2"], [8]),
    (["0.1", "0.3"] * 4 + ["0"], []),  # at the mean is on no side
    (["0.1", "0.3"] * 2 + ["0"] + ["0.1", "0.3"] * 2 + ["0.1"], []),
    (["0.1"] * 8 + ["-0.1"] + ["0.1"] * 8, []),
    (["-0.1"] + ["0.1", "0.2"] * 4 + ["0.3"], [9]),
]


@pytest.mark.parametrize(("texts", "at"), SIDES)
def test_nine_in_a_row_on_one_side(texts, at):
    assert broken(row(*texts), Nelson.ONE_SIDE) == at


TRENDS = [
    (["-0.5", "-0.3", "-0.1", "0.1", "0.3"], []),
    (["-0.5", "-0.3", "-0.1", "0.1", "0.3", "0.5"], [5]),
    (["0.5", "0.3", "0.1", "-0.1", "-0.3", "-0.5"], [5]),
    (["-0.5", "-0.3", "-0.1", "0.1", "0.3", "0.3"], []),  # equal neighbours don't rise
    (["-0.5", "-0.3", "-0.1", "-0.1", "0.1", "0.3", "0.5"], []),
    (["0.9", "-0.5", "-0.3", "-0.1", "0.1", "0.3", "0.5"], [6]),  # the turn is the first of the new run
    (["-0.5", "-0.3", "-0.1", "0.1", "0.3", "0.5", "0.7"], [5, 6]),
]


@pytest.mark.parametrize(("texts", "at"), TRENDS)
def test_six_in_a_row_rising_or_falling(texts, at):
    assert broken(row(*texts), Nelson.TREND) == at


ALTERNATIONS = [
    (["0.1", "-0.1"] * 6 + ["0.1"], []),
    (["0.1", "-0.1"] * 7, [13]),
    (["-0.1", "0.1"] * 7, [13]),
    (["0.1", "-0.1"] * 7 + ["0.1"], [13, 14]),
    (["0.1", "-0.1"] * 3 + ["-0.1"] + ["0.1", "-0.1"] * 3, []),
    (["0.1", "-0.1"] * 3 + ["-0.2"] + ["0.1", "-0.1"] * 3, []),
    (["0.3", "0.2", "0.1", "-0.1"] + ["0.1", "-0.1"] * 6, [15]),
]


@pytest.mark.parametrize(("texts", "at"), ALTERNATIONS)
def test_fourteen_in_a_row_alternating(texts, at):
    assert broken(row(*texts), Nelson.ALTERNATING) == at


def test_a_bound_is_passed_over_in_a_row():
    points = row(*["0.1", "0.3"] * 4)
    points.insert(3, Point(Decimal("-0.5"), Bound.BELOW))

    assert broken(points, Nelson.ONE_SIDE) == []
    assert nelson([*points, Point(Decimal("0.2"))]) == [Hit(Nelson.ONE_SIDE, 9, 0)]


def test_a_pattern_is_told_once_where_it_was_completed():
    points = row("-1", *["0.1", "0.3"] * 6)

    assert broken(points, Nelson.ONE_SIDE) == [9, 10, 11, 12]
    assert [hit for hit in completed(nelson(points)) if hit.rule is Nelson.ONE_SIDE] == [Hit(Nelson.ONE_SIDE, 9, 1)]


CONTROLS = [
    (["2"], []),
    (["2.01"], ["1:2s"]),
    (["-2.01"], ["1:2s"]),
    (["3"], ["1:2s"]),
    (["3.01"], ["1:2s", "1:3s"]),
    (["-3.01"], ["1:2s", "1:3s"]),
    (["2.01", "2.01"], ["1:2s", "2:2s"]),
    (["2", "2.01"], ["1:2s"]),
    (["2.01", "0", "2.01"], ["1:2s"]),
    (["2.01", "-2.01"], ["1:2s", "R:4s"]),
    (["-2.01", "2.01"], ["1:2s", "R:4s"]),
    (["2", "-2.01"], ["1:2s"]),
    (["2.5", "-1.9"], []),
    (["1.01", "1.01", "1.01"], []),
    (["1.01", "1.01", "1.01", "1.01"], ["4:1s"]),
    (["1.01", "1.01", "1", "1.01"], []),
    (["-1.01", "-1.01", "-1.01", "-1.01"], ["4:1s"]),
    (["-1.01", "1.01", "1.01", "1.01"], []),
    (["0.1"] * 9, []),
    (["0.1"] * 10, ["10x"]),
    (["-0.1"] * 10, ["10x"]),
    (["0.1"] * 5 + ["0"] + ["0.1"] * 4, []),
    (["-0.1"] + ["0.1"] * 9, []),
    (["3.5", "0.1"], []),  # what an earlier run broke is not broken again
]


@pytest.mark.parametrize(("texts", "rules"), CONTROLS)
def test_rules_for_controls_at_their_boundaries(texts, rules):
    assert [rule.value for rule in westgard([Decimal(text) for text in texts])] == rules


def test_the_warning_alone_rejects_nothing_and_every_other_rule_does():
    assert not rejects(())
    assert not rejects((Westgard.WARNING,))
    for rule in set(Westgard) - {Westgard.WARNING}:
        assert rejects((Westgard.WARNING, rule))


def test_the_two_rule_books_share_no_rule():
    assert not {rule.value for rule in Nelson} & {rule.value for rule in Westgard}
    with pytest.raises(ValueError, match="no control value"):
        westgard([])


def test_mean_and_spread_of_a_known_row():
    # Ranges 2, 3, 1: mean 2, divided by 1.128.
    spread = individuals([Decimal(text) for text in ("10", "12", "9", "10")])

    assert spread.mean == Decimal("10.25")
    assert spread.sd == Decimal(2) / Decimal("1.128") or abs(spread.sd - Decimal("1.7730496453900709")) < Decimal(
        "1e-15"
    )
    assert spread.kept() == Spread(Decimal("10.25"), Decimal("1.77304964539"), 4)
    assert Spread(Decimal(90), Decimal(2), 20).at(-3) == Decimal(84)


@pytest.mark.parametrize("values", [[], [Decimal(1)]])
def test_a_row_without_a_range_has_no_spread(values):
    with pytest.raises(TooFewError):
        individuals(values)


def test_capability_needs_twenty_five_batches_and_takes_the_nearer_limit():
    enough = Spread(Decimal(90), Decimal(2), FEWEST_FOR_CAPABILITY)

    assert capability(enough, low=Decimal(81), high=None) == Decimal("1.5")
    assert capability(enough, low=Decimal(81), high=Decimal(93)) == Decimal("0.5")
    assert capability(enough, low=None, high=None) is None
    assert capability(Spread(Decimal(90), Decimal(0), 25), low=Decimal(1), high=None) is None
    with pytest.raises(TooFewError):
        capability(Spread(Decimal(90), Decimal(2), FEWEST_FOR_CAPABILITY - 1), low=Decimal(81), high=None)


def test_a_value_in_standard_deviations_needs_a_spread():
    assert in_sds(Decimal(94), mean=Decimal(90), sd=Decimal(2)) == 2
    for sd in (Decimal(0), Decimal(-1)):
        with pytest.raises(ValueError, match="above zero"):
            in_sds(Decimal(94), mean=Decimal(90), sd=sd)


sds = st.decimals(min_value=-6, max_value=6, places=2)
rows = st.lists(sds, max_size=40)


@given(values=st.lists(sds, min_size=2, max_size=30), shift=sds, scale=st.integers(1, 1000))
def test_shifting_and_scaling_the_values_shifts_and_scales_mean_and_spread(values, shift, scale):
    before, after = individuals(values), individuals([value * scale + shift for value in values])

    tiny = Decimal("1e-20")
    assert abs(after.mean - (before.mean * scale + shift)) < tiny
    assert abs(after.sd - before.sd * scale) < tiny


@given(values=st.lists(sds, min_size=2, max_size=30), shift=sds, scale=st.integers(1, 1000))
def test_shifting_and_scaling_breaks_the_same_rules(values, shift, scale):
    spread = individuals(values)
    assume(spread.sd > 0)

    def hits(of, numbers):
        return nelson([Point(in_sds(one, mean=of.mean, sd=of.sd).quantize(Decimal("1e-20"))) for one in numbers])

    moved = [value * scale + shift for value in values]
    assert hits(spread, values) == hits(individuals(moved), moved)


@given(values=rows, more=st.decimals(min_value=-3, max_value=3, places=2))
def test_a_point_inside_never_adds_one_beyond(values, more):
    points = [Point(value) for value in values]

    assert broken([*points, Point(more)], Nelson.BEYOND) == broken(points, Nelson.BEYOND)


@given(values=rows, more=sds)
def test_a_later_point_takes_back_nothing(values, more):
    points = [Point(value) for value in values]
    before, after = nelson(points), nelson([*points, Point(more)])

    assert [hit for hit in after if hit.at < len(points)] == before


@given(values=rows)
def test_turning_the_chart_upside_down_breaks_the_same_rules(values):
    assert nelson([Point(value) for value in values]) == nelson([Point(-value) for value in values])


@given(values=st.lists(sds, min_size=6, max_size=20, unique=True))
def test_a_run_that_rises_falls_when_it_is_read_backwards(values):
    rising = [Point(value) for value in sorted(values)]

    assert broken(rising, Nelson.TREND) == broken(rising[::-1], Nelson.TREND) == list(range(5, len(values)))


@given(values=rows)
def test_rows_are_told_as_their_definition_says(values):
    """Each rule by the longest way: every window of its length looked at by itself."""
    points = [Point(value) for value in values]
    steps = [after - before for before, after in pairwise(values)]

    def windows(length):
        return [(at, range(at - length + 1, at + 1)) for at in range(length - 1, len(values))]

    sides = [
        at for at, window in windows(9) if all(values[i] > 0 for i in window) or all(values[i] < 0 for i in window)
    ]
    trends = [
        at
        for at, window in windows(6)
        if all(steps[i] > 0 for i in window[:-1]) or all(steps[i] < 0 for i in window[:-1])
    ]
    turns = [at for at, window in windows(14) if all(steps[i] * steps[i + 1] < 0 for i in window[:-2])]
    assert broken(points, Nelson.ONE_SIDE) == sides
    assert broken(points, Nelson.TREND) == trends
    assert broken(points, Nelson.ALTERNATING) == turns


@given(values=st.lists(sds, min_size=1, max_size=20))
def test_a_control_far_off_is_always_rejected_and_one_at_its_mean_never(values):
    assert rejects(westgard([*values, Decimal("3.01")]))
    assert not rejects(westgard([*values, Decimal(0)]))
    assert westgard([-value for value in values]) == westgard(values)
