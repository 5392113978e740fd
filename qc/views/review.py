"""The review by exception of a batch, and the review of its audit trail."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.roles import Permission
from batches.models import Batch
from batches.views.strip import Context, strip_of
from qc.batch_act import batch_called
from qc.record_read import RecordRead
from qc.release.disposition import objections_to_certification
from qc.review_by_exception.judging_exceptions import OUTCOMES, SHORTEST_REASON
from qc.review_by_exception.reviewing import review_of
from qc.review_by_exception.rules import RULES_VERSION
from qc.review_by_exception.trail import Part, reviews_of, trail_of
from qc.review_by_exception.trail_words import TrailRow, covered_words, positions_words, rows_of, streams_in_words
from qc.views.panels import tab_counts


@require_safe
@needs(Permission.RECORD_READ)
def review(request: HttpRequest, number: str) -> HttpResponse:
    """Show the exceptions of a record to judge one by one, and every check with what it read."""
    batch = batch_called(number)
    return render(request, "qc/review.html", strip_of(batch) | _about(batch, by=person_of(request)))


def _about(batch: Batch, *, by: Person) -> Context:
    read = RecordRead(batch)
    found, parts = review_of(batch, read), read.trail
    return {
        "review": found,
        "tab_counts": tab_counts(read),
        "rules": RULES_VERSION,
        "exceptions": [(one, by.reference in one.people) for one in found.exceptions],
        "judge": offer("exception.judge", batch, by=by),
        "outcomes": OUTCOMES,
        "shortest": SHORTEST_REASON,
        "pending": [line for line in found.panel if line.is_open],
        "parts": parts,
        "new_entries": sum(len(part.entries) for part in parts),
        "outstanding": len(objections_to_certification(batch, read)),
        "steps": len(found.steps),
    }


@require_safe
@needs(Permission.RECORD_READ)
def trail(request: HttpRequest, number: str) -> HttpResponse:
    """Show what is new in the audit trail of a batch since its last review, in words and by group."""
    batch, by = batch_called(number), person_of(request)
    parts = trail_of(batch)
    plain = [part.group.code for part in parts if part.spans and not part.group.is_critical]
    together = offer("audit_trail.review", batch, by=by, data={"groups": plain}) if plain else None
    context = strip_of(batch) | {
        "parts": [(part, *_in_words(part), _offered(batch, part, by)) for part in parts if part.spans],
        "together": together,
        "reviewed": [(row, covered_words(row)) for row in reviews_of(batch)],
        "rules": RULES_VERSION,
    }
    return render(request, "qc/review_trail.html", context)


def _in_words(part: Part) -> tuple[list[str], list[TrailRow]]:
    called = streams_in_words(span.stream for span in part.spans)
    spans = [positions_words(called[span.stream], span.first, span.upto) for span in part.spans]
    return spans, rows_of(part.entries)


def _offered(batch: Batch, part: Part, by: Person) -> Offer | None:
    """Offer the review of a critical group by itself; the others are signed together."""
    if not part.group.is_critical:
        return None
    return offer("audit_trail.review", batch, by=by, data={"groups": [part.group.code]})
