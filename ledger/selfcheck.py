"""The site's own look at its record: at start, every hour, and whole every night.

(1) the guards stand, the application's role cannot change the record, commits survive power loss;
(2) the clock does not stand before the newest entry, and agrees with the authorities that stamp checkpoints;
(3) the ledger continues every head that was signed of it, as signer and high-water file remember them, and both
    remember every checkpoint that is stored;
(4) the newest entries link, and their payloads and signatures are those that they name.

`quick()` looks at that, with at least the newest thousand entries; `full()` is the whole verification. Neither repairs
anything. A finding is about one stream where nothing else depends on it, and otherwise about the whole site.
"""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import connection, models

from ledger import clock, engine_checks, guards, high_water
from ledger.anchoring import CLOCKS_AGREE
from ledger.checkpoints import all_leaves, newest, origin_of
from ledger.checks import CHUNK, head_names, linked, on_envelopes, on_payload
from ledger.log_key import EPOCH_MARK, SignerRefused
from ledger.models import Anchor, Entry, Head, StoredFile
from ledger.notes import SignedHead
from ledger.signer import SignerAwayError, signer
from ledger.verification import Finding, run_check, unmoving_view, verify_records, written_models
from ledger.writing import CLOCK_TOLERANCE

NEWEST = 1000
# Recomputing the roots over so many leaves takes about half a second; over more, the nightly check does it.
MOST_LEAVES = 100_000
# Streams of single things. What is found elsewhere (the site's own acts, people and their keys) concerns everything.
OF_ONE_THING = ("batch", "coi", "lot", "equipment", "subject", "master")
# Kinds that a quick look finds; of them, those that neither wait for the signer nor read every entry.
CHEAP = frozenset({"guards", "rights", "durability", "clock"})
QUICK = CHEAP | {"rollback", "fork", "memory"}
SIGNER, HIGH_WATER = "signer", "high-water file"
logger = logging.getLogger(__name__)
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENTRY = re.compile(r"\bentry (\d{1,18})\b")


@dataclass(frozen=True, slots=True)
class Found:
    """One kind of finding about one stream, or about the whole site where `about` is empty.

    Of a ledger that does not continue what was signed of it, `known` is the signed head, `known_from` who remembers
    it, and `epoch` the epoch in which it was found.
    """

    kind: str
    about: str
    says: str
    known: SignedHead | None = None
    known_from: str = ""
    epoch: int = 0


def quick(*, after: int | None = None, whole: bool = False) -> list[Found]:
    """Give what is wrong with guards, database, clock, head and the entries after a place, at least the newest.

    Roots over very many entries are left to a look at the whole.
    """
    if not Entry.objects.exists() and not remembered()[0]:
        return []
    found = [
        *_guards(),
        *(Found("rights", "", says) for says in _rights()),
        *(Found("durability", "", says) for says in engine_checks.durability(connection)),
        *clock_is_wrong(),
        *history(whole=whole),
        *newest_entries(after=after),
    ]
    return grouped(found)


def since(seq: int) -> list[Found]:
    """Give what is wrong with the entries after a place and with the head row."""
    return grouped(newest_entries(after=seq, at_least=0))


def full() -> list[Found]:
    """Give everything that is wrong: the quick look, and the whole verification with all files."""
    found = quick(whole=True)
    told = {"signer", "checkpoints"} if any(one.kind in {"rollback", "fork"} for one in found) else set()
    return grouped([*found, *(one for one in as_found(verify_records().findings) if one.kind not in told)])


def found_again(kind: str, about: str) -> Found | None:
    """Look once more for one kind of finding about a stream; None when it is gone."""
    if kind in QUICK:
        found = quick()
    else:
        found = grouped(as_found(run_check(kind)))
    return next((one for one in found if (one.kind, one.about) == (kind, about)), None)


