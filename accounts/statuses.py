"""The statuses a person meets: one closed list, the same on every page, list and print.

A status is told by its shape and its word; its colour only repeats them, so a page loses nothing in greyscale.
"""

from enum import Enum


class Status(Enum):
    """The nine statuses, each with its code (also its CSS name), its shape and the word used where none is given."""

    PASS = "pass", "circle-check", "Conforms"
    FAIL = "fail", "octagon-cross", "Out of specification"
    WARN = "warn", "triangle-exclamation", "Alert"
    WAIT = "wait", "ring-clock", "Pending"
    PROGRESS = "progress", "ring-half", "In progress"
    HOLD = "hold", "square-pause", "On hold"
    CONDITIONAL = "conditional", "diamond-half", "Conditional release"
    NONE = "none", "ring-dashed", "Not started"
    ATTESTED = "attested", "page-folded", "Attested"

    def __init__(self, code: str, shape: str, word: str) -> None:
        self.code = code
        self.shape = shape
        self.word = word


def status_called(code: str) -> Status:
    """Give the status of a code; raise ValueError for a code that is none."""
    for status in Status:
        if status.code == code:
            return status
    raise ValueError(f"There is no status called {code!r}.")
