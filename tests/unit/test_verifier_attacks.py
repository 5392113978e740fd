"""Whatever is changed in a package is found, and the finding names what was changed.

The attacker holds the log's true key wherever the manifest is repaired with it: what a database administrator with
every server key can do. Only what no key can make is then left to find it.
"""

import json
from collections.abc import Callable

import pytest

from tests.package_builders import (
    Key,
    LogKey,
    Site,
    Someone,
    a_site,
    b64,
    canonical,
    packed,
    repaired,
    rewritten,
    sha,
    unpacked,
    verifier,
    verify,
)  # fmt: skip

INVALID, INCOMPLETE, FORK = 1, 3, 4
SITE = a_site()
FILES = SITE.members()
KEY = SITE.log_key
LAST = max(SITE.checkpoints)
FIRST = min(SITE.checkpoints)
STEP = next(said["seq"] for said in SITE.said if said["type"] == "step.performed")
VALUE = next(said["seq"] for said in SITE.said if said["type"] == "value.recorded")
OWN = f"batch/{SITE.batch}"
PERSON = next(said["stream"] for said in SITE.said if said["stream"].startswith("person/"))


def by_the_owner(files, **changes):
    """The files under a manifest that the log's own key signs."""
    return repaired(files, KEY, **changes)


def without(files, *names):
    return {name: content for name, content in files.items() if name not in names}


def changed(name, old, new):
    """The files with words in one of them exchanged."""
    assert old in FILES[name]
    return {**FILES, name: FILES[name].replace(old, new)}


def lines(name, change):
    return rewritten(FILES, name, change)


def test_the_untouched_package_has_no_finding():
    answer = verify(packed(FILES), "--key", KEY.id)

    assert answer.code == 2
    assert not answer.said["findings"]


