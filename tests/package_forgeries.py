"""Packages that somebody with a key made to say something untrue, each with the exit code that FORMAT.md gives it."""

import contextlib
import functools
import hashlib
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from tests import package_builders, strict_words
from tests.package_builders import Files, Key, LogKey, Site, Someone, a_site, b64, repaired, sha
from tests.package_cases import (
    FOREIGN,
    Case,
    amina,
    damaged,
    ends,
    enrols,
    honest,
    honest_files,
    later,
    quentin,
    signed,
    step,
    value,
    value_with_entry,
)
from tests.second_verifier import FORK, INCOMPLETE, INVALID, QUALIFIED
from tests.strict_words import ORDER, PRIME, D, point_of


def signatures() -> Iterator[Case]:
    """A signature that says something else than the record, made with the signer's own key."""

    def altered(*path: str | int, to: Any) -> Callable[[Any], Any]:  # any place of a statement
        def change(statement: Any) -> Any:
            place = functools.reduce(lambda inside, key: inside[key], path[:-1], statement)
            place[path[-1]] = to
            return statement

        return change

    said = ("predicate",)
    for path, to in (
        (("_type",), "x"), (("predicateType",), "x"), (("subject", 0, "name"), "x"), (("more",), 1),
        (("subject", 0, "digest", "sha256"), "0" * 64), ((*said, "origin"), "x"), ((*said, "stream"), "batch/x"),
        ((*said, "type"), "x"), ((*said, "record", "id"), "x"), ((*said, "record", "version"), 2),
        ((*said, "record", "version"), True), ((*said, "signer", "person"), "x"), ((*said, "signer", "name"), "Eve"),
        ((*said, "signer", "username"), "eve"), ((*said, "signer", "role"), "QP"), ((*said, "signer", "key"), "0" * 64),
        ((*said, "signer", "more"), "x"), ((*said, "meaning", "code"), "certified"), ((*said, "meaning", "text"), "x"),
        ((*said, "signed_at"), "2026-11-12T16:02:11.123Z"), ((*said, "head", "leaf"), "1" * 64),
        ((*said, "head", "seq"), 99), ((*said, "head", "seq"), -1), ((*said, "auth", "at"), "yesterday"),
        ((*said, "zone"), 7), ((*said, "earlier"), ["x"]), ((*said, "challenge"), {}), ((*said, "more"), "x"),
    ):  # fmt: skip
        yield Case(f"signed with {path} {to}", INVALID, later(step(said=altered(*path, to=to))))
    for field, to, code in (
        ("v", 2, INVALID), ("v", True, INVALID), ("origin", "x", INVALID), ("epoch", 0, INVALID), ("sig", [], INVALID),
        ("prev", "1" * 64, INVALID), ("sprev", "1" * 64, INVALID), ("sprev", "0" * 64, INVALID), ("more", 1, INVALID),
        ("sseq", 0, INVALID), ("sseq", 77, INVALID), ("at", "2026-11-12T00:00:00.000Z", INVALID), ("type", "", INVALID),
        ("at", "2026-13-45T99:00:00.000Z", INVALID), ("actor", "machine", INVALID), ("actor", "person/", INVALID),
        ("commit", "1" * 64, INVALID), ("sig", ["1" * 64], INVALID), ("sig", ["1" * 64] * 2, INVALID),
    ):  # fmt: skip
        yield Case(f"an entry whose {field} is {to}", code, later(step(entry={field: to})))
    yield Case(
        "two rows of one name", INVALID, later(*[lambda site: site.in_batch("a", "batches.value", id="one")] * 2)
    )
    yield Case("a signer without a signature", INVALID, later(value(signer_id=amina().id)))
    yield Case("a signer who is nobody", INVALID, later(value(signer_id=None)))
    yield Case("an entry of another actor than its payload", INVALID, later(value_with_entry(actor="founding")))
    yield Case("a payload of another row", INVALID, later(value(id="x")))


