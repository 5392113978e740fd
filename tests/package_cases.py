"""Packages, good and damaged, each with the exit code that FORMAT.md gives it."""

import functools
import io
import json
import random
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests import package_builders
from tests.package_builders import Files, Key, Site, Someone, a_site, b64, canonical, packed, repaired, sha
from tests.second_verifier import FORK, INCOMPLETE, INVALID, QUALIFIED

SEED = 20261112
MANIFEST_TYPE = "application/vnd.cellwright.record-package+json"
FOREIGN = Key("somebody who has another log")

Package = Files | bytes


@dataclass(frozen=True)
class Case:
    """A package, how it is judged, and the exit code that FORMAT.md gives it."""

    name: str
    code: int
    package: Package | Callable[[], Package]
    pinned: str = ""
    checkpoints: tuple[str, ...] = ()


@functools.cache
def honest() -> Site:
    """The site whose package most cases damage."""
    return a_site()


@functools.cache
def honest_files() -> Files:
    return honest().members()


def damaged(contents: Mapping[str, bytes]) -> Files:
    """The honest package with other contents of some files."""
    return {**honest_files(), **contents}


def without(files: Files, *names: str) -> Files:
    return {name: content for name, content in files.items() if name not in names}


def signed(files: Files) -> Files:
    """The files under a manifest that the site itself signs."""
    return repaired(files, honest().log_key)


def amina() -> Someone:
    return Someone("11111111-0000-4000-8000-000000000000", "Amina Okoye", Key("true Amina Okoye"))


def quentin() -> Someone:
    return Someone("11111111-0000-4000-8000-000000000001", "Quentin Roux", Key("true Quentin Roux"), "QA")


def later(*acts: Callable[[Site], object], **how: Any) -> Callable[[], Files]:  # a site's own arguments
    """A package of a site at which more was done after the batch was certified."""

    def made() -> Files:
        site = a_site(**how)
        for act in acts:
            act(site)
        site.checkpoint()
        return site.members()

    return made


def step(**how: Any) -> Callable[[Site], object]:  # what Site.write takes
    """A signed step of Amina's."""
    return lambda site: site.in_batch("step.performed", "batches.stepdone", {"step": "x"}, by=amina(), **how)


def value(**fields: Any) -> Callable[[Site], object]:  # the fields of a row
    """A recorded value."""
    return lambda site: site.in_batch("value.recorded", "batches.value", fields)


def value_with_entry(**fields: Any) -> Callable[[Site], object]:  # the fields of an entry
    """A recorded value whose entry says something of its own."""
    return lambda site: site.in_batch("value.recorded", "batches.value", entry=fields)


def good() -> Iterator[Case]:
    """Packages of every shape that is as it must be; none of these is anchored."""
    shapes: dict[str, Package | Callable[[], Package]] = {
        "of three people": honest_files,
        "of one person": one_person,
        "of thirty people": lambda: many_people(30),
        "of a training site": later(training=True),
        "of 200 entries": later(entries=200, signed=12),
        "with nothing withheld": lambda: honest().members(withhold=frozenset()),
        "stored, not deflated": lambda: packed(honest_files(), deflated=False),
        "with a turned log key": later(Site.rotate_log_key, value(typed="1")),
        "with a log key turned twice": later(Site.rotate_log_key, Site.checkpoint, Site.rotate_log_key),
        "of a second epoch": later(lambda site: setattr(site, "epoch", 2), value(typed="1")),
        "with five checkpoints": later(*[Site.checkpoint] * 3),
        "with a key that was reset": later(ends("keyresetapproval"), enrols(Key("new")), step(key=Key("new"))),
        "with a key that was revoked": later(ends("keyrevocation")),
        "with a person who left": later(ends("deactivation")),
        "with a second version of a document": later(lambda site: site.issue(b"%PDF-1.7 again", version=2)),
        "with a file that is stored twice": later(lambda site: site.store(b"time,temperature\n0,4.1\n")),
        "whose values a spreadsheet would run": later(
            *[value(reason=text) for text in ("=1", "+1", "-1", "@x", "\tx", "\rx", "'x", "\nx", " =1", '"', "")],
            value(typed='\u2028\x7f\x01 𝕏 ü \\ "', b=True, n=[1, {"a": None}], supersedes_id="@", reason=None),
        ),
    }
    for name, made in shapes.items():
        yield Case(name, QUALIFIED, made)
    yield Case("of the pinned log", QUALIFIED, honest_files, pinned=honest().log_key.id)
    turned = later(Site.rotate_log_key)
    yield Case("of a log whose first key is pinned", QUALIFIED, turned, pinned=honest().log_key.id)
    yield Case("of a log whose new key is pinned", QUALIFIED, turned, pinned=Key("true log 1").id)


