"""PAdES: a document gets the site's signature, so that any reader of PDFs sees who issued it and that it is whole.

(1) A signature is added behind the document; its first bytes stay the document as it was made.
(2) It is the site's own, by a certificate that the site was given. A plant without one issues unsigned documents, and
    each says so in its row; a training site makes a certificate of its own, whose name says what it is worth.
(3) The file stays PDF/A-3b and PDF 1.7.
(4) Its time comes from the first authority of the site, where there is one. If that fails, the policy of the site
    decides: the document waits (block), or is signed without a time from outside (warn).
(5) The record does not rest on this signature: what was decided is signed by people, in the ledger.
"""

import io
import logging
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from asn1crypto import cms
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from ledger import outbox
from ledger.authorities import Authority
from ledger.timestamps import WrongStampError, ask_about, checked_about, finished, roots_in
from reports.site_certificate import Identity, site_identity

if TYPE_CHECKING:
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
    from pyhanko.sign.timestamps import TimeStamper
    from pyhanko_certvalidator.context import ValidationContext

BASIC, WITH_TIME, LONG_TERM = "B-B", "B-T", "B-LTA"
logger = logging.getLogger(__name__)


def signed(content: bytes, *, reason: str, field_name: str, at: datetime) -> tuple[bytes, str]:
    """Give a document with the site's signature behind it, and the level: B-B, B-T, B-LTA, or "" where it has none.

    `at` is the time that the signature claims. Raises NotYetError where the policy makes documents wait for a time
    stamp, SigningKeyError when the configured certificate or key cannot be used.
    """
    identity = site_identity()
    if identity is None:
        return content, ""
    wanted = _wanted_level()
    for level in _levels_down_from(wanted):
        try:
            whole = _with_signature(content, identity, level, reason=reason, field_name=field_name, at=at)
        except Exception as error:  # a chain, a server or a token can fail pyHanko in ways without a common kind
            if level == BASIC:
                raise
            if settings.ANCHOR_POLICY == "block":
                raise outbox.NotYetError(f"The document is not signed at level {level}: {error}") from error
            logger.warning("The document is not signed at level %s: %s", level, error)
            continue
        if whole[: len(content)] != content:
            raise RuntimeError("Signing changed the document itself.")
        return whole, level
    raise AssertionError("The lowest level gives a document or an error.")


def unsigned_part(content: bytes, unsigned_size: int) -> bytes:
    """Give a document as it was before it was signed; a size of 0 says that it was not."""
    if not 0 <= unsigned_size <= len(content):
        raise ValueError("The document is shorter than it was before it was signed.")
    return content[:unsigned_size] if unsigned_size else content


def _wanted_level() -> str:
    if not settings.TSA_AUTHORITIES:
        return BASIC
    return LONG_TERM if settings.PDF_SIGNING_LEVEL == LONG_TERM else WITH_TIME


def _levels_down_from(level: str) -> Iterator[str]:
    levels = (LONG_TERM, WITH_TIME, BASIC)
    yield from levels[levels.index(level) :]


def _with_signature(
    content: bytes, identity: Identity, level: str, *, reason: str, field_name: str, at: datetime
) -> bytes:
    # pyHanko takes half a second to import; only the worker, which signs, waits for it.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata

    metadata = PdfSignatureMetadata(
        field_name=field_name,
        md_algorithm="sha256",
        reason=reason,
        subfilter=SigSeedSubFilter.PADES,
        signer_key_usage=set(),
        use_pades_lta=level == LONG_TERM,
        embed_validation_info=level == LONG_TERM,
        validation_context=_what_is_trusted(identity) if level == LONG_TERM else None,
    )
    stamper = None if level == BASIC else _stamper(settings.TSA_AUTHORITIES[0])
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    # PAdES is of PDF 2.0; PDF/A-3 is of 1.7 and takes it as it is.
    writer.ensure_output_version = lambda version: None  # type: ignore[method-assign]
    signer = _signer(metadata, _holder_of(identity), stamper, at)
    written = finished(signer.async_sign_pdf(writer))
    return bytes(written.getvalue())


def _holder_of(identity: Identity) -> "SimpleSigner":
    from asn1crypto.keys import PrivateKeyInfo
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    above = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # pyHanko's own
    above.register_multiple(_asn1(one) for one in identity.chain)
    return SimpleSigner(
        signing_cert=_asn1(identity.certificate),
        signing_key=PrivateKeyInfo.load(identity.key),
        cert_registry=above,
    )


def _signer(
    metadata: "PdfSignatureMetadata", holder: "SimpleSigner", stamper: "TimeStamper | None", at: datetime
) -> "PdfSigner":
    from pyhanko.pdf_utils.writer import BasePdfFileWriter
    from pyhanko.sign.signers import PdfSigner
    from pyhanko.sign.signers.pdf_signer import PdfSigningSession

    class SignerAtATime(PdfSigner):
        """Claims the time of issue, which pyHanko would otherwise read from the machine's clock."""

        def init_signing_session(
            self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False
        ) -> PdfSigningSession:
            session = super().init_signing_session(pdf_out, existing_fields_only)
            session.system_time = at
            return session

    return SignerAtATime(metadata, signer=holder, timestamper=stamper)


def _stamper(authority: Authority) -> "TimeStamper":
    from pyhanko.sign.timestamps import TimeStamper

    class Checked(TimeStamper):
        """Asks the authority as the ledger does, and believes no token that was not checked."""

        async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
            if md_algorithm != "sha256":
                raise WrongStampError(f"Documents are stamped over SHA-256, not {md_algorithm}.")
            token = ask_about(authority, message_digest, timeout=settings.TSA_TIMEOUT_SECONDS)
            checked_about(token, message_digest, roots_in(authority.roots))
            return cms.ContentInfo.load(token)

    return Checked()  # type: ignore[no-untyped-call]  # pyHanko's own


def _what_is_trusted(identity: Identity) -> "ValidationContext":
    """Give the roots of the site's and the authorities' certificates; what is learnt on the way to them is embedded."""
    from pyhanko_certvalidator.context import ValidationContext

    roots = [_asn1(one) for one in identity.chain if one.issuer == one.subject]
    roots += [root for authority in settings.TSA_AUTHORITIES for root in roots_in(authority.roots)]
    # The demonstration CA publishes nothing that could be fetched.
    return ValidationContext(trust_roots=roots, allow_fetching=not settings.TRAINING, revocation_mode="soft-fail")


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))
