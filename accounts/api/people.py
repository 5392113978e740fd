"""People and roles as programs read them."""

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.key_life import rotate_key
from accounts.models import Person
from accounts.parsing import StrictSerializer, parsed
from accounts.people_reading import people_for, person_for
from accounts.roles import TABLE, Role
from accounts.sessions import station_of
from ledger.models import plain

LONGEST_SECRET = 1024
Plain = dict[str, Any]  # Any: plain values of a JSON text


class PersonOutput(serializers.Serializer[Plain]):
    """Somebody with an account."""

    id = serializers.UUIDField()
    username = serializers.CharField()
    name = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices))
    active = serializers.BooleanField()
    key_id = serializers.CharField(allow_blank=True)
    founder = serializers.BooleanField()


class PeopleOutput(serializers.Serializer[Plain]):
    """One page of people."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PersonOutput(many=True)


class OwnAccountOutput(PersonOutput):
    """One's own account."""

    permissions = serializers.ListField(child=serializers.CharField())
    policy_version = serializers.IntegerField()


class RoleOutput(serializers.Serializer[Plain]):
    """A role and what it allows."""

    code = serializers.CharField()
    title = serializers.CharField()
    permissions = serializers.ListField(child=serializers.CharField())


class PeopleView(APIView):
    """Everybody about whom the asker may read."""

    @documented("List people", answers=PeopleOutput, tag="people")
    def get(self, request: Request) -> Response:
        pages = Pages.by("username")()
        page = pages.paginate_queryset(people_for(asker(request)), request, view=self)
        return pages.get_paginated_response([_person(one) for one in page or []])


class PersonView(APIView):
    """One person."""

    @documented("Read about a person", answers=PersonOutput, tag="people")
    def get(self, request: Request, person_id: UUID) -> Response:
        return Response(_person(person_for(asker(request), person_id)))


class OwnAccountView(APIView):
    """The asker."""

    @documented("Read one's own account", answers=OwnAccountOutput, tag="people")
    def get(self, request: Request) -> Response:
        person = asker(request)
        own = {"permissions": sorted(person.permissions), "policy_version": person.state.policy_version}
        return Response(_person(person) | own)


class RotationInput(StrictSerializer[Plain]):
    """The asker's present password; what it unlocks is replaced."""

    present_secret = serializers.CharField(max_length=LONGEST_SECRET, trim_whitespace=False, write_only=True)


class RotationOutput(serializers.Serializer[Plain]):
    """The new key. Every session and token of its owner has ended."""

    key_id = serializers.CharField()
    public_key = serializers.CharField()
    enrolled_at = serializers.CharField()


class OwnKeyView(APIView):
    """The asker's own key."""

    @documented("Replace one's own key", sends=RotationInput, answers=RotationOutput, status=201, tag="people")
    def post(self, request: Request) -> Response:
        secret = parsed(RotationInput, request.data)["present_secret"]
        row = rotate_key(asker(request), secret=secret, station=station_of(request._request))
        answer = {"key_id": row.key_id, "public_key": row.public_key, "enrolled_at": plain(row.signed_at)}
        return Response(answer, status=201, headers={"Cache-Control": "no-store"})


class RolesView(APIView):
    """The table of roles."""

    @documented("Read the table of roles", answers=RoleOutput(many=True), tag="people")
    def get(self, request: Request) -> Response:
        rows = [
            {"code": str(role), "title": str(role.label), "permissions": sorted(map(str, TABLE[role]))} for role in Role
        ]
        return Response(rows)


def _person(person: Person) -> Plain:
    return {
        "id": str(person.pk),
        "username": person.username,
        "name": person.name,
        "title": person.title,
        "roles": person.state.roles,
        "active": person.state.active,
        "key_id": person.state.key_id,
        "founder": person.founder,
    }
