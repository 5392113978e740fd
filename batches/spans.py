"""Spans of the calendar; no framework.

A span of months or years ends on the day of the same number. Where the last month has no such day it ends with the
last day of that month (Regulation (EEC, Euratom) No 1182/71, Article 3): one month from 31 January is 28 or 29
February, thirty years from 29 February 2028 are over at the end of 28 February 2058.
"""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import TypeVar

MomentT = TypeVar("MomentT", date, datetime)


def months_after(start: MomentT, months: int) -> MomentT:
    """Give the same day, and time where there is one, so many months later."""
    count = start.month - 1 + months
    year, month = start.year + count // 12, count % 12 + 1
    return start.replace(year=year, month=month, day=min(start.day, monthrange(year, month)[1]))


def years_after(start: MomentT, years: int) -> MomentT:
    """Give the same day so many years later."""
    return months_after(start, 12 * years)


def life_after(start: datetime, amount: int, unit: str) -> datetime:
    """Give when a shelf life of so many hours, days or months is over."""
    if unit == "months":
        return months_after(start, amount)
    return start + timedelta(**{unit: amount})
