"""Record packages by FORMAT.md, made on paper: a small site in memory that shares no code with the product.

    site = a_site()
    package = site.package()                       # honest bytes
    files = unpacked(package)                      # name → content, to change at will
    forged = packed(repaired(files, site.log_key)) # the manifest follows, signed by whoever is given

`Site` writes entries, enrols and ends keys, signs, stores files, issues documents, checkpoints and tokens, and turns
its log key. The same calls give the same bytes. `verify()` runs the verifier that ships, in this process.
"""

import base64
import functools
import hashlib
import importlib.util
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

FOLDER = Path(__file__).parent.parent / "reports" / "package"
VERIFIER = FOLDER / "verify.py"
ZEROS = "0" * 64
ORIGIN = "demo.cellwright.example/log"
Files = dict[str, bytes]
Json = Any  # a test's plain data


def canonical(value: Json) -> bytes:
    """Canonical JSON of values without fractions."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8")


def b64(content: bytes) -> str:
    """Base64 as text."""
    return base64.b64encode(content).decode("ascii")


def sha(content: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash above two hashes (RFC 6962)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Key:
    """An Ed25519 key that is the same for the same words."""

    def __init__(self, words: str) -> None:
        self.private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(words.encode()).digest())
        self.public = self.private.public_key().public_bytes_raw()
        self.id = sha(self.public)

    def sign(self, message: bytes) -> bytes:
        """Sign."""
        return self.private.sign(message)


@dataclass
class LogKey:
    """A key of the log and how it came."""

    key: Key
    name: str
    rotation: Json = None

    def note(self, text: str) -> str:
        """Sign a note's text."""
        hashed = hashlib.sha256(self.name.encode() + b"\n\x01" + self.key.public).digest()[:4]
        return f"{text}\n— {self.name} {b64(hashed + self.key.sign(text.encode()))}\n"


@dataclass
class Someone:
    """A person of the site, with the key they sign with."""

    id: str
    name: str
    key: Key
    role: str = "technician"

    @property
    def username(self) -> str:
        """Their account."""
        return self.name.lower().replace(" ", "")


def sealed(payload: bytes, key: Key, kind: str = "application/vnd.in-toto+json") -> bytes:
    """A DSSE envelope."""
    covered = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    signature = {"keyid": key.id, "sig": b64(key.sign(covered))}
    return canonical({"payload": b64(payload), "payloadType": kind, "signatures": [signature]})


