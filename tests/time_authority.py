"""A time-stamping authority of the tests' own: a throw-away CA, and a server here that answers through openssl.

    with time_authority() as tsa:                 # honest
        tsa.authority()                           # what CELLWRIGHT_TSA configures
        tsa.behaves = Behaviour.WRONG_NONCE       # from now on

What a lying authority signs is signed by the very same key: only what it says is wrong.
"""

import asyncio
import hashlib
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.sign.timestamps import DummyTimeStamper

from tests import machine

# openssl counts its stamps in a file.
_one_at_a_time = threading.Lock()

CONFIGURATION = """
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class Behaviour(Enum):
    """How the authority answers."""

    HONEST = auto()
    SLOW = auto()
    DRIPPING = auto()
    RUBBISH = auto()
    ENDLESS = auto()
    REFUSING = auto()
    FAILING = auto()
    REDIRECTING = auto()
    WRONG_NONCE = auto()
    NO_NONCE = auto()
    OTHER_HASH = auto()
    GRANTED_WITH_MODS = auto()
    CHANGED = auto()


def make_certificates(
    folder: Path,
    *,
    name: str = "Throw-away",
    since: timedelta = timedelta(days=-30),
    until: timedelta = timedelta(days=365),
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
    with_rsa: bool = False,
) -> None:
    """Make ca.pem, tsa.pem and tsa.key in a folder; that certificate is valid from `since` to `until`, from now."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC).replace(microsecond=0)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = rsa.generate_private_key(65537, 2048) if with_rsa else ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root")])
    ca_identifier = x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key())
    ca = (
        x509.CertificateBuilder()
        .subject_name(ca_name)
        .issuer_name(ca_name)
        .public_key(ca_key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=400))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(ca_identifier, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} time-stamping authority")]))
        .issuer_name(ca_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(ca_identifier), critical=False)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(list(purposes)), critical=True)
    certificate = builder.sign(ca_key, hashes.SHA256())
    (folder / "ca.pem").write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "tsa.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "serial").write_text("01\n", encoding="ascii")
    (folder / "openssl.cnf").write_text(CONFIGURATION.format(folder=folder), encoding="ascii")


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificates,
        crl_sign=certificates,
        encipher_only=False,
        decipher_only=False,
    )


def answered(folder: Path, question: bytes) -> bytes:
    """Give openssl's answer (DER) to a question, with the certificates of a folder."""
    machine.openssl()
    with _one_at_a_time, TemporaryDirectory(prefix="cellwright-stamp-") as desk:
        asked, said = Path(desk) / "question.tsq", Path(desk) / "answer.tsr"
        asked.write_bytes(question)
        configuration = ["-config", str(folder / "openssl.cnf")]
        command = ["openssl", "ts", "-reply", *configuration, "-queryfile", str(asked), "-out", str(said)]
        subprocess.run(command, check=True, capture_output=True, timeout=20)
        return said.read_bytes()


