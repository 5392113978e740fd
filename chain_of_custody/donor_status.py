"""What is known of a donor's infectious disease markers, and what follows from it.

(1) Unknown is never a pass: a marker without a result, or whose result nobody verified, is unknown, and so is a sample
    taken outside the window. Indeterminate and not tested are told as they are and count as unknown.
(2) A reactive result that was verified stays reactive until a later result is verified, whenever its sample was taken.
(3) The worst of all markers is the status: reactive before unknown before complete. No list of markers is unknown.
(4) A marker that nobody asked for counts only where it is reactive.

Directive 2006/17/EC Annex I 2.1.1; 2006/86/EC Annex II E; 21 CFR 1271.80, 1271.90. Windows are data of the product.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Found(StrEnum):
    """What is known of one marker."""

    NON_REACTIVE = "non_reactive"
    REACTIVE = "reactive"
    INDETERMINATE = "indeterminate"
    NOT_TESTED = "not_tested"
    OUTSIDE_WINDOW = "outside_window"
    UNKNOWN = "unknown"


class Overall(StrEnum):
    """What is known of the donor."""

    REACTIVE = "reactive"
    UNKNOWN = "unknown"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True)
class MarkerTest:
    """One result for one marker. Those of a marker are given oldest first, each superseding the one before."""

    marker: str
    result: str  # non_reactive, reactive, indeterminate, not_tested
    sampled_on: date | None
    is_verified: bool


@dataclass(frozen=True, slots=True)
class Window:
    """When the sample may be taken, in days before and after the day of the collection; both ends are in it."""

    days_before: int
    days_after: int

    def holds(self, sampled_on: date, collected_on: date) -> bool:
        """Tell whether a sample was taken within the window."""
        first = collected_on - timedelta(days=self.days_before)
        return first <= sampled_on <= collected_on + timedelta(days=self.days_after)


@dataclass(frozen=True, slots=True)
class MarkerStatus:
    """One marker and what is known of it."""

    marker: str
    found: Found

    @property
    def is_known(self) -> bool:
        return self.found in (Found.NON_REACTIVE, Found.REACTIVE)


@dataclass(frozen=True, slots=True)
class DonorStatus:
    """What is known of a donor, marker by marker."""

    overall: Overall
    markers: tuple[MarkerStatus, ...]
    is_autologous: bool

    @property
    def reactive(self) -> tuple[str, ...]:
        """The markers with a reactive result."""
        return tuple(each.marker for each in self.markers if each.found is Found.REACTIVE)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The markers of which nothing counts as known."""
        return tuple(each.marker for each in self.markers if not each.is_known)

    @property
    def is_evaluated(self) -> bool:
        """Every marker was tested with a result that counts (21 CFR 1271.90(c)(2))."""
        return bool(self.markers) and not self.unknown

    @property
    def is_usable(self) -> bool:
        """A reactive donor's cells are for the donor alone; a path for urgent need does not exist here."""
        return self.is_autologous or not self.reactive


def same_marker(one: str, other: str) -> bool:
    """Tell whether two names mean one marker, whatever their capitals and spaces."""
    return _plain(one) == _plain(other)


def _plain(marker: str) -> str:
    return " ".join(marker.casefold().split())


def donor_status(
    tests: Iterable[MarkerTest],
    markers: Sequence[str],
    *,
    collected_on: date,
    window: Window | None,
    is_autologous: bool,
) -> DonorStatus:
    """Give what is known of the donor of one collection; with no window, a sample of any day counts."""
    by_marker: dict[str, list[MarkerTest]] = {}
    for test in tests:
        by_marker.setdefault(_plain(test.marker), []).append(test)
    listed = [
        MarkerStatus(marker, _found(by_marker.get(_plain(marker), []), collected_on, window)) for marker in markers
    ]
    wanted = {_plain(marker) for marker in markers}
    beside = [
        MarkerStatus(rows[-1].marker, Found.REACTIVE)
        for name, rows in by_marker.items()
        if name not in wanted and _found(rows, collected_on, window) is Found.REACTIVE
    ]
    return DonorStatus(_overall(listed, beside), (*listed, *beside), is_autologous)


def worst_of(statuses: Sequence[DonorStatus], markers: Sequence[str], *, is_autologous: bool) -> DonorStatus:
    """Give what is known of cells from several collections: marker by marker the worst; of none, nothing is known."""
    if not statuses:
        return DonorStatus(
            Overall.UNKNOWN, tuple(MarkerStatus(marker, Found.UNKNOWN) for marker in markers), is_autologous
        )
    worst: dict[str, MarkerStatus] = {}
    for status in statuses:
        for each in status.markers:
            name = _plain(each.marker)
            if name not in worst or _BADNESS.index(each.found) > _BADNESS.index(worst[name].found):
                worst[name] = each
    overall = next(one for one in Overall if any(status.overall is one for status in statuses))
    return DonorStatus(overall, tuple(worst.values()), is_autologous)


_BADNESS = (
    Found.NON_REACTIVE,
    Found.OUTSIDE_WINDOW,
    Found.NOT_TESTED,
    Found.UNKNOWN,
    Found.INDETERMINATE,
    Found.REACTIVE,
)


def _found(tests: Sequence[MarkerTest], collected_on: date, window: Window | None) -> Found:
    verified = [test for test in tests if test.is_verified]
    if not verified:
        return Found.UNKNOWN
    counts = verified[-1]
    if counts.result == Found.REACTIVE:
        return Found.REACTIVE
    if counts is not tests[-1]:
        return Found.UNKNOWN  # somebody recorded another result since, and nobody has verified it
    if counts.result != Found.NON_REACTIVE:
        return Found(counts.result)
    if counts.sampled_on is None:
        return Found.UNKNOWN
    if window is not None and not window.holds(counts.sampled_on, collected_on):
        return Found.OUTSIDE_WINDOW
    return Found.NON_REACTIVE


def _overall(listed: Sequence[MarkerStatus], beside: Sequence[MarkerStatus]) -> Overall:
    if beside or any(each.found is Found.REACTIVE for each in listed):
        return Overall.REACTIVE
    if not listed or any(not each.is_known for each in listed):
        return Overall.UNKNOWN
    return Overall.COMPLETE
