"""Control charts as geometry: what is drawn where, once for the page and for the document.

(1) A chart is told by its points, levels and changes; `laid_out` gives lines, dots and words at places in pixels, with
    the origin at the top left. Who draws them chooses colours by the name of the look.
(2) Words are at least 11.5 pixels high and stand beside what they name; no legend has to be learnt.
(3) A limit of the specification that lies far from every value is said in words at the edge, so that it doesn't press
    the values into a line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal, localcontext
from enum import StrEnum

from qc.trends.control_rules import Bound

LETTERS = Decimal(12)  # the height of every word
_LETTER_WIDTH = Decimal("6.6")  # of an average letter of that height
_BESIDE = 118  # how wide the words right of the plot may be
DIGITS = Context(prec=30, rounding=ROUND_HALF_UP)
_TENTH = Decimal("0.1")
_FAR = 4  # a limit may stretch the axis to so many times the rest
_SCALED_FROM = 5  # powers of ten from which the axis counts in thousands, millions …


class Look(StrEnum):
    """What a line, a dot or a word is, for whoever draws it."""

    BAND = "band"
    MEAN = "mean"
    SD_2 = "sd2"
    SD_3 = "sd3"
    LIMIT = "limit"
    CHANGE = "change"
    TRACE = "trace"
    POINT = "point"
    BOUND = "bound"
    HOLLOW = "hollow"
    AXIS = "axis"
    NAME = "name"
    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Mark:
    """One point: its place in the row, its value, and what is said of it."""

    name: str
    value: Decimal
    bound: Bound = Bound.EXACT
    status: str = ""  # the status whose shape it takes where it is flagged
    words: str = ""
    more: str = ""
    hollow: Decimal | None = None  # the first result, where it was out of specification
    hollow_words: str = ""
    is_drawn: bool = True  # without a value of its own it stands for its hollow point alone


@dataclass(frozen=True, slots=True)
class SpecificationLimit:
    """A limit of the specification as a number in the unit of the points, and in words."""

    value: Decimal
    words: str
    is_floor: bool


@dataclass(frozen=True, slots=True)
class Level:
    """A line across the chart."""

    value: Decimal
    words: str
    look: Look


@dataclass(frozen=True, slots=True)
class Change:
    """A line down the chart before a point: something is done another way from there on."""

    before: int
    words: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A control chart, told; `sentence` says it to those who don't see it."""

    title: str
    sentence: str
    unit: str
    marks: tuple[Mark, ...]
    levels: tuple[Level, ...] = ()
    changes: tuple[Change, ...] = ()
    band: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle."""

    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    look: Look


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points."""

    points: tuple[tuple[Decimal, Decimal], ...]
    look: Look


@dataclass(frozen=True, slots=True)
class Dot:
    """A point by its centre: filled, hollow, or open towards where the true value may lie."""

    x: Decimal
    y: Decimal
    look: Look
    bound: Bound = Bound.EXACT


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of a status by its centre."""

    x: Decimal
    y: Decimal
    status: str


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `anchor` is start, middle or end."""

    x: Decimal
    y: Decimal
    text: str
    look: Look
    anchor: str = "start"

    @property
    def box(self) -> tuple[Decimal, Decimal, Decimal, Decimal]:
        """Left, top, right and bottom, roughly."""
        wide = _LETTER_WIDTH * len(self.text)
        left = {"start": self.x, "middle": self.x - wide / 2, "end": self.x - wide}[self.anchor]
        return left, self.y - LETTERS, left + wide, self.y + 3


