"""The way to the review of a record: its exceptions judged one by one, its audit trail read, by the real acts."""

from accounts.models import Person, Signed
from accounts.roles import Role
from batches.models import Batch
from qc.batch_act import batch_with
from qc.models import AuditTrailReviewed, ExceptionAssessed
from qc.review_by_exception.exceptions import RecordException
from qc.review_by_exception.reviewing import every_exception, open_exceptions
from qc.review_by_exception.trail import Part, trail_of
from tests.people import a_person, do

REASON = "Read in the record and understood."
IMPACT = "None: the product is as it would have been."


def fresh(batch: Batch) -> Batch:
    return batch_with(batch.pk)


def exceptions_of(batch: Batch, rule: str) -> list[RecordException]:
    """The exceptions that a rule found in a batch, as they stand now."""
    return [one for one in every_exception(fresh(batch)) if one.rule.code == rule]


def judged(batch: Batch, one: RecordException, *, by: Person, **said: str) -> ExceptionAssessed:
    """An exception accepted, unless something else is said."""
    told = {"outcome": "accept", "reason": REASON, "impact": IMPACT if one.needs_impact else ""} | said
    row = do("exception.judge", batch, by=by, exception=one.key, **told)
    assert isinstance(row, ExceptionAssessed)
    return row


def trail_reviewed(batch: Batch, *groups: str, by: Person, remark: str = "") -> AuditTrailReviewed:
    """Groups of the audit trail reviewed up to now."""
    row = do("audit_trail.review", batch, by=by, groups=list(groups), remark=remark)
    assert isinstance(row, AuditTrailReviewed)
    return row


def read_by_exception(batch: Batch, *, by: Person) -> list[Signed]:
    """Every open exception accepted and every group of the trail reviewed; by somebody else where it is one's own."""
    signed: list[Signed] = [
        judged(batch, one, by=_another_than(by, by.reference in one.people)) for one in open_exceptions(fresh(batch))
    ]
    parts = new_parts(batch)
    signed += [
        trail_reviewed(batch, part.group.code, by=_another_than(by, by.reference in part.authors))
        for part in parts
        if part.group.is_critical
    ]
    plain = [part.group.code for part in parts if not part.group.is_critical]
    return [*signed, *([trail_reviewed(batch, *plain, by=by)] if plain else [])]


def new_parts(batch: Batch) -> list[Part]:
    """The groups of the trail in which something is new."""
    return [part for part in trail_of(fresh(batch)) if part.entries]


def _another_than(by: Person, is_own: bool) -> Person:
    return a_person(Role.QA) if is_own else by