def ends(how: str) -> Callable[[Site], object]:
    return lambda site: site.end_key(amina(), how, by=quentin())


def enrols(key: Key, who: Callable[[], Someone] = amina) -> Callable[[Site], object]:
    return lambda site: site.enrol(who(), key)


def one_person() -> Files:
    site = Site()
    person = site.admit("Ana")
    site.write(f"coi/{site.coi}", "collection.received", "chain_of_custody.collection", {"din": "A9999 26 000042"})
    site.in_batch("batch.issued", "batches.batch", by=person)
    site.checkpoint()
    return site.members()


def many_people(count: int) -> Files:
    site = a_site()
    for number in range(count):
        site.in_batch("step.performed", "batches.stepdone", {"step": "x"}, by=site.admit(f"Person {number}"))
    site.checkpoint()
    return site.members()


OF_EACH_KIND = (
    "FORMAT.md", "README.txt", "verify.py", "audit-trail.csv", "checkpoints/12.txt",
    "checkpoints/18.txt", "consistency/12.txt", "documents/COA-26-0001-v1.pdf", "entries.jsonl", "envelopes.jsonl",
    f"files/{sha(b'time,temperature' + bytes([10]) + b'0,4.1' + bytes([10]))}", "keys.jsonl", "log-keys.jsonl",
    "manifest.dsse.json", "manifest.json", "payloads.jsonl", "proofs/000000009.tlog-proof", "record.json",
)  # fmt: skip
NEEDED = ("checkpoints/12.txt", "entries.jsonl", "log-keys.jsonl", "payloads.jsonl")  # others stand on them
SHIPPED = ("FORMAT.md", "README.txt", "verify.py")


def members() -> Iterator[Case]:
    """Each kind of member flipped, cut, grown, removed and taken from another batch's package."""
    for name in OF_EACH_KIND:
        content = honest_files()[name]
        half = len(content) // 2
        flipped = content[:half] + bytes([content[half] ^ 1]) + content[half + 1 :]
        yield Case(f"{name} flipped", INVALID, damaged({name: flipped}))
        yield Case(f"{name} cut", INVALID, damaged({name: content[:half]}))
        gone = INVALID if name in NEEDED else INCOMPLETE
        yield Case(f"{name} removed", gone, without(honest_files(), name))
        if name.startswith("manifest"):
            continue
        yield Case(f"{name} left out by the site", gone, partial(signed, without(honest_files(), name)))
        if name not in SHIPPED:
            code = FORK if name.startswith("checkpoints/") else INVALID
            others = other_files().get(name, b"x")
            if others != content:
                yield Case(f"{name} of another batch", code, damaged({name: others}))
            yield Case(f"{name} flipped by the site", INVALID, partial(signed, damaged({name: flipped})))
            emptied = INCOMPLETE if name == "envelopes.jsonl" else INVALID
            yield Case(f"{name} empty, by the site", emptied, partial(signed, damaged({name: b""})))
        yield Case(
            f"{name} flipped, signed by a stranger",
            INVALID,
            partial(repaired, damaged({name: flipped}), FOREIGN),
        )
    for name in (
        "more.txt",
        f"files/{'0' * 64}",
        "documents/x.pdf",
        "proofs/000000099.tlog-proof",
        "consistency/3.txt",
    ):
        yield Case(f"{name} added", INVALID, damaged({name: b"x"}))
        yield Case(f"{name} added by the site", INVALID, partial(signed, damaged({name: b"x"})))


@functools.cache
def other_files() -> Files:
    """A package of another batch, of a log that has the same name and the same key: another history."""
    return a_site(batch="CT-26-0043", coi="A999926000043AB").members()


