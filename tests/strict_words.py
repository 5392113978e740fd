"""What the second verifier reads packages with: canonical JSON, base64, Ed25519 and trees, each in its strict sense.

Written from FORMAT.md and the standards it names alone; nothing here knows the product or the verifier of packages.
"""

import base64
import functools
import hashlib
import json
import re
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HEX = "[0-9a-f]{64}"
TEXT = "(?s:.*)"
NAME = "(?s:.+)"
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
Json = Any  # whatever a stranger's file holds


class WrongError(Exception):
    """Something does not hold."""


class AbsentError(Exception):
    """Something that must be here is not."""


def must(holds: object, says: str) -> None:
    """Refuse what does not hold."""
    if not holds:
        raise WrongError(says)


def here(thing: object, says: str) -> None:
    """Refuse what is missing."""
    if not thing:
        raise AbsentError(says)


def sha256(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def unbased(text: str) -> bytes:
    """What base64 says, written in its one way."""
    content = base64.b64decode(text, validate=True)
    must(base64.b64encode(content).decode() == text, "base64 is not written in its one way")
    return content


def whole_number(text: str) -> int:
    """A decimal number without a sign or leading zeros."""
    must(re.fullmatch("0|[1-9][0-9]{0,15}", text), "not a whole number")
    return int(text)


# Canonical JSON, without fractions.


def canonical(value: Json) -> bytes:
    """The one way to write a value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def parsed(content: bytes) -> Json:
    """The value that is written in that one way."""
    value = json.loads(content.decode(), parse_float=_refused, parse_constant=_refused)
    must(canonical(value) == content, "not canonical JSON")
    _refuse_wide(value)
    return value


def _refused(text: str) -> None:
    raise WrongError(f"{text} is not allowed")


def _refuse_wide(value: Json) -> None:
    if isinstance(value, dict):
        must(all(key.isascii() for key in value), "a key is not ASCII")
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            _refuse_wide(part)
    elif isinstance(value, int):
        must(abs(value) < 1 << 53, "a number is too large")


def shaped(value: Json, shape: Json, where: str) -> None:
    """Refuse a value without exactly the fields and kinds of a shape.

    A text in a shape is a pattern, `int` a whole number from 0 on, a list says what each of its parts is.
    """
    if isinstance(shape, dict):
        must(isinstance(value, dict) and set(value) == set(shape), f"{where} has not exactly the fields it must have")
        for name, inner in shape.items():
            shaped(value[name], inner, f"{where}.{name}")
    elif isinstance(shape, list):
        must(isinstance(value, list), f"{where} is not a list")
        for part in value:
            shaped(part, shape[0], where)
    elif isinstance(shape, str):
        must(isinstance(value, str) and re.fullmatch(shape, value), f"{where} is not what it must be")
        if shape == TIME:
            datetime.fromisoformat(value)
    elif shape is int:
        must(type(value) is int and value >= 0, f"{where} is not a whole number")
    else:
        must(type(value) is shape, f"{where} is of the wrong kind")


# Ed25519 (RFC 8032). The equation is left to a library; what libraries differ about is asked here.

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME


@functools.cache
def point_of(encoded: bytes) -> tuple[int, int]:
    """The point of an encoding (5.1.3), which must be its only one."""
    must(len(encoded) == 32, "a point has not 32 bytes")
    sign, y = encoded[31] >> 7, int.from_bytes(encoded, "little") & (1 << 255) - 1
    must(y < PRIME, "a point is not encoded canonically")
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
    must((x * x - square) % PRIME == 0, "not a point")
    must(x or not sign, "a point is not encoded canonically")
    return (x if x & 1 == sign else PRIME - x), y


@functools.cache
def of_small_order(encoded: bytes) -> bool:
    """Whether eight times the point is nothing."""
    x, y = point_of(encoded)
    for _ in range(3):
        twist = D * x * x * y * y
        x, y = 2 * x * y * pow(1 + twist, -1, PRIME) % PRIME, (y * y + x * x) * pow(1 - twist, -1, PRIME) % PRIME
    return (x, y) == (0, 1)


def refuse_signature(public: str, signature: bytes, message: bytes) -> None:
    """Refuse a signature that is not valid, in the strict sense, under a public key in hex."""
    key = bytes.fromhex(public)
    must(len(signature) == 64, "a signature has not 64 bytes")
    must(not of_small_order(key), "a key is of small order")
    point_of(signature[:32])
    must(int.from_bytes(signature[32:], "little") < ORDER, "a signature's S is not below the group order")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature as error:
        raise WrongError("a signature is not valid") from error


# Trees, as RFC 6962 defines them.


def leaf_of(content: bytes) -> str:
    """The leaf of an entry, hex."""
    return sha256(b"\x00" + content)


def node(left: bytes, right: bytes) -> bytes:
    """The hash above two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that an audit path (2.1.1) leads to."""
    if size == 1:
        must(not path, "a path is too long")
        return leaf
    must(path and len(path[-1]) == 32, "a path is too short")
    left = 1 << (size - 1).bit_length() - 1
    if index < left:
        return node(root_by_path(leaf, index, left, path[:-1]), path[-1])
    return node(path[-1], root_by_path(leaf, index - left, size - left, path[:-1]))


def proof_holds(old: int, new: int, proof: list[bytes], roots: tuple[bytes, bytes]) -> bool:
    """Whether a consistency proof (2.1.2) leads to an old and a new root."""
    try:
        must(all(len(one) == 32 for one in proof), "a hash has not 32 bytes")
        return _roots_by_proof(old, new, proof, roots[0]) == roots
    except WrongError:
        return False


def _roots_by_proof(old: int, new: int, proof: list[bytes], known: bytes | None) -> tuple[bytes, bytes]:
    # `known` is the old root as long as the part that is looked at holds the whole old tree.
    if old == new:
        must(len(proof) == (known is None), "a proof has not the length it must have")
        same = proof[0] if known is None else known
        return same, same
    must(proof, "a proof is too short")
    left = 1 << (new - 1).bit_length() - 1
    if old <= left:
        before, after = _roots_by_proof(old, left, proof[:-1], known)
        return before, node(after, proof[-1])
    before, after = _roots_by_proof(old - left, new - left, proof[:-1], None)
    return node(proof[-1], before), node(proof[-1], after)
