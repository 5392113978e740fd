"""Hold times: clocks from event to event; what is exceeded is a departure, whether the end is recorded or not."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from batches.hold_times import HOLD_JOB, Clock, HoldState, clocks_of
from batches.models import BatchState, Departure
from batches.performing import correct_value
from batches.views.bench import span_words
from ledger import clock, outbox
from ledger.models import OutboxJob
from ledger.verification import verify_records
from tests.bench_builders import Bench, earlier
from tests.kept import kept_for_a_module
from tests.people import at_browser, do, fresh

pytestmark = pytest.mark.django_db
LATE = {"late_reason": "The station was not at hand."}


@pytest.fixture(scope="module")
def drawn(django_db_setup: None, django_db_blocker: object) -> Iterator[Bench]:
    """A batch of yesterday whose first step is done, with the count begun five hours ago; the story goes on."""
    with kept_for_a_module(django_db_blocker):
        clock.tell(clock.machine_now() - timedelta(days=3))
        world = Bench()
        world.done("1.1")
        world.begun(world.fresh(), "1.2")
        yield world


@pytest.fixture(autouse=True)
def told(drawn: Bench) -> None:
    """The story goes on where the batch was left."""
    clock.tell(drawn.batch.signed_at + timedelta(hours=1))


def hold(world: Bench, code: str = "before_opening", **later: float) -> Clock:
    """A clock of the batch, some time from now."""
    now = clock.now() + timedelta(**later)
    return next(each for each in clocks_of(world.fresh(), now) if each.definition.code == code)


def opened(world: Bench, minutes: float) -> None:
    """The bag opened so many minutes after the sample was drawn."""
    drawn_at = earlier()
    world.at("1.2", "drawn_at", drawn_at)
    world.filled("1.2")
    world.photographed()
    world.performed(world.batch, "1.2")
    world.left_out()
    world.begun(world.fresh(), "2.1")
    moment = drawn_at + timedelta(minutes=minutes)
    clock.tell(moment + timedelta(seconds=5))
    world.at("2.1", "opened_at", moment)


def raised(world: Bench) -> list[Departure]:
    return list(Departure.objects.filter(batch=world.batch, kind=Departure.Kind.HOLD))


@pytest.mark.parametrize(
    ("minutes", "state"),
    [(0, "running"), (44, "running"), (45, "warning"), (60, "warning"), (60.1, "exceeded"), (600, "exceeded")],
)
def test_a_clock_runs_warns_and_runs_out(drawn, minutes, state):
    assert hold(drawn).state is HoldState.NOT_STARTED
    moment = earlier()
    drawn.at("1.2", "drawn_at", moment)

    found = next(iter(clocks_of(drawn.fresh(), moment + timedelta(minutes=minutes))))

    assert (found.state, found.is_running) == (HoldState(state), True)
    assert found.limit_at == moment + timedelta(minutes=60)


@pytest.mark.clause("21 CFR 211.111", "a time limit that was exceeded is a departure with the entry that tells it")
@pytest.mark.parametrize(("minutes", "departures"), [(59, 0), (60, 0), (61, 1)])
def test_an_end_beyond_the_limit_is_a_departure_in_the_same_breath(drawn, minutes, departures):
    opened(drawn, minutes)

    assert hold(drawn).state is (HoldState.EXCEEDED if departures else HoldState.KEPT)
    assert [row.says for row in raised(drawn)] == [
        "From draw to opening: 61 minutes, at most 60 are allowed."
    ] * departures
    assert verify_records().findings == []


def test_an_end_before_its_start_is_no_hold_time_that_was_kept(drawn):
    opened(drawn, 30)
    first = drawn.value("drawn_at")
    do("value.correct", first, by=fresh(drawn.technician), typed=(earlier(minutes=-20)).isoformat(),
       reason="The clock was read wrong.")  # fmt: skip

    assert hold(drawn).state is HoldState.EXCEEDED
    assert ["the end is before the start" in row.says for row in raised(drawn)] == [True]


@pytest.mark.clause("21 CFR 211.111", "a time limit that runs out with no end recorded is found by the system")
def test_a_clock_that_runs_out_without_an_end_is_found_by_its_job_once(drawn):
    drawn.at("1.2", "drawn_at", earlier())
    job = OutboxJob.objects.get(kind=HOLD_JOB)
    assert job.subject == drawn.value("drawn_at").pk
    limit = hold(drawn).limit_at
    assert limit is not None
    assert abs((job.due_at - limit).total_seconds()) < 1
    assert outbox.deliver(job.pk) is False
    assert raised(drawn) == []

    clock.tell(limit + timedelta(seconds=1))
    _due(job)
    assert outbox.deliver(job.pk) is True

    (row,) = raised(drawn)
    assert row.actor == "machine"
    assert "more than 60 minutes have passed and the end is not recorded" in row.says
    # The end that comes afterwards tells nothing new, and the job is done.
    drawn.filled("1.2")
    drawn.photographed()
    drawn.performed(drawn.batch, "1.2")
    drawn.left_out()
    drawn.begun(drawn.fresh(), "2.1")
    drawn.at("2.1", "opened_at", clock.now())
    assert len(raised(drawn)) == 1
    page = at_browser(drawn.qa).get(f"/batches/{drawn.batch.number}/departures/").content.decode()
    assert "more than 60 minutes" in page
    assert verify_records().findings == []


def test_the_job_of_a_hold_time_that_was_kept_raises_nothing(drawn):
    opened(drawn, 30)
    job = OutboxJob.objects.get(kind=HOLD_JOB, subject=drawn.value("drawn_at").pk)
    clock.tell(clock.now() + timedelta(hours=1))
    _due(job)

    assert outbox.deliver(job.pk) is True
    assert raised(drawn) == []


def test_nothing_is_raised_about_a_batch_that_was_decided_on(drawn):
    drawn.at("1.2", "drawn_at", earlier())
    job = OutboxJob.objects.get(kind=HOLD_JOB)
    BatchState.objects.filter(batch=drawn.batch).update(disposition="not_certified")
    clock.tell(clock.now() + timedelta(hours=2))
    _due(job)

    assert outbox.deliver(job.pk) is True
    assert raised(drawn) == []


def test_a_corrected_start_moves_the_clock(drawn):
    first = drawn.at("1.2", "drawn_at", earlier(minutes=10)).value
    typed = earlier(minutes=5).isoformat()
    correct_value(value=first, typed=typed, reason="It was drawn later.", by=fresh(drawn.technician), id=uuid4())

    found = hold(drawn)
    assert found.started_at is not None
    assert found.started_at.isoformat() == typed
    assert OutboxJob.objects.filter(kind=HOLD_JOB).count() == 2
    _due(OutboxJob.objects.get(kind=HOLD_JOB, subject=first.pk))
    assert outbox.deliver(OutboxJob.objects.get(kind=HOLD_JOB, subject=first.pk).pk) is True
    assert raised(drawn) == []


def test_what_asks_for_refusal_says_so(drawn):
    opened(drawn, 30)
    drawn.performed(drawn.batch, "2.1")
    do("step.witness", drawn.step("2.1").performed, by=fresh(drawn.second))
    drawn.begun(drawn.fresh(), "2.2")
    started = hold(drawn, "open_cells").started_at
    assert started is not None
    clock.tell(started + timedelta(minutes=125))
    drawn.at("2.2", "selected_at", started + timedelta(minutes=121))

    (row,) = raised(drawn)
    assert (
        row.says
        == "Open cells: 121 minutes, at most 120 are allowed. The master record asks that the batch is refused."
    )


def test_a_step_shows_the_clocks_that_run_and_those_it_begins_or_ends(drawn):
    drawn.at("1.2", "drawn_at", earlier(minutes=50))
    browser = at_browser(drawn.technician)
    here = f"/batches/{drawn.batch.number}/steps"

    assert "From draw to opening" in browser.get(f"{here}/1.2/").content.decode()
    assert "Limit is near" in browser.get(f"{here}/1.3/").content.decode()
    assert "Open cells" not in browser.get(f"{here}/1.3/").content.decode()
    assert "Open cells" in browser.get(f"{here}/2.2/").content.decode()


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "0 min"), (59, "59 min"), (60, "1 h"), (65, "1 h 05 min"), (1440, "1 d"), (1500, "1 d 1 h"), (-5, "−5 min")],
)
def test_a_span_is_written_as_people_say_it(minutes, words):
    assert span_words(minutes) == words


def _due(job: OutboxJob) -> None:
    OutboxJob.objects.filter(pk=job.pk).update(due_at=clock.machine_now() - timedelta(seconds=1))
