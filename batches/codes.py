"""What a code names, whatever it was read for: every code of the site means one thing.

Codes of this room are compared as they stand; containers and donation numbers are custody's to read.
"""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.refusal import Objection
from batches.lots import FoundLot, lot_of
from batches.models import Area, Batch, Equipment
from chain_of_custody.identity import container_read
from chain_of_custody.models import Container

CODE = r"^[A-Za-z0-9][A-Za-z0-9./_-]{1,29}\Z"
TURN = "CODE"  # whoever gives out a code of this room waits for this turn


@dataclass(frozen=True, slots=True)
class Thing:
    """What a code names, in words for the one who read it, and the row."""

    words: str
    lot: FoundLot | None = None
    equipment: Equipment | None = None
    area: Area | None = None
    container: Container | None = None
    batch: Batch | None = None


def thing_called(code: str, *, typed: bool = False) -> Thing | None:
    """Give what a code names; None where nothing here has it."""
    if found := lot_of(code):
        return Thing(found.lot.name, lot=found)
    if equipment := Equipment.objects.filter(code=code).first():
        return Thing(equipment.name, equipment=equipment)
    if area := Area.objects.filter(code=code).first():
        return Thing(area.name, area=area)
    if container := container_read(code, typed=typed):
        return Thing(str(container.get_kind_display()), container=container)
    if batch := Batch.objects.filter(number=code.strip().upper()).first():
        return Thing(_("batch %(number)s") % {"number": batch.number}, batch=batch)
    return None


def objections_to_new_codes(codes: list[str], *, field: str = "code") -> list[Objection]:
    """Object to each code that names something already."""
    found = [(code, thing_called(code)) for code in codes]
    return [
        Objection(
            _("The code %(code)s belongs to %(thing)s already.") % {"code": code, "thing": thing.words},
            code="code_used",
            field=field,
        )
        for code, thing in found
        if thing is not None
    ]
