"""A signature is a value one must hold, and what happens when it is spent on a row.

The order is fixed: payload → salted commitment → statement → envelope → entry. The statement (in-toto v1) is about
the commitment; it holds no free text and no unsalted digest of the content, so that erasing a payload leaves nothing
behind. The reason, the comment and the digest of what was shown stand in the payload.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.keys import OpenKey
from accounts.meanings import Meaning
from accounts.models import Challenge, Person, Signed
from accounts.refusal import Objection, Refused
from ledger.canonical import canonical
from ledger.dsse import seal
from ledger.failpoints import failpoint
from ledger.models import Envelope
from ledger.writing import Commitment, insert, prepare, stamp

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://cellwright.example/signature/v1"
SignedT = TypeVar("SignedT", bound=Signed)


class SpentSignatureError(RuntimeError):
    """A signature was used for a second row: a bug in the caller."""


@dataclass(slots=True)
class Signature:
    """What `confirm()` gives: a person who has just proved who they are, and their open key, for one row."""

    signer: Person
    key: OpenKey | None
    meaning: Meaning
    meaning_text: str
    signed_at: datetime
    challenge: Challenge
    comment: str = ""
    station: str = ""
    method: str = "password"

    def take_key(self) -> OpenKey:
        """Give the key, once."""
        if self.key is None:
            raise SpentSignatureError("A signature signs one row.")
        key, self.key = self.key, None
        return key


def sign(row: SignedT, signature: Signature, *, type: str, earlier: Sequence[Signed] = ()) -> SignedT:  # noqa: A002
    """Write a row under a signature; the envelope is bound into its entry and names the envelopes before it.

    Uses up the challenge: a second attempt to sign the same intention is refused, whoever comes first.
    """
    key = signature.take_key()
    signer, challenge = signature.signer, signature.challenge
    row.signer = signer
    row.signer_name = signer.name
    row.signer_username = signer.username
    row.signer_role = signer.signs_as
    row.meaning = signature.meaning
    row.meaning_text = signature.meaning_text
    row.signed_at = signature.signed_at
    row.comment = signature.comment
    row.view_sha256 = challenge.view_sha256
    row.challenge = challenge.pk
    prepare(row, actor=signer.reference)
    _use_up(challenge, row)
    commit = Commitment.to(row.payload())
    statement = canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [
                {
                    "name": f"{row.stream_name()}/{row.record_type()}/{row.pk}/v{row.record_version}",
                    "digest": {"sha256": commit.sha256},
                }
            ],
            "predicateType": PREDICATE_TYPE,
            "predicate": {
                "origin": settings.LEDGER_ORIGIN,
                "stream": row.stream_name(),
                "type": type,
                "record": {"type": row.record_type(), "id": str(row.pk), "version": row.record_version},
                "signer": {
                    "person": str(signer.pk),
                    "username": signer.username,
                    "name": signer.name,
                    "role": row.signer_role,
                    "key": key.key_id,
                },
                "meaning": {"code": str(signature.meaning), "text": signature.meaning_text},
                "signed_at": stamp(signature.signed_at),
                "zone": settings.SITE_TIME_ZONE,
                "auth": {
                    "method": signature.method,
                    "at": stamp(signature.signed_at),
                    "station": signature.station,
                },
                "earlier": envelopes_of(earlier),
                "head": {"seq": challenge.head_seq, "leaf": challenge.head_leaf},
                "challenge": {"id": str(challenge.pk), "nonce": challenge.nonce},
            },
        }
    )
    envelope = seal(statement, key=key.private, key_id=key.key_id)
    failpoint("envelope made")
    insert(row, type=type, commit=commit, envelopes=[envelope])
    return row


def _use_up(challenge: Challenge, row: Signed) -> None:
    """Mark the challenge used by this row, or refuse because somebody was faster."""
    if challenge._state.adding:  # founding and enrolment have no challenge that was stored
        return
    if not Challenge.objects.filter(pk=challenge.pk, used_at=None).update(used_at=row.signed_at, record=row.pk):
        raise Refused(Objection(_("This was signed already. Nothing was signed twice."), code="already_signed"))
    failpoint("challenge used")


def envelopes_of(rows: Sequence[Signed]) -> list[str]:
    """Give the digests of the envelopes of rows that were signed before, in the order of the rows; in one statement."""
    if not rows:
        return []
    signed = [(row.record_type(), row.pk) for row in rows]
    found = Envelope.objects.filter(entry__rec_type__in={kind for kind, _pk in signed})
    found = found.filter(entry__rec_id__in=[pk for _kind, pk in signed]).order_by("pk")
    digests: dict[tuple[str, UUID], list[str]] = defaultdict(list)
    for sha256, kind, pk in found.values_list("sha256", "entry__rec_type", "entry__rec_id"):
        digests[kind, pk].append(sha256)
    return [sha256 for each in signed for sha256 in digests[each]]
