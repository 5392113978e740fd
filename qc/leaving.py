"""Final bags leave this site only after their batch was certified; until then they stay in quarantine."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from batches.models import BatchState
from chain_of_custody.handing_over import bags_stay_while
from chain_of_custody.models import Container, Party


@bags_stay_while
def until_certified(bags: Sequence[Container], taker: Party) -> list[Objection]:
    """Object to handing final bags of a batch that is not certified to another party."""
    numbers = {bag.assignment.batch_number for bag in bags if hasattr(bag, "assignment")}
    waiting = BatchState.objects.filter(batch__number__in=numbers).exclude(disposition=BatchState.Disposition.CERTIFIED)
    held = sorted(waiting.values_list("batch__number", flat=True))
    return when(
        held,
        _("%(batches)s is not certified; its bags stay in quarantine.") % {"batches": ", ".join(held)},
        code="not_certified",
    )
