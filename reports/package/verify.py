#!/usr/bin/env python3
"""Check a Cellwright record package without the site that made it, without a network, without anything installed.

    python3 -I -S verify.py PACKAGE [--key KEY] [--checkpoint "ORIGIN SIZE ROOT"] [--tsa-roots FILE.pem]

It needs Python 3.9 or newer and nothing else. It follows FORMAT.md, whose section numbers stand at each part:

(1) every file, every entry, every proof and every signature is checked; nothing is sampled;
(2) all findings are collected, not the first alone, and each names what it is about;
(3) what is not checked is said; an input that cannot be read is INVALID; no error ever ends with 0;
(4) nothing of the package is run or written to disk, and nothing of it reaches the terminal unescaped.

VALID means: this is the record that was signed. It does not mean that the batch was good.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import bisect
import calendar
import functools
import hashlib
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import unicodedata
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, Callable, NamedTuple, NoReturn, TextIO

Json = Any  # what a stranger's JSON holds is known only after `misfit` looked at it

FORK, INVALID, INCOMPLETE = "FORK", "INVALID", "INCOMPLETE"
EXIT_CODES = {FORK: 4, INVALID: 1, INCOMPLETE: 3}
MEANS = 'VALID means "this is the record that was signed", not "the batch was good".'

MIB = 2**20
LARGEST_PACKAGE = 4096 * MIB - 1
LARGEST_MEMBER = 2048 * MIB
LARGEST_SMALL_MEMBER = 1 * MIB  # a proof, a checkpoint, a token
LARGEST_MANIFEST = 32 * MIB
LARGEST_KEPT = 512 * MIB  # of all members whose content is read, not only hashed, together
LARGEST_RATIO = 250  # bytes out for a byte in; asked of members above 10 MiB
LONGEST_LINE = 8 * MIB
PRINTED_FINDINGS = 50


# What is printed, and what is found --------------------------------------------------------------------------------


def shown(value: object, longest: int = 120) -> str:
    """Give a stranger's text in a form that a terminal only prints: no control, no direction, no hidden character."""
    text = str(value)
    marks = []
    for sign in text[: longest + 1]:
        if sign == "\\":
            marks.append("\\\\")
        elif sign.isprintable() and not unicodedata.combining(sign):
            marks.append(sign)
        else:
            marks.append(f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else f"\\U{ord(sign):08x}")
    return "".join(marks[:longest]) + ("…" if len(text) > longest else "")


def counted(number: int, one: str, many: str = "") -> str:
    """Give a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def grouped(digits: str) -> str:
    """Give hexadecimal digits in groups of four, as they are printed on paper."""
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


class Unreadable(Exception):  # noqa: N818  the name says what the thing is
    """Something cannot be read as what it must be; the text says why."""


class Finding(NamedTuple):
    """One thing that is wrong: how bad, with which part, and what."""

    kind: str
    part: str
    says: str


class Report:
    """What was checked, what was found, and what was not checked."""

    def __init__(self) -> None:
        self.about: dict[str, Json] = {}
        self.checks: list[str] = []
        self.findings: list[Finding] = []
        self.counts = {FORK: 0, INVALID: 0, INCOMPLETE: 0}
        self.notes: list[str] = []
        self.not_checked: list[str] = []
        self.pinned = False
        self.fingerprint = ""
        self.checkpoint: tuple[str, int, bytes] | None = None
        self.anchored_to = 0
        self.why_not_anchored = "the package holds no token of a time-stamping authority"

    def find(self, kind: str, part: str, says: str) -> None:
        """Keep a finding; a hostile package has millions, of which the first thousands are kept and all counted."""
        self.counts[kind] += 1
        if len(self.findings) < 5000:
            self.findings.append(Finding(kind, part, says))

    @property
    def found(self) -> int:
        """How many findings there are."""
        return sum(self.counts.values())

    @property
    def is_anchored(self) -> bool:
        """Tell whether the package's own checkpoint has a token that was checked."""
        return self.checkpoint is not None and self.anchored_to == self.checkpoint[1]

    def verdict(self) -> tuple[int, str]:
        """(13) Give the exit code and the line that says it."""
        for kind in (FORK, INVALID, INCOMPLETE):
            if self.counts[kind]:
                return EXIT_CODES[kind], f"{kind}: {self.counts[kind]:,} found"
        if self.checkpoint is None or not self.fingerprint:
            return 1, "INVALID: 1 found"  # cannot be: a package without findings has both
        anchors = f"NOT ANCHORED after entry {self.anchored_to}: {self.why_not_anchored}"
        if not self.pinned:
            untrusted = f"UNTRUSTED KEY {grouped(self.fingerprint)}"
            return 2, untrusted if self.is_anchored else f"{untrusted}; {anchors}"
        return (0, "VALID") if self.is_anchored else (2, f"VALID, {anchors}")

    def first_line(self) -> str:
        """Name the package; a training site's says what it is before anything else."""
        if not self.about:
            return "Cellwright record package"
        training = "TRAINING RECORD, invented. " if self.about["training"] else ""
        return (
            f"{training}Cellwright record package of batch {shown(self.about['batch'])}, {shown(self.about['origin'])}"
        )

    def lines(self) -> Iterator[str]:
        """Give the report line by line, the verdict last."""
        yield self.first_line()
        yield ""
        yield from self.checks
        if self.findings:
            yield ""
            ordered = sorted(self.findings, key=lambda finding: (FORK, INVALID, INCOMPLETE).index(finding.kind))
            for finding in ordered[:PRINTED_FINDINGS]:
                yield f"{finding.kind}  {finding.part}: {finding.says}"
            if self.found > PRINTED_FINDINGS:
                yield f"… and {self.found - PRINTED_FINDINGS:,} more"
        yield ""
        yield from (f"Note: {note}" for note in self.notes)
        yield from (f"NOT CHECKED: {what}" for what in self.not_checked)
        yield ""
        if self.fingerprint:
            yield f"log key     {grouped(self.fingerprint)}"
        if self.checkpoint:
            origin, size, root = self.checkpoint
            yield f"checkpoint  {shown(origin)} {size} {base64.b64encode(root).decode()}"
        yield MEANS
        yield self.verdict()[1]

    def as_json(self) -> str:
        """Give the same as one JSON object; `text` is the report as it prints."""
        code, verdict = self.verdict()
        head = self.checkpoint
        return json.dumps(
            {
                "code": code,
                "verdict": verdict,
                "training": bool(self.about.get("training")),
                "origin": shown(self.about.get("origin", "")),
                "batch": shown(self.about.get("batch", "")),
                "chain_of_identity": shown(self.about.get("chain_of_identity", "")),
                "key": {"fingerprint": self.fingerprint, "pinned": self.pinned},
                "checkpoint": head
                and {"origin": shown(head[0]), "size": head[1], "root": base64.b64encode(head[2]).decode()},
                "anchored_to": self.anchored_to,
                "checks": self.checks,
                "findings": [finding._asdict() for finding in self.findings[:PRINTED_FINDINGS]],
                "findings_total": self.found,
                "notes": self.notes,
                "not_checked": self.not_checked,
                "text": "\n".join(self.lines()) + "\n",
            }
        )


# Canonical JSON, base64, shapes (the words of FORMAT.md) -----------------------------------------------------------


def _no_fraction(text: str) -> NoReturn:
    raise Unreadable(f"it holds {shown(text, 20)}; only whole numbers are allowed")


def _whole(text: str) -> int:
    if len(text) > 17 or abs(int(text)) >= 2**53:
        raise Unreadable("it holds a whole number of 2^53 or more")
    return int(text)


DECODER = json.JSONDecoder(parse_float=_no_fraction, parse_int=_whole, parse_constant=_no_fraction)
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def canonical(value: Json) -> bytes:
    """Give the canonical bytes of a value that was read by `read_json`."""
    return ENCODER.encode(value).encode("utf-8")


def _has_ascii_keys(value: Json) -> bool:
    if isinstance(value, dict):
        return all(key.isascii() and _has_ascii_keys(item) for key, item in value.items())
    return not isinstance(value, list) or all(_has_ascii_keys(item) for item in value)


