"""What is read of growth tests, when: today's bottles, those to come, and what nobody read in time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.urls import reverse

from batches.models import Batch
from ledger import clock
from qc.batch_act import READ_AT_ONCE
from qc.definitions.specification import Line
from qc.growth import bottles
from qc.growth.bottles import Due
from qc.laboratory.judging import bottle_readings
from qc.models import MeasurementInvalidReviewed, Reading, Result, Sample
from qc.panel import PanelLine
from qc.release.pending import OPEN_DECISIONS
from qc.specifying import specification_of

LATE_AFTER = timedelta(hours=24)


class Standing(StrEnum):
    """Whether a reading can be made now."""

    MISSED = "missed"  # mandatory, and its time is over
    LATE = "late"  # final, and open for more than a day
    OPEN = "open"
    LATER = "later"


ORDER = tuple(Standing)


@dataclass(frozen=True, slots=True)
class Look:
    """One reading of one bottle, or of its subculture, that somebody makes or should have made."""

    batch: str
    line: Line
    due: Due
    standing: Standing

    @property
    def url(self) -> str:
        """The page of the test."""
        return reverse("qc:test", args=[self.batch, self.line.code])

    @property
    def bottle(self) -> str:
        """The number and name of the bottle."""
        known = self.line.growth.bottle(self.due.bottle) if self.line.growth else None
        return f"{self.due.bottle}, {known.title}" if known else str(self.due.bottle)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Growth tests that run, and those whose sample is here and whose bottles are not inoculated."""

    looks: tuple[Look, ...]
    to_inoculate: tuple[tuple[Batch, Line], ...]


def calendar() -> Calendar:
    """Give what is read now, next and was missed, of every growth test without a result; few statements for all."""
    now = clock.now()
    run = {"batch": OuterRef("batch"), "line": OuterRef("line"), "run": OuterRef("run")}
    done = Result.objects.filter(**run)
    invalid = MeasurementInvalidReviewed.objects.filter(
        is_confirmed=True, **{f"claim__{name}": outer for name, outer in run.items()}
    )
    running = Reading.objects.filter(~Exists(done), ~Exists(invalid), superseded_by=None).exclude(began_at=None)
    by_line: dict[tuple[UUID, str], list[Reading]] = {}
    for reading in running.order_by("performed_at"):
        by_line.setdefault((reading.batch_id, reading.line), []).append(reading)
    batches = Batch.objects.filter(pk__in={pk for pk, _line in by_line}).select_related(*READ_AT_ONCE).in_bulk()
    looks = [look for (pk, code), readings in by_line.items() for look in _looks_of(batches[pk], code, readings, now)]
    looks.sort(key=lambda one: (ORDER.index(one.standing), one.due.opens_at, one.batch, one.due.bottle))
    return Calendar(tuple(looks), tuple(_to_inoculate()))


def _looks_of(batch: Batch, code: str, readings: list[Reading], now: datetime) -> Iterator[Look]:
    line = specification_of(batch).line(code)
    if line is None or not line.growth_days:
        return
    seen = bottle_readings(readings)
    for due in bottles.missed(seen, line.growth, line.growth_days, by=now):
        yield Look(batch.number, line, due, Standing.MISSED)
    for due in bottles.to_come(seen, line.growth, line.growth_days, at=now):
        yield Look(batch.number, line, due, _standing(due, now))


def _standing(due: Due, now: datetime) -> Standing:
    if due.opens_at > now:
        return Standing.LATER
    return Standing.LATE if due.is_final and due.opens_at + LATE_AFTER < now else Standing.OPEN


def _to_inoculate() -> Iterator[tuple[Batch, Line]]:
    points: dict[Batch, set[str]] = {}
    for sample in Sample.objects.filter(batch__state__disposition__in=OPEN_DECISIONS).select_related(
        *(f"batch__{name}" for name in READ_AT_ONCE)
    ):
        points.setdefault(sample.batch, set()).add(sample.point)
    read = set(Reading.objects.filter(batch__in=points).values_list("batch_id", "line"))
    for batch, here in points.items():
        for line in specification_of(batch).lines:
            if line.growth_days and line.sample_point in here and (batch.pk, line.code) not in read:
                yield batch, line


def next_look(found: PanelLine) -> Due | None:
    """Give the reading of a growth test that is made next; None for any other line, and where none is to come."""
    if not found.line.growth_days:
        return None
    seen = bottle_readings(found.readings)
    return next(iter(bottles.to_come(seen, found.line.growth, found.line.growth_days, at=clock.now())), None)
