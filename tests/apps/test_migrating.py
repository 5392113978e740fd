"""A site that an earlier version wrote, migrated: nothing written is touched, and it can be proved from then on.

`tests/vectors/site-before-checkpoints.json.xz` holds the rows and files of a site with one certified batch, as the
first version that kept records wrote them.
"""

import base64
import json
import lzma
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import BinaryField

from accounts.models import Person
from accounts.roles import Role
from batches.models import Batch
from config.fresh_database import make_at_once
from ledger import files, guards
from ledger.models import Entry, Head, LogKey
from ledger.verification import verify_records
from tests.copies_builders import a_package, verified

ROOMS = ("ledger", "accounts", "chain_of_custody", "batches", "qc", "reports")
FIRST = [(room, "0001_initial") for room in ROOMS]
# Everything that PostgreSQL holds its tables to, in its own words.
POSTGRESQL = (
    "SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default, is_identity"
    " FROM information_schema.columns WHERE table_schema = 'public'",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE connamespace = 'public'::regnamespace",
    "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
)
VECTOR = Path(__file__).parent.parent / "vectors" / "site-before-checkpoints.json.xz"


@pytest.fixture
def old_site(transactional_db):
    """The rows and files of the old site, in tables as the first version made them, and the schema of a new site."""
    at_once = schema()
    stored = json.loads(lzma.decompress(VECTOR.read_bytes()))
    without_any_table()
    assert make_at_once(connection, FIRST)
    executor = MigrationExecutor(connection)
    old = executor.loader.project_state(FIRST).apps
    with connection.constraint_checks_disabled():
        old.get_model("ledger.Head").objects.all().delete()
        for row in stored["rows"]:
            model = old.get_model(row["model"])
            values = {model._meta.pk.attname: row["pk"]} | {
                model._meta.get_field(name).attname: value for name, value in row["fields"].items()
            }
            model(**{name: _read(model, name, value) for name, value in values.items()}).save(force_insert=True)
        _go_on_counting({old.get_model(row["model"]) for row in stored["rows"]})
    for sha256, content in stored["files"].items():
        assert files.put(base64.b64decode(content)) == sha256
    yield stored["rows"], at_once
    call_command("migrate", verbosity=0)


def without_any_table():
    """Leave the database as it was before the first migration; to go back through all of them takes minutes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
            return
        with connection.constraint_checks_disabled():
            for table in connection.introspection.table_names():
                cursor.execute(f"DROP TABLE {connection.ops.quote_name(table)}")


def schema():
    """Everything that the database holds its tables to: columns, keys, constraints, indexes, guards."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            found = set()
            for sql in POSTGRESQL:
                cursor.execute(sql)
                found |= set(cursor.fetchall())
            return found | set(guards.standing(connection).items())
        cursor.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
        # A column that came later stands behind the others in SQLite's text of a table.
        return {(kind, name, table, frozenset(_clauses(sql))) for kind, name, table, sql in cursor.fetchall()}


def _clauses(sql):
    """The parts of SQLite's text of a table between its outer commas."""
    depth, clause, found = 0, "", []
    for character in sql[sql.index("(") + 1 : sql.rindex(")")] if "(" in sql else sql:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            found.append(clause.strip())
            clause = ""
        else:
            clause += character
    return [*found, clause.strip()]


def _go_on_counting(models):
    """Let PostgreSQL number further rows after the ones that were put in with their numbers."""
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(sql)


def _read(model, name, value):
    field = next(one for one in model._meta.concrete_fields if one.attname == name)
    if isinstance(field, BinaryField):
        return base64.b64decode(value)
    return (field.target_field if field.is_relation else field).to_python(value)


def test_what_an_earlier_version_wrote_is_untouched_by_the_migration_and_can_be_proved_from_then_on(old_site):
    rows, at_once = old_site
    before = {row["pk"]: row["fields"]["bytes"] for row in rows if row["model"] == "ledger.entry"}

    call_command("migrate", verbosity=0)

    after = {entry.seq: base64.b64encode(bytes(entry.bytes)).decode() for entry in Entry.objects.all()}
    assert after == before
    assert Head.objects.get().seq == len(before)
    assert guards.missing(connection) == []
    # A new site has its tables made at once; every step of the chain comes to the same.
    assert schema() == at_once
    # The vector holds no wrapped keys: they are no part of the record.
    assert [one for one in verify_records().findings if "wrapped key" not in one.says] == []

    people = Person.objects.select_related("state")
    qa = next(one for one in people if Role.QA in one.state.roles)
    package = a_package(Batch.objects.get(), by=qa)

    assert verified(package, "--key", LogKey.objects.get().key_id).returncode == 2