def read_json(raw: bytes) -> Json:
    """Read canonical JSON, or raise Unreadable: what is written back must be the very same bytes.

    That also refuses keys given twice, spaces, other orders and escapes, half characters and the number -0.
    """
    try:
        text = raw.decode("utf-8")
        value = DECODER.decode(text)
        if canonical(value) != raw or not (text.isascii() or _has_ascii_keys(value)):
            raise Unreadable("it is not canonical JSON")
    except RecursionError:
        raise Unreadable("it is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"it is not JSON ({type(error).__name__})") from None
    return value


def read_base64(text: str) -> bytes:
    """Read base64 of the one form: padded, without line ends, unused bits zero; or raise Unreadable."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise Unreadable("it holds what is not base64") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise Unreadable("it holds base64 that is not in its one form")
    return raw


HEX = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{3}Z")
LONG_TIME = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.[0-9]{6}Z")
TEXT = re.compile(r".+", re.DOTALL)
ACTOR = re.compile(r"person/.+|machine|founding")


def misfit(value: Json, shape: Json, at: str = "") -> str:
    """Say where a value does not have a shape, or nothing.

    A shape is an object with exactly these fields, a list of one shape, a tuple of alternatives, a pattern that a
    text has wholly, a type (a whole number is not negative), or one value.
    """
    if isinstance(shape, dict):
        if type(value) is not dict or value.keys() != shape.keys():
            return f"{at or 'it'} does not have exactly the fields {', '.join(shape)}"
        wrong = (misfit(value[name], inner, f"{at}.{name}" if at else name) for name, inner in shape.items())
        return next((text for text in wrong if text), "")
    if isinstance(shape, list):
        if type(value) is not list:
            return f"{at} is not a list"
        return next((text for text in (misfit(item, shape[0], at) for item in value) if text), "")
    if isinstance(shape, tuple):
        return "" if any(not misfit(value, one, at) for one in shape) else f"{at} is none of what it may be"
    if isinstance(shape, re.Pattern):
        return "" if type(value) is str and shape.fullmatch(value) else f"{at} does not have its form"
    if isinstance(shape, type):
        negative = shape is int and type(value) is int and value < 0
        return "" if type(value) is shape and not negative else f"{at} is not of type {shape.__name__}"
    return "" if type(value) is type(shape) and value == shape else f"{at} is not {shape!r}"


def sha256(content: bytes) -> str:
    """Give the SHA-256 in hex."""
    return hashlib.sha256(content).hexdigest()


# Ed25519, strictly (section 5; RFC 8032) ---------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493  # the order of the base point
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T: x = X/Z, y = Y/Z, T = XY/Z
NEUTRAL: Point = (0, 1, 1, 0)


def ready(point: Point) -> Point:
    """Give a point in the form in which `plus` takes its second one: Y-X, Y+X, 2dT, 2Z."""
    x, y, z, t = point
    return (y - x) % P, (y + x) % P, 2 * D * t % P, 2 * z % P


def plus(point: Point, other: Point) -> Point:
    """Add two points, the second one made `ready`; the law is complete, so it also doubles."""
    x, y, z, t = point
    minus, sum_, twice_dt, twice_z = other
    a, b, c, d = (y - x) * minus % P, (y + x) * sum_ % P, t * twice_dt % P, z * twice_z % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def decoded(raw: bytes) -> Point | None:
    """Read a point in its one encoding (RFC 8032, 5.1.3); None for anything else."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if len(raw) != 32 or y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * v**3 % P * pow(u * v**7 % P, (P - 5) // 8, P) % P
    if (v * x * x - u) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


def encoded(point: Point) -> bytes:
    """Write a point in its one encoding."""
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    return (y * inverse % P | (x * inverse % P & 1) << 255).to_bytes(32, "little")


def multiples(point: Point) -> list[list[Point]]:
    """Give, for each four bits of a scalar, the multiples 0 to 15 of the point at their place, made `ready`."""
    rows = []
    for _ in range(64):
        step, row = ready(point), [ready(NEUTRAL)]
        total = NEUTRAL
        for _ in range(15):
            total = plus(total, step)
            row.append(ready(total))
        rows.append(row)
        point = plus(total, step)
    return rows


@functools.cache
def base_multiples() -> list[list[Point]]:
    """Give the multiples of the base point, whose y is 4/5."""
    base = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    assert base is not None  # noqa: S101  a constant
    return multiples(base)


@functools.lru_cache(maxsize=512)
def usable_key(public: bytes) -> Point | None:
    """Give the point of a public key; None if it is not one, or one of small order, under which anything is valid."""
    point = decoded(public)
    if point is None:
        return None
    eightfold = point
    for _ in range(3):
        eightfold = plus(eightfold, ready(eightfold))
    return None if eightfold[0] == 0 and eightfold[1] == eightfold[2] else point


@functools.lru_cache(maxsize=64)
def negative_multiples(public: bytes) -> list[list[Point]] | None:
    """Give the multiples of a public key's opposite; None for a key that is not usable."""
    point = usable_key(public)
    return None if point is None else multiples((P - point[0], point[1], 1, P - point[3]))


def is_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether an Ed25519 signature holds: S is below the order, and S·B - k·A has exactly the encoding R."""
    if len(signature) != 64:
        return False
    s = int.from_bytes(signature[32:], "little")
    of_key = negative_multiples(public)
    if of_key is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    total = NEUTRAL
    for of_base_here, of_key_here in zip(base_multiples(), of_key):
        total = plus(plus(total, of_base_here[s & 15]), of_key_here[k & 15])
        s, k = s >> 4, k >> 4
    return encoded(total) == signature[:32]


Signed = tuple[bytes, bytes, bytes]  # public key, message, signature


def _all_valid(some: list[Signed]) -> list[bool]:
    return [is_valid(*one) for one in some]


def validity(signed: list[Signed], processes: int) -> list[bool]:
    """Tell of each signature whether it holds; on many cores, or in this process where no others can be made."""
    order = sorted(range(len(signed)), key=lambda at: signed[at][0])  # one key's signatures share its multiples
    if processes > 1 and len(signed) >= 64:
        base_multiples()
        size = max(16, len(signed) // (processes * 4))
        parts = [[signed[at] for at in order[first : first + size]] for first in range(0, len(order), size)]
        try:
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            way = multiprocessing.get_context("fork" if sys.platform.startswith("linux") else None)
            with ProcessPoolExecutor(processes, mp_context=way) as pool:
                answers = [answer for part in pool.map(_all_valid, parts) for answer in part]
            if len(answers) == len(signed):
                return [answer is True for _, answer in sorted(zip(order, answers))]
        except Exception:  # noqa: S110  whatever keeps processes from working, one process is enough
            pass
    return [is_valid(*one) for one in signed]


# Trees (sections 3, 8, 9; RFC 6962) --------------------------------------------------------------------------------


def leaf_of(entry: bytes) -> bytes:
    """Give the leaf of an entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Give the hash above two hashes."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def includes(root: bytes, size: int, index: int, leaf: bytes, path: list[bytes]) -> bool:
    """Tell whether an audit path leads from a leaf to the root (RFC 9162, 2.1.3.2)."""
    if index >= size:
        return False
    at, last, hash_ = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            hash_ = node(sibling, hash_)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            hash_ = node(hash_, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and hash_ == root


def continues(first: int, first_root: bytes, second: int, second_root: bytes, proof: list[bytes]) -> bool:
    """Tell whether a tree continues a smaller one (RFC 9162, 2.1.4.2)."""
    if not 0 < first < second:
        return False
    path = proof if first & (first - 1) else [first_root, *proof]
    if not path:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for hash_ in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node(hash_, old), node(hash_, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node(new, hash_)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


# Section 1: the zip file -------------------------------------------------------------------------------------------

END = struct.Struct("<IHHHHIIH")
CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
LOCAL = struct.Struct("<IHHHHHIIIHH")
NAME = re.compile(r"(?!/)(?:(?:^|/)(?!\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+")
MADE_BY, NEEDED, FLAGS, ATTRIBUTES = 0x0314, 20, 0, 0o600 << 16
TIME_AND_DATE = (0, 0x21)  # 1980-01-01 00:00:00
STORED, DEFLATED = 0, 8


class Member(NamedTuple):
    """Where a member's bytes are, and what its headers say of them."""

    name: str
    method: int
    crc: int
    packed: int
    size: int
    start: int


def members_of(file: BinaryIO) -> list[Member]:
    """(1) Read the headers of the zip, every field of them; raise Unreadable for any that is not as it must be."""
    length = file.seek(0, os.SEEK_END)
    if not END.size <= length <= LARGEST_PACKAGE:
        raise Unreadable("it is empty, or larger than a record package may be")
    file.seek(length - END.size)
    mark, disk, first_disk, here, count, central_size, central_at, comment = END.unpack(file.read(END.size))
    if mark != 0x06054B50 or (disk, first_disk, comment) != (0, 0, 0) or here != count or not 0 < count < 0xFFFF:
        raise Unreadable("it does not end as a zip file of this format does")
    if central_at + central_size + END.size != length:
        raise Unreadable("its directory does not reach from the last member to the end record")
    file.seek(central_at)
    directory = file.read(central_size)
    found: list[Member] = []
    at = start = 0
    for _ in range(count):
        if at + CENTRAL.size > len(directory):
            raise Unreadable("its directory is cut off")
        (mark, made_by, needed, flags, method, *when, crc, packed, size, name_size, extra, comment, disk, inner, outer,
         offset) = CENTRAL.unpack_from(directory, at)  # fmt: skip
        raw_name = directory[at + CENTRAL.size : at + CENTRAL.size + name_size]
        at += CENTRAL.size + name_size
        name = raw_name.decode("ascii", "replace")
        if mark != 0x02014B50 or not NAME.fullmatch(name) or len(name) > 200:
            raise Unreadable(f"the member {shown(name)} has no proper name or directory entry")
        if found and name <= found[-1].name:
            raise Unreadable(f"the member {shown(name)} is there twice or out of order")
        fixed = (made_by, needed, flags, tuple(when), extra, comment, disk, inner, outer)
        if fixed != (MADE_BY, NEEDED, FLAGS, TIME_AND_DATE, 0, 0, 0, 0, ATTRIBUTES) or method not in (STORED, DEFLATED):
            raise Unreadable(f"the member {name} has other header fields than this format allows")
        if offset != start or offset + LOCAL.size + name_size + packed > central_at:
            raise Unreadable(f"the member {name} does not begin where the one before it ends")
        if method == STORED and packed != size:
            raise Unreadable(f"the member {name} has two sizes")
        if size > LARGEST_MEMBER or (size > 10 * MIB and size > packed * LARGEST_RATIO):
            raise Unreadable(f"the member {name} would unpack to {size:,} bytes, more than is allowed")
        file.seek(offset)
        local = LOCAL.pack(0x04034B50, NEEDED, FLAGS, method, *TIME_AND_DATE, crc, packed, size, name_size, 0)
        if file.read(LOCAL.size + name_size) != local + raw_name:
            raise Unreadable(f"the member {name} has a header that disagrees with the directory")
        found.append(Member(name, method, crc, packed, size, offset + LOCAL.size + name_size))
        start = offset + LOCAL.size + name_size + packed
    if at != len(directory) or start != central_at:
        raise Unreadable("there are bytes in it that belong to no member")
    return found


def pieces(file: BinaryIO, member: Member) -> Iterator[bytes]:
    """Give a member's content piece by piece, never more than its headers say; raise Unreadable if they are wrong."""
    file.seek(member.start)
    left, size, crc = member.packed, 0, 0
    inflater = zlib.decompressobj(-15) if member.method == DEFLATED else None
    try:
        while left or (inflater and inflater.unconsumed_tail):
            packed = inflater.unconsumed_tail if inflater and inflater.unconsumed_tail else b""
            if not packed:
                packed = file.read(min(left, MIB))
                left -= len(packed)
                if not packed:
                    raise Unreadable("it is cut off")
            piece = inflater.decompress(packed, MIB) if inflater else packed
            size, crc = size + len(piece), zlib.crc32(piece, crc)
            if size > member.size or (inflater and inflater.eof and (left or inflater.unused_data)):
                raise Unreadable("it is longer than its header says")
            yield piece
    except zlib.error:
        raise Unreadable("it cannot be unpacked") from None
    if size != member.size or crc != member.crc or (inflater and not inflater.eof):
        raise Unreadable("its content does not agree with its header")


# The package under check -------------------------------------------------------------------------------------------

OWN = ("manifest.json", "manifest.dsse.json")
ALWAYS = (
    "FORMAT.md", "README.txt", "audit-trail.csv", "entries.jsonl", "envelopes.jsonl", "keys.jsonl", "log-keys.jsonl",
    "payloads.jsonl", "record.json", "verify.py",
)  # fmt: skip
NUMBER = r"([1-9][0-9]{0,15})"
CHECKPOINT_NAME = re.compile(rf"checkpoints/{NUMBER}\.txt")
CONSISTENCY_NAME = re.compile(rf"consistency/{NUMBER}\.txt")
PROOF_NAME = re.compile(r"proofs/([0-9]{9,16})\.tlog-proof")
ANCHOR_NAME = re.compile(rf"anchors/{NUMBER}-([A-Za-z0-9._-]+)\.tsr")
FILE_NAME = re.compile(r"files/([0-9a-f]{64})")
DOCUMENT_NAME = re.compile(r"documents/[A-Za-z0-9._-]+\.pdf")
SMALL = (CHECKPOINT_NAME, CONSISTENCY_NAME, PROOF_NAME, ANCHOR_NAME)
HASHED_ONLY = ("files/", "documents/")

MANIFEST = {
    "format": "cellwright-record-package",
    "version": 1,
    "origin": re.compile(r"[^\s]+"),
    "training": bool,
    "batch": TEXT,
    "chain_of_identity": TEXT,
    "checkpoint": {"size": int, "root": HEX},
    "streams": [{"name": TEXT, "entries": int, "last": HEX}],
    "files": [{"path": NAME, "size": int, "sha256": HEX}],
}
RECORD = {"type": TEXT, "id": TEXT, "version": int}
ENTRY = {
    "v": 1, "origin": str, "epoch": int, "seq": int, "prev": HEX, "stream": TEXT, "sseq": int, "sprev": HEX,
    "type": TEXT, "at": TIME, "actor": ACTOR, "rec": RECORD, "commit": HEX, "sig": [HEX],
}  # fmt: skip
PAYLOAD_LINE = {"payload": str, "salt": HEX, "seq": int}
PAYLOAD = {"schema": 1, "record": str, "fields": dict}
ENVELOPE_LINE = {"envelope": str, "seq": int}
MANIFEST_TYPE = "application/vnd.cellwright.record-package+json"
STATEMENT_TYPE = "application/vnd.in-toto+json"
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [{"name": str, "digest": {"sha256": HEX}}],
    "predicateType": "https://cellwright.example/signature/v1",
    "predicate": {
        "origin": str, "stream": str, "type": str, "record": RECORD,
        "signer": {"person": str, "username": str, "name": str, "role": str, "key": HEX},
        "meaning": {"code": str, "text": str}, "signed_at": TIME, "zone": str,
        "auth": {"method": str, "at": TIME, "station": str},
        "earlier": [HEX], "head": {"seq": int, "leaf": HEX}, "challenge": {"id": str, "nonce": str},
    },
}  # fmt: skip
LOG_KEY = {
    "id": HEX,
    "name": re.compile(r"[^\s+]+"),
    "public": HEX,
    "rotation": (None, {"statement": str, "old": str, "new": str}),
}
ROTATION = {
    "kind": "cellwright-log-key-rotation", "origin": str, "old": HEX, "new": HEX, "new_public": HEX, "at": TEXT,
}  # fmt: skip

ENROLMENT = "accounts.keyenrolment"
REVOCATION = "accounts.keyrevocation"
ENDINGS = ("accounts.keyresetapproval", REVOCATION, "accounts.deactivation")
NOTHING_BEFORE = "0" * 64

REVIEW = "qc.audittrailreviewed"
STATED = {"group": TEXT, "after": int, "upto": int, "entries": int, "sha256": HEX}
REVIEWED = [(STATED, {**STATED, "stream": TEXT})]
MOST_NAMED = 8


class TrailRules(NamedTuple):
    """(14) Which entries the audit trail of a batch has, and in which group each is read."""

    groups: dict[str, frozenset[str]]  # the types of each group; a type that stands in none is of the group "records"
    corrections: frozenset[str]  # types of which a version above 1 is a correction
    outside_batch: frozenset[str]  # types of the batch's own stream that are not read
    outside_custody: frozenset[str]  # types of the stream of its chain of identity that are not read

    def group_of(self, entry: Json) -> str:
        """Give the code of the group in which an entry is read."""
        if entry["rec"]["version"] > 1 and entry["type"] in self.corrections:
            return "corrections"
        return next((code for code, types in self.groups.items() if entry["type"] in types), "records")


def _types(text: str) -> frozenset[str]:
    return frozenset(text.split())


RBE_2 = TrailRules(
    groups={
        "corrections": _types(
            "contract_certificate.corrected reading.corrected result.corrected test.moment_corrected "
            "test.suitability_corrected value.corrected value.correction_signed"
        ),
        "set_aside": _types(
            "container.end_witnessed container.ended labels.destroyed manufacture.ended "
            "measurement.declared_invalid measurement.invalid_reviewed order.ended step.left_out supply.revoked"
        ),
        "departures": _types(
            "complaint.recorded departure.growth departure.mismatch departure.raised departure.reported "
            "excursion.found redline.approved redline.proposed return.recorded step.on_paper"
        ),
        "rests_on": _types(
            "definition.approved definition.returned equipment.calibrated equipment.held equipment.qualified "
            "equipment.retired equipment.returned key.reset key.revoked lot.decided person.deactivated "
            "person.roles_changed"
        ),
        "decisions": _types(
            "acceptance.recorded addendum.recorded batch.certified_conditionally batch.held batch.hold_lifted "
            "batch.issued batch.withdrawn complaint.closed contract_certificate.compared decision.stands "
            "dose.verified fact.assessed follow_up.checked infusion.checked infusion.confirmed notification.done "
            "notification.due oos.closed oos.investigated oos.opened oos.retest_approved oos.retest_planned "
            "physician_answer.checked physician_answer.recorded result.reviewed results.approved return.decided "
            "sponsor_release.checked sponsor_release.recorded starting_material.decided supply.containers_named "
            "supply.decided supply.risk_evaluated supply.statement_checked supply.statement_recorded "
            "transcription.compared yield.verified"
        ),
        "custody": _types(
            "attestation.checked chain.issued collection.registered collection.verified container.assigned "
            "container.made container.placed course.opened custody.accepted custody.offered donor_test.recorded "
            "donor_test.verified dose.planned identity.checked order.placed plan.suite_booked plan.suite_given_free "
            "plan.time_set weight.recorded weight.verified"
        ),
        "records": frozenset(),
    },
    corrections=_types("dose.determined step.performed yield.verified"),
    outside_batch=_types(
        "audit_trail.reviewed batch.certified batch.held batch.hold_lifted batch.not_certified capa.checked "
        "capa.done capa.opened document.issued exception.assessed legal_hold.lifted legal_hold.set record.reviewed"
    ),
    outside_custody=_types("alarm.acknowledged alarm.raised alarm.sent"),
)
TRAIL_RULES = {"RBE-2": RBE_2}  # by the version that a review names
HELD = ("equipment/", "lot/", "master/", "person/")  # other streams than the record's own whose entries must be here


def pre_authentication(kind: str, payload: bytes) -> bytes:
    """(2) Give the bytes that the signature of a DSSE envelope covers."""
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)


def opened(raw: bytes, kind: str) -> tuple[bytes, str, bytes]:
    """(2) Give a DSSE envelope's payload, key id and signature; raise Unreadable for another form."""
    envelope = read_json(raw)
    wrong = misfit(envelope, {"payload": str, "payloadType": kind, "signatures": [{"keyid": HEX, "sig": str}]})
    if wrong or len(envelope["signatures"]) != 1:
        raise Unreadable(wrong or "it does not have exactly one signature")
    one = envelope["signatures"][0]
    return read_base64(envelope["payload"]), one["keyid"], read_base64(one["sig"])


class LogKey(NamedTuple):
    """(7) A public key of the log."""

    id: str
    name: str
    public: bytes

    @property
    def hash(self) -> bytes:
        """The four bytes by which a signed note names the key (C2SP signed-note)."""
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]


