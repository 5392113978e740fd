"""The release page: results, facts to assess one by one, the review of the record, and the decision."""

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.integrity import objections_to_streams
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.roles import Permission
from batches.models import Batch, BatchState
from batches.pinned import product_of
from batches.streams import streams_of
from batches.views.strip import Context, strip_of
from qc.approving import newest_approval
from qc.assessing import DECISIONS, SEVERITIES, facts_of
from qc.batch_act import batch_called
from qc.disposition import newest_review, objections_to_certification
from qc.models import Disposition
from qc.panel import release_panel


@require_safe
@needs(Permission.RECORD_READ)
def release(request: HttpRequest, number: str) -> HttpResponse:
    """Show everything on which the decision rests, and who may do what about it."""
    batch = batch_called(number)
    return render(request, "qc/release.html", strip_of(batch) | about(batch, by=person_of(request)))


def about(batch: Batch, *, by: Person) -> Context:
    """Give what the release page shows to somebody."""
    panel = release_panel(batch)
    facts = facts_of(batch)
    profile = product_of(batch).profile
    decided = Disposition.objects.filter(batch=batch).order_by("-version").first()
    choices = () if decided else (BatchState.Disposition.CERTIFIED, BatchState.Disposition.NOT_CERTIFIED)
    return {
        "panel": panel,
        "specification": batch.specification,
        "conform": sum(line.conforms for line in panel),
        "facts": [(fact, offer("fact.assess", fact.id, by=by) if fact.assessment is None else None) for fact in facts],
        "severities": SEVERITIES,
        "fact_decisions": DECISIONS,
        "open_facts": sum(fact.assessment is None for fact in facts),
        "approval": newest_approval(batch),
        "approve": offer("results.approve", batch, by=by),
        "review": newest_review(batch),
        "review_offer": offer("record.review", batch, by=by, data={"statement": ""}),
        "decisions": [(profile.decision(decision.value), _decision(batch, decision, by)) for decision in choices],
        "decided": decided,
        "blockers": [*objections_to_streams(streams_of(batch)), *objections_to_certification(batch)],
    }


def _decision(batch: Batch, decision: BatchState.Disposition, by: Person) -> Offer:
    """Offer a decision; what the statement needs is said when it is sent."""
    offered = offer("batch.certify", batch, by=by, data={"decision": decision.value, "statement": ""})
    fields = tuple(pair for pair in offered.fields if pair[0] != "statement")
    return replace(offered, objections=[one for one in offered.objections if one.field != "statement"], fields=fields)
