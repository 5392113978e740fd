"""What waits for somebody after release: reports to compare, bags that came back, the follow-up, complaints."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.panels import Task
from accounts.roles import Permission
from accounts.wording import site_zone
from batches.models import Batch
from chain_of_custody.models import Container, ContainerFate, HandOverAccepted, Party
from qc.after_release.complaining import complaint_url, complaints
from qc.after_release.returning import unreported_return
from qc.after_release.schedule import Due, Item, schedule_of
from qc.after_release.standing import page_of
from qc.batch_act import READ_AT_ONCE
from qc.models import BagReturned, FollowUpRecorded, InfusionReport, ReturnDecided

MOST = 50
TO_ASK_FOR = (Due.OPEN, Due.MISSED)


def after_release_work_of(person: Person) -> Iterable[Task]:
    """List what waits for this person after release."""
    may = person.permissions
    if Permission.CONTAINER_END in may:
        yield from _reports(person)
        yield from _came_back()
        yield from _to_destroy()
    if Permission.FACT_ASSESS in may:
        yield from _returns()
        yield from _complaints()
    if Permission.OUTSIDE_RECORD in may:
        yield from _to_compare(person)
        yield from _follow_up()


def _reports(person: Person) -> Iterator[Task]:
    waiting = InfusionReport.objects.filter(confirmed=None, checked=None).exclude(signer=person)
    for row in waiting.select_related("batch", "identity_check").order_by("recorded_at")[:MOST]:
        yield Task(
            title=_("Compare the report from the bedside: %(code)s") % {"code": row.identity_check.scanned},
            batch=row.batch.number,
            url=f"{page_of(row.batch)}#report-{row.pk}",
            verb=_("Compare"),
            detail=" ".join(row.wrong),
            needs=(_("second person"),),
            due_at=row.recorded_at,
            at_risk=bool(row.wrong),
            icon="file-check",
        )


def _came_back() -> Iterator[Task]:
    """Give the bags that this site took back and of which nobody wrote in which condition they came."""
    own = Party.Kind.OWN_SITE
    taken = HandOverAccepted.objects.filter(offered__taker_party__kind=own, returned_bags=None)
    taken = taken.exclude(offered__giver_party__kind=own).select_related("offered").order_by("-recorded_at")[:MOST]
    codes = {code for row in taken for code in row.offered.containers}
    bags = Container.objects.filter(pk__in=codes, kind=Container.Kind.FINAL_BAG, fate=None).select_related("assignment")
    for bag in bags.order_by("code"):
        back = unreported_return(bag)
        if back is not None:
            number = bag.assignment.batch_number
            yield Task(
                title=_("Say in which condition %(code)s came back") % {"code": bag.code},
                batch=number,
                url=f"{reverse('batch-tab', args=[number, 'after-release'])}#bag-{bag.code}",
                verb=_("Record"),
                due_at=back.recorded_at,
                icon="package-search",
            )


def _to_destroy() -> Iterator[Task]:
    decided = ReturnDecided.objects.filter(decision=ReturnDecided.Decision.DESTROY, returned__container__fate=None)
    for row in decided.select_related("batch", "returned__container").order_by("recorded_at")[:MOST]:
        bag = row.returned.container
        yield Task(
            title=_("Destroy %(code)s, as quality assurance decided") % {"code": bag.code},
            batch=row.batch.number,
            url=f"{reverse('chain_of_custody:container', args=[bag.code])}#end",
            verb=_("Record"),
            detail=row.reason,
            needs=(_("witness"),),
            due_at=row.recorded_at,
            icon="trash-2",
        )


def _returns() -> Iterator[Task]:
    undecided = BagReturned.objects.filter(decided=None, container__fate=None).select_related("batch", "container")
    for row in undecided.order_by("recorded_at")[:MOST]:
        yield Task(
            title=_("Decide on %(code)s, which came back") % {"code": row.container.code},
            batch=row.batch.number,
            url=f"{page_of(row.batch)}#bag-{row.container.code}",
            verb=_("Decide"),
            detail=row.reason,
            due_at=row.recorded_at,
            icon="package-search",
        )


def _complaints() -> Iterator[Task]:
    for row in complaints().filter(closed=None).order_by("received_at")[:MOST]:
        yield Task(
            title=_("Complaint %(number)s, %(grade)s") % {"number": row.number, "grade": row.get_grade_display()},
            batch=row.batch.number,
            url=complaint_url(row),
            verb=_("Investigate"),
            detail=row.text[:200],
            due_at=row.received_at,
            icon="megaphone",
        )


def _to_compare(person: Person) -> Iterator[Task]:
    waiting = FollowUpRecorded.objects.filter(checked=None).exclude(signer=person).select_related("batch")
    for row in waiting.order_by("recorded_at")[:MOST]:
        yield Task(
            title=_("Compare a follow-up with its evidence, day %(day)s") % {"day": row.day},
            batch=row.batch.number,
            url=f"{page_of(row.batch)}#follow-up",
            verb=_("Compare"),
            needs=(_("second person"),),
            due_at=row.recorded_at,
            at_risk=row.alarms,
            icon="file-check",
        )


def _follow_up() -> Iterator[Task]:
    infused = ContainerFate.objects.filter(fate=ContainerFate.Fate.INFUSED)
    numbers = infused.order_by("-happened_at").values_list("container__assignment__batch_number", flat=True)[:MOST]
    for batch in Batch.objects.filter(number__in=set(numbers)).select_related(*READ_AT_ONCE).order_by("number"):
        items = [item for item in schedule_of(batch) if item.standing in TO_ASK_FOR]
        if items:
            yield _asking(batch, items)


def _asking(batch: Batch, items: list[Item]) -> Task:
    """Give one task for everything that is to be asked of a hospital about a batch."""
    late = sum(item.standing is Due.MISSED for item in items)
    names = ", ".join(f"{item.definition.title} ({item.day})" for item in items[:4])
    return Task(
        title=_("Ask for the follow-up"),
        batch=batch.number,
        url=f"{reverse('batch-tab', args=[batch.number, 'after-release'])}#follow-up",
        verb=_("Enter"),
        detail=_("%(names)s. Missed: %(late)s") % {"names": names, "late": late},
        due_at=datetime.combine(items[0].last, time(23, 59), tzinfo=site_zone()),
        icon="calendar-heart",
    )
