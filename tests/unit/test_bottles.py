"""A growth test through its bottles: when it is final, what it waits for, and which readings are due or left out."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.definitions.growth import Bottle, GrowthPlan, PlannedReading, faults_of_growth_plan
from qc.growth.bottles import BottleReading, Outcome, final_opens, is_made, missed, planned, seen_of, to_come
from qc.values.criteria import Verdict, criterion_from_definition
from qc.values.rounding import Rounding

NOON = datetime(2026, 11, 6, 14, 58, tzinfo=UTC)
DAYS = 14
PLAN = GrowthPlan(
    bottles=(Bottle(1, "Aerobic", "aerobic medium"), Bottle(2, "Anaerobic", "anaerobic medium")),
    readings=(PlannedReading(3, 24, is_mandatory=False), PlannedReading(7, 48, is_mandatory=True)),
    subculture_days=4,
)
NO, YES, UNCLEAR, FLAG = Outcome.NO_GROWTH, Outcome.GROWTH, Outcome.CANNOT_JUDGE, Outcome.FLAGGED


def look(
    bottle: int, days: float, outcome: Outcome = NO, *, sub: bool = False, began: datetime = NOON
) -> BottleReading:
    """One look so many days after the inoculation."""
    return BottleReading(bottle, sub, outcome, began, began + timedelta(days=days))


def verdict(*readings: BottleReading, plan: GrowthPlan | None = PLAN) -> tuple[Verdict, str]:
    criterion = criterion_from_definition({"kind": "no_growth", "days": str(DAYS)}, Rounding.USP)
    judged = criterion.verdict(seen_of(readings, plan, DAYS))
    return judged.verdict, judged.why


SUBCULTURED = NOON + timedelta(days=14, hours=2)
CASES = (
    ("both bottles to the end", [look(1, 14), look(2, 14)], Verdict.MEETS, "14 full days"),
    ("a minute short", [look(1, 14), look(2, 13.9993)], Verdict.PENDING, "Day 13 of 14"),
    ("one bottle alone", [look(1, 14)], Verdict.PENDING, "Bottle 2 has not been read"),
    ("growth once", [look(1, 14), look(2, 3, YES), look(2, 14)], Verdict.FAILS, "growth by day 3"),
    ("a flag nobody looked into", [look(1, 14), look(2, 5, FLAG)], Verdict.PENDING, "flagged"),
    ("a flag looked into", [look(1, 14), look(2, 5, FLAG), look(2, 5.1), look(2, 14)], Verdict.MEETS, "no growth"),
    ("a flag after the end", [look(1, 14), look(2, 14), look(2, 14.5, FLAG)], Verdict.PENDING, "flagged"),
    ("turbid before the end", [look(1, 6), look(2, 6, UNCLEAR)], Verdict.PENDING, "Day 6 of 14"),
    ("turbid at the end", [look(1, 14), look(2, 14, UNCLEAR)], Verdict.PENDING, "Subculture it"),
    (
        "a subculture for three days",
        [look(1, 14), look(2, 14, UNCLEAR), look(2, 3.99, sub=True, began=SUBCULTURED)],
        Verdict.PENDING,
        "Day 3 of 4 of the subculture of bottle 2",
    ),
    (
        "a subculture for four days",
        [look(1, 14), look(2, 14, UNCLEAR), look(2, 4, sub=True, began=SUBCULTURED)],
        Verdict.MEETS,
        "no growth",
    ),
    (
        "growth in the subculture",
        [look(1, 14), look(2, 14, UNCLEAR), look(2, 1, YES, sub=True, began=SUBCULTURED)],
        Verdict.FAILS,
        "growth",
    ),
    (
        "a subculture that is turbid too",
        [look(1, 14), look(2, 14, UNCLEAR), look(2, 4, UNCLEAR, sub=True, began=SUBCULTURED)],
        Verdict.INDETERMINATE,
        "cannot be judged",
    ),
    (
        "a flagged subculture",
        [look(1, 14), look(2, 14, UNCLEAR), look(2, 2, FLAG, sub=True, began=SUBCULTURED)],
        Verdict.PENDING,
        "flagged",
    ),
)


@pytest.mark.parametrize(("case", "readings", "wanted", "says"), CASES, ids=[case[0] for case in CASES])
def test_a_growth_test_is_judged_through_every_bottle(case, readings, wanted, says):
    found, why = verdict(*readings)

    assert found is wanted
    assert says in why


def test_without_a_plan_the_bottles_that_were_read_decide_and_a_turbid_one_is_never_a_pass():
    assert verdict(look(1, 14), plan=None)[0] is Verdict.MEETS
    assert verdict(look(1, 14), look(2, 14, UNCLEAR), plan=None)[0] is Verdict.INDETERMINATE


looks = st.builds(
    look,
    st.sampled_from([1, 2]),
    st.decimals("0", "20", places=2).map(float),
    st.sampled_from([NO, UNCLEAR, FLAG]),
)


@given(st.lists(looks, max_size=8))
def test_a_test_meets_its_criterion_only_when_each_bottle_was_last_seen_clear_at_the_end(readings):
    found, _why = verdict(*readings)
    newest = {one.bottle: one for one in sorted(readings, key=lambda one: one.read_at)}
    clear = [bottle in newest and newest[bottle].outcome is NO and newest[bottle].days >= DAYS for bottle in (1, 2)]

    assert (found is Verdict.MEETS) <= all(clear)


@given(st.lists(looks, max_size=8), st.integers(0, 8), st.sampled_from([1, 2]))
def test_growth_seen_once_is_growth_whatever_else_was_seen(readings, place, bottle):
    seen = [*readings[:place], look(bottle, 2, YES), *readings[place:]]

    assert verdict(*seen)[0] is Verdict.FAILS


@given(st.lists(looks, min_size=1, max_size=8), st.sampled_from([1, 2]))
def test_a_verdict_never_improves_when_the_readings_of_a_bottle_are_left_out(readings, bottle):
    fewer = [one for one in readings if one.bottle != bottle]

    assert verdict(*fewer)[0] is not Verdict.MEETS


def test_the_readings_of_a_plan_open_and_close_by_the_clock_of_each_bottle():
    later = NOON + timedelta(hours=5)
    dues = planned([look(1, 0), look(2, 0, began=later)], PLAN, DAYS)

    own = [due for due in dues if due.bottle == 1]
    of_one = [(due.day, due.opens_at - NOON, due.closes_at and due.closes_at - due.opens_at) for due in own]
    assert of_one == [
        (3, timedelta(days=3), timedelta(hours=24)),
        (7, timedelta(days=7), timedelta(hours=48)),
        (14, timedelta(days=14), None),
    ]
    assert [due.opens_at - later for due in dues if due.bottle == 2] == [timedelta(days=day) for day in (3, 7, 14)]
    assert final_opens([look(1, 0), look(2, 0, began=later)], PLAN, DAYS) == later + timedelta(days=14)


@pytest.mark.parametrize(
    ("days", "made"),
    [(6.999, False), (7, True), (9, True), (9.001, False)],
)
def test_a_reading_counts_in_its_window_alone(days, made):
    readings = [look(1, 0), look(1, days)]
    seventh = next(due for due in planned(readings, PLAN, DAYS) if due.day == 7)

    assert is_made(seventh, readings) is made


def test_a_mandatory_reading_is_missed_when_its_window_is_over_and_an_optional_one_never():
    started = [look(1, 0), look(2, 0)]
    at = NOON + timedelta(days=9)

    assert missed(started, PLAN, DAYS, by=at) == []
    left_out = missed(started, PLAN, DAYS, by=at + timedelta(seconds=1))
    assert [(due.bottle, due.day) for due in left_out] == [(1, 7), (2, 7)]
    assert missed([*started, look(1, 8)], PLAN, DAYS, by=at + timedelta(days=1)) == [left_out[1]]


def test_nothing_is_missed_or_to_come_after_growth():
    grown = [look(1, 0), look(2, 0), look(1, 2, YES)]

    assert missed(grown, PLAN, DAYS, by=NOON + timedelta(days=20)) == []
    assert to_come(grown, PLAN, DAYS, at=NOON) == []


def test_a_final_reading_stays_to_come_until_it_is_made():
    at = NOON + timedelta(days=30)

    assert [due.is_final for due in to_come([look(1, 0), look(2, 14)], PLAN, DAYS, at=at)] == [True]


def test_a_plan_that_cannot_be_followed_says_why():
    twice = GrowthPlan(
        bottles=(Bottle(1, "A", "x"), Bottle(1, "B", "y")),
        readings=(PlannedReading(14, 24, is_mandatory=True), PlannedReading(3, 24, is_mandatory=True)),
        subculture_days=4,
    )

    assert list(faults_of_growth_plan("Line sterility", twice, DAYS)) == [
        "Line sterility: Bottle 1 is there twice.",
        "Line sterility: a reading on day 14 is not before the final one on day 14.",
    ]
