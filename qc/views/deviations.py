"""Deviations: what quality assurance assessed, by number; facts that wait stand on the release page of each batch."""

from collections import Counter
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.needing import needs
from accounts.offering import offer
from accounts.roles import Permission
from batches.models import Batch
from batches.views.strip import strip_of
from qc.after_release.late_facts import unassessed_after_decision
from qc.batch_act import READ_AT_ONCE, batch_with
from qc.models import FactAssessment
from qc.release.assessing import SEVERITIES, fact_with, open_facts
from qc.release.pending import OPEN_DECISIONS
from qc.views.listing import Standing, listed

COLUMNS = (_("Deviation"), _("Severity"), _("Batch"), _("Decision"), _("Assessed"))
SEVERITY_STATUS = {
    FactAssessment.Severity.MINOR: "none",
    FactAssessment.Severity.MAJOR: "warn",
    FactAssessment.Severity.CRITICAL: "fail",
}


@require_safe
@needs(Permission.RECORD_READ)
def deviations(request: HttpRequest) -> HttpResponse:
    """List the deviations, the newest first, by severity where one is asked for; and where facts wait."""
    rows = FactAssessment.objects.exclude(number="").select_related("batch").order_by("-signed_at", "-pk")
    severity = request.GET.get("severity", "")
    if severity in {code for code, _words in SEVERITIES}:
        rows = rows.filter(severity=severity)
    undecided = Batch.objects.filter(state__disposition__in=OPEN_DECISIONS).select_related(*READ_AT_ONCE)
    may_assess = Permission.FACT_ASSESS in person_of(request).permissions
    waiting = [(batch, len(open_facts(batch))) for batch in undecided.order_by("number")[:100]] if may_assess else []
    decided = Counter(late.fact.batch for late in unassessed_after_decision()) if may_assess else Counter()
    context = listed(request, rows, columns=COLUMNS, standing=_standing) | {
        "severity": severity,
        "query": urlencode({"severity": severity}) if severity else "",
        "severities": SEVERITIES,
        "waiting": [(batch, number) for batch, number in (*waiting, *decided.items()) if number],
    }
    return render(request, "qc/deviations.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def deviation(request: HttpRequest, number: str) -> HttpResponse:
    """Show a deviation whole: the fact, what was done, what it means, why it happened, what was decided and by whom."""
    row = get_object_or_404(FactAssessment, number=number[:20])
    batch = batch_with(row.batch_id)
    context = strip_of(batch) | {
        "row": row,
        "fact": fact_with(row.fact_id),
        "severity_status": severity_status(row),
        "actions": row.actions.select_related("owner").order_by("number"),
        "capa": offer("capa.open", row, by=person_of(request)),
    }
    return render(request, "qc/deviation.html", context)


def _standing(row: FactAssessment) -> Standing:
    return severity_status(row), row.get_severity_display()


def severity_status(row: FactAssessment) -> str:
    """Give the status of a deviation's chip."""
    return SEVERITY_STATUS.get(FactAssessment.Severity(row.severity), "none")
