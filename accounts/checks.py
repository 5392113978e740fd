"""The checks of this room.

(1) each signed row has exactly one envelope, by the key that was in force at its place in the ledger, over its
    commitment; what the envelope says of signer, meaning, time and record is what the row says;
(2) keys come from the ledger's own key entries; none is of small order; each is signed by itself;
(3) each person's cached state is what the rows add up to;
(4) each wrapped key is the key in force.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max

from accounts.models import KeyWrap, Person, Signed
from accounts.signature import PREDICATE_TYPE
from accounts.states import standing_of
from ledger.canonical import digest
from ledger.dsse import EnvelopeError, is_signed_by, opened, public_key
from ledger.models import Entry, Envelope
from ledger.verification import Finding, Verification, check, written_models
from ledger.writing import stamp

ENROLMENT, RESET = "accounts.keyenrolment", "accounts.keyresetapproval"
REVOCATION, DEACTIVATION = "accounts.keyrevocation", "accounts.deactivation"
# What the life of keys follows from.
KEY_ENTRIES = (ENROLMENT, RESET, REVOCATION, DEACTIVATION)


@dataclass(slots=True)
class KeyLife:
    """A public key and the stretch of the ledger in which it was in force."""

    person: str
    public: bytes
    since: int
    until: int | None = None
    ended_by: str = ""  # the type of the record that ended it

    def was_in_force_at(self, seq: int) -> bool:
        """A key signs its own enrolment, and everything up to the entry that ended it."""
        return self.since <= seq and (self.until is None or seq <= self.until)


def key_lives() -> dict[str, KeyLife]:
    """Read the life of each key from the ledger, in its order: what ends a key stands in its person's own stream."""
    lives: dict[str, KeyLife] = {}
    wanted = Entry.objects.filter(rec_type__in=KEY_ENTRIES)
    for entry in wanted.select_related("payload").order_by("seq"):
        if entry.rec_type != ENROLMENT:
            _end(lives, entry.stream.removeprefix("person/"), entry)
            continue
        fields = json.loads(bytes(entry.payload.bytes))["fields"]
        person = str(fields["signer_id"])
        _end(lives, person, entry)
        lives[fields["key_id"]] = KeyLife(person, bytes.fromhex(fields["public_key"]), entry.seq)
    return lives


def _end(lives: dict[str, KeyLife], person: str, entry: Entry) -> None:
    for life in lives.values():
        if life.person == person and life.until is None:
            life.until, life.ended_by = entry.seq, entry.rec_type


@check("keys")
def keys_are_sound(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    for key_id, life in key_lives().items():
        verification.counted("keys", 1)
        try:
            public_key(life.public)
        except EnvelopeError as error:
            yield Finding("keys", key_id, str(error))
        if digest(life.public) != key_id:
            yield Finding("keys", key_id, "it is not named by its own digest")


@check("signatures")
def signatures_are_valid(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    lives = key_lives()
    for model in written_models():
        if not issubclass(model, Signed):
            continue
        for row in model._default_manager.order_by("pk").iterator(500):
            verification.counted("signatures", 1)
            for says in findings_on(row, lives):
                yield Finding("signatures", f"{row.record_type()} {row.pk}", says)


def findings_on(row: Signed, lives: dict[str, KeyLife] | None = None, entry: Entry | None = None) -> list[str]:
    """Give everything that is wrong with the signature of a row; an empty list means that it verifies now.

    `lives` and the row's `entry` are read where they are not given.
    """
    lives = key_lives() if lives is None else lives
    entry = entry or Entry.objects.filter(rec_type=row.record_type(), rec_id=row.pk).select_related("payload").first()
    if entry is None:
        return ["no entry witnesses this signature"]
    envelopes = list(entry.envelopes.all())
    if len(envelopes) != 1:
        return [f"it has {len(envelopes)} envelopes instead of one"]
    try:
        content = opened(bytes(envelopes[0].bytes))
        statement = json.loads(content.payload)
        predicate = statement["predicate"]
        life = lives.get(content.key_id)
        said = json.loads(bytes(entry.bytes))
        return [
            *_wrong_key(content.key_id, life, row, entry.seq, is_signed_by(content, life.public) if life else False),
            *_wrong_words(statement, predicate, row, said["commit"]),
        ]
    except (EnvelopeError, ValueError, KeyError, TypeError, IndexError) as error:
        return [f"its envelope cannot be read ({error})"]


def was_later_revoked(row: Signed, lives: dict[str, KeyLife]) -> bool:
    """Tell whether the key of a signature was revoked after it; what was signed before stays valid."""
    envelope = Envelope.objects.filter(entry__rec_type=row.record_type(), entry__rec_id=row.pk).first()
    if envelope is None:
        return False
    try:
        life = lives.get(opened(bytes(envelope.bytes)).key_id)
    except EnvelopeError:
        return False
    return life is not None and life.ended_by == REVOCATION


def _wrong_key(key_id: str, life: KeyLife | None, row: Signed, seq: int, valid: bool) -> Iterator[str]:
    if life is None:
        yield f"it names the key {key_id[:12]}, which was never enrolled"
        return
    if not valid:
        yield "the signature is not valid"
    if life.person != str(row.signer_id):
        yield "it was made with the key of somebody else"
    if not life.was_in_force_at(seq):
        yield "its key was not in force at this place in the ledger"


def _wrong_words(statement: dict[str, object], predicate: dict[str, object], row: Signed, commit: str) -> Iterator[str]:
    expected: dict[str, object] = {
        "record": {"type": row.record_type(), "id": str(row.pk), "version": row.record_version},
        "meaning": {"code": row.meaning, "text": row.meaning_text},
        "signed_at": stamp(row.signed_at),
        "stream": row.stream_name(),
    }
    for name, value in expected.items():
        if predicate[name] != value:
            yield f"what was signed says something else of {name}"
    signer = predicate["signer"]
    told = (str(row.signer_id), row.signer_username, row.signer_name, row.signer_role)
    if not isinstance(signer, dict) or tuple(signer[key] for key in ("person", "username", "name", "role")) != told:
        yield "what was signed names somebody else"
    subject = statement["subject"]
    if not isinstance(subject, list) or subject[0]["digest"] != {"sha256": commit}:
        yield "it was made over other content"
    if statement["predicateType"] != PREDICATE_TYPE:
        yield "it is a statement of another kind"


@check("people")
def cached_states_are_right(verification: Verification) -> Iterator[Finding]:
    """(3) and (4)"""
    newest = Entry.objects.aggregate(seq=Max("seq"))["seq"]
    for person in Person.objects.select_related("state").order_by("pk"):
        verification.counted("people", 1)
        state, standing = getattr(person, "state", None), standing_of(person)
        if state is None:
            yield Finding("people", f"accounts.person {person.username}", f"its state is missing at entry {newest}")
            continue
        for name in ("roles", "active", "key_id", "policy_version"):
            if getattr(state, name) != getattr(standing, name):
                yield Finding(
                    "people",
                    f"accounts.personstate {person.username}",
                    f"the cached {name} is not what the rows add up to",
                )
        wrap = KeyWrap.objects.filter(person=person).first()
        if standing.key_id and (wrap is None or wrap.key_id != standing.key_id):
            yield Finding("people", f"accounts.keywrap {person.username}", "the wrapped key is not the key in force")
