"""The rules of control charts: one book for batches, another for controls of assays; they are never mixed.

Batches: Nelson L. S., J Qual Technol 1984;16:237-239, tests 1 to 4. Controls: Westgard J. O. et al., Clin Chem
1981;27:493-501.

(1) Every comparison with a limit is strict: a point at a limit is not beyond it, a point at the mean is on no side.
(2) A rule fires at the point that completes its pattern, and at each later one that goes on with it; `since` is where
    the pattern begins, so a pattern is told once and every point of it is known.
(3) Equal neighbours neither rise nor fall.
(4) A value that is known as a bound alone has no place in a row. It is passed over, unless it lies beyond three
    standard deviations however it is read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, StrEnum


class Bound(Enum):
    """How the true value stands to the number of a point."""

    EXACT = "exact"
    BELOW = "below"  # the true value is this or less
    ABOVE = "above"  # the true value is this or more


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a chart of batches, in standard deviations above the mean."""

    sds: Decimal
    bound: Bound = Bound.EXACT


class Nelson(StrEnum):
    """The rules for batches."""

    BEYOND = "nelson_1"
    ONE_SIDE = "nelson_2"
    TREND = "nelson_3"
    ALTERNATING = "nelson_4"


class Westgard(StrEnum):
    """The rules for controls, in the order in which a verdict names them."""

    WARNING = "1:2s"
    ONE_3S = "1:3s"
    TWO_2S = "2:2s"
    RANGE_4S = "R:4s"
    FOUR_1S = "4:1s"
    TEN_X = "10x"


# How many points in a row complete a pattern.
NINE, SIX, FOURTEEN = 9, 6, 14
THREE_SD, TWO_SD, ONE_SD = Decimal(3), Decimal(2), Decimal(1)
REJECTING = (Westgard.ONE_3S, Westgard.TWO_2S, Westgard.RANGE_4S, Westgard.FOUR_1S, Westgard.TEN_X)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that a point breaks: the place of the point and of the first point of the pattern, both from 0."""

    rule: Nelson
    at: int
    since: int


def nelson(points: Sequence[Point]) -> list[Hit]:
    """Give each rule that each point breaks, in the order of the points and then of the rules."""
    places = [place for place, point in enumerate(points) if point.bound is Bound.EXACT]
    row = [points[place].sds for place in places]
    hits = [Hit(Nelson.BEYOND, place, place) for place, point in enumerate(points) if _is_beyond(point)]
    for rule, length, runs in (
        (Nelson.ONE_SIDE, NINE, _one_side(row)),
        (Nelson.TREND, SIX, _trend(row)),
        (Nelson.ALTERNATING, FOURTEEN, _alternating(row)),
    ):
        hits += [Hit(rule, places[at], places[start]) for at, start in enumerate(runs) if at - start + 1 >= length]
    order = list(Nelson)
    return sorted(hits, key=lambda hit: (hit.at, order.index(hit.rule)))


def completed(hits: Sequence[Hit]) -> list[Hit]:
    """Give each pattern once, at the point that completed it."""
    told: set[tuple[Nelson, int]] = set()
    first = []
    for hit in hits:
        if (hit.rule, hit.since) not in told:
            told.add((hit.rule, hit.since))
            first.append(hit)
    return first


def _is_beyond(point: Point) -> bool:
    over, under = point.sds > THREE_SD, point.sds < -THREE_SD
    match point.bound:
        case Bound.EXACT:
            return over or under
        case Bound.ABOVE:
            return over
        case Bound.BELOW:
            return under


def _sign(value: Decimal) -> int:
    return (value > 0) - (value < 0)


def _one_side(row: Sequence[Decimal]) -> Iterator[int]:
    """Give for each point where its run on one side of the mean begins; behind the point where it is on none."""
    start, side = 0, 0
    for at, value in enumerate(row):
        here = _sign(value)
        if here == 0 or here != side:
            start, side = (at if here else at + 1), here
        yield start


def _trend(row: Sequence[Decimal]) -> Iterator[int]:
    """Give for each point where its run of rising or of falling points begins."""
    start, direction = 0, 0
    for at in range(len(row)):
        step = _sign(row[at] - row[at - 1]) if at else 0
        if step == 0 or step != direction:
            # A turn keeps the point before it: it is the first of the new run.
            start, direction = (at - 1 if step else at), step
        yield start


def _alternating(row: Sequence[Decimal]) -> Iterator[int]:
    """Give for each point where its run of turns, up and down by turns, begins."""
    start, direction = 0, 0
    for at in range(len(row)):
        step = _sign(row[at] - row[at - 1]) if at else 0
        if step == 0:
            start = at
        elif step == direction:
            start = at - 1
        direction = step
        yield start


def westgard(sds: Sequence[Decimal]) -> tuple[Westgard, ...]:
    """Give the rules that the last of a row of control values breaks, in standard deviations of its assigned limits.

    One control is measured once a run, so R:4s looks at two runs that follow each other. Raises ValueError for an
    empty row.
    """
    if not sds:
        raise ValueError("There is no control value to judge.")
    last = sds[-1]
    found = {
        Westgard.ONE_3S: abs(last) > THREE_SD,
        Westgard.TWO_2S: _all_beyond(sds, 2, TWO_SD),
        Westgard.RANGE_4S: len(sds) > 1 and _apart(sds[-2], last),
        Westgard.FOUR_1S: _all_beyond(sds, 4, ONE_SD),
        Westgard.TEN_X: _all_beyond(sds, 10, Decimal(0)),
        Westgard.WARNING: abs(last) > TWO_SD,
    }
    return tuple(rule for rule in Westgard if found[rule])


def rejects(rules: Sequence[Westgard]) -> bool:
    """Tell whether these rules reject the run; the warning alone doesn't."""
    return any(rule in REJECTING for rule in rules)


def _all_beyond(sds: Sequence[Decimal], number: int, limit: Decimal) -> bool:
    """Tell whether the last so many values are all beyond a limit, on the same side."""
    newest = sds[-number:]
    if len(newest) < number:
        return False
    return all(value > limit for value in newest) or all(value < -limit for value in newest)


def _apart(before: Decimal, last: Decimal) -> bool:
    return (before > TWO_SD and last < -TWO_SD) or (before < -TWO_SD and last > TWO_SD)
