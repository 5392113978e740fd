"""The checks of reviews by exception.

(1) nobody judged an exception about their own row;
(2) an exception that was closed by a deviation names a departure of the same batch about the same row;
(3) each review of the audit trail states what the stream holds: as many entries, the digest over their leaves, from
    where the review before ended; and nobody reviewed a critical group in which they wrote an entry.
"""

from collections.abc import Iterator
from typing import Any

from django.db.models import OuterRef, Subquery

from ledger.models import Entry
from ledger.verification import Finding, Verification, check
from qc.models import AuditTrailReviewed, ExceptionAssessed
from qc.release.disposition import entries_to_review
from qc.review_by_exception.trail import author_of, leaves_sha256
from qc.review_by_exception.trail_types import group_called, group_of

EXCEPTIONS, TRAIL = "exceptions judged", "audit trail reviewed"


@check(EXCEPTIONS)
def others_judged(verification: Verification) -> Iterator[Finding]:
    """(1), (2)"""
    for row in ExceptionAssessed.objects.select_related("batch", "departure").order_by("pk").iterator(500):
        verification.counted("exceptions judged", 1)
        about = f"qc.exceptionassessed {row.pk} ({row.batch.number})"
        entry = Entry.objects.filter(rec_type=row.row_type, rec_id=row.row_id).first()
        if entry is None:
            yield Finding(EXCEPTIONS, about, "the row that it is about has no entry")
        elif author_of(entry) == row.actor:
            yield Finding(EXCEPTIONS, about, "somebody judged an exception about their own row")
        opened = row.departure
        if opened is not None and (opened.batch_id, opened.about_id) != (row.batch_id, row.row_id):
            yield Finding(EXCEPTIONS, about, "the departure that it names is about something else")


@check(TRAIL)
def trail_reviews_are_right(verification: Verification) -> Iterator[Finding]:
    """(3)"""
    reached: dict[tuple[object, str], int] = {}
    # In the order of the ledger, which alone says what came first.
    places = Entry.objects.filter(rec_type=AuditTrailReviewed.record_type(), rec_id=OuterRef("pk")).values("seq")
    rows = AuditTrailReviewed.objects.select_related("batch").annotate(place=Subquery(places[:1])).order_by("place")
    for row in rows.iterator(500):
        verification.counted("audit trail reviews", 1)
        about = f"qc.audittrailreviewed {row.pk} ({row.batch.number})"
        for each in row.groups:
            before = reached.get((row.batch_id, each["group"]), 0)
            reached[row.batch_id, each["group"]] = each["upto"]
            yield from _of_group(row, each, before, about)


def _of_group(row: AuditTrailReviewed, each: dict[str, Any], before: int, about: str) -> Iterator[Finding]:  # Any: JSON
    found = entries_to_review(row.batch).filter(sseq__gt=each["after"], sseq__lte=each["upto"]).order_by("sseq")
    entries = [one for one in found if group_of(one.type, one.rec_version).code == each["group"]]
    if each["after"] != before:
        yield Finding(TRAIL, about, f"{each['group']} does not begin where the review before ended")
    if (len(entries), leaves_sha256(entries)) != (each["entries"], each["sha256"]):
        yield Finding(TRAIL, about, f"{each['group']} does not state what the stream holds")
    group = group_called(each["group"])
    if group is not None and group.is_critical and any(author_of(one) == row.actor for one in entries):
        yield Finding(TRAIL, about, f"somebody reviewed their own entries in {each['group']}")
