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
from qc.models import AuditTrailReviewed
from qc.review_by_exception.trail import covered_by
from qc.review_by_exception.trail_streams import author_of
from qc.review_by_exception.trail_types import group_called, type_words

# What each entry says by itself already, or what only binds its signature.
BESIDE = frozenset(
    {
        "id", "recorded_at", "actor", "signer_id", "signer_username", "signer_name", "signer_role", "signed_at",
        "view_sha256", "challenge", "batch_id", "meaning", "meaning_text", "supersedes_id",
        "exponent", "about_type", "version",
    }
)  # fmt: skip
SUPERSEDED = "supersedes_id"
# What an approval is about stands in a row of its own: the change of roles, the version of a definition, the reset.
DECIDED_ON = ("change_id", "definition_id", "reset_id")
SAID_OF_DECIDED = ("kind", "code", "roles", "reason")
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
    pointed = {str(one[name]) for one in said.values() for name in (SUPERSEDED, *DECIDED_ON) if one.get(name)}
    found = _payloads(Payload.objects.filter(entry__rec_id__in=pointed))
    others = {str(fields.get("id")): fields for fields in found.values()}
    actors = {one.seq: author_of(one) for one in entries}
    names = streams_in_words([*actors.values(), *(one.stream for one in entries)])
    return [
        TrailRow(
            place=f"{names[one.stream]} {one.sseq}",
            at=one.at,
            who=names[actors[one.seq]],
            what=type_words(one.type) + (f", {_('version')} {one.rec_version}" if one.rec_version > 1 else ""),
            says=_says(said.get(one.seq, {}), others),
            changed=_changed(said.get(one.seq, {}), others),
        )
        for one in entries
    ]


def streams_in_words(streams: Iterable[str]) -> dict[str, str]:
    """Give streams by their names, that of a person by the person's; one statement at most."""
    found = {stream: stream for stream in streams}
    ids = {stream.removeprefix(PERSON) for stream in found if stream.startswith(PERSON)}
    people = Person.objects.filter(pk__in=ids) if ids else ()
    return found | {person.reference: person.name for person in people}


def positions_words(stream: str, first: int, upto: int) -> str:
    """Say which positions of a stream are meant."""
    words = {"stream": stream, "first": first, "upto": upto}
    if first == upto:
        return _("%(stream)s, position %(upto)s") % words
    return _("%(stream)s, positions %(first)s to %(upto)s") % words


def covered_words(row: AuditTrailReviewed, *, with_digest: bool = False) -> list[str]:
    """Say what a review covered, group by group and stream by stream; with the digest over the entries if asked."""
    covered = list(covered_by(row))
    called = streams_in_words(each.stream for each in covered)
    says = (
        _("%(group)s: %(number)s of %(where)s, digest %(digest)s")
        if with_digest
        else _("%(group)s: %(number)s of %(where)s")
    )
    return [
        says
        % {
            "group": group.title if (group := group_called(each.group)) else each.group,
            "number": each.entries,
            "where": positions_words(called[each.stream], each.after + 1, each.upto),
            "digest": each.sha256,
        }
        for each in covered
    ]


def _payloads(payloads: Iterable[Payload]) -> dict[int, Fields]:
    return {one.entry_id: json.loads(bytes(one.bytes)).get("fields", {}) for one in payloads}


def _says(fields: Fields, others: Mapping[str, Fields]) -> str:
    parts = _parts_of(fields)
    for name in DECIDED_ON:
        decided = others.get(str(fields.get(name)), {})
        parts += _parts_of({key: decided[key] for key in SAID_OF_DECIDED if key in decided})
        parts += [f"{_('version')}: {decided['version']}"] if decided.get("version") else []
    says = "; ".join(parts) or "–"
    return says if len(says) <= LONGEST else f"{says[:LONGEST]}…"


def _parts_of(fields: Fields) -> list[str]:
    return [f"{_name(name)}: {words}" for name, value in fields.items() if (words := _words_of(name, value))]


def _changed(fields: Fields, before: Mapping[str, Fields]) -> tuple[str, ...]:
    old = before.get(str(fields.get(SUPERSEDED)), {})
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
        case list() if name == "roles":
            return ", ".join(map(str, value))
        case list():
            return _("%(number)s listed") % {"number": len(value)}
        case dict():
            return _("%(number)s listed") % {"number": len(value)}
        case _:
            return str(value)
