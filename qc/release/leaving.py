"""Final bags leave this site only while their batch is certified, be it conditionally, and nothing holds them.

(1) Not certified, undecided, refused or withdrawn: they stay.
(2) Where the profile asks for it, they stay until the sponsor's release was entered and checked.
    Where containers of a batch that is not certified are supplied out of specification, those go to whom the decision
    names, and nothing else goes (qc/supply/leaving.py).
(3) While a result is positive or fails after the certification, or an addendum blocks, what is still here stays.
(4) What is on hold, or has expired, stays.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from accounts.wording import day
from batches.fates import CERTIFIED
from batches.holds import objections_to_held_bags
from batches.models import Batch
from chain_of_custody.handing_over import bags_stay_while
from chain_of_custody.models import Container, Party
from ledger import clock
from qc.batch_act import READ_AT_ONCE
from qc.release.addenda import holding_addenda
from qc.release.notifying import objections_to_positive
from qc.release.outside import waits_for_sponsor
from qc.supply.leaving import objections_to_supplied, supply_for


@bags_stay_while
def until_certified(bags: Sequence[Container], taker: Party) -> list[Objection]:
    """Object to handing final bags of a batch that is not certified, or that something holds, to another party."""
    numbers = {bag.assignment.batch_number for bag in bags if hasattr(bag, "assignment")}
    batches = Batch.objects.filter(number__in=numbers).select_related(*READ_AT_ONCE).order_by("number")
    return [
        objection
        for batch in batches
        for objection in _objections_to(batch, [bag for bag in bags if _is_of(bag, batch)], taker)
    ]


def _is_of(bag: Container, batch: Batch) -> bool:
    return hasattr(bag, "assignment") and bag.assignment.batch_number == batch.number


def _objections_to(batch: Batch, bags: Sequence[Container], taker: Party) -> list[Objection]:
    supply = supply_for(batch)
    if supply is None:
        return objections_to_bags(batch, bags)
    return [*objections_to_supplied(supply, bags, taker), *objections_to_held_bags(batch, bags)]


@bags_stay_while
def until_expired(bags: Sequence[Container], taker: Party) -> list[Objection]:
    """Object to handing final bags that have expired to another party."""
    now = clock.now()
    return [
        Objection(_("%(code)s expired %(day)s.") % {"code": bag.code, "day": day(bag.expires_at)}, code="expired")
        for bag in bags
        if bag.expires_at is not None and bag.expires_at <= now
    ]


def objections_to_bags(batch: Batch, bags: Sequence[Container] = ()) -> list[Objection]:
    """Give everything that keeps the final bags of a batch here, and what keeps the named ones alone."""
    certified = batch.state.disposition in CERTIFIED
    return [
        *when(
            not certified,
            _("%(batch)s is not certified; its bags stay in quarantine.") % {"batch": batch.number},
            code="not_certified",
        ),
        *(objections_to_leaving(batch) if certified else []),
        *objections_to_held_bags(batch, bags),
    ]


def objections_to_leaving(batch: Batch) -> list[Objection]:
    """Give what keeps the bags of a certified batch here."""
    return [
        *when(
            waits_for_sponsor(batch),
            _("%(batch)s waits for the sponsor's release, entered and checked; its bags stay.")
            % {"batch": batch.number},
            code="no_sponsor_release",
        ),
        *objections_to_positive(batch),
        *when(
            holding_addenda(batch).exists(),
            _("An addendum to %(batch)s blocks. Its bags stay until the qualified person has decided on it.")
            % {"batch": batch.number},
            code="addendum",
        ),
    ]
