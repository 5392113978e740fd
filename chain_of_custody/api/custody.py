"""Collections, containers, custody records, identity checks and placements through the API.

Collections, hand-overs and their checks are signed acts: they go through challenges and acts like any other.
"""

from decimal import Decimal
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import parsed
from accounts.refusal import BadInput, Objection
from chain_of_custody.api import wording
from chain_of_custody.api.finding import listed, named, reader, sent
from chain_of_custody.api.shapes import (
    CollectionOutput,
    ContainerOutput,
    CustodyOutput,
    IdentityCheckInput,
    IdentityCheckOutput,
    LinkOutput,
    PlacementInput,
    PlacementOutput,
    page_of,
)
from chain_of_custody.following import custody_record
from chain_of_custody.identity import check_identity
from chain_of_custody.models import ChainOfIdentity, Collection, Container, IdentityCheck, Place
from chain_of_custody.placing import place_containers
from chain_of_custody.temperature.stays import known_of

CONTAINERS = Container.objects.select_related(
    "coi", "assignment", "state__holder_party", "state__holder_person", "state__place", "fate"
)


class CollectionsView(APIView):
    """Donations; one is registered by the act `collection.register`."""

    @documented("List collections", answers=page_of(CollectionOutput), tag="custody")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = Collection.objects.select_related("coi", "verification").prefetch_related("containers")
        if chain := request.query_params.get("chain"):
            rows = rows.filter(coi__identifier=chain)
        return listed(rows, request, self, wording.collection)


class CollectionView(APIView):
    """One donation."""

    @documented("Read a collection", answers=CollectionOutput, tag="custody")
    def get(self, request: Request, collection_id: UUID) -> Response:
        reader(request)
        rows = Collection.objects.select_related("coi", "verification")
        return Response(wording.collection(get_object_or_404(rows, pk=collection_id)))


class ContainersView(APIView):
    """Containers, of a chain of identity or of a batch where one is named."""

    @documented("List containers", answers=page_of(ContainerOutput), tag="custody")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = CONTAINERS.all()
        if chain := request.query_params.get("chain"):
            rows = rows.filter(coi__identifier=chain)
        if batch := request.query_params.get("batch"):
            rows = rows.filter(assignment__batch_number=batch)
        return listed(rows, request, self, wording.container)


class ContainerView(APIView):
    """One container."""

    @documented("Read a container", answers=ContainerOutput, tag="custody")
    def get(self, request: Request, code: str) -> Response:
        reader(request)
        return Response(wording.container(get_object_or_404(CONTAINERS, code=code)))


class CustodyView(APIView):
    """The custody record of a chain of identity, or of one of its batches."""

    @documented("Read a custody record", answers=CustodyOutput, tag="custody")
    def get(self, request: Request, identifier: str) -> Response:
        reader(request)
        coi = get_object_or_404(ChainOfIdentity, identifier=identifier)
        record = custody_record(coi, batch_number=request.query_params.get("batch", ""))
        return Response(wording.custody(record))


class HandOversView(APIView):
    """The hand-overs of a chain of identity, as they happened; each is made by signed acts."""

    @documented("List hand-overs", answers=LinkOutput(many=True), tag="custody")
    def get(self, request: Request, identifier: str) -> Response:
        reader(request)
        coi = get_object_or_404(ChainOfIdentity, identifier=identifier)
        known = known_of(coi)
        return Response([wording.link(link, known) for link in custody_record(coi).links])


class IdentityChecksView(APIView):
    """Labels that were read; whatever was read is written."""

    @documented("List identity checks", answers=page_of(IdentityCheckOutput), tag="identity")
    def get(self, request: Request) -> Response:
        reader(request)
        rows = IdentityCheck.objects.select_related("container")
        if batch := request.query_params.get("batch"):
            rows = rows.filter(batch_number=batch)
        return listed(rows, request, self, wording.identity_check)

    @documented("Check a label", sends=IdentityCheckInput, answers=IdentityCheckOutput, status=201, tag="identity")
    def post(self, request: Request) -> Response:
        data = parsed(IdentityCheckInput, sent(request))
        by = reader(request)
        coi = named(ChainOfIdentity.objects.all(), "chain", identifier=data.pop("chain"))
        return Response(wording.identity_check(check_identity(**data, coi=coi, by=by)), status=201)


class PlacementsView(APIView):
    """Where holders put containers."""

    @documented("Place containers", sends=PlacementInput, answers=PlacementOutput, status=201, tag="custody")
    def post(self, request: Request) -> Response:
        data = parsed(PlacementInput, sent(request))
        by = asker(request)
        coi = named(ChainOfIdentity.objects.all(), "chain", identifier=data["chain"])
        codes = data["containers"]
        containers = list(Container.objects.filter(coi=coi, code__in=codes).order_by("code"))
        if unknown := sorted(set(codes) - {one.code for one in containers}):
            says = _("Not known in this chain of identity: %(codes)s.") % {"codes": ", ".join(unknown)}
            raise BadInput(Objection(says, code="unknown", field="containers"))
        row = place_containers(
            id=data["id"],
            coi=coi,
            containers=containers,
            place=named(Place.objects.select_related("party"), "place", code=data["place"].upper()),
            position=data["position"],
            temperature_c=None if data["temperature_c"] is None else Decimal(data["temperature_c"]),
            happened_at=data["happened_at"],
            by=by,
        )
        return Response(wording.placement(row), status=201)
