"""The schedule of the site's own checks: a job that is owed again and again, done by whichever worker comes first.

(1) A quick look every hour, the whole verification every night at two (the site's time), a checkpoint when one is due.
(2) Each is one row of the outbox, so any number of workers do it once; its `done_at` is when it was done last, and its
    `progress` what came of it.
(3) What is found becomes incidents; the check itself changes nothing.
(4) Nothing is looked at while the caller says so (a training story is being told at past times).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from ledger import clock, incidents, outbox, selfcheck
from ledger.checkpoints import owe_if_due
from ledger.models import Head, OutboxJob, Site
from ledger.writing import writing

QUICK_JOB, FULL_JOB = "check_quick", "check_full"
HOURLY = timedelta(hours=1)
NIGHT_HOUR = 2
# A worker that dies in the middle of the nightly check keeps it from the others for this long.
LONGEST_CHECK = timedelta(hours=2)
_SUBJECT = UUID("1d8b7c5e-70cf-4f8a-9d2a-2f3d7a4b9f10")
_pauses: list[Callable[[], bool]] = []
_seen: dict[str, int] = {}


def pause_while(is_told: Callable[[], bool]) -> None:
    """Look at nothing while this says so."""
    _pauses[:] = [is_told]


def watch() -> None:
    """Owe what is due: the hourly and the nightly check, and a checkpoint. Called about once a minute."""
    if not Site.objects.exists() or any(is_told() for is_told in _pauses):
        return
    now = clock.machine_now()
    _owe(QUICK_JOB, first=now, if_done_before=now - HOURLY)
    _owe(FULL_JOB, first=last_night(now) + timedelta(days=1), if_done_before=last_night(now))
    owe_if_due()


def last_night(now: datetime) -> datetime:
    """Give when the nightly check was due last."""
    here = now.astimezone(ZoneInfo(settings.SITE_TIME_ZONE))
    night = here.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return night if night <= here else night - timedelta(days=1)


def _owe(kind: str, *, first: datetime, if_done_before: datetime) -> None:
    """Owe a check for the first time, or again after it was done before a time."""
    job, _new = OutboxJob.objects.get_or_create(kind=kind, subject=_SUBJECT, defaults={"due_at": first})
    OutboxJob.objects.filter(pk=job.pk, done_at__lt=if_done_before).update(
        done_at=None, due_at=clock.machine_now(), attempts=0
    )


def last_check(kind: str) -> OutboxJob | None:
    """Give the job of a check, which says when it was done last and what came of it."""
    return OutboxJob.objects.filter(kind=kind, subject=_SUBJECT).first()


@outbox.handles(QUICK_JOB)
def look_quickly(job: OutboxJob) -> None:
    """Do the quick look from where this process looked last, and open incidents for what it finds."""
    head = Head.objects.get(pk=1)
    _finish(job, selfcheck.quick(after=_seen.get(QUICK_JOB)))
    _seen[QUICK_JOB] = head.seq


@outbox.handles(FULL_JOB)
def look_at_everything(job: OutboxJob) -> None:
    """Do the whole verification and open incidents for what it finds."""
    OutboxJob.objects.filter(pk=job.pk, done_at=None).update(claimed_until=clock.machine_now() + LONGEST_CHECK)
    _finish(job, selfcheck.full())


def _finish(job: OutboxJob, found: list[selfcheck.Found]) -> None:
    incidents.record(found)
    with writing():
        outbox.finish(job)
        OutboxJob.objects.filter(pk=job.pk).update(progress=str(len(found)))
