"""Subjects, chains of identity, parties and places through the API."""

from decimal import Decimal
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import parsed
from chain_of_custody import registering
from chain_of_custody.api import wording
from chain_of_custody.api.finding import listed, named, reader, sent
from chain_of_custody.api.shapes import (
    ChainInput,
    ChainOutput,
    PartyInput,
    PartyOutput,
    PlaceInput,
    PlaceOutput,
    SubjectInput,
    SubjectOutput,
    page_of,
)
from chain_of_custody.models import ChainOfIdentity, Party, Place, Subject


class SubjectsView(APIView):
    """Subjects under their pseudonyms."""

    @documented("List subjects", answers=page_of(SubjectOutput), tag="identity")
    def get(self, request: Request) -> Response:
        reader(request)
        return listed(Subject.objects.prefetch_related("chains"), request, self, wording.subject)

    @documented("Register a subject", sends=SubjectInput, answers=SubjectOutput, status=201, tag="identity")
    def post(self, request: Request) -> Response:
        subject = registering.register_subject(**parsed(SubjectInput, sent(request)), by=asker(request))
        return Response(wording.subject(subject), status=201)


class SubjectView(APIView):
    """One subject."""

    @documented("Read about a subject", answers=SubjectOutput, tag="identity")
    def get(self, request: Request, subject_id: UUID) -> Response:
        reader(request)
        return Response(wording.subject(get_object_or_404(Subject, pk=subject_id)))


class ChainsView(APIView):
    """Chains of identity."""

    @documented("List chains of identity", answers=page_of(ChainOutput), tag="identity")
    def get(self, request: Request) -> Response:
        reader(request)
        chains = ChainOfIdentity.objects.select_related("subject").prefetch_related("collections")
        return listed(chains, request, self, wording.chain)

    @documented("Issue a chain of identity", sends=ChainInput, answers=ChainOutput, status=201, tag="identity")
    def post(self, request: Request) -> Response:
        data = parsed(ChainInput, sent(request))
        by = asker(request)
        subject = named(Subject.objects.all(), "subject", pk=data["subject"])
        chain = registering.issue_chain(id=data["id"], subject=subject, by=by)
        return Response(wording.chain(chain), status=201)


class ChainView(APIView):
    """One chain of identity."""

    @documented("Read a chain of identity", answers=ChainOutput, tag="identity")
    def get(self, request: Request, identifier: str) -> Response:
        reader(request)
        chain = get_object_or_404(ChainOfIdentity.objects.select_related("subject"), identifier=identifier)
        return Response(wording.chain(chain))


class PartiesView(APIView):
    """Organisations that hold cells at some time."""

    @documented("List parties", answers=page_of(PartyOutput), tag="custody")
    def get(self, request: Request) -> Response:
        reader(request)
        return listed(Party.objects.all(), request, self, wording.party)

    @documented("Register a party", sends=PartyInput, answers=PartyOutput, status=201, tag="custody")
    def post(self, request: Request) -> Response:
        party = registering.register_party(**parsed(PartyInput, sent(request)), by=asker(request))
        return Response(wording.party(party), status=201)


class PlacesView(APIView):
    """Places with the temperatures they keep."""

    @documented("List places", answers=page_of(PlaceOutput), tag="custody")
    def get(self, request: Request) -> Response:
        reader(request)
        return listed(Place.objects.all(), request, self, wording.place)

    @documented("Register a place", sends=PlaceInput, answers=PlaceOutput, status=201, tag="custody")
    def post(self, request: Request) -> Response:
        data = parsed(PlaceInput, sent(request))
        by = asker(request)
        data["party"] = named(Party.objects.all(), "party", pk=data["party"])
        for limit in ("low_c", "high_c"):
            data[limit] = None if data[limit] is None else Decimal(data[limit])
        return Response(wording.place(registering.register_place(**data, by=by)), status=201)
