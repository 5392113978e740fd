"""Final bags leave this site only while their batch is certified, be it conditionally, and nothing holds them.

(1) Not certified, undecided, refused or withdrawn: they stay.
(2) Where the profile asks for it, they stay until the sponsor's release was entered and checked.
(3) While a result is positive or fails after the certification, or an addendum blocks, what is still here stays.
(4) What has expired stays.
"""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from accounts.wording import day
from batches.fates import CERTIFIED
from batches.models import Batch
from chain_of_custody.handing_over import bags_stay_while
from chain_of_custody.models import Container, Party
from ledger import clock
from qc.batch_act import READ_AT_ONCE
from qc.release.addenda import holding_addenda
from qc.release.notifying import objections_to_positive
from qc.release.outside import waits_for_sponsor


@bags_stay_while
def until_certified(bags: Sequence[Container], taker: Party) -> list[Objection]:
    """Object to handing final bags of a batch that is not certified, or that something holds, to another party."""
    numbers = {bag.assignment.batch_number for bag in bags if hasattr(bag, "assignment")}
    batches = Batch.objects.filter(number__in=numbers).select_related(*READ_AT_ONCE).order_by("number")
    return [objection for batch in batches for objection in objections_to_bags(batch)]


@bags_stay_while
def until_expired(bags: Sequence[Container], taker: Party) -> list[Objection]:
    """Object to handing final bags that have expired to another party."""
    now = clock.now()
    return [
        Objection(_("%(code)s expired %(day)s.") % {"code": bag.code, "day": day(bag.expires_at)}, code="expired")
        for bag in bags
        if bag.expires_at is not None and bag.expires_at < now
    ]


def objections_to_bags(batch: Batch) -> list[Objection]:
    """Give everything that keeps the final bags of a batch here."""
    if batch.state.disposition in CERTIFIED:
        return objections_to_leaving(batch)
    return when(
        True,
        _("%(batch)s is not certified; its bags stay in quarantine.") % {"batch": batch.number},
        code="not_certified",
    )


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
