"""What belongs into the record package of a batch (reports/package/FORMAT.md).

(1) The streams of the batch and of its chain of identity, whole.
(2) Single entries of others: every row that a disclosed row points at, and so on; the founding; the log's keys, its
    checkpoints since the batch began and their anchors; who checked and approved the definitions that were pinned.
(3) The stream of each person who signed something here, whole, but with the payloads of key entries alone: nothing can
    be left out of it unseen, and nothing else about people is disclosed.
(4) What else the reviews of the audit trail covered: entries of lots and equipment; of definitions and people, their
    streams whole, as above.
(5) Nothing of who a patient is: no row points at an identity record.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import ForeignKey

from accounts.checks import KEY_ENTRIES
from accounts.models import Person
from batches.models import Batch, DefinitionApproval, DefinitionCheck
from ledger.models import Anchor, Checkpoint, Entry, LogKey, Site, Written
from ledger.verification import written_models
from qc.review_by_exception.trail import Covered, covered_by, entries_covered, reviews_of

AT_ONCE = 400
SITE_ROWS: tuple[type[Written], ...] = (Site, LogKey)


@dataclass(slots=True)
class Contents:
    """Which entries are in a package, which of them with payload, and which streams are whole."""

    batch: Batch
    checkpoint: Checkpoint
    streams: set[str] = field(default_factory=set)
    entries: set[int] = field(default_factory=set)
    disclosed: set[int] = field(default_factory=set)
    people: set[str] = field(default_factory=set)

    @property
    def batch_stream(self) -> str:
        return self.batch.stream_name()

    @property
    def custody_stream(self) -> str:
        return self.batch.coi.stream_name()

    @property
    def first_seq(self) -> int:
        """The first entry of the batch's own stream."""
        return Entry.objects.values_list("seq", flat=True).get(stream=self.batch_stream, sseq=1)


class _Gatherer:
    """Follows rows to the rows that they point at, until nothing new is found."""

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self.models = {model.record_type(): model for model in written_models()}
        self._waiting: set[int] = set()

    def whole(self, stream: str, *, disclosed: bool) -> None:
        """Take a stream whole up to the checkpoint."""
        if stream in self.contents.streams:
            return
        found = Entry.objects.filter(stream=stream, seq__lte=self.contents.checkpoint.size)
        seqs = set(found.values_list("seq", flat=True))
        if seqs:
            self.contents.streams.add(stream)
            self.contents.entries |= seqs
            if disclosed:
                self._waiting |= seqs

    def rows(self, model: type[Written], keys: Iterable[UUID | str]) -> None:
        """Take the entries of rows of one table, with their payloads."""
        wanted = [key for key in keys if key]
        for start in range(0, len(wanted), AT_ONCE):
            found = Entry.objects.filter(
                rec_type=model.record_type(),
                rec_id__in=wanted[start : start + AT_ONCE],
                seq__lte=self.contents.checkpoint.size,
            )
            self._waiting |= set(found.values_list("seq", flat=True))

    def reviewed(self, covered: Covered) -> None:
        """Take what a review of the audit trail covered in one stream, so that its digest can be made again."""
        if covered.stream.startswith(("person/", "master/")):
            self.whole(covered.stream, disclosed=False)
        elif covered.stream not in self.contents.streams:
            found = entries_covered(self.contents.batch, covered)
            self._waiting |= {entry.seq for entry in found if entry.seq <= self.contents.checkpoint.size}

    def follow(self) -> None:
        """Disclose what waits, and what it points at."""
        while fresh := sorted(self._waiting - self.contents.disclosed):
            self._waiting.clear()
            self.contents.entries |= set(fresh)
            self.contents.disclosed |= set(fresh)
            pointed: dict[type[Written], set[str]] = {}
            signers: set[str] = set()
            for start in range(0, len(fresh), AT_ONCE):
                self._read(fresh[start : start + AT_ONCE], pointed, signers)
            for model, keys in pointed.items():
                self.rows(model, keys)
            for person in signers - self.contents.people:
                self._person(person)

    def _read(self, seqs: list[int], pointed: dict[type[Written], set[str]], signers: set[str]) -> None:
        entries = Entry.objects.filter(seq__in=seqs).select_related("payload")
        for entry in entries:
            fields = json.loads(bytes(entry.payload.bytes))["fields"]
            if signer := fields.get("signer_id"):
                signers.add(signer)
            for name, target in self._points_at(entry.rec_type):
                if value := fields.get(name):
                    pointed.setdefault(target, set()).add(str(value))

    def _points_at(self, rec_type: str) -> list[tuple[str, type[Written]]]:
        model = self.models[rec_type]
        return [
            (each.attname, each.related_model)
            for each in model._meta.concrete_fields
            if isinstance(each, ForeignKey)
            and issubclass(each.related_model, Written)
            and not issubclass(each.related_model, Person)
            and not getattr(each.related_model, "erasable", False)
        ]

    def _person(self, person: str) -> None:
        self.contents.people.add(person)
        stream = f"person/{person}"
        self.whole(stream, disclosed=False)
        keys = Entry.objects.filter(stream=stream, rec_type__in=KEY_ENTRIES, seq__lte=self.contents.checkpoint.size)
        self._waiting |= set(keys.values_list("seq", flat=True))


def contents_of(batch: Batch, checkpoint: Checkpoint) -> Contents:
    """Give what belongs into the package of a batch up to a checkpoint."""
    contents = Contents(batch, checkpoint)
    gatherer = _Gatherer(contents)
    gatherer.whole(contents.batch_stream, disclosed=True)
    gatherer.whole(contents.custody_stream, disclosed=True)
    for review in reviews_of(batch):
        for covered in covered_by(review):
            gatherer.reviewed(covered)
    gatherer.follow()
    definitions = _pinned(batch)
    for approved in (DefinitionCheck, DefinitionApproval):
        found = approved._default_manager.filter(definition__in=definitions)
        gatherer.rows(approved, found.values_list("pk", flat=True))
    for stream in Entry.objects.filter(rec_id__in=definitions).values_list("stream", flat=True).distinct():
        gatherer.whole(stream, disclosed=False)
    for model in SITE_ROWS:
        gatherer.rows(model, model._default_manager.values_list("pk", flat=True))
    issued = Checkpoint.objects.filter(size__gte=contents.first_seq, size__lte=checkpoint.size)
    gatherer.rows(Checkpoint, issued.values_list("pk", flat=True))
    gatherer.rows(Anchor, Anchor.objects.filter(checkpoint__in=issued).values_list("pk", flat=True))
    gatherer.follow()
    return contents


def _pinned(batch: Batch) -> list[UUID]:
    return [batch.product_id, batch.master_id, batch.specification_id]
