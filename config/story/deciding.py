"""In the laboratory and after it: samples, readings, results, reviews, the decision on the batch, its documents."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from batches.models import Batch, BatchState
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container
from config.story.acting import Story, act, after, somebody
from config.story.ari0001 import Value
from config.story.making import handed_over
from config.story.receiving import Cells
from config.story.site import LABORATORY
from ledger import clock, outbox
from ledger.models import Site
from qc.batch_act import batch_with
from qc.definitions.specification import Line, ResultType
from qc.laboratory.judging import entries_of
from qc.laboratory.receiving import receive_sample
from qc.laboratory.recording import record_reading
from qc.models import (
    AuditTrailReviewed,
    BatchDose,
    Disposition,
    DoseVerification,
    ExceptionAssessed,
    FactAssessment,
    RecordReview,
    Result,
    ResultReview,
    ResultsApproval,
    Sample,
)
from qc.release.assessing import open_facts
from qc.review_by_exception.reviewing import open_exceptions
from qc.review_by_exception.trail import trail_of
from qc.specifying import specification_of
from reports.models import Inspection

ANALYST, REVIEWER, HEAD, REVIEWER_OF_RECORDS, QUALIFIED = "lbrandt", "nferri", "alindqvist", "rcastellanos", "evarga"
SECOND_OF_RECORDS = "tweiss"  # judges what the first entered
BOTTLES = (1, 2)
INOCULATED = (12, "14:00")
# When each line is read: the day after the collection, and the time of day.
READ_ON = {
    "appearance": (12, "13:30"),
    "viability_percent": (12, "13:50"),
    "car_positive_percent": (12, "15:30"),
    "cd3_positive_percent": (12, "15:40"),
    "car_positive_cells_total": (12, "16:00"),
    "endotoxin": (13, "10:00"),
    "mycoplasma": (14, "11:00"),
    "vector_copy_number": (14, "15:00"),
    "adventitious_viruses": (15, "11:00"),
    "potency": (15, "16:00"),
    "rcl": (17, "11:00"),
    "sterility": (26, "14:20"),
}
REVIEWED_ON, SECOND_REVIEWED_ON = (16, "10:00"), (26, "15:30")
DOSED_ON = (26, "15:50")
APPROVED_ON, RECORD_REVIEWED_ON, CERTIFIED_ON = (26, "16:10"), (27, "09:30"), (27, "14:10")


def samples_received(cells: Cells) -> Story:
    """Hand samples and QC vials to the laboratory, and register each there by its own code."""
    yield cells.on(12, "12:50")
    kinds = (Container.Kind.SAMPLE, Container.Kind.QC_VIAL)
    codes = [one.code for one in of_batch(cells.made_in.number) if one.kind in kinds]
    yield from handed_over(cells, codes, to=ANALYST, where=LABORATORY, position="box 3")
    for code in codes:
        yield after(seconds=40)
        receive_sample(
            batch=_batch(cells),
            scanned=code,
            was_typed=False,
            received_at=clock.now(),
            condition="intact, label legible",
            by=somebody(ANALYST),
            id=uuid4(),
        )


def lines_tested(cells: Cells, lines: Iterable[str]) -> Story:
    """Read lines of the specification in the order of their days and submit each result."""
    specification = specification_of(_batch(cells))
    for code in sorted(lines, key=lambda one: (READ_ON[one], one)):
        line = specification.line(code)
        if line is None:
            raise LookupError(f"The specification has no line {code}.")
        if _is_growth(line):
            yield from bottles_read(cells, 19)
        yield cells.on(*READ_ON[code])
        if _is_growth(line):
            _read_bottles(cells, line)
        else:
            for value in (one for one in cells.plan.release.values if one.line == code):
                _read(cells, line, value)
        yield after(minutes=4)
        act("result.submit", cells.made_in, Result, by=ANALYST, line=code)


def bottles_read(cells: Cells, day: int) -> Story:
    """Read the growth test before its end; nothing is submitted."""
    yield cells.on(day, "14:20")
    line = specification_of(_batch(cells)).line("sterility")
    if line is not None:
        _read_bottles(cells, line)


def _is_growth(line: Line) -> bool:
    return any(entry.result_type is ResultType.GROWTH for entry in entries_of(line).values())


def _read_bottles(cells: Cells, line: Line) -> None:
    for bottle in BOTTLES:
        value = next(one for one in cells.plan.release.values if one.line == line.code)
        _read(cells, line, value, replicate=bottle, grows=True)


def _read(cells: Cells, line: Line, value: Value, *, replicate: int = 1, grows: bool = False) -> None:
    sample = Sample.objects.filter(batch=cells.made_in, point=line.sample_point).order_by("received_at").first()
    record_reading(
        batch=_batch(cells),
        line=line.code,
        member=value.member,
        sample=sample,
        typed=value.typed,
        performed_at=clock.now(),
        by=somebody(ANALYST),
        id=uuid4(),
        replicate=replicate,
        began_at=cells.on(*INOCULATED) if grows else None,
    )


def reviewed(cells: Cells, when: tuple[int, str], *, but: Iterable[str] = ()) -> Story:
    """Review every result that waits for it, except of some lines."""
    yield cells.on(*when)
    waiting = Result.objects.filter(batch=cells.made_in, review=None).exclude(line__in=but)
    for result in waiting.order_by("recorded_at"):
        yield after(minutes=6)
        act("result.review", result, ResultReview, by=REVIEWER)


def facts_assessed(cells: Cells) -> Story:
    """Assess everything that was not as the record wants it."""
    for fact in open_facts(_batch(cells)):
        yield after(minutes=15)
        act(
            "fact.assess",
            fact.row,
            FactAssessment,
            by=REVIEWER_OF_RECORDS,
            severity="minor",
            immediate_action="The culture was fed at once.",
            decision="accept",
            impact="Glucose was low for hours at most, before the feed; growth and viability of days 5 and 7 are even.",
            conclusion="No impact on the product. Feed half a day earlier when the count of day 3 is this high.",
        )


def exceptions_judged(cells: Cells) -> Story:
    """Judge every exception that is no fact."""
    for one in open_exceptions(_batch(cells)):
        yield after(minutes=6)
        act(
            "exception.judge",
            cells.made_in,
            ExceptionAssessed,
            by=SECOND_OF_RECORDS if somebody(REVIEWER_OF_RECORDS).reference in one.people else REVIEWER_OF_RECORDS,
            exception=one.key,
            outcome="accept",
            reason="Read in the record: what was done and why is told there.",
            impact="None: the value that counts was measured as the procedure says." if one.needs_impact else "",
        )


def trail_reviewed(cells: Cells) -> Story:
    """Review what is new in the audit trail: each critical group by itself, the others together."""
    parts = [part for part in trail_of(_batch(cells)) if part.entries]
    critical = [part for part in parts if part.group.is_critical]
    for part in critical:
        yield after(minutes=8)
        own = somebody(REVIEWER_OF_RECORDS).reference in part.authors
        reader = SECOND_OF_RECORDS if own else REVIEWER_OF_RECORDS
        act("audit_trail.review", cells.made_in, AuditTrailReviewed, by=reader, groups=[part.group.code])
    yield after(minutes=20)
    plain = [part.group.code for part in parts if part not in critical]
    act("audit_trail.review", cells.made_in, AuditTrailReviewed, by=REVIEWER_OF_RECORDS, groups=plain)


def dose_determined(cells: Cells) -> Story:
    """Determine the dose from the reviewed count, the verified weight and the bags; a second person verifies it."""
    yield cells.on(*DOSED_ON)
    dose = act("dose.determine", cells.made_in, BatchDose, by=REVIEWER)
    yield after(minutes=8)
    act("dose.verify", dose, DoseVerification, by=HEAD)


def results_approved(cells: Cells) -> Story:
    """Approve the results for the certificate of analysis, which is made at once."""
    yield cells.on(*APPROVED_ON)
    act("results.approve", cells.made_in, ResultsApproval, by=HEAD)
    yield after(seconds=20)
    outbox.deliver_all()


def record_reviewed(cells: Cells) -> Story:
    """Review the whole record for quality assurance: its facts, its exceptions, its audit trail, then the whole."""
    yield cells.on(*RECORD_REVIEWED_ON)
    yield from facts_assessed(cells)
    yield from exceptions_judged(cells)
    yield from trail_reviewed(cells)
    yield after(minutes=50)
    act("record.review", cells.made_in, RecordReview, by=REVIEWER_OF_RECORDS)


def certified(cells: Cells) -> Story:
    """Certify the batch as its qualified person; the batch certificate is made at once."""
    yield cells.on(*CERTIFIED_ON)
    act("batch.certify", cells.made_in, Disposition, by=QUALIFIED, decision="certified")
    yield after(seconds=20)
    outbox.deliver_all()


def records_opened(when: datetime, until: datetime) -> Story:
    """Open the records of the certified batches to an inspector who is announced."""
    yield when
    certified_ = Batch.objects.filter(state__disposition=BatchState.Disposition.CERTIFIED).order_by("number")
    act(
        "inspection.open",
        Site.objects.get(),
        Inspection,
        by=REVIEWER_OF_RECORDS,
        authority="Example Agency for Medicines",
        inspector="Julie Moreau",
        reader="jmoreau",
        batches=list(certified_.values_list("number", flat=True)),
        until=until.isoformat(),
    )


def _batch(cells: Cells) -> Batch:
    return batch_with(cells.made_in.pk)
