"""What was recorded at the bench in a run of a line: its moments, what showed the system fit, and its complete data."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.db.models import QuerySet

from batches.models import Batch
from qc.definitions.method import CompleteDataKind
from qc.methods.in_force import MethodInForce
from qc.methods.timing import Timed, timed
from qc.models import CompleteData, Reading, Sample, SuitabilityRecorded, TimedEvent
from qc.panel import PanelLine
from qc.values.verdicts import Verdict

RowT = TypeVar("RowT", TimedEvent, SuitabilityRecorded)


@dataclass(frozen=True, slots=True)
class TimedOfSample:
    """A timed condition with the sample that it is of."""

    sample: Sample
    timed: Timed


@dataclass(frozen=True, slots=True)
class Bench:
    """What stands of a run: one entry of each moment and check, the corrected ones left out."""

    methods: tuple[MethodInForce, ...]
    events: tuple[TimedEvent, ...]
    suitability: tuple[SuitabilityRecorded, ...]
    data: tuple[CompleteData, ...]

    @property
    def ids(self) -> list[str]:
        """Give the id of everything that stands, in the order in which it was recorded."""
        rows = sorted((*self.events, *self.suitability, *self.data), key=lambda row: (row.recorded_at, str(row.pk)))
        return [str(row.pk) for row in rows]

    @property
    def failed(self) -> list[SuitabilityRecorded]:
        """Give every check that did not show the system fit: one that is not met, or that nobody can tell."""
        return [row for row in self.suitability if row.verdict != Verdict.MEETS.value]

    def check_of(self, method: MethodInForce, code: str) -> SuitabilityRecorded | None:
        return next((row for row in self.suitability if (row.method_id, row.check_code) == (method.row.pk, code)), None)

    def event_of(self, method: MethodInForce, code: str, sample: Sample) -> TimedEvent | None:
        wanted = (method.row.pk, code, sample.pk)
        return next((row for row in self.events if (row.method_id, row.event, row.sample_id) == wanted), None)

    def has(self, method: MethodInForce, kind: CompleteDataKind) -> bool:
        """Tell whether a part of the complete data is there; the readings of a run are there with the run."""
        return kind is CompleteDataKind.READINGS or any(
            (row.method_id, row.kind) == (method.row.pk, kind.value) for row in self.data
        )

    def timed_of(self, method: MethodInForce, samples: Iterable[Sample] = ()) -> list[TimedOfSample]:
        """Give each timed condition of a method, for each of the samples and each that has a moment of its own."""
        moments: dict[Sample, dict[str, datetime]] = {sample: {} for sample in samples}
        for row in self.events:
            if row.method_id == method.row.pk:
                moments.setdefault(row.sample, {})[row.event] = row.performed_at
        return [TimedOfSample(sample, one) for sample, known in moments.items() for one in timed(method.says, known)]

    @property
    def beyond(self) -> list[TimedOfSample]:
        """Give every timed condition that was beyond its limit."""
        return [one for method in self.methods for one in self.timed_of(method) if one.timed.is_beyond]


def at_the_bench(batch: Batch, found: PanelLine) -> Bench:
    """Give what stands of the run of a line that is worked on; nothing is read where no method is in force."""
    methods = distinct(found.methods.values())
    if not methods:
        return Bench((), (), (), ())
    return Bench(
        methods,
        tuple(_standing(TimedEvent.objects.select_related("sample__container"), batch, found)),
        tuple(_standing(SuitabilityRecorded.objects.all(), batch, found)),
        tuple(CompleteData.objects.filter(batch=batch, line=found.code, run=found.run).select_related("file")),
    )


def moments_of(batch: Batch) -> list[TimedEvent]:
    """Give every moment of the tests of a batch that stands, in the order in which it was recorded."""
    rows = TimedEvent.objects.filter(batch=batch, superseded_by=None).select_related("sample__container")
    return list(rows.order_by("recorded_at", "pk"))


def times_at_the_bench(found: PanelLine, moments: Iterable[TimedEvent]) -> Bench:
    """Give the moments of the run of a line that is worked on, among those of its batch, and nothing else of it."""
    here = tuple(one for one in moments if (one.line, one.run) == (found.code, found.run))
    return Bench(distinct(found.methods.values()), here, (), ())


def distinct(methods: Iterable[MethodInForce]) -> tuple[MethodInForce, ...]:
    """Give each method once; members of a group may share one."""
    return tuple({method.row.pk: method for method in methods}.values())


def samples_read(readings: Sequence[Reading]) -> list[Sample]:
    """Give the samples of which something was read, each once."""
    return list({one.sample.pk: one.sample for one in readings if one.sample is not None}.values())


def readings_by_method(found: PanelLine) -> dict[MethodInForce, list[Reading]]:
    """Give the readings in force of the open run that were made by each method of a line."""
    by_method: dict[MethodInForce, list[Reading]] = defaultdict(list)
    for reading in found.readings:
        method = found.method_of(reading.member)
        if method is not None:
            by_method[method].append(reading)
    return by_method


def _standing(rows: QuerySet[RowT], batch: Batch, found: PanelLine) -> list[RowT]:
    here = rows.filter(batch=batch, line=found.code, run=found.run, superseded_by=None)
    return list(here.order_by("recorded_at", "pk"))
