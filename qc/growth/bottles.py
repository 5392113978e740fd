"""A growth test as its bottles stand: what has been seen, what is read next, and what was not read in time.

(1) A line is final when every bottle of its plan is, and every subculture.
(2) Days are full periods of 24 hours from the inoculation of each bottle, and of each subculture by itself.
(3) Growth in any bottle at any time is growth; nothing that is seen later takes it back.
(4) A flag of the instrument is no verdict: the bottle waits until somebody has looked at it.
(5) A bottle that cannot be judged at the end waits for its subculture (USP <71>, Ph. Eur. 2.6.1: at least four days).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from qc.definitions.growth import GrowthPlan, PlannedReading
from qc.growth.clock import final_opens_at, full_days
from qc.values.seen import Growth


class Outcome(Enum):
    """What may be seen of a bottle."""

    NO_GROWTH = "no_growth"
    GROWTH = "growth"
    CANNOT_JUDGE = "cannot_judge"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class BottleReading:
    """One look at a bottle, or at its subculture."""

    bottle: int
    is_subculture: bool
    outcome: Outcome
    began_at: datetime  # inoculation of the bottle, or of the subculture
    read_at: datetime

    @property
    def days(self) -> int:
        """Full days that were over when it was read."""
        return full_days(self.began_at, self.read_at)


@dataclass(frozen=True, slots=True)
class Due:
    """A reading that a plan asks for."""

    bottle: int
    is_subculture: bool
    day: int
    opens_at: datetime
    closes_at: datetime | None  # None for a final reading, which may be late and is never left out
    is_mandatory: bool
    is_final: bool


Vessel = tuple[int, bool]
Readings = Sequence[BottleReading]


def seen_of(readings: Readings, plan: GrowthPlan | None, days: int) -> Growth:
    """Give what a test of so many days says, from all its readings in force; without a plan, of the bottles read."""
    grown = [one for one in readings if one.outcome is Outcome.GROWTH]
    if grown:
        return Growth(True, min(grown, key=lambda one: one.read_at).days)
    newest = newest_of(readings)
    numbers = [one.number for one in plan.bottles] if plan else sorted({bottle for bottle, _sub in newest})
    waits: list[str] = []
    unclear = False
    for number in numbers:
        waiting, cannot = _bottle(number, newest, plan, days)
        waits += [waiting] if waiting else []
        unclear = unclear or cannot
    read = [newest[number, False].days for number in numbers if (number, False) in newest]
    return Growth(None if unclear else False, min(read, default=0), " ".join(waits))


def newest_of(readings: Readings) -> Mapping[Vessel, BottleReading]:
    """Give the last look at each bottle and at each subculture."""
    return {(one.bottle, one.is_subculture): one for one in sorted(readings, key=lambda each: each.read_at)}


def _bottle(
    number: int, newest: Mapping[Vessel, BottleReading], plan: GrowthPlan | None, days: int
) -> tuple[str, bool]:
    """Give what a bottle waits for besides its days, and whether it cannot be judged."""
    own = newest.get((number, False))
    if own is None:
        return f"Bottle {number} has not been read.", False
    if own.outcome is Outcome.FLAGGED:
        return (
            f"Bottle {number} was flagged by the instrument on day {own.days}. Look at it and record what you see.",
            True,
        )
    if own.outcome is not Outcome.CANNOT_JUDGE:
        return "", False
    if own.days < days or plan is None or not plan.subculture_days:
        return "", True
    return _subculture(number, newest.get((number, True)), own.days, plan.subculture_days)


def _subculture(number: int, sub: BottleReading | None, day: int, days: int) -> tuple[str, bool]:
    if sub is None:
        return (
            f"Bottle {number} cannot be judged on day {day}. Subculture it, and read the subculture for {days} days.",
            True,
        )
    if sub.outcome is Outcome.FLAGGED:
        return f"The subculture of bottle {number} was flagged. Look at it and record what you see.", True
    if sub.days < days:
        return f"Day {sub.days} of {days} of the subculture of bottle {number} is over.", False
    return "", sub.outcome is Outcome.CANNOT_JUDGE


def final_opens(readings: Readings, plan: GrowthPlan | None, days: int) -> datetime | None:
    """Give when the last final reading opens, of bottles and subcultures; None while nothing was inoculated."""
    opens = [
        final_opens_at(one.began_at, plan.subculture_days if one.is_subculture and plan else days)
        for one in newest_of(readings).values()
    ]
    return max(opens, default=None)


def planned(readings: Readings, plan: GrowthPlan | None, days: int) -> list[Due]:
    """Give every reading that is asked for of the bottles that were inoculated, in the order they open.

    Without a plan that is the final reading of each bottle alone.
    """
    dues: list[Due] = []
    for (bottle, is_subculture), one in newest_of(readings).items():
        last = plan.subculture_days if is_subculture and plan else days
        opens = final_opens_at(one.began_at, last)
        dues.append(Due(bottle, is_subculture, last, opens, None, is_mandatory=True, is_final=True))
        if plan and not is_subculture:
            dues += [_before_the_end(bottle, one.began_at, each) for each in plan.readings]
    return sorted(dues, key=lambda due: (due.opens_at, due.bottle, due.is_subculture))


def _before_the_end(bottle: int, began_at: datetime, each: PlannedReading) -> Due:
    opens = final_opens_at(began_at, each.day)
    closes = opens + timedelta(hours=each.window_hours)
    return Due(bottle, False, each.day, opens, closes, is_mandatory=each.is_mandatory, is_final=False)


def is_made(due: Due, readings: Readings) -> bool:
    """Tell whether a planned reading was made in its time; a flag is no reading."""
    return any(
        (one.bottle, one.is_subculture) == (due.bottle, due.is_subculture)
        and one.outcome is not Outcome.FLAGGED
        and due.opens_at <= one.read_at
        and (due.closes_at is None or one.read_at <= due.closes_at)
        for one in readings
    )


def missed(readings: Readings, plan: GrowthPlan | None, days: int, *, by: datetime) -> list[Due]:
    """Give the mandatory readings whose time is over and which nobody made, as of a moment."""
    grown = [one.read_at for one in readings if one.outcome is Outcome.GROWTH]
    until = min([by, *grown])
    return [
        due
        for due in planned(readings, plan, days)
        if due.is_mandatory and due.closes_at is not None and due.closes_at < until and not is_made(due, readings)
    ]


def to_come(readings: Readings, plan: GrowthPlan | None, days: int, *, at: datetime) -> list[Due]:
    """Give the readings that are open at a moment or open later; none once growth was seen."""
    if any(one.outcome is Outcome.GROWTH for one in readings):
        return []
    return [
        due
        for due in planned(readings, plan, days)
        if (due.closes_at is None or due.closes_at >= at) and not is_made(due, readings)
    ]
