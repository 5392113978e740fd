"""What the acts that rest on the whole record of a batch share: each part of it is read once for all they ask.

`find` begins a new reading, and an act that is performed finds its subject again under its lock: what it judges, shows
and writes was read after the lock.
"""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from accounts.acts import Act
from accounts.models import Signed
from qc.batch_act import batch_with, lock_batch, release_page
from qc.record_read import RecordRead

ReadT = TypeVar("ReadT", bound=RecordRead)


class ActOnRecord(Act[ReadT]):
    """An act whose subject is the record of a batch, as far as the act reads it."""

    def lock(self, subject: ReadT) -> None:
        lock_batch(subject.batch)

    def streams(self, subject: ReadT) -> Sequence[str]:
        return subject.streams

    def done_url(self, row: Signed) -> str:
        return release_page(row)


class RecordAct(ActOnRecord[RecordRead]):
    """An act on the way to the decision on a batch."""

    def find(self, subject: UUID) -> RecordRead:
        return RecordRead(batch_with(subject))
