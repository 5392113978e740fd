"""What of the follow-up nobody recorded in its window: a departure for each item, raised once.

(1) The end of the first bag as infused owes the job that looks when the next window has closed; it looks again until
    the last has. A record that a second person sets aside is looked at then.
(2) An item that is recorded late is recorded; the departure stays, and quality assurance assesses it.
(3) It is a fact about the follow-up: nothing that was decided waits for it.
"""

from datetime import datetime
from uuid import UUID, uuid5

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.wording import day
from batches.departures import raise_departure
from batches.fates import follows_an_end
from batches.identity import batch_of, locked
from batches.models import Batch, Departure
from chain_of_custody.models import ContainerFate
from ledger.models import OutboxJob
from ledger.outbox import NotYetError, finish, handles, owe
from ledger.writing import writing
from qc.after_release.schedule import Due, Item, first_infusion, schedule_of

FOLLOW_UP_JOB = "follow_up"
TO_COME = (Due.LATER, Due.OPEN)


def departure_id(batch: Batch, item: Item) -> UUID:
    """Give the id of the departure that an item of the schedule raises: it is raised once."""
    return uuid5(batch.pk, f"follow_up/{item.definition.code}/{item.day}")


def raise_missed(batch: Batch, *, by: Person | None) -> list[Departure]:
    """Raise each item whose window has closed unrecorded; the caller holds the batch in its writing transaction."""
    missed = {departure_id(batch, item): item for item in schedule_of(batch) if item.standing is Due.MISSED}
    known = set(Departure.objects.filter(pk__in=missed).values_list("pk", flat=True))
    infusion = first_infusion(batch)
    return [
        raise_departure(
            batch=batch, kind=Departure.Kind.MISSED, says=missed_words(item), by=by, about=infusion, id=wanted
        )
        for wanted, item in missed.items()
        if wanted not in known
    ]


def missed_words(item: Item) -> str:
    """Say which item was missed, and until when it could be taken."""
    words = {"day": item.day, "title": item.definition.title, "first": day(item.first), "last": day(item.last)}
    return _("Follow-up, day %(day)s: %(title)s is not recorded. It was due from %(first)s to %(last)s.") % words


def next_look(batch: Batch) -> datetime | None:
    """Give when the next window closes; None where no more is to come."""
    return min((item.closes_at for item in schedule_of(batch) if item.standing in TO_COME), default=None)


@follows_an_end
def watch_follow_up(batch: Batch, fate: ContainerFate, by: Person) -> None:
    """Owe the look at the follow-up from the first infusion on; inside the open transaction."""
    if fate.fate == ContainerFate.Fate.INFUSED and schedule_of(batch):
        owe(FOLLOW_UP_JOB, batch.pk, due_at=next_look(batch))


@handles(FOLLOW_UP_JOB)
def look_at_follow_up(job: OutboxJob) -> None:
    """Raise what was missed; look again when the next window closes."""
    with writing():
        batch = batch_of(job.subject)
        batch.state = locked(batch.pk)
        raise_missed(batch, by=None)
        upcoming = next_look(batch)
        if upcoming is None:
            finish(job)
    if upcoming is not None:
        raise NotYetError(f"The follow-up of {batch.number} goes on.", until=upcoming)
