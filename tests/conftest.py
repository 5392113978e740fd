"""What every test may ask for, on either engine.

(1) The run on PostgreSQL holds only the tests that touch the database, without those in a browser and those marked
    `sqlite_alone` (docs/adr/0011); the run on SQLite holds all but those that are marked `postgresql`.
(2) Append-only tables can be emptied between tests here, and only here: the guards are taken away, the
    scratch database is flushed, the guards stand again.
(3) No test sees another's story time, nor what the log's signer signed for another test's ledger.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase
from hypothesis import HealthCheck

from tests import machine
from tests.signer_state import forget_what_was_signed

hypothesis.settings.register_profile("desk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.register_profile("ci", hypothesis.settings.get_profile("desk"), derandomize=True)
hypothesis.settings.load_profile("ci" if machine.everything_is_required() else "desk")

DATABASE_FIXTURES = {"db", "transactional_db", "live_server"}


def on_postgresql() -> bool:
    """Tell whether this run is the one on PostgreSQL."""
    return os.environ.get("CELLWRIGHT_TEST_DATABASE") == "postgresql"


def touches_the_database(item: pytest.Item) -> bool:
    """Tell whether a test asks for the database, by its marker, its fixtures or its class."""
    return (
        item.get_closest_marker("django_db") is not None
        or item.get_closest_marker("postgresql") is not None
        or not DATABASE_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
        or issubclass(getattr(item, "cls", None) or object, TransactionTestCase)
    )


def belongs_to_postgresql(item: pytest.Item) -> bool:
    """Tell whether a test runs on PostgreSQL, too; pages are what they are on either engine."""
    once = item.get_closest_marker("sqlite_alone") or item.get_closest_marker("browser")
    return touches_the_database(item) and once is None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave each engine the tests that belong to it."""
    if on_postgresql():
        config.hook.pytest_deselected(items=[item for item in items if not belongs_to_postgresql(item)])
        items[:] = [item for item in items if belongs_to_postgresql(item)]
        return
    for item in items:
        if item.get_closest_marker("postgresql"):
            item.add_marker(pytest.mark.skip(reason="It runs on PostgreSQL alone."))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """End a test whose marker names a part this machine lacks, before it waits for it."""
    if item.get_closest_marker("browser"):
        machine.chromium()
    if item.get_closest_marker("celery"):
        machine.redis_server()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Leave this run's one line for the closing summary of `./dev test`."""
    path = os.environ.get("CELLWRIGHT_TEST_SUMMARY")
    if not path or hasattr(config, "workerinput"):  # xdist's workers report to their controller
        return
    count = {word: len(reports) for word, reports in terminalreporter.stats.items()}
    passed, skipped = count.get("passed", 0), count.get("skipped", 0)
    failed = count.get("failed", 0) + count.get("error", 0)
    engine = "PostgreSQL" if on_postgresql() else "SQLite"
    with Path(path).open("a", encoding="utf-8") as summary:
        summary.write(f"{engine}: {passed} passed, {failed} failed, {skipped} skipped\n")


def _emptied(_case: TransactionTestCase) -> None:
    """Delete what stands in any table, with the guards of these tables away; the head row is made again."""
    from ledger import guards
    from ledger.apps import after_migrations

    with transaction.atomic(), connection.cursor() as cursor:
        quoted = {table: connection.ops.quote_name(table) for table in connection.introspection.django_table_names()}
        held = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {name})" for table, name in quoted.items()
        )
        cursor.execute(held)
        full = {table for (table,) in cursor.fetchall()}
        guards.remove(connection, of=full)
        for table in full:
            cursor.execute(f"DELETE FROM {quoted[table]}")
        connection.check_constraints()  # PostgreSQL alters no table whose deferred checks are open
        after_migrations(using=connection.alias)


TransactionTestCase._fixture_teardown = _emptied  # type: ignore[attr-defined]  # Django's own, without a stub


@pytest.fixture(autouse=True)
def the_present() -> Iterator[None]:
    """Return to the machine's time after a test that told a story."""
    from ledger import clock

    yield
    clock.end_story()


@pytest.fixture(autouse=True)
def nothing_signed_before() -> None:
    """Let no test meet the heads that the log's signer signed for another test's ledger; its first key stays."""
    forget_what_was_signed()


@pytest.fixture(scope="session")
def requires_chromium() -> Path:
    """The path of Chromium; a test without it is skipped, or fails where everything is required."""
    return machine.chromium()


@pytest.fixture(scope="session")
def requires_redis() -> Path:
    """The path of a redis-server; a test without it is skipped, or fails where everything is required."""
    return machine.redis_server()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of a Redis of this run's own, as CELLWRIGHT_BROKER_URL takes it."""
    with machine.running_redis() as address:
        yield address


@pytest.fixture
def product_environment(transactional_db: None) -> dict[str, str]:
    """The environment in which a process runs the product itself on this test's database and files."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        address = f"sqlite://{database['NAME']}"
    else:
        options = {"host": database["HOST"], "port": database["PORT"]}
        query = "&".join(f"{key}={value}" for key, value in options.items() if value)
        user = f"{database['USER']}:{database['PASSWORD']}@" if database["USER"] else ""
        address = f"postgresql://{user}/{database['NAME']}?{query}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CELLWRIGHT_TEST_")}
    return kept | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "CELLWRIGHT_MODE": settings.MODE,
        "CELLWRIGHT_ORIGIN": settings.ORIGIN,
        "CELLWRIGHT_DATA_DIR": str(settings.DATA_DIR),
        "CELLWRIGHT_PEPPER_FILE": str(settings.PEPPER_FILE),
        "CELLWRIGHT_DATABASE_URL": address,
        "CELLWRIGHT_KEY_DERIVATION_LOG2N": str(settings.KEY_DERIVATION_LOG2N),
    }
