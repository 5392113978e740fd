"""The fractions of a dose at the bedside: which were given, what came too early, and from when the next may be given.

(1) An infusion is a report that nobody set aside, or the end of a bag as infused without a report.
(2) A bag belongs to the fraction for which the verified dose hands it out; without one each bag stands for itself.
(3) What came too early is written with what tells of it: a report says it among what is wrong (reporting.py), the end
    of a bag without a report raises it here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.wording import record_time
from batches.departures import raise_departure
from batches.fates import follows_an_end
from batches.models import Batch, Departure
from batches.pinned import product_of
from chain_of_custody.models import Container, ContainerFate
from ledger import clock
from qc.dose.intervals import Given, Interval, Kept, intervals, next_from
from qc.models import BatchDose, InfusionReport


@dataclass(frozen=True, slots=True)
class Fractions:
    """A dose in fractions as far as it was given at a time."""

    number: int
    hours: int  # at least, between two of them
    of_bag: dict[str, int]  # which fraction a bag is handed out for
    given: tuple[Given, ...]

    def infusion(self, code: str, began_at: datetime, ended_at: datetime | None) -> Given:
        """Give an infusion of a bag with its fraction."""
        return Given(code, self.of_bag.get(code), began_at, ended_at)

    @property
    def is_over(self) -> bool:
        """Whether every fraction was begun; where no dose says which bag is which, each bag counts as one."""
        if self.of_bag:
            return set(self.of_bag.values()) <= {one.fraction for one in self.given}
        return len({one.code for one in self.given}) >= self.number


def fractions_of(batch: Batch, at: datetime | None = None) -> Fractions | None:
    """Give the fractions of a batch as the record had them at a time, now unless one is named; None without any."""
    rule, moment = product_of(batch).dose, at or clock.now()
    if not rule.fractions or rule.hours_between is None:
        return None
    numbers = _numbers(batch, moment)
    told = sorted(_told(batch, moment), key=lambda each: each[1])
    given = tuple(Given(code, numbers.get(code), began, ended) for code, began, ended in told)
    return Fractions(len(rule.fractions), rule.hours_between, numbers, given)


def _numbers(batch: Batch, at: datetime) -> dict[str, int]:
    newest = BatchDose.objects.filter(batch=batch, verification__recorded_at__lte=at).order_by("-version").first()
    parts = newest.outcome["parts"] if newest else []
    return {code: part["number"] for part in parts for code in part["containers"]}


def _told(batch: Batch, at: datetime) -> Iterator[tuple[str, datetime, datetime | None]]:
    reports = InfusionReport.objects.filter(batch=batch, took_place=True, recorded_at__lte=at)
    for row in reports.exclude(checked__agrees=False, checked__recorded_at__lte=at).select_related(
        "identity_check__container"
    ):
        if row.started_at is not None:
            code = row.container.code if row.container else row.identity_check.scanned
            yield code, row.started_at, row.ended_at
    ends = ContainerFate.objects.filter(
        container__assignment__batch_number=batch.number,
        container__kind=Container.Kind.FINAL_BAG,
        fate=ContainerFate.Fate.INFUSED,
        infusion=None,
        recorded_at__lte=at,
    )
    for end in ends.select_related("container"):
        yield end.container.code, end.happened_at, end.happened_at


def too_early(fractions: Fractions | None, one: Given) -> list[str]:
    """Say of an infusion each other fraction from which it is not known to be far enough, one sentence each."""
    if fractions is None:
        return []
    found = [(each, each.kept(fractions.hours)) for each in intervals(one, fractions.given)]
    return [_says(each, kept, fractions.hours) for each, kept in found if kept is not Kept.KEPT]


def _says(interval: Interval, kept: Kept, hours: int) -> str:
    passed, minutes = divmod(interval.minutes, 60)
    words = {
        "later": interval.later.code,
        "earlier": interval.earlier.code,
        "hours": hours,
        "passed": passed,
        "minutes": minutes,
    }
    if kept is Kept.NOT_KNOWN:
        says = _("When the infusion of %(earlier)s ended isn't known; %(hours)s h are asked for before %(later)s.")
    else:
        says = _(
            "%(later)s was infused %(passed)s h %(minutes)s min after %(earlier)s, another fraction; at least "
            "%(hours)s h are asked for."
        )
    return says % words


def next_fraction_words(fractions: Fractions | None) -> str:
    """Say from when the next fraction may be given; nothing where there is none, or none is left."""
    if fractions is None or fractions.is_over:
        return ""
    if not fractions.given:
        says = _("Between the end of one fraction and the beginning of the next at least %(hours)s h pass.")
        return says % {"hours": fractions.hours}
    moment = next_from(fractions.given, fractions.hours)
    if moment is None:
        says = _("When the last fraction ended isn't known. Ask; the next one may be given %(hours)s h after its end.")
        return says % {"hours": fractions.hours}
    says = _("The next fraction may be given from %(time)s on, %(hours)s h after the end of the one before.")
    return says % {"hours": fractions.hours, "time": record_time(moment)}


@follows_an_end
def look_at_fractions(batch: Batch, fate: ContainerFate, by: Person) -> None:
    """Raise what came too early by the end of a bag that no report told of; inside the open transaction."""
    if fate.fate != ContainerFate.Fate.INFUSED or hasattr(fate, "infusion"):
        return
    fractions = fractions_of(batch)
    if fractions is not None:
        one = fractions.infusion(fate.container.code, fate.happened_at, fate.happened_at)
        for says in too_early(fractions, one):
            raise_departure(batch=batch, kind=Departure.Kind.REPORTED, says=says, by=by, about=fate)
