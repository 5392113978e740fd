"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint, Ed25519 signatures of type 0x01); no framework.

A checkpoint's text is three lines: origin, number of leaves, root in base64. Beneath an empty line stand signature
lines: `— name base64(4 bytes of key hash ‖ signature)`.
"""

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.dsse import EnvelopeError, public_key

ED25519 = b"\x01"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(ValueError):
    """These bytes are no checkpoint, or not one that this key signed."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """What a checkpoint says: how large the tree of an origin is, and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def root_base64(self) -> str:
        """The root as checkpoints and certificates print it."""
        return base64.b64encode(self.root).decode("ascii")

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{self.root_base64}\n"


def key_hash(name: str, raw_public_key: bytes) -> bytes:
    """Give the four bytes by which a note's signature line names its key."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + ED25519 + raw_public_key).digest()[:4]


def signed_note(head: SignedHead, *, name: str, key: Ed25519PrivateKey) -> str:
    """Give a checkpoint under its signature, whole."""
    raw = key.public_key().public_bytes_raw()
    signature = key_hash(name, raw) + key.sign(head.text.encode("utf-8"))
    return f"{head.text}\n— {name} {base64.b64encode(signature).decode('ascii')}\n"


def read_head(text: str) -> SignedHead:
    """Give what a checkpoint's text, signed or not, says; raise NoteError for anything that is none."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0].strip() or lines[0] != lines[0].strip():
        raise NoteError("A checkpoint has three lines: origin, size, root.")
    return head_from(lines[0], lines[1], lines[2])


def head_from(origin: str, size: str, root: str) -> SignedHead:
    """Give a head from the three things that a certificate prints; raise NoteError where they cannot be one."""
    if not _NUMBER.fullmatch(size) or int(size) == 0:
        raise NoteError("The size of a checkpoint is a whole number above 0.")
    try:
        raw = base64.b64decode(root, validate=True)
    except ValueError:
        raise NoteError("The root of a checkpoint is base64.") from None
    if len(raw) != 32 or base64.b64encode(raw).decode("ascii") != root:
        raise NoteError("The root of a checkpoint has 32 bytes.")
    return SignedHead(origin, int(size), raw)


def opened_note(note: str, *, name: str, raw_public_key: bytes) -> SignedHead:
    """Give what a signed note says; raise NoteError unless this key of this name signed it."""
    text, empty, signatures = note.partition("\n\n")
    if not empty:
        raise NoteError("The note has no signature.")
    head = read_head(text + "\n")
    if head.text != text + "\n":
        raise NoteError("The note's text is not that of a checkpoint.")
    wanted = f"— {name} "
    for line in signatures.splitlines():
        if not line.startswith(wanted):
            continue
        try:
            signature = base64.b64decode(line[len(wanted) :], validate=True)
            if signature[:4] == key_hash(name, raw_public_key):
                public_key(raw_public_key).verify(signature[4:], head.text.encode("utf-8"))
                return head
        except (ValueError, InvalidSignature, EnvelopeError):
            continue
    raise NoteError("The note is not signed by this key.")


def inclusion_proof_text(index: int, path: list[bytes], note: str) -> str:
    """Give a C2SP tlog-proof: the audit path of one leaf and the checkpoint that it leads to."""
    hashes = "".join(base64.b64encode(one).decode("ascii") + "\n" for one in path)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{note}"


def consistency_proof_text(old: int, size: int, proof: list[bytes]) -> str:
    """Give a consistency proof as record packages hold it."""
    hashes = "".join(base64.b64encode(one).decode("ascii") + "\n" for one in proof)
    return f"cellwright consistency proof 1\n{old}\n{size}\n{hashes}"
