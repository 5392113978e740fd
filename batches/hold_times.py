"""Hold times: how long may pass from one event of the record to another (21 CFR 211.111).

(1) Both events are time fields; a clock runs from the one to the other, by what was recorded, corrections included.
(2) An end that is recorded too late is a departure in the same transaction. A clock that runs out with no end is found
    by a job owed at its start; each exceedance is one departure, whoever finds it first.
(3) Exactly at its limit a hold time is kept. An end before its start is no hold time that was kept.
(4) What is not applicable is no time: a clock whose end is not applicable runs on, and is assessed when it runs out.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.refusal import Text
from batches.definitions.master import Field, FieldType, HoldTime, MasterDefinition, OnExceeding
from batches.departures import raise_departure
from batches.identity import batch_of, locked
from batches.models import Batch, BatchState, Departure, ManufactureEnded, Value
from batches.pinned import master_of
from ledger import clock
from ledger.models import OutboxJob
from ledger.outbox import NotYetError, finish, handles, owe
from ledger.writing import writing

HOLD_JOB = "hold_time"


class HoldState(StrEnum):
    """Where the clock of a hold time stands."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    WARNING = "warning"  # running, and the limit is near
    KEPT = "kept"  # ended within the limit
    EXCEEDED = "exceeded"  # ended too late, before it began, or still running beyond the limit


