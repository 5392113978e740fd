"""What follows a batch that is not certified, for programs: the physician's answer, and a supply item by item."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import ObjectionOutput, documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.api.shapes import SaidOutput
from qc.batch_act import batch_called
from qc.models import ExceptionalSupply, SupplyNaming
from qc.supply.deciding import objections_to_supply
from qc.supply.items import items_of
from qc.supply.labelling import without_legend
from qc.supply.lines import stated
from qc.supply.standing import named_containers
from qc.supply.supply_read import SupplyRead

Plain = dict[str, Any]  # Any: plain values of a JSON text


class PhysicianAnswerOutput(SaidOutput):
    """What the physician wants; its id is the record that the act physician_answer.check takes."""

    answer = serializers.CharField()
    registration = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    alternatives = serializers.CharField(allow_blank=True)
    consequence = serializers.CharField(allow_blank=True)
    checked_by = serializers.CharField(source="check_of_it.signer_username", allow_null=True, default=None)


class SupplyStatementOutput(SaidOutput):
    """A statement for a supply; its id is the record that the act supply.check_statement takes."""

    kind = serializers.CharField()
    reference = serializers.CharField(allow_blank=True)
    checked_by = serializers.CharField(source="check_of_it.signer_username", allow_null=True, default=None)


class ShownLineOutput(serializers.Serializer[Plain]):
    """A line that does not conform, as it is shown to the physician."""

    line = serializers.CharField()
    title = serializers.CharField()
    criterion = serializers.CharField()
    result = serializers.CharField()
    standing = serializers.CharField()
    is_failing = serializers.BooleanField()


class SupplyItemOutput(serializers.Serializer[Plain]):
    """One thing that a supply needs: whose turn it is, and what is missing."""

    code = serializers.CharField()
    title = serializers.CharField()
    owner = serializers.CharField()
    is_there = serializers.BooleanField()
    waits = serializers.CharField(allow_blank=True)


class NamingOutput(serializers.Serializer[Plain]):
    """Which containers are to go to whom, and who may carry them."""

    containers = serializers.ListField(child=serializers.CharField())
    recipient = serializers.CharField()
    carrier = serializers.CharField(allow_null=True)


class ExceptionalSupplyOutput(serializers.Serializer[ExceptionalSupply]):
    """A decision to supply; its id is the record that the act supply.revoke takes."""

    id = serializers.UUIDField(source="pk")
    number = serializers.CharField()
    decided_by = serializers.CharField(source="signer_username")
    decided_at = serializers.DateTimeField(source="signed_at")
    statement = serializers.CharField()
    lines = ShownLineOutput(many=True)
    revoked_by = serializers.CharField(source="revoked.signer_username", allow_null=True, default=None)
    revoked_because = serializers.CharField(source="revoked.reason", allow_null=True, default=None)


class SupplyOutput(serializers.Serializer[Plain]):
    """Everything about a supply out of specification; empty where the batch was not refused."""

    is_asked = serializers.BooleanField()
    answer = PhysicianAnswerOutput(allow_null=True)
    lines = ShownLineOutput(many=True)
    items = SupplyItemOutput(many=True)
    statements = SupplyStatementOutput(many=True)
    naming = NamingOutput(allow_null=True)
    decision = ExceptionalSupplyOutput(allow_null=True)
    without_legend = serializers.ListField(
        child=serializers.CharField(), help_text="named containers that are here and carry no label with the legend"
    )
    objections = ObjectionOutput(many=True)


class SupplyView(APIView):
    """What follows a batch that is not certified."""

    @documented(
        "Read what the physician wants of a batch that is not certified, and what a supply of it still needs",
        answers=SupplyOutput,
        tag="release",
    )
    def get(self, request: Request, number: str) -> Response:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_READ))
        batch = batch_called(number)
        read = SupplyRead(batch)
        standing = read.standing
        lines = read.lines if standing.refusal is not None else ()
        answer = {
            "is_asked": standing.refusal is not None,
            "answer": standing.answer,
            "lines": stated(lines),
            "items": items_of(batch, standing, lines) if standing.is_asked_for else [],
            "statements": list(standing.statements.values()),
            "naming": _naming(standing.naming) if standing.naming else None,
            "decision": standing.newest,
            "without_legend": [one.code for one in without_legend(standing.supply)] if standing.supply else [],
            "objections": objections_to_supply(batch, by, read),
        }
        return Response(SupplyOutput(answer).data)


def _naming(naming: SupplyNaming) -> Plain:
    return {
        "containers": [one.code for one in named_containers(naming)],
        "recipient": naming.recipient.name,
        "carrier": naming.carrier.name if naming.carrier else None,
    }
