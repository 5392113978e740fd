"""The review of the audit trail: what of the record of a batch nobody has reviewed yet, by group.

(1) A group is reviewed up to a position of each stream; what comes later there is new, and alone is shown next time.
(2) Each review states for each stream how many entries it covered and a digest over their leaves, so that it can be
    checked later.
(3) Which streams and entries belong to the trail is said in qc/review_by_exception/trail_streams.py.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from batches.models import Batch
from ledger.canonical import digest
from ledger.models import Entry
from qc.models import AuditTrailReviewed
from qc.review_by_exception.trail_streams import author_of, entries_in, entries_of_trail
from qc.review_by_exception.trail_types import GROUPS, Group, group_of


@dataclass(frozen=True, slots=True)
class Span:
    """What of one stream belongs to a group: the entries that nobody has reviewed, and the position before them."""

    stream: str
    after: int
    entries: tuple[Entry, ...]

    @property
    def first(self) -> int:
        return self.entries[0].sseq if self.entries else self.after

    @property
    def upto(self) -> int:
        return self.entries[-1].sseq if self.entries else self.after

    @property
    def sha256(self) -> str:
        """The digest over the leaves of its entries."""
        return leaves_sha256(self.entries)


@dataclass(frozen=True, slots=True)
class Part:
    """A group with what is new in it, by stream."""

    group: Group
    spans: tuple[Span, ...] = ()

    @property
    def entries(self) -> list[Entry]:
        """Its new entries, in the order of the ledger."""
        return sorted((entry for span in self.spans for entry in span.entries), key=lambda entry: entry.seq)

    @property
    def authors(self) -> frozenset[str]:
        """Who wrote these entries, by reference."""
        return frozenset(author_of(entry) for span in self.spans for entry in span.entries)

    def stated(self) -> list[dict[str, object]]:
        """Give the part as a review states it, stream by stream."""
        return [
            {
                "group": self.group.code,
                "stream": span.stream,
                "after": span.after,
                "upto": span.upto,
                "entries": len(span.entries),
                "sha256": span.sha256,
            }
            for span in self.spans
        ]


@dataclass(frozen=True, slots=True)
class Covered:
    """What one review states of one group in one stream; the batch's own where it names none."""

    group: str
    stream: str
    after: int
    upto: int
    entries: int
    sha256: str


def covered_by(row: AuditTrailReviewed) -> Iterator[Covered]:
    """Give what a review states, group by group and stream by stream."""
    for each in row.groups:
        yield Covered(**({"stream": row.batch.stream_name()} | each))


def entries_covered(batch: Batch, covered: Covered) -> list[Entry]:
    """Give the entries that one statement of a review is about, as the ledger has them."""
    found = entries_in(batch, covered.stream).filter(sseq__gt=covered.after, sseq__lte=covered.upto)
    return [one for one in found.order_by("sseq") if group_of(one.type, one.rec_version).code == covered.group]


def leaves_sha256(entries: Sequence[Entry]) -> str:
    """Give the digest over the leaves of entries in their order."""
    return digest("\n".join(entry.leaf for entry in entries).encode())


def reviews_of(batch: Batch) -> list[AuditTrailReviewed]:
    """Give every review of the audit trail of a batch, the oldest first."""
    return list(in_order(AuditTrailReviewed.objects.filter(batch=batch).select_related("batch")))


def in_order(rows: QuerySet[AuditTrailReviewed]) -> QuerySet[AuditTrailReviewed]:
    """Put reviews into the order of the ledger, which alone says what came first."""
    places = Entry.objects.filter(rec_type=AuditTrailReviewed.record_type(), rec_id=OuterRef("pk")).values("seq")
    return rows.annotate(place=Subquery(places[:1])).order_by("place")


def trail_of(batch: Batch, streams: Sequence[str] | None = None) -> list[Part]:
    """Give each group with what is new in it since its last review; as many statements however long the streams.

    `streams` are those on which the record of the batch rests, where the caller knows them.
    """
    reviewed: dict[tuple[str, str], int] = defaultdict(int)
    for row in AuditTrailReviewed.objects.filter(batch=batch).select_related("batch"):
        for each in covered_by(row):
            reviewed[each.group, each.stream] = max(reviewed[each.group, each.stream], each.upto)
    new: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries_of_trail(batch, streams).order_by("stream", "sseq"):
        group = group_of(entry.type, entry.rec_version)
        if entry.sseq > reviewed[group.code, entry.stream]:
            new[group.code, entry.stream].append(entry)
    return [Part(group, tuple(_spans(group, new, reviewed))) for group in GROUPS]


def _spans(
    group: Group, new: dict[tuple[str, str], list[Entry]], reviewed: dict[tuple[str, str], int]
) -> Iterable[Span]:
    """Give what is new in a group by stream, the stream first in which something is new first."""
    found = [(stream, entries) for (code, stream), entries in new.items() if code == group.code]
    for stream, entries in sorted(found, key=lambda each: each[1][0].seq):
        yield Span(stream, reviewed[group.code, stream], tuple(entries))


def objections_to_trail(batch: Batch, parts: Sequence[Part] | None = None) -> list[Objection]:
    """Give what of the audit trail nobody has reviewed yet."""
    open_parts = [part for part in (trail_of(batch) if parts is None else parts) if part.spans]
    return when(
        open_parts,
        _("The audit trail is not reviewed: %(groups)s.")
        % {"groups": ", ".join(f"{part.group.title} ({len(part.entries)})" for part in open_parts)},
        code="trail_open",
        url=trail_url(batch),
    )


def trail_url(batch: Batch) -> str:
    """Give the page on which the audit trail of a batch is reviewed."""
    return reverse("qc:review-trail", args=[batch.number])
