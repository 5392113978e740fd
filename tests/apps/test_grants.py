"""The role under which web and workers connect: it adds to the record, and the database lets it do nothing else.

SQLite has no roles, so nearly everything here runs on PostgreSQL.
"""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, models, transaction

from ledger import high_water, incidents, selfcheck
from ledger.checkpoints import issue
from ledger.guards import guarded_models
from ledger.models import Checkpoint, Entry, Head
from ledger.notes import SignedHead
from ledger.verification import verify_records
from reports.models import Document
from tests.documents_builders import with_both_documents
from tests.people import a_site


def run(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.fixture
def as_the_application(transactional_db: None) -> Iterator[str]:
    """Everything in the test is done under the application's role, which `manage.py grant` gave its rights."""
    role = f"app_of_{connection.settings_dict['NAME']}"
    quoted = connection.ops.quote_name(role)
    run(f"CREATE ROLE {quoted} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
    try:
        said = StringIO()
        call_command("grant", role, stdout=said)
        assert f"{len(guarded_models())} tables of the record" in said.getvalue()
        run(f"SET SESSION ROLE {quoted}")
        yield role
    finally:
        run("RESET ROLE")
        run(f"DROP OWNED BY {quoted}")
        run(f"DROP ROLE {quoted}")


@pytest.mark.postgresql
def test_a_whole_batch_is_made_certified_and_documented_under_the_applications_role(as_the_application):
    """Locking a row asks for the right to UPDATE it, so this also proves that no act locks a row of the record."""
    with_both_documents()

    assert Document.objects.count() == 3
    assert Entry.objects.count() == Head.objects.get().seq
    assert [str(finding) for finding in verify_records().findings] == []


@pytest.mark.postgresql
def test_the_database_refuses_the_role_every_change_of_the_record(as_the_application):
    a_site()
    for model in guarded_models():
        table = connection.ops.quote_name(model._meta.db_table)
        key = connection.ops.quote_name(model._meta.pk.column)
        for sql in (
            f"UPDATE {table} SET {key} = {key}",
            f"DELETE FROM {table}",
            f"TRUNCATE {table} CASCADE",
            f"SELECT 1 FROM {table} FOR UPDATE",
            f"ALTER TABLE {table} DISABLE TRIGGER ALL",
            f"DROP TRIGGER {model._meta.db_table}_no_change ON {table}",
            f"DROP TABLE {table} CASCADE",
        ):
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
                run(sql)


@pytest.mark.postgresql
def test_the_role_may_change_what_is_no_record(as_the_application):
    for model in unguarded_models():
        table, key = (connection.ops.quote_name(name) for name in (model._meta.db_table, model._meta.pk.column))
        run(f"UPDATE {table} SET {key} = {key} WHERE false")
        run(f"DELETE FROM {table} WHERE false")


@pytest.mark.postgresql
def test_the_role_cannot_make_itself_a_door(as_the_application):
    for sql in (
        "CREATE TABLE elsewhere (id integer)",
        "CREATE OR REPLACE FUNCTION ledger_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN END $$",
        "SET session_replication_role = replica",
        "UPDATE django_migrations SET name = name",
    ):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            run(sql)


@pytest.mark.postgresql
def test_the_sites_own_look_finds_no_right_too_many_and_may_open_incidents_and_epochs(as_the_application, settings):
    a_site()
    checkpoint = issue(Checkpoint.Why.ASKED)
    settings.TRAINING = False
    assert selfcheck.quick() == []

    high_water.note(SignedHead(checkpoint.origin, checkpoint.size + 100, bytes(32)))
    opened = incidents.record(selfcheck.quick())

    assert [incident.kind for incident in opened] == ["rollback"]
    assert Head.objects.get().epoch == 2


def unguarded_models() -> list[type[models.Model]]:
    guarded = {model._meta.db_table for model in guarded_models()}
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in guarded]


def test_roles_are_granted_on_postgresql_alone():
    with pytest.raises(CommandError, match="PostgreSQL alone"):
        call_command("grant", "anybody")
