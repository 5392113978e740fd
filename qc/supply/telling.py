"""Who is told of a supply, and by when: from the decision, and from each infusion of what was supplied.

(1) The profile says who, within how many hours, and from when they count. The clock of an infusion starts with the
    time at which it is recorded to have happened, however late that is entered.
(2) An infusion within the time of another that nobody has told of yet is told with it; any other has its own.
(3) An infusion of a named container that its party holds was meant; any other of a batch that is not certified is a
    departure, as ever.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.wording import record_time
from batches.definitions.supply import DECISION, INFUSION, SupplyNotified
from batches.fates import follows_an_end, meant_to_be_given_when
from batches.models import Batch
from batches.pinned import product_of
from chain_of_custody.models import Container, ContainerFate, ContainerState
from ledger.models import Written
from ledger.writing import write
from qc.models import ExceptionalSupply, NotificationDue
from qc.supply.standing import newest_supply

# No line of a specification has a colon in its code, so these never meet one.
OF_DECISION, OF_INFUSION = "supply:", "infused:"


def tell_of_decision(supply: ExceptionalSupply, *, by: Person) -> None:
    """Owe the telling that counts from the decision; inside the open transaction."""
    batch = supply.batch
    says = _("%(batch)s is not certified. %(number)s: containers of it are supplied at the request of %(who)s.")
    words = says % {"batch": batch.number, "number": supply.number, "who": supply.answer.name}
    for told in product_of(batch).supply_rules.told_from(DECISION):
        _owe(batch, f"{OF_DECISION}{supply.number}", told, words, supply, since=supply.signed_at, by=by)


def words_of_supply(supply: ExceptionalSupply) -> str:
    """Say under which decision a container was given."""
    return _("supplied out of specification at a physician's request, %(number)s") % {"number": supply.number}


def given_under(batch: Batch, container: Container) -> ExceptionalSupply | None:
    """Give the supply under which a container left for the party that holds it, if there is one."""
    holder = ContainerState.objects.filter(container=container).values_list("holder_party_id", flat=True).first()
    supply = newest_supply(batch)
    while supply is not None:
        stays = supply.revoked.stays if hasattr(supply, "revoked") else []
        named = str(container.pk) in supply.naming.containers and str(container.pk) not in stays
        if named and holder == supply.naming.recipient_id:
            return supply
        supply = _before(supply)
    return None


def _before(supply: ExceptionalSupply) -> ExceptionalSupply | None:
    earlier = ExceptionalSupply.objects.filter(decision=supply.decision_id, recorded_at__lt=supply.recorded_at)
    return earlier.select_related("revoked", "naming").order_by("-recorded_at").first()


@meant_to_be_given_when
def it_is_supplied(batch: Batch, container: Container) -> str:
    """Say under which supply a container was meant to be given; nothing where it was not."""
    supply = given_under(batch, container)
    return words_of_supply(supply) if supply is not None else ""


@follows_an_end
def tell_of_infusion(batch: Batch, fate: ContainerFate, by: Person) -> None:
    """Owe the telling that counts from the infusion of a named container; inside the open transaction."""
    if fate.fate != ContainerFate.Fate.INFUSED:
        return
    supply = given_under(batch, fate.container)
    if supply is None:
        return
    says = _(
        "%(batch)s, %(code)s was infused %(time)s: supplied out of specification at a physician's request, %(number)s."
    )
    words = says % {
        "batch": batch.number, "code": fate.container.code, "time": record_time(fate.happened_at),
        "number": supply.number,
    }  # fmt: skip
    for told in product_of(batch).supply_rules.told_from(INFUSION):
        if not _is_told_with_another(batch, told, fate.happened_at):
            _owe(batch, f"{OF_INFUSION}{fate.container.code}", told, words, fate, since=fate.happened_at, by=by)


def _is_told_with_another(batch: Batch, told: SupplyNotified, happened_at: datetime) -> bool:
    waiting = NotificationDue.objects.filter(
        batch=batch, recipient=told.code, line__startswith=OF_INFUSION, done=None, due_at__gte=happened_at
    )
    return waiting.filter(due_at__lte=happened_at + timedelta(hours=told.hours)).exists()


def _owe(
    batch: Batch, line: str, told: SupplyNotified, says: str, cause: Written, *, since: datetime, by: Person
) -> None:
    row = NotificationDue(
        batch=batch,
        line=line,
        recipient=told.code,
        title=told.title,
        says=says,
        cause_type=cause.record_type(),
        cause_id=cause.pk,
        due_at=since + timedelta(hours=told.hours),
    )
    write(row, type="notification.due", actor=by.reference)
