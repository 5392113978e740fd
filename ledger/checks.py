"""The ledger's own checks.

(1) the guards stand in the database;
(2) positions run from 1 without a gap, each entry names the one before, each digest is that of the stored bytes,
    each column repeats what the bytes say, times never go back, and the epoch rises where one was opened alone;
(3) positions in each stream run from 1 without a gap and each names the one before;
(4) the head row is the newest entry and the newest epoch;
(5) each commitment is that of the stored payload, or the payload was erased through the door;
(6) each envelope an entry names is there, is what its digest says, and no other envelope exists;
(7) each entry has its row, each row its entry, and they say the same; a column that came later than a row holds its
    default there;
(8) each stored file is on disk and is what its digest says.
"""

import json
from collections.abc import Generator, Iterable, Iterator
from uuid import UUID

from django.conf import settings
from django.db import connection, models

from ledger import files, guards
from ledger.canonical import NOTHING_BEFORE, canonical, commitment, digest, leaf_of
from ledger.epochs import beginnings, epoch_at
from ledger.models import Entry, Envelope, Erasure, Head, Payload, Site, StoredFile, Written, plain
from ledger.verification import Finding, Verification, check, written_models
from ledger.writing import stamp

CHUNK = 500


def register() -> None:
    """Put the checks of this module on the list, in its order; importing the module has done it."""


