"""Whatever a stranger calls a package ends with a verdict: never 0, never a traceback, nothing run or printed raw."""

import contextlib
import io
import json
import os
import resource
import struct
import subprocess
import sys
import time
import warnings
import zipfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.package_builders import (
    VERIFIER,
    Key,
    a_site,
    b64,
    canonical,
    packed,
    repaired,
    rewritten,
    verifier,
    verify,
)
from tests.time_authority import make_certificates, token_over

SITE = a_site()
FILES = SITE.members()
GOOD = packed(FILES, deflated=False)
NAMES = sorted(FILES)
CENTRAL = GOOD.index(b"PK\x01\x02")
END = GOOD.index(b"PK\x05\x06")


def zipped(*members: tuple[str, bytes], comment: bytes = b"", **headers) -> bytes:
    """A zip as Python makes it, of any names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.comment = comment
        for name, content in members:
            info = zipfile.ZipInfo(name)
            for field, value in headers.items():
                setattr(info, field, value)
            with warnings.catch_warnings(action="ignore"):  # a name twice is what we want
                archive.writestr(info, content)
    return made.getvalue()


def with_headers(**headers) -> bytes:
    return zipped(*sorted(FILES.items()), **headers)


def set_(place: int, form: str, value: int, package: bytes = GOOD) -> bytes:
    changed = bytearray(package)
    struct.pack_into(form, changed, place, value)
    return bytes(changed)


def encrypted() -> bytes:
    return set_(CENTRAL + 8, "<H", 1, set_(6, "<H", 1))


def with_a_descriptor() -> bytes:
    """A zip that was written to a pipe: sizes stand behind the content."""

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.content = b""

        def writable(self):
            return True

        def write(self, piece):
            self.content += bytes(piece)
            return len(piece)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        for name in NAMES:
            archive.writestr(zipfile.ZipInfo(name), FILES[name])
    return pipe.content


def with_junk_inside() -> bytes:
    """Bytes between the last member and the directory, with the end record repaired."""
    return set_(len(GOOD) + 4 - 6, "<I", CENTRAL + 4, GOOD[:CENTRAL] + b"junk" + GOOD[CENTRAL:])


def overlapping() -> bytes:
    """Two directory entries that point at one member's bytes."""
    second = GOOD.index(b"PK\x01\x02", CENTRAL + 4)
    return set_(second + 42, "<I", 0)


def a_bomb(size: int, name: str = "record.json") -> bytes:
    files = {**FILES, name: bytes(size)}
    return packed(files)


def a_lying_bomb() -> bytes:
    """Two hundred megabytes that call themselves ten bytes."""
    files = {"record.json": bytes(200 * 2**20), "manifest.json": b"{}"}
    package = packed(files)
    at = package.index(b"record.json") - 30
    central = package.index(b"PK\x01\x02", package.index(b"PK\x01\x02") + 4)
    return set_(central + 24, "<I", 10, set_(at + 22, "<I", 10, package))


