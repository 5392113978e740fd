"""The release page: results, facts to assess one by one, the review of the record, and the decision."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.fields import Options
from accounts.integrity import objections_to_streams
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.refusal import Objection
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.definitions.product import Decision
from batches.fates import CERTIFIED
from batches.models import Batch, BatchState
from batches.pinned import product_of
from batches.views.strip import DISPOSITION_STATUS, Context, strip_of
from chain_of_custody.uploading import keep_upload
from chain_of_custody.views.evidence import recent_files
from ledger import clock
from qc.after_release.late_facts import late_among
from qc.batch_act import batch_called
from qc.models import Addendum, Disposition
from qc.record_read import RecordRead
from qc.release.addenda import addenda_of, against_today, holding_addenda
from qc.release.approving import is_current
from qc.release.assessing import DECISIONS, SEVERITIES
from qc.release.disposition import next_decisions
from qc.release.notifying import notifications_of, positives_of
from qc.release.outside import sponsor_release_of
from qc.release.two_step import TwoStepNeed, acceptance_for, newest_acceptance, two_step_of
from qc.supply.supply_read import SupplyRead
from qc.views.panels import tab_counts
from qc.views.supply import about_supply

DONE = {"already_done", "decided"}
CONDITIONALLY = BatchState.Disposition.CERTIFIED_CONDITIONALLY
WITHDRAWN = BatchState.Disposition.WITHDRAWN


@require_safe
@needs(Permission.RECORD_READ)
def release(request: HttpRequest, number: str) -> HttpResponse:
    """Show everything on which the decision rests, and who may do what about it."""
    batch = batch_called(number)
    return render(request, "qc/release.html", strip_of(batch) | about(batch, by=person_of(request)))


def about(batch: Batch, *, by: Person) -> Context:
    """Give what the release page shows to somebody."""
    read = SupplyRead(batch)
    panel, facts, decided = read.panel, read.facts, read.decision
    late = {one.fact.id: one for one in late_among(batch, facts)}
    profile = product_of(batch).profile
    need = two_step_of(batch, panel)
    approval, reviewed = read.approval, read.review
    files = recent_files(by)
    undecided = batch.state.disposition == BatchState.Disposition.NONE
    choices = [one for one in next_decisions(batch) if one != CONDITIONALLY or need.is_offered]
    return (
        {
            "panel": panel,
            "tab_counts": tab_counts(read),
            "specification": batch.specification,
            "conform": sum(line.conforms for line in panel),
            "facts": [
                (fact, offer("fact.assess", fact.id, by=by) if fact.assessment is None else None, late.get(fact.id))
                for fact in facts
            ],
            "severities": SEVERITIES,
            "fact_decisions": DECISIONS,
            "open_facts": sum(fact.assessment is None for fact in facts),
            "approval": approval,
            "approval_void": undecided and approval is not None and not is_current(approval, panel),
            "approve": _unless_done(offer("results.approve", batch, by=by, found=read)),
            "review": reviewed,
            "review_void": undecided and read.is_review_outdated,
            "review_offer": _unless_done(offer("record.review", batch, by=by, data={"statement": ""}, found=read)),
            "decisions": [
                Choice(profile.decision(one.value), _decision(read, one, by), one == choices[0] and one != WITHDRAWN)
                for one in choices
            ],
            "decided": decided,
            "decided_words": profile.decision(decided.decision) if decided else None,
            "decided_status": DISPOSITION_STATUS[BatchState.Disposition(batch.state.disposition)],
            "earlier_decisions": _earlier(batch, decided),
            "need": need,
            "may_be_conditional": CONDITIONALLY in next_decisions(batch),
            "pending": _pending_of(decided),
            "blockers": _against_today(read) if decided else [],
        }
        | said_outside(batch, need, by=by, files=files)
        | after_release(read, by=by)
        | about_supply(read, by=by, files=files)
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One decision that may be taken: its words in the profile, and its button or the reasons against it."""

    words: Decision
    offer: Offer
    is_next: bool  # what the page leads to

    @property
    def is_conditional(self) -> bool:
        return self.words.disposition == CONDITIONALLY


