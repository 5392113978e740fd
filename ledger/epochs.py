"""Epochs: stretches of the ledger between which it was put back behind what had been signed of it.

A ledger begins in epoch 1. When it stands behind, or beside, what was signed of it, the machine opens the next one
(ledger.incidents): the entries of that transaction, the incident's own first, are the first of the new epoch. What a
checkpoint names as its origin says its epoch, so that two histories are never taken for one.
"""

from ledger.models import Entry, EpochOpened, Incident

Beginnings = list[tuple[int, int]]


def beginnings() -> Beginnings:
    """Give where each later epoch begins: the place of its first entry, and its number; in the ledger's order."""
    numbers = dict(EpochOpened.objects.values_list("incident_id", "number"))
    if not numbers:
        return []
    first = Entry.objects.filter(rec_type=Incident.record_type(), rec_id__in=numbers).order_by("seq")
    return [(seq, numbers[incident]) for seq, incident in first.values_list("seq", "rec_id")]


def epoch_at(seq: int, begun: Beginnings) -> int:
    """Give the epoch in which an entry stands."""
    return max((number for first, number in begun if first <= seq), default=1)
