"""The holder of the log's key: signs heads of the ledger's tree, each only as a continuation of the one before.

(1) It knows no database. What it keeps lies in one folder of its own: its keys, and every head that it ever signed.
(2) A head is signed only if it continues the newest one that was signed for its origin, shown by a consistency proof.
    The same head may be signed again; a smaller one, or another root, never.
(3) A head is written down, durably, before its signature leaves.
(4) A new epoch has an origin of its own (`…/epoch-2`). Its first head continues a head of the epoch before it, if the
    epoch before has any that is not larger than what was kept.
(5) A key is replaced by one that both sign for.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.canonical import canonical, digest
from ledger.dsse import pre_authentication
from ledger.merkle import ProofError, refuse_wrong_consistency
from ledger.notes import NoteError, SignedHead, head_from, signed_note

ROTATION = b"cellwright log key rotation\n"
EPOCH_MARK = "/epoch-"
# The kinds of statement that a log signs beside its heads.
STATEMENTS = frozenset({"application/vnd.cellwright.record-package+json"})


class SignerRefused(RuntimeError):  # noqa: N818  what happened
    """The signer does not sign this: it does not continue what was signed before, or it is not this log's."""


@dataclass(frozen=True, slots=True)
class LogKeyFacts:
    """A public key of the log, and how the one before vouches for it."""

    name: str
    public: bytes
    rotation: str = ""  # canonical JSON: statement, old, new, in base64; empty for the first key

    @property
    def key_id(self) -> str:
        """The fingerprint: SHA-256 of the public key, hex."""
        return digest(self.public)


class LogKeyHolder:
    """The log's keys and the heads signed with them, in a folder that nobody else writes."""

    def __init__(self, folder: Path, *, name: str) -> None:
        self.folder = folder
        self.name = name

    def every_key(self) -> list[LogKeyFacts]:
        """Give every key, the oldest first; the first is made when it is asked for."""
        with self._alone():
            return [facts for facts, _private in self._keys()]

    def head(self, origin: str) -> SignedHead | None:
        """Give the newest head that was signed for an origin."""
        with self._alone():
            return self._newest(origin)

    def heads(self) -> list[SignedHead]:
        """Give every head that was signed, in the order of signing."""
        with self._alone():
            return self._heads()

    def sign_head(self, head: SignedHead, *, continues: SignedHead | None, proof: Sequence[bytes]) -> str:
        """Give the signed note of a head; raise SignerRefused unless it continues `continues`, the newest known.

        For the first head of a later epoch, `continues` is a head of the epoch before.
        """
        if head.origin != self.name and not head.origin.startswith(self.name + EPOCH_MARK):
            raise SignerRefused(f"{head.origin} is not an origin of the log {self.name}.")
        with self._alone():
            newest = self._newest(head.origin)
            if newest == head:
                return signed_note(head, name=self.name, key=self._keys()[-1][1])
            self._refuse_other_history(newest, head, continues, proof)
            self._append("heads", line_of(head))
            return signed_note(head, name=self.name, key=self._keys()[-1][1])

    def sign_statement(self, kind: str, payload: bytes) -> tuple[str, bytes]:
        """Sign a statement of a kind that logs sign; give the key's id and the signature over its DSSE form."""
        if kind not in STATEMENTS:
            raise SignerRefused(f"A log signs no statement of the kind {kind}.")
        with self._alone():
            facts, private = self._keys()[-1]
        return facts.key_id, private.sign(pre_authentication(payload, kind))

    def rotate(self, *, at: str) -> LogKeyFacts:
        """Make a new key that the present one and itself sign for; later heads are signed with it."""
        with self._alone():
            old, old_private = self._keys()[-1]
            private = Ed25519PrivateKey.generate()
            public = private.public_key().public_bytes_raw()
            statement = canonical(
                {
                    "kind": "cellwright-log-key-rotation",
                    "origin": self.name,
                    "old": old.key_id,
                    "new": digest(public),
                    "new_public": public.hex(),
                    "at": at,
                }
            )
            rotation = canonical(
                {
                    "statement": _text(statement),
                    "old": _text(old_private.sign(ROTATION + statement)),
                    "new": _text(private.sign(ROTATION + statement)),
                }
            ).decode("ascii")
            self._append("keys", {"seed": private.private_bytes_raw().hex(), "rotation": rotation})
            return LogKeyFacts(self.name, public, rotation)

    def _refuse_other_history(
        self, newest: SignedHead | None, head: SignedHead, continues: SignedHead | None, proof: Sequence[bytes]
    ) -> None:
        if newest is None:
            newest = self._of_the_epoch_before(head, continues)
            if newest is None:
                return
        if continues != newest:
            raise SignerRefused(f"The newest head that was signed has size {newest.size}; the proof begins elsewhere.")
        try:
            refuse_wrong_consistency(newest.size, newest.root, head.size, head.root, proof)
        except ProofError as error:
            raise SignerRefused(f"This head does not continue the one of size {newest.size}: {error}") from error

    def _of_the_epoch_before(self, head: SignedHead, continues: SignedHead | None) -> SignedHead | None:
        """Give the head of an earlier epoch that the first of a new one continues; None where there is none."""
        if head.origin == self.name:
            return None
        before = [one for one in self._heads() if one.origin != head.origin and one.size <= head.size]
        if not before:
            return None
        if continues not in before:
            raise SignerRefused("The first head of a new epoch continues one of the epoch before.")
        return continues

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep every other process out of the folder meanwhile."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _keys(self) -> list[tuple[LogKeyFacts, Ed25519PrivateKey]]:
        lines = self._lines("keys")
        if not lines:
            self._append("keys", {"seed": os.urandom(32).hex(), "rotation": ""})
            lines = self._lines("keys")
        found = []
        for line in lines:
            private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(str(line["seed"])))
            public = private.public_key().public_bytes_raw()
            found.append((LogKeyFacts(self.name, public, str(line["rotation"])), private))
        return found

    def _heads(self) -> list[SignedHead]:
        return [head_of_line(line) for line in self._lines("heads")]

    def _newest(self, origin: str) -> SignedHead | None:
        return next((one for one in reversed(self._heads()) if one.origin == origin), None)

    def _lines(self, name: str) -> list[dict[str, object]]:
        """Give the lines of a file; a last line that a power cut left unfinished was never acknowledged."""
        try:
            whole, _end, _unfinished = (self.folder / name).read_text(encoding="utf-8").rpartition("\n")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in whole.splitlines() if line.endswith("}")]

    def _append(self, name: str, line: dict[str, object]) -> None:
        append_durably(self.folder / name, line)


def append_durably(path: Path, line: dict[str, object]) -> None:
    """Add a line of JSON to a file that only grows; it is on the disk afterwards."""
    is_new = not path.exists()
    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        # A line that a power cut left unfinished must not swallow the next one.
        unfinished = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (b"\n" if unfinished else b"") + canonical(line) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def line_of(head: SignedHead) -> dict[str, object]:
    """Give a head in the plain values in which it is kept and sent."""
    return {"origin": head.origin, "size": head.size, "root": head.root_base64}


def head_of_line(line: dict[str, object]) -> SignedHead:
    """Give the head that a kept line says; raise SignerRefused where it says none."""
    try:
        return head_from(str(line["origin"]), str(line["size"]), str(line["root"]))
    except (KeyError, NoteError) as error:
        raise SignerRefused("A kept head cannot be read.") from error


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
