"""Named containers of a supply in force may go to the named party, by the named courier; nothing else leaves."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from batches.models import Batch
from chain_of_custody.models import Container, Party
from qc.models import ExceptionalSupply
from qc.release.notifying import positives_after_supply
from qc.supply.lines import objections_to_ever_supplying
from qc.supply.standing import newest_supply


def supply_for(batch: Batch) -> ExceptionalSupply | None:
    """Give the supply in force under which containers of a batch may leave, if there is one."""
    supply = newest_supply(batch)
    return None if supply is None or hasattr(supply, "revoked") else supply


def objections_to_supplied(supply: ExceptionalSupply, bags: Sequence[Container], taker: Party) -> list[Objection]:
    """Give what keeps these bags of a batch that is not certified from being handed to this party."""
    batch, naming = supply.batch, supply.naming
    others = [bag.code for bag in bags if str(bag.pk) not in naming.containers]
    allowed = [party for party in (naming.recipient, naming.carrier) if party is not None]
    return [
        *when(
            others,
            _("%(codes)s: not named in the supply %(number)s. The batch is not certified; they stay.")
            % {"codes": ", ".join(others), "number": supply.number},
            code="not_certified",
        ),
        *when(
            taker not in allowed,
            _("%(number)s names who takes these containers: %(parties)s.")
            % {"number": supply.number, "parties": ", ".join(party.name for party in allowed)},
            code="not_named",
            field="taker",
        ),
        *(
            Objection(
                _("After the decision to supply: %(what)s Take the supply back, and ask the physician again.")
                % {"what": says},
                code="positive",
                field=line,
            )
            for line, says in positives_after_supply(batch).items()
        ),
        *objections_to_ever_supplying(batch),
    ]