def not_checked() -> list[str]:
    """Say what a quick look leaves out here."""
    size = Head.objects.filter(pk=1).values_list("seq", flat=True).first() or 0
    return [
        *(
            ["whether the application's database role could change the record: a training site may own its tables"]
            if settings.TRAINING and connection.vendor == "postgresql"
            else []
        ),
        *(
            ["whether the application could change the record: SQLite has no roles"]
            if connection.vendor == "sqlite"
            else []
        ),
        *([f"what the signer remembers: {remembered()[1]}"] if remembered()[1] else []),
        *(
            ["whether all entries still have the root that was signed: the nightly check recomputes it"]
            if size > MOST_LEAVES
            else []
        ),
    ]


def grouped(found: Iterable[Found]) -> list[Found]:
    """Give one finding for each kind and stream, which says all that was found of it."""
    groups: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        groups.setdefault((one.kind, one.about), []).append(one)
    return [_together(group) for group in groups.values()]


def _together(group: list[Found]) -> Found:
    first = group[0]
    says = list(dict.fromkeys(one.says for one in group))
    shown = "\n".join(says[:20]) + (f"\n… and {len(says) - 20} more" if len(says) > 20 else "")
    return Found(first.kind, first.about, shown[:4000], first.known, first.known_from, first.epoch)


def _guards() -> Iterator[Found]:
    for name in guards.missing(connection):
        yield Found("guards", "", f"The guard {name} is missing, switched off or changed.")


def _rights() -> Iterator[str]:
    """A training site may own its tables; that is said among what is not checked."""
    return iter(()) if settings.TRAINING else engine_checks.rights(connection)


def clock_is_wrong() -> Iterator[Found]:
    """(2)"""
    head = Head.objects.filter(pk=1).first()
    now = clock.now()
    if head is not None and head.at is not None and head.at - now > CLOCK_TOLERANCE:
        yield Found("clock", "", f"It is {now.isoformat()}, but the newest entry is of {head.at.isoformat()}.")
    stamped = Anchor.objects.order_by("-recorded_at").first()
    if stamped is None or settings.TRAINING:  # a training site's clock may tell a story
        return
    apart = abs(stamped.recorded_at - stamped.stamped_at)
    if apart > CLOCKS_AGREE:
        yield Found("clock", "", f"The authority {stamped.authority} and this site's clock are {apart} apart.")


def remembered() -> tuple[list[tuple[str, SignedHead]], str]:
    """Give every head of this log that is remembered outside the database, with who remembers it.

    The second is why a signer that does not answer could not be asked; one that cannot read its heads has lost them.
    """
    heads: list[tuple[str, SignedHead]] = []
    away = ""
    try:
        heads += [(SIGNER, one) for one in signer().heads()]
    except SignerAwayError as error:
        away = str(error)
    except (SignerRefused, ValueError):
        logger.exception("The signer cannot read the heads that it signed.")
    heads += [(HIGH_WATER, one) for one in high_water.heads()]
    return [(who, one) for who, one in heads if one.origin == origin_of(epoch_of(one.origin))], away


def epoch_of(origin: str) -> int:
    """Give the epoch that an origin names."""
    base, mark, number = origin.rpartition(EPOCH_MARK)
    return int(number) if mark and base and number.isdecimal() and len(number) < 9 else 1


def history(*, whole: bool = False) -> list[Found]:
    """(3) What is remembered is read first: the ledger only grows meanwhile."""
    stored = newest()
    heads, away = remembered()
    head = Head.objects.filter(pk=1).first() or Head()
    ahead = [(who, one) for who, one in heads if epoch_of(one.origin) >= head.epoch]
    most = head.seq if whole else min(head.seq, MOST_LEAVES)
    found = [*_behind(head, ahead), *_beside(head, ahead, most)]
    remembers = {who: max((one.size for by, one in heads if by == who), default=0) for who in (SIGNER, HIGH_WATER)}
    for who, size in remembers.items():
        if stored is not None and size < stored.size and not (who == SIGNER and away):
            says = f"The {who} does not remember the checkpoint of {stored.size} entries: it was replaced or put back."
            found.append(Found("memory", "", says))
    return found