class Head(NamedTuple):
    """(8) A checkpoint: what it says, and which of the log's keys signed it."""

    origin: str
    size: int
    root: bytes
    signers: tuple[str, ...]


class KeyLife:
    """(6) A person's key and the stretch of the ledger in which it is in force."""

    def __init__(self, person: str, public: bytes, since: int) -> None:
        self.person, self.public, self.since = person, public, since
        self.until: int | None = None
        self.revoked = False

    def in_force_at(self, seq: int) -> bool:
        """Tell whether a signature by this key counts at an entry; the entry that ends a key may be signed by it."""
        return self.since <= seq and (self.until is None or seq <= self.until)


class Span(NamedTuple):
    """(14) What one review says of one group in one stream."""

    review: str
    seq: int  # of the review
    stream: str
    stated: Json
    rules: TrailRules

    def __str__(self) -> str:
        """Name group, stream and positions."""
        places = f"positions {self.stated['after'] + 1} to {self.stated['upto']}"
        return f"{shown(self.stated['group'])} in {shown(self.stream)}, {places}"


def entries_named(seqs: list[int]) -> str:
    """Name entries, of many the first and the last."""
    if len(seqs) <= 1:
        return f"entry {seqs[0]}" if seqs else "no entry"
    first = ", ".join(str(seq) for seq in seqs[:MOST_NAMED])
    return f"entries {first} … {seqs[-1]}" if len(seqs) > MOST_NAMED else f"entries {first}"


