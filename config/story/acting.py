"""How a story acts: through the same acts and functions as people do, at times that only go forward.

(1) A story is a generator that yields the time at which its next act happens. Several stories are told together in
    one order of time, so that the ledger shows their acts interleaved.
(2) Signed acts are asked for and performed under the person's own key; recorded facts go through the rooms' functions.
(3) Nothing here writes a row by itself.
"""

import heapq
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import models

from accounts.models import Person, Signed
from accounts.signing import ask, perform
from accounts.wording import site_zone
from config.story.people import SECRET
from ledger import clock

STATION = "training story"

Story = Iterator[datetime]
RowT = TypeVar("RowT", bound=Signed)


def somebody(username: str) -> Person:
    """Give a person of the story as they stand now."""
    return Person.objects.select_related("state").get(username=username)


def act(code: str, subject: models.Model | UUID, row: type[RowT], /, *, by: str, **intent: object) -> RowT:
    """Carry out a signed act under a person's own signature and give the row of the kind that it writes."""
    person = somebody(by)
    key = subject if isinstance(subject, UUID) else subject.pk
    challenge, _shown = ask(code, key, intent, by=person)
    written = perform(challenge.pk, username=by, secret=SECRET, station=STATION, at_hand=person)
    if not isinstance(written, row):
        raise TypeError(f"{code} writes {type(written).__name__}, not {row.__name__}")
    return written


def at(day: date, clock_face: str) -> datetime:
    """Give a moment of a day at the site, such as 08:30."""
    return datetime.combine(day, time.fromisoformat(clock_face), site_zone())


def after(**span: float) -> datetime:
    """Give the moment that is a span of time later than the story is now."""
    return clock.now() + timedelta(**span)


def tell_together(stories: Iterable[Story]) -> None:
    """Tell several stories in one order of time; each goes on when its next time is the earliest.

    A story that names a time that is over already goes on at once: its people are late.
    """
    waiting: list[tuple[datetime, int, Story]] = []
    for number, story in enumerate(stories):
        first = next(story, None)
        if first is not None:
            heapq.heappush(waiting, (first, number, story))
    while waiting:
        moment, number, story = heapq.heappop(waiting)
        clock.tell(moment)
        following = next(story, None)
        if following is not None:
            heapq.heappush(waiting, (max(moment, following), number, story))
