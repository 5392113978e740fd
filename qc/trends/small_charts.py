"""Two small charts for the column beside a test, as geometry: one value against its limit, and the newest batches.

The places are those of `charting`: pixels, the origin at the top left. Words are as high as there, and never shrunk.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext
from itertools import pairwise

from qc.trends.charting import (
    DIGITS,
    Area,
    Dot,
    Item,
    LaidOut,
    Look,
    Shape,
    SpecificationLimit,
    Stroke,
    Words,
    axis_of,
    number,
    pixel,
    scale_of,
    scale_words,
)

WIDTH = 328
_LEFT, _RIGHT = Decimal(14), Decimal(WIDTH - 14)
_BAR_TOP, _BAR_BOTTOM = Decimal(44), Decimal(62)
_ROOM = Decimal(46)  # between the words below a bar
_ROW_LEFT, _ROW_TOP, _ROW_BOTTOM = Decimal(56), Decimal(14), Decimal(112)
_FAR = 4
_WHOLE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Here:
    """The value of this batch, its words and the status whose shape it takes."""

    value: Decimal
    words: str
    status: str


def against_limit(
    limits: Sequence[SpecificationLimit], here: Here | None, *, unit: str, limit_word: str, sentence: str
) -> LaidOut:
    """Give a bar on which the limits part what conforms from what does not, and where the value lies."""
    with localcontext(DIGITS):
        return LaidOut(WIDTH, 106, "", sentence, tuple(_bar(limits, here, unit, limit_word)))


def _bar(limits: Sequence[SpecificationLimit], here: Here | None, unit: str, limit_word: str) -> Iterator[Item]:
    low, high, step = _reach([*(one.value for one in limits), *([here.value] if here else [])], unit)
    exponent = scale_of([low, high])

    def x(value: Decimal) -> Decimal:
        return pixel(_LEFT + (_RIGHT - _LEFT) * (value - low) / (high - low))

    ends = [low, *sorted({one.value for one in limits if low < one.value < high}), high]
    for begin, end in pairwise(ends):
        middle = (begin + end) / 2
        conforms = all(middle > one.value if one.is_floor else middle < one.value for one in limits)
        area = (x(begin), _BAR_TOP, x(end) - x(begin), _BAR_BOTTOM - _BAR_TOP)
        yield Area(*area, Look.GOOD if conforms else Look.BAD)
    taken = []
    for one in limits:
        place = x(one.value)
        yield Stroke(((place, _BAR_TOP - 6), (place, _BAR_BOTTOM + 6)), Look.MEAN)
        words = f"{limit_word} {number(one.value, _digit(one.value), exponent)}"
        yield Words(place, _BAR_BOTTOM + 22, words, Look.NAME, "middle")
        taken.append(place)
    for value in _steps(low, high, step):
        if all(abs(x(value) - place) >= _ROOM for place in taken):
            yield Words(x(value), _BAR_BOTTOM + 22, number(value, step, exponent), Look.AXIS, "middle")
            taken.append(x(value))
    if exponent:
        yield Words(_RIGHT, Decimal(102), scale_words(exponent, unit), Look.AXIS, "end")
    if here is not None:
        place = x(here.value)
        yield Shape(place, _BAR_TOP - 10, here.status)
        anchor = "start" if place < WIDTH / 4 else "end" if place > WIDTH * 3 / 4 else "middle"
        yield Words(place, Decimal(20), here.words, Look.NAME, anchor)


def _steps(low: Decimal, high: Decimal, step: Decimal) -> Iterator[Decimal]:
    while low <= high:
        yield low
        low += step


def _reach(values: Sequence[Decimal], unit: str) -> tuple[Decimal, Decimal, Decimal]:
    """Give an axis with room on either side of all values; a share stays between 0 and 100 %."""
    least, most = min(values), max(values)
    room = (most - least) or abs(least) / 5 or Decimal(1)
    low, high, step = axis_of([least - room, most + room])
    low = max(low, Decimal(0)) if least >= 0 else low
    return low, min(high, _WHOLE) if unit == "%" and most < _WHOLE else high, step


def _digit(value: Decimal) -> Decimal:
    """Give the last digit of a limit as it is stated."""
    exponent = value.as_tuple().exponent
    return Decimal(1).scaleb(exponent) if isinstance(exponent, int) else Decimal(1)


def newest_batches(
    earlier: Sequence[tuple[str, Decimal]],
    here: Here | None,
    limits: Sequence[SpecificationLimit],
    *,
    unit: str,
    mean: Decimal | None,
    this_words: str,
    sentence: str,
) -> LaidOut:
    """Give the exact values of earlier batches in their order, then this one; a limit far from all is left out."""
    with localcontext(DIGITS):
        items = tuple(_row(earlier, here, limits, unit, mean, this_words))
        return LaidOut(WIDTH, 140, "", sentence, items)


def _row(
    earlier: Sequence[tuple[str, Decimal]],
    here: Here | None,
    limits: Sequence[SpecificationLimit],
    unit: str,
    mean: Decimal | None,
    this_words: str,
) -> Iterator[Item]:
    values = [value for _name, value in earlier] + ([here.value] if here else [])
    inner = [*values, *([mean] if mean is not None else [])]
    reach = (max(inner) - min(inner)) or abs(inner[0]) or Decimal(1)
    close = [one.value for one in limits if max(*inner, one.value) - min(*inner, one.value) <= _FAR * reach]
    low, high, step = axis_of([*inner, *close])
    exponent = scale_of([low, high])
    inside, steps = _RIGHT - _ROW_LEFT - 16, max(len(values) - 1, 1)
    places = [pixel(_ROW_LEFT + 8 + inside * at / steps) for at in range(len(values))]

    def y(value: Decimal) -> Decimal:
        return pixel(_ROW_BOTTOM - (_ROW_BOTTOM - _ROW_TOP) * (value - low) / (high - low))

    last = Decimal(WIDTH)
    for value in _steps(low, high, step):
        if last - y(value) >= 14:
            yield Words(_ROW_LEFT - 8, y(value) + 4, number(value, step, exponent), Look.AXIS, "end")
            last = y(value)
    if mean is not None:
        yield Stroke(((_ROW_LEFT, y(mean)), (_RIGHT, y(mean))), Look.MEAN)
    for limit in close:
        yield Stroke(((_ROW_LEFT, y(limit)), (_RIGHT, y(limit))), Look.LIMIT)
    points = tuple(zip(places, map(y, values), strict=True))
    if len(points) > 1:
        yield Stroke(points, Look.TRACE)
    yield from (Dot(across, down, Look.POINT) for across, down in points[: len(earlier)])
    if here is not None:
        yield Shape(*points[-1], here.status)
        yield Words(_RIGHT, Decimal(134), this_words, Look.NAME, "end")
    if earlier:
        yield Words(_ROW_LEFT, Decimal(134), earlier[0][0], Look.AXIS)
    if exponent:
        yield Words((_ROW_LEFT + _RIGHT) / 2, Decimal(134), scale_words(exponent, unit), Look.AXIS, "middle")
