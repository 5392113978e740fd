"""What the second verifier reads of a package: sections 1 to 4 of FORMAT.md, and of others what later ones need.

Written from FORMAT.md alone, as all of it.
"""

import hashlib
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.strict_words import (
    HEX,
    NAME,
    TEXT,
    TIME,
    AbsentError,
    Json,
    here,
    leaf_of,
    must,
    of_small_order,
    parsed,
    refuse_signature,
    sha256,
    shaped,
    unbased,
    whole_number,
)

# Shapes, as the tables of the format give them.

ZEROS = "0" * 64

# Shapes, as the tables of the format give them.
MANIFEST = {
    "format": "cellwright-record-package", "version": int, "origin": NAME, "training": bool, "batch": NAME,
    "chain_of_identity": NAME, "checkpoint": {"size": int, "root": HEX},
    "streams": [{"name": NAME, "entries": int, "last": HEX}], "files": [{"path": NAME, "size": int, "sha256": HEX}],
}  # fmt: skip
ENVELOPE = {"payload": TEXT, "payloadType": TEXT, "signatures": [{"keyid": TEXT, "sig": TEXT}]}
RECORD = {"type": NAME, "id": NAME, "version": int}
ENTRY = {
    "v": int, "origin": NAME, "epoch": int, "seq": int, "prev": HEX, "stream": NAME, "sseq": int, "sprev": HEX,
    "type": NAME, "at": TIME, "actor": "person/.+|machine|founding", "rec": RECORD, "commit": HEX, "sig": [HEX],
}  # fmt: skip
LOG_KEY = {"id": HEX, "name": r"[^\s+]+", "public": HEX, "rotation": {"statement": TEXT, "old": TEXT, "new": TEXT}}
ROTATION = {
    "kind": "cellwright-log-key-rotation", "origin": TEXT, "old": HEX, "new": HEX, "new_public": HEX, "at": TIME,
}  # fmt: skip
LISTS = ("entries", "payloads", "envelopes", "keys", "log-keys")
ONES = {"README.txt", "FORMAT.md", "verify.py", "record.json", "audit-trail.csv", *(f"{name}.jsonl" for name in LISTS)}
OF_THE_MANIFEST = {"manifest.json", "manifest.dsse.json"}
KEY_ENTRIES = {f"accounts.{act}" for act in ("keyenrolment", "keyresetapproval", "keyrevocation", "deactivation")}


