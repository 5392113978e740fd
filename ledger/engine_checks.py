"""What the database itself must give: writes that survive power loss, and a role that only adds to the record.

All SQL here is of one engine each; each function gives sentences, none when nothing is wrong.
"""

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper

from ledger.guards import guarded_models

# What PostgreSQL calls settings under which an acknowledged commit may be lost or half written.
UNSAFE_POSTGRESQL = {"fsync": {"off"}, "full_page_writes": {"off"}, "synchronous_commit": {"off"}}
SAFE_SQLITE = {"journal_mode": "wal", "synchronous": "2", "recursive_triggers": "1", "foreign_keys": "1"}


def durability(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Say which settings of the database would let an acknowledged commit be lost."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name, unsafe in UNSAFE_POSTGRESQL.items():
                cursor.execute(f"SHOW {name}")
                value = str(cursor.fetchone()[0])
                if value in unsafe:
                    yield f"PostgreSQL runs with {name} = {value}: what was acknowledged may be lost."
            return
        for name, wanted in SAFE_SQLITE.items():
            cursor.execute(f"PRAGMA {name}")
            value = str(cursor.fetchone()[0])
            if value != wanted:
                yield f"SQLite runs with {name} = {value} instead of {wanted}."


def rights(connection: BaseDatabaseWrapper) -> Iterator[str]:
    """Say by which rights this process could change the record; SQLite has no roles, so nothing is said of it."""
    if connection.vendor != "postgresql":
        return
    tables = sorted(model._meta.db_table for model in guarded_models())
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone()[0]:
            yield "The application connects to the database as a superuser."
            return
        for words, condition in (
            ("owns", "pg_has_role(current_user, c.relowner, 'MEMBER')"),
            ("may change, delete or empty", "has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')"),
        ):
            cursor.execute(
                "SELECT c.relname FROM pg_class c WHERE c.relname = ANY(%s) AND c.relkind = 'r'"  # noqa: S608  ours
                f" AND pg_table_is_visible(c.oid) AND {condition} ORDER BY 1",
                [tables],
            )
            if found := [str(name) for (name,) in cursor.fetchall()]:
                others = f" and {len(found) - 1} other tables" if len(found) > 1 else ""
                yield f"The application's database role {words} {found[0]}{others} of the record."
