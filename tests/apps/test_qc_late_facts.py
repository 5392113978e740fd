"""What becomes known of a batch after the decision on it waits for quality assurance, with where its bags are."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.panels import Task
from accounts.roles import Role
from batches.departures import report_departure
from chain_of_custody.following import custody_record
from chain_of_custody.identity import check_identity
from chain_of_custody.links import Kept
from chain_of_custody.models import Container
from chain_of_custody.temperature.seeing import seen_in
from chain_of_custody.temperature.stays import stays_in
from chain_of_custody.temperature.storing import confirm_trace, state_no_file
from ledger import clock, files
from ledger.incidents import open_for
from ledger.selfcheck import Found
from qc.after_release.late_facts import unassessed_after_decision
from qc.work import work_of
from tests.after_release_builders import AfterRelease, certified_with_three_bags
from tests.kept import kept_for_a_module
from tests.people import a_person, at_browser, do
from tests.qc_builders import MINOR
from tests.temperature_builders import a_logger_file, log_of

pytestmark = pytest.mark.django_db
SAID = {"impact": "Stability data cover it.", "conclusion": "No effect on the cells."}
TELL = "tell the physician."


@pytest.fixture(scope="module")
def gone(django_db_setup: None, django_db_blocker: object) -> Iterator[AfterRelease]:
    """A certified batch of which one bag was infused, one is in the ward's store and one is here; and one undecided."""
    with kept_for_a_module(django_db_blocker):
        world = certified_with_three_bags()
        world.shipped(world.bags()[:2])
        world.infused(world.bags()[0])
        world.__dict__["other"] = world.beside()
        world.__dict__["now"] = clock.now()
        clock.end_story()
        yield world


@pytest.fixture
def world(gone: AfterRelease, db: None) -> Iterator[AfterRelease]:
    clock.tell(gone.__dict__["now"] + timedelta(hours=1))
    gone.fresh()
    yield gone
    clock.end_story()


def trips(world: AfterRelease) -> list[Kept]:
    """The time of the cells on their way here, and that of the two bags on their way to the ward."""
    found = [one for one in stays_in(custody_record(world.coi)) if one.place and one.place.code == "SH-207"]
    first, second = found
    return [first, second]


def outside(world: AfterRelease, trip: int = 1) -> None:
    """The file of the logger of a trip, stored late: at the end it was at 25 °C for five minutes."""
    kept = trips(world)[trip]
    content = log_of(kept, "5", "25.0", "5")
    row = a_logger_file(world.coi, content, by=world.technician, stay=kept.id)
    confirm_trace(row, shown=seen_in(row, files.read(row.file)).digest, by=world.technician)


def no_file(world: AfterRelease) -> None:
    kept = trips(world)[1]
    assert kept.id is not None
    state_no_file(id=uuid4(), coi=world.coi, stay=kept.id, says="The logger was lost on the ward.", by=world.technician)


def departure(world: AfterRelease) -> None:
    report_departure(batch=world.batch, says="The filter was of a recalled lot.", by=world.technician, id=uuid4())


def mismatch(world: AfterRelease) -> None:
    check_identity(
        scanned="CT-26-9999-FB-01", batch_number=world.batch.number, coi=world.coi,
        expected_kind=Container.Kind.FINAL_BAG, where="cryo store", by=world.technician, typed=False, id=uuid4(),
    )  # fmt: skip


def incident(world: AfterRelease) -> None:
    """Something is entered while a finding about the batch is open, and only the incident is a fact then."""
    assert open_for(Found("payloads", world.batch.stream_name(), "entry 12: its payload was changed"))
    do("batch.hold", world.batch, by=world.qa, scope="containers", containers=[world.bags()[2].code],
       reason="A finding about its record.")  # fmt: skip


HAPPENED: dict[str, tuple[Callable[[AfterRelease], None], str]] = {
    "a temperature outside its range": (outside, "Assess: temperature excursion"),
    "a temperature that nobody knows": (no_file, "Assess: temperature not known"),
    "a departure": (departure, "Assess: reported by a person"),
    "a mismatch": (mismatch, "Assess: identity mismatch"),
    "an incident": (incident, "Assess: incident of the record's integrity"),
}


def waiting(world: AfterRelease, batch: Any = None) -> list[Task]:  # Any: a batch
    number = (batch or world.batch).number
    return [task for task in work_of(world.qa) if task.batch == number and task.title.startswith("Assess: ")]


