"""What a method asks of a growth test: its bottles, when they are read, and whether an unclear one is subcultured."""

from collections.abc import Iterator
from dataclasses import dataclass

from batches.definitions.parts import Part, is_yes, part, parts, repeated, text, whole

A_DAY_IN_HOURS = 24


@dataclass(frozen=True, slots=True)
class Bottle:
    """One bottle that is inoculated and read."""

    number: int
    title: str
    conditions: str  # medium and temperature, as the laboratory reads them


@dataclass(frozen=True, slots=True)
class PlannedReading:
    """A reading before the last one, counted in full days from the inoculation of each bottle."""

    day: int
    window_hours: int  # how long after the day is over it may still be made
    is_mandatory: bool


@dataclass(frozen=True, slots=True)
class GrowthPlan:
    """How one line of growth is tested."""

    bottles: tuple[Bottle, ...]
    readings: tuple[PlannedReading, ...]
    subculture_days: int  # 0 where the method has no subculture

    def bottle(self, number: int) -> Bottle | None:
        """Give a bottle by its number, or None."""
        return next((each for each in self.bottles if each.number == number), None)


def growth_plan(line: Part) -> GrowthPlan | None:
    """Give the plan that a line of a specification states, or None where it states none."""
    if "growth" not in line:
        return None
    data = part(line, "growth")
    return GrowthPlan(
        bottles=tuple(
            Bottle(whole(each, "number"), text(each, "title"), text(each, "conditions"))
            for each in parts(data, "bottles")
        ),
        readings=tuple(
            PlannedReading(
                whole(each, "day"),
                whole(each, "window_hours", str(A_DAY_IN_HOURS)),
                is_yes(each, "mandatory"),
            )
            for each in parts(data, "readings")
        ),
        subculture_days=whole(data, "subculture_days"),
    )


def faults_of_growth_plan(where: str, plan: GrowthPlan, days: int) -> Iterator[str]:
    """Why a plan cannot be followed in a test of so many days; nothing where it can."""
    numbers = [str(each.number) for each in plan.bottles]
    yield from (f"{where}: {fault}" for fault in repeated(numbers, "Bottle"))
    planned = [str(each.day) for each in plan.readings]
    yield from (f"{where}: {fault}" for fault in repeated(planned, "The reading of day"))
    for each in plan.readings:
        if each.day >= days:
            yield f"{where}: a reading on day {each.day} is not before the final one on day {days}."