class Reader:
    """What is read of one package, and what was found on the way."""

    def __init__(self, pinned: str | None, roots: Path | None) -> None:
        self.pinned, self.roots = pinned, roots
        self.invalid: list[str] = []
        self.incomplete: list[str] = []
        self.forks: list[str] = []
        self.files: dict[str, bytes] = {}
        self.as_listed: set[str] = set()
        self.listed_by_the_log = False
        self.log_keys: list[dict[str, Json]] = []
        self.notes: dict[int, tuple[bytes, list[str]]] = {}
        self.entries: dict[int, dict[str, Json]] = {}
        self.leaves: dict[int, str] = {}
        self.payloads: dict[int, dict[str, Json]] = {}
        self.envelopes: dict[int, list[bytes]] = {}
        self.lives: list[dict[str, Json]] = []
        self.anchored: list[int] = []

    @contextmanager
    def about(self, what: str) -> Iterator[None]:
        """Note what goes wrong inside as a finding about something."""
        try:
            yield
        except AbsentError as error:
            self.incomplete.append(f"{what}: {error}")
        except Exception as error:  # bytes from outside fail in every way, and each is a finding
            self.invalid.append(f"{what}: {str(error) or type(error).__name__}")

    def zip_file(self, path: Path) -> None:
        """Section 1: what the library reads is, byte for byte, all that is there, in the one form of headers."""
        raw = path.read_bytes()
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            names = [member.filename for member in members]
            must(names and names == sorted(set(names)), "members are not in ascending order, each once")
            start, directory = 0, b""
            for member, name in zip(members, names, strict=True):
                must(re.fullmatch(r"[A-Za-z0-9._/-]+", name), f"{name!r} is no name")
                must(not {"", ".", ".."} & set(name.split("/")), f"{name!r} is no name")
                must(member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED), f"{name} is stored otherwise")
                sizes = member.CRC, member.compress_size, member.file_size, len(name), 0
                both = struct.pack("<5H3L2H", 20, 0, member.compress_type, 0, 33, *sizes)  # 33: 1 January 1980
                header = b"PK\3\4" + both + name.encode()
                must(raw[start : start + len(header)] == header, f"{name} does not begin where and as it must")
                rest = struct.pack("<3H2L", 0, 0, 0, 0o600 << 16, start)
                directory += b"PK\1\2" + struct.pack("<H", 0x0314) + both + rest + name.encode()
                start += len(header) + member.compress_size
            end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, len(names), len(names), len(directory), start, 0)
            must(raw[start:] == directory + end, "the directory or the end record is not what it must be")
            self.files = {name: archive.read(name) for name in names}

    def read_manifest(self) -> None:
        """Section 2, but for the signature."""
        with self.about("manifest.dsse.json"):
            here("manifest.dsse.json" in self.files, "it is missing")
        here("manifest.json" in self.files, "manifest.json is missing")
        manifest = parsed(self.files["manifest.json"])
        shaped(manifest, MANIFEST, "manifest")
        must(manifest["version"] == 1, "the version is not 1")
        self.manifest = manifest
        self.size, self.origin = manifest["checkpoint"]["size"], manifest["origin"]
        self.own = (f"batch/{manifest['batch']}", f"coi/{manifest['chain_of_identity']}")
        self.streams = {stream["name"]: stream for stream in manifest["streams"]}
        listed = {line["path"]: line for line in manifest["files"]}
        for kind, once in (("streams", self.streams), ("files", listed)):
            with self.about(f"{kind} of the manifest"):
                must(list(once) == sorted(once) and len(once) == len(manifest[kind]), "not sorted, each once")
        for name in self.own:
            with self.about("manifest.json"):
                here(name in self.streams, f"stream {name} is missing")
                must(self.streams[name]["entries"], f"stream {name} is empty")
        for name in (*ONES, f"checkpoints/{self.size}.txt"):
            with self.about(name):
                here(name in listed, "the manifest does not list it")
        for name, line in listed.items():
            with self.about(name):
                here(name in self.files, "it is missing")
                found = len(self.files[name]), sha256(self.files[name])
                must(found == (line["size"], line["sha256"]), "it was changed")
                self.as_listed.add(name)
        for name in self.files:
            with self.about(name):
                must(name in listed or name in OF_THE_MANIFEST, "the manifest does not list it")

    def opened(self, raw: bytes, kind: str) -> tuple[bytes, str, bytes, bytes]:
        """The payload, key id, signature and signed bytes of a DSSE envelope."""
        envelope = parsed(raw)
        shaped(envelope, ENVELOPE, "envelope")
        must(envelope["payloadType"] == kind, "an envelope of another type")
        must(len(envelope["signatures"]) == 1, "an envelope with not one signature")
        payload, signature = unbased(envelope["payload"]), envelope["signatures"][0]
        covered = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
        return payload, signature["keyid"], unbased(signature["sig"]), covered

    def manifest_signature(self) -> None:
        """Section 2: the manifest is signed by the newest key of the log, as the package's checkpoint is."""
        if "manifest.dsse.json" not in self.files:
            return
        kind = "application/vnd.cellwright.record-package+json"
        with self.about("manifest.dsse.json"):
            payload, key, signature, covered = self.opened(self.files["manifest.dsse.json"], kind)
            must(payload == self.files["manifest.json"], "it envelops another manifest")
            newest = self.log_keys[-1]
            must(key == newest["id"], "it is not signed by the newest key of the log")
            if self.size in self.notes:
                must(key in self.notes[self.size][1], "the newest key did not sign the package's checkpoint")
            refuse_signature(newest["public"], signature, covered)
            self.listed_by_the_log = True

    def lines_of(self, name: str) -> Iterator[tuple[bytes, Json]]:
        """The lines of a .jsonl file, as bytes and as values."""
        content = self.files.get(name, b"")
        with self.about(name):
            must(content.endswith(b"\n") or not content, "its last line has no end")
        for number, line in enumerate(content.split(b"\n")[:-1], 1):
            with self.about(f"{name}, line {number}"):
                yield line, parsed(line)

    def read_log_keys(self) -> None:
        """Section 7, but for the ledger."""
        for number, (_, line) in enumerate(self.lines_of("log-keys.jsonl")):
            with self.about("log-keys.jsonl"):
                bare = not number and line["rotation"] is None
                shaped(line, LOG_KEY | {"rotation": type(None)} if bare else LOG_KEY, "log key")
                must(line["id"] == sha256(bytes.fromhex(line["public"])), "an id is not the fingerprint of its key")
                must(not of_small_order(bytes.fromhex(line["public"])), "a key is of small order")
                if number:
                    before, statement = self.log_keys[-1], parsed(unbased(line["rotation"]["statement"]))
                    shaped(statement, ROTATION, "rotation")
                    said = tuple(statement[name] for name in ("origin", "old", "new", "new_public"))
                    must(said == (self.origin, before["id"], line["id"], line["public"]), "a rotation is of other keys")
                    message = b"cellwright log key rotation\n" + unbased(line["rotation"]["statement"])
                    refuse_signature(before["public"], unbased(line["rotation"]["old"]), message)
                    refuse_signature(line["public"], unbased(line["rotation"]["new"]), message)
                self.log_keys.append(line)
                must(number or bare, "the first key came by a rotation")
        with self.about("log-keys.jsonl"):
            known = [one["id"] for one in self.log_keys]
            must(not self.pinned or self.pinned in known, "the package is of another log")

    def note(self, text: bytes) -> tuple[str, int, bytes, list[str]]:
        """Section 8: origin, size and root of a signed note, and the ids of the keys of this log that signed it."""
        body, gap, signatures = text.decode().partition("\n\n")
        origin, size, root = body.split("\n")
        must(gap and signatures.endswith("\n"), "a note without signatures")
        must(self.is_ours(origin), "a note of another origin")
        signers = []
        for line in signatures[:-1].split("\n"):
            dash, name, said = line.split(" ")
            must(dash == "—", "a note's signature line has another form")
            signature = unbased(said)
            for key in self.log_keys:
                hashed = hashlib.sha256(key["name"].encode() + b"\n\x01" + bytes.fromhex(key["public"])).digest()
                if (name, signature[:4]) == (key["name"], hashed[:4]):
                    refuse_signature(key["public"], signature[4:], f"{body}\n".encode())
                    signers.append(key["id"])
        must(signers, "a note that no key of this log signed")
        must(len(unbased(root)) == 32 and whole_number(size), "a note without a size or a root")
        return origin, int(size), unbased(root), signers

    def is_ours(self, origin: str) -> object:
        """Whether an origin is this log's, in whichever epoch."""
        return re.fullmatch(re.escape(self.origin) + "(/epoch-([2-9]|[1-9][0-9]+))?", origin)

    def read_checkpoints(self) -> None:
        """Section 8: the checkpoints themselves."""
        for name in self.files:
            if name.startswith("checkpoints/"):
                with self.about(name):
                    _, size, root, keys = self.note(self.files[name])
                    must(name == f"checkpoints/{size}.txt" and size <= self.size, "a checkpoint of another size")
                    self.notes[size] = root, keys
        if self.size in self.notes:
            with self.about("manifest.json"):
                must(self.notes[self.size][0].hex() == self.manifest["checkpoint"]["root"], "another root")

    def read_entries(self) -> None:
        """Section 3."""
        records = set()
        tips: dict[str, tuple[int, str]] = {}
        last, at, epoch = 0, "", 1
        for raw, entry in self.lines_of("entries.jsonl"):
            with self.about(f"entries.jsonl, entry {last + 1} or later"):
                shaped(entry, ENTRY, "entry")
                seq, stream, place = entry["seq"], entry["stream"], entry["sseq"]
                must(entry["v"] == 1 and entry["origin"] == self.origin, "an entry of another ledger")
                must(last < seq <= self.size, f"entry {seq} is out of order or behind the checkpoint")
                must(at <= entry["at"] and epoch <= entry["epoch"], f"time or epoch goes back at entry {seq}")
                must((seq == 1) == (entry["prev"] == ZEROS), f"entry {seq} names one before, or none, and should not")
                must(seq - 1 != last or not last or entry["prev"] == self.leaves[last], f"{seq} does not follow")
                before, tip = tips.get(stream, (0, ZEROS))
                must(place > before, f"stream {stream} goes back at entry {seq}")
                must(
                    (place == 1) == (entry["sprev"] == ZEROS), f"entry {seq} begins its stream, or not, and should not"
                )
                must(place - 1 != before or entry["sprev"] == tip, f"{seq} does not follow in its stream")
                record = entry["rec"]["type"], entry["rec"]["id"]
                must(record not in records, f"{record} has two entries")
                records.add(record)
                last, at, epoch = seq, entry["at"], entry["epoch"]
                self.entries[seq], self.leaves[seq] = entry, leaf_of(raw)
                tips[stream] = place, self.leaves[seq]
        for name, said in self.streams.items():
            with self.about(f"stream {name}"):
                count = sum(entry["stream"] == name for entry in self.entries.values())
                place, tip = tips.get(name, (0, ZEROS))
                must(place <= said["entries"], "there are more entries than the manifest says")
                here(count == said["entries"], "entries are missing")
                must(tip == said["last"], "its last entry is another one")

    def read_payloads(self) -> None:
        """Section 4."""
        last = 0
        for _, line in self.lines_of("payloads.jsonl"):
            with self.about(f"payloads.jsonl, payload {last + 1} or later"):
                shaped(line, {"payload": TEXT, "salt": HEX, "seq": int}, "line")
                must(line["seq"] > last, "out of order")
                last = line["seq"]
                must(last in self.entries, f"entry {last} is not here")
                raw, salt, entry = unbased(line["payload"]), bytes.fromhex(line["salt"]), self.entries[last]
                must(entry["commit"] == sha256(b"\x02" + salt + raw), f"entry {last} commits to another payload")
                payload = parsed(raw)
                shaped(payload, {"schema": int, "record": TEXT, "fields": dict}, "payload")
                fields = payload["fields"]
                must(payload["schema"] == 1 and payload["record"] == entry["rec"]["type"], "another record")
                must((fields["id"], fields["actor"]) == (entry["rec"]["id"], entry["actor"]), "another id or actor")
                self.payloads[last] = fields
        for seq, entry in self.entries.items():
            if entry["stream"] in self.own or entry["rec"]["type"] in KEY_ENTRIES:
                with self.about(f"entry {seq}"):
                    here(seq in self.payloads, "its payload is missing")
        for _, fields in self.of_type("ledger.site"):
            with self.about("manifest.json"):
                founded = fields["origin"], fields["training"]
                must(founded == (self.origin, self.manifest["training"]), "the site was founded otherwise")

    def of_type(self, kind: str) -> list[tuple[int, dict[str, Json]]]:
        """The entries of a record type whose payload is here, with its fields."""
        return [(seq, fields) for seq, fields in self.payloads.items() if self.entries[seq]["rec"]["type"] == kind]

    def read_envelopes(self) -> None:
        """Section 5: which envelopes are here."""
        last = 0
        for _, line in self.lines_of("envelopes.jsonl"):
            with self.about(f"envelopes.jsonl, envelope of entry {last} or later"):
                shaped(line, {"envelope": TEXT, "seq": int}, "line")
                must(line["seq"] >= last, "out of order")
                last = line["seq"]
                must(last in self.payloads, f"entry {last} has no payload here")
                self.envelopes.setdefault(last, []).append(unbased(line["envelope"]))
