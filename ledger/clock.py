"""The one place that reads the time.

(1) `now()` is the time of the record: UTC, whole milliseconds.
(2) A training site may tell a story: its time is then set by hand and only goes forward. A plant never can.
(3) `machine_now()` is for leases, sessions and delays, which must not stand still while a story is told.
"""

import threading
from datetime import UTC, datetime

from django.conf import settings

_story = threading.local()


class ClockError(RuntimeError):
    """The clock was asked for something that would put the order of the record in doubt."""


def machine_now() -> datetime:
    """Give the machine's time in UTC, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def now() -> datetime:
    """Give the time of the record: the machine's, or the story's while this thread tells one."""
    told: datetime | None = getattr(_story, "now", None)
    return told if told is not None else machine_now()


def tell(moment: datetime) -> None:
    """Set the story's time for this thread; refused at a plant, and whenever it would go back or pass the present."""
    if not settings.TRAINING:
        raise ClockError("Only a training site may tell a story.")
    moment = moment.astimezone(UTC)
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    told: datetime | None = getattr(_story, "now", None)
    if told is not None and moment < told:
        raise ClockError("A story's time only goes forward.")
    if moment > machine_now():
        raise ClockError("A story cannot run ahead of the present.")
    _story.now = moment


def end_story() -> None:
    """Return this thread to the machine's time."""
    _story.now = None
