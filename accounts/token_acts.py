"""Tokens for programs: issued under signature, shown once, ended at any time."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts import security
from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, PersonState, Signed, TokenIssued, TokenRevoked
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, Refused, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from ledger import clock
from ledger.writing import write, writing

SCOPES = (("read", gettext_lazy("read")), ("record", gettext_lazy("record values; never sign")))
MOST_TOKENS = 10
PREFIX = "cw_"


class TokenIntent(StrictSerializer[Intent]):
    """What the program is called, what it may do, and for how long."""

    program = TextField(label=gettext_lazy("Name of the program"), max_length=80, min_length=3)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), min_length=1, max_length=2)
    days = serializers.ChoiceField(
        (("1", "1"), ("30", "30"), ("90", "90"), ("365", "365")), label=gettext_lazy("Days"), default="90"
    )


@register
class IssueToken(Act[Person]):
    """Make a bearer token for a program that reads or records in one's own name; it never signs."""

    code = "token.issue"
    title = gettext_lazy("Issue a token to a program")
    verb = gettext_lazy("Sign and show the token")
    permission = Permission.OWN_ACCOUNT
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I let this program read or record in my name. It never signs for me.")
    asks = TokenIntent

    def find(self, subject: UUID) -> Person:
        person = Person.objects.select_related("state").filter(pk=subject).first()
        if person is None:
            raise Http404
        return person

    def lock(self, subject: Person) -> None:
        PersonState.objects.select_for_update().filter(pk=subject.pk).first()

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        words = dict(SCOPES)
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Name"), subject.name), Line(_("User ID"), subject.username)],
            lines=[
                Line(_("Program"), intent["program"]),
                Line(_("May"), ", ".join(str(words[scope]) for scope in sorted(set(intent["scopes"])))),
                Line(_("Days"), intent["days"]),
            ],
        )

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        in_force = TokenIssued.objects.filter(signer=by, revoked=None, expires_at__gt=clock.now()).count()
        return [
            *when(subject.pk != by.pk, _("Everybody issues tokens for themselves."), code="same_person"),
            *when(in_force >= MOST_TOKENS, _("You have ten tokens in force. Revoke one first.")),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> TokenIssued:
        text = PREFIX + secrets.token_urlsafe(32)
        row = TokenIssued(
            label=intent["program"],
            token_sha256=hashlib.sha256(text.encode("ascii")).hexdigest(),
            scopes=sorted(set(intent["scopes"])),
            expires_at=clock.now() + timedelta(days=int(intent["days"])),
        )
        row.shown_once = text
        return sign(row, signature, type="token.issued")

    def done_url(self, row: Signed) -> str:
        return "/account/"


def revoke(token: TokenIssued, *, by: Person) -> TokenRevoked:
    """End one's own token at once."""
    with writing():
        PersonState.objects.select_for_update().filter(pk=by.pk).first()
        if token.signer_id != by.pk or TokenRevoked.objects.filter(token=token).exists():
            raise Refused(_("This token is not one of yours in force."))
        row = write(TokenRevoked(token=token), type="token.revoked", actor=by.reference)
    security.log("token_revoked", person=by, username=by.username, about=token.label)
    return row
