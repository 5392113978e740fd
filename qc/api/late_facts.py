"""Facts of decided batches that wait for an assessment, for programs. One is assessed by the act `fact.assess`."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.authentication import asker
from accounts.api.schema import documented
from accounts.refusal import lacks, refuse_if
from accounts.roles import Permission
from qc.after_release.late_facts import BagsNow, LateFact, unassessed_after_decision


class BagsNowOutput(serializers.Serializer[BagsNow]):
    """Where the final bags are of which a fact speaks, by code."""

    here = serializers.ListField(child=serializers.CharField(), help_text="held by this site")
    on_hold = serializers.ListField(source="held", child=serializers.CharField(), help_text="of those that are here")
    outside = serializers.SerializerMethodField(help_text="code of each bag, and who has it")
    infused = serializers.ListField(child=serializers.CharField())
    may_be_given = serializers.BooleanField(help_text="whether a patient received one of them, or may still")

    def get_outside(self, now: BagsNow) -> dict[str, str]:
        """Name the bags that are outside, and who has each."""
        return dict(now.outside)


class LateFactOutput(serializers.Serializer[LateFact]):
    """A fact that nobody has assessed, of a batch that was decided on; its id is the record that fact.assess takes."""

    id = serializers.UUIDField(source="fact.id")
    type = serializers.CharField(source="fact.type")
    batch = serializers.CharField(source="fact.batch.number")
    kind = serializers.CharField(source="fact.kind")
    says = serializers.CharField(source="fact.says")
    happened_at = serializers.DateTimeField(source="fact.happened_at")
    bags = BagsNowOutput(allow_null=True)
    next = serializers.SerializerMethodField(help_text="how its bags stand, and what is done about them")

    def get_next(self, late: LateFact) -> list[str]:
        """Say how the bags stand, and what is done about them."""
        return [str(act) for act in late.acts]


class LateFactsView(APIView):
    """The facts of decided batches that nobody has assessed."""

    @documented(
        "List the facts of decided batches that nobody has assessed, the oldest first",
        answers=LateFactOutput(many=True),
        tag="release",
    )
    def get(self, request: Request) -> Response:
        refuse_if(lacks(asker(request), Permission.FACT_ASSESS))
        return Response([LateFactOutput(late).data for late in unassessed_after_decision()])
