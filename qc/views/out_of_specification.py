"""Records out of specification: the list, and one record with its phases, what comes next and by whom."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.roles import Permission
from batches.views.strip import Context, strip_of
from qc.batch_act import batch_with
from qc.laboratory.runs import closure_of, is_confirmed_invalid
from qc.laboratory.testing import known_line
from qc.models import OutOfSpecification, OutOfSpecificationClosed, Sample
from qc.out_of_specification.concluding import OUTCOMES, batches_that_share
from qc.out_of_specification.evidence import evidence_before, evidence_of, place_of
from qc.out_of_specification.investigating import (
    ANSWERS,
    MOST_RETESTS,
    POINTS,
    approved_plan_of,
    investigation_of,
    newest_plan_of,
    objections_to_analyst,
)
from qc.out_of_specification.next_steps import next_step
from qc.out_of_specification.records import record_called
from qc.panel import STATUS, PanelLine, value_words, verdict_words
from qc.views.listing import listed

COLUMNS = (
    gettext_lazy("Record"),
    gettext_lazy("Status"),
    gettext_lazy("Batch"),
    gettext_lazy("First result"),
    gettext_lazy("Opened"),
)
INVALIDATED = OutOfSpecificationClosed.Outcome.INVALIDATED


@require_safe
@needs(Permission.RECORD_READ)
def records(request: HttpRequest) -> HttpResponse:
    """List the records, those that are open first."""
    rows = OutOfSpecification.objects.select_related("batch", "closed", "result")
    newest_first = rows.order_by(F("closed__signed_at").desc(nulls_first=True), "-recorded_at", "-pk")
    context = listed(request, newest_first, columns=COLUMNS, standing=standing_of)
    return render(request, "qc/out_of_specification_list.html", context)


def standing_of(record: OutOfSpecification) -> tuple[str, str]:
    """Give the status of a record and its word."""
    closed = closure_of(record)
    if closed is None:
        return "fail", _("Open")
    return ("none", _("Invalidated")) if closed.outcome == INVALIDATED else ("fail", _("Confirmed"))


@require_safe
@needs(Permission.RECORD_READ)
def record(request: HttpRequest, number: str) -> HttpResponse:
    """Show a record whole, and who may do what about it."""
    row = record_called(number)
    row.batch = batch_with(row.batch_id)
    return render(request, "qc/out_of_specification.html", strip_of(row.batch) | about(row, by=person_of(request)))


def about(row: OutOfSpecification, *, by: Person) -> Context:
    """Give what the page of a record shows to somebody."""
    found = known_line(row.batch, row.line)
    investigation, plan = investigation_of(row), newest_plan_of(row)
    status, words = standing_of(row)
    plan_offer = _acting("oos.plan", row, by)
    evidence = evidence_before(row.batch, row.line, before=place_of(row.result)) if investigation is None else []
    return {
        "record": row,
        "found": found,
        "record_status": status,
        "record_words": words,
        "next_step": next_step(row, found),
        "runs": runs_shown(found),
        "investigation": investigation,
        "points": _points(row),
        "evidence": evidence_of(investigation, row.line) if investigation else None,
        "plan": plan,
        "approved": approved_plan_of(row),
        "approval": getattr(row, "approval", None),
        "closed": closure_of(row),
        "actions": row.actions.select_related("owner").order_by("number"),
        "investigate": _acting("oos.investigate", row, by),
        "plan_offer": plan_offer if plan is None or plan_offer.possible else None,
        "approve": offer("oos.approve_plan", row, by=by) if plan and approved_plan_of(row) is None else None,
        "close": _acting("oos.close", row, by),
        "capa": offer("capa.open", row, by=by),
        "answers": ANSWERS,
        "outcomes": OUTCOMES,
        "most_retests": MOST_RETESTS,
        "evidence_choices": evidence,
        "samples": Sample.objects.filter(batch=row.batch, point=found.line.sample_point).select_related("container"),
        "sharing": batches_that_share(row.batch),
    }


def _acting(code: str, row: OutOfSpecification, by: Person) -> Offer:
    """Offer an act that asks for something, with what is known against it before it is asked."""
    offered = offer(code, row, by=by)
    return Offer(
        offered.act, offered.title, offered.verb, offered.url, [*offered.objections, *objections_to_analyst(row, by)]
    )


def _points(row: OutOfSpecification) -> list[dict[str, object]]:
    investigation = investigation_of(row)
    said = {point["item"]: point for point in investigation.checklist} if investigation else {}
    words = dict(ANSWERS)
    return [
        {
            "code": code,
            "title": title,
            "answer": said[code]["answer"] if code in said else "",
            "words": words[said[code]["answer"]] if code in said else "",
            "remark": said[code]["remark"] if code in said else "",
        }
        for code, title in POINTS.items()
    ]


@dataclass(frozen=True, slots=True)
class RunShown:
    """One version of a result, or a run that was declared invalid, as a page shows it."""

    run: int
    version: str
    says: str
    status: str
    words: str
    by: str
    counts: bool
    id: UUID


def runs_shown(found: PanelLine) -> list[RunShown]:
    """Give every version of every run of a line and every run that was declared invalid, none left out."""
    shown = [
        RunShown(
            run=one.run,
            version=str(one.version),
            says=value_words(one.reported, one.unrounded),
            status=STATUS[one.verdict],
            words=verdict_words(one.verdict),
            by=one.signer_name,
            counts=found.result is not None and one.pk == found.result.pk,
            id=one.pk,
        )
        for one in found.runs.results
    ]
    shown += [
        RunShown(
            run=claim.run,
            version="–",
            says=f"{claim.get_cause_display()}. {claim.says}",
            status="warn",
            words=claim_words(found, claim.run),
            by=claim.signer_name,
            counts=False,
            id=claim.pk,
        )
        for claim in found.runs.claims
    ]
    return sorted(shown, key=lambda one: one.run)


def claim_words(found: PanelLine, run: int) -> str:
    """Give how the claim that a run is invalid stands."""
    claim = found.runs.claim_on(run)
    if claim is None:
        return ""
    if not claim.is_proven:
        return _("Cause not proven")
    if is_confirmed_invalid(claim):
        return _("Invalid run")
    return _("Not confirmed") if hasattr(claim, "review") else _("Declared invalid, in review")
