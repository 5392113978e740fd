"""Alarms: something that somebody must know at once, raised in the transaction of what it is about.

(1) An alarm is a fact; one of a kind is raised about a thing, whoever notices it again.
(2) Telling people is owed with it (accounts.alarming), so that it happens whether or not anybody looks at a screen.
(3) It is open until somebody takes it on under signature, and says what they do about it (21 CFR 11.300(d) asks it of
    misuse, EU GMP Annex 11 of every alarm that is relevant).
"""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Alarm, AlarmAcknowledged, Person, Signed
from accounts.panels import Task
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from ledger.models import Written
from ledger.outbox import owe
from ledger.writing import write

LONGEST = 1000
FIRST_LEVEL = "alarm.1"


def raise_alarm(
    *, kind: Alarm.Kind, says: str, stream: str, actor: str, url: str = "", about: Written | None = None
) -> Alarm:
    """Raise an alarm in the open transaction and owe the telling; one that stands already about a thing is given."""
    if about is not None:
        known = Alarm.objects.filter(kind=kind, about_id=about.pk).first()
        if known is not None:
            return known
    row = Alarm(
        kind=kind,
        says=says[:LONGEST],
        url=url,
        stream=stream,
        about_type=about.record_type() if about else "",
        about_id=about.pk if about else None,
    )
    write(row, type="alarm.raised", actor=actor)
    owe(FIRST_LEVEL, row.pk)
    return row


def open_alarms() -> QuerySet[Alarm]:
    """Give the alarms that nobody has taken on, the newest first."""
    return Alarm.objects.filter(acknowledged=None).order_by("-recorded_at")


def alarms_for(person: Person) -> Iterator[Task]:
    """Give the open alarms to people who may take them on: they come before everything else."""
    if Permission.ALARM_ACKNOWLEDGE not in person.permissions:
        return
    for alarm in open_alarms()[:50]:
        yield Task(
            title=alarm.get_kind_display().capitalize(),
            batch="",
            url=f"/alarms/#{alarm.pk}",
            verb=_("Look and take it on"),
            detail=alarm.says,
            due_at=alarm.recorded_at,
            at_risk=True,
            icon="bell-ring",
        )


class AcknowledgeIntent(StrictSerializer[Intent]):
    """What is done about it."""

    says = TextField(label=gettext_lazy("What is done about it"), min_length=10, max_length=LONGEST)


@register
class AcknowledgeAlarm(Act[Alarm]):
    """Take an alarm on: say what is done about it; nobody further is told."""

    code = "alarm.acknowledge"
    title = gettext_lazy("Take on an alarm")
    verb = gettext_lazy("Sign")
    permission = Permission.ALARM_ACKNOWLEDGE
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I know of this alarm and take care of it.")
    asks = AcknowledgeIntent

    def find(self, subject: UUID) -> Alarm:
        row = Alarm.objects.select_related("acknowledged").filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: Alarm) -> None:
        Alarm.objects.select_for_update(of=("self",)).filter(pk=subject.pk).first()

    def to_sign(self, subject: Alarm, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Alarm"), str(subject.get_kind_display()))],
            lines=[
                Line(_("What happened"), subject.says, "fail"),
                Line(_("Raised"), record_time(subject.recorded_at)),
                Line(_("What is done"), intent["says"]),
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: Alarm, intent: Intent, by: Person) -> list[Objection]:
        taken = getattr(subject, "acknowledged", None)
        return when(
            taken is not None,
            _("%(name)s took this alarm on already.") % {"name": taken.signer_name if taken else ""},
            code="acknowledged",
        )

    def carry_out(self, subject: Alarm, intent: Intent, signature: Signature) -> AlarmAcknowledged:
        row = AlarmAcknowledged(alarm=subject, says=intent["says"])
        return sign(row, signature, type="alarm.acknowledged")

    def done_url(self, row: Signed) -> str:
        return "/alarms/"
