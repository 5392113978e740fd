"""Where the batches of the training site stand: the published ones certified, and one in each earlier stage."""

from collections.abc import Callable
from datetime import date, timedelta

from config.story.acting import Story, at
from config.story.ari0001 import Crew, Plan, Release, Value, three_batches
from config.story.deciding import (
    READ_ON,
    REVIEWED_ON,
    SECOND_REVIEWED_ON,
    bottles_read,
    certified,
    dose_determined,
    lines_tested,
    record_reviewed,
    records_opened,
    results_approved,
    reviewed,
    samples_received,
)
from config.story.making import made
from config.story.receiving import arriving, received
from config.story.worked_batches import worked_batch

# The last published batch was collected so long ago; it was certified 27 days after that.
LAST_PUBLISHED = 36


def from_order_to_certificate(plan: Plan) -> Story:
    """Tell a whole batch."""
    cells = yield from received(plan)
    yield from made(cells)
    yield from samples_received(cells)
    yield from lines_tested(cells, [line for line in READ_ON if READ_ON[line] < REVIEWED_ON])
    yield from reviewed(cells, REVIEWED_ON)
    yield from lines_tested(cells, [line for line in READ_ON if READ_ON[line] > REVIEWED_ON])
    yield from reviewed(cells, SECOND_REVIEWED_ON)
    yield from dose_determined(cells)
    yield from results_approved(cells)
    yield from record_reviewed(cells)
    yield from certified(cells)


def _in_receipt(plan: Plan) -> Story:
    cells = yield from received(plan)
    yield from made(cells, before="1.3")


def _in_selection(plan: Plan) -> Story:
    cells = yield from received(plan)
    yield from made(cells, before="2.3")


def _in_transduction(plan: Plan) -> Story:
    """The vector was added after its check; the witness has not signed."""
    cells = yield from received(plan)
    yield from made(cells, before="3.4", witnessed=False)


def _in_expansion(plan: Plan) -> Story:
    cells = yield from received(plan)
    yield from made(cells, before="4.4")


def _before_harvest(plan: Plan) -> Story:
    """The culture is grown and waits for its harvest."""
    cells = yield from received(plan)
    yield from made(cells, before="5.1")


def _in_testing(plan: Plan) -> Story:
    """One result waits for its review; sterility, the copy number and RCL are not finished."""
    cells = yield from received(plan)
    yield from made(cells)
    yield from samples_received(cells)
    open_lines = {"sterility", "vector_copy_number", "rcl"}
    yield from lines_tested(cells, [line for line in READ_ON if line not in open_lines])
    yield from reviewed(cells, REVIEWED_ON, but=["potency"])
    yield from bottles_read(cells, 19)


def _before_certification(plan: Plan) -> Story:
    """Quality assurance reviewed the record; the qualified person has not decided."""
    cells = yield from received(plan)
    yield from made(cells)
    yield from samples_received(cells)
    yield from lines_tested(cells, [line for line in READ_ON if READ_ON[line] < REVIEWED_ON])
    yield from reviewed(cells, REVIEWED_ON)
    yield from lines_tested(cells, [line for line in READ_ON if READ_ON[line] > REVIEWED_ON])
    yield from reviewed(cells, SECOND_REVIEWED_ON)
    yield from dose_determined(cells)
    yield from results_approved(cells)
    yield from record_reviewed(cells)


# Each story with the days since its collection: the last thing it tells happened yesterday at the latest.
STAGES: tuple[tuple[Callable[[Plan], Story], int], ...] = (
    (_before_certification, 30),
    (_in_testing, 22),
    (_before_harvest, 13),
    (_in_expansion, 9),
    (_in_transduction, 3),
    (_in_selection, 2),
    (_in_receipt, 2),
    (arriving, 2),
)


def _family_in_work(before: str) -> Callable[[Plan], Story]:
    """Give the story of a batch that stands before one of its steps."""

    def told(plan: Plan) -> Story:
        cells = yield from received(plan)
        yield from made(cells, before=before)

    return told


def _family_made(plan: Plan) -> Story:
    """Everything is made and stored; the laboratory has not begun."""
    cells = yield from received(plan)
    yield from made(cells)


# The other families: a story of each, and the days since its collection.
OF_FAMILIES: tuple[tuple[str, Callable[[Plan], Story], int], ...] = (
    ("nonviral-car-t", _family_in_work("4.3"), 12),
    ("nk", _family_in_work("4.4"), 11),
    ("t-cells", _family_made, 15),
    ("til", _family_in_work("3.3"), 19),
    ("cd34", _family_in_work("2.3"), 2),
)
CREWS = (
    Crew(),
    Crew(performer="shaddad", witness="lnunes", checker="mokafor"),
    Crew(performer="lnunes", witness="mokafor", checker="shaddad"),
)


def invented_release(number: int) -> Release:
    """Invent release values that conform and differ from batch to batch."""
    typed = {
        ("appearance", "appearance"): "cloudy liquid solution",
        ("car_positive_cells_total", "car_positive_cells_total"): str(1380 + 31 * number),
        ("car_positive_percent", "car_positive_percent"): f"{34 + number}.4",
        ("cd3_positive_percent", "cd3_positive_percent"): f"97.{number}",
        ("viability_percent", "viability_percent"): f"96.{number}",
        ("sterility", "sterility"): "no_growth",
        ("mycoplasma", "mycoplasma"): "not_detected",
        ("endotoxin", "endotoxin"): "≤0.25",
        ("adventitious_viruses", "adventitious_viruses"): "not_detected",
        ("vector_copy_number", "vector_copy_number"): f"1.{80 + number}",
        ("rcl", "rcl"): "not_detected",
        ("potency", "potency_a"): f"{30 + number}.5",
        ("potency", "potency_b"): f"{70 + number}.1",
    }
    return Release(tuple(Value(line, member, text) for (line, member), text in typed.items()))


def published_stories(today: date) -> list[Story]:
    """Give the stories of the three published batches, and of the inspector to whom their records are open."""
    plans = three_batches(today - timedelta(days=LAST_PUBLISHED))
    inspected, until = at(today - timedelta(days=3), "10:00"), at(today + timedelta(days=60), "18:00")
    return [*(from_order_to_certificate(plan) for plan in plans), records_opened(inspected, until)]


def stories_of_stages(today: date) -> list[Story]:
    """Give the stories of the batches that stand in earlier stages, and of the cells that are on their way."""
    published = [("", story, days) for story, days in STAGES]
    return [
        story(
            Plan(
                number=number,
                subject=f"S-{number:04d}",
                collected_on=today - timedelta(days=days),
                release=invented_release(number),
                crew=CREWS[number % len(CREWS)],
                weight_kg=worked_batch(family).weight_kg if family else str(58 + 3 * number),
                seeded_millions=236 + 2 * number,
                minutes_later=2 * number,
                family=family,
            )
        )
        for number, (family, story, days) in enumerate((*published, *OF_FAMILIES), start=4)
    ]
