"""The audit trail: every entry of the batch and of its chain of identity, in the order in which it was written.

(1) Each entry says what its record says: every column of the record but what a signature repeats in its own lines.
(2) An id is replaced by what it stands for, or by the entry that holds it; a list of ids longer than a few is counted.
    The record's exact bytes are in the record package.
(3) What is empty, no, or told by the entry itself is left out.
(4) An erased payload says that it was erased.
"""

import json
import re
from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.wording import record_time
from ledger.models import Entry
from reports import record_snapshot as stated
from reports.record_gathering.names import PERSON, Names

# What each entry says by itself already, or what only binds its signature.
BESIDE = frozenset(
    {
        "id", "recorded_at", "actor", "signer_id", "signer_username", "signer_name", "signed_at", "view_sha256",
        "challenge", "batch_id", "coi_id", "meaning",
    }
)  # fmt: skip
LONGEST = 900
MOST_LISTED = 12
CHUNK = 500
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")

Fields = dict[str, object]


def trail(names: Names) -> tuple[stated.TrailEntry, ...]:
    """Give every entry of the streams of this record, the oldest first."""
    entries = Entry.objects.filter(names.entries()).select_related("payload").order_by("seq")
    found: list[stated.TrailEntry] = []
    some: list[Entry] = []
    for entry in entries.iterator(CHUNK):
        some.append(entry)
        if len(some) == CHUNK:
            found += _stated(some, names)
            some = []
    return (*found, *_stated(some, names))


def streams(names: Names) -> tuple[stated.Stream, ...]:
    """Give where each stream of this record stands."""
    found = []
    for name in names.streams:
        entries = Entry.objects.filter(stream=name)
        first, last = entries.order_by("sseq").first(), entries.order_by("-sseq").first()
        if first is not None and last is not None:
            found.append(stated.Stream(name, last.sseq, first.seq, last.seq, last.leaf))
    return tuple(found)


def _stated(entries: list[Entry], names: Names) -> Iterator[stated.TrailEntry]:
    read = [(entry, *_contents(entry)) for entry in entries]
    names.look_up_ids({key for _entry, _said, fields in read for key in _ids(fields)})
    for entry, said, fields in read:
        actor = str(said.get("actor", ""))
        signed = bool(said.get("sig"))
        if actor.startswith(PERSON) and signed:
            names.signed[actor.removeprefix(PERSON)].add(entry.rec_id)
            if fields and fields.get("signer_role"):
                names.roles[actor.removeprefix(PERSON)].add(str(fields["signer_role"]))
        elif actor.startswith(PERSON):
            names.roles.setdefault(actor.removeprefix(PERSON), set())
        version = f" v{entry.rec_version}" if entry.rec_version != 1 else ""
        yield stated.TrailEntry(
            seq=entry.seq,
            at=record_time(entry.at),
            who=names.who(actor),
            what=f"{entry.type}{version}{', ' + _('signed') if signed else ''}",
            says=_says(fields, names),
            place=f"{entry.stream} {entry.sseq}",
        )


def _contents(entry: Entry) -> tuple[Fields, Fields | None]:
    """Give what an entry and its payload say; None for a payload that was erased."""
    said: Fields = json.loads(bytes(entry.bytes))
    payload = getattr(entry, "payload", None)
    if payload is None:
        return said, None
    fields: Fields = json.loads(bytes(payload.bytes)).get("fields", {})
    return said, {name: value for name, value in fields.items() if name == "signer_role" or name not in BESIDE}


def _ids(value: object) -> Iterator[str]:
    match value:
        case str():
            if _UUID.fullmatch(value):
                yield value
        case list():
            for item in value:
                yield from _ids(item)
        case dict():
            for item in value.values():
                yield from _ids(item)


def _says(fields: Fields | None, names: Names) -> str:
    if fields is None:
        return _("Erased: what it said was removed by a signed act; the entry stays.")
    parts = []
    for name, value in fields.items():
        words = _words(value, names)
        if words and not _is_said_already(name, value, fields):
            parts.append(f"{name.removesuffix('_id').replace('_', ' ')}: {words}")
    says = "; ".join(parts) or "–"
    if len(says) > LONGEST:
        says = says[:LONGEST] + _("… (%(length)s characters, whole in the record package)") % {"length": len(says)}
    return says


def _is_said_already(name: str, value: object, fields: Fields) -> bool:
    return (name == "exponent" and value == 0) or (name == "number" and value == fields.get("typed"))


def _words(value: object, names: Names) -> str:
    match value:
        case None | "" | [] | {} | False:
            return ""
        case True:
            return _("yes")
        case str() if _UUID.fullmatch(value):
            return names.called(value)
        case str() if _MOMENT.fullmatch(value):
            return record_time(datetime.fromisoformat(value))
        case list():
            return _listed(value, names)
        case dict():
            return ", ".join(f"{key} {words}" for key, item in value.items() if (words := _words(item, names)))
        case _:
            return str(value)


def _listed(items: list[object], names: Names) -> str:
    if all(isinstance(item, str) and _UUID.fullmatch(item) for item in items) and len(items) > MOST_LISTED:
        return _("%(number)s records") % {"number": len(items)}
    opening = [words for item in items if (words := _words(item, names))]
    return f"[{'; '.join(opening)}]" if any(isinstance(item, dict) for item in items) else ", ".join(opening)
