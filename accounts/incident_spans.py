"""Between which entries of the ledger an incident was open, so that what was entered meanwhile can be told."""

from collections.abc import Iterable
from dataclasses import dataclass

from accounts.models import IncidentClosingApproval
from ledger.models import Entry, Incident


@dataclass(frozen=True, slots=True)
class Span:
    """An incident, the entry that opened it, and the one that closed it, if any did."""

    incident: Incident
    since: int
    until: int | None

    def holds(self, seq: int) -> bool:
        """Tell whether an entry was made while the incident was open."""
        return self.since < seq and (self.until is None or seq < self.until)

    def concerns(self, streams: Iterable[str]) -> bool:
        """Tell whether the incident is about the whole site or one of these streams."""
        return not self.incident.about or self.incident.about in streams


def spans() -> list[Span]:
    """Give every incident with its stretch of the ledger, in the order in which they were opened."""
    incidents = {one.pk: one for one in Incident.objects.all()}
    if not incidents:
        return []
    approvals = dict(IncidentClosingApproval.objects.values_list("pk", "closing__incident_id"))
    places = dict(Entry.objects.filter(rec_id__in=[*incidents, *approvals]).values_list("rec_id", "seq"))
    closed = {incident: places.get(approval) for approval, incident in approvals.items()}
    found = [Span(one, places[pk], closed.get(pk)) for pk, one in incidents.items() if pk in places]
    return sorted(found, key=lambda span: span.since)
