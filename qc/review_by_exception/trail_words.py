"""Entries of the audit trail in words: who, when, what, and what is different from what they supersede.

What binds a signature, ids and what is empty are left out; the record's exact bytes are in the record package.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.wording import record_time
from batches.people import PERSON
from ledger.models import Entry, Payload
from qc.review_by_exception.trail_streams import author_of
from qc.review_by_exception.trail_types import type_words

# What each entry says by itself already, or what only binds its signature.
BESIDE = frozenset(
    {
        "id", "recorded_at", "actor", "signer_id", "signer_username", "signer_name", "signer_role", "signed_at",
        "view_sha256", "challenge", "batch_id", "meaning", "meaning_text", "supersedes_id",
        "exponent", "about_type", "version",
    }
)  # fmt: skip
LONGEST = 400
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class TrailRow:
    """An entry as a reviewer reads it."""

    place: str  # stream and position
    at: datetime
    who: str
    what: str
    says: str
    changed: tuple[str, ...]


def rows_of(entries: Sequence[Entry]) -> list[TrailRow]:
    """Give entries in words; as many statements however many there are."""
    said = _payloads(Payload.objects.filter(entry__in=[one.seq for one in entries]))
    superseded = {str(one["supersedes_id"]) for one in said.values() if one.get("supersedes_id")}
    before = {
        str(fields.get("id")): fields
        for fields in _payloads(Payload.objects.filter(entry__rec_id__in=superseded)).values()
    }
    actors = {one.seq: author_of(one) for one in entries}
    names = streams_in_words([*actors.values(), *(one.stream for one in entries)])
    return [
        TrailRow(
            place=f"{names[one.stream]} {one.sseq}",
            at=one.at,
            who=names[actors[one.seq]],
            what=type_words(one.type) + (f", {_('version')} {one.rec_version}" if one.rec_version > 1 else ""),
            says=_says(said.get(one.seq, {})),
            changed=_changed(said.get(one.seq, {}), before),
        )
        for one in entries
    ]


def streams_in_words(streams: Iterable[str]) -> dict[str, str]:
    """Give streams by their names, that of a person by the person's; one statement at most."""
    found = {stream: stream for stream in streams}
    ids = {stream.removeprefix(PERSON) for stream in found if stream.startswith(PERSON)}
    people = Person.objects.filter(pk__in=ids) if ids else ()
    return found | {person.reference: person.name for person in people}


def _payloads(payloads: Iterable[Payload]) -> dict[int, Fields]:
    return {one.entry_id: json.loads(bytes(one.bytes)).get("fields", {}) for one in payloads}


def _says(fields: Fields) -> str:
    parts = [f"{_name(name)}: {words}" for name, value in fields.items() if (words := _words_of(name, value))]
    says = "; ".join(parts) or "–"
    return says if len(says) <= LONGEST else f"{says[:LONGEST]}…"


def _changed(fields: Fields, before: Mapping[str, Fields]) -> tuple[str, ...]:
    old = before.get(str(fields.get("supersedes_id")), {})
    pairs = [(name, _words_of(name, old.get(name)), _words_of(name, value)) for name, value in fields.items()]
    return tuple(
        f"{_name(name)}: {was or '–'} → {now or '–'}"
        for name, was, now in pairs
        if old and was != now and name not in ("number", "reason")
    )


def _name(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


def _words_of(name: str, value: object) -> str:
    if name in BESIDE:
        return ""
    match value:
        case None | "" | [] | {} | False:
            return ""
        case True:
            return _("yes")
        case str() if _UUID.fullmatch(value):
            return ""
        case str() if _MOMENT.fullmatch(value):
            return record_time(datetime.fromisoformat(value))
        case list():
            return _("%(number)s listed") % {"number": len(value)}
        case dict():
            return _("%(number)s listed") % {"number": len(value)}
        case _:
            return str(value)
