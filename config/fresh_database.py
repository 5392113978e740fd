"""The tables of a database that has none yet, made at once from what all migrations come to.

Django renders every model anew for each table that a migration adds, so the whole chain takes minutes on an empty
database and nothing of it is kept. Here the chain is followed in memory, its last state is made, and each migration is
recorded as applied. What it makes is what the chain makes; tests/apps/test_migrating.py compares both on either engine.
"""

from collections.abc import Sequence

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations import RunPython, RunSQL, SeparateDatabaseAndState

# What a migration may do beside changing the state of the models: its effect is not seen in the last state.
MORE_THAN_STATE = (RunPython, RunSQL, SeparateDatabaseAndState)


def make_at_once(connection: BaseDatabaseWrapper, upto: Sequence[tuple[str, str]] | None = None) -> bool:
    """Make every table in one transaction and tell whether it did; a database with any table is left as it is.

    `upto` names the migrations that come last, by room and name; the newest of each room where it is left out. A chain
    with a step that is more than a change of models is left to Django too.
    """
    if connection.introspection.table_names():
        return False
    executor = MigrationExecutor(connection)
    last = list(upto or executor.loader.graph.leaf_nodes())
    plan = [migration for migration, _backwards in executor.migration_plan(last)]
    if any(_does_more(migration) for migration in plan):
        return False
    models = executor.loader.project_state(last).apps.get_models(include_auto_created=False)
    with connection.schema_editor(atomic=True) as editor:
        for model in models:
            if model._meta.managed and not model._meta.proxy:
                editor.create_model(model)
        executor.recorder.ensure_schema()
        for migration in plan:
            executor.recorder.record_applied(migration.app_label, migration.name)
    return True


def _does_more(migration: Migration) -> bool:
    return any(isinstance(operation, MORE_THAN_STATE) for operation in migration.operations)
