"""Accounts over time, who signs, and the reviews of access, as programs read them."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import listing, stated
from accounts.access_asked import Asked, asked, next_review_due, reviews
from accounts.access_rows import Row, row_called, rows_of, signers
from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.models import AccessReview
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission, Role
from ledger.models import plain

Plain = dict[str, Any]  # Any: plain values of a JSON text


class EventOutput(serializers.Serializer[Plain]):
    """One thing that happened to an account."""

    entry = serializers.IntegerField()
    at = serializers.CharField()
    what = serializers.CharField()
    by = serializers.CharField(allow_blank=True)
    approved_by = serializers.CharField(allow_blank=True)
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices), allow_null=True)
    says = serializers.CharField(allow_blank=True)
    key_id = serializers.CharField(allow_blank=True)


class TokenOutput(serializers.Serializer[Plain]):
    """A token of an account; its last use is right to five minutes."""

    program = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    issued_at = serializers.CharField()
    expires_at = serializers.CharField()
    revoked_at = serializers.CharField(allow_blank=True)
    last_used_at = serializers.CharField(allow_blank=True)


class AccountOutput(serializers.Serializer[Plain]):
    """One account: what the ledger says of it, and when it was last used."""

    username = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    standing = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices))
    key_id = serializers.CharField(allow_blank=True)
    history = EventOutput(many=True)
    pointed_out = serializers.ListField(child=serializers.CharField())
    last_signed_in_at = serializers.CharField(allow_blank=True)
    last_signed_at = serializers.CharField(allow_blank=True)
    is_unused = serializers.BooleanField()
    tokens = TokenOutput(many=True)
    trainings = serializers.DictField(child=serializers.IntegerField())


class AccountsOutput(serializers.Serializer[Plain]):
    """Every account up to an entry, with the digest that a review of this list signs."""

    as_of = serializers.IntegerField()
    sha256 = serializers.CharField()
    accounts = AccountOutput(many=True)


class SignerOutput(serializers.Serializer[Plain]):
    """Somebody who signs or signed under a key."""

    name = serializers.CharField()
    username = serializers.CharField()
    key_id = serializers.CharField()
    since = serializers.CharField()
    until = serializers.CharField(allow_blank=True)
    bound_at = serializers.CharField(allow_blank=True)
    may_sign = serializers.BooleanField()


class AskedOutput(serializers.Serializer[Plain]):
    """What a review decided about one account."""

    username = serializers.CharField()
    decision = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices))
    reason = serializers.CharField()
    is_open = serializers.BooleanField()
    done_at_entry = serializers.IntegerField(allow_null=True)


class AccessReviewOutput(serializers.Serializer[Plain]):
    """One review of access."""

    id = serializers.UUIDField()
    as_of = serializers.IntegerField()
    list_sha256 = serializers.CharField()
    counts = serializers.DictField(child=serializers.IntegerField())
    found = serializers.CharField()
    signer = serializers.CharField()
    signed_at = serializers.CharField()
    decisions = AskedOutput(many=True)


class AccessReviewsOutput(serializers.Serializer[Plain]):
    """The reviews, the newest first, and when the next is due."""

    due_at = serializers.CharField()
    reviews = AccessReviewOutput(many=True)


class AccountsView(APIView):
    """Every account that ever was."""

    @documented("List every account with its history", answers=AccountsOutput, tag="access")
    def get(self, request: Request) -> Response:
        _reader(request)
        found = listing()
        accounts = [_account(row) for row in rows_of(found)]
        return Response({"as_of": found.as_of, "sha256": found.sha256(), "accounts": accounts})


class AccountView(APIView):
    """One account."""

    @documented("Read the history of an account", answers=AccountOutput, tag="access")
    def get(self, request: Request, username: str) -> Response:
        _reader(request)
        return Response(_account(row_called(username)))


class SignersView(APIView):
    """Who may sign, since when, under which key."""

    @documented("List who signs under which key", answers=SignerOutput(many=True), tag="access")
    def get(self, request: Request) -> Response:
        _reader(request)
        return Response(
            [
                {
                    "name": one.name,
                    "username": one.username,
                    "key_id": one.key_id,
                    "since": plain(one.since),
                    "until": plain(one.until) if one.until else "",
                    "bound_at": plain(one.bound_at) if one.bound_at else "",
                    "may_sign": one.may_sign,
                }
                for one in signers(listing())
            ]
        )


class AccessReviewsView(APIView):
    """The reviews of access."""

    @documented("List reviews of access", answers=AccessReviewsOutput, tag="access")
    def get(self, request: Request) -> Response:
        _reader(request)
        done = reviews()
        found = asked(listing(), done)
        return Response({"due_at": plain(next_review_due()), "reviews": [_review(one, found) for one in done]})


class AccessReviewView(APIView):
    """One review of access."""

    @documented("Read a review of access", answers=AccessReviewOutput, tag="access")
    def get(self, request: Request, review_id: UUID) -> Response:
        _reader(request)
        return Response(_review(get_object_or_404(AccessReview, pk=review_id), asked(listing())))


def _reader(request: Request) -> None:
    refuse_if(lacks(asker(request), Permission.SECURITY_READ))


def _account(row: Row) -> Plain:
    use = row.use
    return {
        **stated(row.account),
        "pointed_out": list(row.account.pointed_out),
        "last_signed_in_at": plain(use.signed_in_at) if use.signed_in_at else "",
        "last_signed_at": plain(use.signed_at) if use.signed_at else "",
        "is_unused": row.is_unused,
        "tokens": [
            {
                "program": token.label,
                "scopes": list(token.scopes),
                "issued_at": plain(token.issued_at),
                "expires_at": plain(token.expires_at),
                "revoked_at": plain(token.revoked_at) if token.revoked_at else "",
                "last_used_at": plain(token.last_at) if token.last_at else "",
            }
            for token in row.tokens
        ],
        "trainings": {str(standing): number for standing, number in sorted(row.training.items())},
    }


def _review(review: AccessReview, found: list[Asked]) -> Plain:
    return {
        "id": str(review.pk),
        "as_of": review.as_of_seq,
        "list_sha256": review.list_sha256,
        "counts": review.counts,
        "found": review.found,
        "signer": review.signer_username,
        "signed_at": plain(review.signed_at),
        "decisions": [
            {
                "username": one.account.person.username,
                "decision": str(one.decision),
                "roles": list(one.roles),
                "reason": one.reason,
                "is_open": one.is_open,
                "done_at_entry": one.done_by.seq if one.done_by else None,
            }
            for one in found
            if one.review == review
        ],
    }
