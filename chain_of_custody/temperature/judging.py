"""What the readings of a logger say of a time in one place: how far and how long outside, and what nobody knows.

(1) The range and the durations are judged, never the mean.
(2) A reading at a limit is within. A reading stands until the next one, the last one until the end.
(3) What is not read is not known, and never within: a time between two readings that is longer than the interval, a
    first reading more than an interval after the beginning, a last one more than an interval before the end, and every
    time after the day until which the logger was calibrated. A tenth of the interval is left to the logger's clock.
(4) Readings from before the beginning and after the end say nothing of this time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

MOST_SPANS = 50


class Why(StrEnum):
    """Why nobody knows a temperature."""

    GAP = "gap"
    BEGINS_LATE = "begins_late"
    ENDS_EARLY = "ends_early"
    UNCALIBRATED = "uncalibrated"
    NO_FILE = "no_file"


@dataclass(frozen=True, slots=True)
class Reading:
    """One temperature in °C."""

    at: datetime
    celsius: Decimal


@dataclass(frozen=True, slots=True)
class Range:
    """The temperatures that a place keeps, in °C; None where a side has no limit."""

    low: Decimal | None
    high: Decimal | None

    def beyond(self, celsius: Decimal) -> Decimal:
        """Give how far a temperature is outside: below zero where it is too cold, 0 where it is within."""
        if self.low is not None and celsius < self.low:
            return celsius - self.low
        if self.high is not None and celsius > self.high:
            return celsius - self.high
        return Decimal(0)


@dataclass(frozen=True, slots=True)
class Outside:
    """A time outside the range on one side, and the temperature that was farthest outside."""

    since: datetime
    until: datetime
    peak: Decimal

    @property
    def lasted(self) -> timedelta:
        return self.until - self.since


@dataclass(frozen=True, slots=True)
class Unknown:
    """A time of which no temperature is known."""

    since: datetime
    until: datetime
    why: Why


@dataclass(frozen=True, slots=True)
class Judged:
    """What the readings say of a time."""

    readings: int
    first_at: datetime
    last_at: datetime
    lowest: Decimal
    highest: Decimal
    longest_gap: timedelta
    outside: tuple[Outside, ...]
    longest_outside: timedelta
    total_outside: timedelta
    unknown: tuple[Unknown, ...]

    @property
    def is_within(self) -> bool:
        """Whether every moment is known and was within the range."""
        return not self.outside and not self.unknown


def judge(
    readings: Sequence[Reading],
    *,
    interval: timedelta,
    since: datetime,
    until: datetime,
    kept: Range,
    calibrated_until: datetime | None,
) -> Judged | None:
    """Judge readings, in the order of their times, over a time in a place; None where not one is of that time."""
    here = [one for one in readings if since <= one.at <= until]
    if not here:
        return None
    longest = interval * 11 // 10
    outside = list(_outside(here, interval=interval, longest=longest, until=until, kept=kept))
    unknown = list(_unknown(here, longest=longest, interval=interval, since=since, until=until))
    if calibrated_until is None or calibrated_until < until:
        unknown.append(Unknown(max(since, calibrated_until or since), until, Why.UNCALIBRATED))
    return Judged(
        readings=len(here),
        first_at=here[0].at,
        last_at=here[-1].at,
        lowest=min(one.celsius for one in here),
        highest=max(one.celsius for one in here),
        longest_gap=max((after.at - before.at for before, after in pairwise(here)), default=timedelta(0)),
        outside=_few_outside(outside, kept),
        longest_outside=max((one.lasted for one in outside), default=timedelta(0)),
        total_outside=sum((one.lasted for one in outside), timedelta(0)),
        unknown=_few_unknown(unknown),
    )


def _outside(
    here: Sequence[Reading], *, interval: timedelta, longest: timedelta, until: datetime, kept: Range
) -> Iterator[Outside]:
    """Give each unbroken time outside on one side; what is not known breaks it."""
    open_span: Outside | None = None
    for at, one in enumerate(here):
        following = here[at + 1].at if at + 1 < len(here) else until
        stands_until = following if following - one.at <= longest else one.at + interval
        beyond = kept.beyond(one.celsius)
        if open_span is not None:
            was = kept.beyond(open_span.peak)
            if open_span.until == one.at and beyond * was > 0:
                peak = one.celsius if abs(beyond) > abs(was) else open_span.peak
                open_span = Outside(open_span.since, stands_until, peak)
                continue
            yield open_span
            open_span = None
        if beyond:
            open_span = Outside(one.at, stands_until, one.celsius)
    if open_span is not None:
        yield open_span


def _unknown(
    here: Sequence[Reading], *, longest: timedelta, interval: timedelta, since: datetime, until: datetime
) -> Iterator[Unknown]:
    if here[0].at - since > longest:
        yield Unknown(since, here[0].at, Why.BEGINS_LATE)
    for before, after in pairwise(here):
        if after.at - before.at > longest:
            yield Unknown(before.at, after.at, Why.GAP)
    if until - here[-1].at > longest:
        yield Unknown(here[-1].at, until, Why.ENDS_EARLY)


def _few_outside(found: Sequence[Outside], kept: Range) -> tuple[Outside, ...]:
    """Give not more spans than anybody assesses: of very many, each side becomes one, from its first to its last."""
    if len(found) <= MOST_SPANS:
        return tuple(found)
    cold = [one for one in found if kept.beyond(one.peak) < 0]
    warm = [one for one in found if kept.beyond(one.peak) > 0]
    return tuple(
        Outside(side[0].since, side[-1].until, max((one.peak for one in side), key=lambda peak: abs(kept.beyond(peak))))
        for side in (cold, warm)
        if side
    )


def _few_unknown(found: Sequence[Unknown]) -> tuple[Unknown, ...]:
    """Give not more times than anybody assesses: of very many gaps one, from the first to the last."""
    gaps = [one for one in found if one.why is Why.GAP]
    if len(gaps) <= MOST_SPANS:
        return tuple(found)
    return (Unknown(gaps[0].since, gaps[-1].until, Why.GAP), *(one for one in found if one.why is not Why.GAP))
