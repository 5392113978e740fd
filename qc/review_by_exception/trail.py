"""The review of the audit trail: what of a batch's stream nobody has reviewed yet, by group.

(1) A group is reviewed up to a position of the stream; what comes later is new, and alone is shown the next time.
(2) Each review states how many entries it covered and a digest over their leaves, so that it can be checked later.
(3) What follows a review of the record by its nature is not reviewed with it (qc/release/disposition.py); the caller
    gives the entries that count.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.refusal import Objection, when
from batches.models import Batch
from ledger.canonical import digest
from ledger.models import Entry
from qc.models import AuditTrailReviewed
from qc.review_by_exception.trail_types import GROUPS, Group, group_of


@dataclass(frozen=True, slots=True)
class Part:
    """A group with the entries that nobody has reviewed, the oldest first, and the position before them."""

    group: Group
    after: int
    entries: tuple[Entry, ...]

    @property
    def upto(self) -> int:
        return self.entries[-1].sseq if self.entries else self.after

    @property
    def first(self) -> int:
        return self.entries[0].sseq if self.entries else self.after

    def stated(self) -> dict[str, object]:
        """Give the part as a review states it."""
        return {
            "group": self.group.code,
            "after": self.after,
            "upto": self.upto,
            "entries": len(self.entries),
            "sha256": self.sha256,
        }

    @property
    def sha256(self) -> str:
        """The digest over the leaves of its entries."""
        return leaves_sha256(self.entries)

    @property
    def authors(self) -> frozenset[str]:
        """Who wrote these entries, by reference."""
        return frozenset(author_of(entry) for entry in self.entries)


def leaves_sha256(entries: Sequence[Entry]) -> str:
    """Give the digest over the leaves of entries in their order."""
    return digest("\n".join(entry.leaf for entry in entries).encode())


def author_of(entry: Entry) -> str:
    """Give who wrote an entry, as its stored bytes say."""
    return str(json.loads(bytes(entry.bytes))["actor"])


def reviews_of(batch: Batch) -> list[AuditTrailReviewed]:
    """Give every review of the audit trail of a batch, the oldest first."""
    return list(AuditTrailReviewed.objects.filter(batch=batch).order_by("signed_at", "pk"))


def parts_of(batch: Batch, counting: QuerySet[Entry]) -> list[Part]:
    """Give each group with what is new in it among the entries that count; two statements however long the stream."""
    reviewed = {group.code: 0 for group in GROUPS}
    for row in AuditTrailReviewed.objects.filter(batch=batch):
        for each in row.groups:
            reviewed[each["group"]] = max(reviewed.get(each["group"], 0), each["upto"])
    new: dict[str, list[Entry]] = {group.code: [] for group in GROUPS}
    for entry in counting.filter(sseq__gt=min(reviewed.values())).order_by("sseq"):
        group = group_of(entry.type, entry.rec_version)
        if entry.sseq > reviewed[group.code]:
            new[group.code].append(entry)
    return [Part(group, reviewed[group.code], tuple(new[group.code])) for group in GROUPS]


def objections_to_trail(batch: Batch, counting: QuerySet[Entry]) -> list[Objection]:
    """Give what of the audit trail nobody has reviewed yet."""
    open_parts = [part for part in parts_of(batch, counting) if part.entries]
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
