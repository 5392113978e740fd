"""The checks of results out of specification.

(1) each failing result of a line that decides has a record, its own or the one that was open then;
(2) each reading of a further run stands after the approved plan, or the confirmed claim, that opened the run;
(3) nobody investigated, planned, approved or closed what they worked on, nor approved or closed what they investigated;
(4) evidence stands in the ledger before what it is evidence against, and is what the row says it is;
(5) a closure names a result that it may: the failing one where it confirms, a conforming one of a proven cause else;
(6) a result and its readings are of one run;
(7) nobody checked the effect of an action that is their own.
"""

from collections.abc import Iterator

from batches.pinned import reading_of
from ledger.models import Entry
from ledger.verification import Finding, Verification, check
from qc.definitions.specification import Release
from qc.laboratory.reviewing import people_who_entered
from qc.laboratory.runs import closure_of, is_confirmed_invalid
from qc.laboratory.who_entered import people_of_run
from qc.models import (
    CapaChecked,
    LaboratoryInvestigation,
    MeasurementInvalid,
    MeasurementInvalidReviewed,
    OutOfSpecification,
    OutOfSpecificationClosed,
    Reading,
    Result,
    RetestPlanApproved,
)
from qc.models.out_of_specification import PointsToEvidence
from qc.out_of_specification.evidence import place_of
from qc.out_of_specification.invalidating import place_of_verdict
from qc.panel import PASSES
from qc.specifying import as_specification, specification_of
from qc.values.verdicts import Verdict

RECORDS, RUNS = "out of specification", "tested again"
JUDGES, EVIDENCE = "judged by others", "evidence of causes"


@check(RECORDS)
def records_are_whole(verification: Verification) -> Iterator[Finding]:
    """(1), (5), (6)"""
    failing = Result.objects.filter(verdict=Verdict.FAILS.value).select_related("specification", "batch")
    for result in failing.order_by("pk").iterator(500):
        line = as_specification(reading_of(result.specification)).line(result.line)
        if line is not None and line.release is not Release.INFORMATION and not _has_record(result):
            about = f"qc.result {result.pk} ({result.batch.number}, {result.line})"
            yield Finding(RECORDS, about, "it is out of specification and has no record")
    for result in Result.objects.order_by("pk").iterator(500):
        if Reading.objects.filter(pk__in=result.readings).exclude(run=result.run).exists():
            yield Finding(RECORDS, f"qc.result {result.pk}", "it rests on readings of another run")
    for record in OutOfSpecification.objects.select_related("result", "closed__reportable", "investigation").iterator(
        500
    ):
        verification.counted("records out of specification", 1)
        closed = closure_of(record)
        if closed is not None and not _may_count(record, closed):
            about = f"qc.outofspecificationclosed {closed.pk} ({record.number})"
            yield Finding(RECORDS, about, "the result that it lets count is not one that may")


def _has_record(result: Result) -> bool:
    place = place_of(result)
    for record in OutOfSpecification.objects.filter(batch=result.batch_id, line=result.line).select_related("closed"):
        if record.result_id == result.pk:
            return True
        closed = closure_of(record)
        if place_of(record) < place and (closed is None or place < place_of(closed)):
            return True
    return False


def _may_count(record: OutOfSpecification, closed: OutOfSpecificationClosed) -> bool:
    if closed.outcome == OutOfSpecificationClosed.Outcome.CONFIRMED:
        return closed.reportable_id == record.result_id
    investigation: LaboratoryInvestigation | None = getattr(record, "investigation", None)
    counts = closed.reportable
    return (
        investigation is not None
        and investigation.has_cause
        and (counts.batch_id, counts.line) == (record.batch_id, record.line)
        and counts.version > record.result.version
        and counts.verdict in PASSES
    )


