"""Whether the record of one batch is the one that was signed: checked now, over its two streams.

(1) positions of both streams run from 1 without a gap, each entry names the one before it, each leaf is that of the
    stored bytes;
(2) each commitment is that of the stored payload, and the row that pages show is the row that the payload states;
(3) each signature verifies under the key that was in force at its place;
(4) each file that the record points at is what its digest says.

Whether entries outside these streams are whole is for the verification of the site, which checks everything.
"""

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.checks import findings_on, key_lives
from accounts.models import Signed
from batches.models import Batch
from ledger import clock, files
from ledger.canonical import NOTHING_BEFORE, commitment, leaf_of
from ledger.checks import differences
from ledger.models import Checkpoint, Entry, Erasure, Payload, StoredFile, Written
from ledger.verification import written_models

LONGEST_LIST = 50


@dataclass(frozen=True, slots=True)
class Integrity:
    """What was checked of a batch's record, when, and everything that was found."""

    entries: int
    rows: int
    signatures: int
    files: int
    gaps: int
    wrong_entries: tuple[str, ...]
    wrong_rows: tuple[str, ...]
    wrong_signatures: dict[int, str]
    wrong_files: tuple[str, ...]
    last_seq: int
    checkpoint: Checkpoint | None
    checked_at: datetime

    @property
    def findings(self) -> list[str]:
        return [*self.wrong_entries, *self.wrong_rows, *self.wrong_signatures.values(), *self.wrong_files]

    @property
    def is_whole(self) -> bool:
        return not self.findings and not self.gaps

    @property
    def broken(self) -> frozenset[str]:
        """The entries, as records name them, whose signature does not verify."""
        return frozenset(_("entry %(seq)s") % {"seq": f"{seq:,}"} for seq in self.wrong_signatures)

    @property
    def root_words(self) -> str:
        """The checkpoint's root as certificates print it, in base64."""
        return b64encode(bytes.fromhex(self.checkpoint.root)).decode("ascii") if self.checkpoint else ""

    @property
    def is_covered(self) -> bool:
        """A checkpoint covers the newest entry of the record."""
        return self.checkpoint is not None and self.checkpoint.size >= self.last_seq


def streams_of(batch: Batch) -> tuple[str, str]:
    """Give the two streams that are the record of a batch."""
    return batch.stream_name(), f"coi/{batch.coi.identifier}"


def entries_of(batch: Batch) -> Q:
    """Give the condition on entries that belong to the record of a batch."""
    return Q(stream__in=streams_of(batch))


def heads_of(batch: Batch) -> tuple[str, ...]:
    """Give what changes whenever the record of a batch grows or a checkpoint is issued: the newest leaves, its root."""
    leaves = (
        Entry.objects.filter(stream=stream).order_by("-sseq").values_list("leaf", flat=True).first()
        for stream in streams_of(batch)
    )
    root = Checkpoint.objects.order_by("-size").values_list("root", flat=True).first()
    return tuple(one or "" for one in (*leaves, root))


def check_now(batch: Batch) -> Integrity:
    """Check the record of a batch and give everything that was found; nothing is repaired."""
    found = Entry.objects.filter(entries_of(batch)).select_related("payload").prefetch_related("envelopes")
    entries = list(found.order_by("seq"))
    gaps, wrong_entries = _chains(entries)
    wrong_rows, wrong_signatures, signatures, rows = _rows(batch, entries)
    checked, wrong_files = _files(rows)
    return Integrity(
        entries=len(entries),
        rows=len(entries),
        signatures=signatures,
        files=checked,
        gaps=gaps,
        wrong_entries=tuple(wrong_entries[:LONGEST_LIST]),
        wrong_rows=tuple(wrong_rows[:LONGEST_LIST]),
        wrong_signatures=wrong_signatures,
        wrong_files=tuple(wrong_files[:LONGEST_LIST]),
        last_seq=entries[-1].seq if entries else 0,
        checkpoint=Checkpoint.objects.order_by("-size").first(),
        checked_at=clock.machine_now(),
    )


