"""Files of the record: kept under the data folder by their SHA-256, compared with the ledger whenever they are read."""

import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path

from django.conf import settings

from ledger.canonical import digest
from ledger.failpoints import failpoint
from ledger.models import StoredFile
from ledger.writing import write

MAXIMUM_BYTES = 50 * 1024 * 1024
BLOCK = 1024 * 1024
SIGNATURES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"PK\x03\x04", "application/zip"),
)


class FileChangedError(RuntimeError):
    """A stored file is gone or is not what the ledger says; it is never given out as good."""


def path_of(sha256: str) -> Path:
    """Give the place of a file in the data folder."""
    return Path(settings.DATA_DIR) / "files" / sha256[:2] / sha256


def put(content: bytes) -> str:
    """Store bytes durably and give their SHA-256; storing the same again changes nothing."""
    sha256 = digest(content)
    place = path_of(sha256)
    if place.exists() and digest(place.read_bytes()) == sha256:
        return sha256
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(place)
    _on_disk(place.parent)
    failpoint("file renamed")
    return sha256


def _on_disk(folder: Path) -> None:
    """Make sure that a folder's new names survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def take(path: Path) -> str:
    """Move a finished file into the data folder, durably, whatever its size, and give its SHA-256."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    place = path_of(sha256)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.replace(place)
    _on_disk(place.parent)
    failpoint("file renamed")
    return sha256


def room_for_work() -> Path:
    """Give the folder on the data's own volume where large files are made before they are kept."""
    room = Path(settings.DATA_DIR) / "work"
    room.mkdir(mode=0o700, exist_ok=True)
    return room


def copy_out(stored: StoredFile, to: Path) -> None:
    """Copy a file of the record to a place, a block at a time; raise FileChangedError if it is not the ledger's."""
    hashing, size = hashlib.sha256(), 0
    try:
        with path_of(stored.sha256).open("rb") as source, to.open("wb") as target:
            while block := source.read(BLOCK):
                hashing.update(block)
                size += len(block)
                target.write(block)
    except OSError as error:
        raise FileChangedError(f"File {stored.sha256} cannot be read: {error.strerror}.") from error
    if hashing.hexdigest() != stored.sha256 or size != stored.size:
        raise FileChangedError(f"File {stored.sha256} was changed.")


def is_whole(stored: StoredFile) -> bool:
    """Tell whether a file is still the ledger's, reading it a block at a time."""
    try:
        with path_of(stored.sha256).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            return found == stored.sha256 and file.tell() == stored.size
    except OSError:
        return False


def sniffed(content: bytes) -> str:
    """Give the media type that the content itself shows; text and anything unknown are plain."""
    for start, media_type in SIGNATURES:
        if content.startswith(start):
            return media_type
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "text/plain" if b"\x00" not in content else "application/octet-stream"


def safe_name(name: str) -> str:
    """Give a file's name without folders, control characters or leading dots, at most 120 characters."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    return re.sub(r"^[.\s]+", "", printable)[-120:] or "file"


def keep(content: bytes, *, name: str, actor: str) -> StoredFile:
    """Store a file and write its row; both are there afterwards or neither is named."""
    row = StoredFile(sha256=put(content), size=len(content), media_type=sniffed(content), original_name=safe_name(name))
    return write(row, type="file.kept", actor=actor)


def read(stored: StoredFile) -> bytes:
    """Give a file's bytes; raise FileChangedError if they are not those of the ledger."""
    try:
        content = path_of(stored.sha256).read_bytes()
    except OSError as error:
        raise FileChangedError(f"File {stored.sha256} cannot be read: {error.strerror}.") from error
    if digest(content) != stored.sha256 or len(content) != stored.size:
        raise FileChangedError(f"File {stored.sha256} was changed.")
    return content
