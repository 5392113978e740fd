"""What waits for somebody in the laboratory and around the release decision."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.panels import Task
from accounts.roles import Permission
from batches.models import Batch
from chain_of_custody.models import Container
from qc.after_release.late_facts import LateFact, fact_url, late_among, unassessed_after_decision
from qc.batch_act import READ_AT_ONCE, batch_with
from qc.growth.calendar import next_look
from qc.laboratory.receiving import SAMPLES
from qc.laboratory.reviewing import people_who_entered
from qc.laboratory.runs import is_in_doubt
from qc.laboratory.testing import known_line
from qc.models import OutOfSpecification, Result
from qc.out_of_specification.correcting_actions import actions, done_of, end_of, is_overdue
from qc.out_of_specification.investigating import objections_to_analyst
from qc.out_of_specification.next_steps import next_step
from qc.out_of_specification.records import record_url
from qc.panel import PanelLine
from qc.record_read import RecordRead
from qc.release.approving import is_current
from qc.release.assessing import Fact, open_facts
from qc.release.notifying import open_notifications, release_url
from qc.release.pending import OPEN_DECISIONS, Decision
from qc.review_by_exception.reviewing import objections_to_exceptions, review_url
from qc.review_by_exception.trail import objections_to_trail
from qc.specifying import specification_of
from qc.values.verdicts import Verdict

MOST_BATCHES = 50
MOST_ACTIONS = 100
A_DAY = timedelta(days=1)


def work_of(person: Person) -> Iterable[Task]:
    """List what waits in the laboratory and for a decision on a batch, for this person."""
    may = person.permissions
    if not may & NEEDED:
        yield from _actions(person)
        return
    if Permission.OUTSIDE_RECORD in may:
        yield from _to_notify()
    undecided = Batch.objects.filter(state__disposition__in=OPEN_DECISIONS).select_related(*READ_AT_ONCE)
    for batch in undecided.order_by("signed_at")[:MOST_BATCHES]:
        if Permission.SAMPLE_RECEIVE in may:
            yield from _to_receive(batch)
        read = RecordRead(batch)
        panel = read.panel
        if Permission.RESULT_ENTER in may:
            yield from _to_test(batch, panel)
        if Permission.RESULT_REVIEW in may:
            yield from _to_review(batch, panel, person)
        if Permission.RESULTS_APPROVE in may:
            yield from _to_approve(read)
        if Permission.FACT_ASSESS in may:
            yield from _to_assess(read)
        if may & DECIDING:
            yield from _to_decide(read, person)
    yield from _whatever_was_decided(person)


def _whatever_was_decided(person: Person) -> Iterator[Task]:
    """List what waits for this person after the decision on a batch as before it."""
    if Permission.FACT_ASSESS in person.permissions:
        yield from _to_assess_after_the_decision()
    yield from _out_of_specification(person)
    yield from _actions(person)


DECIDING = frozenset({Permission.RECORD_REVIEW, Permission.BATCH_CERTIFY})
NEEDED = DECIDING | {
    Permission.SAMPLE_RECEIVE,
    Permission.RESULT_ENTER,
    Permission.RESULT_REVIEW,
    Permission.RESULTS_APPROVE,
    Permission.FACT_ASSESS,
    Permission.OUTSIDE_RECORD,
}


def _to_notify() -> Iterator[Task]:
    for due in open_notifications()[:MOST_BATCHES]:
        yield Task(
            title=_("Tell: %(who)s") % {"who": due.title},
            batch=due.batch.number,
            url=f"{release_url(due.batch)}#notification-{due.pk}",
            verb=_("Record"),
            detail=due.says,
            due_at=due.due_at,
            at_risk=True,
            icon="triangle-alert",
            stake=_("A patient may have received it."),
        )


def samples_to_receive(batch: Batch) -> list[Container]:
    """Give the samples of a batch that a test wants and that the laboratory has not received."""
    wanted = {line.sample_point for line in specification_of(batch).lines}
    made = Container.objects.filter(assignment__batch_number=batch.number, kind__in=SAMPLES, sample=None)
    return list(made.filter(sample_point__in=wanted).order_by("made_at", "code"))


def _to_receive(batch: Batch) -> Iterator[Task]:
    for container in samples_to_receive(batch):
        yield Task(
            title=_("Receive sample %(code)s") % {"code": container.code},
            batch=batch.number,
            url=reverse("qc:sample-receive", args=[batch.number]),
            verb=_("Receive"),
            due_at=container.made_at + A_DAY,
            icon="flask-conical",
        )


def _to_test(batch: Batch, panel: list[PanelLine]) -> Iterator[Task]:
    received = set(batch_points(batch))
    for line in panel:
        if line.line.sample_point not in received or line.newest is not None or line.line.why_not_applicable:
            continue
        following = next_look(line)
        yield Task(
            title=line.title,
            batch=batch.number,
            url=line.url,
            verb=_("Read") if line.readings else _("Test"),
            detail=line.criterion_words,
            due_at=following.opens_at if following else None,
            icon="flask-conical",
        )


def batch_points(batch: Batch) -> Iterable[str]:
    """Give the sample points of which the laboratory has a sample."""
    return Container.objects.filter(assignment__batch_number=batch.number, sample__isnull=False).values_list(
        "sample_point", flat=True
    )


def _to_review(batch: Batch, panel: list[PanelLine], person: Person) -> Iterator[Task]:
    for line in panel:
        if is_in_doubt(line.runs.claim_on(line.run)):
            yield Task(
                title=_("Declared invalid: %(title)s") % {"title": line.title},
                batch=batch.number,
                url=line.url,
                verb=_("Decide"),
                needs=(_("second person"),),
                icon="file-check",
            )
        result: Result | None = line.to_review
        if result is None or line.is_outdated:
            continue
        if person.reference in people_who_entered(result):
            continue
        yield Task(
            title=_("Review %(title)s") % {"title": line.title},
            batch=batch.number,
            url=line.url,
            verb=_("Review"),
            detail=f"{result.reported} ({line.criterion_words})",
            needs=(_("second person"),),
            due_at=result.recorded_at + A_DAY,
            at_risk=result.verdict == Verdict.FAILS.value,
            icon="file-check",
        )


def _to_approve(read: RecordRead) -> Iterator[Task]:
    panel, approval = read.panel, read.approval
    if approval is not None and is_current(approval, panel):
        return
    if not panel or any(line.is_outdated or (line.is_open and not line.may_follow) for line in panel):
        return
    yield _on_release(read.batch, _("Approve the results"), _("Approve"))


def _to_assess(read: RecordRead) -> Iterator[Task]:
    facts = open_facts(read.batch, read.facts)
    late = {one.fact.id: one for one in late_among(read.batch, facts)}
    yield from (_assessing_late(late[fact.id]) if fact.id in late else _assessing(fact) for fact in facts)


def _to_assess_after_the_decision() -> Iterator[Task]:
    """List the facts of decided batches: no decision waits for their assessment, so only this list asks for it."""
    yield from map(_assessing_late, unassessed_after_decision()[:MOST_ACTIONS])


def _assessing(fact: Fact) -> Task:
    return Task(
        title=_("Assess: %(kind)s") % {"kind": fact.kind},
        batch=fact.batch.number,
        url=fact_url(fact),
        verb=_("Assess"),
        detail=fact.says,
        due_at=fact.happened_at + A_DAY,
        icon="triangle-alert",
    )


def _assessing_late(late: LateFact) -> Task:
    """Say also where the bags are, and put first what a patient may receive or has received."""
    task = _assessing(late.fact)
    return replace(
        task,
        detail=" ".join([task.detail, *map(str, late.acts)]),
        at_risk=late.is_urgent,
        stake=_("A patient may receive it, or has.") if late.is_urgent else "",
    )


def _to_decide(read: RecordRead, person: Person) -> Iterator[Task]:
    batch, panel, approval = read.batch, read.panel, read.approval
    if approval is None or not is_current(approval, panel):
        return
    if batch.state.disposition == Decision.CERTIFIED_CONDITIONALLY and any(line.is_open for line in panel):
        return
    is_reviewed = read.review is not None and not read.is_review_outdated
    if Permission.RECORD_REVIEW in person.permissions and not is_reviewed:
        ready = not read.against_record and not open_facts(batch, read.facts)
        if ready and (objections_to_exceptions(batch, read) or objections_to_trail(batch, read.trail)):
            url, title = review_url(batch), _("Review by exception")
            yield Task(title=title, batch=batch.number, url=url, verb=_("Review"), icon="shield-check")
        elif ready:
            yield _on_release(batch, _("Review the batch record"), _("Review"))
    if Permission.BATCH_CERTIFY in person.permissions and is_reviewed:
        yield _on_release(batch, _("Decide on the batch"), _("Open"))


def _out_of_specification(person: Person) -> Iterator[Task]:
    """List the records whose next act this person may do; testing again and reviewing are listed with the tests."""
    may = person.permissions
    if not may & {Permission.RESULT_REVIEW, Permission.FACT_ASSESS}:
        return
    related = ("result", "closed", "investigation", "approval__plan")
    for record in OutOfSpecification.objects.filter(closed=None).select_related(*related).order_by("recorded_at"):
        record.batch = batch_with(record.batch_id)
        found = known_line(record.batch, record.line)
        step = next_step(record, found)
        if step is None or step.permission not in may or step.permission is Permission.RESULT_ENTER or step.is_review:
            continue
        if objections_to_analyst(record, person):
            continue
        yield Task(
            title=f"{record.number}: {step.says}",
            batch=record.batch.number,
            url=record_url(record),
            verb=_("Open"),
            detail=record.says,
            due_at=record.recorded_at + A_DAY,
            at_risk=True,
            icon="octagon-x",
        )


def _actions(person: Person) -> Iterator[Task]:
    """List the actions that this person owns and has not done, and those whose effect they may check."""
    for row in actions().filter(checked=None)[:MOST_ACTIONS]:
        mine = done_of(row) is None and row.owner_id == person.pk
        to_check = done_of(row) is not None and row.owner_id != person.pk
        if not mine and not (to_check and Permission.FACT_ASSESS in person.permissions):
            continue
        yield Task(
            title=f"{row.number}: {row.action}"[:200],
            batch=row.batch.number,
            url=f"{reverse('qc:capa')}#{row.number}",
            verb=_("Do") if mine else _("Check the effect"),
            detail=_("overdue") if is_overdue(row) else "",
            due_at=end_of(row.due_date),
            icon="list-checks",
        )


def _on_release(batch: Batch, title: str, verb: str) -> Task:
    return Task(title=title, batch=batch.number, url=release_url(batch), verb=verb, icon="shield-check")