@check("guards")
def guards_stand(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    verification.counted("guards", len(guards.guards(connection)))
    for name in guards.missing(connection):
        yield Finding("guards", name, "this guard is missing, switched off or changed")


@check("chain")
def entries_are_one_chain(verification: Verification) -> Iterator[Finding]:
    """(2), (3) and (4)"""
    last = yield from linked(_counted(Entry.objects.order_by("seq").iterator(CHUNK), verification))
    yield from _at_its_end(last)


def _counted(entries: Iterable[Entry], verification: Verification) -> Iterator[Entry]:
    for entry in entries:
        verification.counted("entries", 1)
        yield entry


def linked(entries: Iterable[Entry], before: Entry | None = None) -> Generator[Finding, None, Entry | None]:
    """Compare entries, in their order, with themselves and those before them; give the last.

    `before` is the one before the first; without it the first is to be the first of all.
    """
    seq, leaf, at = (before.seq, before.leaf, stamp(before.at)) if before else (0, NOTHING_BEFORE, "")
    streams: dict[str, tuple[int, str]] = {}
    epochs = beginnings()
    last = before
    for entry in entries:
        about = f"entry {entry.seq}"
        said = _said(entry)
        yield from _of_itself(entry, said)
        if str(said.get("at", "")) < at:
            yield Finding("chain", about, "its time is before that of the entry before it")
        at = str(said.get("at", at))
        if said.get("epoch") != (opened := epoch_at(entry.seq, epochs)):
            yield Finding("chain", about, f"it is of epoch {said.get('epoch')}, but {opened} was open")
        if entry.seq != seq + 1:
            yield Finding("chain", about, f"the entry before it should be {entry.seq - 1} but is {seq}")
        if entry.prev != leaf:
            yield Finding("chain", about, "it does not name the entry before it")
        if before is not None and entry.stream not in streams and entry.sseq > 1:
            streams[entry.stream] = _earlier_in_stream(entry)
        sseq, sprev = streams.get(entry.stream, (0, NOTHING_BEFORE))
        if (entry.sseq, entry.sprev) != (sseq + 1, sprev):
            yield Finding("chain", about, f"it does not follow position {sseq} of stream {entry.stream}")
        streams[entry.stream] = (entry.sseq, entry.leaf)
        seq, leaf, last = entry.seq, entry.leaf, entry
    return last


def _earlier_in_stream(entry: Entry) -> tuple[int, str]:
    """Give position and leaf of the entry before this one in its stream, which stands before the part looked at."""
    found = Entry.objects.filter(stream=entry.stream, sseq__lt=entry.sseq, seq__lt=entry.seq).order_by("-sseq")
    return found.values_list("sseq", "leaf").first() or (0, NOTHING_BEFORE)


def _of_itself(entry: Entry, said: dict[str, object]) -> Iterator[Finding]:
    """Compare an entry with its own bytes, digest and columns."""
    about, content = f"entry {entry.seq}", bytes(entry.bytes)
    try:
        if canonical(said) != content:
            yield Finding("chain", about, "its bytes are not canonical")
        if _columns(entry) != {key: said[key] for key in (*_COLUMNS, "rec")}:
            yield Finding("chain", about, "its columns do not repeat its bytes")
        if said["origin"] != settings.LEDGER_ORIGIN:
            yield Finding("chain", about, f"it is of another origin, {said['origin']}")
    except (ValueError, KeyError):
        yield Finding("chain", about, "its bytes cannot be read")
    if leaf_of(content) != entry.leaf:
        yield Finding("chain", about, "it was changed: its digest is not that of its bytes")


def _at_its_end(last: Entry | None) -> Iterator[Finding]:
    """Compare the newest entry with the head row; nothing at all is a finding too."""
    if last is None:
        yield Finding("chain", "the ledger", "it is empty: not even the founding of the site stands in it")
    elif not Site.objects.exists():
        yield Finding("chain", "the site", "its founding is missing")
    yield from head_names(last)


def head_names(last: Entry | None) -> Iterator[Finding]:
    """Compare the head row with the newest entry and the newest epoch."""
    head = Head.objects.filter(pk=1).first()
    seq, leaf = (last.seq, last.leaf) if last else (0, NOTHING_BEFORE)
    if head is None or (head.seq, head.leaf) != (seq, leaf):
        yield Finding("chain", "the head row", f"it does not name entry {seq}, the newest that is stored")
    elif head.epoch != (opened := epoch_at(seq, beginnings())):
        yield Finding("chain", "the head row", f"it says epoch {head.epoch}, but {opened} is open")


_COLUMNS = ("seq", "prev", "stream", "sseq", "sprev", "type", "at")


def _columns(entry: Entry) -> dict[str, object]:
    columns: dict[str, object] = {name: getattr(entry, name) for name in _COLUMNS}
    columns["at"] = stamp(entry.at)
    columns["rec"] = {"type": entry.rec_type, "id": str(entry.rec_id), "version": entry.rec_version}
    return columns


@check("payloads")
def commitments_hold(verification: Verification) -> Iterator[Finding]:
    """(5)"""
    for entry in Entry.objects.select_related("payload").order_by("seq").iterator(CHUNK):
        verification.counted("payloads", 1 if hasattr(entry, "payload") else 0)
        yield from on_payload(entry)


def on_payload(entry: Entry) -> Iterator[Finding]:
    """Compare an entry's commitment with what is stored beside it."""
    payload: Payload | None = getattr(entry, "payload", None)
    if payload is None:
        if not Erasure.objects.filter(seq=entry.seq).exists():
            yield Finding("payloads", _about(entry), "its payload is gone and no erasure names it")
        return
    try:
        committed = commitment(bytes(payload.salt), bytes(payload.bytes))
    except ValueError:
        committed = ""
    if committed != _said(entry).get("commit"):
        yield Finding("payloads", _about(entry), "its payload or salt was changed")


@check("envelopes")
def envelopes_are_bound(verification: Verification) -> Iterator[Finding]:
    """(6)"""
    for entry in Entry.objects.prefetch_related("envelopes").order_by("seq").iterator(CHUNK):
        verification.counted("envelopes", len(entry.envelopes.all()))
        yield from on_envelopes(entry)
    loose = Envelope.objects.exclude(entry__in=Entry.objects.all())
    for envelope in loose.iterator(CHUNK):
        yield Finding("envelopes", envelope.sha256, "it belongs to no entry")


def on_envelopes(entry: Entry) -> Iterator[Finding]:
    """Compare the envelopes that an entry names with those that are stored for it."""
    named = _said(entry).get("sig", [])
    stored = {envelope.sha256: bytes(envelope.bytes) for envelope in entry.envelopes.all()}
    for sha256 in named if isinstance(named, list) else []:
        if sha256 not in stored:
            yield Finding("envelopes", _about(entry), f"its signature {sha256[:12]} is gone")
    for sha256, content in stored.items():
        if not isinstance(named, list) or sha256 not in named:
            yield Finding("envelopes", _about(entry), f"signature {sha256[:12]} was added to it")
        if digest(content) != sha256:
            yield Finding("envelopes", _about(entry), f"signature {sha256[:12]} was changed")


@check("records")
def rows_are_as_witnessed(verification: Verification) -> Iterator[Finding]:
    """(7)"""
    known = {model.record_type(): model for model in written_models()}
    for name in Entry.objects.order_by().values_list("rec_type", flat=True).distinct():
        if name not in known:
            yield Finding("records", name, "entries name this table, which does not exist")
    for name, model in known.items():
        yield from _compare(name, model, verification)


def _compare(name: str, model: type[Written], verification: Verification) -> Iterator[Finding]:
    entries = Entry.objects.filter(rec_type=name).select_related("payload")
    rows: models.Manager[Written] = model._default_manager
    unseen = set(entries.values_list("rec_id", flat=True))
    for batch in _in_chunks(rows.order_by("pk").values_list("pk", flat=True)):
        witnessed = {entry.rec_id: entry for entry in entries.filter(rec_id__in=batch)}
        for row in rows.filter(pk__in=batch):
            verification.counted("records", 1)
            about = f"{name} {row.pk}"
            entry = witnessed.get(row.pk)
            if entry is None:
                yield Finding("records", about, "no entry witnesses this row")
                continue
            unseen.discard(row.pk)
            payload: Payload | None = getattr(entry, "payload", None)
            if payload is not None and (differ := differences(bytes(payload.bytes), row)) is not None:
                words = f" ({', '.join(differ)})" if differ else ""
                yield Finding("records", about, f"the row is not as entry {entry.seq} states it{words}")
            if (entry.rec_version, entry.stream) != (row.record_version, row.stream_name()):
                yield Finding("records", about, f"entry {entry.seq} names another version or stream")
    erased = set(Erasure.objects.values_list("record_id_erased", flat=True))
    for lost in sorted(unseen - erased, key=str):
        yield Finding("records", f"{name} {lost}", "the ledger witnesses this row, but it is gone")


def differences(payload: bytes, row: Written) -> list[str] | None:
    """Name the columns in which a row is not as its payload states it, without their values: some are personal.

    None means that they say the same. A payload states the columns that the table had when the row was written; one
    that came later must hold its default there. An empty list: they differ in something else than their columns.
    """
    written = row.payload()
    if payload == written:
        return None
    try:
        stated = json.loads(payload)
        told = _defaults(row) | stated["fields"]
        if canonical(stated) == payload and canonical(stated | {"fields": told}) == written:
            return None
        found = json.loads(written)["fields"]
        return sorted(name for name in told.keys() | found.keys() if told.get(name) != found.get(name))
    except (ValueError, KeyError, TypeError):
        return []


def _defaults(row: Written) -> dict[str, object]:
    """Give what each column of a table holds where nothing was said of it, as payloads write it."""
    return {
        field.attname: plain(field.get_default())
        for field in row._meta.concrete_fields
        if field.attname not in row.outside_payload
    }


def _in_chunks(keys: "models.QuerySet[Written, UUID]") -> Iterator[list[UUID]]:
    chunk: list[UUID] = []
    for key in keys.iterator(CHUNK):
        chunk.append(key)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


@check("files")
def files_are_whole(verification: Verification) -> Iterator[Finding]:
    """(8)"""
    for stored in StoredFile.objects.order_by("recorded_at").iterator(CHUNK):
        verification.counted("files", 1)
        try:
            files.read(stored)
        except files.FileChangedError as error:
            yield Finding("files", f"{stored.original_name} {stored.pk}", str(error))


def _said(entry: Entry) -> dict[str, object]:
    """Give what an entry's bytes say, or nothing when they cannot be read (the chain check tells that)."""
    try:
        said = json.loads(bytes(entry.bytes))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _about(entry: Entry) -> str:
    return f"entry {entry.seq}, {entry.rec_type} {entry.rec_id}"
