"""What the two-dimensional code on one of our labels says: ISBT 128 structures, then the label's own serial.

(1) Each structure keeps its two-character data identifier; a bar parts them, because every keyboard scanner sends it
    and no structure holds one. It is a plain list of structures: no compound-message header is claimed.
(2) The serial stands last: the code of the container, a slash, and what tells this label from every other one.
"""

import re
from collections.abc import Sequence

PART = "|"
_SERIAL = re.compile(r"[A-Z0-9][A-Z0-9.-]{1,29}/[0-9]{2}-[0-9]{4,6}(?:S[0-9])?")


def composed(structures: Sequence[str], serial: str) -> str:
    """Give the text that a label's code holds."""
    return PART.join([*structures, serial])


def structures_in(message: str) -> list[str]:
    """Give the ISBT 128 structures of a label's code."""
    return message.split(PART)[:-1]


def serial_in(code: str) -> str | None:
    """Give the serial that a label's code, or somebody who typed it, names; None where it names none."""
    last = code.strip().rsplit(PART, 1)[-1].strip().upper()
    return last if last.isascii() and _SERIAL.fullmatch(last) else None


def container_in(serial: str) -> str:
    """Give the code of the container that a serial was printed for."""
    return serial.split("/", 1)[0]