class Package:
    """A record package, checked section by section; each method gives the sentence that then holds."""

    def __init__(self, report: Report, asked: argparse.Namespace) -> None:
        self.report, self.asked = report, asked
        self.content: dict[str, bytes] = {}
        self.sizes: dict[str, int] = {}
        self.digests: dict[str, str] = {}
        self.manifest: dict[str, Json] = {}
        self.listed: dict[str, str] = {}
        self.is_listed_and_signed = False
        self.size = 0
        self.root = b""
        self.whole: dict[str, tuple[int, str]] = {}
        self.log_keys: list[LogKey] = []
        self.heads: dict[int, Head] = {}
        self.gaps: set[str] = set()  # whole streams of which something is not here
        self.entries: dict[int, Json] = {}
        self.leaves: dict[int, bytes] = {}
        self.fields: dict[int, Json] = {}  # of the payloads that are here
        self.lives: dict[str, KeyLife] = {}
        self.not_judged: set[str] = set()  # people of whom a key entry, or its payload, is not here
        self.unproved: set[int] = set()  # entries that no proof leads from to the package's checkpoint

    def check(self) -> None:
        """Run all sections. Keys and checkpoints come before what they sign; what is wrong in one stops no other."""
        sections: tuple[tuple[str, Callable[[], str]], ...] = (
            ("7", self.check_log_keys),
            ("8", self.check_checkpoints),
            ("2", self.check_manifest_signature),
            ("3", self.check_entries),
            ("9", self.check_inclusion),
            ("4", self.check_payloads),
            ("8", self.check_one_history),
            ("6", self.check_keys),
            ("5", self.check_signatures),
            ("10", self.check_anchors),
            ("11", self.check_files),
            ("12", self.check_data),
            ("14", self.check_trail_reviews),
        )
        if not self.run("1", self.read_members) or not self.run("2", self.check_manifest):
            return
        for number, section in sections:
            self.run(number, section)
        self.say_what_was_not_checked()

    def run(self, number: str, section: Callable[[], str]) -> bool:
        """Run one section, note how it went, and tell whether it came to its end."""
        before = self.report.found
        says = ""
        try:
            says = section()
        except _Stop:
            pass
        except Unreadable as error:
            self.report.find(INVALID, f"section {number}", str(error))
        except Exception as error:
            self.report.find(INVALID, f"section {number}", f"it could not be read ({type(error).__name__})")
        new = self.report.found - before
        self.report.checks.append(
            f"WRONG  {number:>2}  {counted(new, 'finding')} in this section" if new else f"ok     {number:>2}  {says}"
        )
        return bool(says)

    def bad(self, part: str, says: str) -> None:
        """Note something that was changed or does not fit."""
        self.report.find(INVALID, part, says)

    def missing(self, part: str, says: str) -> None:
        """Note something that must be here and is not."""
        self.report.find(INCOMPLETE, part, says)

    def lines_of(self, name: str, shape: Json) -> Iterator[tuple[str, bytes, Json]]:
        """Give the lines of a .jsonl file that have their shape, each with the words that name it."""
        content = self.content.get(name, b"")
        if content and not content.endswith(b"\n"):
            self.bad(name, "its last line is not ended")
        at, number = 0, 0
        while at < len(content):
            end = content.find(b"\n", at)
            end = len(content) if end < 0 else end
            number += 1
            part, line, at = f"{name}, line {number}", content[at:end], end + 1
            try:
                if len(line) > LONGEST_LINE:
                    raise Unreadable("it is too long")
                value = read_json(line)
                if wrong := misfit(value, shape):
                    raise Unreadable(wrong)
            except Unreadable as error:
                self.bad(part, str(error))
                continue
            yield part, line, value

    # Section 1

    def read_members(self) -> str:
        """(1) Read every member once: its size, its SHA-256, and, but for stored files and documents, its content."""
        kept = 0
        with open(self.asked.package, "rb") as file:  # noqa: PTH123  a path from the command line
            members = members_of(file)
            for member in members:
                hashed_only = member.name.startswith(HASHED_ONLY)
                small = any(pattern.fullmatch(member.name) for pattern in SMALL)
                most = LARGEST_SMALL_MEMBER if small else LARGEST_MANIFEST if member.name in OWN else LARGEST_MEMBER
                kept += 0 if hashed_only else member.size
                if member.size > most or kept > LARGEST_KEPT:
                    raise Unreadable(f"the member {member.name} makes it larger than is allowed")
                digest, parts = hashlib.sha256(), []
                try:
                    for piece in pieces(file, member):
                        digest.update(piece)
                        if not hashed_only:
                            parts.append(piece)
                except Unreadable as error:
                    raise Unreadable(f"the member {member.name}: {error}") from None
                self.sizes[member.name], self.digests[member.name] = member.size, digest.hexdigest()
                if not hashed_only:
                    self.content[member.name] = b"".join(parts)
        return f"the zip file is in its one form, with {counted(len(members), 'member')}"

    # Section 2

    def check_manifest(self) -> str:
        """(2) The manifest has its form, and lists exactly the files that are here, as they are."""
        if OWN[0] not in self.content:
            self.missing(OWN[0], "it is not here, and without it nothing can be checked")
            raise _Stop
        try:
            manifest = read_json(self.content[OWN[0]])
            if wrong := misfit(manifest, MANIFEST):
                raise Unreadable(wrong)
        except Unreadable as error:
            raise Unreadable(f"manifest.json: {error}") from None
        self.manifest = self.report.about = manifest
        self.size, self.root = manifest["checkpoint"]["size"], bytes.fromhex(manifest["checkpoint"]["root"])
        paths = [file["path"] for file in manifest["files"]]
        if any(later <= earlier for earlier, later in zip(paths, paths[1:])):
            self.bad("manifest.json", "its files are not in order, or one is listed twice")
        for file in manifest["files"]:
            path = file["path"]
            if path not in self.sizes:
                self.missing(path, "the manifest lists it, and it is not here")
            elif (self.sizes[path], self.digests[path]) != (file["size"], file["sha256"]):
                self.bad(path, "it is not the file that the manifest lists")
        self.listed = {file["path"]: file["sha256"] for file in manifest["files"]}
        for name in self.sizes:
            if name not in self.listed and name not in OWN:
                self.bad(name, "the manifest does not list it")
            elif name not in OWN + ALWAYS and not any(
                pattern.fullmatch(name) for pattern in (*SMALL, FILE_NAME, DOCUMENT_NAME)
            ):
                self.bad(name, "this format has no such file")
        for name in sorted(set(ALWAYS) - self.listed.keys()):
            self.missing(name, "the manifest does not list it, and it must be here")
        names = [stream["name"] for stream in manifest["streams"]]
        if any(later <= earlier for earlier, later in zip(names, names[1:])):
            self.bad("manifest.json", "its streams are not in order, or one is named twice")
        self.whole = {stream["name"]: (stream["entries"], stream["last"]) for stream in manifest["streams"]}
        for name in self.own_streams():
            if not self.whole.get(name, (0, ""))[0]:
                self.missing("manifest.json", f"the stream {shown(name)} is not among its whole streams")
        return f"{counted(len(paths), 'file')} as the manifest lists them"

    def own_streams(self) -> tuple[str, str]:
        """Name the two streams that are the record of the batch."""
        return f"batch/{self.manifest['batch']}", f"coi/{self.manifest['chain_of_identity']}"

    def check_manifest_signature(self) -> str:
        """(2) The manifest is signed by the log's newest key, which signed the package's checkpoint."""
        part = OWN[1]
        if part not in self.content:
            self.missing(part, "it is not here")
            raise _Stop
        try:
            payload, key_id, signature = opened(self.content[part], MANIFEST_TYPE)
        except Unreadable as error:
            raise Unreadable(f"{part}: {error}") from None
        if payload != self.content[OWN[0]]:
            self.bad(part, "it signs another manifest than the one that is here")
        key = self.log_keys[-1] if self.log_keys else None
        own = self.heads.get(self.size)  # that it is not here was said already
        if key is None or key_id != key.id:
            self.bad(part, f"the key {key_id[:16]} is not the newest key of this log")
        elif own is not None and key_id not in own.signers:
            self.bad(f"checkpoints/{self.size}.txt", "the newest key of this log did not sign it")
        elif not is_valid(key.public, pre_authentication(MANIFEST_TYPE, payload), signature):
            self.bad(part, "its signature is not valid")
        elif payload == self.content[OWN[0]]:
            self.is_listed_and_signed = True
        return "the manifest is signed by the log key"

    # Section 3

    def check_entries(self) -> str:
        """(3) Each entry has its form and follows from the ones before it, in the ledger and in its stream."""
        before: Json = None
        tips: dict[str, tuple[int, int]] = {}  # stream: position and seq of its newest entry here
        records: dict[tuple[str, str], int] = {}
        here: dict[str, int] = {}
        for part, line, entry in self.lines_of("entries.jsonl", ENTRY):
            seq, stream, sseq = entry["seq"], entry["stream"], entry["sseq"]
            name = f"entry {seq}"
            if before is not None and seq <= before["seq"]:
                self.bad(part, f"{name} is out of order, or here twice")
                continue
            if not 1 <= seq <= self.size or sseq < 1:
                self.bad(name, "its position is not within the package's checkpoint")
            if entry["origin"] != self.manifest["origin"]:
                self.bad(name, f"it is of another ledger, {shown(entry['origin'])}")
            if (seq == 1) != (entry["prev"] == NOTHING_BEFORE):
                self.bad(name, "only the first entry follows nothing")
            if (sseq == 1) != (entry["sprev"] == NOTHING_BEFORE):
                self.bad(name, "only the first entry of a stream follows nothing in it")
            if entry["epoch"] < 1:
                self.bad(name, "its epoch is below 1")
            if before is not None:
                if seq == before["seq"] + 1 and entry["prev"] != self.leaves[before["seq"]].hex():
                    self.bad(name, "it does not follow from the entry before it")
                if entry["at"] < before["at"] or entry["epoch"] < before["epoch"]:
                    self.bad(name, "its time or its epoch goes back")
            if stream in tips:
                position, newest = tips[stream]
                if sseq <= position:
                    self.bad(name, f"its position in {shown(stream)} goes back")
                elif sseq == position + 1 and entry["sprev"] != self.leaves[newest].hex():
                    self.bad(name, f"it does not follow from the entry before it in {shown(stream)}")
            record = (entry["rec"]["type"], entry["rec"]["id"])
            if records.setdefault(record, seq) != seq:
                self.bad(name, f"the record that it witnesses is that of entry {records[record]}")
            tips[stream] = (sseq, seq)
            here[stream] = here.get(stream, 0) + 1
            self.entries[seq], self.leaves[seq] = entry, leaf_of(line)
            before = entry
        for stream, (count, last) in self.whole.items():
            position, newest = tips.get(stream, (0, 0))
            if position > count:
                self.bad(
                    f"stream {shown(stream)}", f"it goes on to position {position} behind the {count} of the manifest"
                )
            elif here.get(stream, 0) < count:
                lacking = count - here.get(stream, 0)
                self.gaps.add(stream)
                self.missing(
                    f"stream {shown(stream)}",
                    f"{counted(lacking, 'entry is', 'entries are')} not here, {self.gap(stream)}",
                )
            elif (self.leaves[newest].hex() if count else NOTHING_BEFORE) != last:
                self.bad(f"stream {shown(stream)}", "its last entry is not the one that the manifest names")
        return f"{counted(len(self.entries), 'entry', 'entries')} in order, {counted(len(self.whole), 'stream')} whole"

    def gap(self, stream: str) -> str:
        """Say where the first entry of a stream is missing."""
        expected = 1
        for entry in self.entries.values():
            if entry["stream"] == stream:
                if entry["sseq"] != expected:
                    break
                expected += 1
        return f"the first at position {expected}"

    # Section 4

    def check_payloads(self) -> str:
        """(4) Each payload is the one that its entry commits to; those of the batch are all here."""
        newest = 0
        for part, _, line in self.lines_of("payloads.jsonl", PAYLOAD_LINE):
            seq = line["seq"]
            name, entry = f"payload of entry {seq}", self.entries.get(seq)
            if seq <= newest or entry is None:
                self.bad(part, f"the {name} is out of order, or its entry is not here")
                continue
            newest = seq
            try:
                raw = read_base64(line["payload"])
                if sha256(b"\x02" + bytes.fromhex(line["salt"]) + raw) != entry["commit"]:
                    raise Unreadable("it is not what the entry commits to")
                payload = read_json(raw)
                if wrong := misfit(payload, PAYLOAD):
                    raise Unreadable(wrong)
            except Unreadable as error:
                self.bad(name, str(error))
                continue
            fields = payload["fields"]
            told = (payload["record"], fields.get("id"), fields.get("actor"))
            if told != (entry["rec"]["type"], entry["rec"]["id"], entry["actor"]):
                self.bad(name, "it states another record or actor than its entry")
            self.fields[seq] = fields
        own = self.own_streams()
        for seq, entry in self.entries.items():
            if entry["stream"] in own and seq not in self.fields:
                self.missing(f"payload of entry {seq}", "it belongs to the record of the batch and is not here")
                self.gaps.add(entry["stream"])
        return f"{counted(len(self.fields), 'payload')} as the entries commit to them"

    def payloads_of(self, record_type: str) -> Iterator[tuple[int, Json]]:
        """Give the entries of a type of record whose payload is here, in order."""
        for seq, fields in self.fields.items():
            if self.entries[seq]["rec"]["type"] == record_type:
                yield seq, fields

    # Section 5

    def check_signatures(self) -> str:
        """(5) Each signed record has its envelope, which says what the record says, under a key then in force."""
        envelopes: dict[int, list[bytes]] = {}
        newest = 0
        for part, _, line in self.lines_of("envelopes.jsonl", ENVELOPE_LINE):
            if line["seq"] < newest or line["seq"] not in self.fields:
                self.bad(part, f"the envelope of entry {line['seq']} is out of order, or its payload is not here")
                continue
            newest = line["seq"]
            try:
                envelopes.setdefault(newest, []).append(read_base64(line["envelope"]))
            except Unreadable as error:
                self.bad(part, str(error))
        signed: list[Signed] = []
        names: list[str] = []
        people, revoked = set(), 0
        for seq, fields in self.fields.items():
            entry, name = self.entries[seq], f"signature of entry {seq}"
            here = envelopes.get(seq, [])
            if len(entry["sig"]) != ("signer_id" in fields):
                self.bad(name, "the entry names another number of signatures than its record has")
            if len(here) < len(entry["sig"]):
                self.missing(name, "its envelope is not here")
                continue
            if [sha256(envelope) for envelope in here] != entry["sig"]:
                self.bad(name, "its envelope is not the one that the entry names")
                continue
            for envelope in here:
                try:
                    statement, key_id, signature = opened(envelope, STATEMENT_TYPE)
                    self.compare_statement(name, entry, fields, read_json(statement), key_id)
                except Unreadable as error:
                    self.bad(name, str(error))
                    continue
                person = str(fields.get("signer_id"))
                people.add(person)
                life = self.lives.get(key_id)
                if f"person/{person}" not in self.whole:
                    self.missing(name, f"the stream person/{shown(person)} is not whole here, so its key is not judged")
                    self.not_judged.add(person)
                if life is None and person in self.not_judged:
                    continue
                if life is None or life.person != person:
                    self.bad(name, "it is under a key that this person never enrolled")
                elif not life.in_force_at(seq):
                    self.bad(name, f"it is under a key that was in force from entry {life.since} to {life.until}")
                else:
                    revoked += life.revoked
                    names.append(name)
                    signed.append((life.public, pre_authentication(STATEMENT_TYPE, statement), signature))
        for name, valid in zip(names, validity(signed, self.asked.jobs)):
            if not valid:
                self.bad(name, "it is not valid")
        if revoked:
            self.report.notes.append(
                f"{counted(revoked, 'signature')} under keys that were revoked later: valid, because made before."
            )
        return f"{counted(len(signed), 'signature')} valid, of {counted(len(people), 'person', 'people')}"

    def compare_statement(self, name: str, entry: Json, fields: Json, statement: Json, key_id: str) -> None:
        """(5) Compare what was signed with the entry and the record; each difference is a finding."""
        if wrong := misfit(statement, STATEMENT):
            raise Unreadable(wrong)
        record, said = entry["rec"], statement["predicate"]
        subject = f"{entry['stream']}/{record['type']}/{record['id']}/v{record['version']}"
        signed_at = fields.get("signed_at")
        if misfit(signed_at, LONG_TIME):
            raise Unreadable("its record does not say when it was signed")
        must_be = {
            "subject": (statement["subject"], [{"name": subject, "digest": {"sha256": entry["commit"]}}]),
            "origin": (said["origin"], entry["origin"]),
            "stream": (said["stream"], entry["stream"]),
            "type": (said["type"], entry["type"]),
            "record": (said["record"], record),
            "signer": ("person/" + said["signer"]["person"], entry["actor"]),
            "signer.person": (said["signer"]["person"], fields.get("signer_id")),
            "signer.username": (said["signer"]["username"], fields.get("signer_username")),
            "signer.name": (said["signer"]["name"], fields.get("signer_name")),
            "signer.role": (said["signer"]["role"], fields.get("signer_role")),
            "signer.key": (said["signer"]["key"], key_id),
            "meaning.code": (said["meaning"]["code"], fields.get("meaning")),
            "meaning.text": (said["meaning"]["text"], fields.get("meaning_text")),
            "signed_at": (said["signed_at"], signed_at[:23] + "Z"),
        }
        for what, (is_, must) in must_be.items():
            if is_ != must:
                self.bad(name, f"what was signed says something else of {what} than the record")
        head = said["head"]
        if head["seq"] >= entry["seq"]:
            self.bad(name, "what was signed names a head that is not before its entry")
        elif head["seq"] in self.leaves and head["leaf"] != self.leaves[head["seq"]].hex():
            self.bad(name, f"what was signed names another entry {head['seq']} than the one that is here")
        if record["type"] == ENROLMENT and fields.get("key_id") != key_id:
            self.bad(name, "the enrolment of a key is not signed by that key")

    # Section 6

    def check_keys(self) -> str:
        """(6) The life of each person's key follows from the entries, and keys.jsonl says the same."""
        for seq, entry in self.entries.items():
            kind, stream = entry["rec"]["type"], entry["stream"]
            if kind != ENROLMENT and kind not in ENDINGS:
                continue
            name = f"key entry {seq}"
            fields = self.fields.get(seq)
            if fields is None:
                self.missing(name, "its payload is not here")
                self.not_judged.add(stream[len("person/") :])
            if kind in ENDINGS:
                if not stream.startswith("person/"):
                    self.bad(name, "it ends a key and does not stand in the stream of a person")
                self.end_keys(stream[len("person/") :], seq, revoked=kind == REVOCATION)
                continue
            if fields is None:
                continue
            key_id, public, person = fields.get("key_id"), fields.get("public_key"), fields.get("signer_id")
            if misfit([key_id, public], [HEX]) or stream != f"person/{person}":
                self.bad(name, "it enrols no key, or stands in the stream of somebody else")
                continue
            if sha256(bytes.fromhex(public)) != key_id or usable_key(bytes.fromhex(public)) is None:
                self.bad(name, "its key is not named by its own digest, or is no key that may be used")
                continue
            if key_id in self.lives:
                self.bad(name, f"its key was enrolled before, at entry {self.lives[key_id].since}")
                continue
            self.end_keys(person, seq, revoked=False)
            self.lives[key_id] = KeyLife(person, bytes.fromhex(public), seq)
            if stream not in self.whole:
                self.missing(
                    name, f"{shown(stream)} is not among the whole streams, so an ending of this key could be left out"
                )
        expected = b"".join(
            canonical(
                {
                    "key": key,
                    "person": life.person,
                    "public": life.public.hex(),
                    "since": life.since,
                    "until": life.until,
                }
            )
            + b"\n"
            for key, life in self.lives.items()
        )
        if "keys.jsonl" in self.content and self.content["keys.jsonl"] != expected and not self.not_judged:
            self.bad("keys.jsonl", "it says something else of the keys than the entries do")
        return f"{counted(len(self.lives), 'key')} of people, as the entries enrol and end them"

    def end_keys(self, person: str, seq: int, *, revoked: bool) -> None:
        """(6) End what a person has of keys in force."""
        for life in self.lives.values():
            if life.person == person and life.until is None:
                life.until, life.revoked = seq, revoked

    # Section 7

    def check_log_keys(self) -> str:
        """(7) Each key of the log but the first is vouched for by the one before it and by itself."""
        for part, _, line in self.lines_of("log-keys.jsonl", LOG_KEY):
            key = LogKey(line["id"], line["name"], bytes.fromhex(line["public"]))
            if (
                sha256(key.public) != key.id
                or usable_key(key.public) is None
                or key.id in [k.id for k in self.log_keys]
            ):
                self.bad(part, "the key is not named by its own digest, is no key that may be used, or is here twice")
                continue
            before = self.log_keys[-1] if self.log_keys else None
            if (line["rotation"] is None) != (before is None):
                self.bad(part, "each key but the first is vouched for by the one before it, and this is not")
            elif before is not None and not self.is_rotation(line["rotation"], before, key):
                self.bad(part, "the key is not vouched for by the key before it and by itself")
            else:
                self.log_keys.append(key)
        if not self.log_keys:
            raise Unreadable("log-keys.jsonl: the log has no key")
        self.report.fingerprint = self.log_keys[-1].id
        pinned = re.sub(r"\s", "", self.asked.key or "").lower()
        if pinned:
            self.report.pinned = any(pinned in (key.id, key.public.hex()) for key in self.log_keys)
            if not self.report.pinned:
                self.bad(
                    "log-keys.jsonl", "the key that you gave is not a key of this log; the package is of another log"
                )
        word = "the key that you gave is among them" if pinned else "none was given to compare with"
        return f"{counted(len(self.log_keys), 'log key')}; {word}"

    def is_rotation(self, rotation: Json, before: LogKey, key: LogKey) -> bool:
        """(7) Tell whether a rotation statement names both keys and is signed by both."""
        try:
            raw, old, new = (read_base64(rotation[name]) for name in ("statement", "old", "new"))
            statement = read_json(raw)
        except Unreadable:
            return False
        must = {"origin": self.manifest["origin"], "old": before.id, "new": key.id, "new_public": key.public.hex()}
        message = b"cellwright log key rotation\n" + raw
        return (
            not misfit(statement, ROTATION)
            and all(statement[name] == value for name, value in must.items())
            and is_valid(before.public, message, old)
            and is_valid(key.public, message, new)
        )

    # Section 8

    def is_own_origin(self, origin: str) -> bool:
        """Tell whether a checkpoint's origin is this log's, of whichever epoch."""
        return re.fullmatch(re.escape(self.manifest["origin"]) + r"(/epoch-([2-9]|[1-9][0-9]+))?", origin) is not None

    def read_note(self, raw: bytes) -> Head:
        """(8) Read a signed note with a checkpoint; raise Unreadable unless one of the log's keys signed it."""
        try:
            text, marks = raw.decode("utf-8").split("\n\n", 1)
        except ValueError:
            raise Unreadable("it is not a signed note") from None
        lines = text.split("\n")
        if len(lines) != 3 or not re.fullmatch(NUMBER, lines[1]) or not self.is_own_origin(lines[0]):
            raise Unreadable("it is not a checkpoint of this log")
        root = read_base64(lines[2])
        if len(root) != 32 or not marks.endswith("\n"):
            raise Unreadable("its root has not 32 bytes, or its last line is not ended")
        signers = []
        for line in marks[:-1].split("\n"):
            found = re.fullmatch(r"— ([^\s+]+) ([A-Za-z0-9+/=]+)", line)
            if not found:
                raise Unreadable("it has a line that is no signature")
            signature = read_base64(found[2])
            for key in self.log_keys:
                if (key.name, key.hash) == (found[1], signature[:4]):
                    if not is_valid(key.public, text.encode() + b"\n", signature[4:]):
                        raise Unreadable("its signature is not valid")
                    signers.append(key.id)
        if not signers:
            raise Unreadable("no key of this log signed it")
        return Head(lines[0], int(lines[1]), root, tuple(signers))

    def check_checkpoints(self) -> str:
        """(8) Each checkpoint is signed by a key of the log; the package's own is the one of the manifest."""
        for name, content in self.content.items():
            found = CHECKPOINT_NAME.fullmatch(name)
            if not found:
                continue
            try:
                head = self.read_note(content)
            except Unreadable as error:
                self.bad(name, str(error))
                continue
            if head.size != int(found[1]) or head.size > self.size:
                self.bad(name, "it is of another size than its name says, or newer than the package's own")
                continue
            self.heads[head.size] = head
        if self.size in self.heads:
            own = self.heads[self.size]
            self.report.checkpoint = own.origin, own.size, own.root
            if own.root != self.root:
                self.bad("manifest.json", "its checkpoint has another root than the signed one of the same size")
        elif f"checkpoints/{self.size}.txt" not in self.content:
            self.missing(f"checkpoints/{self.size}.txt", "the package's own checkpoint is not here")
        return f"{counted(len(self.heads), 'checkpoint')} signed by the log"

    def check_one_history(self) -> str:
        """(8) All checkpoints, those of the ledger and those that the reader gave, are of one history."""
        for size, head in self.heads.items():
            name = f"consistency/{size}.txt"
            if size == self.size or self.size not in self.heads:
                continue
            if name not in self.content:
                self.missing(name, "it is not here, and the package must prove that it continues this checkpoint")
                continue
            found = re.fullmatch(
                rf"cellwright consistency proof 1\n{size}\n{self.size}\n((?:[A-Za-z0-9+/=]+\n)*)",
                self.content[name].decode("latin-1"),
            )
            try:
                if not found:
                    raise Unreadable("it does not have the form of a proof from its checkpoint to the package's")
                proof = [read_base64(line) for line in found[1].split("\n")[:-1]]
            except Unreadable as error:
                self.bad(name, str(error))
                continue
            if continues(size, head.root, self.size, self.heads[self.size].root, proof):
                continue
            if self.is_listed_and_signed and self.digests[name] == self.listed.get(name):
                self.fork(name, head, self.heads[self.size])
            else:  # not what the log's owner signed, so it proves nothing against anybody
                self.bad(name, "it does not lead from its checkpoint to the package's")
        for name in self.content:
            found = CONSISTENCY_NAME.fullmatch(name)
            if found and (int(found[1]) not in self.heads or int(found[1]) == self.size):
                self.bad(name, "there is no checkpoint here that it belongs to")
        recorded = self.compare_recorded_checkpoints()
        unrecorded = [size for size in self.heads if size != self.size and size not in recorded]
        if unrecorded:
            which = counted(len(unrecorded), "checkpoint")
            self.report.not_checked.append(f"{which} against the ledger: the entries that record them are not here.")
        self.check_recorded_log_keys()
        for given in self.asked.checkpoint:
            self.compare_given(given)
        given_words = (
            f", with {counted(len(self.asked.checkpoint), 'checkpoint')} that you gave" if self.asked.checkpoint else ""
        )
        return f"{counted(len(self.heads), 'checkpoint')} of one history{given_words}"

    def fork(self, part: str, one: Head, other: Head) -> None:
        """Note that two histories were signed, and show both heads."""
        first, second = (
            f"{shown(head.origin)} {head.size} {base64.b64encode(head.root).decode()}" for head in (one, other)
        )
        self.report.find(FORK, part, f"two histories: {first} and {second} contradict each other")

    def compare_recorded_checkpoints(self) -> list[int]:
        """(8) The checkpoints that the ledger recorded are those that are here; give their sizes."""
        sizes = []
        for seq, fields in self.payloads_of("ledger.checkpoint"):
            part = f"checkpoint of entry {seq}"
            try:
                head = self.read_note(str(fields.get("note")).encode("utf-8", "replace"))
            except Unreadable as error:
                self.bad(part, str(error))
                continue
            if (fields.get("origin"), fields.get("size"), fields.get("root")) != (
                head.origin,
                head.size,
                head.root.hex(),
            ):
                self.bad(part, "its fields say something else than its note")
            if head.size >= seq:
                self.bad(part, "it covers its own entry")
            sizes.append(head.size)
            if head.size not in self.heads:
                if f"checkpoints/{head.size}.txt" not in self.content:
                    self.missing(f"checkpoints/{head.size}.txt", f"entry {seq} records it, and it is not here")
            elif self.heads[head.size].root != head.root:
                self.fork(part, head, self.heads[head.size])
            elif self.content[f"checkpoints/{head.size}.txt"] != str(fields.get("note")).encode():
                self.bad(f"checkpoints/{head.size}.txt", f"it is not the note that entry {seq} records")
        return sizes

    def check_recorded_log_keys(self) -> None:
        """(7) Each log key stands in the ledger, and the ledger names no other."""
        listed = {key.id: key for key in self.log_keys}
        stands: dict[str, int] = {}
        for seq, fields in self.payloads_of("ledger.logkey"):
            key = listed.get(str(fields.get("key_id")))
            if key is None or (fields.get("public_key"), fields.get("name")) != (key.public.hex(), key.name):
                self.bad(f"log key of entry {seq}", "log-keys.jsonl does not say the same of it")
            else:
                stands[key.id] = seq
        self.refuse_replaced_keys(stands)
        for key_id in listed:
            if key_id not in stands:
                self.missing("log-keys.jsonl", f"no entry here records the log key {key_id[:16]}")
        for seq, fields in self.payloads_of("ledger.site"):
            if (fields.get("origin"), fields.get("training")) != (self.manifest["origin"], self.manifest["training"]):
                self.bad("manifest.json", f"it says something else of the site than its founding, entry {seq}")

    def refuse_replaced_keys(self, stands: dict[str, int]) -> None:
        """(8) From the entry that records a key on, no earlier key of the log signs checkpoints any more."""
        for size, head in self.heads.items():
            in_force = [key.id for key in self.log_keys if stands.get(key.id, self.size + 1) <= size]
            order = [key.id for key in self.log_keys]
            first = order.index(in_force[-1]) if in_force else 0
            if not set(head.signers) & set(order[first:]):
                self.bad(f"checkpoints/{size}.txt", "a key signed it that the log had replaced before")

    def compare_given(self, given: tuple[str, int, bytes]) -> None:
        """(8) Compare a checkpoint that the reader has from elsewhere, such as from a printed certificate."""
        origin, size, root = given
        part = f"the checkpoint {shown(origin)} {size} that you gave"
        if not self.is_own_origin(origin):
            self.bad(part, "it is of another log")
        elif size not in self.heads:
            self.missing(part, "no checkpoint of that size is here to compare it with")
        elif self.heads[size].root != root:
            self.fork(part, Head(origin, size, root, ()), self.heads[size])

    # Section 9

    def check_inclusion(self) -> str:
        """(9) Each entry is in the tree whose root is the package's checkpoint."""
        note = self.content.get(f"checkpoints/{self.size}.txt", b"")
        for seq, leaf in self.leaves.items():
            name = f"proofs/{seq:09d}.tlog-proof"
            if name not in self.content:
                self.missing(name, f"the proof of entry {seq} is not here")
                continue
            head, _, checkpoint = self.content[name].partition(b"\n\n")
            lines = head.split(b"\n")
            try:
                if lines[0] != b"c2sp.org/tlog-proof@v1" or lines[1:2] != [b"index %d" % (seq - 1)]:
                    raise Unreadable("it is not the proof of this entry")
                path = [read_base64(line.decode("latin-1")) for line in lines[2:]]
            except Unreadable as error:
                self.bad(name, str(error))
                continue
            if note and checkpoint != note:
                self.bad(name, "it leads to another checkpoint than the package's")
            if not includes(self.root, self.size, seq - 1, leaf, path):
                self.bad(name, f"it does not lead from entry {seq} to the package's checkpoint")
                self.unproved.add(seq)
        for name in self.content:
            found = PROOF_NAME.fullmatch(name)
            if found and (int(found[1]) not in self.leaves or name != f"proofs/{int(found[1]):09d}.tlog-proof"):
                self.bad(name, "there is no entry here that it belongs to")
        return f"{counted(len(self.leaves), 'entry', 'entries')} proved to lie under the package's checkpoint"

    # Section 10

    def check_anchors(self) -> str:
        """(10) Each token is of its checkpoint; its authority's signature is checked where the reader gave roots."""
        tokens = {name: found for name in self.content if (found := ANCHOR_NAME.fullmatch(name))}
        unchecked: list[str] = []
        for name, found in tokens.items():
            size, authority = int(found[1]), found[2]
            part = f"checkpoints/{size}.txt"
            if part not in self.content:
                self.missing(name, "the checkpoint that it stamps is not here")
                continue
            try:
                imprint, moment = token_content(self.content[name])
            except Unreadable as error:
                self.bad(name, str(error))
                continue
            if imprint != hashlib.sha256(self.content[part]).digest():
                self.bad(name, "it stamps something else than its checkpoint")
                continue
            why = openssl_says(self.content[name], imprint, moment, self.asked.tsa_roots)
            if why:
                unchecked.append(f"the token {name}: {why}")
                continue
            when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment))
            self.report.notes.append(f"{authority} saw the checkpoint of {size} entries at {when} UTC.")
            if openssl_says(self.content[name], imprint, None, self.asked.tsa_roots):
                self.report.notes.append(
                    f"The certificate of {authority} has ended since; at the token's own time it was valid."
                )
            if size in self.heads:
                self.report.anchored_to = max(self.report.anchored_to, size)
        unrecorded = set(tokens)
        for seq, fields in self.payloads_of("ledger.anchor"):
            name = f"anchors/{fields.get('size')}-{fields.get('authority')}.tsr"
            if name not in tokens:
                self.missing(shown(name), f"entry {seq} records it, and it is not here")
            elif fields.get("token") != base64.b64encode(self.content[name]).decode():
                self.bad(name, f"it is not the token that entry {seq} records")
            unrecorded.discard(name)
        if unrecorded:
            self.report.not_checked.append(
                f"{counted(len(unrecorded), 'token')} against the ledger: the entries that record them are not here."
            )
        if tokens and not self.report.is_anchored:
            checked = self.report.anchored_to
            self.report.why_not_anchored = (
                "the checkpoints after it have no token that was checked" if checked
                else "tokens are present, and none was checked and accepted"
            )  # fmt: skip
        self.report.not_checked += unchecked
        return f"{counted(len(tokens), 'token')} of time-stamping authorities, {len(unchecked)} of them not checked"

    # Section 11

    def check_files(self) -> str:
        """(11) The stored files and the documents are those of the ledger, all of them and no other."""
        documents: dict[str, str] = {}
        for seq, fields in self.payloads_of("reports.document"):
            name = f"documents/{fields.get('number')}-v{fields.get('version')}.pdf"
            documents[name] = str(fields.get("sha256"))
            if name not in self.digests:
                self.missing(shown(name), f"entry {seq} records it, and it is not here")
            elif self.digests[name] != documents[name]:
                self.bad(name, f"it is not the document that entry {seq} records")
        stored: dict[str, int] = {}
        for seq, fields in self.payloads_of("ledger.storedfile"):
            digest = str(fields.get("sha256"))
            if digest in documents.values():
                continue
            name = f"files/{digest}"
            stored[name] = seq
            if name not in self.digests:
                self.missing(shown(name), f"entry {seq} records it, and it is not here")
            elif (self.digests[name], self.sizes[name]) != (digest, fields.get("size")):
                self.bad(name, f"it is not the file that entry {seq} records")
        for name in self.digests:
            if name.startswith(HASHED_ONLY) and name not in documents and name not in stored:
                self.bad(name, "no entry here records it")
        return f"{counted(len(stored), 'stored file')} and {counted(len(documents), 'document')}"

    # Section 12

    def check_data(self) -> str:
        """(12) The record as data, made anew from the entries and payloads, is the same bytes."""
        own = self.own_streams()
        seqs = [seq for seq, entry in self.entries.items() if entry["stream"] in own and seq in self.fields]
        for name, made in (("record.json", self.record_json), ("audit-trail.csv", self.audit_trail)):
            if name in self.content and self.gaps.isdisjoint(own) and self.content[name] != made(seqs):
                self.bad(name, "it says something else than the entries and payloads do")
        return f"record.json and audit-trail.csv say what {counted(len(seqs), 'entry says', 'entries say')}"

    def record_json(self, seqs: list[int]) -> bytes:
        """(12) Make record.json."""
        said = []
        for seq in seqs:
            entry = self.entries[seq]
            line = {name: entry[name] for name in ("seq", "at", "stream", "type", "actor")}
            said.append({**line, "record": entry["rec"], "fields": self.fields[seq]})
        record = {"format": "cellwright-record", "version": 1, "entries": said}
        return canonical({**record, **{name: self.manifest[name] for name in ("batch", "chain_of_identity")}}) + b"\n"

    def audit_trail(self, seqs: list[int]) -> bytes:
        """(12) Make audit-trail.csv."""
        columns = [
            "seq",
            "at",
            "stream",
            "type",
            "actor",
            "record",
            "version",
            "signer",
            "meaning",
            "signed_at",
            "reason",
            "supersedes",
            "fields",
        ]
        rows = [columns]
        for seq in seqs:
            entry, fields = self.entries[seq], self.fields[seq]
            record = entry["rec"]
            named = ("signer_name", "meaning_text", "signed_at", "reason", "supersedes_id")
            rows.append(
                [
                    *(str(entry[name]) for name in ("seq", "at", "stream", "type", "actor")),
                    f"{record['type']}/{record['id']}",
                    str(record["version"]),
                    *(as_text(fields.get(name)) for name in named),
                    canonical(fields).decode("utf-8"),
                ]
            )
        return "".join(",".join(csv_cell(text) for text in row) + "\r\n" for row in rows).encode("utf-8")

    # Section 14

    def check_trail_reviews(self) -> str:
        """(14) What each signed review of the audit trail says was read is here, and is what it was."""
        own = self.own_streams()[0]
        places: dict[str, list[tuple[int, int]]] = {}  # of each stream: position and seq of its entries here
        for seq, entry in self.entries.items():
            places.setdefault(entry["stream"], []).append((entry["sseq"], seq))
        for of_stream in places.values():
            of_stream.sort()
        reached: dict[tuple[str, str], int] = {}
        reviews = compared = 0
        unchecked: list[str] = []
        for seq, fields in self.payloads_of(REVIEW):
            review, rules = f"audit-trail review of entry {seq}", TRAIL_RULES.get(str(fields.get("rules")))
            if self.entries[seq]["stream"] != own:
                unchecked.append(f"the {review}: it is of another batch.")
                continue
            reviews += 1
            wrong = misfit(fields.get("groups"), REVIEWED, "groups")
            if rules is None:
                named = shown(fields.get("rules"))
                unchecked.append(f"the {review}: it read by the rules {named}, which this verifier does not know.")
            elif wrong:
                self.bad(review, wrong)
            for stated in [] if wrong else fields["groups"]:
                stream, group = stated.get("stream", own), stated["group"]
                begins = reached.get((stream, group), 0)
                reached[stream, group] = max(begins, stated["upto"])
                if rules is not None:
                    why = self.check_span(Span(review, seq, stream, stated, rules), begins, places)
                    compared += not why
                    unchecked += [why] if why else []
        self.report.not_checked += unchecked[:PRINTED_FINDINGS]
        if len(unchecked) > PRINTED_FINDINGS:
            self.report.not_checked.append(f"{len(unchecked) - PRINTED_FINDINGS:,} further parts of such reviews.")
        return f"{counted(reviews, 'audit-trail review')}; {counted(compared, 'digest')} over what was read made anew"

    def check_span(self, span: Span, begins: int, places: dict[str, list[tuple[int, int]]]) -> str:
        """(14) Compare what a review says of a group in a stream with what is here; or say why that cannot be done."""
        stated, part, own = span.stated, span.review, self.own_streams()
        if stated["group"] not in span.rules.groups:
            self.bad(part, f"{span}: there is no such group")
            return ""
        if stated["after"] != begins or stated["upto"] <= begins:
            self.bad(part, f"{span}: it must begin behind position {begins}, up to where the reviews before it read")
            return ""
        of_stream = places.get(span.stream, [])
        first, last = (bisect.bisect_right(of_stream, (at, self.size)) for at in (begins, stated["upto"]))
        here = of_stream[first:last]
        issued = places[own[0]][0][1]
        not_read = {own[0]: span.rules.outside_batch, own[1]: span.rules.outside_custody}.get(span.stream)
        covered = [
            seq
            for _, seq in here
            if span.rules.group_of(self.entries[seq]) == stated["group"]
            and (
                self.entries[seq]["type"] not in not_read
                if not_read is not None
                else seq > issued and self.entries[seq]["type"] in span.rules.groups["rests_on"]
            )
        ]
        if span.stream in own or span.stream in self.whole:
            if len(here) < stated["upto"] - begins:
                lacking = next((at for at, (sseq, _) in enumerate(here, begins + 1) if sseq != at), 0)
                at = lacking or begins + len(here) + 1
                self.missing(part, f"{span}: the entry at position {at} belongs there, and it is not here")
                return ""
        elif len(covered) < stated["entries"]:
            lacking_words = f"of {counted(stated['entries'], 'entry', 'entries')} {len(covered):,} are here"
            if not span.stream.startswith(HELD):
                return f"{part}, {span}: not contained in this package ({lacking_words}), so not checked."
            self.missing(part, f"{span}: {lacking_words}, and all that were read must be")
            return ""
        self.compare_covered(span, covered)
        return ""

    def compare_covered(self, span: Span, covered: list[int]) -> None:
        """(14) Compare number, end and digest of what a review covered with the entries that are here."""
        stated, part = span.stated, span.review
        later = next((seq for seq in covered if seq >= span.seq), 0)
        if later:
            self.bad(part, f"{span}: entry {later} was written after the review that says it was read")
        elif len(covered) != stated["entries"]:
            were = f"{stated['entries']:,} were read, and here are {len(covered):,}"
            self.bad(part, f"{span}: {were}: {entries_named(covered)}")
        elif not covered or self.entries[covered[-1]]["sseq"] != stated["upto"]:
            self.bad(part, f"{span}: the entry at position {stated['upto']} is not of this group")
        elif sha256(b"\n".join(self.leaves[seq].hex().encode() for seq in covered)) != stated["sha256"]:
            unproved = [seq for seq in covered if seq in self.unproved]
            which = f"; the proof of {entries_named(unproved)} does not hold" if unproved else ""
            self.bad(part, f"{span}: what is here is not what was read: {entries_named(covered)}{which}")

    # What remains

    def say_what_was_not_checked(self) -> None:
        """Say honestly what a verdict does not rest on."""
        withheld = len(self.entries) - len(self.fields)
        own = self.digests.get("verify.py")
        with open(__file__, "rb") as file:  # noqa: PTH123
            this = sha256(file.read())
        copy = (
            "the same bytes as the copy in the package, which proves nothing"
            if this == own
            else "not the copy in the package"
        )
        self.report.not_checked += [
            "whether what was typed was true, and whether each person was who the account says.",
            f"what was written after entry {self.size}.",
            *(
                []
                if self.asked.checkpoint
                else ["whether the log's owner signed another history: give a checkpoint from paper (--checkpoint)."]
            ),
            "whether a stream had later entries up to there that the manifest leaves out: the log's owner signed it.",
            "whether further checkpoints were issued: an earlier one can be left out together with its entry.",
            *(
                [f"{counted(withheld, 'payload')} that the package withholds; their entries are here."]
                if withheld
                else []
            ),
            "what documents and stored files say: they are compared by digest, not read.",
            f"this verifier itself: SHA-256 {this}, {copy}.",
        ]


