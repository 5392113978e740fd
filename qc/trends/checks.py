"""The checks of controls and trends.

(1) each decision on a run names the rules that its control broke then, accepts none that a rule rejects, and of a
    rejected run lists every result since the last accepted one;
(2) the limits of each trend are what their results give;
(3) nobody approved what they prepared, and nobody closed a signal that they assessed.
"""

from collections.abc import Iterator, Sequence

from ledger.models import Entry
from ledger.verification import Finding, Verification, check
from qc.models import (
    ControlLot,
    ControlLotApproval,
    ControlMeasurement,
    Result,
    RunDecision,
    SignalClosing,
    TrendLimits,
    TrendLimitsApproval,
)
from qc.trends.chart_statistics import TooFewError, individuals
from qc.trends.control_rules import rejects
from qc.trends.controlling import Run, judged_runs
from qc.trends.deciding_runs import results_since_accepted
from qc.trends.series import number_in


@check("control runs")
def runs_are_decided_rightly(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    for lot in ControlLot.objects.select_related("approval").order_by("pk").iterator(100):
        rows = list(lot.measurements.select_related("decision", "lot__approval").order_by("run"))
        verification.counted("control measurements", len(rows))
        about = f"qc.controllot {lot.code}"
        if [row.run for row in rows] != list(range(1, len(rows) + 1)):
            yield Finding("control runs", about, "its runs are not numbered without a gap")
        for row, begins in zip(rows, _beginnings(rows), strict=True):
            if row.counted_from != begins:
                yield Finding("control runs", f"{about} run {row.run}", "its rules look at other runs than they should")
        for run in judged_runs(lot, rows):
            for says in _wrong_in(run):
                yield Finding("control runs", f"{about} run {run.measurement.run}", says)


def _wrong_in(run: Run) -> Iterator[str]:
    """Say what is wrong with the decision on a run."""
    decision = run.decision
    if decision is None:
        return
    if decision.rules != [rule.value for rule in run.rules]:
        yield "the decision names other rules than its control broke"
    if decision.decision == RunDecision.Decision.ACCEPTED and rejects(run.rules):
        yield "a run was accepted that a rule rejects"
    if decision.decision == RunDecision.Decision.REJECTED:
        since = results_since_accepted(run.measurement, until=decision.recorded_at)
        there = {str(row.pk) for row in since}
        # What was signed in the same moment as the decision may have come after it.
        owed = {str(row.pk) for row in since if row.recorded_at < decision.recorded_at}
        if not owed <= set(decision.results) <= there:
            yield "the results since the last accepted run are others"


def _beginnings(rows: Sequence[ControlMeasurement]) -> Iterator[int]:
    """Give for each measurement the run after the last whose rejection stands before it in the ledger."""
    decisions = [row.decision for row in rows if hasattr(row, "decision")]
    keys = [row.pk for row in rows] + [one.pk for one in decisions]
    places = dict(Entry.objects.filter(rec_id__in=keys).values_list("rec_id", "seq"))
    rejected = [
        (places.get(one.pk, 0), one.measurement_id)
        for one in decisions
        if one.decision == RunDecision.Decision.REJECTED
    ]
    runs = {row.pk: row.run for row in rows}
    for row in rows:
        here = places.get(row.pk, 0)
        yield max((runs[key] + 1 for place, key in rejected if place < here and runs[key] < row.run), default=1)


@check("trend limits")
def limits_are_right(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    for limits in TrendLimits.objects.order_by("pk").iterator(100):
        verification.counted("trend limits", 1)
        about = f"qc.trendlimits {limits.product} {limits.line} v{limits.version}"
        rows = {str(row.pk): row for row in Result.objects.filter(pk__in=limits.results).select_related("batch")}
        found = [rows.get(key) for key in limits.results]
        numbers = [number_in(row) for row in found if row is not None]
        values = [one.value for one in numbers if one is not None]
        if len(values) != len(limits.results):
            yield Finding("trend limits", about, "one of its results is missing or has no number")
            continue
        if [row.batch.number for row in found if row is not None] != limits.batches:
            yield Finding("trend limits", about, "its results are of other batches than it names")
        try:
            spread = individuals(values).kept()
        except TooFewError:
            yield Finding("trend limits", about, "it rests on fewer than two values")
            continue
        if (spread.mean, spread.sd, spread.n) != (limits.mean, limits.sd, limits.n):
            yield Finding("trend limits", about, "mean, spread or number are not what its results give")


@check("two people for trends")
def two_people_signed(_verification: Verification) -> Iterator[Finding]:
    """(3)"""
    for approval in ControlLotApproval.objects.select_related("lot").iterator(500):
        if approval.signer_id == approval.lot.signer_id:
            yield Finding(
                "two people for trends", f"qc.controllot {approval.lot.code}", "one person prepared and approved"
            )
    for other in TrendLimitsApproval.objects.select_related("limits").iterator(500):
        if other.signer_id == other.limits.signer_id:
            yield Finding(
                "two people for trends", f"qc.trendlimits {other.limits_id}", "one person prepared and approved"
            )
    for closing in SignalClosing.objects.select_related("assessment").iterator(500):
        if closing.signer_id == closing.assessment.signer_id:
            about = f"qc.signalassessment {closing.assessment_id}"
            yield Finding("two people for trends", about, "one person assessed and closed")