def keys() -> Iterator[Case]:
    """Keys of nobody, of others, ended, taken twice, and of the kinds that sign everything."""

    def enrolled(stream: str, words: str, *, by: Someone, with_: Key, fields: Any = None) -> Callable[[Site], object]:
        key = Key(words)
        said = {"key_id": key.id, "public_key": key.public.hex()} | (fields or {})
        return lambda site: site.write(stream, "key.enrolled", "accounts.keyenrolment", said, by=by, key=with_)

    own = f"person/{amina().id}"
    new = Key("new")
    for name, acts in {
        "a key that nobody enrolled": [step(key=FOREIGN)],
        "somebody else's key": [step(key=quentin().key)],
        "a key after its reset": [ends("keyresetapproval"), step()],
        "a key after its revocation": [ends("keyrevocation"), step()],
        "a key after its person left": [ends("deactivation"), step()],
        "a key after the next": [enrols(Key("new")), step()],
        "a key that was enrolled twice": [enrols(Key("true Amina Okoye"))],
        "one key of two people": [enrols(Key("true Amina Okoye"), quentin)],
        "a key enrolled by the key before": [enrolled(own, "new", by=amina(), with_=amina().key)],
        "a key enrolled under another id": [enrolled(own, "new", by=amina(), with_=new, fields={"key_id": "1" * 64})],
        "a key enrolled in the batch": [enrolled("batch/CT-26-0042", "new", by=amina(), with_=new)],
        "a key enrolled with somebody else": [enrolled(f"person/{quentin().id}", "new", by=amina(), with_=new)],
    }.items():
        yield Case(name, INVALID, later(*acts))
    for name, public in {
        "the key that is nothing": encoded((0, 1)),
        "the key that is nothing, written otherwise": (PRIME + 1).to_bytes(32, "little"),
        "the key that is nothing, with a sign": (1 | 1 << 255).to_bytes(32, "little"),
        "a key of order eight": encoded(of_order_eight()),
        "a key that is no point": (2).to_bytes(32, "little"),
        "a key of 31 bytes": b"x" * 31,
    }.items():
        odd = OddKey(public, lambda _: encoded((0, 1)) + bytes(32))
        yield Case(name, INVALID, later(enrols(odd), step(key=odd)))
    for name, trick, code in TRICKS:
        yield Case(name, code, later(step(key=OddKey(amina().key.public, partial(tricked, trick)))))


Trick = Callable[[bytes, bytes], bytes]


def tricked(trick: Trick, message: bytes) -> bytes:
    return trick(amina().key.sign(message), message)


class OddKey(Key):
    """A key of any public bytes that signs in any way."""

    def __init__(self, public: bytes, sign: Callable[[bytes], bytes]) -> None:
        self.public, self.id, self.signs = public, sha(public), sign

    def sign(self, message: bytes) -> bytes:
        return self.signs(message)


Point = tuple[int, int]


def added(one: Point, two: Point) -> Point:
    (x1, y1), (x2, y2) = one, two
    twist = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + twist, -1, PRIME) % PRIME
    return x, (y1 * y2 + x1 * x2) * pow(1 - twist, -1, PRIME) % PRIME


def times(count: int, point: Point) -> Point:
    total = (0, 1)
    while count:
        if count & 1:
            total = added(total, point)
        point, count = added(point, point), count >> 1
    return total