def _chains(entries: list[Entry]) -> tuple[int, list[str]]:
    """(1) and the first half of (2)"""
    gaps, wrong = 0, []
    erased = set(Erasure.objects.filter(seq__in=[entry.seq for entry in entries]).values_list("seq", flat=True))
    tips: dict[str, tuple[int, str]] = {}
    for entry in entries:
        position, leaf = tips.get(entry.stream, (0, NOTHING_BEFORE))
        about = _("Entry %(seq)s") % {"seq": entry.seq}
        if entry.sseq != position + 1:
            gaps += 1
            wrong.append(_("%(entry)s: the entry before it is missing.") % {"entry": about})
        elif entry.sprev != leaf:
            wrong.append(_("%(entry)s does not follow from the entry before it.") % {"entry": about})
        content = bytes(entry.bytes)
        if leaf_of(content) != entry.leaf:
            wrong.append(_("%(entry)s was changed.") % {"entry": about})
        if says := _unlike(entry, content, erased):
            wrong.append(f"{about}: {says}")
        tips[entry.stream] = (entry.sseq, entry.leaf)
    return gaps, wrong


def _unlike(entry: Entry, content: bytes, erased: set[int]) -> str:
    """Say what of an entry is not as its bytes say; nothing where all is."""
    try:
        said = json.loads(content)
        stated = {"type": entry.rec_type, "id": str(entry.rec_id), "version": entry.rec_version}
        if (said["seq"], said["stream"], said["sseq"], said["sprev"], said["type"], said["rec"]) != (
            entry.seq, entry.stream, entry.sseq, entry.sprev, entry.type, stated,
        ):  # fmt: skip
            return _("its columns say something else than its bytes.")
        payload: Payload | None = getattr(entry, "payload", None)
        if payload is None:
            return "" if entry.seq in erased else _("its content is gone and no erasure names it.")
        if commitment(bytes(payload.salt), bytes(payload.bytes)) != said["commit"]:
            return _("its content was changed.")
    except (ValueError, KeyError, TypeError):
        return _("it cannot be read.")
    return ""


def _rows(batch: Batch, entries: list[Entry]) -> tuple[list[str], dict[int, str], int, list[Written]]:
    """(2) and (3)"""
    models = {model.record_type(): model for model in written_models()}
    by_type: dict[str, dict[UUID, Entry]] = {}
    for entry in entries:
        by_type.setdefault(entry.rec_type, {})[entry.rec_id] = entry
    wrong: list[str] = []
    wrong_signatures: dict[int, str] = {}
    signatures, rows, lives = 0, [], key_lives()
    for name, witnessed in by_type.items():
        model = models.get(name)
        found = {row.pk: row for row in model._default_manager.filter(pk__in=witnessed)} if model else {}
        for pk, entry in witnessed.items():
            row = found.get(pk)
            about = _("Entry %(seq)s, %(record)s") % {"seq": entry.seq, "record": name}
            payload: Payload | None = getattr(entry, "payload", None)
            if row is None:
                if payload is not None:
                    wrong.append(_("%(record)s: the row is gone.") % {"record": about})
                continue
            rows.append(_with_what_is_known(row, batch))
            if payload is not None and differences(bytes(payload.bytes), row) is not None:
                wrong.append(_("%(record)s: the row is not as it was written.") % {"record": about})
            if isinstance(row, Signed):
                signatures += 1
                if says := findings_on(row, lives, entry):
                    wrong_signatures[entry.seq] = _("%(record)s, signature: %(says)s") % {
                        "record": about,
                        "says": "; ".join(says),
                    }
    return wrong, wrong_signatures, signatures, rows


def _with_what_is_known(row: Written, batch: Batch) -> Written:
    """Give a row the things of this batch that it points at, so that naming its stream asks for nothing."""
    for name, known in (("batch", batch), ("order", batch.order), ("coi", batch.coi)):
        if getattr(row, f"{name}_id", None) == known.pk:
            setattr(row, name, known)
    return row


def files_of(rows: list[Written]) -> dict[UUID, StoredFile]:
    """Give the stored files that rows of a record point at."""
    wanted = {
        getattr(row, field.attname)
        for row in rows
        for field in row._meta.concrete_fields
        if field.related_model is StoredFile
    }
    return StoredFile.objects.in_bulk([pk for pk in wanted if pk is not None])


def _files(rows: list[Written]) -> tuple[int, list[str]]:
    """(4)"""
    stored = files_of(rows)
    says = _("%(name)s: the file is not the one that was kept.")
    wrong = [says % {"name": one.original_name} for one in stored.values() if not files.is_whole(one)]
    return len(stored), wrong
