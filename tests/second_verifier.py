"""A second verifier of record packages, written from FORMAT.md alone: the other one may be wrong, and so may this.

It imports neither the product nor the verifier that packages carry, and is made for plainness, not speed: each method
is a section of FORMAT.md or a part of one.
"""

import base64
import csv
import io
import re
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from asn1crypto import cms

from tests.second_reader import KEY_ENTRIES, OF_THE_MANIFEST, ONES, RECORD
from tests.second_trail import TrailReader
from tests.strict_words import (
    HEX,
    TEXT,
    TIME,
    Json,
    canonical,
    here,
    must,
    of_small_order,
    parsed,
    proof_holds,
    refuse_signature,
    root_by_path,
    sha256,
    shaped,
    unbased,
    whole_number,
)

VALID, INVALID, QUALIFIED, INCOMPLETE, FORK = 0, 1, 2, 3, 4
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1", "subject": [{"name": TEXT, "digest": {"sha256": HEX}}],
    "predicateType": "https://cellwright.example/signature/v1",
    "predicate": {
        "origin": TEXT, "stream": TEXT, "type": TEXT, "record": RECORD,
        "signer": {"person": TEXT, "username": TEXT, "name": TEXT, "role": TEXT, "key": HEX},
        "meaning": {"code": TEXT, "text": TEXT}, "signed_at": TIME, "zone": TEXT,
        "auth": {"method": TEXT, "at": TIME, "station": TEXT},
        "earlier": [HEX], "head": {"seq": int, "leaf": HEX}, "challenge": {"id": TEXT, "nonce": TEXT},
    },
}  # fmt: skip
COLUMNS = "seq at stream type actor record version signer meaning signed_at reason supersedes fields"
NUMBERED = r"checkpoints/[1-9]\d*\.txt|anchors/[1-9]\d*-[^/]+\.tsr"
NAMED = ("signer_name", "meaning_text", "signed_at", "reason", "supersedes_id")


def verdict_on(
    path: Path, *, pinned: str | None = None, checkpoints: Sequence[str] = (), roots: Path | None = None
) -> tuple[int, list[str]]:
    """The exit code of section 13 for a package, and what was found.

    `pinned` is the fingerprint of a log key that is trusted, a checkpoint is "ORIGIN SIZE ROOT" as certificates print
    it, `roots` is a PEM file with the certificates of time-stamping authorities that are trusted.
    """
    package = Package(pinned, roots)
    with package.about("package"):
        package.judge(path, checkpoints)
    return package.verdict()


