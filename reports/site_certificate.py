"""The certificate with which the site signs the PDFs that it issues.

(1) A plant is given one, or has none.
(2) A training site makes one of its own, whose names say that it is worth nothing; a plant never does.
(3) Certificate and key are used only while they belong together and are valid.
"""

import logging
import os
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.conf import settings

from ledger import clock
from ledger.models import Site

CA_NAME = "Cellwright demonstration CA, not for GMP records"
TRAINING_MARK = ", training site, not for GMP records"
LONGEST_NAME = 64  # octets of a part of a certificate's name (after X.520)
SOON = timedelta(days=30)
logger = logging.getLogger(__name__)


class SigningKeyError(RuntimeError):
    """The certificate or key that documents are signed with cannot be used; nothing is issued until it is put right."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What documents are signed with: the site's certificate, its key (PKCS #8, DER), and the certificates above it."""

    certificate: x509.Certificate
    key: bytes
    chain: tuple[x509.Certificate, ...]


def site_identity() -> Identity | None:
    """Give what this site signs with; None at a plant that was given no certificate."""
    if settings.PDF_CERTIFICATE_FILE:
        return _identity_in(
            Path(settings.PDF_CERTIFICATE_FILE),
            Path(settings.PDF_KEY_FILE),
            Path(settings.PDF_CHAIN_FILE) if settings.PDF_CHAIN_FILE else None,
            settings.PDF_KEY_PASSPHRASE,
        )
    if not settings.TRAINING:
        return None
    folder = Path(settings.DATA_DIR) / "pdf-signing"
    if not folder.exists():
        _make_demonstration(folder, Site.objects.get().name)
    return _identity_in(folder / "signer.pem", folder / "signer.key", folder / "ca.pem", "")


def _identity_in(certificate_file: Path, key_file: Path, chain_file: Path | None, passphrase: str) -> Identity:
    """Read certificate, key and chain; raise SigningKeyError unless they belong together and are valid now."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), passphrase.encode() if passphrase else None)
        chain = tuple(x509.load_pem_x509_certificates(chain_file.read_bytes())) if chain_file else ()
    except (OSError, ValueError, TypeError) as error:
        raise SigningKeyError(f"What documents are signed with cannot be read: {error}") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise SigningKeyError("Documents are signed with a key on the curve P-256, or with RSA.")
    if key.public_key() != certificate.public_key():
        raise SigningKeyError("The key that documents are signed with is not that of the certificate.")
    now = clock.machine_now()
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise SigningKeyError(
            f"The certificate that documents are signed with is valid from {certificate.not_valid_before_utc:%Y-%m-%d} "
            f"to {certificate.not_valid_after_utc:%Y-%m-%d}. Give the site a new one."
        )
    if certificate.not_valid_after_utc - now < SOON:
        logger.warning("The certificate that documents are signed with ends on %s", certificate.not_valid_after_utc)
    content = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Identity(certificate, content, chain)


def _make_demonstration(folder: Path, site: str) -> None:
    """Make a training site's own certificate, readable by its owner alone; its CA is forgotten."""
    if not settings.TRAINING:
        raise SigningKeyError("A plant makes no certificate of its own.")
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC).replace(microsecond=0)
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, CA_NAME)])
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, _cut(site, LONGEST_NAME)),
            x509.NameAttribute(NameOID.COMMON_NAME, _cut(site, LONGEST_NAME - len(TRAINING_MARK)) + TRAINING_MARK),
        ]
    )

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, is_ca: bool) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3650))  # stories tell of the past
            .not_valid_after(now + timedelta(days=36500))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=0 if is_ca else None), critical=True)
            .add_extension(_usage(is_ca=is_ca), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
            .sign(ca_key, hashes.SHA256())
        )

    contents = {
        "ca.pem": certificate(ca_name, ca_key.public_key(), is_ca=True).public_bytes(Encoding.PEM),
        "signer.pem": certificate(name, key.public_key(), is_ca=False).public_bytes(Encoding.PEM),
        "signer.key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    }
    made = Path(tempfile.mkdtemp(prefix="pdf-signing-", dir=folder.parent))  # mode 0700
    for file_name, content in contents.items():
        handle = os.open(made / file_name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    try:
        made.rename(folder)
    except OSError:
        # Another worker made one meanwhile.
        shutil.rmtree(made)


def _cut(text: str, octets: int) -> str:
    """Give a text that fits, in UTF-8; one that was cut ends with dots."""
    whole = text.encode("utf-8")
    return text if len(whole) <= octets else whole[: octets - 3].decode("utf-8", "ignore") + "..."


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=not is_ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