class _Stop(Unreadable):
    """Something was missing, which was said already, and nothing more can be checked here."""


def as_text(value: Json) -> str:
    """(12) Give a field as a cell: a text as it is, nothing for null, all else as canonical JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical(value).decode("utf-8")


def csv_cell(text: str) -> str:
    """(12) Give a cell in quotes that no spreadsheet runs."""
    if text[:1] in ("=", "+", "-", "@", "\t", "\r", "'") and text:
        text = "'" + text
    return '"' + text.replace('"', '""') + '"'


# Section 10: time-stamp tokens (RFC 3161) --------------------------------------------------------------------------

SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
TST_INFO = bytes.fromhex("2a864886f70d0109100104")
SHA_256 = bytes.fromhex("608648016503040201")


def der(raw: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Give tag, start and end of the DER element at a place; raise Unreadable if there is none."""
    if at + 2 > end:
        raise Unreadable("it is not a time-stamp token")
    tag, length, start = raw[at], raw[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length = int.from_bytes(raw[start : start + count], "big")
        start += count
        if not 1 <= count <= 4:
            raise Unreadable("it is not a time-stamp token in DER")
    if start + length > end:
        raise Unreadable("it is cut off")
    return tag, start, start + length


def inside(raw: bytes, start: int, end: int) -> list[tuple[int, int, int]]:
    """Give the elements inside an element."""
    found: list[tuple[int, int, int]] = []
    while start < end:
        found.append(der(raw, start, end))
        start = found[-1][2]
    return found


def token_content(raw: bytes) -> tuple[bytes, int]:
    """(10) Give a token's SHA-256 imprint and its time in seconds since 1970; its signature is not looked at."""
    tag, start, end = der(raw, 0, len(raw))
    try:
        kind, wrapped = inside(raw, start, end)
        data = inside(raw, *inside(raw, wrapped[1], wrapped[2])[0][1:])
        inner_kind, inner = inside(raw, data[2][1], data[2][2])
        octets = inside(raw, inner[1], inner[2])[0]
        info = inside(raw, *inside(raw, octets[1], octets[2])[0][1:])
        algorithm, imprint = inside(raw, info[2][1], info[2][2])
        oid = inside(raw, algorithm[1], algorithm[2])[0]
        stamped = raw[info[4][1] : info[4][2]].decode("ascii")
        moment = calendar.timegm(time.strptime(stamped[:14], "%Y%m%d%H%M%S"))
    except (ValueError, IndexError, OverflowError):
        raise Unreadable("it is not a time-stamp token") from None
    kinds = tuple(raw[one[1] : one[2]] for one in (kind, inner_kind, oid))
    if end != len(raw) or tag != 0x30 or kinds != (SIGNED_DATA, TST_INFO, SHA_256) or not stamped.endswith("Z"):
        raise Unreadable("it is not a time-stamp token over a SHA-256")
    return raw[imprint[1] : imprint[2]], moment


def openssl_says(token: bytes, imprint: bytes, moment: int | None, roots: str | None) -> str:
    """(10) Give why a token is not accepted under the reader's certificates at a time (None: now), or nothing."""
    if roots is None:
        return "present, not checked: no certificates of authorities were given (--tsa-roots)"
    program = shutil.which("openssl")
    if program is None:
        return "present, not checked: the program openssl is not here"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "token.tsr")  # noqa: PTH118
        with open(path, "wb") as file:  # noqa: PTH123
            file.write(token)
        asked = [program, "ts", "-verify", "-digest", imprint.hex(), "-in", path, "-token_in", "-CAfile", roots]
        asked += [] if moment is None else ["-attime", str(moment)]
        try:
            done = subprocess.run(asked, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError) as error:
            return f"present, not checked: openssl did not answer ({type(error).__name__})"
    if done.returncode == 0 and b"Verification: OK" in done.stdout + done.stderr:
        return ""
    reason = re.search(rb"Verify error:([^\n]+)", done.stderr)
    return "not accepted: the given certificates do not vouch for it" + (
        f" ({shown(reason[1].decode('utf-8', 'replace'), 60)})" if reason else ""
    )


