"""Bags after release, reports from the bedside, the follow-up and complaints, for programs.

Each act is carried out as every act is: `infusion.report`, `infusion.confirm`, `infusion.check`, `return.record`,
`return.decide`, `follow_up.record`, `follow_up.check`, `complaint.record`, `complaint.close`.
"""

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
from qc.after_release.bags import BagAfterwards, bags_afterwards, sum_of
from qc.after_release.complaining import codes_of, complaint_called, complaints
from qc.after_release.fractions import fractions_of, next_fraction_words
from qc.after_release.schedule import Due, Item, infused_at, schedule_of
from qc.after_release.standing import is_set_aside, reports_of
from qc.api.shapes import SaidOutput
from qc.batch_act import batch_called
from qc.models import BagReturned, Complaint, InfusionReport

Plain = dict[str, Any]  # Any: plain values of a JSON text


class ReturnOutput(serializers.Serializer[BagReturned]):
    """A way back of a bag; its id is the record that the act return.decide takes."""

    id = serializers.UUIDField(source="pk")
    reason = serializers.CharField()
    condition = serializers.CharField()
    logger = serializers.CharField()
    recorded_by = serializers.CharField(source="signer_username")
    decision = serializers.CharField(source="decided.decision", allow_null=True, default=None)
    decided_because = serializers.CharField(source="decided.reason", allow_null=True, default=None)


class BagOutput(serializers.Serializer[BagAfterwards]):
    """A final bag; its id is the record that the acts return.record and container.end take."""

    id = serializers.UUIDField(source="bag.pk")
    code = serializers.CharField(source="bag.code")
    filled_ml = serializers.CharField(source="bag.volume_ml", allow_null=True)
    where = serializers.CharField(allow_blank=True)
    arrived_at = serializers.DateTimeField(source="arrived.happened_at", allow_null=True, default=None)
    fate = serializers.CharField(source="fate.fate", allow_null=True, default=None)
    fate_ml = serializers.CharField(source="fate.volume_ml", allow_null=True, default=None)
    waits_for_witness = serializers.BooleanField()
    came_back_unreported = serializers.SerializerMethodField()
    stays_because = serializers.ListField(source="stays", child=serializers.CharField())
    returns = ReturnOutput(many=True)

    def get_came_back_unreported(self, one: BagAfterwards) -> bool:
        """Tell whether it came back and nobody wrote in which condition."""
        return one.unreported is not None


class BagsOutput(serializers.Serializer[Plain]):
    """The final bags of a batch and how they add up."""

    filled = serializers.IntegerField()
    next_fraction = serializers.CharField(
        allow_blank=True, help_text="of a dose in fractions: from when the next one may be given"
    )
    sum = serializers.DictField(child=serializers.IntegerField())
    bags = BagOutput(many=True)


class ReportOutput(SaidOutput):
    """A report from the bedside; its id is the record that the acts infusion.confirm and infusion.check take."""

    bag_read = serializers.CharField(source="identity_check.scanned")
    outcome = serializers.CharField(source="identity_check.outcome")
    patient_read = serializers.CharField()
    matched = serializers.BooleanField()
    compared = serializers.CharField()
    first_checker = serializers.CharField()
    second_checker = serializers.CharField(allow_blank=True)
    thaw_started_at = serializers.DateTimeField(allow_null=True)
    thaw_ended_at = serializers.DateTimeField(allow_null=True)
    thaw_how = serializers.CharField(allow_blank=True)
    took_place = serializers.BooleanField()
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    volume_ml = serializers.CharField(allow_null=True)
    in_full = serializers.BooleanField(allow_null=True)
    remainder_ml = serializers.CharField(allow_null=True)
    remainder = serializers.CharField(allow_blank=True)
    physician = serializers.CharField(allow_blank=True)
    reaction = serializers.CharField(allow_blank=True)
    wrong = serializers.ListField(child=serializers.CharField())
    is_set_aside = serializers.SerializerMethodField()
    confirmed_by = serializers.CharField(source="confirmed.fate.signer_username", allow_null=True, default=None)
    checked_by = serializers.CharField(source="checked.signer_username", allow_null=True, default=None)

    def get_is_set_aside(self, row: InfusionReport) -> bool:
        """Tell whether a second person found that it does not agree with its evidence."""
        return is_set_aside(row)


