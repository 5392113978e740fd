"""The offline verifier on a record of 10,000 entries with 1,400 signatures: with nothing but Python, on all cores."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.package_builders import VERIFIER, a_site

ENTRIES, SIGNATURES = 10_000, 1_400


def verifying() -> None:
    """Measure a whole run of the verifier, from its start to its verdict, on all cores and on one."""
    site = a_site(entries=ENTRIES, signed=SIGNATURES)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "package.zip"
        path.write_bytes(site.package())
        megabytes = path.stat().st_size / 1e6
        for cores in (os.cpu_count() or 1, 1):
            began = time.perf_counter()
            command = [sys.executable, "-I", "-S", str(VERIFIER), str(path), "--jobs", str(cores)]
            done = subprocess.run([*command, "--key", site.log_key.id], capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - began
            if done.returncode != 2:
                raise RuntimeError(done.stdout + done.stderr)
            sys.stdout.write(
                f"  record package of {site.size:,} entries, {SIGNATURES:,} signatures, {megabytes:.1f} MB verified"
                f" {seconds:8.2f} s   (processes: {cores})\n"
            )
