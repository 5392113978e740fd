"""Runs of a line: which one is open, which result counts, what was declared invalid. Nothing is written here.

(1) The first run is open from the beginning. A run that was confirmed to be invalid opens the next one.
(2) After a result, a further run opens only under an approved plan, as often as the plan says and no oftener.
(3) While a record out of specification is open, and for ever where it was confirmed, its failing result counts. Where
    it was invalidated, the newest version in the run of the result that its closure names counts.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from batches.models import Batch
from qc.laboratory.run_numbers import Planned, run_after
from qc.models import (
    MeasurementInvalid,
    OutOfSpecification,
    OutOfSpecificationClosed,
    Result,
    RetestPlan,
    RetestPlanApproved,
)

RowT = TypeVar("RowT", Result, OutOfSpecification, MeasurementInvalid)
Outcome = OutOfSpecificationClosed.Outcome


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of one line of one batch."""

    run: int = 1
    results: tuple[Result, ...] = ()
    records: tuple[OutOfSpecification, ...] = ()
    plans: tuple[RetestPlan, ...] = ()
    claims: tuple[MeasurementInvalid, ...] = ()

    @property
    def newest(self) -> Result | None:
        """The newest version in the run that is worked on; None while that run has no result."""
        return next((one for one in reversed(self.results) if one.run == self.run), None)

    @property
    def reportable(self) -> Result | None:
        """The result that counts."""
        if not self.records:
            return self.results[-1] if self.results else None
        record = self.records[-1]
        closed = closure_of(record)
        if closed is None or closed.outcome == Outcome.CONFIRMED:
            return record.result
        return next(one for one in reversed(self.results) if one.run == closed.reportable.run)

    @property
    def open_record(self) -> OutOfSpecification | None:
        return next((one for one in self.records if closure_of(one) is None), None)

    @property
    def is_confirmed(self) -> bool:
        """The newest record was closed and its result stands for ever."""
        closed = closure_of(self.records[-1]) if self.records else None
        return closed is not None and closed.outcome == Outcome.CONFIRMED

    @property
    def plan(self) -> RetestPlan | None:
        """The approved plan under which the run that is worked on was opened."""
        before = [one for one in self.plans if one.oos.result.run < self.run]
        return before[-1] if before else None

    def claim_on(self, run: int) -> MeasurementInvalid | None:
        return next((one for one in self.claims if one.run == run), None)

    def retests_of(self, record: OutOfSpecification) -> list[Result]:
        """Give the newest version of each test again under the approved plan of a record, by run."""
        plan = next((one for one in self.plans if one.oos_id == record.pk), None)
        if plan is None:
            return []
        newest = {one.run: one for one in self.results if one.run > record.result.run}
        return [newest[run] for run in sorted(newest)][: plan.retests]


def closure_of(record: OutOfSpecification) -> OutOfSpecificationClosed | None:
    """Give the closure of a record, if it was closed."""
    return getattr(record, "closed", None)


def is_confirmed_invalid(claim: MeasurementInvalid) -> bool:
    """Tell whether a second person confirmed that a run is invalid."""
    review = getattr(claim, "review", None)
    return review is not None and review.is_confirmed


def is_in_doubt(claim: MeasurementInvalid | None) -> bool:
    """Tell whether a proven claim waits for its second person."""
    return claim is not None and claim.is_proven and getattr(claim, "review", None) is None


def objections_to_open_run(runs: Runs, *, of_certificate: bool = False) -> list[Objection]:
    """Give the reasons against going on with the run that is worked on: it has its result, or it is in doubt.

    What corrects a certificate is taken beside its result; the result is made anew of it.
    """
    return [
        *when(
            runs.newest is not None and not of_certificate,
            _("A result was submitted for this line. Correct the result instead."),
            code="submitted",
        ),
        *when(
            is_in_doubt(runs.claim_on(runs.run)),
            _("This run was declared invalid. A second person decides on that first."),
            code="invalid",
        ),
    ]


def runs_by_line(batch: Batch, *, line: str | None = None) -> Mapping[str, Runs]:
    """Give the runs of each line of a batch that has any result or claim; as many statements however many lines."""
    only = {"batch": batch} | ({"line": line} if line is not None else {})
    results = _by_line(Result.objects.filter(**only).order_by("version"))
    claims = _by_line(MeasurementInvalid.objects.filter(**only).select_related("review").order_by("run"))
    # What was never out of specification was never planned to be tested again: two statements fewer for most lines.
    records = _by_line(_records(only)) if results else {}
    plans: dict[str, list[RetestPlan]] = defaultdict(list)
    for plan in _approved_plans(batch) if records else []:
        plans[plan.oos.line].append(plan)
    return {
        code: Runs(
            run=_run_now(results.get(code, []), plans[code], claims.get(code, [])),
            results=tuple(results.get(code, [])),
            records=tuple(records.get(code, [])),
            plans=tuple(plans[code]),
            claims=tuple(claims.get(code, [])),
        )
        for code in {*results, *records, *claims}
    }


def _records(only: Mapping[str, object]) -> QuerySet[OutOfSpecification]:
    found = OutOfSpecification.objects.filter(**only).select_related("result", "closed__reportable", "investigation")
    return found.order_by("recorded_at", "number")


def _approved_plans(batch: Batch) -> list[RetestPlan]:
    related = ("plan__oos__result", "plan__oos__closed", "plan__sample__container")
    approvals = RetestPlanApproved.objects.filter(batch=batch).select_related(*related).order_by("recorded_at")
    return [approval.plan for approval in approvals]


def _by_line(rows: Iterable[RowT]) -> dict[str, list[RowT]]:
    found: dict[str, list[RowT]] = {}
    for row in rows:
        found.setdefault(row.line, []).append(row)
    return found


def records_among(runs: Iterable[Runs]) -> list[OutOfSpecification]:
    """Give the records out of specification of several lines in the order in which they were opened."""
    return sorted((record for here in runs for record in here.records), key=lambda one: (one.recorded_at, one.number))


def runs_of(batch: Batch, line: str) -> Runs:
    """Give the runs of one line of a batch."""
    return runs_by_line(batch, line=line).get(line, Runs())


def _run_now(results: Sequence[Result], plans: Sequence[RetestPlan], claims: Collection[MeasurementInvalid]) -> int:
    return run_after(
        with_result={one.run for one in results},
        invalid={one.run for one in claims if is_confirmed_invalid(one)},
        plans=[Planned(one.oos.result.run, one.retests, closure_of(one.oos) is not None) for one in plans],
    )
