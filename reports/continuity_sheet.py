"""What a continuity record says, frozen: the steps that are left, with everything that is known of them now."""

from dataclasses import dataclass

from reports.record_snapshot import Named
from reports.snapshot import Identity, Issue, SnapshotError, needs


@dataclass(frozen=True, slots=True)
class Slot:
    """What must be at hand for a step, with room for its code."""

    title: str
    many: bool
    read: tuple[str, ...] = ()  # what was scanned already, with its time

    def __post_init__(self) -> None:
        needs(self, "title")


@dataclass(frozen=True, slots=True)
class Entry:
    """One value to write down; what was recorded already stands there."""

    title: str
    unit: str
    limit: str
    plausible: str
    choices: tuple[str, ...] = ()
    hint: str = ""
    stored: str = ""
    critical: bool = False
    required: bool = True

    def __post_init__(self) -> None:
        needs(self, "title")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity that the system has calculated, or how it is calculated by hand."""

    title: str
    value: str  # empty where it is not known yet
    limit: str
    how: str

    def __post_init__(self) -> None:
        needs(self, "title", "how")


@dataclass(frozen=True, slots=True)
class PaperStep:
    """One step that is left."""

    code: str
    title: str
    stage: str
    demands: str
    standing: str
    instruction: str
    confirms: tuple[Named, ...] = ()  # what the second person compares before the act
    is_checked: bool = False  # asks for a check before the act that is not signed yet
    is_performed: bool = False  # only the witness is missing
    is_witnessed: bool = False  # asks for a witness
    is_optional: bool = False
    slots: tuple[Slot, ...] = ()
    entries: tuple[Entry, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    makes: tuple[str, ...] = ()
    amounts: tuple[Named, ...] = ()  # of material, as planned
    clocks: tuple[str, ...] = ()  # hold times that begin or end here
    evidence: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        needs(self, "code", "title", "standing", "instruction")


@dataclass(frozen=True, slots=True)
class ContinuitySheet:
    """The whole record of what is left of a batch, as one edition or as one numbered copy of it."""

    issue: Issue
    identity: Identity
    product: str
    master: str
    position: str
    facts: tuple[Named, ...]
    steps: tuple[PaperStep, ...]
    copy: str = ""  # "2"; empty in the edition itself, which nobody works on
    kept: str = ""
    taken: str = ""

    def __post_init__(self) -> None:
        needs(self, "product", "master", "position", "steps")
        if self.copy and not (self.kept and self.taken):
            raise SnapshotError("A numbered copy says where it is kept and who took it.")
