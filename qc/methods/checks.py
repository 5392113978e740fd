"""The checks of methods at the bench.

(1) each check of suitability has the verdict that what was typed gives under its method;
(2) each result of a line with a method has what it rests on, and its workings are what its readings give;
(3) each timed condition beyond its limit raised its departure;
(4) everything at the bench was recorded under a method that was in force for the batch, and before its run's result.
"""

from collections.abc import Iterator

from batches.models import Departure
from batches.pinned import reading_of
from ledger.models import Entry
from ledger.verification import Finding, Verification, check
from qc.laboratory.judging import workings_of
from qc.methods.at_the_bench import Bench
from qc.methods.in_force import MethodInForce, as_method, methods_of
from qc.methods.recording import departure_id, suitability_judged
from qc.methods.words import as_told
from qc.models import CompleteData, Reading, Result, ResultBasis, SuitabilityRecorded, TimedEvent
from qc.models.methods import OfMethod
from qc.specifying import as_specification, specification_of

BENCH, WORKINGS = "methods at the bench", "workings of results"


@check(BENCH)
def bench_is_right(verification: Verification) -> Iterator[Finding]:
    """(1), (3), (4)"""
    for row in SuitabilityRecorded.objects.select_related("method", "batch").order_by("pk").iterator(500):
        verification.counted("checks of suitability", 1)
        method = MethodInForce(row.method, as_method(reading_of(row.method)))
        asked = method.says.check(row.check_code)
        if asked is None or suitability_judged(method, asked, row.typed).verdict.value != row.verdict:
            yield Finding(BENCH, _about(row), "its verdict is not what was typed gives under its method")
        yield from _out_of_place(row)
    for event in TimedEvent.objects.select_related("method", "batch", "sample").order_by("pk").iterator(500):
        verification.counted("moments of tests", 1)
        yield from _not_raised(event)
        yield from _out_of_place(event)
    for data in CompleteData.objects.select_related("method", "batch").order_by("pk").iterator(500):
        yield from _out_of_place(data)


@check(WORKINGS)
def workings_are_right(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    bases = {basis.result_id: basis for basis in ResultBasis.objects.all()}
    for result in Result.objects.select_related("specification", "batch").order_by("pk").iterator(500):
        specification = as_specification(reading_of(result.specification))
        line = specification.line(result.line)
        methods = methods_of(result.batch, specification).of_line(line, result.run) if line else {}
        basis = bases.get(result.pk)
        about = f"qc.result {result.pk} ({result.batch.number}, {result.line})"
        if line is None or not methods:
            if basis is not None:
                yield Finding(WORKINGS, about, "it rests on a method that was not in force")
            continue
        verification.counted("workings of results", 1)
        readings = list(Reading.objects.filter(pk__in=result.readings).order_by("recorded_at", "replicate"))
        told = [as_told(code, one) for code, one in workings_of(line, readings, methods).items()]
        if basis is None:
            yield Finding(WORKINGS, about, "it does not say what it rests on")
        elif basis.workings != told:
            yield Finding(WORKINGS, about, "its workings are not what its readings give")


def _about(row: OfMethod) -> str:
    return f"{row.record_type()} {row.pk} ({row.batch.number}, {row.line})"


def _out_of_place(row: OfMethod) -> Iterator[Finding]:
    """Find something at the bench under a method that was not in force, or after the result of its run."""
    specification = specification_of(row.batch)
    if row.method_id not in {one.row.pk for one in methods_of(row.batch, specification).found.values()}:
        yield Finding(BENCH, _about(row), "its method was not in force for the batch")
    first = Result.objects.filter(batch=row.batch_id, line=row.line, run=row.run).order_by("version").first()
    if first is not None and _place(first) < _place(row):
        yield Finding(BENCH, _about(row), "it was recorded after the result of its run")


def _place(row: OfMethod | Result) -> int:
    return Entry.objects.values_list("seq", flat=True).get(rec_type=row.record_type(), rec_id=row.pk)


def _not_raised(event: TimedEvent) -> Iterator[Finding]:
    """Find a timed condition that is beyond its limit and that nobody was told of."""
    method = MethodInForce(event.method, as_method(reading_of(event.method)))
    rows = TimedEvent.objects.filter(
        batch=event.batch_id, line=event.line, run=event.run, sample=event.sample_id, method=event.method_id
    )
    standing = tuple(rows.filter(superseded_by=None).select_related("sample"))
    for one in Bench((method,), standing, (), ()).beyond:
        wanted = departure_id(event, one.timed.condition.code)
        if not Departure.objects.filter(pk=wanted).exists():
            yield Finding(BENCH, _about(event), f"{one.timed.condition.code} is beyond its limit and raised nothing")
