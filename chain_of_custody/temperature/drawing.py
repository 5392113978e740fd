"""The trace of a logger as geometry: pixels with the origin at the top left; the page gives the colours.

(1) All readings are reduced to the lowest and the highest of each pixel, so that no excursion is lost.
(2) What is not known is drawn as a gap. Lines stand at the limits with their words beside them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from accounts.wording import short_time
from chain_of_custody.models import LoggerFile
from chain_of_custody.temperature.judging import Judged, Reading
from chain_of_custody.temperature.logger_files import LoggerLog
from chain_of_custody.words import celsius

WIDTH, HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 640, 14, 190
_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Level:
    """A line at a limit, with its words."""

    y: Decimal
    words: str


@dataclass(frozen=True, slots=True)
class Band:
    """A time outside the range."""

    x: Decimal
    width: Decimal


@dataclass(frozen=True, slots=True)
class Drawing:
    """A trace as it is drawn."""

    lines: tuple[str, ...]  # points of each unbroken line
    levels: tuple[Level, ...]
    bands: tuple[Band, ...]
    highest: Level
    lowest: Level
    begins: str
    ends: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = _RIGHT
    top: int = _TOP
    bottom: int = _BOTTOM


def drawn(log: LoggerLog, judged: Judged, row: LoggerFile) -> Drawing:
    """Draw the readings of the time that a file was sent for."""
    here = [one for one in log.readings if row.since <= one.at <= row.until]
    limits = [limit for limit in (row.place.low_c, row.place.high_c) if limit is not None]
    least, most = min(judged.lowest, *limits), max(judged.highest, *limits)
    room = max((most - least) / 10, _TENTH)
    scale = _Scale(row.since, row.until, least - room, most + room)
    return Drawing(
        lines=tuple(" ".join(line) for line in _lines(here, log.interval * 11 // 10, scale)),
        levels=tuple(Level(scale.y(limit), celsius(limit)) for limit in limits),
        bands=tuple(
            Band(scale.x(one.since), max(scale.x(one.until) - scale.x(one.since), Decimal(2))) for one in judged.outside
        ),
        highest=Level(scale.y(judged.highest), celsius(judged.highest)),
        lowest=Level(scale.y(judged.lowest), celsius(judged.lowest)),
        begins=short_time(row.since),
        ends=short_time(row.until),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where times and temperatures stand in the drawing."""

    since: datetime
    until: datetime
    least: Decimal
    most: Decimal

    def x(self, at: datetime) -> Decimal:
        whole = max((self.until - self.since) // timedelta(milliseconds=1), 1)
        share = Decimal((at - self.since) // timedelta(milliseconds=1)) / whole
        return (_LEFT + share * (_RIGHT - _LEFT)).quantize(_TENTH)

    def y(self, value: Decimal) -> Decimal:
        share = (value - self.least) / (self.most - self.least)
        return (_BOTTOM - share * (_BOTTOM - _TOP)).quantize(_TENTH)


def _lines(here: Sequence[Reading], longest: timedelta, scale: _Scale) -> Iterator[list[str]]:
    points: list[str] = []
    pixel: list[Reading] = []
    for at, one in enumerate(here):
        is_apart = at > 0 and one.at - here[at - 1].at > longest
        if pixel and (is_apart or int(scale.x(one.at)) != int(scale.x(pixel[0].at))):
            points += _of_pixel(pixel, scale)
            pixel = []
        if is_apart:
            yield points
            points = []
        pixel.append(one)
    yield [*points, *_of_pixel(pixel, scale)]


def _of_pixel(pixel: Sequence[Reading], scale: _Scale) -> list[str]:
    """Give the ends of the line through the readings of one pixel, in the order in which they were read."""
    ends = {min(pixel, key=lambda one: one.celsius), max(pixel, key=lambda one: one.celsius)}
    return [f"{scale.x(one.at)},{scale.y(one.celsius)}" for one in sorted(ends, key=lambda one: one.at)]
