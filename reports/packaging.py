"""Making a record package: one deterministic zip file that proves itself (reports/package/FORMAT.md).

(1) Nothing is serialised again that is in the ledger: entries, payloads and envelopes go out as they are stored.
(2) The same entries under the same checkpoint give the same bytes.
(3) No transaction is held: what a checkpoint covers never changes, so every look at it sees the same.
(4) Members are written to a folder first and then into the zip, so memory holds one chunk of entries and the tree's
    hashes (64 bytes an entry of the site), however large the record is.
(5) A package is given to its own verifier before it is recorded; one that does not verify is an error, never a copy.
"""

import base64
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from uuid import UUID

from django.conf import settings

from accounts.checks import key_lives
from batches.models import Batch
from ledger import files
from ledger.canonical import canonical
from ledger.checkpoints import all_leaves
from ledger.dsse import envelope
from ledger.models import Anchor, Checkpoint, Entry, LogKey, StoredFile
from ledger.notes import consistency_proof_text, inclusion_proof_text
from ledger.signer import signer
from reports import package_data
from reports.models import Document
from reports.package_contents import Contents, contents_of

FORMAT = 1
MANIFEST_TYPE = "application/vnd.cellwright.record-package+json"
SHIPPED = Path(__file__).parent / "package"
# The kind of incident that a record is which does not prove itself.
FINDING = "package"
CHUNK = 500
BLOCK = 1024 * 1024
_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
_LONGEST_CHECK_SECONDS = 600

Say = Callable[[str], object]


class PackageError(RuntimeError):
    """The record does not prove itself, so no package of it is given out; the message says what does not fit."""


def build(batch: Batch, checkpoint: Checkpoint, into: Path, *, say: Say = lambda _words: None) -> None:
    """Write the record package of a batch up to a checkpoint; raise PackageError if it would not verify."""
    with tempfile.TemporaryDirectory(prefix="package-", dir=files.room_for_work()) as name:
        folder = Path(name)
        say("Choosing entries")
        contents = contents_of(batch, checkpoint)
        _write_record(contents, folder)
        say(f"Proving {len(contents.entries):,} entries")
        _write_proofs(contents, folder)
        _write_files(contents, folder)
        _write_manifest(contents, folder)
        say("Packing")
        _zip(folder, into)
    say("Verifying")
    _refuse_unverified(into, checkpoint)


def _entries(seqs: Iterable[int]) -> Iterator[Entry]:
    """Give entries with payload and envelopes, ascending, a chunk at a time."""
    wanted = sorted(seqs)
    for start in range(0, len(wanted), CHUNK):
        found = Entry.objects.filter(seq__in=wanted[start : start + CHUNK]).order_by("seq")
        yield from found.select_related("payload").prefetch_related("envelopes")


def _write_record(contents: Contents, folder: Path) -> None:
    """Write entries, payloads, envelopes, keys and the record as data."""
    with (
        (folder / "entries.jsonl").open("wb") as entries,
        (folder / "payloads.jsonl").open("wb") as payloads,
        (folder / "envelopes.jsonl").open("wb") as envelopes,
    ):
        for entry in _entries(contents.entries):
            content = bytes(entry.bytes)
            entries.write(content + b"\n")
            if entry.seq not in contents.disclosed:
                continue
            payload, salt = bytes(entry.payload.bytes), bytes(entry.payload.salt)
            payloads.write(_line({"seq": entry.seq, "salt": salt.hex(), "payload": _text(payload)}))
            stored = {one.sha256: bytes(one.bytes) for one in entry.envelopes.all()}
            for sha256 in json.loads(content)["sig"]:
                envelopes.write(_line({"seq": entry.seq, "envelope": _text(stored[sha256])}))
    _write_keys(contents, folder)
    number, chain = contents.batch.number, contents.batch.coi.identifier
    with (folder / "record.json").open("wb") as file:
        file.writelines(package_data.record_json(number, chain, _told(contents)))
    with (folder / "audit-trail.csv").open("wb") as file:
        file.writelines(package_data.audit_trail(_told(contents)))


def _told(contents: Contents) -> Iterator[package_data.Told]:
    """Give the entries of the two streams of the record as data states them."""
    ours = {contents.batch_stream, contents.custody_stream}
    found = Entry.objects.filter(stream__in=ours, seq__lte=contents.checkpoint.size).order_by("seq")
    for entry in found.select_related("payload").iterator(CHUNK):
        yield package_data.told(bytes(entry.bytes), bytes(entry.payload.bytes))


def _write_keys(contents: Contents, folder: Path) -> None:
    last = contents.checkpoint.size
    lines = [
        {
            "key": key,
            "person": life.person,
            "public": life.public.hex(),
            "since": life.since,
            "until": life.until if life.until is not None and life.until <= last else None,
        }
        for key, life in sorted(key_lives().items(), key=lambda item: item[1].since)
        if life.person in contents.people and life.since <= last
    ]
    (folder / "keys.jsonl").write_bytes(b"".join(map(_line, lines)))
    logs = [
        {
            "id": key.key_id,
            "name": key.name,
            "public": key.public_key,
            "rotation": json.loads(key.rotation) if key.rotation else None,
        }
        for key in _log_keys(last)
    ]
    (folder / "log-keys.jsonl").write_bytes(b"".join(map(_line, logs)))


def _log_keys(last: int) -> list[LogKey]:
    """Give the log's keys that were entered up to a place, the oldest first."""
    found = Entry.objects.filter(rec_type=LogKey.record_type(), seq__lte=last).order_by("seq")
    rows = LogKey.objects.in_bulk(list(found.values_list("rec_id", flat=True)))
    return [rows[key] for key in found.values_list("rec_id", flat=True)]


