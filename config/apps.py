"""Tells the outbox how workers are woken, where a broker is configured."""

import logging
from uuid import UUID

from django.apps import AppConfig
from django.conf import settings

logger = logging.getLogger(__name__)


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        from config import batch_page
        from config.story import waiting
        from ledger import watching

        batch_page.register()
        watching.pause_while(waiting.is_told)
        if settings.BROKER_URL:
            from ledger import outbox

            outbox.wake_by(wake_a_worker)


def wake_a_worker(job_id: UUID) -> None:
    """Send a message about a job; a broker that is away costs only time, because the sweeper finds the row."""
    from config.celery import deliver

    try:
        deliver.delay(str(job_id))
    except Exception:  # whatever the broker's client raises, the act is committed and must be answered as done
        logger.warning("The broker did not take job %s; the sweeper will find it.", job_id)