@dataclass
class Site:
    """A site on paper: its ledger, its people and its log key."""

    origin: str = ORIGIN
    batch: str = "CT-26-0042"
    coi: str = "A999926000042AB"
    training: bool = False
    words: str = "true"
    entries: list[bytes] = field(default_factory=list)
    said: list[Json] = field(default_factory=list)
    payloads: list[tuple[bytes, bytes]] = field(default_factory=list)
    envelopes: list[list[bytes]] = field(default_factory=list)
    tips: dict[str, tuple[int, str]] = field(default_factory=dict)
    log_keys: list[LogKey] = field(default_factory=list)
    checkpoints: dict[int, str] = field(default_factory=dict)
    anchors: dict[tuple[int, str], bytes] = field(default_factory=dict)
    files: Files = field(default_factory=dict)
    epoch: int = 1
    hashes: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.log_keys:
            self.log_keys = [LogKey(Key(f"{self.words} log"), self.origin)]
            self.record_log_key()

    @property
    def log_key(self) -> Key:
        """The log key that signs now."""
        return self.log_keys[-1].key

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.entries)

    # Writing

    def write(
        self,
        stream: str,
        kind: str,
        record: str,
        fields: Mapping[str, Json] | None = None,
        *,
        by: Someone | None = None,
        meaning: str = "performed",
        key: Key | None = None,
        actor: str = "machine",
        said: Callable[[Json], Json] = lambda statement: statement,
        entry: Mapping[str, Json] | None = None,
        id: str = "",  # noqa: A002
    ) -> int:
        """Append an entry with its payload, signed where somebody is named; give its seq."""
        seq = self.size + 1
        second, milli = divmod(seq * 250, 1000)
        at = f"2026-11-12T{second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}.{milli:03d}"
        id = id or f"00000000-0000-4000-8000-{seq:012d}"  # noqa: A001
        all_fields: dict[str, Json] = {"id": id, "recorded_at": f"{at}000Z", "actor": actor, **(fields or {})}
        if by is not None:
            all_fields |= {
                "actor": f"person/{by.id}",
                "signer_id": by.id,
                "signer_username": by.username,
                "signer_name": by.name,
                "signer_role": by.role,
                "meaning": meaning,
                "meaning_text": f"{meaning} as stated",
                "signed_at": f"{at}456Z",
            }
        salt = hashlib.sha256(f"{self.words} salt {seq}".encode()).digest()
        payload = canonical({"schema": 1, "record": record, "fields": all_fields})
        commit = sha(b"\x02" + salt + payload)
        rec = {"type": record, "id": id, "version": 1}
        envelopes = []
        if by is not None:
            signing = key or by.key
            statement = {
                "_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": f"{stream}/{record}/{id}/v1", "digest": {"sha256": commit}}],
                "predicateType": "https://cellwright.example/signature/v1",
                "predicate": {
                    "origin": self.origin,
                    "stream": stream,
                    "type": kind,
                    "record": rec,
                    "signer": {
                        "person": by.id,
                        "username": by.username,
                        "name": by.name,
                        "role": by.role,
                        "key": signing.id,
                    },
                    "meaning": {"code": meaning, "text": f"{meaning} as stated"},
                    "signed_at": f"{at}Z",
                    "zone": "Europe/Berlin",
                    "auth": {"method": "password", "at": f"{at}Z", "station": "LAB-1"},
                    "earlier": [],
                    "head": {"seq": seq - 1, "leaf": self.leaf(seq - 1)},
                    "challenge": {"id": id, "nonce": f"{seq:032x}"},
                },
            }
            envelopes = [sealed(canonical(said(statement)), signing)]
        sseq, sprev = self.tips.get(stream, (0, ZEROS))
        content = {
            "v": 1,
            "origin": self.origin,
            "epoch": self.epoch,
            "seq": seq,
            "prev": self.leaf(seq - 1),
            "stream": stream,
            "sseq": sseq + 1,
            "sprev": sprev,
            "type": kind,
            "at": f"{at}Z",
            "actor": all_fields["actor"],
            "rec": rec,
            "commit": commit,
            "sig": [sha(envelope) for envelope in envelopes],
            **(entry or {}),
        }
        self.entries.append(canonical(content))
        self.said.append(content)
        self.payloads.append((salt, payload))
        self.envelopes.append(envelopes)
        self.tips[stream] = (sseq + 1, self.leaf(seq))
        return seq

    def leaf(self, seq: int) -> str:
        """The leaf of an entry, hex; zeros for none."""
        return sha(b"\x00" + self.entries[seq - 1]) if seq else ZEROS

    def in_batch(self, kind: str, record: str, fields: Mapping[str, Json] | None = None, **more: Json) -> int:
        """Append to the batch's own stream."""
        return self.write(f"batch/{self.batch}", kind, record, fields, **more)

    def admit(self, name: str, role: str = "technician") -> Someone:
        """Admit somebody and let them enrol a key."""
        number = len([said for said in self.said if said["rec"]["type"] == "accounts.person"])
        who = Someone(f"11111111-0000-4000-8000-{number:012d}", name, Key(f"{self.words} {name}"), role)
        stream = f"person/{who.id}"
        self.write(stream, "person.admitted", "accounts.person", {"name": name}, id=who.id, actor="founding")
        self.enrol(who)
        return who

    def enrol(self, who: Someone, key: Key | None = None) -> int:
        """Enrol a key, signed by itself; it is the one that the person then signs with."""
        who.key = key or who.key
        fields = {"key_id": who.key.id, "public_key": who.key.public.hex(), "algorithm": "ed25519"}
        return self.write(
            f"person/{who.id}", "key.enrolled", "accounts.keyenrolment", fields, by=who, meaning="enrolled"
        )

    def end_key(self, who: Someone, how: str, *, by: Someone) -> int:
        """End a key: keyresetapproval, keyrevocation or deactivation."""
        return self.write(f"person/{who.id}", f"key.{how}", f"accounts.{how}", by=by, meaning="approved")

    def store(self, content: bytes) -> int:
        """Store a file of the record."""
        self.files[f"files/{sha(content)}"] = content
        fields = {"sha256": sha(content), "size": len(content), "media_type": "text/csv", "original_name": "a.csv"}
        return self.write("site", "file.stored", "ledger.storedfile", fields)

    def issue(self, content: bytes, number: str = "COA-26-0001", version: int = 1) -> int:
        """Issue a document, whose file is stored too."""
        self.files[f"documents/{number}-v{version}.pdf"] = content
        file = {"sha256": sha(content), "size": len(content), "media_type": "application/pdf", "original_name": number}
        self.write("site", "file.stored", "ledger.storedfile", file)
        fields = {"number": number, "version": version, "sha256": sha(content), "supersedes_id": None}
        return self.in_batch("document.issued", "reports.document", fields)

    def record_log_key(self) -> int:
        """Write the newest log key into the ledger."""
        new = self.log_keys[-1]
        fields = {"key_id": new.key.id, "public_key": new.key.public.hex(), "name": new.name}
        return self.write("site", "log_key.opened", "ledger.logkey", fields)

    def rotate_log_key(self, *, old: Key | None = None) -> None:
        """Turn to a new log key, vouched for by the old one (or by another, in a forgery)."""
        before, key = self.log_keys[-1], Key(f"{self.words} log {len(self.log_keys)}")
        statement = canonical(
            {
                "kind": "cellwright-log-key-rotation",
                "origin": self.origin,
                "old": before.key.id,
                "new": key.id,
                "new_public": key.public.hex(),
                "at": "2026-11-12T10:00:00.000Z",
            }
        )
        message = b"cellwright log key rotation\n" + statement
        signatures = {"old": b64((old or before.key).sign(message)), "new": b64(key.sign(message))}
        self.log_keys.append(LogKey(key, before.name, {"statement": b64(statement), **signatures}))
        self.record_log_key()

    # Trees

    def hash_of(self, first: int, last: int) -> bytes:
        """The Merkle tree hash of entries first+1 … last (RFC 6962, 2.1)."""
        known = self.hashes.get((first, last))
        if known is None:
            if last - first == 1:
                known = hashlib.sha256(b"\x00" + self.entries[first]).digest()
            else:
                half = first + (1 << (last - first - 1).bit_length() - 1)
                known = node(self.hash_of(first, half), self.hash_of(half, last))
            self.hashes[first, last] = known
        return known

    def root(self, size: int) -> bytes:
        """The root over the first entries."""
        return self.hash_of(0, size)

    def path(self, index: int, first: int, last: int) -> list[bytes]:
        """The audit path (RFC 6962, 2.1.1)."""
        if last - first == 1:
            return []
        half = first + (1 << (last - first - 1).bit_length() - 1)
        if index < half:
            return [*self.path(index, first, half), self.hash_of(half, last)]
        return [*self.path(index, half, last), self.hash_of(first, half)]

    def consistency(self, size: int, first: int, last: int, *, whole: bool = True) -> list[bytes]:
        """The consistency proof (RFC 6962, 2.1.2)."""
        if size == last:
            return [] if whole else [self.hash_of(first, last)]
        half = first + (1 << (last - first - 1).bit_length() - 1)
        if size <= half:
            return [*self.consistency(size, first, half, whole=whole), self.hash_of(half, last)]
        return [*self.consistency(size, half, last, whole=False), self.hash_of(first, half)]

    def checkpoint(self) -> int:
        """Issue a checkpoint over all entries, record it, give its size."""
        size, root = self.size, self.root(self.size)
        origin = self.origin if self.epoch == 1 else f"{self.origin}/epoch-{self.epoch}"
        note = self.log_keys[-1].note(f"{origin}\n{size}\n{b64(root)}\n")
        self.checkpoints[size] = note
        fields = {"origin": origin, "epoch": self.epoch, "size": size, "root": root.hex(), "note": note}
        self.write("site", "checkpoint.issued", "ledger.checkpoint", fields)
        return size

    def printed(self, size: int) -> str:
        """A checkpoint as a certificate prints it."""
        origin, size_, root = self.checkpoints[size].split("\n")[:3]
        return f"{origin} {size_} {root}"

    def anchor(self, size: int, token: bytes, authority: str = "tsa") -> int:
        """Record a token of a time-stamping authority."""
        self.anchors[size, authority] = token
        return self.write(
            "site", "anchor.recorded", "ledger.anchor", {"size": size, "authority": authority, "token": b64(token)}
        )

    # The package

    def key_lives(self, upto: int) -> list[Json]:
        """The life of each key that is enrolled within the first entries."""
        lives: list[Json] = []
        for said, (_, payload) in zip(self.said[:upto], self.payloads, strict=False):
            kind, person = said["rec"]["type"], said["stream"].removeprefix("person/")
            if kind.removeprefix("accounts.") in ("keyenrolment", "keyresetapproval", "keyrevocation", "deactivation"):
                for life in lives:
                    if life["person"] == person and life["until"] is None:
                        life["until"] = said["seq"]
            if kind == "accounts.keyenrolment":
                fields = json.loads(payload)["fields"]
                life = {"key": fields["key_id"], "person": person, "public": fields["public_key"]}
                lives.append({**life, "since": said["seq"], "until": None})
        return lives

    def members(
        self, *, withhold: frozenset[str] = frozenset({"accounts.person"}), also: frozenset[str] = frozenset()
    ) -> Files:
        """The files of a package that leads to the newest checkpoint; payloads of some types are withheld.

        `also` names streams whose entries are here without their stream being whole.
        """
        n = max(self.checkpoints)
        whole = {f"batch/{self.batch}", f"coi/{self.coi}"}
        whole |= {said["stream"] for said in self.said[:n] if said["stream"].startswith("person/")}
        singles = ("ledger.logkey", "ledger.checkpoint", "ledger.anchor", "ledger.storedfile")
        here = [one for one in self.said[:n] if one["stream"] in whole | also or one["rec"]["type"] in singles]
        open_ = [one for one in here if one["rec"]["type"] not in withhold]
        own = [one for one in open_ if one["stream"] in (f"batch/{self.batch}", f"coi/{self.coi}")]
        note = self.checkpoints[n]
        files: Files = {name: (FOLDER / name).read_bytes() for name in ("README.txt", "FORMAT.md", "verify.py")}
        files |= self.files
        files["entries.jsonl"] = b"".join(self.entries[one["seq"] - 1] + b"\n" for one in here)
        files["payloads.jsonl"] = b""
        files["envelopes.jsonl"] = b""
        for one in open_:
            salt, payload = self.payloads[one["seq"] - 1]
            files["payloads.jsonl"] += (
                canonical({"payload": b64(payload), "salt": salt.hex(), "seq": one["seq"]}) + b"\n"
            )
            for envelope in self.envelopes[one["seq"] - 1]:
                files["envelopes.jsonl"] += canonical({"envelope": b64(envelope), "seq": one["seq"]}) + b"\n"
        files["keys.jsonl"] = b"".join(canonical(life) + b"\n" for life in self.key_lives(n))
        files["log-keys.jsonl"] = b"".join(
            canonical({"id": one.key.id, "name": one.name, "public": one.key.public.hex(), "rotation": one.rotation})
            + b"\n"
            for one in self.log_keys
        )
        for size, text in self.checkpoints.items():
            files[f"checkpoints/{size}.txt"] = text.encode()
            if size < n:
                proof = "".join(b64(hash_) + "\n" for hash_ in self.consistency(size, 0, n))
                files[f"consistency/{size}.txt"] = f"cellwright consistency proof 1\n{size}\n{n}\n{proof}".encode()
        for one in here:
            seq = one["seq"]
            path = "".join(b64(hash_) + "\n" for hash_ in self.path(seq - 1, 0, n))
            proof = f"c2sp.org/tlog-proof@v1\nindex {seq - 1}\n{path}\n{note}"
            files[f"proofs/{seq:09d}.tlog-proof"] = proof.encode()
        for (size, authority), token in self.anchors.items():
            files[f"anchors/{size}-{authority}.tsr"] = token
        streams = []
        for name in sorted(whole):
            seqs = [one["seq"] for one in here if one["stream"] == name]
            streams.append({"name": name, "entries": len(seqs), "last": self.leaf(seqs[-1]) if seqs else ZEROS})
        files["record.json"], files["audit-trail.csv"] = self.as_data([one["seq"] for one in own])
        files["manifest.json"] = canonical(
            {
                "format": "cellwright-record-package",
                "version": 1,
                "origin": self.origin,
                "training": self.training,
                "batch": self.batch,
                "chain_of_identity": self.coi,
                "checkpoint": {"size": n, "root": self.root(n).hex()},
                "streams": streams,
                "files": [],
            }
        )
        return repaired(files, self.log_key)

    def as_data(self, seqs: list[int]) -> tuple[bytes, bytes]:
        """The record as JSON and as CSV."""
        record, rows = [], []
        for seq in seqs:
            said, fields = self.said[seq - 1], json.loads(self.payloads[seq - 1][1])["fields"]
            line = {name: said[name] for name in ("seq", "at", "stream", "type", "actor")}
            record.append({**line, "record": said["rec"], "fields": fields})
            cells = [*line.values(), f"{said['rec']['type']}/{said['rec']['id']}", said["rec"]["version"]]
            names = ("signer_name", "meaning_text", "signed_at", "reason", "supersedes_id")
            cells += ["" if fields.get(name) is None else fields[name] for name in names]
            rows.append([*map(str, cells), canonical(fields).decode()])
        whole = {"format": "cellwright-record", "version": 1, "batch": self.batch, "chain_of_identity": self.coi}
        head = "seq at stream type actor record version signer meaning signed_at reason supersedes fields".split()  # noqa: SIM905
        table = ""
        for row in [head, *rows]:
            safe = ["'" + cell if cell[:1] and cell[0] in "=+-@\t\r'" else cell for cell in row]
            table += ",".join('"' + cell.replace('"', '""') + '"' for cell in safe) + "\r\n"
        return canonical({**whole, "entries": record}) + b"\n", table.encode()

    def package(self, **how: Json) -> bytes:
        """The honest package, as bytes of a zip."""
        return packed(self.members(**how))