Item = Area | Stroke | Dot | Shape | Words


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A chart with everything at its place."""

    width: int
    height: int
    title: str
    sentence: str
    items: tuple[Item, ...]


@dataclass(slots=True)
class _Plane:
    """From places and values to pixels."""

    left: Decimal
    right: Decimal
    top: Decimal
    bottom: Decimal
    low: Decimal
    high: Decimal
    count: int
    taken: list[tuple[Decimal, Decimal, Decimal, Decimal]] = field(default_factory=list)

    def x(self, place: Decimal | int) -> Decimal:
        if self.count == 1:
            return pixel((self.left + self.right) / 2)
        inner = self.right - self.left - 2 * LETTERS
        return pixel(self.left + LETTERS + inner * Decimal(place) / (self.count - 1))

    def y(self, value: Decimal) -> Decimal:
        return pixel(self.bottom - (self.bottom - self.top) * (value - self.low) / (self.high - self.low))

    def free(self, words: Words) -> bool:
        left, top, right, bottom = words.box
        if left < self.left or right > self.right or top < 0:
            return False
        return all(right < x1 or left > x2 or bottom < y1 or top > y2 for x1, y1, x2, y2 in self.taken)


def laid_out(chart: Chart, *, width: int, height: int) -> LaidOut:
    """Give the chart at its size in pixels; a chart without a point has a frame and says nothing else."""
    with localcontext(DIGITS):
        return LaidOut(width, height, chart.title, chart.sentence, tuple(_items(chart, width, height)))


def _items(chart: Chart, width: int, height: int) -> Iterator[Item]:
    values = [mark.value for mark in chart.marks if mark.is_drawn]
    values += [mark.hollow for mark in chart.marks if mark.hollow is not None]
    if not values:
        return
    near, far = _levels_in_reach(chart, values)
    low, high, step = axis_of([*values, *(level.value for level in near)])
    exponent = scale_of([low, high])
    plane = _Plane(
        left=Decimal(64), right=Decimal(width - _BESIDE - 10), top=Decimal(34), bottom=Decimal(height - 34),
        low=low, high=high, count=len(chart.marks),
    )  # fmt: skip
    if chart.band is not None:
        top, bottom = plane.y(min(chart.band[1], high)), plane.y(max(chart.band[0], low))
        yield Area(plane.left, top, plane.right - plane.left, bottom - top, Look.BAND)
    yield from _y_axis(plane, step, exponent, chart.unit)
    yield from _x_axis(plane, chart.marks)
    yield from _changes(plane, chart.changes)
    yield from _level_lines(plane, near, far)
    yield from _points(plane, chart.marks)


def _levels_in_reach(chart: Chart, values: Sequence[Decimal]) -> tuple[list[Level], list[Level]]:
    """Part the levels into those that fit the axis of the values and those that lie far away."""
    own = [level for level in chart.levels if level.look is not Look.LIMIT]
    inner = [*values, *(level.value for level in own)]
    reach = (max(inner) - min(inner)) or abs(inner[0]) or Decimal(1)
    limits = [level for level in chart.levels if level.look is Look.LIMIT]
    near = [one for one in limits if max(*inner, one.value) - min(*inner, one.value) <= _FAR * reach]
    return own + near, [one for one in limits if one not in near]


def axis_of(values: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """Give the lowest and the highest value of an axis and the step between its numbers: 1, 2 or 5 times ten to n."""
    lowest, highest = min(values), max(values)
    span = (highest - lowest) or abs(lowest) or Decimal(1)
    rough = span / 5
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    low = (lowest / step).to_integral_value(ROUND_FLOOR) * step
    high = (highest / step).to_integral_value(ROUND_CEILING) * step
    margin = span / 20
    low = low - step if lowest - low < margin else low
    high = high + step if high - highest < margin else high
    return low, high, step


def scale_of(values: Sequence[Decimal]) -> int:
    """Give the power of ten in which an axis counts: 0, 6, 9 … by the largest of its values."""
    largest = max(abs(value) for value in values)
    return largest.adjusted() // 3 * 3 if largest and largest.adjusted() >= _SCALED_FROM else 0


def number(value: Decimal, step: Decimal, exponent: int = 0) -> str:
    """Write a number with the decimals of a step, with a real minus sign."""
    scaled, grain = value.scaleb(-exponent), step.scaleb(-exponent)
    places = max(0, -grain.normalize().adjusted())
    text = f"{scaled.quantize(Decimal(1).scaleb(-places)):f}"
    return text.replace("-", "−")


def pixel(value: Decimal) -> Decimal:
    """Give a place to a tenth of a pixel."""
    return value.quantize(_TENTH)


def _y_axis(plane: _Plane, step: Decimal, exponent: int, unit: str) -> Iterator[Item]:
    value = plane.low
    while value <= plane.high:
        yield Words(plane.left - 10, plane.y(value) + 4, number(value, step, exponent), Look.AXIS, "end")
        value += step
    yield Words(Decimal(4), Decimal(16), scale_words(exponent, unit), Look.AXIS)


def scale_words(exponent: int, unit: str) -> str:
    """Write in what an axis counts: ×10⁶ cells."""
    power = f"×10{str(exponent).translate(_SUPERSCRIPT)} " if exponent else ""
    return f"{power}{unit}".strip()


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def _x_axis(plane: _Plane, marks: Sequence[Mark]) -> Iterator[Item]:
    longest = max(len(mark.name) for mark in marks)
    fit = max(1, int((plane.right - plane.left) // (_LETTER_WIDTH * (longest + 3))))
    number_shown = min(len(marks), 5, fit)
    shown = {round(Decimal(len(marks) - 1) * at / max(1, number_shown - 1)) for at in range(number_shown)}
    for at in sorted(shown):
        yield Words(plane.x(at), plane.bottom + 24, marks[at].name, Look.AXIS, "middle")


def _changes(plane: _Plane, changes: Sequence[Change]) -> Iterator[Item]:
    for row, change in enumerate(changes):
        x = (plane.x(change.before) + plane.x(max(0, change.before - 1))) / 2
        yield Stroke(((x, plane.top - 6), (x, plane.bottom)), Look.CHANGE)
        is_left = x > (plane.left + plane.right) / 2
        words = Words(
            x - 5 if is_left else x + 5, plane.top + 2 + 14 * (row % 3), change.words, Look.CHANGE,
            "end" if is_left else "start",
        )  # fmt: skip
        plane.taken.append(words.box)
        yield words


def _level_lines(plane: _Plane, near: Sequence[Level], far: Sequence[Level]) -> Iterator[Item]:
    last = Decimal(0)
    for level in sorted(near, key=lambda one: -one.value):
        y = plane.y(level.value)
        yield Stroke(((plane.left, y), (plane.right, y)), level.look)
        if level.look is Look.LIMIT:
            plane.taken.append((plane.left, y - 1, plane.right, y + 1))
        if len(level.words) * _LETTER_WIDTH > _BESIDE:
            words = Words(plane.right, y - 5, level.words, level.look, "end")
        else:
            last = max(y + 4, last + 13)
            words = Words(plane.right + 8, last, level.words, level.look)
        plane.taken.append(words.box)
        yield words
    for level in far:
        is_above = level.value > plane.high
        y = plane.top + 4 if is_above else plane.bottom - 5
        words = Words(plane.right, y, f"{level.words} {'↑' if is_above else '↓'}", Look.LIMIT, "end")
        plane.taken.append(words.box)
        yield words


def _points(plane: _Plane, marks: Sequence[Mark]) -> Iterator[Item]:
    exact = [(at, mark) for at, mark in enumerate(marks) if mark.is_drawn and mark.bound is Bound.EXACT]
    places = tuple((plane.x(at), plane.y(mark.value)) for at, mark in exact)
    plane.taken += [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    if len(places) > 1:
        yield Stroke(places, Look.TRACE)
    for at, mark in enumerate(marks):
        if mark.hollow is not None:
            x, y = plane.x(at), plane.y(mark.hollow)
            if mark.is_drawn:
                yield Stroke(((x, y), (x, plane.y(mark.value))), Look.HOLLOW)
            yield Dot(x, y, Look.HOLLOW)
            yield from _named(plane, x, y, (mark.hollow_words,), Look.HOLLOW)
        if mark.is_drawn:
            x, y = plane.x(at), plane.y(mark.value)
            look = Look.POINT if mark.bound is Bound.EXACT else Look.BOUND
            yield Shape(x, y, mark.status) if mark.status else Dot(x, y, look, mark.bound)
            yield from _named(plane, x, y, (mark.words, mark.more), Look.NAME)


def _named(plane: _Plane, x: Decimal, y: Decimal, texts: Sequence[str], look: Look) -> Iterator[Item]:
    """Write what is said of a point where there is room; where there is none the table says it."""
    texts = [text for text in texts if text]
    if not texts:
        return
    looks = [look, *([Look.AXIS] * (len(texts) - 1))]
    for anchor, across in (("end", -14), ("start", 14)):
        for down in (-4, 16, -26, 34, -48):
            lines = [
                Words(x + across, y + down + 14 * at, text, one, anchor)
                for at, (text, one) in enumerate(zip(texts, looks, strict=True))
            ]
            if all(plane.free(line) and line.y < plane.bottom + 8 for line in lines):
                plane.taken += [line.box for line in lines]
                yield from lines
                return
