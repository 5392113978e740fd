"""How a fact enters the record.

(1) `with ledger.writing():` is the only way to open a writing transaction; inner ones join the outermost.
(2) `append()` only notes an entry. The outermost exit writes the noted entries as its last act: it locks the head
    row in one statement and reads the tips of the streams in the next, so that the head is always the last lock
    taken. Locks taken after it would deadlock PostgreSQL; tips read in the same statement would be stale.
(3) A payload is committed to with a salt of its own before anything is signed, so an envelope never depends on the
    entry's place in the ledger.
"""

import contextvars
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, Subquery

from ledger import clock
from ledger.canonical import NOTHING_BEFORE, SALT_BYTES, canonical, commitment, digest, leaf_of
from ledger.failpoints import failpoint
from ledger.models import Entry, Envelope, Head, Payload, Written

FORMAT_VERSION = 1
RowT = TypeVar("RowT", bound=Written)
CLOCK_TOLERANCE = timedelta(seconds=2)


class NotWritingError(RuntimeError):
    """Something was written outside `ledger.writing()`: a bug in the caller."""


class ClockWentBackError(RuntimeError):
    """The clock stands before the newest entry by more than two seconds; nothing can be written until it is right."""


class TooLongError(ValueError):
    """A text is longer than its column; SQLite would keep it, PostgreSQL would not. Inputs are checked before."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """A payload with its salt, and the digest that stands for both."""

    payload: bytes
    salt: bytes
    sha256: str

    @classmethod
    def to(cls, payload: bytes) -> "Commitment":
        """Commit to a payload under a new salt."""
        salt = secrets.token_bytes(SALT_BYTES)
        return cls(payload, salt, commitment(salt, payload))


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry that the outermost exit will write."""

    stream: str
    type: str
    actor: str
    rec_type: str
    rec_id: str
    rec_version: int
    commitment: Commitment
    envelopes: tuple[bytes, ...]


@dataclass(slots=True)
class Writing:
    """An open writing transaction and the entries noted in it."""

    noted: list[Noted] = field(default_factory=list)
    epoch: int | None = None  # the epoch that these entries begin, where they begin one
    despite_the_clock: bool = False  # write with the newest entry's time although the clock stands before it


_open: contextvars.ContextVar[Writing | None] = contextvars.ContextVar("ledger_writing", default=None)


@contextmanager
def writing() -> Iterator[Writing]:
    """Write everything inside or nothing; the entries come last, in the order in which they were noted."""
    joined = _open.get()
    if joined is not None:
        yield joined
        return
    this = Writing()
    token = _open.set(this)
    try:
        with transaction.atomic(durable=True):
            yield this
            _write_entries(this)
            failpoint("before commit")
        failpoint("after commit")
    finally:
        _open.reset(token)


def is_writing() -> bool:
    """Tell whether a writing transaction is open."""
    return _open.get() is not None


def append(row: Written, *, type: str, commit: Commitment, envelopes: Sequence[bytes] = ()) -> None:  # noqa: A002
    """Note the entry that witnesses a row."""
    this = _open.get()
    if this is None:
        raise NotWritingError("append() belongs inside `with ledger.writing():`.")
    this.noted.append(
        Noted(
            stream=row.stream_name(),
            type=type,
            actor=row.actor,
            rec_type=row.record_type(),
            rec_id=str(row.pk),
            rec_version=row.record_version,
            commitment=commit,
            envelopes=tuple(envelopes),
        )
    )


def write(row: RowT, *, type: str, actor: str) -> RowT:  # noqa: A002
    """Insert a row and note its entry; the row is complete and says who and when afterwards."""
    prepare(row, actor=actor)
    insert(row, type=type, commit=Commitment.to(row.payload()))
    return row


