"""The worker application of a site with a broker: messages wake workers, the outbox rows are the jobs.

Losing the broker loses nothing: the sweeper finds what is due. A message may come twice or to several workers; the
lease on the row decides who works.
"""

import os
from uuid import UUID

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django
from django.conf import settings

django.setup()

from config.starting import refuse_unsafe_start
from ledger import outbox, watching

app = Celery("cellwright")
worker_init.connect(lambda **_: refuse_unsafe_start(), weak=False)
app.conf.update(
    broker_url=settings.BROKER_URL or None,
    broker_connection_retry_on_startup=True,
    # A web request hardly waits for a broker that is away: the sweeper will find the row.
    broker_connection_timeout=1,
    broker_transport_options={
        "socket_timeout": 2,
        "socket_connect_timeout": 1,
        "visibility_timeout": 600,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0,
    },
    task_publish_retry=False,
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    timezone="UTC",
    beat_schedule={
        "sweep": {"task": "cellwright.sweep", "schedule": float(min(10, settings.JOB_LEASE_SECONDS))},
        "watch": {"task": "cellwright.watch", "schedule": 60.0},
    },
)


@app.task(name="cellwright.deliver")
def deliver(job_id: str) -> None:
    """Do one owed job, unless it is done or another worker has it."""
    outbox.deliver(UUID(job_id))


@app.task(name="cellwright.sweep")
def sweep() -> None:
    """Send a message for every job that is due, so that any number of workers share them."""
    for job_id in outbox.due():
        deliver.delay(str(job_id))


@app.task(name="cellwright.watch")
def watch() -> None:
    """Owe the site's own checks and checkpoints where they are due."""
    watching.watch()