def lines() -> Iterator[Case]:
    """Lines left out, doubled and moved by the site itself, with a manifest that fits."""
    for name, at, code in (
        ("entries.jsonl", 8, INVALID), ("entries.jsonl", 17, INVALID), ("payloads.jsonl", 1, INVALID),
        ("payloads.jsonl", 6, INCOMPLETE), ("payloads.jsonl", 8, INVALID), ("envelopes.jsonl", 1, INCOMPLETE),
        ("envelopes.jsonl", 6, INCOMPLETE), ("keys.jsonl", 1, INVALID),
    ):  # fmt: skip
        there = honest_files()[name].splitlines(keepends=True)
        before, line, behind = there[:at], there[at], there[at + 1 :]
        for what, changed, verdict in (
            ("left out", [*before, *behind], code),
            ("twice", [*before, line, line, *behind], INVALID),
            ("first", [line, *before, *behind], INVALID),
        ):
            redone = damaged({name: b"".join(changed)})
            yield Case(f"{name} with line {at} {what}", verdict, partial(signed, redone))
    for seq, code in (
        (2, INCOMPLETE),
        (8, INCOMPLETE),
        (9, INCOMPLETE),
        (11, INCOMPLETE),
        (18, INCOMPLETE),
        (13, QUALIFIED),
    ):
        yield Case(f"entry {seq} left out with all that is its own", code, partial(without_entry, seq))
    for name in ("entries.jsonl", "payloads.jsonl", "log-keys.jsonl"):
        for how, change in {
            "a space": lambda text: text.replace(b'":', b'": ', 1),
            "other line ends": lambda text: text.replace(b"\n", b"\r\n"),
            "an empty line": lambda text: text + b"\n",
            "no last line end": lambda text: text[:-1],
            "a number without end": lambda text: text + b"9" * 5000 + b"\n",
            "depth without end": lambda text: text + b"[" * 100_000 + b"]" * 100_000 + b"\n",
        }.items():
            yield Case(f"{name} with {how}", INVALID, partial(signed, damaged({name: change(honest_files()[name])})))


def without_entry(seq: int) -> Files:
    """A package from which an entry, its payload, its envelopes and its proof are gone."""
    files = without(honest_files(), f"proofs/{seq:09}.tlog-proof")
    for name in ("entries.jsonl", "payloads.jsonl", "envelopes.jsonl"):
        kept = [line for line in files[name].splitlines(keepends=True) if json.loads(line)["seq"] != seq]
        files[name] = b"".join(kept)
    return signed(files)


def manifests() -> Iterator[Case]:
    """Manifests that say something else, signed by the site."""
    said = json.loads(honest_files()["manifest.json"])
    streams, files = said["streams"], said["files"]

    def saying(changes: Mapping[str, Any]) -> Files:  # any field of a manifest
        raw = canonical({**said, **changes})
        sealed = package_builders.sealed(raw, honest().log_key, MANIFEST_TYPE)
        return damaged({"manifest.json": raw, "manifest.dsse.json": sealed})

    for number, (field, to, code) in enumerate((
        ("format", "x", INVALID), ("version", 2, INVALID), ("version", True, INVALID), ("training", 1, INVALID),
        ("training", True, QUALIFIED), ("origin", "x", INVALID), ("batch", "x", INVALID), ("more", 1, INVALID),
        ("chain_of_identity", "x", INVALID), ("checkpoint", {"size": 18, "root": "0" * 64}, INVALID),
        ("checkpoint", {"size": 12, "root": honest().root(12).hex()}, INVALID),
        ("checkpoint", {"size": 17, "root": honest().root(17).hex()}, INVALID),
        ("streams", streams[::-1], INVALID), ("streams", [*streams, streams[-1]], INVALID),
        ("streams", streams[:-1], INCOMPLETE), ("streams", streams[1:], INCOMPLETE),
        ("streams", [*streams, {"name": "site", "entries": 1, "last": honest().leaf(1)}], INVALID),
        ("streams", [*streams, {"name": "zzz", "entries": 1, "last": "0" * 64}], INCOMPLETE),
        ("streams", [*streams, {"name": "zzz", "entries": 0, "last": "1" * 64}], INVALID),
        ("streams", [one | {"entries": one["entries"] - 1} for one in streams], INVALID),
        ("streams", [one | {"entries": one["entries"] + 1} for one in streams], INCOMPLETE),
        ("files", files[::-1], INVALID), ("files", files * 2, INVALID), ("files", files[1:], INVALID),
    )):  # fmt: skip
        yield Case(f"a manifest whose {field} is another ({number})", code, saying({field: to}))
    raw = honest_files()["manifest.json"]
    envelope = json.loads(honest_files()["manifest.dsse.json"])
    for what, sealed in (
        ("two signatures", canonical(envelope | {"signatures": envelope["signatures"] * 2})),
        ("no signature", canonical(envelope | {"signatures": []})),
        ("another type", package_builders.sealed(raw, honest().log_key, "text/plain")),
        ("a stranger's signature", package_builders.sealed(raw, FOREIGN, MANIFEST_TYPE)),
        (
            "another key's name",
            canonical(envelope | {"signatures": [envelope["signatures"][0] | {"keyid": FOREIGN.id}]}),
        ),
    ):
        yield Case(f"a manifest with {what}", INVALID, damaged({"manifest.dsse.json": sealed}))


