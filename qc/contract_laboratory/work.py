"""Certificates that wait for somebody: to be compared by another person, or corrected where two people differ."""

from collections.abc import Iterable
from datetime import timedelta

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.panels import Task
from accounts.roles import Permission
from qc.contract_laboratory.certificates import READ_AT_ONCE, certificates_url, comparison_of
from qc.models import ContractCertificate
from qc.release.pending import OPEN_DECISIONS

MOST = 100
A_DAY = timedelta(days=1)


def certificate_work_of(person: Person) -> Iterable[Task]:
    """List the certificates that this person may compare, and those on which two people differ."""
    if Permission.RESULT_ENTER not in person.permissions:
        return
    rows = ContractCertificate.objects.filter(superseded_by=None, batch__state__disposition__in=OPEN_DECISIONS)
    waiting = rows.exclude(comparison__differences=[])
    for row in waiting.select_related(*READ_AT_ONCE, "batch").order_by("recorded_at")[:MOST]:
        differs = comparison_of(row) is not None
        if not differs and row.signer_id == person.pk:
            continue
        # Its number is not named: the second person types it from the paper.
        yield Task(
            title=_("Certificate of %(laboratory)s") % {"laboratory": row.laboratory.name},
            batch=row.batch.number,
            url=certificates_url(row.batch.number, row.line),
            verb=_("Correct") if differs else _("Compare"),
            detail=_("two people typed different things") if differs else "",
            needs=() if differs else (_("second person"),),
            due_at=row.recorded_at + A_DAY,
            at_risk=differs,
            icon="file-check",
        )