ZIPS = {
    "nothing": lambda: b"",
    "a text": lambda: b"not a zip at all",
    "zeros": lambda: bytes(10_000),
    "an empty zip": lambda: zipped(),
    "junk before": lambda: b"junk" + GOOD,
    "junk behind": lambda: GOOD + b"junk",
    "junk inside": with_junk_inside,
    "a comment": lambda: zipped(*FILES.items(), comment=b"hello"),
    "a zip in a zip's comment": lambda: GOOD + GOOD,
    "names out of order": lambda: zipped(*sorted(FILES.items(), reverse=True)),
    "a name twice": lambda: zipped(*[(name, FILES[name]) for name in sorted([*NAMES, "record.json"])]),
    "an absolute name": lambda: zipped(("/etc/passwd", b"x"), *sorted(FILES.items())),
    "a name that climbs": lambda: zipped(("../../home/x", b"x"), *sorted(FILES.items())),
    "a name that climbs later": lambda: zipped(*sorted({**FILES, "files/../x": b"x"}.items())),
    "a name with a drive": lambda: zipped(*sorted({**FILES, "C:x": b"x"}.items())),
    "a name with a backslash": lambda: set_(30, "B", ord("\\")),
    "a folder": lambda: zipped(*sorted({**FILES, "files/": b""}.items())),
    "a name with an empty part": lambda: zipped(*sorted({**FILES, "files//x": b""}.items())),
    "a name that is not ASCII": lambda: zipped(*sorted({**FILES, "é.txt": b""}.items())),
    "a name of a thousand signs": lambda: zipped(*sorted({**FILES, "x" * 1000: b""}.items())),
    "encrypted": encrypted,
    "a data descriptor": with_a_descriptor,
    "another compression": lambda: set_(CENTRAL + 10, "<H", 12, set_(8, "<H", 12)),
    "a local header that disagrees": lambda: set_(18, "<I", 3),
    "a local name that disagrees": lambda: GOOD[:30] + b"X" + GOOD[31:],
    "another checksum": lambda: set_(CENTRAL + 16, "<I", 1, set_(14, "<I", 1)),
    "overlapping members": overlapping,
    "a member beyond the end": lambda: set_(CENTRAL + 42, "<I", 2**32 - 2),
    "a size beyond the end": lambda: set_(CENTRAL + 24, "<I", 2**31, set_(CENTRAL + 20, "<I", 2**31)),
    "more members than there are": lambda: set_(END + 8, "<H", 9999, set_(END + 10, "<H", 9999)),
    "fewer members than there are": lambda: set_(END + 8, "<H", 3, set_(END + 10, "<H", 3)),
    "two disks": lambda: set_(END + 4, "<H", 1),
    "the directory elsewhere": lambda: set_(END + 16, "<I", 0),
    "another date": lambda: with_headers(date_time=(2026, 1, 1, 0, 0, 0)),
    "a symbolic link": lambda: with_headers(external_attr=0o120777 << 16),
    "a member's comment": lambda: with_headers(comment=b"hello"),
    "an extra field": lambda: with_headers(extra=b"\x99\x99\x00\x00"),
    "a bomb": lambda: a_bomb(64 * 2**20),
    "a bomb that is only hashed": lambda: a_bomb(64 * 2**20, "files/" + "0" * 64),
    "a bomb that lies": a_lying_bomb,
    "a proof of two megabytes": lambda: packed({**FILES, "proofs/000000001.tlog-proof": os.urandom(2 * 2**20)}),
}  # fmt: skip


@pytest.mark.parametrize("trick", ZIPS)
def test_a_zip_that_is_not_in_the_one_form_is_invalid(trick):
    began = time.monotonic()
    answer = verify(ZIPS[trick](), "--key", SITE.log_key.id)

    assert answer.code == 1, answer.text
    assert answer.names("section 1|section 2|manifest"), answer.text
    assert "unpack" in answer.text or "bomb" not in trick or "longer" in answer.text
    assert time.monotonic() - began < 5


def test_a_bomb_takes_no_memory(tmp_path):
    path = tmp_path / "package.zip"
    path.write_bytes(a_lying_bomb())
    limit = 160 * 2**20
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), str(path), "--jobs", "1"],
        capture_output=True, text=True, check=False, timeout=30,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )  # fmt: skip

    assert done.returncode == 1
    assert "longer than its header says" in done.stdout


@pytest.mark.parametrize("path", ["/nowhere/at/all.zip", "/", "/dev/null"])
def test_a_path_that_cannot_be_read_is_invalid(path):
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFIER), path], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("INVALID")


JSONS = {
    "keys twice": (b'{"a":1,"a":2}', "canonical"),
    "keys out of order": (b'{"b":1,"a":2}', "canonical"),
    "a space": (b'{"a": 1}', "canonical"),
    "a line end": (b'{"a":1}\n', "canonical"),
    "a fraction": (b'{"a":1.0}', "only whole numbers"),
    "an exponent": (b'{"a":1e400}', "only whole numbers"),
    "NaN": (b'{"a":NaN}', "only whole numbers"),
    "infinity": (b'{"a":-Infinity}', "only whole numbers"),
    "2^53": (b'{"a":9007199254740992}', "2^53"),
    "-2^53": (b'{"a":-9007199254740992}', "2^53"),
    "a million digits": (b'{"a":' + b"1" * 1_000_000 + b"}", "2^53"),
    "minus zero": (b'{"a":-0}', "canonical"),
    "half a character": (b'{"a":"\\ud800"}', "JSON"),
    "half a character in UTF-8": (b'{"a":"\xed\xa0\x80"}', "not JSON"),
    "an escape that need not be": (b'{"a":"\\u00e9"}', "canonical"),
    "an escape in capitals": (b'{"a":"\\u001F"}', "canonical"),
    "a slash escaped": (b'{"a":"\\/"}', "canonical"),
    "a key that is not ASCII": ('{"é":1}'.encode(), "canonical"),
    "a byte-order mark": (b'\xef\xbb\xbf{"a":1}', "JSON"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "JSON"),
    "a control character": (b'{"a":"\x01"}', "JSON"),
    "an overlong NUL": (b'{"a":"\xc0\x80"}', "not JSON"),
    "nothing": (b"", "not JSON"),
    "two values": (b"{}{}", "not JSON"),
    "a comment": (b'{"a":1}//', "not JSON"),
    "deep lists": (b"[" * 100_000 + b"]" * 100_000, "deep"),
    "deep objects": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "deep"),
    "deep and open": (b"[" * 1_000_000, "deep"),
}