# Section 13: the command -------------------------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with 1: the usual 2 would say that the package is sound but not anchored."""
        self.exit(1, f"INVALID: the command could not be read: {shown(message, 300)}\n")


def given_key(text: str) -> str:
    """Read a fingerprint or public key of 64 hexadecimal digits, in groups or not."""
    if not re.fullmatch(r"[0-9a-f]{64}", re.sub(r"\s", "", text).lower()):
        raise argparse.ArgumentTypeError("a key is 64 hexadecimal digits")
    return text


def given_checkpoint(text: str) -> tuple[str, int, bytes]:
    """Read "ORIGIN SIZE ROOT" as a certificate prints it; the root may stand in groups."""
    origin, size, root = ([*text.split(None, 2), "", "", ""])[:3]
    try:
        raw = read_base64(re.sub(r"\s", "", root))
    except Unreadable:
        raw = b""
    if not re.fullmatch(NUMBER, size) or len(raw) != 32:
        raise argparse.ArgumentTypeError('a checkpoint is "ORIGIN SIZE ROOT", the size above 0, the root in base64')
    return origin, int(size), raw


def given_roots(text: str) -> str:
    """Read the path of a file with certificates."""
    if not os.path.isfile(text):  # noqa: PTH113
        raise argparse.ArgumentTypeError("the file with the certificates of authorities is not there")
    return os.path.abspath(text)  # noqa: PTH100


