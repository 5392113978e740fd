"""The dose of a batch for programs: as it is calculated now, as it was determined, and what stands against it.

It is determined by the act `dose.determine` on the batch and verified by `dose.verify` on the dose.
"""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import ObjectionOutput, documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.batch_act import batch_called
from qc.dose.determining import doses_of, is_outdated, objections_to_dose, verification_of, what_is_missing
from qc.dose.inputs import Calculation, calculation_of
from qc.dose.rules import DoseVerdict, as_texts
from qc.models import BatchDose

Plain = dict[str, Any]  # Any: plain values of a JSON text


class BoundOutput(serializers.Serializer[Plain]):
    """One end of what is allowed."""

    cells = serializers.CharField()
    included = serializers.BooleanField()


class PartOutput(serializers.Serializer[Plain]):
    """One infusion: what it should hold, and the containers or the volume handed out for it."""

    number = serializers.IntegerField()
    percent = serializers.CharField()
    wanted = serializers.CharField(allow_blank=True)
    cells = serializers.CharField()
    containers = serializers.ListField(child=serializers.CharField())
    volume_ml = serializers.CharField(allow_blank=True)


class OutcomeOutput(serializers.Serializer[Plain]):
    """A dose with its verdict; numbers are texts with every digit, empty where there is none."""

    verdict = serializers.ChoiceField([each.value for each in DoseVerdict])
    why = serializers.CharField()
    least = BoundOutput(allow_null=True)
    target = serializers.CharField(allow_blank=True)
    most = BoundOutput(allow_null=True)
    cells = serializers.CharField(allow_blank=True)
    cells_per_kg = serializers.CharField(allow_blank=True)
    parts = PartOutput(many=True)


class CountOutput(serializers.Serializer[Plain]):
    """The count of the cells, by its result and reading."""

    result = serializers.UUIDField()
    reading = serializers.UUIDField()
    typed = serializers.CharField()
    unit = serializers.CharField()
    exponent = serializers.IntegerField()
    basis = serializers.CharField(allow_blank=True)


class WeightUsedOutput(serializers.Serializer[Plain]):
    """The verified weight."""

    id = serializers.UUIDField()
    kilograms = serializers.CharField()


class FilledOutput(serializers.Serializer[Plain]):
    """A final container as it was filled."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    volume_ml = serializers.CharField(allow_null=True)
    is_there = serializers.BooleanField()


class InputsOutput(serializers.Serializer[Plain]):
    """What a dose is calculated from, by the ids of its records."""

    count = CountOutput(allow_null=True)
    weight = WeightUsedOutput(allow_null=True)
    containers = FilledOutput(many=True)


class DeterminedOutput(serializers.Serializer[Plain]):
    """A version of the dose as it was signed."""

    id = serializers.UUIDField()
    version = serializers.IntegerField()
    reported = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    determined_by = serializers.CharField()
    determined_at = serializers.DateTimeField()
    verified_by = serializers.CharField(allow_null=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    outdated = serializers.BooleanField()
    inputs = InputsOutput()
    outcome = OutcomeOutput()


class DoseOfBatchOutput(serializers.Serializer[Plain]):
    """The dose of a batch; `asked` is false where its product asks for none, and the rest is empty then."""

    asked = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    objections = ObjectionOutput(many=True)
    inputs = InputsOutput(allow_null=True)
    calculated = OutcomeOutput(allow_null=True)
    versions = DeterminedOutput(many=True)


class DoseView(APIView):
    """The dose of a batch."""

    @documented(
        "Read the dose of a batch: as calculated now, as determined, and what is missing",
        answers=DoseOfBatchOutput,
        tag="release",
    )
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        batch = batch_called(number)
        now = calculation_of(batch)
        answer: Plain = {
            "asked": now is not None,
            "missing": what_is_missing(now) if now else [],
            "objections": objections_to_dose(batch),
            "inputs": now.inputs if now else None,
            "calculated": _outcome(as_texts(now.dose)) if now else None,
            "versions": [_determined(dose, now) for dose in doses_of(batch)],
        }
        return Response(DoseOfBatchOutput(answer).data)


def _outcome(texts: Plain) -> Plain:
    return texts | {"least": texts["least"] or None, "most": texts["most"] or None}


def _determined(dose: BatchDose, now: Calculation | None) -> Plain:
    verified = verification_of(dose)
    return {
        "id": dose.pk,
        "version": dose.version,
        "reported": dose.reported,
        "reason": dose.reason,
        "determined_by": dose.signer_name,
        "determined_at": dose.signed_at,
        "verified_by": verified.signer_name if verified else None,
        "verified_at": verified.signed_at if verified else None,
        "outdated": now is None or is_outdated(dose, now),
        "inputs": dose.inputs,
        "outcome": _outcome(dose.outcome),
    }
