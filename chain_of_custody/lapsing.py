"""How long an offer stands. It lapses by computation: nothing is written, custody stays with the giver."""

from datetime import datetime, timedelta

from chain_of_custody.models import HandOverOffered
from ledger import clock

HAND_TO_HAND = timedelta(minutes=15)
CARRIED = timedelta(hours=72)


def lapses_at(offer: HandOverOffered) -> datetime:
    """Give the moment after which an offer can't be accepted any more.

    Fifteen minutes where giver and taker stand together; 72 hours where a shipper is named or it goes to another
    party. Counted from the record, because a side that is attested may be entered long after it happened.
    """
    carried = offer.shipper_id is not None or offer.giver_party_id != offer.taker_party_id
    return offer.recorded_at + (CARRIED if carried else HAND_TO_HAND)


def is_accepted(offer: HandOverOffered) -> bool:
    """Tell whether somebody took what was offered."""
    return getattr(offer, "accepted", None) is not None


def is_open(offer: HandOverOffered, *, at: datetime | None = None) -> bool:
    """Tell whether an offer waits for its taker."""
    return not is_accepted(offer) and (at or clock.now()) <= lapses_at(offer)


def open_offer_of(container_id: str) -> HandOverOffered | None:
    """Give the offer in which a container waits to be accepted, if there is one."""
    return next((offer for offer in open_offers() if container_id in offer.containers), None)


def open_offers() -> list[HandOverOffered]:
    """Give every offer that waits to be accepted, the newest first."""
    waiting = HandOverOffered.objects.filter(accepted=None, recorded_at__gte=clock.now() - CARRIED)
    now = clock.now()
    return [offer for offer in waiting.order_by("-recorded_at") if now <= lapses_at(offer)]
