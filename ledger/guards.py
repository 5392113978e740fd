"""The database refuses to change or delete what is written, on both engines.

(1) UPDATE, DELETE and (PostgreSQL) TRUNCATE raise; on SQLite a second INSERT of the same key raises too, because
    INSERT OR REPLACE fires no delete trigger.
(2) Guards are installed again after every migration: SQLite drops a table's triggers when it rebuilds the table.
(3) Two doors are open for erasure alone: a row that an `Erasure` names in a table that says `erasable = True`, and
    the payload of such a row's entry. Nothing can be updated even then, and no erasure opens any other row.
(4) `missing()` names every guard that should stand and does not; verification and the start check ask it.

All SQL that differs between the engines stands here.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from ledger.models import Entry, Envelope, Erasure, Payload, Written

# What a guard's function does on PostgreSQL.
_REFUSES = " RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"

ALSO_APPEND_ONLY: list[type[models.Model]] = [Entry, Payload, Envelope]


@dataclass(frozen=True, slots=True)
class Guard:
    """One trigger: its name, its table, and the SQL that makes it."""

    name: str
    table: str
    sql: str
    told: str  # what the database must tell of it


def append_only(model: type[models.Model]) -> type[models.Model]:
    """Put a table that is no `Written` (a log) under the same guards."""
    ALSO_APPEND_ONLY.append(model)
    return model


def guarded_models() -> list[type[models.Model]]:
    """Give every model whose rows never change."""
    written: list[type[models.Model]] = [model for model in apps.get_models() if issubclass(model, Written)]
    return written + ALSO_APPEND_ONLY


def _open_door(model: type[models.Model]) -> str:
    """Give the SQL condition under which a row may be deleted after all; empty where it never may."""
    erasures, entries = Erasure._meta.db_table, Entry._meta.db_table
    if model is Payload:
        erasable = ", ".join(f"'{one.record_type()}'" for one in erasable_models()) or "NULL"
        return (
            f"EXISTS (SELECT 1 FROM {erasures} e JOIN {entries} n ON n.seq = e.seq"  # noqa: S608  names are ours
            f" WHERE e.seq = OLD.entry_id AND n.rec_type IN ({erasable}))"
        )
    if issubclass(model, Written) and model in erasable_models():
        return (
            f"EXISTS (SELECT 1 FROM {erasures} e WHERE e.record_id_erased = OLD.id"  # noqa: S608  as above
            f" AND e.record_type_erased = '{model.record_type()}')"
        )
    return ""


@cache
def erasable_models() -> tuple[type[Written], ...]:
    """Give the tables whose rows can be erased through the door; read once, as the tables do not change meanwhile."""
    return tuple(
        model for model in apps.get_models() if issubclass(model, Written) and getattr(model, "erasable", False)
    )


def _sqlite(model: type[models.Model]) -> Iterator[Guard]:
    table = model._meta.db_table
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    keys = [[field.column] for field in model._meta.concrete_fields if field.unique]
    keys += [[columns[name] for name in one.fields] for one in model._meta.total_unique_constraints]
    taken = " OR ".join("(" + " AND ".join(f'"{column}" = NEW."{column}"' for column in key) + ")" for key in keys)
    refuse = f"SELECT RAISE(ABORT, '{table} is append-only')"
    door = _open_door(model)
    unless = f" WHEN NOT {door}" if door else ""
    for name, clause in (
        ("no_update", f"BEFORE UPDATE ON {table}"),
        ("no_delete", f"BEFORE DELETE ON {table}{unless}"),
        ("no_replace", f"BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken})"),  # noqa: S608
    ):
        sql = f"CREATE TRIGGER {table}_{name} {clause} BEGIN {refuse}; END"
        yield Guard(f"{table}_{name}", table, sql, sql)


def _postgresql(model: type[models.Model]) -> Iterator[Guard]:
    table = model._meta.db_table
    door = _open_door(model)
    body = (f"IF TG_OP = 'DELETE' THEN IF {door} THEN RETURN OLD; END IF; END IF;" if door else "") + _REFUSES
    function = f"{table}_refuse"
    yield Guard(
        f"{table}_no_change",
        table,
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$;"
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {function}();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_change",
        f"$function$ BEGIN {body} END $function$",
    )
    yield Guard(
        f"{table}_no_truncate",
        table,
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_truncate();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate",
        f"$function$ BEGIN{_REFUSES} END $function$",
    )


REFUSE_TRUNCATE = (
    f"CREATE OR REPLACE FUNCTION ledger_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN{_REFUSES} END $$"
)


def guards(connection: BaseDatabaseWrapper) -> list[Guard]:
    """Give every guard that should stand in this database, for the tables that exist."""
    tables = set(connection.introspection.table_names())
    make = _postgresql if connection.vendor == "postgresql" else _sqlite
    return [guard for model in guarded_models() if model._meta.db_table in tables for guard in make(model)]


def standing(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Give the definition, as the database tells it, of each trigger that stands and is switched on."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname, pg_get_triggerdef(t.oid) || ' ' || pg_get_functiondef(t.tgfoid) FROM pg_trigger t"
                " WHERE NOT t.tgisinternal AND t.tgenabled = 'A'"
            )
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Name every guard that does not stand as it should, sorted; nothing missing gives an empty list."""
    found = standing(connection)
    lost = []
    for guard in guards(connection):
        told = found.get(guard.name)
        if told is None or (told != guard.told if connection.vendor == "sqlite" else guard.told not in told):
            lost.append(guard.name)
    return sorted(lost)


def install(connection: BaseDatabaseWrapper) -> None:
    """Make every guard stand; what already stands as it should is left alone."""
    absent = set(missing(connection))
    if not absent:
        return
    found = standing(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(REFUSE_TRUNCATE, None)
        for guard in guards(connection):
            if guard.name in absent:
                if guard.name in found or connection.vendor == "postgresql":
                    cursor.execute(_drop(connection, guard), None)
                cursor.execute(guard.sql, None)


def remove(connection: BaseDatabaseWrapper, *, of: Collection[str] | None = None) -> None:
    """Take the guards of these tables away, or all of them. Only the tests' own cleaning of a scratch database does."""
    with connection.cursor() as cursor:
        for guard in guards(connection):
            if of is None or guard.table in of:
                cursor.execute(_drop(connection, guard), None)


def _drop(connection: BaseDatabaseWrapper, guard: Guard) -> str:
    if connection.vendor == "postgresql":
        return f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}"
    return f"DROP TRIGGER IF EXISTS {guard.name}"
