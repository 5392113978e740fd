"""What waits at the bench: the step that each batch waits for, with the clock that runs out first.

The order is that of the queue: what dies or expires first, then what is late, then by time. A clock that runs decides
until when a step has to be done: the step in which the clock ends, or else the next one.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.models import Person, Training
from accounts.panels import Task
from accounts.roles import Permission
from batches.definitions.master import MasterDefinition
from batches.ended import objections_to_going_on
from batches.hold_times import Clock, HoldState, clocks_of
from batches.identity import WITH_EVERYTHING
from batches.models import Batch, BatchState
from batches.pinned import master_of
from batches.record import BatchRecord, Status, StepRecord, record_of, step_url
from ledger import clock

PRESSING = (HoldState.WARNING, HoldState.EXCEEDED)


def work(person: Person) -> Iterator[Task]:
    """Give the step that each batch waits for, for people at the bench: the next to do, and those to be witnessed."""
    if Permission.STEP_WORK not in person.permissions:
        return
    trained = set(Training.objects.filter(person=person).values_list("procedure", flat=True))
    in_work = Batch.objects.select_related(*WITH_EVERYTHING).filter(state__disposition=BatchState.Disposition.NONE)
    for batch in in_work.order_by("number")[:100]:
        if master_of(batch).training.procedure in trained:
            yield from _tasks(record_of(batch), person)


def _tasks(record: BatchRecord, person: Person) -> Iterator[Task]:
    batch = record.batch
    over = bool(objections_to_going_on(batch))
    for step in record.steps:
        if not step.is_done and not (over and step.status is Status.NOT_STARTED):
            yield _task(record, step, person)
            return


def _task(record: BatchRecord, step: StepRecord, person: Person) -> Task:
    number, code = record.batch.number, step.definition.code
    title, url = f"{code} {step.definition.title}", step_url(number, code)
    needs = (_("witness"),) if step.definition.witness else ()
    running = _pressing_clock(record)
    due = running.limit_at if running else None
    stake = _stake(running) if running else ""
    risk = step.definition.is_checked_before_the_act or (running is not None and running.state in PRESSING)
    if step.status is Status.PERFORMED and step.performed is not None:
        own = step.performed.signer_id == person.pk
        blocked = _("You performed it. Somebody else must witness it.") if own else ""
        words = str(step.status_words)
        return Task(title, number, url, _("Witness"), words, (), due, blocked=blocked, icon="users", stake=stake)
    if step.status is Status.NEEDS_AGAIN:
        return Task(title, number, url, _("Open"), step.again, needs, due, icon="rotate-ccw", stake=stake)
    verb = _("Go on") if step.start else _("Begin")
    words = str(step.status_words)
    return Task(title, number, url, verb, words, needs, due, at_risk=risk, icon="list-checks", stake=stake)


def _pressing_clock(record: BatchRecord) -> Clock | None:
    """Give the running clock of a batch that runs out first."""
    master: MasterDefinition = record.master
    running = [one for one in clocks_of(record.batch, clock.now(), master) if one.is_running and one.limit_at]
    return min(running, key=lambda one: one.limit_at or one.now, default=None)


def _stake(running: Clock) -> str:
    left = running.minutes_left or 0
    words = {"title": running.definition.title, "minutes": abs(left)}
    if left < 0:
        return _("%(title)s: %(minutes)d min over its limit") % words
    return _("%(title)s: %(minutes)d min left") % words
