"""The product's settings on a scratch training site.

(1) Data live in a folder that is made for the process and removed with it.
(2) Keys are derived by the real function at its lowest cost.
(3) CELLWRIGHT_TEST_DATABASE chooses the engine: sqlite (a file, so that threads share it) or postgresql.
"""

import atexit
import os
import shutil

from tests.scratch import scratch_folder

_folder = scratch_folder("cellwright-test-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

for _name in [name for name in os.environ if name.startswith("CELLWRIGHT_")]:
    if not _name.startswith(("CELLWRIGHT_TEST_", "CELLWRIGHT_REQUIRE_")):
        del os.environ[_name]
os.environ["CELLWRIGHT_MODE"] = "training"
os.environ["CELLWRIGHT_DATA_DIR"] = str(_folder)
# Scrypt with N = 2, the least there is.
os.environ["CELLWRIGHT_KEY_DERIVATION_LOG2N"] = "1"

from config.databases import database_from, sqlite  # noqa: E402  the environment is set first
from config.settings import *  # noqa: E402, F403

TEST_DATABASE = os.environ.get("CELLWRIGHT_TEST_DATABASE", "sqlite")
if TEST_DATABASE == "postgresql":
    from tests.postgres import address

    _database = database_from(address(), _folder)
    # A connection that outlives its thread would keep the scratch database from being dropped.
    _database["CONN_MAX_AGE"] = 0
elif TEST_DATABASE == "sqlite":
    _database = sqlite(_folder / "cellwright.sqlite3")
    _database["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
else:
    raise ValueError("CELLWRIGHT_TEST_DATABASE must be sqlite or postgresql.")
DATABASES = {"default": _database}
