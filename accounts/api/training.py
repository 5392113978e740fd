"""The training matrix as programs read it."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.people_reading import reads_people
from accounts.refusal import NotAllowed, Objection
from accounts.training_matrix import Standing, matrix

Plain = dict[str, Any]  # Any: plain values of a JSON text


class TrainingCellOutput(serializers.Serializer[Plain]):
    """How one person stands to one procedure."""

    username = serializers.CharField()
    procedure = serializers.CharField()
    version = serializers.CharField()
    is_in_use = serializers.BooleanField()
    standing = serializers.ChoiceField([str(one) for one in Standing])
    until = serializers.DateField(allow_null=True)


class TrainingView(APIView):
    """People by procedure and version."""

    @documented("Read the training matrix", answers=TrainingCellOutput(many=True), tag="people")
    def get(self, request: Request) -> Response:
        if not reads_people(asker(request)):
            says = _("Your roles do not allow you to read about people.")
            raise NotAllowed(Objection(says, code="lacks_permission"))
        found = matrix()
        return Response(
            [
                {
                    "username": row.person.username,
                    "procedure": procedure[0],
                    "version": procedure[1],
                    "is_in_use": procedure in found.wanted,
                    "standing": str(cell.standing),
                    "until": cell.until.isoformat() if cell.until else None,
                }
                for row in found.rows
                for procedure, cell in zip(found.procedures, row.cells, strict=True)
            ]
        )
