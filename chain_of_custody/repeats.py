"""A recorded fact carries the id that was made with its form, so that sending it twice records it once."""

from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID

from django.db import IntegrityError
from django.utils.translation import gettext as _

from accounts.refusal import Objection, SameIdOtherContent
from ledger.models import Written
from ledger.writing import is_writing, writing

RowT = TypeVar("RowT", bound=Written)


def recorded_before(table: type[RowT], row_id: UUID, said: Mapping[str, object]) -> RowT | None:
    """Give the row of an id if it says the same; raise SameIdOtherContent if it says something else."""
    row: RowT | None = table._default_manager.filter(pk=row_id).first()
    if row is not None and any(getattr(row, name) != value for name, value in said.items()):
        raise SameIdOtherContent(other_content())
    return row


def other_content() -> Objection:
    """Say that an id came again with other content."""
    says = _("This was recorded already, with other content. Open the page again and enter it anew.")
    return Objection(says, code="same_id_other_content")


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
