"""The release panel, the facts to assess, and what stands against each decision, for programs."""

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.api import shapes
from qc.batch_act import batch_called
from qc.panel import release_panel
from qc.record_read import RecordRead
from qc.release.addenda import addenda_of
from qc.release.assessing import facts_of
from qc.release.disposition import next_decisions, objections_to_disposition
from qc.release.leaving import objections_to_bags
from qc.release.notifying import notifications_of, positives_of
from qc.release.outside import sponsor_release_of
from qc.release.two_step import newest_acceptance, two_step_of


class PanelView(APIView):
    """The release panel of a batch."""

    @documented("Read the release panel of a batch", answers=shapes.PanelOutput, tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        batch = batch_called(number)
        panel = release_panel(batch)
        answer = {
            "specification": batch.specification.code,
            "version": batch.specification.version,
            "conform": sum(line.conforms for line in panel),
            "lines": panel,
        }
        return Response(shapes.PanelOutput(answer).data)


class FactsView(APIView):
    """The facts of a batch, assessed or not."""

    @documented("List the facts of a batch", answers=shapes.FactOutput(many=True), tag="release")
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        return Response([shapes.FactOutput(fact).data for fact in facts_of(batch_called(number))])


class DispositionView(APIView):
    """The decision on a batch and what stands against it."""

    @documented(
        "Read the decision on a batch and every objection to each decision",
        answers=shapes.DispositionOutput,
        tag="release",
    )
    def get(self, request: Request, number: str) -> Response:
        by = asker(request)
        refuse_if(lacks(by, Permission.RECORD_READ))
        batch = batch_called(number)
        read = RecordRead(batch)
        need, in_force = two_step_of(batch, read.panel), read.decision
        decisions = [
            {"decision": decision, "objections": objections_to_disposition(batch, decision, by, read)}
            for decision in next_decisions(batch)
        ]
        answer = {
            "disposition": batch.state.disposition,
            "pending": in_force.pending if in_force else [],
            "conditional": {
                "is_offered": need.is_offered,
                "says": need.says,
                "authorisation": need.authorisation,
                "asks_physician": need.asks_physician,
                "would_be_pending": [one.stated() for one in need.pending],
            },
            "decisions": decisions,
        }
        return Response(shapes.DispositionOutput(answer).data)


class AfterReleaseView(APIView):
    """What was said outside of a batch, and what came after its decision."""

    @documented(
        "Read what was said outside of a batch and what came after its decision",
        answers=shapes.AfterReleaseOutput,
        tag="release",
    )
    def get(self, request: Request, number: str) -> Response:
        refuse_if(lacks(asker(request), Permission.RECORD_READ))
        batch = batch_called(number)
        answer = {
            "positive": list(positives_of(batch).values()),
            "bags_stay": objections_to_bags(batch),
            "acceptance": newest_acceptance(batch),
            "sponsor_release": sponsor_release_of(batch),
            "notifications": notifications_of(batch),
            "addenda": addenda_of(batch),
        }
        return Response(shapes.AfterReleaseOutput(answer).data)