class Package(TrailReader):
    """One package that is being judged."""

    def judge(self, path: Path, checkpoints: Sequence[str]) -> None:
        """Everything, in the order in which one thing needs another."""
        self.zip_file(path)
        self.read_manifest()
        self.read_log_keys()
        self.read_checkpoints()
        self.manifest_signature()
        self.read_entries()
        self.read_payloads()
        self.read_envelopes()
        self.keys_of_people()
        self.signatures()
        self.log_keys_in_ledger()
        self.checkpoints_in_ledger()
        self.consistency()
        self.inclusion()
        self.anchors()
        self.stored_files()
        self.record_as_data()
        self.trail_reviews()
        for printed in checkpoints:
            with self.about(f"checkpoint {printed!r}"):
                self.checkpoint_from_elsewhere(printed)

    def verdict(self) -> tuple[int, list[str]]:
        """Section 13."""
        found = [*self.forks, *self.invalid, *self.incomplete]
        for code, kind in ((FORK, self.forks), (INVALID, self.invalid), (INCOMPLETE, self.incomplete)):
            if kind:
                return code, found
        if self.pinned and self.size in self.anchored:
            return VALID, []
        return QUALIFIED, ["not anchored" if self.pinned else "untrusted key"]

    def keys_of_people(self) -> None:
        """Section 6: the life of each key, computed anew."""
        for person in sorted({fields["signer_id"] for fields in self.payloads.values() if "signer_id" in fields}):
            with self.about(f"person {person}"):
                here(f"person/{person}" in self.streams, "the stream is not among the whole ones")
        acts = [(seq, entry) for seq, entry in self.entries.items() if entry["rec"]["type"] in KEY_ENTRIES]
        for seq, entry in acts:
            person = entry["stream"].removeprefix("person/")
            for life in self.lives:
                if life["person"] == person and life["until"] is None:
                    life["until"] = seq
            if entry["rec"]["type"] == "accounts.keyenrolment" and seq in self.payloads:
                with self.about(f"enrolment {seq}"):
                    fields = self.payloads[seq]
                    public = bytes.fromhex(fields["public_key"])
                    must(person == fields["signer_id"] != entry["stream"], "it stands in another person's stream")
                    must(fields["key_id"] == sha256(public), "its key has another id")
                    must(fields["key_id"] not in [life["key"] for life in self.lives], "its key was enrolled before")
                    must(not of_small_order(public), "its key is of small order")
                    life = {"key": fields["key_id"], "person": person, "public": fields["public_key"]}
                    self.lives.append(life | {"since": seq, "until": None})
        with self.about("keys.jsonl"):
            said = [line for _, line in self.lines_of("keys.jsonl")]
            if "keys.jsonl" in self.files and all(seq in self.payloads for seq, _ in acts):
                must(canonical(said) == canonical(self.lives), "it does not say what follows from the entries")

    def signatures(self) -> None:
        """Section 5: each signature, against entry, payload and key."""
        for seq, fields in self.payloads.items():
            names, envelopes = self.entries[seq]["sig"], self.envelopes.get(seq, [])
            with self.about(f"signature of entry {seq}"):
                must(len(names) == ("signer_id" in fields), "not as many envelopes as it has signers")
                must(len(envelopes) <= len(names), "more envelopes than the entry names")
                here(len(envelopes) == len(names), "the envelope is missing")
                for raw, digest in zip(envelopes, names, strict=True):
                    must(sha256(raw) == digest, "another envelope than the entry names")
                    self.signature(seq, raw, self.entries[seq], fields)

    def signature(self, seq: int, raw: bytes, entry: dict[str, Json], fields: dict[str, Json]) -> None:
        """Section 5: one signature."""
        payload, key, signature, covered = self.opened(raw, "application/vnd.in-toto+json")
        statement, record, person = parsed(payload), entry["rec"], fields["signer_id"]
        shaped(statement, STATEMENT, "statement")
        name = f"{entry['stream']}/{record['type']}/{record['id']}/v{record['version']}"
        must(statement["subject"] == [{"name": name, "digest": {"sha256": entry["commit"]}}], "of something else")
        said, head = statement["predicate"], statement["predicate"]["head"]
        expected = {
            "origin": entry["origin"], "stream": entry["stream"], "type": entry["type"], "record": record,
            "signer": {part: fields[f"signer_{part}"] for part in ("username", "name", "role")}
            | {"person": person, "key": key},
            "meaning": {"code": fields["meaning"], "text": fields["meaning_text"]},
            "signed_at": fields["signed_at"][:23] + "Z",
        }  # fmt: skip
        for part, value in expected.items():
            must(canonical(said[part]) == canonical(value), f"{part} is not what the entry or its payload says")
        must(entry["actor"] == f"person/{person}", "another actor")
        must(head["seq"] < seq, "its head is not before it")
        must(head["leaf"] == self.leaves.get(head["seq"], head["leaf"]), "its head is another entry")
        lives = [life for life in self.lives if (life["key"], life["person"]) == (key, person)]
        if not lives and not self.knows_keys_of(person):
            return
        in_force = [one for one in lives if one["since"] <= seq and (one["until"] is None or seq <= one["until"])]
        must(in_force, "its key was not in force")
        must(record["type"] != "accounts.keyenrolment" or key == fields["key_id"], "a key is enrolled by another")
        refuse_signature(in_force[0]["public"], signature, covered)

    def knows_keys_of(self, person: str) -> bool:
        """Whether all that made and ended the keys of a person is here."""
        stream = f"person/{person}"
        own = [(seq, entry) for seq, entry in self.entries.items() if entry["stream"] == stream]
        whole = stream in self.streams and len(own) == self.streams[stream]["entries"]
        return whole and all(seq in self.payloads for seq, entry in own if entry["rec"]["type"] in KEY_ENTRIES)

    def log_keys_in_ledger(self) -> None:
        """Section 7: each key of the log stands in the ledger."""
        written = [(one["key_id"], one["public_key"], one["name"]) for _, one in self.of_type("ledger.logkey")]
        for key in self.log_keys:
            with self.about(f"log key {key['id']}"):
                here(key["id"] in [one[0] for one in written], "it does not stand in the ledger")
                must((key["id"], key["public"], key["name"]) in written, "the ledger says something else of it")
        since = {one["key_id"]: seq for seq, one in self.of_type("ledger.logkey")}
        for size, (_, signers) in self.notes.items():
            with self.about(f"checkpoint {size}"):
                replaced: list[str] = []
                for before, key in pairwise(self.log_keys):
                    replaced += [before["id"]] if since.get(key["id"], size + 1) <= size else []
                must(not set(signers) <= set(replaced), "only keys signed it that had been replaced")

    def checkpoints_in_ledger(self) -> None:
        """Section 8: what the ledger says of checkpoints."""
        for seq, fields in self.of_type("ledger.checkpoint"):
            with self.about(f"checkpoint entry {seq}"):
                origin, size, root, _ = self.note(fields["note"].encode())
                repeated = (fields["origin"], fields["size"], fields["root"])
                must(repeated == (origin, size, root.hex()) and size < seq, "it says something else than its note")
                if root != self.notes.get(size, [root])[0]:
                    self.forks.append(f"size {size}: two signed roots")
                name = f"checkpoints/{size}.txt"
                here(name in self.files, f"{name} is missing")
                must(fields["note"].encode() == self.files[name], "another note is here")

    def consistency(self) -> None:
        """Section 8: the package's checkpoint continues each earlier one."""
        for size in sorted(self.notes) if self.size in self.notes else ():
            name = f"consistency/{size}.txt"
            if size == self.size:
                continue
            with self.about(name):
                here(name in self.files, "it is missing")
                head, old, new, *path, end = self.files[name].decode().split("\n")
                must(head == "cellwright consistency proof 1" and not end, "another form")
                must((whole_number(old), whole_number(new)) == (size, self.size), "of other sizes")
                hashes, roots = [unbased(line) for line in path], (self.notes[size][0], self.notes[self.size][0])
                if not proof_holds(size, self.size, hashes, roots):
                    if self.listed_by_the_log and name in self.as_listed:
                        self.forks.append(f"the tree of size {size} is not continued")
                    must(False, "it does not hold")

    def inclusion(self) -> None:
        """Section 9."""
        own = f"checkpoints/{self.size}.txt"
        for seq in self.entries:
            name = f"proofs/{seq:09}.tlog-proof"
            with self.about(name):
                here(name in self.files, "it is missing")
                proof, _, note = self.files[name].decode().partition("\n\n")
                head, index, *path = proof.split("\n")
                must((head, index) == ("c2sp.org/tlog-proof@v1", f"index {seq - 1}"), "another form or entry")
                must(note.encode() == self.files.get(own, note.encode()), "it leads to another checkpoint")
                hashes = [unbased(line) for line in path]
                root = root_by_path(bytes.fromhex(self.leaves[seq]), seq - 1, self.size, hashes)
                must(root.hex() == self.manifest["checkpoint"]["root"], "it does not lead to the root")

    def anchors(self) -> None:
        """Section 10."""
        recorded = {}
        for seq, fields in self.of_type("ledger.anchor"):
            with self.about(f"anchor entry {seq}"):
                name = f"anchors/{fields['size']}-{fields['authority']}.tsr"
                recorded[name] = fields["token"]
                here(name in self.files, f"{name} is missing")
        for name, token in self.files.items():
            if not name.startswith("anchors/"):
                continue
            with self.about(name):
                as_text = base64.b64encode(token).decode()
                must(recorded.get(name, as_text) == as_text, "the ledger has another token")
                size = name.removeprefix("anchors/").partition("-")[0]
                here(f"checkpoints/{size}.txt" in self.files, "its checkpoint is not here")
                stamp = cms.ContentInfo.load(token, strict=True)["content"]["encap_content_info"]["content"].parsed
                imprint, digest = stamp["message_imprint"].native, sha256(self.files[f"checkpoints/{size}.txt"])
                must(imprint["hash_algorithm"]["algorithm"] == "sha256", "its imprint is no SHA-256")
                must(imprint["hashed_message"].hex() == digest, "it stamps something else")
                if self.roots and self.stamped(token, digest, stamp["gen_time"].native):
                    self.anchored.append(int(size))

    def stamped(self, token: bytes, digest: str, at: datetime) -> bool:
        """Whether an authority that is trusted signed a token, at the token's own time."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(token)
            file.flush()
            command = ["openssl", "ts", "-verify", "-digest", digest, "-in", file.name, "-token_in"]
            command += ["-CAfile", str(self.roots), "-attime", str(int(at.timestamp()))]
            return subprocess.run(command, capture_output=True, check=False, timeout=20).returncode == 0

    def stored_files(self) -> None:
        """Section 11; and that no file is here that has no place."""
        issued = self.of_type("reports.document")
        expected = {f"documents/{one['number']}-v{one['version']}.pdf": (one.get("sha256"), None) for _, one in issued}
        documents = {digest for digest, _ in expected.values()}
        stored = [one for _, one in self.of_type("ledger.storedfile") if one["sha256"] not in documents]
        expected |= {f"files/{one['sha256']}": (one["sha256"], one["size"]) for one in stored}
        for name, (digest, size) in expected.items():
            with self.about(name):
                here(name in self.files, "it is missing")
                must(sha256(self.files[name]) == digest, "the ledger has another digest")
                must(size in (None, len(self.files[name])), "the ledger has another size")
        places = {*ONES, *OF_THE_MANIFEST, *expected, *(f"proofs/{seq:09}.tlog-proof" for seq in self.entries)}
        for name in self.files:
            with self.about(name):
                of = name.replace("consistency/", "checkpoints/")
                if of != name:
                    must(of in self.files and name != f"consistency/{self.size}.txt", "there is no place for it")
                else:
                    must(name in places or re.fullmatch(NUMBERED, name), "there is no place for it")

    def record_as_data(self) -> None:
        """Section 12."""
        seqs = [seq for seq, entry in self.entries.items() if entry["stream"] in self.own]
        count = sum(said["entries"] for name, said in self.streams.items() if name in self.own)
        if len(seqs) < count or not set(seqs) <= set(self.payloads):
            return
        objects, table = [], io.StringIO()
        writer = csv.writer(table, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(COLUMNS.split())
        for seq in seqs:
            entry, fields = self.entries[seq], self.payloads[seq]
            plain = {name: entry[name] for name in ("seq", "at", "stream", "type", "actor")}
            objects.append(plain | {"record": entry["rec"], "fields": fields})
            record = f"{entry['rec']['type']}/{entry['rec']['id']}", entry["rec"]["version"]
            cells = [*plain.values(), *record, *(fields.get(name) for name in NAMED), fields]
            texts = [one if isinstance(one, str) else "" if one is None else canonical(one).decode() for one in cells]
            writer.writerow([f"'{text}" if text[:1] in tuple("=+-@\t\r'") else text for text in texts])
        whole = {"format": "cellwright-record", "version": 1, "batch": self.manifest["batch"]}
        whole |= {"chain_of_identity": self.manifest["chain_of_identity"], "entries": objects}
        made = {"record.json": canonical(whole) + b"\n", "audit-trail.csv": table.getvalue().encode()}
        for name, content in made.items():
            with self.about(name):
                must(self.files.get(name, content) == content, "it does not say what entries and payloads say")

    def checkpoint_from_elsewhere(self, printed: str) -> None:
        """Section 8: a checkpoint that the reader has on paper."""
        origin, size, root = printed.split(" ")
        must(self.is_ours(origin), "it is of another log")
        must(whole_number(size) and len(unbased(root)) == 32, "it is no checkpoint")
        here(int(size) in self.notes, "no checkpoint of its size is here")
        if self.notes[int(size)][0] != unbased(root):
            self.forks.append(f"{printed}: the checkpoint of this size here has another root")