# name: (the files as changed, exit code, the part that is named, what is said of it)
ATTACKS: dict[str, tuple[Callable[[], dict[str, bytes]], int, str, str]] = {
    # Section 2, with the manifest left as it was
    "a file is changed": (lambda: {**FILES, "README.txt": b"hello"}, INVALID, r"README\.txt", "not the file"),
    "a file is added": (lambda: {**FILES, "files/" + "0" * 64: b"x"}, INVALID, r"files/0000", "does not list"),
    "a file is taken out": (lambda: without(FILES, "record.json"), INCOMPLETE, r"record\.json", "not here"),
    "a document is changed": (
        lambda: {**FILES, "documents/COA-26-0001-v1.pdf": b"%PDF other"}, INVALID, "documents/COA", "not the file",
    ),
    "two files are swapped": (
        lambda: {**FILES, "record.json": FILES["audit-trail.csv"], "audit-trail.csv": FILES["record.json"]},
        INVALID, r"record\.json", "not the file",
    ),
    "the manifest is gone": (lambda: without(FILES, "manifest.json"), INCOMPLETE, r"manifest\.json", "not here"),
    "its signature is gone": (
        lambda: without(FILES, "manifest.dsse.json"), INCOMPLETE, r"manifest\.dsse\.json", "not here",
    ),
    "the manifest is changed": (
        lambda: changed("manifest.json", b"CT-26-0042", b"CT-26-0043"), INVALID, r"manifest\.dsse", "another manifest",
    ),
    "the manifest is signed by a stranger": (
        lambda: repaired(FILES, Key("a stranger")), INVALID, r"manifest\.dsse", "not the newest key",
    ),
    "the manifest has a field more": (
        lambda: by_the_owner(FILES, more=1), INVALID, "section 2", r"manifest\.json.*exactly the fields",
    ),
    "the manifest is of another version": (
        lambda: by_the_owner(FILES, version=2), INVALID, "section 2", "version is not 1",
    ),
    "true stands for 1": (lambda: by_the_owner(FILES, version=True), INVALID, "section 2", "version is not 1"),
    "an unknown file is listed": (
        lambda: by_the_owner({**FILES, "run-me.exe": b"x"}), INVALID, r"run-me\.exe", "no such file",
    ),
    # The manifest repaired by the owner from here on. Section 3
    "the readme is not listed": (
        lambda: by_the_owner(without(FILES, "README.txt")), INCOMPLETE, r"README\.txt", "must be here",
    ),
    "the batch's stream is not named": (
        lambda: by_the_owner(FILES, streams=[]), INCOMPLETE, r"manifest\.json", "not among its whole streams",
    ),
    "an entry is changed": (
        lambda: by_the_owner(changed("entries.jsonl", b"step.performed", b"step.perfected")),
        INVALID, f"proofs/{STEP:09d}", "does not lead",
    ),
    "an entry is taken out": (
        lambda: by_the_owner(lines("entries.jsonl", lambda all_: [one for one in all_ if one["seq"] != VALUE])),
        INVALID, f"proofs/{VALUE:09d}", "no entry here",
    ),
    "an entry is taken out with all about it": (
        lambda: an_entry_is_left_out(0), INCOMPLETE, f"stream {OWN}", "1 entry is not here, the first at position 2",
    ),
    "an entry is taken out with all about it and not counted": (
        lambda: an_entry_is_left_out(1), INVALID, f"stream {OWN}", "goes on",
    ),
    "an entry is twice here": (
        lambda: by_the_owner(lines("entries.jsonl", lambda all_: [all_[0], *all_])),
        INVALID, r"entries\.jsonl, line 2", "here twice",
    ),
    "two entries are swapped": (
        lambda: by_the_owner(lines("entries.jsonl", lambda all_: [all_[1], all_[0], *all_[2:]])),
        INVALID, r"entries\.jsonl, line 2", "out of order",
    ),
    "an entry is of another ledger": (
        lambda: by_the_owner(lines("entries.jsonl", lambda all_: all_[3].update(origin="other.example/log"))),
        INVALID, "entry 4", "another ledger",
    ),
    "a time goes back": (
        lambda: by_the_owner(lines("entries.jsonl", lambda all_: all_[5].update(at="2020-01-01T00:00:00.000Z"))),
        INVALID, "entry 6", "goes back",
    ),
    "two entries witness one record": (
        lambda: by_the_owner(lines("entries.jsonl", lambda all_: all_[5].update(rec=all_[4]["rec"]))),
        INVALID, "entry 6", "that of entry 5",
    ),
    "the line of an entry has a space": (
        lambda: by_the_owner(changed("entries.jsonl", b'"v":1}\n', b'"v": 1}\n')),
        INVALID, r"entries\.jsonl, line 1", "canonical",
    ),
    "the last line is not ended": (
        lambda: by_the_owner({**FILES, "entries.jsonl": FILES["entries.jsonl"][:-1]}),
        INVALID, r"entries\.jsonl", "not ended",
    ),
    "an entry beyond the checkpoint": (
        lambda: by_the_owner({**FILES, "entries.jsonl": FILES["entries.jsonl"] + SITE.entries[LAST] + b"\n"}),
        INVALID, f"entry {LAST + 1}", "not within",
    ),
    # Section 4
    "a payload is changed": (
        lambda: a_payload_says(VALUE, typed="1.50"), INVALID, f"payload of entry {VALUE}", "commits to",
    ),
    "a salt is changed": (
        lambda: by_the_owner(lines("payloads.jsonl", lambda all_: all_[0].update(salt="00" * 32))),
        INVALID, "payload of entry 1", "commits to",
    ),
    "a payload of the batch is withheld": (
        lambda: without_payload(VALUE), INCOMPLETE, f"payload of entry {VALUE}", "belongs to the record",
    ),
    "the payload of a key is withheld": (
        lambda: without_payload(3), INCOMPLETE, "key entry 3", "payload is not here",
    ),
    "a payload without its entry": (
        lambda: by_the_owner(lines("payloads.jsonl", lambda all_: all_.append({**all_[-1], "seq": 99}))),
        INVALID, r"payloads\.jsonl, line \d+", "its entry is not here",
    ),
    # Section 5
    "a signature is taken out": (
        lambda: by_the_owner(lines("envelopes.jsonl", lambda all_: all_[:-1])),
        INCOMPLETE, "signature of entry 18", "not here",
    ),
    "two signatures are swapped": (
        lambda: by_the_owner(lines("envelopes.jsonl", swap_envelopes)), INVALID, "signature of entry", "not the one",
    ),
    "a signature is put on an unsigned value": (
        lambda: by_the_owner(lines("envelopes.jsonl", another_envelope)),
        INVALID, f"signature of entry {VALUE}", "not the one",
    ),
    # Section 6
    "the person's stream is not whole": (
        lambda: by_the_owner(FILES, streams=[one for one in manifest()["streams"] if one["name"] != PERSON]),
        INCOMPLETE, "key entry 3", "left out",
    ),
    "a key lives longer in the list": (
        lambda: by_the_owner(lines("keys.jsonl", lambda all_: all_[0].update(since=1))),
        INVALID, r"keys\.jsonl", "something else",
    ),
    "the key of a person is exchanged in the list": (
        lambda: by_the_owner(lines("keys.jsonl", lambda all_: all_[0].update(public=Key("mine").public.hex()))),
        INVALID, r"keys\.jsonl", "something else",
    ),
    # Section 7
    "the log has no key": (lambda: by_the_owner({**FILES, "log-keys.jsonl": b""}), INVALID, "section 7", "no key"),
    "a second log key vouches for itself": (
        lambda: by_the_owner({**FILES, "log-keys.jsonl": FILES["log-keys.jsonl"] + log_key_line(Key("mine"))}),
        INVALID, r"log-keys\.jsonl, line 2", "and this is not",
    ),
    "the log key is another one": (
        lambda: repaired({**FILES, "log-keys.jsonl": log_key_line(Key("mine"))}, Key("mine")),
        INVALID, r"log-keys\.jsonl", "another log",
    ),
    # Section 8
    "a checkpoint is taken out": (
        lambda: by_the_owner(without(FILES, f"checkpoints/{FIRST}.txt", f"consistency/{FIRST}.txt")),
        INCOMPLETE, f"checkpoints/{FIRST}", "records it",
    ),
    "a proof of consistency is taken out": (
        lambda: by_the_owner(without(FILES, f"consistency/{FIRST}.txt")),
        INCOMPLETE, f"consistency/{FIRST}", "must prove",
    ),
    "the package's checkpoint is taken out": (
        lambda: by_the_owner(without(FILES, f"checkpoints/{LAST}.txt")), INCOMPLETE, f"checkpoints/{LAST}", "not here",
    ),
    "a checkpoint is changed": (
        lambda: by_the_owner(changed(f"checkpoints/{FIRST}.txt", b"/log\n", b"/lug\n")),
        INVALID, f"checkpoints/{FIRST}", "of this log",
    ),
    "a checkpoint is signed by a stranger": (
        lambda: by_the_owner({**FILES, f"checkpoints/{FIRST}.txt": a_note(FIRST, key=Key("mine"))}),
        INVALID, f"checkpoints/{FIRST}", "no key of this log",
    ),
    "a checkpoint of the same size has another root": (
        lambda: by_the_owner({**FILES, f"checkpoints/{FIRST}.txt": a_note(FIRST, root=bytes(32))}),
        FORK, f"consistency/{FIRST}", "two histories",
    ),
    "the ledger has another root for a size": (
        lambda: by_the_owner({**FILES, f"checkpoints/{FIRST}.txt": a_note(FIRST, root=bytes(32))}),
        FORK, "checkpoint of entry", "two histories",
    ),
    "a proof of consistency does not hold": (
        lambda: by_the_owner({**FILES, f"consistency/{FIRST}.txt": a_proof_line_less()}),
        FORK, f"consistency/{FIRST}", "two histories",
    ),
    "a proof of consistency is damaged": (
        lambda: {**FILES, f"consistency/{FIRST}.txt": a_proof_line_less()},
        INVALID, f"consistency/{FIRST}", "not the file",
    ),
    # Section 9
    "a proof is taken out": (
        lambda: by_the_owner(without(FILES, "proofs/000000003.tlog-proof")), INCOMPLETE, "proofs/000000003", "not here",
    ),
    "two proofs are swapped": (lambda: by_the_owner(swapped_proofs()), INVALID, "proofs/000000003", "of this entry"),
    "a proof of no entry": (
        lambda: by_the_owner({**FILES, "proofs/000000099.tlog-proof": b"x"}),
        INVALID, "proofs/000000099", "no entry here",
    ),
    # Section 11
    "a stored file is taken out": (
        lambda: by_the_owner(without(FILES, *(name for name in FILES if name.startswith("files/")))),
        INCOMPLETE, "files/", "not here",
    ),
    "a stored file is exchanged": (
        lambda: by_the_owner(FILES | {name: b"other" for name in FILES if name.startswith("files/")}),
        INVALID, "files/", "not the file",
    ),
    "a document is exchanged": (
        lambda: by_the_owner({**FILES, "documents/COA-26-0001-v1.pdf": b"%PDF other"}),
        INVALID, "documents/COA", "not the document",
    ),
    "a document is added": (
        lambda: by_the_owner({**FILES, "documents/COA-26-0001-v2.pdf": b"%PDF other"}),
        INVALID, "documents/COA.*v2", "no entry",
    ),
    # Section 12
    "only the data are changed": (
        lambda: by_the_owner(changed("record.json", b"-1.50", b"-1.60")), INVALID, r"record\.json", "something else",
    ),
    "only the table is changed": (
        lambda: by_the_owner(changed("audit-trail.csv", b"-1.50", b"-1.60")),
        INVALID, r"audit-trail\.csv", "something else",
    ),
    "the table would run in a spreadsheet": (
        lambda: by_the_owner(changed("audit-trail.csv", b"\"'=2+2", b'"=2+2')),
        INVALID, r"audit-trail\.csv", "something else",
    ),
}  # fmt: skip


