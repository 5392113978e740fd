"""Which run of a line is worked on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.laboratory.run_numbers import Planned, run_after

OPEN, ENDED = False, True


@pytest.mark.parametrize(
    ("with_result", "invalid", "plans", "run"),
    [
        (set(), set(), [], 1),
        ({1}, set(), [], 1),
        (set(), {1}, [], 2),
        ({2}, {1}, [], 2),
        ({1}, set(), [Planned(1, 1, OPEN)], 2),
        ({1, 2}, set(), [Planned(1, 1, OPEN)], 2),
        ({1, 2}, set(), [Planned(1, 3, OPEN)], 3),
        ({1, 2, 3, 4}, set(), [Planned(1, 3, OPEN)], 4),
        ({1}, {2}, [Planned(1, 1, OPEN)], 3),
        ({1, 3}, {2}, [Planned(1, 1, OPEN)], 3),
        ({1}, set(), [Planned(1, 1, ENDED)], 1),
        ({1, 2}, set(), [Planned(1, 3, ENDED)], 2),
        ({1, 2}, set(), [Planned(1, 1, ENDED), Planned(2, 1, OPEN)], 3),
    ],
)
def test_the_run_that_is_worked_on(with_result, invalid, plans, run):
    assert run_after(with_result=with_result, invalid=invalid, plans=plans) == run


@given(retests=st.integers(1, 9), made=st.integers(0, 20))
def test_no_run_is_opened_beyond_the_plan(retests, made):
    with_result = set(range(1, made + 2))

    run = run_after(with_result=with_result, invalid=set(), plans=[Planned(1, retests, OPEN)])

    assert run <= retests + 1


@given(with_result=st.sets(st.integers(1, 6)), invalid=st.sets(st.integers(1, 6)))
def test_without_a_plan_a_result_ends_the_runs(with_result, invalid):
    run = run_after(with_result=with_result, invalid=invalid, plans=[])

    assert run not in invalid
    assert all(one in invalid for one in range(1, run))
