"""The time between the fractions of a dose: whether it was kept, and from when the next one may be given.

(1) Between the end of an infusion of one fraction and the beginning of one of another at least the hours of the rule
    pass; exactly as many are enough. Infusions of one fraction may follow each other at once.
(2) What is not known is never kept: an infusion whose end is not known, and a bag of which nobody knows the fraction.

Pure: no framework, no clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Given:
    """One infusion: of which bag and fraction, from when to when; None where that is not known."""

    code: str
    fraction: int | None
    began_at: datetime
    ended_at: datetime | None

    def is_of_the_fraction_of(self, other: "Given") -> bool:
        """Tell whether two infusions are known to be of one fraction, or are of one bag."""
        return self.code == other.code or (self.fraction is not None and self.fraction == other.fraction)


class Kept(StrEnum):
    """Whether the time between two infusions was kept."""

    KEPT = "kept"
    TOO_SHORT = "too_short"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True)
class Interval:
    """The time between two infusions of different fractions, the earlier one first."""

    earlier: Given
    later: Given

    def kept(self, hours: int) -> Kept:
        """Tell whether so many hours passed."""
        wanted = timedelta(hours=hours)
        if self.later.began_at < (self.earlier.ended_at or self.earlier.began_at) + wanted:
            return Kept.TOO_SHORT
        return Kept.NOT_KNOWN if self.earlier.ended_at is None else Kept.KEPT

    @property
    def minutes(self) -> int:
        """Whole minutes that passed; 0 where the later infusion began before the earlier one had ended."""
        passed = self.later.began_at - (self.earlier.ended_at or self.earlier.began_at)
        return max(0, passed // timedelta(minutes=1))


def intervals(one: Given, others: Iterable[Given]) -> Iterator[Interval]:
    """Give the time between an infusion and each other one of another fraction, in whichever order they were told."""
    for other in others:
        if not one.is_of_the_fraction_of(other):
            earlier, later = sorted((one, other), key=lambda each: each.began_at)
            yield Interval(earlier, later)


def next_from(given: Sequence[Given], hours: int) -> datetime | None:
    """Give from when an infusion of another fraction may begin after these; None where an end is not known.

    Raises ValueError where nothing was given.
    """
    ends = [one.ended_at for one in given if one.ended_at is not None]
    if not given:
        raise ValueError("Nothing was given yet.")
    return max(ends) + timedelta(hours=hours) if len(ends) == len(given) else None
