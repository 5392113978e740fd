"""What two people typed from a certificate: alike however it is spaced, different by any digit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.contract_laboratory.stated import as_printed, differences

Plain = dict[str, Any]  # Any: plain values of a JSON text
TIMES = ["2026-11-14T10:00:00+00:00", "2026-11-14T10:01:00+00:00", None]
members = st.sampled_from(["a", "b"])
values = st.lists(
    st.fixed_dictionaries({"member": members, "replicate": st.integers(1, 2), "typed": st.sampled_from(["1", "10"])}),
    unique_by=lambda one: (one["member"], one["replicate"]),
)
statements = st.fixed_dictionaries(
    {
        "number": st.sampled_from(["C-1", "C-2"]),
        "sample": st.sampled_from(["S-1", "S-2"]),
        "began_at": st.sampled_from(TIMES),
        "tested_at": st.sampled_from(TIMES[:2]),
        "values": values,
    }
)


def stated(**other: object) -> Plain:
    one = {"member": "a", "replicate": 1, "typed": "95.1"}
    return {"number": "C-1", "sample": "S-1", "began_at": None, "tested_at": TIMES[0], "values": [one]} | other


@given(first=statements, second=statements)
def test_two_statements_agree_exactly_where_they_are_the_same(first: Plain, second: Plain) -> None:
    def key(told: Plain) -> list[tuple[Any, ...]]:
        return sorted((one["member"], one["replicate"], one["typed"]) for one in told["values"])

    same = {**first, "values": key(first)} == {**second, "values": key(second)}

    assert (differences(first, second) == ()) is same
    assert [one.what for one in differences(first, second)] == [one.what for one in differences(second, first)]


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("< 0.05", "<0.05"),
        ("  ≥  70 ", "≥70"),
        ("95.10", "95.10"),
        ("1,234", "1,234"),
        ("slightly turbid, intact", "slightly turbid, intact"),
        ("not_detected", "not_detected"),
    ],
)
def test_spaces_say_nothing_and_a_comma_stays(typed: str, printed: str) -> None:
    assert as_printed(typed) == printed


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"values": [{"member": "a", "replicate": 1, "typed": "95.10"}]}, ["a 1"]),
        ({"values": []}, ["a 1"]),
        ({"number": "C-1 "}, []),
        ({"number": "c-1"}, []),
        ({"number": "C-7"}, ["number"]),
        ({"tested_at": "2026-11-14T11:00:00+01:00"}, []),
        ({"tested_at": "2026-11-14T11:00:00+00:00"}, ["tested_at"]),
    ],
)
def test_each_difference_is_named(other: Plain, what: list[str]) -> None:
    assert [one.what for one in differences(stated(), stated(**other))] == what
