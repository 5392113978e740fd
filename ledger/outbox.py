"""Slow work: owed inside an action, delivered afterwards, at least once.

(1) `owe()` writes a row in the action's transaction; that row is the job. A message only wakes a worker.
(2) A worker claims a job by a conditional UPDATE of its lease, works outside any transaction, and finishes in one
    that writes what it made and marks the job done. A lease that runs out frees the job for another worker.
(3) A handler may run twice; `finish()` refuses the second.
(4) A job may name the kind of job that is owed on the same subject once it is done: a certificate after the checkpoint
    that it prints.
"""

import logging
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from ledger import clock
from ledger.failpoints import failpoint
from ledger.models import OutboxJob
from ledger.writing import NotWritingError, is_writing

LONGEST_WAIT = timedelta(hours=1)

Handler = Callable[[OutboxJob], None]
_handlers: dict[str, Handler] = {}
_wake: list[Callable[[UUID], None]] = []
logger = logging.getLogger(__name__)


class AlreadyDoneError(RuntimeError):
    """Another worker finished this job first; what this one made is thrown away."""


class NotYetError(RuntimeError):
    """What a job builds on is not there yet; nothing is wrong, and the job is tried again soon, or `until` then."""

    def __init__(self, *says: str, until: datetime | None = None) -> None:
        super().__init__(*says)
        self.until = until


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that does jobs of a kind."""

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def wake_by(wake: Callable[[UUID], None]) -> None:
    """Set how a waiting worker is told of a new job (a message through the broker)."""
    _wake[:] = [wake]


def wake_nobody() -> None:
    """Send no messages; the sweeper alone finds what is due."""
    _wake.clear()


def owe(kind: str, subject: UUID, *, due_at: datetime | None = None, then: str = "") -> OutboxJob:
    """Owe a job in the open transaction, and `then` another on the same subject; owing it again changes nothing."""
    if not is_writing():
        raise NotWritingError("owe() belongs inside `with ledger.writing():`.")
    job, new = OutboxJob.objects.get_or_create(
        kind=kind, subject=subject, defaults={"due_at": due_at or clock.machine_now(), "then": then}
    )
    if new and _wake:
        transaction.on_commit(lambda: _tell(job.id), robust=True)
    return job


def _tell(job_id: UUID) -> None:
    for wake in _wake:
        wake(job_id)


def claim(job_id: UUID) -> OutboxJob | None:
    """Take a job for the length of a lease; None when it is done, not due or another's."""
    moment = clock.machine_now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=moment)
    taken = OutboxJob.objects.filter(free, pk=job_id, done_at=None, due_at__lte=moment).update(
        claimed_until=moment + timedelta(seconds=settings.JOB_LEASE_SECONDS), attempts=F("attempts") + 1
    )
    return OutboxJob.objects.get(pk=job_id) if taken else None


def finish(job: OutboxJob) -> None:
    """Mark a job done in the transaction that writes what it made; raise if another worker was first."""
    if not is_writing():
        raise NotWritingError("A job is finished inside `with ledger.writing():`.")
    done = OutboxJob.objects.filter(pk=job.pk, done_at=None).update(done_at=clock.machine_now(), claimed_until=None)
    if not done:
        raise AlreadyDoneError(f"{job.kind} {job.subject}")
    if job.then:
        owe(job.then, job.subject)


def tell_progress(job: OutboxJob, words: str) -> None:
    """Say how far a long job has come, for those who wait for it; it keeps the job for another lease."""
    until = clock.machine_now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)
    OutboxJob.objects.filter(pk=job.pk, done_at=None).update(progress=words[:120], claimed_until=until)


def deliver(job_id: UUID) -> bool:
    """Do one job if it can be claimed; True when it was done here. A failure is kept with the job and tried later."""
    job = claim(job_id)
    if job is None:
        return False
    failpoint("outbox claimed")
    try:
        _handlers[job.kind](job)
    except AlreadyDoneError:
        return False
    except Exception as error:
        if not isinstance(error, NotYetError):
            logger.exception("Job %s of %s failed", job.kind, job.subject)
        soon = clock.machine_now() + wait_after(job.attempts)
        until = error.until if isinstance(error, NotYetError) else None
        later = max(soon, until) if until else soon
        OutboxJob.objects.filter(pk=job.pk, done_at=None).update(
            claimed_until=None, due_at=later, last_error=traceback.format_exc()[-4000:]
        )
        return False
    return True


def wait_after(attempts: int) -> timedelta:
    """Give how long a job that failed so many times waits: 2, 4, 8 … seconds, at most an hour."""
    return min(timedelta(seconds=2 ** min(attempts, 12)), LONGEST_WAIT)


def due() -> list[UUID]:
    """Give the jobs that can be claimed now, the oldest first."""
    moment = clock.machine_now()
    free = Q(claimed_until=None) | Q(claimed_until__lt=moment)
    jobs = OutboxJob.objects.filter(free, done_at=None, due_at__lte=moment).order_by("due_at", "owed_at")
    return list(jobs.values_list("pk", flat=True)[:100])


def sweep() -> int:
    """Deliver everything that is due; give how many jobs were done."""
    return sum(deliver(job_id) for job_id in due())


def deliver_all() -> None:
    """Deliver what is due, and what is owed when that is done."""
    while sweep():
        pass
