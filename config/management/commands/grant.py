"""Gives the application's database role what it needs, and no more (PostgreSQL).

The owner role runs migrations and this command. The application's role may read and insert everywhere, and change or
delete only in tables that are caches, configuration or queues. It owns nothing, so it cannot drop a guard.

The eraser's role (`--eraser`) may read and delete payloads and identity records, and read what tells the guards which
of them an approved erasure names; the guards keep every other row. It writes nothing.
"""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.backends.utils import CursorWrapper

from ledger.guards import erasable_models, guarded_models
from ledger.models import Entry, Erasure, Payload


class Command(BaseCommand):
    help = "Grant the application's database role its rights: no UPDATE or DELETE on tables of the record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="the role under which web and workers connect")
        parser.add_argument("--eraser", default="", help="the role under which approved erasures are carried out")

    def handle(self, *args: Any, **options: Any) -> None:  # Any: the command's options
        if connection.vendor != "postgresql":
            raise CommandError("Roles exist on PostgreSQL alone.")
        protected = {model._meta.db_table for model in guarded_models()}
        every = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
        with connection.cursor() as cursor:
            quote = connection.ops.quote_name
            role = quote(options["role"])
            cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
            for table in sorted(every):
                rights = "SELECT, INSERT" if table in protected else "SELECT, INSERT, UPDATE, DELETE"
                cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {role}")
                cursor.execute(f"GRANT {rights} ON {quote(table)} TO {role}")
            cursor.execute(f"GRANT SELECT ON django_migrations TO {role}")
            cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
            if options["eraser"]:
                _grant_eraser(cursor, options["eraser"], every)
        self.stdout.write(f"{len(protected)} tables of the record take inserts alone from {options['role']}.")


def _grant_eraser(cursor: CursorWrapper, name: str, every: set[str]) -> None:
    """Let a role read and delete what can be erased, and nothing more."""
    quote = connection.ops.quote_name
    role = quote(name)
    erased = {Payload._meta.db_table, *(model._meta.db_table for model in erasable_models())}
    read = {Erasure._meta.db_table, Entry._meta.db_table}
    cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table in sorted(every):
        cursor.execute(f"REVOKE ALL ON {quote(table)} FROM {role}")
    for table in sorted(erased):
        cursor.execute(f"GRANT SELECT, DELETE ON {quote(table)} TO {role}")
    for table in sorted(read):
        cursor.execute(f"GRANT SELECT ON {quote(table)} TO {role}")
