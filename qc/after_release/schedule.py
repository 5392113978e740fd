"""The follow-up after the infusion: what is due, computed from the product and the recorded infusion, never stored.

(1) The first final bag that ended as infused begins it; days are days of the site.
(2) An item is missed when its window has passed and nobody recorded it. After the end of the order (the patient died or
    withdrew) nothing further is due.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from django.utils.translation import gettext as _

from accounts.wording import local, site_zone, today
from batches.definitions.product import FollowUp
from batches.ended import order_end_of
from batches.models import Batch, OrderEnded
from batches.pinned import product_of
from chain_of_custody.models import Container, ContainerFate
from qc.models import FollowUpRecorded


class Due(StrEnum):
    """Where an item of the schedule stands."""

    LATER = "later"
    OPEN = "open"  # its window is open
    MISSED = "missed"
    ENTERED = "entered"  # nobody has compared it yet
    DONE = "done"
    ENDED = "ended"  # nothing further is due


STATUS = {
    Due.LATER: "none",
    Due.OPEN: "wait",
    Due.MISSED: "fail",
    Due.ENTERED: "progress",
    Due.DONE: "pass",
    Due.ENDED: "none",
}
NO_MORE = (OrderEnded.How.DIED, OrderEnded.How.WITHDREW)


def due_words(due: Due) -> str:
    """Give the words of where an item stands."""
    return {
        Due.LATER: _("Not due yet"),
        Due.OPEN: _("Due now"),
        Due.MISSED: _("Missed"),
        Due.ENTERED: _("Entered, waits for a second person"),
        Due.DONE: _("Recorded"),
        Due.ENDED: _("No longer due"),
    }[due]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on one day."""

    definition: FollowUp
    day: int
    due_on: date
    standing: Due
    record: FollowUpRecorded | None

    @property
    def first(self) -> date:
        return self.due_on - timedelta(days=self.definition.window_days)

    @property
    def last(self) -> date:
        return self.due_on + timedelta(days=self.definition.window_days)

    @property
    def closes_at(self) -> datetime:
        """The moment from which it is missed: the end of the last day of its window."""
        return datetime.combine(self.last + timedelta(days=1), time.min, tzinfo=site_zone())

    @property
    def is_to_be_entered(self) -> bool:
        """Whether somebody should ask for it: nobody recorded it, and its window has opened."""
        return self.record is None and self.standing is not Due.LATER

    @property
    def status(self) -> str:
        return "fail" if self.record is not None and self.record.alarms else STATUS[self.standing]

    @property
    def words(self) -> str:
        return due_words(self.standing)

    @property
    def key(self) -> str:
        return f"{self.definition.code}.{self.day}"


def first_infusion(batch: Batch) -> ContainerFate | None:
    """Give the end of the first final bag of a batch that was infused; None while none was."""
    infused = ContainerFate.objects.filter(
        container__assignment__batch_number=batch.number,
        container__kind=Container.Kind.FINAL_BAG,
        fate=ContainerFate.Fate.INFUSED,
    )
    return infused.order_by("happened_at").first()


def infused_at(batch: Batch) -> datetime | None:
    """Give when the first final bag of a batch was infused, by what became of it; None while none was."""
    first = first_infusion(batch)
    return first.happened_at if first is not None else None


def schedule_of(batch: Batch) -> list[Item]:
    """Give everything that is due after the infusion, by its day; nothing before one is recorded."""
    began = infused_at(batch)
    if began is None:
        return []
    return sorted(_items(batch, local(began).date()), key=lambda item: (item.due_on, item.definition.code))


def _items(batch: Batch, began: date) -> Iterator[Item]:
    records = {(one.item, one.day): one for one in records_in_force(batch)}
    ended = order_end_of(batch.order)
    until = ended.happened_on if ended is not None and ended.how in NO_MORE else None
    for definition in product_of(batch).follow_up:
        for day in definition.days:
            due_on = began + timedelta(days=day)
            record = records.get((definition.code, day))
            last = due_on + timedelta(days=definition.window_days)
            opens = due_on - timedelta(days=definition.window_days)
            yield Item(definition, day, due_on, _standing(record, opens, last, until), record)


def _standing(record: FollowUpRecorded | None, opens: date, last: date, until: date | None) -> Due:
    if record is not None:
        return Due.DONE if hasattr(record, "checked") else Due.ENTERED
    if until is not None and last > until:
        return Due.ENDED
    if today() > last:
        return Due.MISSED
    return Due.OPEN if today() >= opens else Due.LATER


def records_in_force(batch: Batch) -> list[FollowUpRecorded]:
    """Give the recorded items that nobody set aside."""
    found = FollowUpRecorded.objects.filter(batch=batch).select_related("checked", "evidence")
    return [
        one for one in found.order_by("recorded_at", "pk") if not (hasattr(one, "checked") and not one.checked.agrees)
    ]