@check(RUNS)
def runs_were_opened(_verification: Verification) -> Iterator[Finding]:
    """(2)"""
    further = Reading.objects.filter(run__gt=1).order_by("batch", "line", "run", "recorded_at", "pk")
    seen: set[tuple[object, ...]] = set()
    for reading in further.iterator(500):
        key = (reading.batch_id, reading.line, reading.run)
        if key not in seen:
            seen.add(key)
            if not _was_opened(reading):
                about = f"qc.reading {reading.pk} ({reading.line}, run {reading.run})"
                yield Finding(RUNS, about, "its run was not opened by an approved plan or a confirmed claim before it")


def _was_opened(first: Reading) -> bool:
    place = place_of(first)
    claims = MeasurementInvalid.objects.filter(batch=first.batch_id, line=first.line, run=first.run - 1)
    for claim in claims.select_related("review"):
        if is_confirmed_invalid(claim) and place_of(claim.review) < place:
            return True
    plans = RetestPlanApproved.objects.filter(
        batch=first.batch_id, oos__line=first.line, oos__result__run__lt=first.run
    ).select_related("plan", "oos__result")
    for approval in plans:
        same = {"batch": first.batch_id, "line": first.line}
        invalid = MeasurementInvalidReviewed.objects.filter(
            claim__batch=first.batch_id, claim__line=first.line, is_confirmed=True, claim__run__lt=first.run
        ).count()
        last = approval.oos.result.run + approval.plan.retests + invalid
        before = Result.objects.filter(**same, run__lt=first.run).exists()
        if before and first.run <= last and place_of(approval) < place:
            return True
    return False


@check(JUDGES)
def other_people_judged(_verification: Verification) -> Iterator[Finding]:
    """(3), (7)"""
    told = "somebody judged what they worked on"
    related = ("result", "investigation__signer", "approval__plan__signer", "approval__signer", "closed__signer")
    for record in OutOfSpecification.objects.select_related(*related).iterator(500):
        investigation, approval = getattr(record, "investigation", None), getattr(record, "approval", None)
        closed = closure_of(record)
        judges = [one for one in (investigation, approval, closed, *record.plans.all()) if one is not None]
        if any(one.actor in people_who_entered(record.result, until=one.recorded_at) for one in judges):
            yield Finding(JUDGES, record.number, told)
        own = {one.signer_id for one in (investigation, approval.plan if approval else None) if one is not None}
        if any(one is not None and one.signer_id in own for one in (approval, closed)):
            yield Finding(JUDGES, record.number, "one person investigated or planned, and approved or closed")
    for review in MeasurementInvalidReviewed.objects.select_related("claim__batch").iterator(500):
        claim = review.claim
        if review.actor in people_of_run(claim.batch, claim.line, claim.run) | {claim.actor}:
            yield Finding(JUDGES, f"qc.measurementinvalidreviewed {review.pk}", told)
    for checked in CapaChecked.objects.select_related("capa").iterator(500):
        if checked.signer_id == checked.capa.owner_id:
            yield Finding(JUDGES, checked.capa.number, told)


@check(EVIDENCE)
def evidence_was_there(_verification: Verification) -> Iterator[Finding]:
    """(4)"""
    for row in LaboratoryInvestigation.objects.filter(has_cause=True).select_related("oos__result").iterator(500):
        if not _stands_before(row, place_of(row.oos.result)):
            about = f"qc.laboratoryinvestigation {row.pk} ({row.oos.number})"
            yield Finding(EVIDENCE, about, "its cause is not shown by a record from before the result")
    for claim in MeasurementInvalid.objects.filter(is_proven=True).select_related("batch__specification").iterator(500):
        line = specification_of(claim.batch).line(claim.line)
        place = place_of_verdict(claim.batch, line, claim.run) if line is not None else None
        if line is None or not _stands_before(claim, place if place is not None else place_of(claim)):
            about = f"qc.measurementinvalid {claim.pk}"
            yield Finding(EVIDENCE, about, "its cause is not shown by a record from before the verdict")


def _stands_before(row: PointsToEvidence, place: int) -> bool:
    entry = Entry.objects.filter(seq=row.evidence_seq).first() if row.evidence_seq else None
    named = entry is not None and (entry.rec_type, entry.rec_id) == (row.evidence_type, row.evidence_id)
    return named and row.evidence_seq is not None and row.evidence_seq < place
