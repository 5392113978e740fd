"""Telling people of an alarm: level by level, until somebody takes it on.

(1) One job a level. It tells everybody who is on call at that level, writes what came of each attempt, and owes the
    next level: after the waiting time, or at once where nobody was reached.
(2) An alarm that was taken on is told to nobody further. After the highest level the alarm stays open on every screen.
(3) A message names the kind, what happened and where to look; it carries no identity of a patient.
(4) Sending happens outside any transaction and may happen twice; what is written is written once.
"""

import json
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from accounts.models import Alarm, AlarmSent, OnCallDuty
from accounts.on_call import HIGHEST_LEVEL, on_call
from accounts.wording import record_time
from ledger import clock, outbox
from ledger.models import OutboxJob
from ledger.writing import write, writing

SECONDS_TO_ANSWER = 10
LONGEST_SAYING = 300
MACHINE = "machine"
Outcome = AlarmSent.Outcome


def told(job: OutboxJob, *, level: int) -> None:
    """Tell a level of an alarm, and owe the next one."""
    alarm = Alarm.objects.select_related("acknowledged").get(pk=job.subject)
    if hasattr(alarm, "acknowledged"):
        with writing():
            outbox.finish(job)
        return
    duties = on_call(level, at=clock.now())
    sent = [(duty, *_sent(alarm, duty)) for duty in duties]
    reached = any(outcome == Outcome.SENT for _duty, outcome, _says in sent)
    with writing():
        outbox.finish(job)
        for duty, outcome, says in sent:
            write(AlarmSent(alarm=alarm, duty=duty, level=level, outcome=outcome, says=says), **_AS_SENT)
        if not duties:
            says = _("Nobody is on call at level %(level)d.") % {"level": level}
            write(AlarmSent(alarm=alarm, level=level, outcome=Outcome.NOBODY, says=says), **_AS_SENT)
        if level < HIGHEST_LEVEL:
            wait = timedelta(minutes=settings.ALARM_ESCALATION_MINUTES) if reached else timedelta()
            outbox.owe(f"alarm.{level + 1}", alarm.pk, due_at=clock.machine_now() + wait)


_AS_SENT = {"type": "alarm.sent", "actor": MACHINE}
for _level in range(1, HIGHEST_LEVEL + 1):
    outbox.handles(f"alarm.{_level}")(partial(told, level=_level))


def _sent(alarm: Alarm, duty: OnCallDuty) -> tuple[str, str]:
    """Send one message; give what came of it. What goes wrong on the way is an outcome, not an error."""
    try:
        _CHANNELS[duty.channel](alarm, duty)
    except Exception as error:
        return Outcome.FAILED, f"{type(error).__name__}: {error}"[:LONGEST_SAYING]
    return Outcome.SENT, ""


def subject_of(alarm: Alarm) -> str:
    """Give the one line by which an alarm is recognised."""
    return f"Cellwright: {alarm.get_kind_display()}"


def words_of(alarm: Alarm) -> str:
    """Give the message: what happened, when, and where to look."""
    return "\n".join((alarm.says, record_time(alarm.recorded_at), f"{settings.ORIGIN}/alarms/#{alarm.pk}"))


def _by_email(alarm: Alarm, duty: OnCallDuty) -> None:
    EmailMessage(subject_of(alarm), words_of(alarm), settings.ALARM_MAIL_FROM, [duty.address]).send()


def _by_webhook(alarm: Alarm, duty: OnCallDuty) -> None:
    body = {"alarm": str(alarm.pk), "kind": alarm.kind, "title": subject_of(alarm), "text": words_of(alarm)}
    request = urllib.request.Request(  # noqa: S310  `on_call` stores https addresses and loopback alone
        duty.address, json.dumps(body).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    # Its address was held to https, or to this machine, when it was stored.
    with urllib.request.urlopen(request, timeout=SECONDS_TO_ANSWER):  # noqa: S310  # nosec B310
        pass


def _on_screen(alarm: Alarm, duty: OnCallDuty) -> None:
    """Send nothing: the alarm stands first in the person's work."""


_CHANNELS: dict[str, Callable[[Alarm, OnCallDuty], None]] = {
    OnCallDuty.Channel.EMAIL: _by_email,
    OnCallDuty.Channel.WEBHOOK: _by_webhook,
    OnCallDuty.Channel.SCREEN: _on_screen,
}