@pytest.mark.parametrize("kind", HAPPENED)
def test_every_kind_of_fact_after_the_decision_waits_with_the_same_words_owner_and_link(world, kind):
    happens, title = HAPPENED[kind]
    assert waiting(world) == []

    happens(world)

    (task,) = waiting(world)
    (late,) = unassessed_after_decision()
    assert (task.title, task.verb, task.at_risk) == (title, "Assess", True)
    assert task.url == f"/batches/{world.batch.number}/release/#fact-{late.fact.id}"
    assert task.due_at == late.fact.happened_at + timedelta(days=1)
    assert [one for one in work_of(world.technician) if one.title == title] == []


@pytest.mark.parametrize("kind", ["a temperature outside its range", "a temperature that nobody knows", "a mismatch"])
def test_what_was_assessed_leaves_the_list(world, kind):
    HAPPENED[kind][0](world)
    (late,) = unassessed_after_decision()

    do("fact.assess", late.fact.id, by=world.qa, **(MINOR | SAID))

    assert unassessed_after_decision() == waiting(world) == []
    assert late.fact.says not in at_browser(world.qa).get(f"/batches/{world.batch.number}/after-release/").text


def test_before_a_decision_a_fact_says_nothing_of_bags(world):
    other = world.__dict__["other"]
    report_departure(batch=other.batch, says="The lamp flickered.", by=world.technician, id=uuid4())

    (task,) = waiting(world, other.batch)
    assert (task.detail, task.at_risk, task.stake) == ("The lamp flickered.", False, "")
    assert unassessed_after_decision() == []
    page = at_browser(world.qa).get(f"/batches/{other.batch.number}/release/").text
    assert "The batch is decided on" not in page


def test_of_what_is_about_certain_bags_only_these_are_spoken(world):
    first, second, third = (bag.code for bag in world.bags())
    outside(world)

    (late,) = unassessed_after_decision()
    says = [str(act) for act in late.acts]
    assert says == [f"With Nordhavn UH: {second}: {TELL}", f"Infused: {first}: {TELL}"]
    assert third not in waiting(world)[0].detail


def test_of_what_is_about_the_cells_or_the_batch_every_bag_is_spoken(world):
    first, second, third = (bag.code for bag in world.bags())
    outside(world, trip=0)
    departure(world)

    for late in unassessed_after_decision():
        assert [str(act) for act in late.acts] == [
            f"Still here: {third}: put on hold.",
            f"With Nordhavn UH: {second}: {TELL}",
            f"Infused: {first}: {TELL}",
        ]
        assert [act.url for act in late.acts] == [
            f"/batches/{world.batch.number}/holds/", *[f"/batches/{world.batch.number}/release/#addenda-title"] * 2,
        ]  # fmt: skip


def test_what_the_follow_up_reports_speaks_of_no_bag(world):
    world.followed_up("crs", "1", "4")

    (late,) = unassessed_after_decision()
    (task,) = waiting(world)
    assert (late.bags, late.acts) == (None, [])
    assert (task.detail, task.at_risk) == (late.fact.says, False)


@pytest.mark.parametrize("scope", ["containers", "shipment", "disposition"])
def test_a_bag_on_hold_is_said_to_be_and_asks_for_no_other_hold(world, scope):
    code = world.bags()[2].code
    departure(world)
    do("batch.hold", world.batch, by=world.qa, scope=scope, containers=[code] if scope == "containers" else [],
       reason="Until the filter is looked into.")  # fmt: skip

    (late,) = unassessed_after_decision()
    assert str(late.acts[0]) == f"Still here, on hold: {code}."
    assert late.acts[0].url == ""


def test_the_pages_and_programs_say_it_too(world):
    outside(world)
    browser, number = at_browser(world.qa), world.batch.number
    first, second = (bag.code for bag in world.bags()[:2])

    for page in ("release", "after-release"):
        text = browser.get(f"/batches/{number}/{page}/").text
        for words in (
            "The batch is decided on",
            "temperature excursion",
            f"Infused: {first}",
            "Tell the physician",
        ):
            assert words in text, (page, words)
    assert "1 fact" in browser.get("/deviations/").text
    (told,) = browser.get("/api/v1/late-facts/").json()
    assert (told["batch"], told["kind"]) == (number, "temperature excursion")
    assert told["bags"] == {
        "here": [], "on_hold": [], "outside": {second: "Nordhavn UH"}, "infused": [first], "may_be_given": True,
    }  # fmt: skip
    assert told["next"] == [f"With Nordhavn UH: {second}: {TELL}", f"Infused: {first}: {TELL}"]
    assert at_browser(a_person(Role.TECHNICIAN)).get("/api/v1/late-facts/").status_code == 403


def test_the_list_costs_as_many_statements_however_many_facts_wait_in_a_batch(world):
    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert unassessed_after_decision()
        return len(asked)

    departure(world)
    few = statements()
    for _number in range(4):
        departure(world)

    assert statements() == few