def encoded(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def plus_order(number: bytes) -> bytes:
    return (int.from_bytes(number, "little") + ORDER).to_bytes(32, "little")


@functools.cache
def of_order_eight() -> Point:
    """A point that is nothing only eight times."""
    for y in range(2, 100):
        with contextlib.suppress(strict_words.WrongError):
            point = times(ORDER, point_of(y.to_bytes(32, "little")))
            if times(4, point) != (0, 1):
                return point
    raise AssertionError("one of two points has such a part")


def by_hand(message: bytes, more: Point) -> bytes:
    """Amina's signature, with something added to R: eight times of both sides agree, the sides do not."""
    base = point_of((4 * pow(5, -1, PRIME) % PRIME).to_bytes(32, "little"))
    seed = hashlib.sha512(hashlib.sha256(b"true Amina Okoye").digest()).digest()
    secret = int.from_bytes(seed[:32], "little") & (1 << 254) - 8 | 1 << 254
    first = encoded(added(times(12345, base), more))
    asked = int.from_bytes(hashlib.sha512(first + amina().key.public + message).digest(), "little")
    return first + ((12345 + asked * secret) % ORDER).to_bytes(32, "little")


TRICKS: tuple[tuple[str, Trick, int], ...] = (
    ("S above the group order", lambda told, _: told[:32] + plus_order(told[32:]), INVALID),
    ("a signature of 63 bytes", lambda told, _: told[:63], INVALID),
    ("a signature of zeros", lambda _, __: bytes(64), INVALID),
    ("R with another sign", lambda told, _: told[:31] + bytes([told[31] ^ 128]) + told[32:], INVALID),
    ("R written otherwise", lambda told, _: (PRIME + 1).to_bytes(32, "little") + told[32:], INVALID),
    ("R of small order", lambda _, __: encoded((0, 1)) + bytes(32), INVALID),
    ("a signature made by hand", lambda _, message: by_hand(message, (0, 1)), QUALIFIED),
    ("R with a part of order eight", lambda _, message: by_hand(message, of_order_eight()), INVALID),
)


def log() -> Iterator[Case]:
    """What the log signs: its keys, its checkpoints, its proofs, its manifest."""
    note, size = honest().checkpoints[18], 18
    text, line = note.split("\n\n")[0] + "\n", note.split("\n\n")[1]
    name = honest().log_keys[0].name
    wrong = f"— {name} {b64(strict_words.unbased(line.split()[-1])[:4] + bytes(64))}\n"
    another = f"— other.example {b64(b'hash' + bytes(64))}\n"
    resigned = honest().log_keys[0].note

    def noted(changed: str, at: int = size) -> Callable[[], Files]:
        def made() -> Files:
            site = a_site()
            site.checkpoints[at] = changed
            return site.members()

        return made

    for what, changed, code in (
        ("a line more", resigned(text + "more\n"), INVALID),
        ("a zero before its size", resigned(text.replace("\n18\n", "\n018\n")), INVALID),
        ("another origin", resigned(text.replace("demo", "dem0")), INVALID),
        ("a first epoch", resigned(text.replace("/log\n", "/log/epoch-1\n")), INVALID),
        ("an epoch", resigned(text.replace("/log\n", "/log/epoch-2\n")), QUALIFIED),
        ("a short root", resigned("\n".join([*text.split("\n")[:2], b64(bytes(31)), ""])), INVALID),
        ("another root", resigned("\n".join([*text.split("\n")[:2], b64(bytes(32)), ""])), FORK),
        ("another signature too", note + another, QUALIFIED),
        ("another signature first", f"{text}\n{another}{line}", QUALIFIED),
        ("another signature that is no base64", note + "— other.example zzz\n", INVALID),
        ("a wrong signature of its key too", note + wrong, INVALID),
        ("its signature twice", note + line, QUALIFIED),
        ("rubbish behind", note + "rubbish\n", INVALID),
        ("an empty line behind", note + "\n", INVALID),
        ("no last line end", note[:-1], INVALID),
        ("no signature", text + "\n", INVALID),
        ("a hyphen", note.replace("—", "-"), INVALID),
        ("another key's name", LogKey(honest().log_key, "zzz").note(text), INVALID),
        ("a stranger's signature", LogKey(FOREIGN, name).note(text), INVALID),
    ):
        yield Case(f"a checkpoint with {what}", code, noted(changed))
    another_root = resigned("\n".join([*text.replace("18", "12").split("\n")[:2], b64(bytes(32)), ""]))
    yield Case("an earlier checkpoint with another root", FORK, noted(another_root, 12))
    yield Case("a checkpoint in the ledger with another root", FORK, later(records(12, bytes(32), another_root)))
    yield Case("a checkpoint in the ledger under another size", INVALID, later(records(11, honest().root(12))))
    yield Case("a checkpoint in the ledger with rubbish", INVALID, later(records(12, honest().root(12), "rubbish")))
    yield Case(
        "a checkpoint recorded, and not here",
        INCOMPLETE,
        later(lambda s: s.checkpoint(), lambda s: s.checkpoints.pop(12)),
    )
    proof = honest_files()["consistency/12.txt"]
    hashed = proof.splitlines()[3]
    for what, content, code in (
        ("of other sizes", proof.replace(b"\n12\n", b"\n11\n"), INVALID),
        ("with another hash", proof.replace(hashed, b64(bytes(32)).encode()), FORK),
        ("with a hash less", proof.replace(hashed + b"\n", b""), FORK),
        ("with a hash more", proof + hashed + b"\n", FORK),
        ("with a short hash", proof.replace(hashed, b64(bytes(31)).encode()), FORK),
        ("that is no base64", proof.replace(hashed, b"zzz"), INVALID),
    ):
        named = {"consistency/12.txt": content}
        yield Case(f"a proof of continuation {what}, by the site", code, partial(signed, damaged(named)))
        yield Case(f"a proof of continuation {what}", INVALID, damaged(named))
        yield Case(
            f"a proof of continuation {what}, by a stranger",
            INVALID,
            partial(repaired, damaged(named), FOREIGN),
        )
    place = "proofs/000000009.tlog-proof"
    path = honest_files()[place].decode()
    for what, said in (
        ("another version", path.replace("@v1", "@v2")),
        ("another index", path.replace("index 8", "index 9")),
        ("a hash more", path.replace("index 8\n", f"index 8\n{b64(bytes(32))}\n")),
        ("a hash less", re.sub("index 8\n.*\n", "index 8\n", path)),
        ("another checkpoint", path.split("\n\n")[0] + "\n\n" + honest().checkpoints[12]),
    ):
        yield Case(f"a proof with {what}", INVALID, partial(signed, damaged({place: said.encode()})))
    turned = later(Site.rotate_log_key)
    yield Case("a log key that a stranger vouched for", INVALID, later(lambda site: site.rotate_log_key(old=FOREIGN)))
    yield Case(
        "a log key without a turn",
        INVALID,
        later(lambda s: s.log_keys.append(LogKey(Key("n"), s.origin)), Site.record_log_key),
    )
    yield Case("a manifest signed by the log key before", INVALID, lambda: repaired(turned(), honest().log_key))
    yield Case("a checkpoint by a log key that was replaced", INVALID, _by_the_old_key)
    yield Case("a checkpoint and a manifest by a log key that was replaced", INVALID, _all_by_the_old_key)
    for what, keep in (
        ("in another order", slice(None, None, -1)),
        ("without the first", slice(1, None)),
        ("without the last", slice(1)),
    ):
        yield Case(f"log keys {what}", INVALID, partial(_keeping, keep))
    yield Case(
        "another log's package, for who pinned this",
        INVALID,
        lambda: a_site(words="another").members(),
        pinned=honest().log_key.id,
    )
    yield Case("a whole record of a stranger's making", QUALIFIED, lambda: a_site(words="another").members())


def _by_the_old_key() -> Files:
    """The package's checkpoint by the log key before, its manifest by the present one."""
    site = a_site()
    site.rotate_log_key()
    present = site.log_keys.pop()
    site.checkpoint()
    site.log_keys.append(present)
    return site.members()


def _all_by_the_old_key() -> Files:
    """The package's checkpoint and its manifest by the log key before, under which nothing goes on."""
    return repaired(_by_the_old_key(), honest().log_key)


def _keeping(keep: slice) -> Files:
    files = package_builders.rewritten(later(Site.rotate_log_key)(), "log-keys.jsonl", lambda keys_: keys_[keep])
    return repaired(files, Key("true log 1"))


def records(size: int, root: bytes, note: str = "") -> Callable[[Site], object]:
    """Write down a checkpoint."""

    def act(site: Site) -> int:
        fields = {"origin": site.origin, "size": size, "root": root.hex(), "note": note or site.checkpoints[12]}
        return site.write("site", "checkpoint.issued", "ledger.checkpoint", fields)

    return act
