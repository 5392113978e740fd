"""Where a test run keeps what it throws away: in memory where the machine offers enough of it, else on its disk.

The engines write as safely as at a site (journal, fsync); on a disk the tests would wait for that, and nothing more.
"""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  the scratch of one run, in a folder that mkdtemp makes for its owner alone
ENOUGH_BYTES = 2 * 1024**3


def scratch_folder(prefix: str) -> Path:
    """Give a new folder for its owner alone; whoever asks for it removes it."""
    in_memory = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH_BYTES
    return Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if in_memory else None))