@pytest.mark.parametrize("trick", JSONS)
def test_json_that_is_not_canonical_is_refused(trick):
    raw, says = JSONS[trick]
    with pytest.raises(verifier().Unreadable) as refused:
        verifier().read_json(raw)

    assert says in str(refused.value)


@pytest.mark.parametrize(
    "text", ["{}", '{"a":"é\\u001f\\n\\"\\\\/","b":[true,false,null,-9007199254740991]}', '"\U0001f600"']
)
def test_canonical_json_is_read(text):
    assert verifier().read_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize("trick", ["deep lists", "keys twice", "a million digits", "half a character"])
@pytest.mark.parametrize(
    "member",
    ["manifest.json", "manifest.dsse.json", "entries.jsonl", "payloads.jsonl", "envelopes.jsonl", "log-keys.jsonl"],
)
def test_bad_json_anywhere_is_invalid(member, trick):
    files = {**FILES, member: JSONS[trick][0] + b"\n"}
    if not member.startswith("manifest"):
        files = repaired(files, SITE.log_key)
    answer = verify(packed(files), "--key", SITE.log_key.id)

    assert answer.code == 1
    assert answer.names(member.split(".")[0]) or answer.names("section 2", member.replace(".", r"\."))


@pytest.mark.parametrize("member", ["payloads.jsonl", "envelopes.jsonl"])
@pytest.mark.parametrize("value", ["***", "QR==", "QQ=", "QQ==\n", "ＱＱ==", "é"])
def test_base64_has_one_form(member, value):
    field = member.removesuffix("s.jsonl")
    files = rewritten(FILES, member, lambda lines: lines[0].update({field: value}))
    answer = verify(packed(repaired(files, SITE.log_key)))

    assert answer.code == 1
    assert answer.names("payload of entry 1|envelopes.jsonl, line 1", "base64")


@pytest.mark.parametrize("shape", [None, [], "x", 7, True, {}, {"seq": True}, [[[]]]])
@pytest.mark.parametrize("member", ["entries.jsonl", "payloads.jsonl", "envelopes.jsonl", "log-keys.jsonl"])
def test_a_line_of_another_shape_is_invalid_and_stops_nothing(member, shape):
    files = {**FILES, member: FILES[member] + canonical(shape) + b"\n"}
    answer = verify(packed(repaired(files, SITE.log_key)), "--key", SITE.log_key.id)

    assert answer.code == 1
    assert answer.names(rf"{member}, line \d+")
    assert len(answer.said["checks"]) == 15


def test_a_line_of_many_megabytes_is_refused():
    long = b'"' + b"a" * (verifier().LONGEST_LINE + 1) + b'"\n'
    answer = verify(packed(repaired({**FILES, "entries.jsonl": long}, SITE.log_key), deflated=False))

    assert answer.code == 1
    assert answer.names("entries.jsonl, line 1", "too long")