def manifest():
    return json.loads(FILES["manifest.json"])


def an_entry_is_left_out(shorter):
    """The value is left out, with everything about it, and the stream is said to be so many shorter."""
    files = without(FILES, f"proofs/{VALUE:09d}.tlog-proof")
    for name in ("entries.jsonl", "payloads.jsonl", "envelopes.jsonl"):
        files = rewritten(files, name, lambda all_: [one for one in all_ if one["seq"] != VALUE])
    seqs = [one["seq"] for one in SITE.said[:LAST] if one["stream"] in (OWN, f"coi/{SITE.coi}") and one["seq"] != VALUE]
    files["record.json"], files["audit-trail.csv"] = SITE.as_data(seqs)
    streams = manifest()["streams"]
    next(one for one in streams if one["name"] == OWN)["entries"] -= shorter
    return by_the_owner(files, streams=streams)


def a_payload_says(seq, **fields):
    def change(all_):
        line = next(one for one in all_ if one["seq"] == seq)
        payload = json.loads(SITE.payloads[seq - 1][1])
        payload["fields"] |= fields
        line["payload"] = b64(canonical(payload))

    return by_the_owner(lines("payloads.jsonl", change))


def without_payload(seq):
    files = lines("payloads.jsonl", lambda all_: [one for one in all_ if one["seq"] != seq])
    return by_the_owner(rewritten(files, "envelopes.jsonl", lambda all_: [one for one in all_ if one["seq"] != seq]))


