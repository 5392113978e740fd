"""Registers what keeps the tables of the record guarded."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


def after_migrations(*, using: str, **_: Any) -> None:  # Any: the signal's other arguments
    """Make the guards stand and the head row exist, however the tables of any room were just changed."""
    from ledger import guards
    from ledger.models import Head

    guards.install(connections[using])
    if Head._meta.db_table in connections[using].introspection.table_names():
        Head.objects.using(using).get_or_create(pk=1)


class LedgerConfig(AppConfig):
    name = "ledger"

    def ready(self) -> None:
        # The signal comes once for each room, after the migrations of all of them: one of these times is enough.
        post_migrate.connect(after_migrations, sender=self, dispatch_uid="ledger.after_migrations")
        from ledger import anchoring, checkpoint_checks, checks  # noqa: F401  importing them fills the lists

        checks.register()
        checkpoint_checks.register()
