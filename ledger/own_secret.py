"""Secrets that an installation makes for itself; no framework."""

import os
import secrets
from pathlib import Path


def own_secret(path: Path) -> str:
    """Give the secret kept in a file, made on first use with mode 0600."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32))
        file.flush()
        os.fsync(file.fileno())
    return path.read_text(encoding="ascii").strip()
