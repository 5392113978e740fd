"""Gives the application's database role what it needs, and no more (PostgreSQL).

The owner role runs migrations and this command. The application's role may read and insert everywhere, and change or
delete only in tables that are caches, configuration or queues. It owns nothing, so it cannot drop a guard.
"""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from ledger.guards import guarded_models


class Command(BaseCommand):
    help = "Grant the application's database role its rights: no UPDATE or DELETE on tables of the record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="the role under which web and workers connect")

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
        self.stdout.write(f"{len(protected)} tables of the record take inserts alone from {options['role']}.")
