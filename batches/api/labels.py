"""Labels through the API: print, read, apply. `label.destroy` and `label.reconcile` are signed."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.parsing import MomentField, StrictSerializer, TextField, YesNoField, parsed
from batches.api.shapes import Plain
from batches.api.views import reader
from batches.identity import batch_numbered
from batches.label_prints import PrintRecord, prints_of, record_of_print
from batches.labelling import MOST_LABELS, MOST_SPECIMENS, apply_label, print_labels
from batches.models import LabelPrint, LabelSpecimen
from batches.views.labels import specimen_bytes
from chain_of_custody.models import Container
from chain_of_custody.shapes import ScanField


class PrintInput(StrictSerializer[Plain]):
    """Which labels to print: containers by code, by kind, or both. A print again needs its reason."""

    id = serializers.UUIDField()
    containers = serializers.ListField(
        child=TextField(max_length=30), max_length=MOST_LABELS, required=False, default=list
    )
    kinds = serializers.ListField(
        child=serializers.ChoiceField(Container.Kind.choices), max_length=9, required=False, default=list
    )
    purpose = serializers.ChoiceField(LabelPrint.Purpose.choices, required=False, default=LabelPrint.Purpose.FIRST)
    reason = TextField(max_length=1000, required=False, default="")
    specimens = serializers.IntegerField(min_value=0, max_value=MOST_SPECIMENS, required=False, default=0)


class ApplyInput(StrictSerializer[Plain]):
    """The code on the label and that of the container, as read."""

    id = serializers.UUIDField()
    label_code = ScanField()
    container_code = ScanField()
    was_typed = YesNoField(required=False, default=False)
    performed_at = MomentField(required=False, default=None)


class LabelOutput(serializers.Serializer[Any]):  # Any: an output of plain values, here and below
    """One label: what stands on it and what became of it."""

    serial = serializers.CharField()
    container = serializers.CharField()
    code = serializers.CharField(help_text="what its two-dimensional code holds")
    statements = serializers.ListField(child=serializers.CharField())
    standing = serializers.ChoiceField(["applied", "destroyed", "not_used"])


class PrintOutput(serializers.Serializer[Any]):
    """A print of labels. `specimen` tells whether its rendering is there yet; `reconciled` is null until counted."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    purpose = serializers.ChoiceField(LabelPrint.Purpose.choices)
    reason = serializers.CharField()
    donor_status = serializers.CharField()
    labels = LabelOutput(many=True)
    specimen = serializers.BooleanField()
    reconciled = serializers.DictField(allow_null=True)


class AppliedOutput(serializers.Serializer[Any]):
    """A label that was read onto a container; where it does not fit, what to do."""

    id = serializers.UUIDField(allow_null=True)
    fits = serializers.BooleanField()
    says = serializers.CharField()
    departure = serializers.UUIDField(allow_null=True)


class LabelsView(APIView):
    """The prints of labels of a batch."""

    @documented("List the labels of a batch", answers=PrintOutput(many=True), tag="labels")
    def get(self, request: Request, number: str) -> Response:
        reader(request)
        return Response([_print(one) for one in prints_of(batch_numbered(number))])

    @documented("Print labels", sends=PrintInput, answers=PrintOutput, status=201, tag="labels")
    def post(self, request: Request, number: str) -> Response:
        data = parsed(PrintInput, request.data)
        row = print_labels(batch=batch_numbered(number), by=asker(request), **data)
        return Response(_print(record_of_print(row)), status=201)


class AppliedView(APIView):
    """Labels that were put on containers."""

    @documented("Record that a label was applied", sends=ApplyInput, answers=AppliedOutput, status=201, tag="labels")
    def post(self, request: Request, number: str) -> Response:
        data = parsed(ApplyInput, request.data)
        applied = apply_label(
            batch=batch_numbered(number),
            label=data["label_code"],
            container=data["container_code"],
            by=asker(request),
            id=data["id"],
            typed=data["was_typed"],
            performed_at=data["performed_at"],
        )
        return Response(
            {
                "id": str(applied.row.pk) if applied.row else None,
                "fits": applied.fits,
                "says": applied.says,
                "departure": str(applied.departure.pk) if applied.departure else None,
            },
            status=201,
        )


class SpecimenView(APIView):
    """The labels of a print as they were rendered."""

    @documented("Download the specimen of a print, as PDF", answers=None, tag="labels")
    def get(self, request: Request, number: str, print_id: UUID) -> HttpResponse:
        person = reader(request)
        row = LabelSpecimen.objects.select_related("file", "print").filter(print=print_id, batch__number=number).first()
        if row is None:
            raise Http404
        answer = HttpResponse(specimen_bytes(row, by=person), content_type="application/pdf")
        answer["Content-Disposition"] = f'attachment; filename="{row.file.original_name}"'
        return answer


def _print(printed: PrintRecord) -> Plain:
    counted = printed.reconciled
    return {
        "id": str(printed.row.pk),
        "number": printed.row.number,
        "purpose": printed.row.purpose,
        "reason": printed.row.reason,
        "donor_status": printed.row.donor_status,
        "labels": [
            {
                "serial": label.serial,
                "container": label.container,
                "code": label.code,
                "statements": [*label.bands, *label.statements, *label.donor],
                "standing": _standing(printed, label.serial),
            }
            for label in printed.labels
        ],
        "specimen": printed.specimen is not None,
        "reconciled": None
        if counted is None
        else {
            "printed": counted.printed,
            "applied": counted.applied,
            "destroyed": counted.destroyed,
            "kept": counted.kept,
            "by": counted.signer_name,
        },
    }


def _standing(printed: PrintRecord, serial: str) -> str:
    if serial in printed.destroyed_serials:
        return "destroyed"
    return "applied" if serial in printed.applied_serials else "not_used"
