"""The check of incidents.

(1) each incident's cached state is what its closings add up to;
(2) the one who agreed to an ending is another person than the one who proposed it, and the ending is one of its kind.
"""

from collections.abc import Iterator

from accounts.models import IncidentClosingApproval
from ledger.incidents import outcomes_of
from ledger.models import Incident, IncidentState
from ledger.verification import Finding, Verification, check


@check("incidents")
def incidents_ended_as_signed(verification: Verification) -> Iterator[Finding]:
    """(1) and (2)"""
    approvals = IncidentClosingApproval.objects.select_related("closing__incident")
    ended = {approval.closing.incident_id: approval for approval in approvals}
    states = {state.incident_id: state for state in IncidentState.objects.all()}
    for incident in Incident.objects.order_by("recorded_at", "pk"):
        verification.counted("incidents", 1)
        about = f"ledger.incident {incident.pk}"
        approval, state = ended.get(incident.pk), states.get(incident.pk)
        outcome = approval.closing.outcome if approval else ""
        if approval is None:
            verification.not_checked.append(f"what an open incident leaves in doubt: {incident.kind}: {incident.says}")
        if state is None or (state.is_open, state.outcome) != (approval is None, outcome):
            yield Finding("incidents", about, "its cached state is not what its closings add up to")
        if approval is not None and approval.signer_id == approval.closing.signer_id:
            yield Finding("incidents", about, "one person proposed its end and agreed to it")
        if approval is not None and outcome not in outcomes_of(incident):
            yield Finding("incidents", about, f"an incident of the kind {incident.kind} does not end as {outcome}")
