"""The high-water file: every head that was signed, one line each, on another path than the database.

A database that was put back to an older state is behind it. The file only grows; it is no part of the database's
backup and belongs on another volume.
"""

import json
from pathlib import Path

from django.conf import settings

from ledger.log_key import SignerRefused, append_durably, head_of_line, line_of
from ledger.notes import SignedHead


def path() -> Path:
    """Give the place of the file."""
    return Path(settings.HIGH_WATER_FILE)


def note(head: SignedHead) -> None:
    """Write a head down; it is on the disk afterwards."""
    path().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    append_durably(path(), line_of(head))


def newest() -> SignedHead | None:
    """Give the head that was written down last."""
    return next(reversed(heads()), None)


def heads() -> list[SignedHead]:
    """Give every head that was written down, in that order; lines that cannot be read are passed over."""
    try:
        lines = path().read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return []
    heads: list[SignedHead] = []
    for line in lines:
        try:
            heads.append(head_of_line(json.loads(line)))
        except (ValueError, TypeError, SignerRefused):
            continue
    return heads