def prepare(row: Written, *, actor: str) -> None:
    """Give a new row its author and its time, and every value the form in which the database gives it back."""
    if not is_writing():
        raise NotWritingError("Rows are written inside `with ledger.writing():`.")
    row.actor = actor
    row.recorded_at = clock.now()
    for field_ in row._meta.concrete_fields:
        if isinstance(field_, models.ForeignKey):
            continue
        value = field_.to_python(getattr(row, field_.attname))
        if isinstance(value, str) and field_.max_length is not None and len(value) > field_.max_length:
            raise TooLongError(f"{row.record_type()}.{field_.attname} takes {field_.max_length} characters.")
        setattr(row, field_.attname, value)


def insert(row: Written, *, type: str, commit: Commitment, envelopes: Sequence[bytes] = ()) -> None:  # noqa: A002
    """Insert a prepared row and note its entry."""
    row.save(force_insert=True)
    append(row, type=type, commit=commit, envelopes=envelopes)


def _time_after(newest: datetime | None) -> datetime:
    """Read the clock; a step back of up to two seconds repeats the newest time, a larger one is refused."""
    moment = clock.now()
    if newest is None or moment >= newest:
        return moment
    if newest - moment > CLOCK_TOLERANCE:
        raise ClockWentBackError(f"It is {moment.isoformat()}, but the newest entry is of {newest.isoformat()}.")
    return newest


def _tips(streams: set[str]) -> dict[str, tuple[int, str]]:
    """Give the newest position and leaf of each stream, in one statement."""
    newest = Q()
    for stream in streams:
        last = Entry.objects.filter(stream=stream).order_by("-sseq").values("sseq")[:1]
        newest |= Q(stream=stream, sseq=Subquery(last))
    found = Entry.objects.filter(newest).values_list("stream", "sseq", "leaf")
    return {stream: (sseq, leaf) for stream, sseq, leaf in found}


def stamp(moment: datetime) -> str:
    """Write a time as entries do: UTC, milliseconds, Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _write_entries(this: Writing) -> None:
    noted = this.noted
    if not noted:
        return
    head = Head.objects.select_for_update().get(pk=1)
    tips = _tips({entry.stream for entry in noted})
    moment = head.at if this.despite_the_clock and head.at else _time_after(head.at)
    epoch = this.epoch or head.epoch
    entries: list[Entry] = []
    payloads: list[Payload] = []
    envelopes: list[Envelope] = []
    seq, prev = head.seq, head.leaf
    for item in noted:
        seq += 1
        sseq, sprev = tips.get(item.stream, (0, NOTHING_BEFORE))
        content = canonical(
            {
                "v": FORMAT_VERSION,
                "origin": settings.LEDGER_ORIGIN,
                "epoch": epoch,
                "seq": seq,
                "prev": prev,
                "stream": item.stream,
                "sseq": sseq + 1,
                "sprev": sprev,
                "type": item.type,
                "at": stamp(moment),
                "actor": item.actor,
                "rec": {"type": item.rec_type, "id": item.rec_id, "version": item.rec_version},
                "commit": item.commitment.sha256,
                "sig": [digest(envelope) for envelope in item.envelopes],
            }
        )
        leaf = leaf_of(content)
        entry = Entry(
            seq=seq,
            prev=prev,
            leaf=leaf,
            stream=item.stream,
            sseq=sseq + 1,
            sprev=sprev,
            type=item.type,
            at=moment,
            rec_type=item.rec_type,
            rec_id=item.rec_id,
            rec_version=item.rec_version,
            bytes=content,
        )
        entries.append(entry)
        payloads.append(Payload(entry=entry, salt=item.commitment.salt, bytes=item.commitment.payload))
        envelopes += [Envelope(sha256=digest(body), entry=entry, bytes=body) for body in item.envelopes]
        tips[item.stream] = (sseq + 1, leaf)
        prev = leaf
    Entry.objects.bulk_create(entries)
    Payload.objects.bulk_create(payloads)
    if envelopes:
        Envelope.objects.bulk_create(envelopes)
    failpoint("entry inserted")
    Head.objects.filter(pk=1).update(seq=seq, leaf=prev, at=moment, epoch=epoch)
    failpoint("head updated")
