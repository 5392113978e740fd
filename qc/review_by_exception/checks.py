"""The checks of reviews by exception.

(1) nobody judged an exception about their own row;
(2) an exception that was closed by a deviation names a departure of the same batch about the same row;
(3) each review of the audit trail states what each stream holds that concerns the batch: as many entries, the digest
    over their leaves, from where the review before ended; and nobody reviewed a critical group in which they wrote an
    entry.
"""

from collections.abc import Iterator

from ledger.models import Entry
from ledger.verification import Finding, Verification, check
from qc.models import AuditTrailReviewed, ExceptionAssessed
from qc.review_by_exception.trail import Covered, covered_by, entries_covered, in_order, leaves_sha256
from qc.review_by_exception.trail_streams import author_of, concerns
from qc.review_by_exception.trail_types import group_called

BATCH_WHOLE = ("batch__order__coi", "batch__product", "batch__master", "batch__specification")
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
    reached: dict[tuple[object, str, str], int] = {}
    for row in in_order(AuditTrailReviewed.objects.select_related(*BATCH_WHOLE)).iterator(500):
        verification.counted("audit trail reviews", 1)
        about = f"qc.audittrailreviewed {row.pk} ({row.batch.number})"
        for covered in covered_by(row):
            before = reached.get((row.batch_id, covered.group, covered.stream), 0)
            reached[row.batch_id, covered.group, covered.stream] = covered.upto
            yield from _of_group(row, covered, before, about)


def _of_group(row: AuditTrailReviewed, covered: Covered, before: int, about: str) -> Iterator[Finding]:
    entries, what = entries_covered(row.batch, covered), f"{covered.group} in {covered.stream}"
    if not concerns(row.batch, covered.stream):
        yield Finding(TRAIL, about, f"{what} has nothing to do with the batch")
    if covered.after != before:
        yield Finding(TRAIL, about, f"{what} does not begin where the review before ended")
    if (len(entries), leaves_sha256(entries)) != (covered.entries, covered.sha256):
        yield Finding(TRAIL, about, f"{what} does not state what the stream holds")
    group = group_called(covered.group)
    if group is not None and group.is_critical and any(author_of(one) == row.actor for one in entries):
        yield Finding(TRAIL, about, f"somebody reviewed their own entries in {what}")
