"""How a line is entered: its boxes, what stands in them, and what may be chosen. For pages and for programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from accounts.models import Person
from qc.definitions.specification import Entry, ResultType
from qc.laboratory.judging import INVALID, NO_RESULT, NOT_TESTED
from qc.models import Reading
from qc.panel import PanelLine

Choices = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A reading as it stands in the record: what was typed, in words, by whom; superseded where it was corrected."""

    row: Reading
    words: str
    by: str

    @property
    def is_superseded(self) -> bool:
        return hasattr(self.row, "superseded_by")


@dataclass(frozen=True, slots=True)
class Box:
    """One value of a line: how it is entered and what was entered."""

    code: str
    title: str
    unit: str
    is_number: bool
    is_growth: bool
    choices: Choices
    readings: tuple[Shown, ...]
    new_id: UUID
    replicates: int = 0  # how many the method wants; 0 where no method is in force
    next_replicate: int | None = None  # the one to enter now

    @property
    def is_replicated(self) -> bool:
        return self.replicates > 1

    @property
    def in_force(self) -> tuple[Shown, ...]:
        return tuple(one for one in self.readings if not one.is_superseded)

    @property
    def takes_more(self) -> bool:
        """Another reading may be added; a growth test is read again and again, a value once a replicate."""
        if self.is_growth or not self.replicates:
            return self.is_growth or not self.in_force
        return self.next_replicate is not None


def boxes_of(found: PanelLine) -> list[Box]:
    """Give the boxes of a line with everything that was ever entered in them in the run that is worked on."""
    readings = list(
        Reading.objects.filter(batch__number=found.batch_number, line=found.code, run=found.run)
        .select_related("superseded_by", "sample__container", "from_file__imported__source__file", "from_plate")
        .order_by("recorded_at", "replicate", "pk")
    )
    names = _names(readings)
    titles = found.value_titles
    boxes = []
    for code, entry in found.entries.items():
        words = words_of(entry)
        shown = tuple(
            Shown(one, words.get(one.typed, one.typed), names.get(one.actor, one.actor))
            for one in readings
            if one.member == code
        )
        boxes.append(
            Box(
                code=code,
                title=titles.get(code, found.title),
                unit=unit_of(entry),
                is_number=entry.result_type in (ResultType.NUMBER, ResultType.COUNT),
                is_growth=entry.result_type is ResultType.GROWTH,
                choices=tuple(words.items()),
                readings=shown,
                new_id=uuid4(),
                replicates=_wanted(found, code),
                next_replicate=_next_replicate(found, code),
            )
        )
    return boxes


def _wanted(found: PanelLine, code: str) -> int:
    method = found.method_of(code)
    return method.says.replicates.wanted if method else 0


def _next_replicate(found: PanelLine, code: str) -> int | None:
    """Give the number of the replicate of a value that is entered next; None where all are there."""
    method = found.method_of(code)
    there = {one.replicate for one in found.readings if one.member == code}
    none = any(one.typed in NO_RESULT for one in found.readings if one.member == code)
    if method is None or none or found.entries[code].result_type is ResultType.GROWTH:
        return None
    stated = method.says.replicates
    further = any(working.is_beyond for working in found.workings.values())
    begun = max([stated.wanted, *(one.replicate for one in found.readings)])
    allowed = stated.allowed if further and begun == len(there) else begun
    return next((number for number in range(1, allowed + 1) if number not in there), None)


def words_of(entry: Entry) -> dict[str, str]:
    """Give what may be chosen for an entry, with its words; a number offers only the two ways of having none."""
    match entry.result_type:
        case ResultType.DETECTION:
            words = {
                "not_detected": _("Not detected"),
                "detected": _("Detected"),
                "cannot_judge": _("Cannot be judged"),
            }
        case ResultType.GROWTH:
            words = {
                "no_growth": _("No growth"),
                "growth": _("Growth"),
                "cannot_judge": _("Cannot be judged"),
                "flagged": _("Flagged by the instrument"),
            }
        case ResultType.NUMBER | ResultType.COUNT:
            words = {}
        case _:
            words = {choice: choice for choice in entry.choices}
    return words | {NOT_TESTED: _("Not tested"), INVALID: _("Invalid run")}


def unit_of(entry: Entry) -> str:
    """Write the unit of an entry with the power of ten in which it is typed."""
    if not entry.exponent:
        return entry.unit
    raised = str(entry.exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"×10{raised} {entry.unit}"


def _names(readings: Sequence[Reading]) -> dict[str, str]:
    people = Person.objects.filter(pk__in={one.actor.rpartition("/")[2] for one in readings})
    return {person.reference: person.name for person in people}
