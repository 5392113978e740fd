"""What is known of a donor: marker by marker, and the worst of it. Unknown is never a pass."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain_of_custody.donor_status import (
    DonorStatus,
    Found,
    MarkerTest,
    Overall,
    Window,
    donor_status,
    worst_of,
)

DAY = date(2026, 10, 26)
MARKERS = ("HIV 1 and 2", "Hepatitis B")
WINDOW = Window(days_before=30, days_after=7)


def a_test(marker: str, result: str = "non_reactive", *, days: int = -2, verified: bool = True) -> MarkerTest:
    return MarkerTest(marker, result, DAY + timedelta(days=days), verified)


def status(*tests: MarkerTest, markers=MARKERS, window=WINDOW, autologous=True) -> DonorStatus:
    return donor_status(tests, markers, collected_on=DAY, window=window, is_autologous=autologous)


def found(*tests: MarkerTest, window=WINDOW) -> Found:
    """What is known of the first marker."""
    return status(*tests, window=window).markers[0].found


@pytest.mark.parametrize(
    ("tests", "expected"),
    [
        ([], Found.UNKNOWN),
        ([a_test("HIV 1 and 2")], Found.NON_REACTIVE),
        ([a_test("hiv 1  AND 2")], Found.NON_REACTIVE),
        ([a_test("HIV 1 and 2", verified=False)], Found.UNKNOWN),
        ([a_test("HIV 1 and 2", "reactive", verified=False)], Found.UNKNOWN),
        ([a_test("HIV 1 and 2", "reactive")], Found.REACTIVE),
        ([a_test("HIV 1 and 2", "reactive", days=-200)], Found.REACTIVE),
        ([a_test("HIV 1 and 2", "indeterminate")], Found.INDETERMINATE),
        ([a_test("HIV 1 and 2", "not_tested")], Found.NOT_TESTED),
        ([MarkerTest("HIV 1 and 2", "non_reactive", None, True)], Found.UNKNOWN),
        # A reactive result stands until another one is verified; a good one is in doubt as soon as another is entered.
        ([a_test("HIV 1 and 2", "reactive"), a_test("HIV 1 and 2", verified=False)], Found.REACTIVE),
        ([a_test("HIV 1 and 2", "reactive"), a_test("HIV 1 and 2")], Found.NON_REACTIVE),
        ([a_test("HIV 1 and 2"), a_test("HIV 1 and 2", "reactive", verified=False)], Found.UNKNOWN),
        ([a_test("HIV 1 and 2"), a_test("HIV 1 and 2", "reactive")], Found.REACTIVE),
    ],
)
def test_what_is_known_of_a_marker(tests, expected):
    assert found(*tests) is expected


@pytest.mark.clause(
    "21 CFR 1271.80", "A donor sample counts only within the window of days that the product sets around the collection"
)
@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-31, Found.OUTSIDE_WINDOW),
        (-30, Found.NON_REACTIVE),
        (0, Found.NON_REACTIVE),
        (7, Found.NON_REACTIVE),
        (8, Found.OUTSIDE_WINDOW),
    ],
)
def test_a_sample_counts_within_the_window_with_both_its_ends(days, expected):
    assert found(a_test("HIV 1 and 2", days=days)) is expected
    assert found(a_test("HIV 1 and 2", days=days), window=None) is Found.NON_REACTIVE


@pytest.mark.parametrize(
    ("tests", "overall"),
    [
        ([], Overall.UNKNOWN),
        ([a_test("HIV 1 and 2")], Overall.UNKNOWN),
        ([a_test("HIV 1 and 2"), a_test("Hepatitis B")], Overall.COMPLETE),
        ([a_test("HIV 1 and 2", "reactive")], Overall.REACTIVE),
        ([a_test("HIV 1 and 2"), a_test("Hepatitis B", "indeterminate")], Overall.UNKNOWN),
        ([a_test("HIV 1 and 2"), a_test("Hepatitis B"), a_test("CMV", "reactive")], Overall.REACTIVE),
        ([a_test("HIV 1 and 2"), a_test("Hepatitis B"), a_test("CMV", "indeterminate")], Overall.COMPLETE),
    ],
)
def test_the_worst_marker_is_the_status(tests, overall):
    assert status(*tests).overall is overall


def test_no_list_of_markers_is_unknown_and_never_evaluated():
    nothing = status(markers=())

    assert nothing.overall is Overall.UNKNOWN
    assert not nothing.is_evaluated


def test_only_the_donor_may_have_cells_of_a_reactive_donor():
    reactive = a_test("HIV 1 and 2", "reactive")

    assert status(reactive).is_usable
    assert not status(reactive, autologous=False).is_usable
    assert status(autologous=False).is_usable  # unknown is stopped where the product asks for the tests


def test_cells_of_several_collections_have_the_worst_of_each_marker():
    good = status(a_test("HIV 1 and 2"), a_test("Hepatitis B"))
    half = status(a_test("HIV 1 and 2", "reactive"))

    both = worst_of([good, half], MARKERS, is_autologous=True)

    assert both.overall is Overall.REACTIVE
    assert both.reactive == ("HIV 1 and 2",)
    assert both.unknown == ("Hepatitis B",)
    assert worst_of([], MARKERS, is_autologous=True).unknown == MARKERS


RESULTS = st.sampled_from(["non_reactive", "reactive", "indeterminate", "not_tested"])
TESTS = st.lists(
    st.builds(a_test, st.sampled_from([*MARKERS, "CMV"]), RESULTS, days=st.integers(-60, 60), verified=st.booleans()),
    max_size=8,
)


@given(TESTS)
def test_complete_means_that_every_marker_is_non_reactive(tests):
    known = status(*tests)

    complete = all(each.found is Found.NON_REACTIVE for each in known.markers)
    assert (known.overall is Overall.COMPLETE) == complete


@given(TESTS)
def test_what_nobody_verified_never_makes_a_donor_known(tests):
    unverified = [MarkerTest(each.marker, each.result, each.sampled_on, is_verified=False) for each in tests]

    assert status(*unverified).overall is Overall.UNKNOWN