def swap_envelopes(all_):
    all_[-1]["envelope"], all_[-2]["envelope"] = all_[-2]["envelope"], all_[-1]["envelope"]


def another_envelope(all_):
    all_.append({"seq": VALUE, "envelope": all_[-1]["envelope"]})
    all_.sort(key=lambda one: one["seq"])


def log_key_line(key):
    return canonical({"id": key.id, "name": SITE.origin, "public": key.public.hex(), "rotation": None}) + b"\n"


def a_note(size, *, root=None, key=KEY):
    root = SITE.root(size) if root is None else root
    return LogKey(key, SITE.origin).note(f"{SITE.origin}\n{size}\n{b64(root)}\n").encode()


def a_proof_line_less():
    return FILES[f"consistency/{FIRST}.txt"].rsplit(b"\n", 2)[0] + b"\n"


def swapped_proofs():
    one, other = "proofs/000000003.tlog-proof", "proofs/000000004.tlog-proof"
    return {**FILES, one: FILES[other], other: FILES[one]}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_found_and_named(attack):
    change, code, part, says = ATTACKS[attack]
    answer = verify(packed(change()), "--key", KEY.id)

    assert answer.names(part, says), answer.text
    assert answer.code == code, answer.text


def test_another_key_with_a_consistent_package_is_at_best_untrusted():
    forged = a_site(words="forged")

    assert verify(forged.package(), "--key", KEY.id).code == INVALID
    answer = verify(forged.package())
    assert answer.code == 2
    assert answer.verdict.startswith("UNTRUSTED KEY")


def test_a_log_key_that_the_old_one_did_not_vouch_for_is_invalid():
    site = a_site()
    site.rotate_log_key(old=Key("a stranger"))
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_keys[0].key.id)

    assert answer.code == INVALID
    assert answer.names(r"log-keys\.jsonl, line 2", "not vouched for")


# A full rewrite with all keys (LG-05)


def test_a_rewritten_ledger_is_a_fork_against_a_printed_certificate():
    printed = SITE.printed(LAST)
    rewritten_site = Site(batch=SITE.batch)
    a_site_with_another_value(rewritten_site)
    answer = verify(rewritten_site.package(), "--key", KEY.id, "--checkpoint", printed)

    assert answer.code == FORK
    assert answer.verdict.startswith("FORK")
    assert printed in answer.text
    assert rewritten_site.printed(LAST) in answer.text


