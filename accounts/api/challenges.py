"""Signing by a program in two steps: ask for a challenge, then carry the act out with user name and password.

(1) A challenge says what would be signed: the server's own view, and its digest. Nothing that is sent is ever signed
    as it was sent.
(2) A token alone never signs: the act asks for the signer's user name and password in its body.
(3) A challenge signs once and lives five minutes.
"""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.acts import AboutSite, Act, ToSign, all_acts
from accounts.api.authentication import asker
from accounts.api.intents import schema_of
from accounts.api.schema import documented
from accounts.models import Challenge, Signed
from accounts.parsing import StrictSerializer, parsed
from accounts.refusal import Objection, Refused
from accounts.sessions import station_of
from accounts.signing import VALID_FOR, ask, known_act, perform
from accounts.wording import offset
from ledger.models import Entry, Site, plain
from ledger.writing import stamp

LONGEST_SECRET = 1024
Anything = dict[str, Any]  # Any: plain values of a JSON text


class ChallengeInput(StrictSerializer[Anything]):
    """Which act, about which record, with which choices."""

    act = serializers.CharField(max_length=60, help_text="the code of the act, such as person.approve")
    record = serializers.UUIDField(help_text="the id of what the act is about")
    intent = serializers.DictField(required=False, default=dict, help_text="what the act asks one to choose")


class LineOutput(serializers.Serializer[Anything]):
    """One line of what is signed."""

    label = serializers.CharField()  # type: ignore[assignment]  # the framework takes declared fields off the class
    value = serializers.CharField()
    status = serializers.CharField(allow_blank=True)


class EarlierOutput(serializers.Serializer[Anything]):
    """A signature that stands on the same version already."""

    row_id = serializers.UUIDField()
    name = serializers.CharField()
    username = serializers.CharField()
    meaning = serializers.CharField()
    signed_at = serializers.CharField()


class ToSignOutput(serializers.Serializer[Anything]):
    """What the signer reads, exactly as a page would show it."""

    title = serializers.CharField()
    identity = LineOutput(many=True)
    lines = LineOutput(many=True)
    version = serializers.CharField(allow_blank=True)
    earlier = EarlierOutput(many=True)


class MeaningOutput(serializers.Serializer[Anything]):
    """What the signature will mean."""

    code = serializers.CharField()
    text = serializers.CharField()


class ChallengeOutput(serializers.Serializer[Anything]):
    """One intention, to be signed once."""

    challenge = serializers.UUIDField()
    act = serializers.CharField()
    meaning = MeaningOutput()
    expires_at = serializers.CharField()
    to_sign = ToSignOutput()
    view_sha256 = serializers.CharField()


class ActInput(StrictSerializer[Anything]):
    """The challenge, and who signs it with what only they know."""

    challenge = serializers.UUIDField()
    username = serializers.CharField(max_length=40)
    secret = serializers.CharField(max_length=LONGEST_SECRET, trim_whitespace=False, write_only=True)
    comment = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class RecordOutput(serializers.Serializer[Anything]):
    """The signed row."""

    type = serializers.CharField()
    id = serializers.UUIDField()
    version = serializers.IntegerField()


class SignatureOutput(serializers.Serializer[Anything]):
    """The signature as a person reads it."""

    name = serializers.CharField()
    username = serializers.CharField()
    role = serializers.CharField()
    meaning = serializers.CharField()
    meaning_text = serializers.CharField()
    signed_at = serializers.CharField()
    offset = serializers.CharField()


class EntryOutput(serializers.Serializer[Anything]):
    """The entry of the ledger that witnesses the row."""

    seq = serializers.IntegerField()
    leaf = serializers.CharField()


class SignedOutput(serializers.Serializer[Anything]):
    """What was written."""

    record = RecordOutput()
    signature = SignatureOutput()
    entry = EntryOutput()
    shown_once = serializers.CharField(required=False, help_text="a secret that is never shown again")