def _behind(head: Head, heads: list[tuple[str, SignedHead]]) -> Iterator[Found]:
    """Find the largest head that was signed of a ledger longer than this one, or of a later epoch than is open."""
    lost = [(who, one) for who, one in heads if one.size > head.seq or epoch_of(one.origin) > head.epoch]
    if not lost:
        return
    who, known = max(lost, key=lambda pair: (epoch_of(pair[1].origin), pair[1].size))
    says = (
        f"The {who} remembers a signed ledger of {known.size} entries ({known.origin}, root {known.root_base64}), and "
        f"{head.seq} are here: an older copy was put back, or entries were deleted."
    )
    yield Found("rollback", "", says, known, who, head.epoch)


def _beside(head: Head, heads: list[tuple[str, SignedHead]], most: int) -> Iterator[Found]:
    """Find the largest head of the same epoch and a size that is here, whose root is not that of these entries."""
    ours = [(who, one) for who, one in heads if one.origin == origin_of(head.epoch) and one.size <= most]
    if not ours:
        return
    leaves = all_leaves(max(one.size for _who, one in ours))
    wrong = [(who, one) for who, one in ours if leaves.root(one.size) != one.root]
    if wrong:
        who, known = max(wrong, key=lambda pair: pair[1].size)
        says = (
            f"FORK: the {who} remembers another root of the first {known.size} entries of {known.origin} "
            f"({known.root_base64}) than these entries have."
        )
        yield Found("fork", "", says, known, who, head.epoch)


def newest_entries(*, after: int | None = None, at_least: int = NEWEST) -> list[Found]:
    """(4)"""
    with unmoving_view():
        last = Entry.objects.order_by("-seq").first()
        newest_seq = last.seq if last else 0
        place = max(0, newest_seq - at_least)
        place = place if after is None else min(place, after)
        before = Entry.objects.filter(seq__lte=place).order_by("-seq").first()
        entries = Entry.objects.filter(seq__gt=place).order_by("seq")
        findings = [
            *linked(entries.iterator(CHUNK), before),
            *head_names(last),
            *(one for entry in entries.select_related("payload").iterator(CHUNK) for one in on_payload(entry)),
            *(one for entry in entries.prefetch_related("envelopes").iterator(CHUNK) for one in on_envelopes(entry)),
        ]
    return as_found(findings)


def as_found(findings: Iterable[Finding]) -> list[Found]:
    """Give verification's findings with the stream that each concerns."""
    return [
        Found(one.check[:30], stream, f"{one.about}: {one.says}") for one in findings for stream in _streams_of(one)
    ]


def _streams_of(finding: Finding) -> list[str]:
    """Give the streams that a finding concerns; the whole site, as an empty name, where that is not known."""
    if finding.check in {"guards", "chain"}:
        return [""]
    named = _named(finding.about)
    return sorted({name if name.partition("/")[0] in OF_ONE_THING else "" for name in named}) or [""]


def _named(about: str) -> list[str]:
    """Give the streams of the entry, the record or the thing that a finding names."""
    if entry := _ENTRY.search(about):
        return list(Entry.objects.filter(seq=int(entry[1])).values_list("stream", flat=True))
    if ids := _ID.findall(about):
        file = StoredFile.objects.filter(pk__in=ids).first()
        if file is not None:
            return _pointing_at(file)
        return list(Entry.objects.filter(rec_id__in=[UUID(one) for one in ids]).values_list("stream", flat=True))
    names = [f"{kind}/{word}" for word in about.split() for kind in OF_ONE_THING]
    return list(Entry.objects.filter(stream__in=names).values_list("stream", flat=True).distinct())


def _pointing_at(file: StoredFile) -> list[str]:
    """Give the streams of the rows that a stored file belongs to."""
    return [
        row.stream_name()
        for model in written_models()
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.model is StoredFile
        for row in model._default_manager.filter(**{field.name: file})
    ]