def a_site_with_another_value(site):
    """Write as many entries as the true site, under the very same keys, of which one says something else."""
    other = a_site()
    assert other.log_key.id == site.log_key.id
    site.__dict__.update(Site(batch=SITE.batch).__dict__)
    for said, (_, payload) in list(zip(other.said, other.payloads, strict=True))[1:]:
        if said["rec"]["type"] == "ledger.checkpoint":
            site.checkpoint()
            continue
        fields = json.loads(payload)["fields"]
        signer = fields.get("signer_id")
        fields = {name: value for name, value in fields.items() if name not in ("recorded_at", "id")}
        if said["seq"] == VALUE:
            fields["typed"] = "99.0"
        by = next((one for one in people_of(other) if one.id == signer), None)
        site.write(
            said["stream"], said["type"], said["rec"]["type"], fields,
            by=by, meaning=fields.get("meaning", ""), actor=said["actor"], id=said["rec"]["id"],
        )  # fmt: skip
    site.files = other.files


def people_of(site):
    for said, (_, payload) in zip(site.said, site.payloads, strict=True):
        if said["rec"]["type"] == "accounts.keyenrolment":
            fields = json.loads(payload)["fields"]
            name = fields["signer_name"]
            yield Someone(fields["signer_id"], name, Key(f"{site.words} {name}"), fields["signer_role"])


def test_two_signed_histories_in_one_package_are_a_fork():
    forged = Site(batch=SITE.batch)
    a_site_with_another_value(forged)
    files = forged.members()
    files[f"checkpoints/{FIRST}.txt"] = FILES[f"checkpoints/{FIRST}.txt"]
    answer = verify(packed(by_the_owner(files)), "--key", KEY.id)

    assert answer.code == FORK
    assert answer.names(f"consistency/{FIRST}", "two histories")


def test_a_printed_checkpoint_of_a_size_that_is_not_here_says_nothing():
    answer = verify(packed(FILES), "--checkpoint", f"{SITE.origin} 5 {b64(SITE.root(5))}")

    assert answer.code == INCOMPLETE
    assert answer.names(f"{SITE.origin} 5", "no checkpoint of that size")


@pytest.mark.parametrize(
    "origin", ["other.example/log", "demo.cellwright.example/log/epoch-1", "xdemo.cellwright.example/log"]
)
def test_a_printed_checkpoint_of_another_log_is_invalid(origin):
    answer = verify(packed(FILES), "--checkpoint", f"{origin} {LAST} {b64(SITE.root(LAST))}")

    assert answer.code == INVALID
    assert answer.names(origin, "another log")


# Keys and what they sign (SG-02, SG-03, SG-09, SG-10)


@pytest.mark.parametrize("how", ["keyrevocation", "keyresetapproval", "deactivation", "enrolment"])
def test_a_signature_after_the_end_of_its_key_is_invalid(how):
    site = a_site()
    late, admin = site.admit("Late Riser"), site.admit("Ada Min", "administrator")
    old = late.key
    if how == "enrolment":
        site.enrol(late, Key("the next one"))
    else:
        site.end_key(late, how, by=admin)
    seq = site.in_batch("step.performed", "batches.stepdone", by=late, key=old)
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == INVALID
    assert answer.names(f"signature of entry {seq}", "in force from entry")
    assert answer.said["findings_total"] == 1


def test_the_entry_that_ends_a_key_may_be_signed_by_it():
    site = a_site()
    late = site.admit("Late Riser")
    site.end_key(late, "deactivation", by=late)
    site.checkpoint()

    assert verify(site.package(), "--key", site.log_key.id).code == 2


def test_a_signature_before_the_enrolment_of_its_key_is_invalid():
    site = a_site()
    late = site.admit("Late Riser")
    seq = site.in_batch("step.performed", "batches.stepdone", by=late, key=Key("the next one"))
    site.enrol(late, Key("the next one"))
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == INVALID
    assert answer.names(f"signature of entry {seq}", "in force from entry")


@pytest.mark.parametrize("whose", ["nobody", "somebody else"])
def test_a_signature_under_a_key_of_another_is_invalid(whose):
    site = a_site()
    late, other = site.admit("Late Riser"), site.admit("Ada Min")
    key = other.key if whose == "somebody else" else Key("never enrolled")
    seq = site.in_batch("step.performed", "batches.stepdone", by=late, key=key)
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == INVALID
    assert answer.names(f"signature of entry {seq}", "never enrolled")


