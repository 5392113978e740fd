"""Which weight counts: the newest that nothing supersedes; for a calculation, only once it was verified."""

from batches.models import Order, Weight


def weight_in_force(order: Order) -> Weight | None:
    """Give the recipient's weight as it stands, verified or not."""
    return (
        Weight.objects.filter(order=order, superseded_by=None)
        .select_related("verification")
        .order_by("recorded_at")
        .last()
    )


def verified_weight(order: Order) -> Weight | None:
    """Give the weight that may feed a dose: in force and verified by a second person."""
    return if_verified(weight_in_force(order))


def if_verified(weight: Weight | None) -> Weight | None:
    """Give the weight in force where a second person verified it."""
    return weight if weight is not None and hasattr(weight, "verification") else None
