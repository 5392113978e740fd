"""Line clearance in the story: a free area is cleared before a batch uses it, and after the last use of a day."""

from batches.areas import holder_of
from batches.clearing import cleared_before, points_of
from batches.definitions.master import Need, NeedKind, Step
from batches.models import Area, LineClearance, LineClearanceVerified
from batches.pinned import master_of
from config.story.acting import Story, act, after
from config.story.receiving import Cells
from ledger import clock


def cleared_before_use(cells: Cells, step: Step) -> Story:
    """Clear the area that a step asks for, by two people, unless it is cleared for the batch already."""
    for need in step.needs:
        if need.kind is not NeedKind.AREA or not need.clearance:
            continue
        area = area_of(cells, need)
        if cleared_before(area, cells.made_in, clock.now()) is None:
            yield from _cleared(cells, area, LineClearance.When.BEFORE)


def cleared_after_use(cells: Cells, still_to_come: list[Step]) -> Story:
    """Clear each area that holds the batch, unless a step that is still to come on this day needs it."""
    wanted = {need.of for step in still_to_come for need in step.needs if need.kind is NeedKind.AREA}
    for area in _held(cells):
        if area.kind not in wanted:
            yield after(minutes=2)
            yield from _cleared(cells, area, LineClearance.When.AFTER)


def area_of(cells: Cells, need: Need) -> Area:
    """Give the area of a kind that holds the batch, or else a free one."""
    held = [area for area in _held(cells) if area.kind == need.of]
    free = [area for area in Area.objects.filter(kind=need.of).order_by("code") if holder_of(area) is None]
    return held[0] if held else free[cells.plan.number % len(free)]


def _held(cells: Cells) -> list[Area]:
    return list(Area.objects.filter(state__batch=cells.made_in).order_by("code"))


def _cleared(cells: Cells, area: Area, when: LineClearance.When) -> Story:
    crew, batch = cells.plan.crew, cells.made_in
    points = points_of(master_of(batch))
    cleared = act("area.clear", batch, LineClearance, by=crew.performer, area=area.code, when=str(when), points=points)
    yield after(seconds=90)
    act("area.verify_clearance", cleared, LineClearanceVerified, by=crew.witness)