def _decision(read: RecordRead, decision: BatchState.Disposition, by: Person) -> Offer:
    """Offer a decision; what its statements need is said when they are sent."""
    data = {"decision": decision.value, "statement": "", "plan_if_positive": ""}
    offered = offer("batch.certify", read.batch, by=by, data=data, found=read)
    fields = tuple(pair for pair in offered.fields if pair[0] == "decision")
    said_later = ("statement", "plan_if_positive")
    return replace(
        offered, objections=[one for one in offered.objections if one.field not in said_later], fields=fields
    )


def _unless_done(offered: Offer) -> Offer | None:
    """Give an offer, but for something that is signed as it stands now or that no decision waits for any more."""
    return None if any(one.code in DONE for one in offered.objections) else offered


def _against_today(read: RecordRead) -> list[Objection]:
    """Give what would stand against certifying a batch that was decided on."""
    return [*objections_to_streams(read.streams), *against_today(read.batch, read)]


def _earlier(batch: Batch, decided: Disposition | None) -> list[Disposition]:
    """Give the decisions that a later one superseded, the newest first."""
    rows = Disposition.objects.filter(batch=batch).order_by("-version")
    return list(rows.exclude(pk=decided.pk)) if decided else []


def _pending_of(decided: Disposition | None) -> list[tuple[str, datetime | None]]:
    """Give the lines that the decision in force left pending, and when each is due at the latest."""
    rows = decided.pending if decided else []
    return [(each["title"], datetime.fromisoformat(each["due_at"]) if each["due_at"] else None) for each in rows]


def said_outside(batch: Batch, need: TwoStepNeed, *, by: Person, files: Options) -> Context:
    """Give what physician and sponsor said, and the forms with which it is entered where it is asked for."""
    release = sponsor_release_of(batch)
    checked = release is not None and hasattr(release, "check_of_it")
    accepts = need.asks_physician and need.pending and acceptance_for(batch, need) is None
    undecided = CONDITIONALLY in next_decisions(batch)
    certified = batch.state.disposition in CERTIFIED
    return {
        "acceptance": newest_acceptance(batch),
        "acceptance_offer": offer("acceptance.record", batch, by=by) if accepts and undecided else None,
        "asks_sponsor": product_of(batch).profile.sponsor_release,
        "sponsor_release": release,
        "sponsor_check": release.check_of_it if release and checked else None,
        "sponsor_offer": offer("sponsor_release.record", batch, by=by) if certified and release is None else None,
        "sponsor_check_offer": offer("sponsor_release.check", release, by=by) if release and not checked else None,
        "evidence_files": files,
        "may_record": Permission.OUTSIDE_RECORD in by.permissions,
    }


def after_release(read: RecordRead, *, by: Person) -> Context:
    """Give what turned out after a certification, who is told of it, and the addenda to the decided record."""
    batch = read.batch
    addenda = addenda_of(batch)
    holding = set(holding_addenda(batch).values_list("pk", flat=True))
    return {
        "positives": list(positives_of(batch, read.rows).values()),
        "notifications": [
            (due, None if hasattr(due, "done") else offer("notification.done", due, by=by))
            for due in notifications_of(batch)
        ],
        "now": clock.now(),
        "addenda": [(row, offer("decision.stands", row, by=by) if row.pk in holding else None) for row in addenda],
        "addendum_offer": offer("addendum.record", batch, by=by) if read.decision else None,
        "addendum_kinds": Addendum.Kind.choices,
    }


@require_POST
@needs(Permission.OUTSIDE_RECORD)
def store_evidence(request: HttpRequest, number: str) -> HttpResponse:
    """Keep a file that proves what somebody outside said, and go back to the release page."""
    batch = batch_called(number)
    keep_upload(request.FILES.get("file"), by=person_of(request))
    return SeeOther(f"{reverse('qc:release', args=[batch.number])}#evidence-title")
