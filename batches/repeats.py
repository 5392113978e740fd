"""Repeats and turns: the same request twice is answered once, and two different ones come after each other.

(1) A recorded fact carries the id made with its form. The same id with the same content again gives the first row;
    with other content it is refused, because one of the two would be lost.
(2) Where no row of a batch can be locked, a counter row is the turn that writers wait for.
"""

from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, SameIdOtherContent
from ledger.models import Counter, Written, plain

RowT = TypeVar("RowT", bound=Written)


def answered_before(table: type[RowT], row_id: UUID | None, *, by: Person, **content: object) -> RowT | None:
    """Give the row that this request wrote before; None if it is new; refuse other content under the same id."""
    if row_id is None:
        return None
    rows: models.Manager[RowT] = table._default_manager
    row = rows.filter(pk=row_id).first()
    if row is None:
        return None
    same = row.actor == by.reference and all(_alike(getattr(row, name), value) for name, value in content.items())
    if not same:
        raise SameIdOtherContent(
            Objection(
                _("This was sent before with other content. Nothing was changed. Open the page again."),
                code="same_id_other_content",
                field="id",
            )
        )
    return row


def _alike(stored: object, sent: object) -> bool:
    if isinstance(stored, datetime) and isinstance(sent, datetime):
        return stored == sent.replace(microsecond=sent.microsecond // 1000 * 1000) or stored == sent
    if isinstance(stored, Decimal) or isinstance(sent, Decimal):
        return plain(stored) == plain(sent)
    return stored == sent


def take_turn(kind: str) -> None:
    """Hold the one turn of a kind until the transaction ends; locks of batches are taken before it."""
    Counter.objects.get_or_create(kind=kind, year=0)
    Counter.objects.select_for_update().get(kind=kind, year=0)
