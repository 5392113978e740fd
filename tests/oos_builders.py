"""Records out of specification for tests, walked with the acts of the product."""

from typing import Any
from uuid import uuid4

from accounts.models import Person
from batches.departures import report_departure
from batches.models import Departure
from ledger.models import Written
from qc.models import OutOfSpecification, Result, RetestPlan, Sample
from tests.people import do
from tests.qc_builders import Laboratory

LINE = "viability_percent"
IN_ORDER = dict.fromkeys(("sample", "method", "instrument", "reagents", "calculation", "interview"), "ok")


def shown_before(laboratory: Laboratory) -> Departure:
    """Something that was reported in the batch now, and may be evidence of what comes after."""
    says = "The vial stood twelve minutes before it was stained."
    return report_departure(batch=laboratory.batch, says=says, by=laboratory.qa, id=uuid4())


def failing(laboratory: Laboratory, typed: str = "59.1") -> OutOfSpecification:
    """The record that a failing result of viability opens."""
    laboratory.tested(LINE, **{LINE: typed})
    return OutOfSpecification.objects.select_related("result").get(batch=laboratory.batch, line=LINE)


def investigated(
    laboratory: Laboratory,
    record: OutOfSpecification,
    *,
    evidence: Written | None = None,
    by: Person | None = None,
    **said: Any,  # Any: what an answer may be
) -> object:
    """The laboratory's investigation: with a cause where there is evidence of one."""
    points: dict[str, Any] = dict(IN_ORDER)
    if evidence is not None or said.get("has_cause") == "yes":
        points |= {"sample": "not_ok", "sample_remark": "Stained twelve minutes after thaw."}
    told = {
        "has_cause": "yes" if evidence is not None else "no",
        "evidence": str(evidence.pk) if evidence is not None else None,
        "conclusion": "Found out point by point.",
    }
    return do("oos.investigate", record, by=by or laboratory.reviewer, **(points | told | said))


def planned(
    laboratory: Laboratory,
    record: OutOfSpecification,
    *,
    retests: int = 1,
    sample: Sample | None = None,
    other_analyst: str = "no",
    by: Person | None = None,
) -> RetestPlan:
    """A plan to test again."""
    row = do(
        "oos.plan",
        record,
        by=by or laboratory.reviewer,
        hypothesis="The stain acted too long on the cells.",
        retests=retests,
        sample=str((sample or laboratory.sample_for(record.line)).pk),
        other_analyst=other_analyst,
    )
    assert isinstance(row, RetestPlan)
    return row


def approved_plan(laboratory: Laboratory, record: OutOfSpecification, **options: Any) -> None:  # Any: as above
    """A plan that quality assurance approved."""
    planned(laboratory, record, **options)
    do("oos.approve_plan", record, by=laboratory.qa)


def retested(laboratory: Laboratory, typed: str = "92.6") -> Result:
    """The line tested again in the run that is open."""
    return laboratory.tested(LINE, **{LINE: typed})


def closed(
    laboratory: Laboratory, record: OutOfSpecification, outcome: str = "", *, by: Person | None = None, **said: str
) -> object:
    """The closure of a record by quality assurance."""
    told = {
        "outcome": outcome,
        "root_cause": "The stain was left on the cells too long.",
        "scope": "No other batch was stained on this day.",
        "conclusion": "The retraining of the analyst is under way.",
    }
    return do("oos.close", record, by=by or laboratory.qa, **(told | said))


def corrects(laboratory: Laboratory, result: Result, typed: str) -> Result:
    """A result corrected to another value by the analyst."""
    row = do(
        "result.correct", result, by=laboratory.analyst, member=result.line, typed=typed, reason="Digits were swapped"
    )
    assert isinstance(row, Result)
    return row
