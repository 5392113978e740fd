"""When each step of a story's batch begins.

The published product has a timetable to the minute, because its spans are told in its record. Of the other families a
day is given for the first step of each day; the steps of a day follow one another.
"""

from datetime import datetime, timedelta

from config.story.receiving import Cells
from ledger import clock

# When each step begins: the day after the collection, and the time of day.
BEGINS = {
    "1.1": (1, "08:15"), "1.2": (1, "08:25"), "1.3": (1, "08:35"), "1.4": (1, "09:20"),
    "2.1": (1, "09:45"), "2.2": (1, "10:15"), "2.3": (1, "12:00"), "2.4": (1, "14:00"),
    "3.1": (2, "09:00"), "3.2": (2, "09:40"), "3.3": (2, "10:10"), "3.4": (3, "10:30"),
    "4.1": (6, "09:00"), "4.2": (6, "10:00"), "4.3": (8, "09:00"), "4.4": (10, "09:00"),
    "5.1": (12, "08:30"), "5.2": (12, "09:10"), "5.3": (12, "09:40"), "5.4": (12, "09:47"), "5.5": (12, "09:53"),
    "5.6": (12, "09:58"), "5.7": (12, "10:07"), "5.8": (12, "10:13"), "5.9": (12, "10:18"), "5.10": (12, "12:30"),
}  # fmt: skip

# By family: the steps that open a day, with the day after the collection.
DAYS = {
    "nonviral-car-t": {"1.1": 1, "3.1": 3, "3.4": 4, "4.1": 9, "4.3": 12, "5.1": 13},
    "nk": {"1.1": 1, "4.1": 6, "4.4": 11, "5.1": 15},
    "t-cells": {"1.1": 1, "3.1": 5, "3.3": 8, "3.5": 11, "4.1": 14},
    "til": {"1.1": 1, "2.3": 8, "2.4": 15, "3.1": 15, "3.2": 18, "3.3": 19, "4.1": 20, "4.2": 27, "4.3": 31, "5.1": 34},
    "cd34": {"1.1": 1},
}
DAY_BEGINS = "08:15"
BETWEEN_STEPS = timedelta(minutes=4)


def day_of(cells: Cells, code: str) -> int:
    """Give the day after the collection on which a step is worked on."""
    if not cells.plan.family:
        return BEGINS[code][0]
    days = DAYS[cells.plan.family]
    return max(day for first, day in days.items() if _place(first) <= _place(code))


def begins(cells: Cells, code: str) -> datetime:
    """Give when a step begins; of a family without a timetable to the minute, after the step before it."""
    if not cells.plan.family:
        return cells.on(*BEGINS[code])
    return max(clock.now() + BETWEEN_STEPS, cells.on(day_of(cells, code), DAY_BEGINS))


def _place(code: str) -> tuple[int, ...]:
    return tuple(int(part) for part in code.split("."))