def zips() -> Iterator[Case]:
    """Zip files of other forms than the one."""
    names, whole = sorted(honest_files()), packed(honest_files())
    central, end = whole.index(b"PK\1\2"), len(whole) - 22
    for what, content in {
        "bytes before": b"x" + whole,
        "bytes behind": whole + b"x",
        "a comment": whole[:-2] + b"\1\0x",
        "its end cut off": whole[:-30],
        "no bytes": b"",
        "no members": packed({}),
        "a member twice": zipped(sorted([*names, "README.txt"])),
        "another order": zipped(names[::-1]),
        "a path upwards": zipped(names, readme="../README.txt"),
        "a path from the root": zipped(names, readme="/README.txt"),
        "a date": zipped(names, date=(2026, 11, 12, 0, 0, 0)),
        "another method": zipped(names, method=zipfile.ZIP_LZMA),
    }.items():
        yield Case(f"a zip file with {what}", INVALID, content)
    for what, at, to in (
        ("a flag", 6, b"\1"), ("another method named", 8, b"\0"), ("another sum", 14, b"\0\0\0\0"),
        ("another size", 22, b"\1"), ("another name", 30, b"X"), ("a flag in its directory", central + 9, b"\x08"),
        ("a symbolic link", central + 41, b"\xa1"), ("a member elsewhere", central + 42, b"\1"),
        ("another version", central + 6, b"\x2d"), ("another count", end + 10, b"\1"), ("another disk", end + 4, b"\1"),
    ):  # fmt: skip
        yield Case(f"a zip file with {what}", INVALID, whole[:at] + to + whole[at + len(to) :])


def zipped(
    names: list[str], *, readme: str = "README.txt", method: int = zipfile.ZIP_DEFLATED, date: Any = None
) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a name is there twice is what is asked for
        for name in names:
            member = zipfile.ZipInfo(readme if name == "README.txt" else name, *([date] if date else []))
            archive.writestr(member, honest_files()[name], method)
    return made.getvalue()


def elsewhere() -> Iterator[Case]:
    """Checkpoints that the reader has on paper."""
    origin, root = honest().origin, b64(honest().root(18))
    for what, printed, code in (
        ("as here", f"{origin} 18 {root}", QUALIFIED),
        ("as one before", honest().printed(12), QUALIFIED),
        ("of another root", f"{origin} 18 {b64(bytes(32))}", FORK),
        ("of another root before", f"{origin} 12 {b64(bytes(32))}", FORK),
        ("of a size that is not here", f"{origin} 5 {b64(bytes(32))}", INCOMPLETE),
        ("of a later size", f"{origin} 500 {b64(bytes(32))}", INCOMPLETE),
        ("of an epoch", f"{origin}/epoch-7 18 {root}", QUALIFIED),
        ("of another log", f"other.example/log 18 {root}", INVALID),
        ("of size nothing", f"{origin} 0 {b64(bytes(32))}", INVALID),
        ("that cannot be read", f"{origin} 18 zzz", INVALID),
        ("that is empty", "", INVALID),
    ):
        yield Case(f"beside a printed checkpoint {what}", code, honest_files, checkpoints=(printed,))
    both = (honest().printed(12), f"{origin} 18 {b64(bytes(32))}")
    yield Case("beside two printed checkpoints, one of another root", FORK, honest_files, checkpoints=both)
    torn = damaged({"README.txt": b"x"})
    yield Case("damaged, beside a printed checkpoint of another root", FORK, torn, checkpoints=both)
    yield Case("rewritten with all keys, beside an older certificate", FORK, other_files, checkpoints=both[:1])
    yield Case(
        "a stranger's, beside a true certificate", FORK, lambda: a_site(words="another").members(), checkpoints=both[:1]
    )


def at_random() -> Iterator[Case]:
    """Bytes changed, cut out and put in anywhere, as a disk or a hand would."""
    dice = random.Random(SEED)  # noqa: S311 - dice, not secrets
    names = sorted(name for name, content in honest_files().items() if content)
    for number in range(30):
        name = dice.choice(names)
        content = honest_files()[name]
        at = dice.randrange(len(content))
        to = dice.choice((b"", bytes([content[at] ^ 1 << dice.randrange(8)]), content[at : at + 1] * 2))
        changed = content[:at] + to + content[at + 1 :]
        yield Case(f"damage {number}, of {name}", INVALID, damaged({name: changed}))
