"""What waits for somebody in the laboratory and around the release decision."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.panels import Task
from accounts.roles import Permission
from batches.models import Batch
from batches.record import objections_to_record
from chain_of_custody.models import Container
from qc.approving import is_current, newest_approval
from qc.assessing import open_facts
from qc.batch_act import READ_AT_ONCE
from qc.disposition import newest_review, stream_position
from qc.models import Result
from qc.notifying import open_notifications
from qc.panel import PanelLine, Standing, release_panel
from qc.pending import OPEN_DECISIONS, Decision
from qc.receiving import SAMPLES
from qc.reviewing import people_who_entered
from qc.specifying import specification_of
from qc.testing import final_opens
from qc.verdicts import Verdict

MOST_BATCHES = 50
A_DAY = timedelta(days=1)


def work_of(person: Person) -> Iterable[Task]:
    """List what waits in the laboratory and for a decision on a batch, for this person."""
    may = person.permissions
    if not may & NEEDED:
        return
    if Permission.OUTSIDE_RECORD in may:
        yield from _to_notify()
    undecided = Batch.objects.filter(state__disposition__in=OPEN_DECISIONS).select_related(*READ_AT_ONCE)
    for batch in undecided.order_by("signed_at")[:MOST_BATCHES]:
        if Permission.SAMPLE_RECEIVE in may:
            yield from _to_receive(batch)
        panel = release_panel(batch)
        if Permission.RESULT_ENTER in may:
            yield from _to_test(batch, panel)
        if Permission.RESULT_REVIEW in may:
            yield from _to_review(batch, panel, person)
        if Permission.RESULTS_APPROVE in may:
            yield from _to_approve(batch, panel)
        if Permission.FACT_ASSESS in may:
            yield from _to_assess(batch)
        if may & DECIDING:
            yield from _to_decide(batch, panel, person)


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
            url=f"{_release_url(due.batch)}#notification-{due.pk}",
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
        if line.line.sample_point not in received or line.result is not None or line.line.why_not_applicable:
            continue
        opens = final_opens(line)
        yield Task(
            title=line.title,
            batch=batch.number,
            url=line.url,
            verb=_("Read") if line.readings else _("Test"),
            detail=line.criterion_words,
            due_at=opens,
            icon="flask-conical",
        )


def batch_points(batch: Batch) -> Iterable[str]:
    """Give the sample points of which the laboratory has a sample."""
    return Container.objects.filter(assignment__batch_number=batch.number, sample__isnull=False).values_list(
        "sample_point", flat=True
    )


def _to_review(batch: Batch, panel: list[PanelLine], person: Person) -> Iterator[Task]:
    for line in panel:
        result: Result | None = line.result
        if result is None or line.standing is not Standing.ENTERED or line.is_outdated:
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


def _to_approve(batch: Batch, panel: list[PanelLine]) -> Iterator[Task]:
    approval = newest_approval(batch)
    if approval is not None and is_current(approval, panel):
        return
    if not panel or any(line.is_outdated or (line.is_open and not line.may_follow) for line in panel):
        return
    yield _on_release(batch, _("Approve the results"), _("Approve"))


def _to_assess(batch: Batch) -> Iterator[Task]:
    for fact in open_facts(batch):
        yield Task(
            title=_("Assess: %(kind)s") % {"kind": fact.kind},
            batch=batch.number,
            url=f"{_release_url(batch)}#fact-{fact.id}",
            verb=_("Assess"),
            detail=fact.says,
            due_at=fact.happened_at + A_DAY,
            icon="triangle-alert",
        )


def _to_decide(batch: Batch, panel: list[PanelLine], person: Person) -> Iterator[Task]:
    approval = newest_approval(batch)
    if approval is None or not is_current(approval, panel):
        return
    if batch.state.disposition == Decision.CERTIFIED_CONDITIONALLY and any(line.is_open for line in panel):
        return
    review = newest_review(batch)
    is_reviewed = review is not None and review.stream_position >= stream_position(batch)
    if Permission.RECORD_REVIEW in person.permissions and not is_reviewed:
        ready = not objections_to_record(batch) and not open_facts(batch)
        if ready:
            yield _on_release(batch, _("Review the batch record"), _("Review"))
    if Permission.BATCH_CERTIFY in person.permissions and is_reviewed:
        yield _on_release(batch, _("Decide on the batch"), _("Open"))


def _release_url(batch: Batch) -> str:
    return reverse("qc:release", args=[batch.number])


def _on_release(batch: Batch, title: str, verb: str) -> Task:
    return Task(title=title, batch=batch.number, url=_release_url(batch), verb=verb, icon="shield-check")