def _write_proofs(contents: Contents, folder: Path) -> None:
    """Write the checkpoints with the proofs that each is continued, and the proof that each entry is in the last."""
    last = contents.checkpoint
    tree = all_leaves(last.size)
    if tree.root().hex() != last.root:
        raise PackageError(f"The entries do not have the root that checkpoint {last.size} was signed for.")
    for place in ("checkpoints", "consistency", "proofs", "anchors", "files", "documents"):
        (folder / place).mkdir()
    issued = Checkpoint.objects.filter(size__gte=contents.first_seq, size__lte=last.size)
    for one in issued.order_by("size"):
        (folder / "checkpoints" / f"{one.size}.txt").write_text(one.note, encoding="utf-8")
        if one.size < last.size:
            proof = consistency_proof_text(one.size, last.size, tree.consistency(one.size, last.size))
            (folder / "consistency" / f"{one.size}.txt").write_text(proof, encoding="ascii")
    for anchor in Anchor.objects.filter(checkpoint__in=issued).order_by("size"):
        token = folder / "anchors" / f"{anchor.size}-{anchor.authority}.tsr"
        token.write_bytes(base64.b64decode(anchor.token))
    for seq in sorted(contents.entries):
        path = tree.inclusion(seq - 1, last.size)
        text = inclusion_proof_text(seq - 1, path, last.note)
        (folder / "proofs" / f"{seq:09d}.tlog-proof").write_text(text, encoding="utf-8")


def _write_files(contents: Contents, folder: Path) -> None:
    """Write stored files and documents, each compared with the ledger, and what ships with every package."""
    documents = {
        str(one.file_id): one for one in Document.objects.filter(pk__in=_rows(contents, Document.record_type()))
    }
    for stored in StoredFile.objects.filter(pk__in=_rows(contents, StoredFile.record_type())):
        document = documents.get(str(stored.pk))
        place = (
            folder / "documents" / f"{document.number}-v{document.version}.pdf"
            if document
            else folder / "files" / stored.sha256
        )
        try:
            files.copy_out(stored, place)
        except files.FileChangedError as error:
            raise PackageError(f"{stored.original_name}: {error}") from error
    for name in ("README.txt", "FORMAT.md", "verify.py"):
        shutil.copyfile(SHIPPED / name, folder / name)


def _rows(contents: Contents, rec_type: str) -> list[UUID]:
    """Give the keys of the disclosed rows of a table."""
    found = Entry.objects.filter(rec_type=rec_type, seq__lte=contents.checkpoint.size).values_list("seq", "rec_id")
    return [rec_id for seq, rec_id in found if seq in contents.disclosed]


def _whole_streams(contents: Contents) -> list[dict[str, object]]:
    """Give what the manifest says of each stream that is here whole."""
    told: list[dict[str, object]] = []
    for stream in sorted(contents.streams):
        newest = Entry.objects.filter(stream=stream, seq__lte=contents.checkpoint.size).order_by("-sseq")[0]
        told.append({"name": stream, "entries": newest.sseq, "last": newest.leaf})
    return told


def _write_manifest(contents: Contents, folder: Path) -> None:
    """List every file with its digest, and have the log sign the list."""
    listed = [
        {"path": path, "size": (folder / path).stat().st_size, "sha256": _sha256(folder / path)}
        for path in _members(folder)
    ]
    last = contents.checkpoint
    manifest = canonical(
        {
            "format": "cellwright-record-package",
            "version": FORMAT,
            "origin": settings.LEDGER_ORIGIN,
            "training": settings.TRAINING,
            "batch": contents.batch.number,
            "chain_of_identity": contents.batch.coi.identifier,
            "checkpoint": {"size": last.size, "root": last.root},
            "streams": _whole_streams(contents),
            "files": listed,
        }
    )
    key_id, signature = signer().sign_statement(MANIFEST_TYPE, manifest)
    (folder / "manifest.json").write_bytes(manifest)
    sealed = envelope(manifest, MANIFEST_TYPE, key_id=key_id, signature=signature)
    (folder / "manifest.dsse.json").write_bytes(sealed)


def _members(folder: Path) -> list[str]:
    """Name every file below a folder, in the order of their bytes."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _zip(folder: Path, into: Path) -> None:
    with zipfile.ZipFile(into, "w", compression=zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for path in _members(folder):
            member = zipfile.ZipInfo(path, date_time=_EPOCH_OF_ZIP)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o600 << 16
            member.file_size = (folder / path).stat().st_size
            with (folder / path).open("rb") as file, packed.open(member, "w") as packing:
                shutil.copyfileobj(file, packing, BLOCK)


def _refuse_unverified(package: Path, checkpoint: Checkpoint) -> None:
    """Run the package's own verifier over it, pinned to the log's key, as a reader would."""
    command = [sys.executable, "-I", "-S", str(SHIPPED / "verify.py"), str(package), "--key", checkpoint.key.key_id]
    ended = subprocess.run(  # noqa: S603  our own verifier on our own file
        command, capture_output=True, text=True, timeout=_LONGEST_CHECK_SECONDS, check=False
    )
    if ended.returncode not in (0, 2):
        raise PackageError(f"The package does not verify:\n{ended.stdout[-3000:]}\n{ended.stderr[-500:]}")


def _line(value: object) -> bytes:
    return canonical(value) + b"\n"


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