def command() -> argparse.ArgumentParser:
    """Give the reader of the command line."""
    parser = _Parser(description="Check a Cellwright record package.", epilog=MEANS, allow_abbrev=False)
    parser.add_argument("package", metavar="PACKAGE", help="the zip file")
    parser.add_argument("--key", type=given_key, help="a key of the log that you trust: fingerprint or public key")
    from_paper = '"ORIGIN SIZE ROOT" from elsewhere, as certificates print it; may be repeated'
    parser.add_argument("--checkpoint", type=given_checkpoint, action="append", default=[], help=from_paper)
    parser.add_argument("--tsa-roots", type=given_roots, help="PEM file: time-stamping authorities that you trust")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes; default: all cores")
    parser.add_argument("--json", action="store_true", help="give the report as one JSON object")
    return parser


def checked(arguments: list[str]) -> Report:
    """Check a package as the command line asks for it; whatever happens, the report says it."""
    report = Report()
    asked = command().parse_args(arguments)
    try:
        Package(report, asked).check()
    except Exception as error:
        report.find(INVALID, "the package", f"it could not be read ({type(error).__name__})")
    return report


def main(arguments: list[str] | None = None, out: TextIO | None = None) -> int:
    """Check a package, print the report, give the exit code of section 13."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if out is None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    report = checked(arguments)
    text = report.as_json() + "\n" if "--json" in arguments else "\n".join(report.lines()) + "\n"
    out = out or sys.stdout
    out.write(text)
    out.flush()
    return report.verdict()[0]


if __name__ == "__main__":
    code = 1
    try:
        code = main()
    except BaseException as error:
        if isinstance(error, SystemExit):
            raise
        sys.stderr.write(f"INVALID: the check was not finished ({type(error).__name__})\n")
    sys.exit(code)
