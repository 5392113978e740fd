"""Inspections for tests: somebody who inspects, and the records that quality opened to them."""

from copy import copy
from datetime import datetime, timedelta

from accounts.models import Person
from accounts.roles import Role
from batches.models import Batch
from ledger import clock
from ledger.models import Site
from reports.models import Inspection
from tests.custody_builders import a_subject
from tests.people import a_person, do
from tests.qc_builders import Laboratory

AUTHORITY = "Example Agency for Medicines"


def an_inspector() -> Person:
    """Somebody with the account of an inspector."""
    return a_person(Role.INSPECTOR)


def an_inspection(
    *batches: str, reader: Person | str, by: Person, until: datetime | None = None, **other: object
) -> Inspection:
    """Records of these batches opened to a reader, for a day unless a time is given."""
    intent: dict[str, object] = {
        "authority": AUTHORITY,
        "inspector": "Julie Moreau",
        "reader": reader if isinstance(reader, str) else reader.username,
        "batches": list(batches),
        "until": (until or clock.now() + timedelta(days=1)).isoformat(),
    }
    row = do("inspection.open", Site.objects.get(), by=by, **(intent | other))  # type: ignore[arg-type]  # as given
    assert isinstance(row, Inspection)
    return row


def issued_beside(laboratory: Laboratory) -> Batch:
    """Another patient's batch in the same world, issued and not begun."""
    other = copy(laboratory)
    other.coi = a_subject(by=laboratory.logistics)
    return other.issued()
