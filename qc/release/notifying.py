"""A positive or failing result after certification: who is told until when, and what it stops.

(1) Growth, or a result out of specification, in a batch that was ever certified is positive after release, in the
    transaction that stores it. It raises an alarm, and each whom the profile names is due to be told.
(2) While it stands, the containers that are still here stay, and the batch cannot be certified.
(3) Each line is told of once to each; what was said, to whom and when is recorded under signature. A notification that
    is recorded late is recorded all the same.
(4) A batch that was supplied out of specification is looked after in the same way: what the physician was shown is
    known, anything else is told (qc/supply/). Who is told of a supply itself is due here as well.
(5) Growth and a result that failed stand until the record out of specification of their run is closed as invalidated.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, Line, ToSign, register
from accounts.alarms import raise_alarm
from accounts.meanings import Meaning
from accounts.models import Alarm, Person
from accounts.parsing import MomentField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.after_release import mark_after_release
from batches.fates import CERTIFIED
from batches.identity import identity_lines
from batches.models import Batch, BatchState
from batches.pinned import product_of
from chain_of_custody.models import ContainerFate
from ledger import clock
from ledger.models import Written
from ledger.writing import write
from qc.batch_act import RowOfBatchAct
from qc.definitions.specification import ResultType
from qc.laboratory.judging import GROWTH, entries_of
from qc.laboratory.runs import Runs, closure_of, runs_by_line
from qc.models import (
    Disposition,
    ExceptionalSupply,
    NotificationDone,
    NotificationDue,
    OutOfSpecificationClosed,
    Reading,
)
from qc.panel import PanelRows, readings_in_force
from qc.specifying import specification_of
from qc.values.verdicts import Verdict

INVALIDATED = OutOfSpecificationClosed.Outcome.INVALIDATED
LONGEST_SAYING = 1000
A_MINUTE = timedelta(minutes=1)


def was_certified(batch: Batch) -> bool:
    """Tell whether a batch was ever certified, so that its containers may have left."""
    return Disposition.objects.filter(batch=batch, decision__in=CERTIFIED).exists()


def positives_of(batch: Batch, rows: PanelRows | None = None) -> dict[str, str]:
    """Give what is positive or fails although the batch was certified: a sentence for each line."""
    return found_against(batch, rows) if was_certified(batch) else {}


def found_against(batch: Batch, rows: PanelRows | None = None) -> dict[str, str]:
    """Give what is positive or fails in a batch, whatever was decided: a sentence for each line."""
    runs = rows.runs if rows else runs_by_line(batch)
    readings = rows.readings if rows else readings_in_force(batch)
    return dict(_failing(batch, runs)) | dict(_grown(batch, runs, readings))


def positives_after_supply(batch: Batch, rows: PanelRows | None = None) -> dict[str, str]:
    """Give what is positive or fails and was not known when the batch was supplied out of specification."""
    supply = ExceptionalSupply.objects.filter(batch=batch).order_by("-recorded_at").first()
    if supply is None:
        return {}
    known = {each["line"] for each in supply.lines if each["is_failing"]}
    return {line: says for line, says in found_against(batch, rows).items() if line not in known}


def _grown(
    batch: Batch, runs: Mapping[str, Runs], readings: Mapping[str, Sequence[Reading]]
) -> Iterator[tuple[str, str]]:
    for line in specification_of(batch).lines:
        members = {code for code, entry in entries_of(line).items() if entry.result_type is ResultType.GROWTH}
        set_aside = _runs_set_aside(runs.get(line.code, Runs()))
        seen = [one for one in readings.get(line.code, ()) if one.member in members and GROWTH.get(one.typed)]
        if any(one.run not in set_aside for one in seen):
            yield line.code, _("%(title)s: growth was seen.") % {"title": line.title}


def _runs_set_aside(runs: Runs) -> set[int]:
    """Give the runs of a line whose result quality assurance set aside for a cause in the laboratory."""
    closed = [(record.result.run, closure_of(record)) for record in runs.records]
    return {run for run, closure in closed if closure is not None and closure.outcome == INVALIDATED}


def _failing(batch: Batch, runs: Mapping[str, Runs]) -> Iterator[tuple[str, str]]:
    titles = {line.code: line.title for line in specification_of(batch).lines}
    for code, here in sorted(runs.items()):
        counts = here.reportable
        if counts is not None and counts.verdict == Verdict.FAILS.value:
            words = {"title": titles.get(code, code), "value": counts.reported}
            yield code, _("%(title)s: out of specification, %(value)s.") % words


def state_after_release(batch: Batch) -> BatchState.AfterRelease:
    """Give what the chip of a batch says of results after its certification."""
    found = positives_of(batch)
    if not found:
        return BatchState.AfterRelease.NONE
    covers = {line.code: line.covers for line in specification_of(batch).lines}
    sterility = any("sterility" in covers.get(code, ()) for code in found)
    return BatchState.AfterRelease.STERILITY if sterility else BatchState.AfterRelease.RESULT


def look_again(batch: Batch) -> None:
    """Say on the batch what still stands after its certification; inside the open transaction."""
    mark_after_release(batch, state_after_release(batch))


def look_after_release(batch: Batch, cause: Written, line: str, *, by: Person) -> None:
    """Say on the batch what is positive after its certification, and owe the telling; inside the open transaction."""
    certified = was_certified(batch)
    found = positives_of(batch) if certified else positives_after_supply(batch)
    look_again(batch)
    if line not in found or NotificationDue.objects.filter(batch=batch, line=line).exists():
        return
    before = (
        _("%(batch)s was certified, and then: %(what)s")
        if certified
        else _("%(batch)s was supplied out of specification, and then: %(what)s")
    )
    says = before % {"batch": batch.number, "what": found[line]}
    owe_telling(batch, line=line, says=says, cause=cause, by=by)
    kind = Alarm.Kind.REPORTED
    raise_alarm(
        kind=kind, says=says, stream=batch.stream_name(), actor=by.reference, url=release_url(batch), about=cause
    )


def owe_telling(batch: Batch, *, line: str, says: str, cause: Written, by: Person) -> None:
    """Owe the telling of one thing to each whom the profile names, in the open transaction of its cause."""
    for told in product_of(batch).profile.notifications:
        row = NotificationDue(
            batch=batch,
            line=line,
            recipient=told.code,
            title=told.title,
            says=says[:LONGEST_SAYING],
            cause_type=cause.record_type(),
            cause_id=cause.pk,
            due_at=clock.now() + timedelta(hours=told.hours),
        )
        write(row, type="notification.due", actor=by.reference)


def objections_to_positive(batch: Batch, rows: PanelRows | None = None) -> list[Objection]:
    """Object to certifying, or to bags leaving, while a positive or failing result stands after a certification."""
    return [
        Objection(
            _("After certification: %(what)s") % {"what": says},
            code="positive",
            field=line,
            url=reverse("qc:test", args=[batch.number, line]),
        )
        for line, says in positives_of(batch, rows).items()
    ]


def notifications_of(batch: Batch) -> QuerySet[NotificationDue]:
    """Give everybody to be told of a batch, with what was told."""
    return NotificationDue.objects.filter(batch=batch).select_related("done").order_by("due_at", "recipient")


def open_notifications() -> QuerySet[NotificationDue]:
    """Give whom nobody has told yet, the most urgent first."""
    return NotificationDue.objects.filter(done=None).select_related("batch").order_by("due_at", "recipient")


def _infused_at(due: NotificationDue) -> datetime | None:
    """Give when the infusion happened that is to be told; it is often told before anybody records it here."""
    if due.cause_type != ContainerFate.record_type():
        return None
    return ContainerFate.objects.values_list("happened_at", flat=True).filter(pk=due.cause_id).first()


def release_url(batch: Batch) -> str:
    """Give the address of a batch's release page."""
    return reverse("qc:release", args=[batch.number])


