"""Turns: where no row of a batch can be locked, a counter row is what writers wait for."""

from ledger.models import Counter


def take_turn(kind: str) -> None:
    """Hold the one turn of a kind until the transaction ends; locks of batches are taken before it."""
    Counter.objects.get_or_create(kind=kind, year=0)
    Counter.objects.select_for_update().get(kind=kind, year=0)