def question_about(content: bytes, *, nonce: int | None = None, algorithm: str = "sha256") -> bytes:
    """Give a time-stamp question (DER) about a content."""
    imprint = {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": hashlib.new(algorithm, content).digest()}
    question: dict[str, object] = {"version": 1, "message_imprint": imprint, "cert_req": True}
    if nonce is not None:
        question["nonce"] = nonce
    return bytes(tsp.TimeStampReq(question).dump())


def token_over(folder: Path, content: bytes, *, nonce: int | None = None, algorithm: str = "sha256") -> bytes:
    """Give a token (DER) over a content, made with the certificates of a folder, without any server."""
    reply = tsp.TimeStampResp.load(answered(folder, question_about(content, nonce=nonce, algorithm=algorithm)))
    assert reply["status"]["status"].native == "granted", reply.native
    return bytes(reply["time_stamp_token"].dump())


def token_by_hand(folder: Path, content: bytes, *, at: datetime) -> bytes:
    """Give a token (DER) that says another time than now, or bears a certificate that openssl would not stamp with.

    The certificates of the folder were made `with_rsa`.
    """
    stamper = DummyTimeStamper(
        load_cert_from_pemder(str(folder / "tsa.pem")),
        load_private_key_from_pemder(str(folder / "tsa.key"), passphrase=None),
        fixed_dt=at,
    )
    with ThreadPoolExecutor(1) as executor:  # a browser test has a loop of its own in this thread
        work = stamper.async_timestamp(hashlib.sha256(content).digest(), "sha256")
        return bytes(executor.submit(asyncio.run, work).result().dump())


@dataclass
class TimeAuthority:
    """The running authority."""

    folder: Path
    port: int
    name: str
    behaves: Behaviour = Behaviour.HONEST
    asked: list[bytes] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/stamp"

    @property
    def roots(self) -> Path:
        """The folder of roots, as CELLWRIGHT_TSA_ROOTS names it."""
        return self.folder / "roots"

    def authority(self):
        """What settings.TSA_AUTHORITIES holds of it."""
        from ledger.authorities import Authority

        return Authority(self.name, self.url, self.roots / f"{self.name}.pem")

    def environment(self) -> dict[str, str]:
        """What a process of the product is given to ask it."""
        return {"CELLWRIGHT_TSA": f"{self.name}={self.url}", "CELLWRIGHT_TSA_ROOTS": str(self.roots)}

    def answer(self, question: bytes) -> bytes:
        """The bytes of the answer, as the authority behaves now."""
        match self.behaves:
            case Behaviour.RUBBISH:
                return b"<html>It works!</html>"
            case Behaviour.ENDLESS:
                return b"\x30\x80" + b"\x00" * (1 << 20)
            case Behaviour.REFUSING:
                return answered(self.folder, question_about(b"", algorithm="md5"))
            case Behaviour.WRONG_NONCE | Behaviour.NO_NONCE | Behaviour.OTHER_HASH:
                changed = tsp.TimeStampReq.load(question).native
                nonce, hashed = int(changed["nonce"]), bytes(changed["message_imprint"]["hashed_message"])
                other: dict[str, object] = {"version": 1, "cert_req": True}
                if self.behaves is Behaviour.OTHER_HASH:
                    hashed = hashlib.sha256(hashed).digest()
                if self.behaves is not Behaviour.NO_NONCE:
                    other["nonce"] = nonce + 1 if self.behaves is Behaviour.WRONG_NONCE else nonce
                other["message_imprint"] = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": hashed}
                return answered(self.folder, bytes(tsp.TimeStampReq(other).dump()))
            case Behaviour.GRANTED_WITH_MODS:
                reply = tsp.TimeStampResp.load(answered(self.folder, question))
                return bytes(
                    tsp.TimeStampResp(
                        {"status": {"status": "granted_with_mods"}, "time_stamp_token": reply["time_stamp_token"]}
                    ).dump()
                )
            case Behaviour.CHANGED:
                honest = bytearray(answered(self.folder, question))
                honest[-1] ^= 1  # the last byte belongs to the signature
                return bytes(honest)
        return answered(self.folder, question)


@contextmanager
def time_authority(
    *, name: str = "tests-tsa", behaves: Behaviour = Behaviour.HONEST, trusted: bool = True, **certificates
) -> Iterator[TimeAuthority]:
    """Run an authority on 127.0.0.1; with `trusted=False` the roots that are handed out are another CA's."""
    with TemporaryDirectory(prefix="cellwright-tsa-") as temporary:
        folder = Path(temporary)
        make_certificates(folder, **certificates)
        if not trusted:
            make_certificates(folder / "other")
        roots = folder / "roots"
        roots.mkdir()
        (roots / f"{name}.pem").write_bytes((folder if trusted else folder / "other").joinpath("ca.pem").read_bytes())
        server = ThreadingHTTPServer(("127.0.0.1", 0), _Door)
        server.daemon_threads = True
        tsa = TimeAuthority(folder, server.server_address[1], name, behaves)
        server.tsa = tsa  # type: ignore[attr-defined]  # how the handler finds it
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield tsa
        finally:
            tsa.stopped.set()
            server.shutdown()
            server.server_close()
            thread.join()


def dead_address() -> str:
    """An address on this machine where nobody listens."""
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/stamp"


class _Door(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        tsa: TimeAuthority = self.server.tsa  # type: ignore[attr-defined]  # set above
        question = self.rfile.read(int(self.headers["Content-Length"]))
        tsa.asked.append(question)
        with suppress(OSError):  # whoever asked has gone
            self._answer(tsa, question)

    def _answer(self, tsa: TimeAuthority, question: bytes) -> None:
        match tsa.behaves:
            case Behaviour.SLOW:
                tsa.stopped.wait(30)
                return
            case Behaviour.FAILING:
                self.send_error(503)
                return
            case Behaviour.REDIRECTING:
                self.send_response(302)
                self.send_header("Location", "file:///etc/passwd")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            case Behaviour.DRIPPING:
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
                while not tsa.stopped.is_set():
                    self.wfile.write(b"x")
                    time.sleep(0.05)
                return
        content = tsa.answer(question)
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the server's name for it
        """Say nothing."""