def test_a_key_that_is_enrolled_twice_or_not_by_itself_is_invalid():
    site = a_site()
    late, other = site.admit("Late Riser"), site.admit("Ada Min")
    fields = {"key_id": late.key.id, "public_key": late.key.public.hex()}
    seq = site.write(f"person/{other.id}", "key.enrolled", "accounts.keyenrolment", fields, by=other)
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == INVALID
    assert answer.names(f"key entry {seq}", "enrolled before")
    assert answer.names(f"signature of entry {seq}", "not signed by that key")


def test_a_key_of_small_order_enrols_nothing():
    site = a_site()
    late = site.admit("Late Riser")
    small = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
    fields = {"key_id": sha(small), "public_key": small.hex()}
    seq = site.write(f"person/{late.id}", "key.enrolled", "accounts.keyenrolment", fields, by=late)
    site.checkpoint()

    assert verify(site.package(), "--key", site.log_key.id).names(f"key entry {seq}", "no key that may be used")


def at(path, value):
    """Give the change of a statement at a dotted place."""

    def change(statement):
        *way, last = path.split(".")
        inner = statement
        for name in way:
            inner = inner[int(name) if name.isdigit() else name]
        inner[last] = value
        return statement

    return change


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("subject.0.name", "batch/CT-26-0043/batches.stepdone/x/v1"),
        ("subject.0.digest.sha256", "0" * 64),
        ("predicate.origin", "other.example/log"),
        ("predicate.stream", "batch/CT-26-0043"),
        ("predicate.type", "step.skipped"),
        ("predicate.record.id", "another"),
        ("predicate.record.type", "batches.other"),
        ("predicate.record.version", 2),
        ("predicate.signer.person", "another"),
        ("predicate.signer.username", "another"),
        ("predicate.signer.name", "Another Name"),
        ("predicate.signer.role", "QP"),
        ("predicate.signer.key", "0" * 64),
        ("predicate.meaning.code", "reviewed"),
        ("predicate.meaning.text", "something else"),
        ("predicate.signed_at", "2026-11-12T00:00:00.000Z"),
        ("predicate.head.seq", 10_000),
        ("predicate.head.leaf", "0" * 64),
        ("predicate.more", 1),
        ("_type", "https://in-toto.io/Statement/v0.1"),
        ("predicateType", "https://example.com/other"),
    ],
)
def test_a_signature_over_other_words_than_the_record_is_invalid(path, value):
    """The signature itself is valid under the true key; what it covers is not what the record says."""
    site = a_site()
    late = site.admit("Late Riser")
    seq = site.in_batch("step.performed", "batches.stepdone", by=late, said=at(path, value))
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == INVALID
    assert answer.names(f"^signature of entry {seq}$"), answer.text
    assert answer.said["findings_total"] in (1, 2)


def test_a_copied_signature_names_the_record_that_it_was_copied_to():
    site = a_site()
    envelope = next(one[0] for one in site.envelopes if one)
    late = site.admit("Late Riser")
    seq = site.in_batch("step.performed", "batches.stepdone", by=late, entry={"sig": [sha(envelope)]})
    site.envelopes[seq - 1] = [envelope]
    site.checkpoint()
    answer = verify(site.package(), "--key", site.log_key.id)

    assert answer.code == INVALID
    assert answer.names(f"signature of entry {seq}", "something else of subject")


@pytest.mark.parametrize("sig", [[], ["0" * 64, "1" * 64]])
def test_a_signed_record_has_exactly_one_signature(sig):
    site = a_site()
    late = site.admit("Late Riser")
    seq = site.in_batch("step.performed", "batches.stepdone", by=late, entry={"sig": sig})
    site.envelopes[seq - 1] = []
    site.checkpoint()

    assert verify(site.package()).names(f"signature of entry {seq}", "another number of signatures")


def test_files_of_two_packages_of_one_site_cannot_be_mixed():
    other = a_site(entries=30)
    for name in unpacked(other.package()):
        if name in FILES and FILES[name] != other.members()[name]:
            answer = verify(packed({**FILES, name: other.members()[name]}))
            assert answer.code in (INVALID, INCOMPLETE, FORK), name


def test_no_more_findings_are_printed_than_can_be_read():
    answer = verify(packed(without(by_the_owner({**FILES, "entries.jsonl": b"{}\n" * 500}))))

    assert answer.said["findings_total"] > 500
    assert len(answer.said["findings"]) == verifier().PRINTED_FINDINGS
    assert "more" in answer.text
