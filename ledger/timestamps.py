"""Time stamps of others (RFC 3161): asked for over HTTP, and believed only after they were checked.

(1) What is stamped is a SHA-256 digest; the question carries a nonce and asks for the certificates.
(2) An answer is at most 64 KiB, comes without redirects, and is whole before the time for it is over.
(3) A token counts when it is about this digest, repeats the nonce, is signed as its certificate says, and that
    certificate is for time stamping alone, led to a trusted root, and was valid at the token's own time. A certificate
    that expired afterwards does not undo the token; that is remarked.
(4) Whether a certificate was revoked is not asked: that would need the network each time the record is verified.
"""

import asyncio
import hashlib
import http.client
import secrets
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from asn1crypto import algos, cms, core, pem, tsp, x509

from ledger import clock
from ledger.authorities import Authority

if TYPE_CHECKING:
    from pyhanko.sign.validation.status import TimestampSignatureStatus

LONGEST_ANSWER = 64 * 1024
LONGEST_WAIT = 10.0
LONGEST_SERIAL = 80
NONCE_BITS = 63
GRANTED = frozenset({"granted", "granted_with_mods"})

_OVER = "the time for it is over"

ResultT = TypeVar("ResultT")


class NoStampError(RuntimeError):
    """An authority gave no time stamp: it is away, slow, or refuses. It may be asked again."""


class WrongStampError(RuntimeError):
    """What an authority gave is not a time stamp of this content by a trusted authority; it is never stored."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a token says: the authority's time (UTC, milliseconds), its number, and what a reader should know."""

    time: datetime
    serial: str
    remark: str = ""


def roots_in(path: Path) -> list[x509.Certificate]:
    """Give the certificates of a PEM file; raise ValueError if it holds none or cannot be read."""
    try:
        blocks = list(pem.unarmor(path.read_bytes(), multiple=True))
        roots = [x509.Certificate.load(der) for kind, _, der in blocks if kind == "CERTIFICATE"]
    except (OSError, ValueError) as error:
        raise ValueError(f"The certificates in {path} cannot be read: {error}") from error
    if not roots:
        raise ValueError(f"There is no certificate in {path}.")
    return roots


def ask(authority: Authority, content: bytes, *, timeout: float = LONGEST_WAIT) -> bytes:
    """Ask an authority to stamp a content; give its token (DER), not checked yet but for its nonce.

    Raises NoStampError when there is no answer, WrongStampError when the answer is to another question.
    """
    return ask_about(authority, hashlib.sha256(content).digest(), timeout=timeout)


def ask_about(authority: Authority, sha256: bytes, *, timeout: float = LONGEST_WAIT) -> bytes:
    """Ask an authority to stamp a digest; otherwise as `ask`."""
    nonce = secrets.randbits(NONCE_BITS)
    answer = _post(authority, _question(sha256, nonce), timeout)
    try:
        reply = _Reply.load(answer, strict=True)
        status = str(reply["status"]["status"].native)
        token = reply["time_stamp_token"].dump() if status in GRANTED else b""
    except Exception as error:  # the parser of hostile bytes promises no kind of error
        raise WrongStampError(f"{authority.name} did not answer with a time stamp.") from error
    if status not in GRANTED:
        raise NoStampError(f"{authority.name} refuses to stamp: {status.replace('_', ' ')}.")
    said_by(token, sha256, nonce=nonce)
    return bytes(token)


def checked(token: bytes, content: bytes, roots: Sequence[x509.Certificate], *, nonce: int | None = None) -> Stamp:
    """Give what a token says about a content after everything of rule (3) was checked; raise WrongStampError if not."""
    return checked_about(token, hashlib.sha256(content).digest(), roots, nonce=nonce)


def checked_about(token: bytes, sha256: bytes, roots: Sequence[x509.Certificate], *, nonce: int | None = None) -> Stamp:
    """Give what a token says about a digest; otherwise as `checked`."""
    stamp = said_by(token, sha256, nonce=nonce)
    try:
        status = _status_of(token, sha256, roots, stamp.time)
        certificate = status.signing_cert
        expires = certificate.not_valid_after.astimezone(UTC)
        purposes = certificate.extended_key_usage_value
        is_for_this_alone = purposes is not None and purposes.native == ["time_stamping"]
    except Exception as error:  # as above
        raise WrongStampError("The time stamp cannot be checked: its signature or certificates are broken.") from error
    if not (status.intact and status.valid):
        raise WrongStampError("The time stamp's signature is not valid.")
    if not is_for_this_alone:
        raise WrongStampError("The time stamp's certificate is not one for time stamping alone.")
    if not status.trusted:
        raise WrongStampError(
            "The time stamp's certificate does not lead to a trusted root, or was not valid at the time of the stamp."
        )
    remark = f"the authority's certificate expired on {expires:%Y-%m-%d}" if expires < clock.machine_now() else ""
    return Stamp(stamp.time, stamp.serial, remark)


