"""Whose turn it is: the role that clears a blocker of the decision on a batch, by the blocker's code."""

from accounts.refusal import Objection
from accounts.roles import Role

ANALYST, REVIEWER, QUALITY, CERTIFIER = Role.QC_ANALYST, Role.QC_REVIEWER, Role.QA, Role.QUALIFIED_PERSON
OWNERS = {
    "result_missing": ANALYST,
    "no_sample": ANALYST,
    "certificate_open": ANALYST,
    "gate": ANALYST,
    "result_fails": QUALITY,
    "reading_fails": QUALITY,
    "positive": CERTIFIER,
    "no_approval": REVIEWER,
    "approval_outdated": REVIEWER,
    "no_review": QUALITY,
    "review_outdated": QUALITY,
    "fact_open": QUALITY,
    "exception_open": QUALITY,
    "trail_open": QUALITY,
    "deviation_refuses": CERTIFIER,
    "no_acceptance": QUALITY,
    "two_step_not_offered": QUALITY,
    "unverified_weight": Role.TECHNICIAN,
    "offer_open": Role.LOGISTICS,
    "same_person": CERTIFIER,
    "lacks_permission": CERTIFIER,
}


def owner_of(objection: Objection) -> Role:
    """Give the role whose turn it is; quality assurance where nobody else is named."""
    return OWNERS.get(objection.code, QUALITY)
