"""What comes next in a record out of specification, and who does it."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.roles import Permission
from qc.laboratory.runs import closure_of
from qc.models import OutOfSpecification, ResultReview
from qc.out_of_specification.investigating import approved_plan_of, investigation_of, newest_plan_of
from qc.panel import PanelLine


@dataclass(frozen=True, slots=True)
class NextStep:
    """One act that waits: its words, who does it in words, and the permission that they need."""

    says: str
    who: str
    permission: Permission
    is_review: bool = False


def next_step(record: OutOfSpecification, found: PanelLine) -> NextStep | None:
    """Give the next act of a record; None once it was closed."""
    reviewer, quality = _("a QC reviewer who did not test"), _("quality assurance")
    if closure_of(record) is not None:
        return None
    if not ResultReview.objects.filter(result=record.result).exists() and found.to_review is not None:
        return NextStep(_("Review the failing result"), reviewer, Permission.RESULT_REVIEW, is_review=True)
    if investigation_of(record) is None:
        return NextStep(_("Investigate in the laboratory"), reviewer, Permission.RESULT_REVIEW)
    plan, approved = newest_plan_of(record), approved_plan_of(record)
    if plan is not None and approved is None:
        return NextStep(_("Approve the plan to test again, or close"), quality, Permission.FACT_ASSESS)
    if approved is not None and len(found.runs.retests_of(record)) < approved.retests:
        return NextStep(_("Test again under the plan"), _("an analyst"), Permission.RESULT_ENTER)
    if approved is not None and found.to_review is not None:
        return NextStep(_("Review the new result"), reviewer, Permission.RESULT_REVIEW, is_review=True)
    return NextStep(_("Close the record"), quality, Permission.FACT_ASSESS)