def repaired(files: Files, key: Key, **changes: Json) -> Files:
    """The same files under a manifest that lists them as they are, changed as asked, and signed by a key."""
    manifest = json.loads(files["manifest.json"]) | changes
    names = sorted(set(files) - {"manifest.json", "manifest.dsse.json"})
    manifest["files"] = [{"path": name, "size": len(files[name]), "sha256": sha(files[name])} for name in names]
    raw = canonical(manifest)
    signed = sealed(raw, key, "application/vnd.cellwright.record-package+json")
    return {**files, "manifest.json": raw, "manifest.dsse.json": signed}


def packed(files: Files, *, deflated: bool = True) -> bytes:
    """A zip of the files in the one form of the format."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name), files[name], archive.compression)
    return made.getvalue()


def unpacked(package: bytes) -> Files:
    """The files of a zip."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rewritten(files: Files, name: str, change: Callable[[list[Json]], list[Json] | None]) -> Files:
    """The same files with the lines of a .jsonl file changed as data."""
    lines = [json.loads(line) for line in files[name].splitlines()]
    answer = change(lines)
    return {**files, name: b"".join(canonical(line) + b"\n" for line in (lines if answer is None else answer))}


def a_site(*, entries: int = 0, signed: int = 0, **how: Json) -> Site:
    """A site with three people, one batch in production and at least as many entries and signatures as asked for."""
    site = Site(**how)
    amina, quentin, ines = site.admit("Amina Okoye"), site.admit("Quentin Roux", "QA"), site.admit("Inés Prieto", "QP")
    site.write(f"coi/{site.coi}", "collection.received", "chain_of_custody.collection", {"din": "A9999 26 000042"})
    site.in_batch("batch.issued", "batches.batch", {"number": site.batch}, by=quentin, meaning="approved")
    site.in_batch("value.recorded", "batches.value", {"typed": "-1.50", "reason": None}, actor=f"person/{amina.id}")
    site.in_batch("step.performed", "batches.stepdone", {"step": "wash", "reason": "=2+2 was typed"}, by=amina)
    site.store(b"time,temperature\n0,4.1\n")
    site.checkpoint()
    site.write(f"person/{amina.id}", "training.recorded", "accounts.person", {"procedure": "SOP-7"}, id="t-1")
    site.in_batch("step.witnessed", "batches.witness", {"step": "wash"}, by=quentin, meaning="witnessed")
    people = (amina, quentin, ines)
    for number in range(signed):
        site.in_batch("step.performed", "batches.stepdone", {"step": f"s{number}"}, by=people[number % 3])
    for number in range(entries - site.size):
        site.in_batch("value.recorded", "batches.value", {"typed": f"{number}.50", "reason": "typed “twice”"})
    site.issue(b"%PDF-1.7 a certificate of analysis")
    site.in_batch("batch.certified", "qc.disposition", {"decision": "certified"}, by=ines, meaning="certified")
    site.checkpoint()
    return site


@functools.cache
def verifier() -> Any:  # see below
    """The verifier that ships, loaded by its path. It checks each signature once a run, however often it meets it."""
    spec = importlib.util.spec_from_file_location("the_verifier", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)  # loaded by its path, it has no type
    spec.loader.exec_module(module)
    module.is_valid = functools.cache(module.is_valid)
    return module


@dataclass(frozen=True)
class Answer:
    """What the verifier said."""

    code: int
    said: Json

    @property
    def verdict(self) -> str:
        """The last line."""
        return str(self.said["verdict"])

    @property
    def text(self) -> str:
        """The report as it prints."""
        return str(self.said["text"])

    def names(self, part: str, says: str = "") -> bool:
        """Tell whether a finding is about a part, in such words (regular expressions)."""
        return any(re.search(part, one["part"]) and re.search(says, one["says"]) for one in self.said["findings"])


def verify(package: bytes, *options: str) -> Answer:
    """Verify a package in this process, on one core."""
    with tempfile.NamedTemporaryFile(suffix=".zip") as file:
        file.write(package)
        file.flush()
        out = io.StringIO()
        code = verifier().main([file.name, "--jobs", "1", "--json", *options], out)
    return Answer(code, json.loads(out.getvalue()))