HOSTILE = "\x1b]0;VALID\x07\x1b[2J\x1b[32mVALID\r\n\u202edlaV\u200b\u0301\x9b31m"


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_nothing_of_the_package_reaches_the_terminal_raw(options, tmp_path):
    site = a_site(batch="CT" + HOSTILE)
    late = site.admit("Late" + HOSTILE)
    site.in_batch("step" + HOSTILE, "batches.stepdone", by=late, key=Key("mine"))
    site.checkpoint()
    files = site.members()
    files = rewritten(files, "entries.jsonl", lambda lines: lines[2].update(origin=HOSTILE, stream=HOSTILE))
    path = tmp_path / "package.zip"
    path.write_bytes(packed(repaired(files, site.log_key, chain_of_identity=HOSTILE)))
    command = [
        sys.executable,
        "-I",
        "-S",
        str(VERIFIER),
        str(path),
        "--checkpoint",
        f"x{HOSTILE[:5]} 5 {b64(bytes(32))}",
    ]
    done = subprocess.run([*command, *options], capture_output=True, check=False)
    text = done.stdout.decode("utf-8")

    assert done.returncode == 1
    assert all(sign.isprintable() or sign == "\n" for sign in text)
    assert "VALID" not in [line.strip() for line in text.splitlines()]
    assert "\\u202e" in text
    if options:
        assert all(sign.isprintable() or sign == "\n" for sign in json.loads(text)["text"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 中", "plain é 中"),
        ("\\n", "\\\\n"),
        ("\x00\x1b\x7f\x85", "\\u0000\\u001b\\u007f\\u0085"),
        ("\u2028\u202e\u2066\ufeff\u200b\u00ad", "\\u2028\\u202e\\u2066\\ufeff\\u200b\\u00ad"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("e\u0301", "e\\u0301"),
        ("a" * 200, "a" * 120 + "…"),
    ],
)
def test_what_is_shown_is_only_printed(text, shown):
    assert verifier().shown(text) == shown


def tokens():
    with TemporaryDirectory() as folder:
        make_certificates(Path(folder))
        return token_over(Path(folder), SITE.checkpoints[max(SITE.checkpoints)].encode())


def test_a_token_that_is_cut_is_unreadable_and_one_that_is_changed_never_crashes():
    """What a changed byte leaves readable has another imprint, or another part that only its authority's key covers."""
    token = tokens()
    imprint, _ = verifier().token_content(token)
    for length in range(len(token)):
        with pytest.raises(verifier().Unreadable):
            verifier().token_content(token[:length])
    for at in range(len(token)):
        with contextlib.suppress(verifier().Unreadable):
            changed, moment = verifier().token_content(token[:at] + bytes([token[at] ^ 0x81]) + token[at + 1 :])
            assert isinstance(moment, int)
            if imprint not in token[:at] + token[at + 1 :]:
                assert changed != imprint


def test_a_changed_token_is_not_the_one_that_the_ledger_records():
    site = a_site()
    size = max(site.checkpoints)
    site.anchor(size, tokens())
    site.checkpoint()
    name, files = f"anchors/{size}-tsa.tsr", site.members()
    files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
    answer = verify(packed(repaired(files, site.log_key)), "--key", site.log_key.id)

    assert answer.code == 1
    assert answer.names(name, "not the token that entry")


def test_a_token_of_rubbish_is_invalid():
    for rubbish in (
        b"",
        b"\x30",
        b"\x30\x80\x00\x00",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x03\x02\x01\x05",
        bytes(5000),
    ):
        files = {**FILES, f"anchors/{max(SITE.checkpoints)}-tsa.tsr": rubbish}
        answer = verify(packed(repaired(files, SITE.log_key)))

        assert answer.code == 1
        assert answer.names("anchors/")


def test_a_hundred_thousand_findings_take_little_time_and_room():
    began = time.monotonic()
    files = repaired({**FILES, "entries.jsonl": b"{}\n" * 100_000}, SITE.log_key)
    answer = verify(packed(files, deflated=False))

    assert answer.code == 1
    assert answer.said["findings_total"] >= 100_000
    assert len(answer.text) < 20_000
    assert time.monotonic() - began < 10


def test_a_deflated_member_with_something_behind_its_end_is_invalid():
    """The stream ends, and bytes that belong to nothing follow it inside the member."""
    content = FILES["README.txt"]
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = squeezed.compress(content) + squeezed.flush() + b"hidden"
    package = packed(FILES)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        info = archive.getinfo("README.txt")
    start = info.header_offset
    old_size = info.compress_size
    end = start + 30 + len("README.txt") + old_size
    longer = len(body) - old_size
    changed = bytearray(package[: start + 30 + len("README.txt")] + body + package[end:])
    struct.pack_into("<I", changed, start + 18, len(body))
    at = changed.index(b"PK\x01\x02")
    while at >= 0 and changed[at : at + 4] == b"PK\x01\x02":
        (name_size,) = struct.unpack_from("<H", changed, at + 28)
        (offset,) = struct.unpack_from("<I", changed, at + 42)
        if offset > start:
            struct.pack_into("<I", changed, at + 42, offset + longer)
        elif offset == start:
            struct.pack_into("<I", changed, at + 20, len(body))
        at += 46 + name_size
    (directory,) = struct.unpack_from("<I", changed, len(changed) - 6)
    struct.pack_into("<I", changed, len(changed) - 6, directory + longer)
    answer = verify(bytes(changed))

    assert answer.code == 1
    assert answer.names("section 1", r"README\.txt: it is longer")
