"""Django's own command; the tables of an empty database are made at once."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections

from config.fresh_database import make_at_once

# Who asks for any of these wants something else than a database that is up to date.
ASKS_MORE = ("app_label", "migration_name", "fake", "fake_initial", "plan", "check_unapplied", "prune")


class Command(Migrate):
    """Bring the database up to date."""

    def handle(self, *args: Any, **options: Any) -> None:  # Any: as Django's command takes them
        if not any(options.get(name) for name in ASKS_MORE):
            made = make_at_once(connections[options["database"]])
            if made and options["verbosity"] >= 1:
                self.stdout.write("Made every table at once.")
        super().handle(*args, **options)
