"""What was seen of one line of a specification, before anything is thought of it.

Nothing seen yet is None. A group of lines is seen as a mapping from the codes of its members.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from qc.values.quantities import Quantity

NO_RESULT_WORDS = frozenset({"", "nd", "na", "n/a", "n.d.", "n.a.", "not available", "not tested", "not done"})


class WrongKindError(TypeError):
    """What was seen is of another kind than the criterion judges, such as text where a number belongs."""


@dataclass(frozen=True, slots=True)
class Numeric:
    """A number, exact or as a bound."""

    quantity: Quantity


@dataclass(frozen=True, slots=True)
class Category:
    """One word of a coded list."""

    word: str

    def __post_init__(self) -> None:
        if self.word.strip().lower() in NO_RESULT_WORDS:
            raise WrongKindError(f"“{self.word}” is no result. Record it as not tested, with the reason.")


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth, no growth, or None where a bottle cannot be judged, after so many full days; and what it waits for."""

    grown: bool | None
    full_days: int
    waits_for: str = ""


@dataclass(frozen=True, slots=True)
class Detection:
    """Detected, not detected, or None where the run gave no answer."""

    detected: bool | None


@dataclass(frozen=True, slots=True)
class NotTested:
    """No test was made, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """A test was made and doesn't count, and why."""

    reason: str


Single = Numeric | Category | Growth | Detection | NotTested | Invalid | None
Seen = Single | Mapping[str, "Seen"]


def in_words(seen: Single) -> str:
    """What was seen, as a certificate prints it."""
    match seen:
        case Numeric(quantity):
            return quantity.show()
        case Category(word):
            return word
        case Growth(grown, full_days, _waits):
            outcome = {True: "Growth by", False: "No growth to", None: "Cannot be judged on"}[grown]
            return f"{outcome} day {full_days}"
        case Detection(detected):
            return {True: "Detected", False: "Not detected", None: "Cannot be judged"}[detected]
        case NotTested(reason):
            return f"Not tested: {reason}"
        case Invalid(reason):
            return f"Invalid: {reason}"
        case None:
            return "Pending"
