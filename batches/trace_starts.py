"""What a code means as the beginning of a forward trace."""

from accounts.models import Person
from batches.lots import lot_of
from batches.models import Area, Equipment
from batches.tracing import Start


def starts_of(code: str) -> list[Start]:
    """Give what a code names from which a trace leads forward: a lot or its unit, a device, an area, a person."""
    found = [
        (Start.LOT, lot_of(code) is not None),
        (Start.EQUIPMENT, Equipment.objects.filter(code=code).exists()),
        (Start.AREA, Area.objects.filter(code=code).exists()),
        (Start.PERSON, Person.objects.filter(username=code).exists()),
    ]
    return [start for start, there in found if there]
