"""Certificates of contract laboratories for programs; what one person typed is hidden until another typed it too."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.models import Person
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.batch_act import batch_called
from qc.contract_laboratory.certificates import certificates_of, comparison_of, first_statement, is_settled
from qc.models import ContractCertificate

Plain = dict[str, Any]  # Any: plain values of a JSON text


class ContractCertificateOutput(serializers.Serializer[Plain]):
    """A certificate; its id is the record that the act contract_certificate.compare takes."""

    id = serializers.UUIDField()
    laboratory = serializers.CharField()
    line = serializers.CharField()
    run = serializers.IntegerField()
    evidence = serializers.UUIDField()
    is_settled = serializers.BooleanField()
    supersedes = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    custody = serializers.CharField(allow_blank=True)
    entered_by = serializers.CharField()
    compared_by = serializers.CharField(allow_blank=True)
    stated = serializers.DictField(allow_null=True, help_text="null until a second person typed it too")
    reported_on = serializers.DateField(allow_null=True)
    verdict_printed = serializers.CharField(allow_null=True, help_text="the laboratory's own; it decides nothing")
    differences = serializers.ListField(child=serializers.DictField())
    readings = serializers.ListField(child=serializers.UUIDField())


class ContractCertificatesView(APIView):
    """The certificates of contract laboratories for the tests of a batch."""

    @documented(
        "List the certificates of contract laboratories of a batch",
        answers=ContractCertificateOutput(many=True),
        tag="laboratory",
    )
    def get(self, request: Request, number: str) -> Response:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_READ))
        rows = certificates_of(batch_called(number))
        return Response([ContractCertificateOutput(_told(row, by=by)).data for row in rows])


def _told(row: ContractCertificate, *, by: Person) -> Plain:
    compared = comparison_of(row)
    sees = compared is not None or hasattr(row, "superseded_by") or row.signer_id == by.pk
    return {
        "id": row.pk,
        "laboratory": row.laboratory.name,
        "line": row.line,
        "run": row.run,
        "evidence": row.evidence_id,
        "is_settled": is_settled(row),
        "supersedes": row.supersedes_id,
        "reason": row.reason,
        "custody": row.custody,
        "entered_by": row.signer_username,
        "compared_by": compared.signer_username if compared else "",
        "stated": first_statement(row) if sees else None,
        "reported_on": row.reported_on if sees else None,
        "verdict_printed": row.verdict_printed if sees else None,
        "differences": compared.differences if compared else [],
        "readings": compared.readings if compared else [],
    }
