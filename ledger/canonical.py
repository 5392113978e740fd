"""The bytes of the record and their digests; no framework.

(1) Canonical bytes are RFC 8785 with less allowed: ASCII keys; strings, whole numbers below 2^53, true, false, null.
    There is no binary fraction anywhere: a measured value is the text that was typed.
(2) A leaf is SHA-256(0x00 || bytes), as in RFC 6962, so that the tree of proofs needs no second hash.
(3) A commitment is SHA-256(0x02 || 32 bytes of salt || payload): without the salt it says nothing of the payload.
"""

import hashlib
from collections.abc import Mapping, Sequence

import rfc8785

Plain = str | bool | int | None | Sequence["Plain"] | Mapping[str, "Plain"]

SALT_BYTES = 32
NOTHING_BEFORE = "0" * 64


class NotCanonical(ValueError):  # noqa: N818  the name says what the value is
    """A value has no canonical form: it would not read back as it was written."""


def _checked(value: object, where: str) -> Plain:
    if isinstance(value, str):
        try:
            value.encode("utf-8")
        except UnicodeEncodeError:
            raise NotCanonical(f"{where} holds half a character (a lone surrogate).") from None
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) >= 2**53:
            raise NotCanonical(f"{where} is a whole number of 2^53 or more; write it as text.")
        return value
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str) or not key.isascii():
                raise NotCanonical(f"{where} has a key that is not ASCII text.")
        return {key: _checked(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_checked(item, f"{where}[{number}]") for number, item in enumerate(value)]
    raise NotCanonical(f"{where} is a {type(value).__name__}; the record keeps text, whole numbers and yes or no.")


def canonical(value: object) -> bytes:
    """Give the one sequence of bytes that stands for a value; raise NotCanonical for what has none."""
    return rfc8785.dumps(_checked(value, "value"))


def leaf_of(entry: bytes) -> str:
    """Give an entry's leaf digest in hex (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + entry).hexdigest()


def commitment(salt: bytes, payload: bytes) -> str:
    """Give the salted commitment to a payload in hex."""
    if len(salt) != SALT_BYTES:
        raise NotCanonical("A commitment's salt has 32 bytes.")
    return hashlib.sha256(b"\x02" + salt + payload).hexdigest()


def digest(content: bytes) -> str:
    """Give the SHA-256 of a content in hex."""
    return hashlib.sha256(content).hexdigest()
