"""Real processes of the product for journeys: workers that may be told where to die."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
KILLED = 137
PATIENCE_SECONDS = 40


def manage(*arguments: str, environment: dict[str, str], dies_at: str = "") -> "subprocess.CompletedProcess[str]":
    """A command of the product, run to its end; it dies at the named place if there is one."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment | {"CELLWRIGHT_TEST_FAILPOINT": dies_at},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS * 2,
        check=False,
    )


@contextlib.contextmanager
def celery(
    role: str, *options: str, environment: dict[str, str], log: Path, dies_at: str = ""
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the Celery application, stopped with everything it started when the block ends."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", role, "--loglevel", "WARNING", *options],
            cwd=ROOT,
            env=environment | {"CELLWRIGHT_TEST_FAILPOINT": dies_at},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=10)


def soon(happened: Callable[[], bool], what: str, log: Path | None = None) -> None:
    """Wait until something has happened; say what did not, with the end of a log."""
    patience = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        if time.monotonic() > patience:
            end = log.read_text(encoding="utf-8", errors="replace")[-3000:] if log else ""
            raise AssertionError(f"Not within {PATIENCE_SECONDS} seconds: {what}\n{end}")
        time.sleep(0.1)