class ActOutput(serializers.Serializer[Anything]):
    """One act, and the shape of what it asks one to choose."""

    code = serializers.CharField()
    title = serializers.CharField()
    permission = serializers.CharField()
    meaning = serializers.CharField()
    second_person = serializers.BooleanField()
    record = serializers.UUIDField(allow_null=True, help_text="the site, for an act that makes something new")
    intent = serializers.DictField()


class ChallengeView(APIView):
    """Make a challenge."""

    @documented("Ask to sign an act", sends=ChallengeInput, answers=ChallengeOutput, status=201, tag="signing")
    def post(self, request: Request) -> Response:
        data = parsed(ChallengeInput, _sent(request))
        challenge, shown = ask(data["act"], data["record"], data["intent"], by=asker(request))
        meaning, text = known_act(challenge.act).means(challenge.intent)
        answer = {
            "challenge": str(challenge.pk),
            "act": challenge.act,
            "meaning": {"code": str(meaning), "text": text},
            "expires_at": stamp(challenge.made_at + VALID_FOR),
            "to_sign": shown_to(shown),
            "view_sha256": challenge.view_sha256,
        }
        return Response(answer, status=201)


class ActsView(APIView):
    """List the acts."""

    @documented("List every act and the shape of its intent", answers=ActOutput(many=True), tag="signing")
    def get(self, request: Request) -> Response:
        site = Site.objects.values_list("pk", flat=True).first()
        return Response([_described(act, site) for act in all_acts()])


class ActView(APIView):
    """Carry an act out."""

    @documented("Sign and carry out an act", sends=ActInput, answers=SignedOutput, status=201, tag="signing")
    def post(self, request: Request, code: str) -> Response:
        data = parsed(ActInput, _sent(request))
        _refuse_other_act(data["challenge"], code)
        row = perform(
            data["challenge"],
            username=data["username"],
            secret=data["secret"],
            comment=data["comment"],
            station=station_of(request._request),
            at_hand=asker(request),
        )
        return Response(signed(row), status=201, headers={"Cache-Control": "no-store"})


def _refuse_other_act(challenge: UUID, code: str) -> None:
    """Refuse a challenge that was made for another act than the address names."""
    asked = Challenge.objects.filter(pk=challenge).values_list("act", flat=True).first()
    if asked is None or known_act(code).code != asked:
        says = _("This challenge is not known for this act. Ask for a new one.")
        raise Refused(Objection(says, code="unknown_challenge", field="challenge"), status=404)


def _sent(request: Request) -> Anything:
    """Give the object that was sent; anything else is no object with named fields."""
    if not isinstance(request.data, dict):
        raise serializers.ValidationError({"non_field_errors": [_("Send one object with named fields.")]})
    return request.data


def shown_to(shown: ToSign) -> Anything:
    """Give what a signer reads in plain values."""
    return {
        "title": shown.title,
        "identity": [asdict(line) for line in shown.identity],
        "lines": [asdict(line) for line in shown.lines],
        "version": shown.version,
        "earlier": [asdict(one) | {"row_id": str(one.row_id)} for one in shown.earlier],
    }


def signed(row: Signed) -> Anything:
    """Give a signed row, its signature and its entry in plain values."""
    entry = Entry.objects.only("seq", "leaf").filter(rec_type=row.record_type(), rec_id=row.pk).first()
    if entry is None:
        raise Http404
    answer: Anything = {
        "record": {"type": row.record_type(), "id": str(row.pk), "version": row.record_version},
        "signature": {
            "name": row.signer_name,
            "username": row.signer_username,
            "role": row.signer_role,
            "meaning": row.meaning,
            "meaning_text": row.meaning_text,
            "signed_at": plain(row.signed_at),
            "offset": offset(row.signed_at),
        },
        "entry": {"seq": entry.seq, "leaf": entry.leaf},
    }
    return answer | ({"shown_once": row.shown_once} if row.shown_once else {})


def _described(act: Act[Any], site: UUID | None) -> Anything:  # Any: acts of every kind of subject
    return {
        "code": act.code,
        "title": str(act.title),
        "permission": str(act.permission),
        "meaning": str(act.meaning),
        "second_person": act.second_person,
        "record": site if isinstance(act, AboutSite) else None,
        "intent": schema_of(act.asks()),
    }
