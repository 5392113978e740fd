"""A recorded fact carries the id that was made with its form, so that sending it twice records it once.

The same id with the same content by the same person gives the first row; with other content it is refused, because
one of the two would be lost.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, SameIdOtherContent
from ledger.models import Written, plain
from ledger.writing import is_writing, writing

RowT = TypeVar("RowT", bound=Written)


def recorded_before(
    table: type[RowT], row_id: UUID | None, said: Mapping[str, object], *, by: Person | None = None
) -> RowT | None:
    """Give the row of an id if it says the same; None if it is new; raise SameIdOtherContent otherwise."""
    row: RowT | None = table._default_manager.filter(pk=row_id).first() if row_id is not None else None
    if row is None:
        return None
    same = all(_alike(getattr(row, name), value) for name, value in said.items())
    if not same or (by is not None and row.actor != by.reference):
        raise SameIdOtherContent(other_content())
    return row


def other_content() -> Objection:
    """Say that an id came again with other content."""
    says = _("This was sent before with other content. Nothing was changed. Open the page again and enter it anew.")
    return Objection(says, code="same_id_other_content", field="id")


def once(table: type[RowT], row_id: UUID, said: Mapping[str, object], record: Callable[[], RowT]) -> RowT:
    """Record a fact unless its id was recorded before; of two that come at the same moment the first is kept."""
    if found := recorded_before(table, row_id, said):
        return found
    joined = is_writing()
    try:
        with writing():
            return record()
    except IntegrityError:
        # Inside a larger transaction nothing can be read any more; alone, the other request was faster.
        found = None if joined else recorded_before(table, row_id, said)
        if found is None:
            raise
        return found


def _alike(stored: object, sent: object) -> bool:
    """Compare a stored value with one that was sent: times to the millisecond, decimals digit by digit."""
    if isinstance(stored, datetime) and isinstance(sent, datetime):
        return stored == sent.replace(microsecond=sent.microsecond // 1000 * 1000) or stored == sent
    if isinstance(stored, Decimal) or isinstance(sent, Decimal):
        return plain(stored) == plain(sent)
    return stored == sent
