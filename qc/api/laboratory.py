"""Samples, readings and results for programs."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.lists import Pages
from accounts.api.schema import documented
from accounts.parsing import parsed
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.api import shapes
from qc.batch_act import batch_called
from qc.growth.calendar import calendar
from qc.laboratory.inputs import ReadingInput, SampleInput, reading_from
from qc.laboratory.judging import NEVER_TAKEN_BACK
from qc.laboratory.receiving import receive_sample
from qc.laboratory.recording import line_called, raised_by
from qc.laboratory.sample_plan import sample_plan
from qc.laboratory.testing import judgement_now
from qc.models import Reading, Result, Sample


class SamplesView(APIView):
    """The samples of a batch in the laboratory."""

    @documented("List the samples of a batch", answers=shapes.SamplesOutput, tag="laboratory")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        found = Sample.objects.filter(batch=batch_called(number)).select_related("container")
        pages = Pages.by("received_at", "pk")()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(shapes.SampleOutput(page, many=True).data)

    @documented(
        "Receive a sample; a label of something else is recorded and answered with its outcome",
        sends=SampleInput,
        answers=shapes.ReceivedOutput,
        status=201,
        tag="laboratory",
    )
    def post(self, request: Request, number: str) -> Response:
        by = asker(request)
        received = receive_sample(batch=batch_called(number), by=by, **parsed(SampleInput, request.data))
        answer = {
            "outcome": received.check.outcome,
            "identity_check": received.check.pk,
            "sample": received.sample,
        }
        return Response(shapes.ReceivedOutput(answer).data, status=201)


class SamplePlanView(APIView):
    """What the tests of a batch want of samples, what was taken, and where it is."""

    @documented("Give the sample plan of a batch", answers=shapes.SamplePlanOutput, tag="laboratory")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response(shapes.SamplePlanOutput(sample_plan(batch_called(number))).data)


class ReadingsView(APIView):
    """The readings of a batch."""

    @documented("List the readings of a batch", answers=shapes.ReadingsOutput, tag="laboratory")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        pages = Pages.by("recorded_at", "pk")()
        page = pages.paginate_queryset(Reading.objects.filter(batch=batch_called(number)), request, view=self)
        return pages.get_paginated_response(shapes.ReadingOutput(page, many=True).data)

    @documented(
        "Record a reading as typed; the answer says what its line says now",
        sends=ReadingInput,
        answers=shapes.ReadingRecordedOutput,
        status=201,
        tag="laboratory",
    )
    def post(self, request: Request, number: str) -> Response:
        batch = batch_called(number)
        row = reading_from(batch, "", request.data, by=asker(request), comma_allowed=False)
        judgement = judgement_now(batch, line_called(batch, row.line), run=row.run)
        departure = raised_by(row) if row.typed in NEVER_TAKEN_BACK else None
        answer = {"reading": row, "judgement": judgement, "departure": departure.pk if departure else None}
        return Response(shapes.ReadingRecordedOutput(answer).data, status=201)


class ResultsView(APIView):
    """Every version of every result of a batch."""

    @documented("List the results of a batch, every version", answers=shapes.ResultsOutput, tag="laboratory")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        found = Result.objects.filter(batch=batch_called(number)).select_related("review")
        pages = Pages.by("recorded_at", "pk")()
        page = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(shapes.ResultOutput(page, many=True).data)


class GrowthTestsView(APIView):
    """The readings of growth tests that are open, to come, or were left out."""

    @documented("List what is read of growth tests, and when", answers=shapes.LookOutput(many=True), tag="laboratory")
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response([shapes.LookOutput(look).data for look in calendar().looks])
