"""The clock of a growth test: periods of 24 hours in UTC, counted from the inoculation of each bottle.

A change to or from summer time neither shortens nor lengthens a period.
"""

from datetime import UTC, datetime, timedelta

DAY = timedelta(hours=24)


class GrowthClockError(ValueError):
    """A time that cannot belong to this growth test."""


def full_days(inoculated_at: datetime, read_at: datetime) -> int:
    """Periods of 24 hours that are over at the reading."""
    passed = _in_utc(read_at) - _in_utc(inoculated_at)
    if passed < timedelta():
        raise GrowthClockError("The reading can't be before the inoculation.")
    return passed // DAY


def final_opens_at(inoculated_at: datetime, days: int) -> datetime:
    """The first moment, in UTC, at which a reading is final."""
    if days < 1:
        raise GrowthClockError("A growth test lasts at least one day.")
    return _in_utc(inoculated_at) + days * DAY


def _in_utc(moment: datetime) -> datetime:
    # Times of one zone are subtracted by their clock faces, so both are taken to UTC first.
    if moment.utcoffset() is None:
        raise GrowthClockError("A time of a growth test must say its time zone.")
    return moment.astimezone(UTC)