STATE_WORDS: dict[HoldState, Text] = {
    HoldState.NOT_STARTED: gettext_lazy("Not started"),
    HoldState.RUNNING: gettext_lazy("Running"),
    HoldState.WARNING: gettext_lazy("Limit is near"),
    HoldState.KEPT: gettext_lazy("Kept"),
    HoldState.EXCEEDED: gettext_lazy("Exceeded"),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """A hold time of a batch at a moment."""

    definition: HoldTime
    started: Value | None
    first_start: Value | None  # the first value of the start, which later ones supersede
    started_at: datetime | None
    ended_at: datetime | None
    now: datetime

    @property
    def warn_at(self) -> datetime | None:
        return self.started_at + timedelta(minutes=self.definition.warn_minutes) if self.started_at else None

    @property
    def limit_at(self) -> datetime | None:
        return self.started_at + timedelta(minutes=self.definition.limit_minutes) if self.started_at else None

    @property
    def state(self) -> HoldState:
        if self.started_at is None or self.limit_at is None or self.warn_at is None:
            return HoldState.NOT_STARTED
        if self.ended_at is not None:
            return HoldState.KEPT if self.started_at <= self.ended_at <= self.limit_at else HoldState.EXCEEDED
        if self.now > self.limit_at:
            return HoldState.EXCEEDED
        return HoldState.WARNING if self.now >= self.warn_at else HoldState.RUNNING

    @property
    def is_running(self) -> bool:
        """It began and has no end yet, whether its limit is over or not."""
        return self.started_at is not None and self.ended_at is None

    @property
    def minutes(self) -> int | None:
        """Whole minutes from its start to its end, or to now while it runs."""
        if self.started_at is None:
            return None
        return int(((self.ended_at or self.now) - self.started_at) // timedelta(minutes=1))

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes to the limit while it runs; below zero beyond it."""
        if self.limit_at is None or not self.is_running:
            return None
        return int((self.limit_at - self.now) // timedelta(minutes=1))

    @property
    def state_words(self) -> Text:
        return STATE_WORDS[self.state]


def clocks_of(batch: Batch, now: datetime, master: MasterDefinition | None = None) -> tuple[Clock, ...]:
    """Give the clock of each hold time of a batch, in the order of its master record, as it stands at a moment."""
    holds = (master or master_of(batch)).hold_times
    if not holds:
        return ()
    codes = {code for each in holds for code in (each.start, each.end)}
    first, current = _values(batch, codes)
    return tuple(
        Clock(
            definition=each,
            started=current.get(each.start),
            first_start=first.get(each.start),
            started_at=_moment(current.get(each.start)),
            ended_at=_moment(current.get(each.end)),
            now=now,
        )
        for each in holds
    )


def _values(batch: Batch, codes: Collection[str]) -> tuple[dict[str, Value], dict[str, Value]]:
    """Give the first and the current value of each field."""
    rows = Value.objects.filter(batch=batch, field__in=codes).select_related("superseded_by").order_by("recorded_at")
    first = {row.field: row for row in rows if row.supersedes_id is None}
    current = {row.field: row for row in rows if not hasattr(row, "superseded_by")}
    return first, current


def _moment(value: Value | None) -> datetime | None:
    return None if value is None or value.is_not_applicable else datetime.fromisoformat(value.typed)


def watch_hold_times(batch: Batch, wanted: Field, *, by: Person) -> list[Departure]:
    """Look at the hold times that a stored time begins or ends: owe the job that watches them, raise what exceeded.

    The caller holds the lock of the batch, inside its writing transaction.
    """
    if wanted.type is not FieldType.TIME:
        return []
    raised: list[Departure] = []
    for each in clocks_of(batch, clock.now()):
        if wanted.code not in (each.definition.start, each.definition.end):
            continue
        raised += _raised(batch, each, by=by)
        if each.is_running and each.started is not None:
            owe(HOLD_JOB, each.started.pk, due_at=_earliest_limit(batch, each.definition.start))
    return raised


def _earliest_limit(batch: Batch, start: str) -> datetime | None:
    limits = [
        each.limit_at
        for each in clocks_of(batch, clock.now())
        if each.definition.start == start and each.is_running and each.limit_at is not None
    ]
    return min(limits, default=None)


def _raised(batch: Batch, each: Clock, *, by: Person | None) -> list[Departure]:
    """Raise the departure of a hold time that was exceeded, once."""
    if each.state is not HoldState.EXCEEDED or each.first_start is None or _is_known(batch, each):
        return []
    return [
        raise_departure(
            batch=batch,
            kind=Departure.Kind.HOLD,
            says=exceeded_words(each),
            by=by,
            step=each.first_start.step,
            about=each.first_start,
        )
    ]


def _is_known(batch: Batch, each: Clock) -> bool:
    told = Departure.objects.filter(batch=batch, kind=Departure.Kind.HOLD, says__startswith=each.definition.title + ":")
    return each.first_start is not None and told.filter(about_id=each.first_start.pk).exists()


def exceeded_words(each: Clock) -> str:
    """Say by how much a hold time was exceeded, and what the master record asks for then."""
    words = {"title": each.definition.title, "minutes": each.minutes, "limit": each.definition.limit_minutes}
    if each.ended_at is None:
        says = _("%(title)s: more than %(limit)d minutes have passed and the end is not recorded.") % words
    elif each.started_at is not None and each.ended_at < each.started_at:
        says = _("%(title)s: the end is before the start. Check both times.") % words
    else:
        says = _("%(title)s: %(minutes)d minutes, at most %(limit)d are allowed.") % words
    if each.definition.on_exceeding is OnExceeding.REJECT:
        says += " " + _("The master record asks that the batch is refused.")
    return says


@handles(HOLD_JOB)
def look_at_hold_time(job: OutboxJob) -> None:
    """Raise what ran out without an end; a clock that still runs is looked at again later."""
    started = Value.objects.get(pk=job.subject)
    still_running = False
    with writing():
        batch = batch_of(started.batch_id)
        batch.state = locked(batch.pk)
        if not _is_over(batch):
            for each in clocks_of(batch, clock.now()):
                if each.started is None or each.started.pk != started.pk:
                    continue
                _raised(batch, each, by=None)
                still_running = still_running or (each.is_running and each.state is not HoldState.EXCEEDED)
        if not still_running:
            finish(job)
    if still_running:
        raise NotYetError(f"A hold time of {batch.number} still runs.")


def _is_over(batch: Batch) -> bool:
    """Tell whether nobody works on a batch any more: it was decided on, or its manufacture ended."""
    decided = batch.state.disposition != BatchState.Disposition.NONE
    return decided or ManufactureEnded.objects.filter(batch=batch).exists()
