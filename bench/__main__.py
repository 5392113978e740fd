"""`./dev bench`: measures on SQLite, then on PostgreSQL where there is one; it prints, and never fails for being slow.

Each measurement has a process of its own and a scratch training site that is founded for it.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path


def measured(what: str, engine: str, database: str = "") -> int:
    """Measure one thing in a process of its own and give how it ended; without an address on SQLite."""
    with tempfile.TemporaryDirectory(prefix="cellwright-bench-") as folder:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "CELLWRIGHT_MODE": "training",
            "CELLWRIGHT_DATA_DIR": str(Path(folder) / "data"),
            "CELLWRIGHT_DATABASE_URL": database,
            "CELLWRIGHT_KEY_DERIVATION_LOG2N": "1",
        }
        sys.stdout.write(f"{engine}\n")
        sys.stdout.flush()
        return subprocess.run([sys.executable, "-m", "bench", what], env=environment, check=False).returncode


def scratch_postgresql() -> str:
    """Give the address of an empty database on the server that tests use; raise NoPostgreSQLError without one."""
    import psycopg

    from tests.postgres import address

    server = address()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS cellwright_bench")
        connection.execute("CREATE DATABASE cellwright_bench")
        info = connection.info
        secret = f":{info.password}" if info.password else ""
        host = f"?host={info.host}" if info.host.startswith("/") else ""
        place = "" if host else f"{info.host}:{info.port}"
        return f"postgresql://{info.user}{secret}@{place}/cellwright_bench{host}"


def measure_here(what: str) -> int:
    """Measure one thing in this process."""
    import django

    django.setup()
    from bench.measuring import measure

    measure(what)
    return 0


def main() -> int:
    """Measure everything; 1 if a measurement could not be finished."""
    from tests.postgres import NoPostgreSQLError

    ended = [
        measured("rendering", "Documents (no database below the snapshot)"),
        measured("record_rendering", "Batch records (no database below the snapshot)"),
        measured("verifying", "Offline verifier (no database, no packages)"),
        measured("recording", "SQLite, one file, WAL, synchronous FULL"),
    ]
    try:
        database = scratch_postgresql()
    except NoPostgreSQLError as error:
        sys.stdout.write(f"PostgreSQL: not measured: {error}\n")
    else:
        ended.append(measured("recording", "PostgreSQL", database))
    return 1 if any(ended) else 0


if __name__ == "__main__":
    sys.exit(measure_here(sys.argv[1]) if len(sys.argv) > 1 else main())
