"""What the owner of the database can do: take the guards away, change what is written, put them back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from ledger import guards


@contextmanager
def guards_away() -> Iterator[None]:
    """No guard stands inside; they stand again afterwards, over whatever was changed."""
    _settled()
    guards.remove(connection)
    try:
        with without_foreign_keys():
            yield
    finally:
        _settled()
        guards.install(connection)


def _settled() -> None:
    """Run deferred checks now: PostgreSQL alters no table while some are open."""
    if connection.in_atomic_block:
        connection.check_constraints()


@contextmanager
def without_foreign_keys() -> Iterator[None]:
    """An owner is not held by references either."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = 'replica'")
        else:
            cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET session_replication_role = 'origin'")
            else:
                cursor.execute("PRAGMA foreign_keys = ON")


def as_owner(*statements: str | tuple[str, list[Any]]) -> None:
    """Run statements as the owner of the database does, with the guards away."""
    with guards_away(), transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            sql, values = (statement, None) if isinstance(statement, str) else statement
            cursor.execute(sql, values)
