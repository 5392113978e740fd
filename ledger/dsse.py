"""Signed envelopes in the DSSE form (secure-systems-lab/dsse, protocol version 1); no framework.

The signature covers the exact bytes of the payload and its type, so no canonicalisation stands between
what was signed and what is checked. One envelope carries one signature, of Ed25519 (RFC 8032).
"""

import base64
import json
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.canonical import canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"

# The points of small order (RFC 8032, cofactor 8) in all encodings a lenient reader takes: under such a key one
# fixed signature is valid for every text.
SMALL_ORDER_KEYS = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)


class EnvelopeError(ValueError):
    """An envelope or a key is not what it claims to be."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The content of an envelope whose shape was checked, its signature not yet."""

    payload: bytes
    key_id: str
    signature: bytes


def pre_authentication(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Give the bytes that are signed: DSSEv1, the lengths, the type and the payload."""
    kind = payload_type.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def public_key(raw: bytes) -> Ed25519PublicKey:
    """Give a usable public key; raise EnvelopeError for a wrong length or a point of small order."""
    if len(raw) != 32:
        raise EnvelopeError("An Ed25519 public key has 32 bytes.")
    if raw in SMALL_ORDER_KEYS:
        raise EnvelopeError("This public key is a point of small order; anything would verify under it.")
    return Ed25519PublicKey.from_public_bytes(raw)


def seal(payload: bytes, *, key: Ed25519PrivateKey, key_id: str) -> bytes:
    """Give the envelope around a payload, signed, in canonical bytes."""
    return envelope(payload, PAYLOAD_TYPE, key_id=key_id, signature=key.sign(pre_authentication(payload)))


def envelope(payload: bytes, payload_type: str, *, key_id: str, signature: bytes) -> bytes:
    """Give the envelope around a payload that was signed already, in canonical bytes."""
    return canonical(
        {
            "payload": base64.b64encode(payload).decode("ascii"),
            "payloadType": payload_type,
            "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode("ascii")}],
        }
    )


def opened(sealed: bytes) -> Opened:
    """Give an envelope's content; raise EnvelopeError if its shape is not that of `seal`."""
    try:
        data = json.loads(sealed)
        if canonical(data) != sealed or data["payloadType"] != PAYLOAD_TYPE:
            raise EnvelopeError("The envelope is not in canonical form or of another type.")
        (one,) = data["signatures"]
        return Opened(
            payload=base64.b64decode(data["payload"], validate=True),
            key_id=one["keyid"],
            signature=base64.b64decode(one["sig"], validate=True),
        )
    except EnvelopeError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise EnvelopeError("The envelope cannot be read.") from error


def is_signed_by(content: Opened, raw_public_key: bytes) -> bool:
    """Tell whether the signature is valid under a public key; a key of small order never validates anything."""
    try:
        public_key(raw_public_key).verify(content.signature, pre_authentication(content.payload))
    except (InvalidSignature, EnvelopeError):
        return False
    return True
