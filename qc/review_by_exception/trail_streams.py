"""Of which entries of the ledger the audit trail of a batch consists, stream by stream.

(1) The batch's own stream, without what follows a review of the record by its nature.
(2) The stream of its chain of identity, without how people were told of alarms.
(3) Of the lots and equipment it used, its definitions, and the people who wrote in it: what changed their standing
    since the batch was issued. What stood before was judged when each was pinned, used or signed.
"""

import json
from collections.abc import Iterable, Sequence

from django.db.models import Max, Q, QuerySet, Subquery

from accounts.models import Person
from batches.models import Batch
from batches.streams import streams_of
from ledger.models import Entry
from qc.review_by_exception.trail_types import CHANGES_OF_PEOPLE, CHANGES_OF_STANDING

# Entries of a batch's stream that a review of the record need not have seen: the review itself and what follows it,
# how long the record is kept, and actions that prevent, which never wait for a batch.
AFTER_REVIEW = frozenset(
    {
        "record.reviewed",
        "exception.assessed",
        "audit_trail.reviewed",
        "batch.certified",
        "batch.not_certified",
        "document.issued",
        "legal_hold.set",
        "legal_hold.lifted",
        "batch.held",
        "batch.hold_lifted",
        "capa.opened",
        "capa.done",
        "capa.checked",
    }
)
# What follows from an entry of custody that is read itself.
BESIDE_CUSTODY = frozenset({"alarm.raised", "alarm.sent", "alarm.acknowledged"})


def stream_position(batch: Batch) -> int:
    """Give the place in the batch's stream of the newest entry that a review of the record has to have seen."""
    position: int | None = entries_to_review(batch).aggregate(newest=Max("sseq"))["newest"]
    return position or 0


def entries_to_review(batch: Batch) -> QuerySet[Entry]:
    """Give the entries of the batch's own stream that a review of the record has to have seen."""
    return entries_in(batch, batch.stream_name())


def entries_of_trail(batch: Batch, streams: Sequence[str] | None = None) -> QuerySet[Entry]:
    """Give every entry of the audit trail of a batch; as many statements however much happened."""
    own, custody = batch.stream_name(), batch.coi.stream_name()
    things = _things_among(streams_of(batch) if streams is None else streams)
    return Entry.objects.filter(
        _counting(batch, own) | _counting(batch, custody) | _standing(batch, things | _people_changed(batch))
    )


def entries_in(batch: Batch, stream: str) -> QuerySet[Entry]:
    """Give the entries of one stream that belong to the audit trail of a batch, if the stream concerns it."""
    return Entry.objects.filter(_counting(batch, stream))


def concerns(batch: Batch, stream: str) -> bool:
    """Tell whether the audit trail of a batch reads a stream."""
    own = {batch.stream_name(), batch.coi.stream_name()}
    return stream in own or stream in _things_among(streams_of(batch)) or stream in _writers_in(batch)


def _counting(batch: Batch, stream: str) -> Q:
    if stream == batch.stream_name():
        return Q(stream=stream) & ~Q(type__in=AFTER_REVIEW)
    if stream == batch.coi.stream_name():
        return Q(stream=stream) & ~Q(type__in=BESIDE_CUSTODY)
    return _standing(batch, {stream})


def _standing(batch: Batch, streams: set[str]) -> Q:
    issued = Entry.objects.filter(stream=batch.stream_name(), sseq=1).values("seq")
    return Q(stream__in=sorted(streams), type__in=CHANGES_OF_STANDING, seq__gt=Subquery(issued))


def _things_among(streams: Iterable[str]) -> set[str]:
    """Give the streams of definitions, lots, areas and equipment among those of a batch."""
    kinds = ("master/", "lot/", "equipment/")
    return {name for name in streams if name.startswith(kinds)}


def _people_changed(batch: Batch) -> set[str]:
    """Name the streams of those who wrote in the record and whose standing changed since the batch was issued."""
    everybody = {f"person/{pk}" for pk in Person.objects.values_list("pk", flat=True)}
    changed = Entry.objects.filter(_standing(batch, everybody), type__in=CHANGES_OF_PEOPLE)
    found = set(changed.values_list("stream", flat=True))
    return found & _writers_in(batch) if found else found


def _writers_in(batch: Batch) -> set[str]:
    return {author_of(entry) for entry in Entry.objects.filter(stream=batch.stream_name()).only("bytes")}


def author_of(entry: Entry) -> str:
    """Give who wrote an entry, as its stored bytes say."""
    return str(json.loads(bytes(entry.bytes))["actor"])
