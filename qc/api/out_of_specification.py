"""Records out of specification and actions, for programs; each act is carried out as every act is."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.batch_act import batch_with
from qc.laboratory.runs import closure_of
from qc.laboratory.testing import known_line
from qc.models import Capa, OutOfSpecification
from qc.out_of_specification.concluding import batches_that_share
from qc.out_of_specification.correcting_actions import actions, checked_of, done_of, is_overdue
from qc.out_of_specification.investigating import approved_plan_of, investigation_of
from qc.out_of_specification.next_steps import next_step
from qc.out_of_specification.records import record_called

Plain = dict[str, Any]  # Any: plain values of a JSON text


class RecordOutput(serializers.Serializer[OutOfSpecification]):
    """A record out of specification; its id is the record that the acts `oos.…` take."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    batch = serializers.CharField(source="batch.number")
    line = serializers.CharField()
    result = serializers.UUIDField(source="result_id")
    says = serializers.CharField()
    opened_at = serializers.DateTimeField(source="recorded_at")
    outcome = serializers.SerializerMethodField()
    reportable = serializers.SerializerMethodField()

    def get_outcome(self, row: OutOfSpecification) -> str:
        """Give the outcome; empty while the record is open."""
        closed = closure_of(row)
        return closed.outcome if closed else ""

    def get_reportable(self, row: OutOfSpecification) -> str | None:
        """Give the id of the result that its closure let count."""
        closed = closure_of(row)
        return str(closed.reportable_id) if closed else None


class RecordsOutput(serializers.Serializer[Plain]):
    """One page of records."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = RecordOutput(many=True)


class NextOutput(serializers.Serializer[Plain]):
    """The act that waits, and who does it."""

    says = serializers.CharField()
    who = serializers.CharField()


class WholeRecordOutput(serializers.Serializer[Plain]):
    """A record with its investigation, its plan, what shares with its batch, and what comes next."""

    record = RecordOutput()
    checklist = serializers.ListField(child=serializers.DictField())
    has_cause = serializers.BooleanField(allow_null=True)
    evidence = serializers.UUIDField(allow_null=True)
    retests_planned = serializers.IntegerField()
    retests = serializers.ListField(child=serializers.UUIDField())
    batches_that_share = serializers.ListField(child=serializers.CharField())
    concerned = serializers.ListField(child=serializers.CharField())
    root_cause = serializers.CharField(allow_blank=True)
    conclusion = serializers.CharField(allow_blank=True)
    next = NextOutput(allow_null=True)


class RecordsView(APIView):
    """Every record out of specification."""

    @documented("List the records out of specification, the newest first", answers=RecordsOutput, tag="release")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        pages = Pages.by("-recorded_at", "pk")()
        rows = OutOfSpecification.objects.select_related("batch", "closed")
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response([RecordOutput(row).data for row in page or []])


class RecordView(APIView):
    """One record."""

    @documented("Read a record out of specification", answers=WholeRecordOutput, tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        row = record_called(number)
        row.batch = batch_with(row.batch_id)
        found = known_line(row.batch, row.line)
        investigation, plan, closed = investigation_of(row), approved_plan_of(row), closure_of(row)
        answer = {
            "record": row,
            "checklist": investigation.checklist if investigation else [],
            "has_cause": investigation.has_cause if investigation else None,
            "evidence": investigation.evidence_id if investigation else None,
            "retests_planned": plan.retests if plan else 0,
            "retests": [one.pk for one in found.runs.retests_of(row)],
            "batches_that_share": [one.batch for one in batches_that_share(row.batch)],
            "concerned": closed.concerned if closed else [],
            "root_cause": closed.root_cause if closed else "",
            "conclusion": closed.conclusion if closed else "",
            "next": next_step(row, found),
        }
        return Response(WholeRecordOutput(answer).data)


class CapaOutput(serializers.Serializer[Capa]):
    """An action that corrects or prevents; its id is the record that the acts `capa.…` take."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    out_of = serializers.CharField(source="source")
    batch = serializers.CharField(source="batch.number")
    action = serializers.CharField()
    owner = serializers.CharField(source="owner.username")
    due_date = serializers.DateField()
    is_overdue = serializers.SerializerMethodField()
    is_done = serializers.SerializerMethodField()
    is_effective = serializers.SerializerMethodField()

    def get_is_overdue(self, row: Capa) -> bool:
        """Tell whether it was not done by its day."""
        return is_overdue(row)

    def get_is_done(self, row: Capa) -> bool:
        """Tell whether its owner said that it is done."""
        return done_of(row) is not None

    def get_is_effective(self, row: Capa) -> bool | None:
        """Tell what the check of its effect found; nothing before it."""
        checked = checked_of(row)
        return checked.is_effective if checked else None


class CapasOutput(serializers.Serializer[Plain]):
    """One page of actions."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CapaOutput(many=True)


class CapasView(APIView):
    """Every action that corrects or prevents."""

    @documented("List the actions that correct or prevent, by the day they are due", answers=CapasOutput, tag="release")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        pages = Pages.by("due_date", "pk")()
        page = pages.paginate_queryset(actions().order_by(), request, view=self)
        return pages.get_paginated_response([CapaOutput(row).data for row in page or []])
