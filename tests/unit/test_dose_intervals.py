"""The time between the fractions of a dose: kept to the minute, in whichever order the infusions are told."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.dose.intervals import Given, Kept, intervals, next_from

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = Given("FB-01", 1, NOON, NOON + timedelta(minutes=30))
HOURS = 24


def later(minutes: int, *, code: str = "FB-02", fraction: int | None = 2) -> Given:
    """An infusion so many minutes after the end of the first one."""
    began = NOON + timedelta(minutes=30 + minutes)
    return Given(code, fraction, began, began + timedelta(minutes=30))


@pytest.mark.parametrize(
    ("minutes", "kept"),
    [(0, Kept.TOO_SHORT), (24 * 60 - 1, Kept.TOO_SHORT), (24 * 60, Kept.KEPT), (24 * 60 + 1, Kept.KEPT)],
)
def test_exactly_the_hours_of_the_rule_are_enough(minutes: int, kept: Kept) -> None:
    (interval,) = intervals(later(minutes), [FIRST])

    assert (interval.kept(HOURS), interval.minutes) == (kept, minutes)


@pytest.mark.parametrize(
    ("other", "looked_at"),
    [
        (later(5, fraction=1), 0),
        (later(5, fraction=2), 1),
        (later(5, fraction=None), 1),
        (later(5, code="FB-01", fraction=None), 0),
    ],
)
def test_bags_of_one_fraction_may_follow_each_other_and_an_unknown_fraction_is_another_one(
    other: Given, looked_at: int
) -> None:
    assert len(list(intervals(other, [FIRST]))) == looked_at


@pytest.mark.parametrize(("hours_later", "kept"), [(23, Kept.TOO_SHORT), (24, Kept.NOT_KNOWN), (400, Kept.NOT_KNOWN)])
def test_an_end_that_is_not_known_is_never_far_enough(hours_later: int, kept: Kept) -> None:
    first = Given("FB-01", 1, NOON, None)
    began = NOON + timedelta(hours=hours_later)

    (interval,) = intervals(Given("FB-02", 2, began, began), [first])

    assert interval.kept(HOURS) is kept


@given(minutes=st.integers(-10_000, 10_000))
def test_it_is_no_matter_which_of_two_was_told_first(minutes: int) -> None:
    other = later(minutes)

    assert list(intervals(other, [FIRST])) == list(intervals(FIRST, [other])) or other.began_at == FIRST.began_at


def test_the_next_fraction_counts_from_the_end_of_the_last_infusion() -> None:
    second = later(10)

    assert next_from([second, FIRST], HOURS) == NOON + timedelta(hours=25, minutes=10)
    assert next_from([FIRST, Given("FB-02", 2, NOON, None)], HOURS) is None
    with pytest.raises(ValueError, match="Nothing was given"):
        next_from([], HOURS)