def _status_of(
    token: bytes, sha256: bytes, roots: Sequence[x509.Certificate], moment: datetime
) -> "TimestampSignatureStatus":
    # pyHanko takes half a second to import; only those who check a token wait for it.
    from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
    from pyhanko.sign.validation.status import TimestampSignatureStatus
    from pyhanko_certvalidator.context import ValidationContext

    signed = cms.ContentInfo.load(token, strict=True)["content"]
    context = ValidationContext(trust_roots=list(roots), moment=moment, allow_fetching=False)
    return TimestampSignatureStatus(**finished(validate_tst_signed_data(signed, context, lambda _algorithm: sha256)))


def said_by(token: bytes, sha256: bytes, *, nonce: int | None = None) -> Stamp:
    """Give what a token says, its signature not checked; raise WrongStampError if it is about another digest."""
    try:
        info = cms.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]["content"].parsed
        imprint = info["message_imprint"]
        algorithm, hashed = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
        repeated, serial = info["nonce"].native, str(info["serial_number"].native)
        moment = info["gen_time"].native.astimezone(UTC)
    except Exception as error:  # as above
        raise WrongStampError("What was given is not a time stamp.") from error
    if algorithm != "sha256" or hashed != sha256:
        raise WrongStampError("The time stamp is about another content.")
    if nonce is not None and repeated != nonce:
        raise WrongStampError("The time stamp answers another question: its nonce is not the one that was sent.")
    if len(serial) > LONGEST_SERIAL:
        raise WrongStampError("The time stamp's number is longer than such numbers are.")
    return Stamp(moment.replace(microsecond=moment.microsecond // 1000 * 1000), serial)


# Any: what the coroutine is sent and yields meanwhile, which is between it and its loop.
def finished(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Run pyHanko's asynchronous work to its end, also where a loop of somebody else's runs in this thread."""
    with ThreadPoolExecutor(max_workers=1) as executor:
        return executor.submit(asyncio.run, work).result()


def _question(sha256: bytes, nonce: int) -> bytes:
    imprint = {"hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}), "hashed_message": sha256}
    question = {"version": 1, "message_imprint": tsp.MessageImprint(imprint), "nonce": nonce, "cert_req": True}
    return bytes(tsp.TimeStampReq(question).dump())


class _Reply(core.Sequence):  # type: ignore[misc]  # asn1crypto ships no types
    """A TimeStampResp as RFC 3161 has it: one that refuses holds no token (asn1crypto's own must hold one)."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


class _Plain(http.client.HTTPConnection):
    """A connection that ends when the time for the whole exchange is over, however slowly the other side drips."""

    def connect(self) -> None:
        super().connect()
        _end_later(self)


class _Secured(http.client.HTTPSConnection):
    """As above, over TLS."""

    def connect(self) -> None:
        super().connect()
        _end_later(self)


def _end_later(connection: http.client.HTTPConnection) -> None:
    timer = threading.Timer(connection.timeout or LONGEST_WAIT, _cut, [connection.sock])
    timer.daemon = True
    timer.start()


def _cut(connected: Any) -> None:  # Any: a socket, plain or secured
    with suppress(OSError, ValueError):
        connected.shutdown(2)


class _PlainDoor(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Plain, req)


class _SecuredDoor(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_Secured, req, context=ssl.create_default_context())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        """Follow none: an authority is asked where it was configured."""
        return


def _opener() -> urllib.request.OpenerDirector:
    """Give what opens http and https alone, through the machine's proxy where it has one."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _NoRedirects(),
        _PlainDoor(),
        _SecuredDoor(),
    ):
        opener.add_handler(handler)
    return opener


def _post(authority: Authority, question: bytes, timeout: float) -> bytes:
    request = urllib.request.Request(  # noqa: S310  the opener knows http and https alone
        authority.url,
        data=question,
        headers={"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"},
        method="POST",
    )
    end = time.monotonic() + timeout
    try:
        with _opener().open(request, timeout=timeout) as response:
            answer: bytes = response.read(LONGEST_ANSWER + 1)
    except urllib.error.HTTPError as error:
        error.close()
        raise NoStampError(f"{authority.name} answers with the status {error.code}.") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise NoStampError(f"{authority.name} does not answer: {_cause(error)}.") from error
    if time.monotonic() >= end:  # what was cut off then is no answer
        raise NoStampError(f"{authority.name} does not answer: {_OVER}.")
    if len(answer) > LONGEST_ANSWER:
        raise WrongStampError(f"{authority.name} answers with more than {LONGEST_ANSWER // 1024} KiB.")
    return answer


def _cause(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return _OVER
    return f"{type(cause).__name__}: {str(cause)[:200]}".rstrip(": ")
