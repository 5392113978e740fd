"""Each person's own signing key: made, wrapped, unlocked.

The private key (Ed25519) is wrapped by AES-256-GCM under HKDF(scrypt(secret, salt), pepper); the pepper lies in a
file outside the database and its backups. The wrap is bound to the person and the key. Unlocking it is the one check
of a secret, at sign-in and at every signature alike. What the derivation costs is stored with each key.
"""

import os
import threading
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings

from accounts.models import KeyWrap, Person
from ledger.canonical import digest
from ledger.dsse import public_key
from ledger.own_secret import own_secret

# A derivation fills 32 MiB and a core; more at once would only make everybody wait longer.
_turns = threading.BoundedSemaphore(settings.DERIVATIONS_AT_ONCE)


class WrongSecretError(Exception):
    """The secret does not unlock this key."""


@dataclass(frozen=True, slots=True)
class OpenKey:
    """An unlocked private key, for one act."""

    key_id: str
    private: Ed25519PrivateKey

    @property
    def public_hex(self) -> str:
        return public_bytes(self.private).hex()


def public_bytes(private: Ed25519PrivateKey) -> bytes:
    """Give the 32 bytes of the public half."""
    return private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def key_id_of(raw_public_key: bytes) -> str:
    """Name a key by the SHA-256 of its public half; raise EnvelopeError for a key of small order."""
    public_key(raw_public_key)
    return digest(raw_public_key)


def new_key() -> OpenKey:
    """Make a key."""
    private = Ed25519PrivateKey.generate()
    return OpenKey(key_id_of(public_bytes(private)), private)


def _wrapping_key(secret: str, *, salt: bytes, log2_n: int) -> bytes:
    """Derive the wrapping key; the slow half runs at most once per core at a time, and never inside a transaction."""
    with _turns:
        stretched = Scrypt(salt=salt, length=32, n=2**log2_n, r=8, p=1).derive(secret.encode("utf-8"))
    pepper = own_secret(settings.PEPPER_FILE).encode("ascii")
    return HKDF(hashes.SHA256(), 32, salt=pepper, info=b"cellwright key wrap v1").derive(stretched)


def _bound_to(person_id: UUID, key_id: str) -> bytes:
    return f"{person_id}|{key_id}".encode("ascii")


def wrapped(key: OpenKey, *, person: Person, secret: str) -> KeyWrap:
    """Give the row that keeps a key under a secret, not yet saved."""
    salt, nonce = os.urandom(16), os.urandom(12)
    raw = key.private.private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    log2_n = settings.KEY_DERIVATION_LOG2N
    sealed = AESGCM(_wrapping_key(secret, salt=salt, log2_n=log2_n)).encrypt(
        nonce, raw, _bound_to(person.pk, key.key_id)
    )
    return KeyWrap(person=person, key_id=key.key_id, log2_n=log2_n, salt=salt, nonce=nonce, wrapped=sealed)


def unlock(wrap: KeyWrap | None, secret: str) -> OpenKey:
    """Give the open key, or raise WrongSecretError; somebody without a key costs the same time as a wrong secret."""
    if wrap is None:
        _wrapping_key(secret, salt=b"nobody has this!", log2_n=settings.KEY_DERIVATION_LOG2N)
        raise WrongSecretError
    derived = _wrapping_key(secret, salt=bytes(wrap.salt), log2_n=wrap.log2_n)
    try:
        raw = AESGCM(derived).decrypt(bytes(wrap.nonce), bytes(wrap.wrapped), _bound_to(wrap.person_id, wrap.key_id))
    except InvalidTag:
        raise WrongSecretError from None
    return OpenKey(wrap.key_id, Ed25519PrivateKey.from_private_bytes(raw))
