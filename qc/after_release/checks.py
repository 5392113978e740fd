"""The checks of what happens after release.

(1) nobody compared what they entered, decided on a bag that they received back, or closed a complaint that they took
    in;
(2) a report ends a bag at most once, the end is that of the bag that was read and says what the report says, and no
    report was compared in two ways;
(3) what the record found wrong with a report stands as departures of its batch;
(4) a bag came back with an acceptance by this site that names it;
(5) a complaint has an addendum of its batch and kind.
"""

from collections.abc import Iterator

from batches.departures import LONGEST
from batches.models import Departure
from chain_of_custody.models import Party
from ledger.verification import Finding, Verification, check
from qc.after_release.comparing import end_told
from qc.models import (
    Addendum,
    BagReturned,
    Complaint,
    ComplaintClosed,
    FollowUpChecked,
    InfusionConfirmed,
    InfusionReport,
    InfusionReportChecked,
    ReturnDecided,
)

REPORTS, JUDGES, RETURNS = "reports from the bedside", "judged by others after release", "bags that came back"
COMPLAINTS = "complaints"


@check(JUDGES)
def others_judged(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    pairs = [
        *((row, row.fate.signer_id, row.report.signer_id) for row in _confirmed()),
        *((row, row.signer_id, row.report.signer_id) for row in InfusionReportChecked.objects.select_related("report")),
        *((row, row.signer_id, row.record.signer_id) for row in FollowUpChecked.objects.select_related("record")),
        *((row, row.signer_id, row.returned.signer_id) for row in ReturnDecided.objects.select_related("returned")),
        *(
            (row, row.signer_id, row.complaint.addendum.signer_id)
            for row in ComplaintClosed.objects.select_related("complaint__addendum")
        ),
    ]
    for row, judge, first in pairs:
        verification.counted("judgements after release", 1)
        if judge == first:
            yield Finding(JUDGES, f"{row.record_type()} {row.pk}", "one person entered and judged it")


def _confirmed() -> Iterator[InfusionConfirmed]:
    found = InfusionConfirmed.objects.select_related("fate", "report__identity_check", "report__checked")
    yield from found.order_by("pk").iterator(500)


@check(REPORTS)
def reports_end_their_bags(verification: Verification) -> Iterator[Finding]:
    """(2), (3)"""
    for row in _confirmed():
        about, end, fate = f"{row.record_type()} {row.pk}", end_told(row.report), row.fate
        if fate.container_id != row.report.identity_check.container_id:
            yield Finding(REPORTS, about, "it ends another bag than the one that was read")
        if end is None or (end.fate, end.volume_ml, end.happened_at) != (fate.fate, fate.volume_ml, fate.happened_at):
            yield Finding(REPORTS, about, "the end of the bag is not what the report says")
        if hasattr(row.report, "checked"):
            yield Finding(REPORTS, about, "its report was compared in two ways")
    for report in InfusionReport.objects.order_by("pk").iterator(500):
        verification.counted(REPORTS, 1)
        raised = Departure.objects.filter(
            batch=report.batch_id, about_type=report.record_type(), about_id=report.pk
        ).values_list("says", flat=True)
        if not {says[:LONGEST] for says in report.wrong} <= set(raised):
            yield Finding(REPORTS, f"{report.record_type()} {report.pk}", "something wrong with it is no departure")


@check(RETURNS)
def bags_came_back(verification: Verification) -> Iterator[Finding]:
    """(4)"""
    found = BagReturned.objects.select_related("accepted__offered__taker_party").order_by("pk")
    for row in found.iterator(500):
        verification.counted(RETURNS, 1)
        offered = row.accepted.offered
        here = offered.taker_party.kind == Party.Kind.OWN_SITE
        if not here or str(row.container_id) not in offered.containers:
            yield Finding(
                RETURNS, f"{row.record_type()} {row.pk}", "the acceptance that it names did not bring the bag"
            )


@check(COMPLAINTS)
def complaints_are_addenda(verification: Verification) -> Iterator[Finding]:
    """(5)"""
    for row in Complaint.objects.select_related("addendum").order_by("pk").iterator(500):
        verification.counted(COMPLAINTS, 1)
        addendum = row.addendum
        if (addendum.batch_id, addendum.kind) != (row.batch_id, Addendum.Kind.COMPLAINT):
            yield Finding(COMPLAINTS, f"{row.record_type()} {row.number}", "its addendum is not one of this complaint")
