"""What the page of a test shows of its methods, already in words, and which entry comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from batches.models import Batch
from ledger.models import Written
from qc.definitions.method import CompleteDataKind, SuitabilityCheck
from qc.definitions.specification import ResultType
from qc.methods.at_the_bench import Bench, at_the_bench, samples_read
from qc.methods.in_force import MethodInForce, Methods
from qc.methods.words import as_told, cv_words, data_words, kind_words, timed_words, typed_words
from qc.models import Sample, SuitabilityRecorded, TimedEvent
from qc.panel import STATUS, PanelLine
from qc.values.criteria import criterion_from_definition
from qc.values.rounding import Rounding


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """A check of suitability: what it asks, and what was entered."""

    method: str
    check: SuitabilityCheck
    asks: str
    row: SuitabilityRecorded | None
    new_id: UUID

    @property
    def is_number(self) -> bool:
        return self.check.entry.result_type is ResultType.NUMBER

    @property
    def status(self) -> str:
        return STATUS[self.row.verdict] if self.row else "wait"

    @property
    def words(self) -> str:
        return typed_words(self.row) if self.row else ""


@dataclass(frozen=True, slots=True)
class ShownMoment:
    """A moment of a sample: when it was, and how the times that end with it stand to their limits."""

    method: str
    code: str
    title: str
    row: TimedEvent | None
    says: tuple[str, ...]
    is_beyond: bool
    is_next: bool
    new_id: UUID

    @property
    def status(self) -> str:
        return "wait" if self.row is None else "warn" if self.is_beyond else "pass"


@dataclass(frozen=True, slots=True)
class ShownSample:
    """The moments of one sample, in the order of the method."""

    sample: Sample
    moments: tuple[ShownMoment, ...]


@dataclass(frozen=True, slots=True)
class ShownData:
    """A part of the complete data: what is there, and whether it is asked for still."""

    method: str
    kind: CompleteDataKind
    title: str
    there: tuple[str, ...]
    is_there: bool
    new_id: UUID

    @property
    def is_file(self) -> bool:
        return self.kind is CompleteDataKind.FILE

    @property
    def is_stated(self) -> bool:
        return self.kind in (CompleteDataKind.OBSERVATION, CompleteDataKind.EXTERNAL_CERTIFICATE)


def bench_shown(batch: Batch, found: PanelLine, samples: Sequence[Sample], methods: Methods) -> dict[str, object]:
    """Give what the page shows of the bench: suitability, moments, complete data, and which methods are in force."""
    bench = at_the_bench(batch, found)
    return {
        "methods": [method.says for method in bench.methods],
        "no_method": why_none(methods, found),
        "checks": [shown for method in bench.methods for shown in _checks(bench, method)],
        "timed": [shown for method in bench.methods for shown in _timed(bench, method, found, samples)],
        "complete_data": [shown for method in bench.methods for shown in _data(bench, method)],
        "corrected": _corrected(batch, found),
    }


def workings_shown(found: PanelLine) -> dict[str, object]:
    """Give what a page shows of how the values of a line follow from what was entered."""
    workings = found.workings
    return {
        "spread": [cv_words(as_told(code, one)) for code, one in workings.items() if len(one.replicates) > 1],
        "replicates_beyond": any(one.is_beyond for one in workings.values()),
        "worked_out": [as_told(code, one) for code, one in workings.items()],
    }


def why_none(methods: Methods, found: PanelLine) -> list[str]:
    """Say of each method that the line names why its definition is not in force for this batch."""
    known = methods.found
    parts = [(one.code, one.method) for one in found.line.members] or [(found.code, found.line.method)]
    says: dict[str, None] = {}
    for code, named in parts:
        if code in found.methods or found.line.why_not_applicable:
            continue
        other = (named.code, named.version) in known
        words = (
            _("The definition of %(method)s version %(version)s gives something else than this line asks for.")
            if other
            else _("No method definition in force: %(method)s version %(version)s. The value is entered as it is.")
        )
        says[words % {"method": named.code, "version": named.version}] = None
    return list(says)


def _checks(bench: Bench, method: MethodInForce) -> list[ShownCheck]:
    rounding = Rounding[method.says.rounding]
    return [
        ShownCheck(
            method=method.says.code,
            check=one,
            asks="" if one.entry.choices else criterion_from_definition(one.criterion, rounding).words(),
            row=bench.check_of(method, one.code),
            new_id=uuid4(),
        )
        for one in method.says.suitability
    ]


def _timed(bench: Bench, method: MethodInForce, found: PanelLine, samples: Sequence[Sample]) -> list[ShownSample]:
    if not method.says.events:
        return []
    used = {one.pk for one in samples_read(found.readings)} | {row.sample_id for row in bench.events}
    wanted = [one for one in samples if one.pk in used] or list(samples)
    return [ShownSample(sample, _moments(bench, method, sample)) for sample in wanted]


def _moments(bench: Bench, method: MethodInForce, sample: Sample) -> tuple[ShownMoment, ...]:
    conditions = [one for one in bench.timed_of(method, [sample]) if one.sample == sample]
    moments: list[ShownMoment] = []
    for event in method.says.events:
        row = bench.event_of(method, event.code, sample)
        ending = [one for one in conditions if one.timed.condition.ends_with == event.code]
        moments.append(
            ShownMoment(
                method=method.says.code,
                code=event.code,
                title=event.title,
                row=row,
                says=tuple(f"{one.timed.condition.title}: {timed_words(one)}" for one in ending),
                is_beyond=any(one.timed.is_beyond for one in ending),
                is_next=row is None and all(before.row is not None for before in moments),
                new_id=uuid4(),
            )
        )
    return tuple(moments)


def _data(bench: Bench, method: MethodInForce) -> list[ShownData]:
    return [
        ShownData(
            method=method.says.code,
            kind=kind,
            title=kind_words(kind),
            there=tuple(
                data_words(row) for row in bench.data if row.kind == kind.value and row.method_id == method.row.pk
            ),
            is_there=bench.has(method, kind),
            new_id=uuid4(),
        )
        for kind in method.says.complete_data
    ]


def _corrected(batch: Batch, found: PanelLine) -> list[Written]:
    """Give the rows of the bench that a correction superseded: they stay to be seen."""
    here = {"batch": batch, "line": found.code, "run": found.run, "superseded_by__isnull": False}
    moments = TimedEvent.objects.filter(**here).select_related("superseded_by", "sample__container")
    return [*moments, *SuitabilityRecorded.objects.filter(**here).select_related("superseded_by")]