class TellingIntent(StrictSerializer[Intent]):
    """Who was told, when, and what was said."""

    told = TextField(label=gettext_lazy("Who was told"), max_length=120)
    happened_at = MomentField(label=gettext_lazy("When"))
    said = TextField(label=gettext_lazy("What was said"), min_length=10, max_length=2000)


@register
class RecordNotification(RowOfBatchAct[NotificationDue]):
    """Record that somebody was told of a result after certification."""

    code = "notification.done"
    title = gettext_lazy("Record a notification")
    verb = gettext_lazy("Sign that they were told")
    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I told this person what is written here.")
    asks = TellingIntent

    def rows(self) -> QuerySet[NotificationDue]:
        return NotificationDue.objects.select_related("done")

    def to_sign(self, subject: NotificationDue, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("What"), subject.says, "fail"),
                Line(_("To be told"), subject.title),
                Line(_("Due"), record_time(subject.due_at)),
                Line(_("Who was told"), intent["told"]),
                Line(_("When"), record_time(datetime.fromisoformat(intent["happened_at"]))),
                Line(_("What was said"), intent["said"]),
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: NotificationDue, intent: Intent, by: Person) -> list[Objection]:
        happened_at, infused = datetime.fromisoformat(intent["happened_at"]), _infused_at(subject)
        return [
            *when(
                NotificationDone.objects.filter(due=subject).exists(),
                _("This was told already; the record has it."),
                code="already_done",
            ),
            *when(
                infused is None and happened_at < subject.recorded_at - A_MINUTE,
                _("This is before the result was known, %(time)s.") % {"time": record_time(subject.recorded_at)},
                code="too_early",
                field="happened_at",
            ),
            *when(
                infused is not None and happened_at < infused - A_MINUTE,
                _("This is before the infusion, %(time)s.") % {"time": record_time(infused) if infused else ""},
                code="too_early",
                field="happened_at",
            ),
        ]

    def carry_out(self, subject: NotificationDue, intent: Intent, signature: Signature) -> NotificationDone:
        row = NotificationDone(
            batch=subject.batch,
            due=subject,
            told=intent["told"],
            happened_at=datetime.fromisoformat(intent["happened_at"]),
            said=intent["said"],
        )
        return sign(row, signature, type="notification.done")