class ItemOutput(serializers.Serializer[Item]):
    """An item of the follow-up; `record` is what the act follow_up.check takes."""

    item = serializers.CharField(source="definition.code")
    title = serializers.CharField(source="definition.title")
    kind = serializers.CharField(source="definition.kind")
    day = serializers.IntegerField()
    due_on = serializers.DateField()
    first = serializers.DateField()
    last = serializers.DateField()
    standing = serializers.ChoiceField([one.value for one in Due], source="standing.value")
    record = serializers.UUIDField(source="record.pk", allow_null=True, default=None)
    value = serializers.CharField(source="record.value", allow_null=True, default=None)
    done_on = serializers.DateField(source="record.done_on", allow_null=True, default=None)


class FollowUpOutput(serializers.Serializer[Plain]):
    """The follow-up of a batch, from the first infusion that is recorded."""

    infused_at = serializers.DateTimeField(allow_null=True)
    items = ItemOutput(many=True)


class ComplaintOutput(serializers.Serializer[Complaint]):
    """A complaint; its id is the record that the act complaint.close takes."""

    id = serializers.UUIDField(source="pk")
    number = serializers.CharField()
    batch = serializers.CharField(source="batch.number")
    bags = serializers.SerializerMethodField()
    grade = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    channel = serializers.CharField()
    received_at = serializers.DateTimeField()
    text = serializers.CharField()
    evidence = serializers.UUIDField(source="evidence_id", allow_null=True)
    evidence_reference = serializers.CharField(allow_blank=True)
    addendum = serializers.UUIDField(source="addendum_id")
    taken_in_by = serializers.CharField(source="addendum.signer_username")
    outcome = serializers.CharField(source="closed.outcome", allow_null=True, default=None)
    investigation = serializers.CharField(source="closed.investigation", allow_null=True, default=None)
    conclusion = serializers.CharField(source="closed.conclusion", allow_null=True, default=None)

    def get_bags(self, row: Complaint) -> list[str]:
        """Give the codes of the bags that it is about; none: the whole batch."""
        return list(codes_of(row))


class ComplaintsOutput(serializers.Serializer[Plain]):
    """One page of complaints."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ComplaintOutput(many=True)


class BagsView(APIView):
    """The final bags of a batch after its release."""

    @documented("Read where the bags of a batch are and what became of them", answers=BagsOutput, tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        batch = batch_called(number)
        bags = bags_afterwards(batch)
        answer = {
            "filled": len(bags),
            "sum": {one.code: one.number for one in sum_of(bags)},
            "next_fraction": next_fraction_words(fractions_of(batch)),
            "bags": bags,
        }
        return Response(BagsOutput(answer).data)


class ReportsView(APIView):
    """What hospitals reported from the bedside."""

    @documented("List the reports from the bedside", answers=ReportOutput(many=True), tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response([ReportOutput(row).data for row in reports_of(batch_called(number))])


class FollowUpView(APIView):
    """What is due after the infusion."""

    @documented("Read the follow-up of a batch", answers=FollowUpOutput, tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        batch = batch_called(number)
        return Response(FollowUpOutput({"infused_at": infused_at(batch), "items": schedule_of(batch)}).data)


class ComplaintsView(APIView):
    """The complaints."""

    @documented("List the complaints", answers=ComplaintsOutput, tag="release")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        pages = Pages.by("-recorded_at", "pk")()
        page = pages.paginate_queryset(complaints(), request, view=self) or []
        return pages.get_paginated_response([ComplaintOutput(row).data for row in page])


class ComplaintView(APIView):
    """One complaint."""

    @documented("Read a complaint", answers=ComplaintOutput, tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response(ComplaintOutput(complaint_called(number)).data)
