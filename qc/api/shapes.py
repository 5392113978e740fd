"""The shapes in which this room answers programs."""

from typing import Any

from rest_framework import serializers

from accounts.api.schema import ObjectionOutput
from accounts.refusal import Objection
from chain_of_custody.models import IdentityCheck
from qc.growth.calendar import Look
from qc.growth.calendar import Standing as LookStanding
from qc.laboratory.sample_plan import PointPlan, SamplePlan, SampleStanding, Taken
from qc.models import Addendum, FactAssessment, NotificationDue, Reading, Result, Sample
from qc.models.releasing import SaidOutside
from qc.owners import owner_of
from qc.panel import PanelLine, Standing
from qc.release.assessing import Fact
from qc.values.verdicts import Judgement, Verdict

Plain = dict[str, Any]  # Any: plain values of a JSON text


class SampleOutput(serializers.ModelSerializer[Sample]):
    """A sample in the laboratory."""

    container = serializers.CharField(source="container.code")

    class Meta:
        model = Sample
        fields = ["id", "container", "point", "received_at", "condition", "recorded_at"]


class TakenOutput(serializers.Serializer[Taken]):
    """A sample or retained vial: its label, its receipt in the laboratory, who holds it and where."""

    container = serializers.CharField(source="code")
    kind = serializers.CharField(source="container.kind")
    volume_ml = serializers.CharField(source="container.volume_ml", allow_null=True)
    standing = serializers.ChoiceField([one.value for one in SampleStanding], source="standing.value")
    label_serial = serializers.CharField(source="label", allow_blank=True)
    sample = serializers.UUIDField(source="sample.pk", allow_null=True, default=None)
    holder = serializers.CharField()
    place = serializers.CharField(allow_blank=True)
    kept_until = serializers.DateTimeField(allow_null=True)


class PointPlanOutput(serializers.Serializer[PointPlan]):
    """One sampling point: the lines that want a sample of it, what was taken, and what is missing."""

    point = serializers.CharField(source="code")
    title = serializers.CharField()
    lines = serializers.SerializerMethodField()
    needed_ml = serializers.CharField(allow_null=True)
    taken_ml = serializers.CharField(allow_null=True)
    needed_containers = serializers.IntegerField()
    samples = TakenOutput(many=True, source="taken")
    missing = serializers.ListField(child=serializers.CharField())

    def get_lines(self, plan: PointPlan) -> list[str]:
        """Give the codes of the lines."""
        return [line.code for line in plan.lines]


class SamplePlanOutput(serializers.Serializer[SamplePlan]):
    """The sample plan of a batch."""

    points = PointPlanOutput(many=True)
    retained = TakenOutput(many=True)


class ReceivedOutput(serializers.Serializer[Plain]):
    """What came of reading a label: the outcome, and the sample where it belongs to this batch."""

    outcome = serializers.ChoiceField(IdentityCheck.Outcome.choices)
    identity_check = serializers.UUIDField()
    sample = SampleOutput(allow_null=True)


class JudgementOutput(serializers.Serializer[Judgement]):
    """A verdict with the value it was made on, before and after rounding, the rule and the reason."""

    verdict = serializers.ChoiceField([verdict.value for verdict in Verdict], source="verdict.value")
    reported = serializers.CharField()
    unrounded = serializers.CharField(allow_blank=True)
    rule = serializers.CharField(allow_blank=True)
    why = serializers.CharField()


class ReadingOutput(serializers.ModelSerializer[Reading]):
    """One reading as typed."""

    sample = serializers.UUIDField(source="sample_id")
    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)

    class Meta:
        model = Reading
        fields = [
            "id", "line", "member", "sample", "run", "replicate", "is_subculture", "typed", "unit", "exponent",
            "began_at", "performed_at", "recorded_at", "supersedes", "reason",
        ]  # fmt: skip


class ReadingRecordedOutput(serializers.Serializer[Plain]):
    """A reading that was stored, what its line says now, and the departure that it raised."""

    reading = ReadingOutput()
    judgement = JudgementOutput()
    departure = serializers.UUIDField(allow_null=True)


class ResultOutput(serializers.ModelSerializer[Result]):
    """A version of a result, with its review where it has one."""

    supersedes = serializers.UUIDField(source="supersedes_id", allow_null=True)
    signer = serializers.CharField(source="signer_username")
    reviewer = serializers.SerializerMethodField()

    class Meta:
        model = Result
        fields = [
            "id", "line", "run", "version", "verdict", "reported", "unrounded", "rule", "why", "members", "method",
            "tested_on", "readings", "weight", "signer", "signed_at", "reviewer", "supersedes", "reason",
        ]  # fmt: skip

    def get_reviewer(self, result: Result) -> str:
        """Give the user name of the second person; empty while nobody reviewed this version."""
        return result.review.signer_username if hasattr(result, "review") else ""


class PanelLineOutput(serializers.Serializer[PanelLine]):
    """One line of the specification as it stands."""

    line = serializers.CharField(source="code")
    title = serializers.CharField()
    criterion = serializers.CharField(source="criterion_words")
    sample_point = serializers.CharField()
    release = serializers.CharField(source="line.release.value")
    standing = serializers.ChoiceField([one.value for one in Standing], source="standing.value")
    verdict = serializers.ChoiceField([verdict.value for verdict in Verdict])
    conforms = serializers.BooleanField()
    is_outdated = serializers.BooleanField()
    result = serializers.UUIDField(source="result.pk", allow_null=True, default=None)
    reported = serializers.CharField(source="result.reported", allow_null=True, default=None)
    run = serializers.IntegerField()
    first_failing = serializers.UUIDField(source="first_failing.pk", allow_null=True, default=None)
    out_of_specification = serializers.SerializerMethodField()

    def get_out_of_specification(self, line: PanelLine) -> list[str]:
        """Give the numbers of the line's records out of specification, closed or not."""
        return [record.number for record in line.runs.records]


class PanelOutput(serializers.Serializer[Plain]):
    """The release panel of a batch."""

    specification = serializers.CharField()
    version = serializers.IntegerField()
    conform = serializers.IntegerField()
    lines = PanelLineOutput(many=True)


class FactOutput(serializers.Serializer[Fact]):
    """A fact that quality assurance assesses; its id is the record that the act fact.assess takes."""

    id = serializers.UUIDField()
    type = serializers.CharField()
    kind = serializers.CharField()
    says = serializers.CharField()
    happened_at = serializers.DateTimeField()
    assessed_by = serializers.CharField(source="assessment.signer_username", allow_null=True, default=None)
    conclusion = serializers.CharField(source="assessment.conclusion", allow_null=True, default=None)
    deviation = serializers.CharField(source="assessment.number", allow_null=True, default=None)
    severity = serializers.CharField(source="assessment.severity", allow_null=True, default=None)
    decision = serializers.CharField(source="assessment.decision", allow_null=True, default=None)


class DeviationOutput(serializers.Serializer[FactAssessment]):
    """A deviation: a fact as quality assurance assessed it."""

    number = serializers.CharField()
    batch = serializers.CharField(source="batch.number")
    severity = serializers.CharField()
    decision = serializers.CharField()
    fact = serializers.UUIDField(source="fact_id")
    immediate_action = serializers.CharField()
    impact = serializers.CharField()
    root_cause = serializers.CharField()
    conclusion = serializers.CharField()
    assessed_by = serializers.CharField(source="signer_username")
    assessed_at = serializers.DateTimeField(source="signed_at")


class DeviationsOutput(serializers.Serializer[Plain]):
    """One page of deviations."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = DeviationOutput(many=True)


class BlockerOutput(ObjectionOutput):
    """A reason against a decision, with the role whose turn it is."""

    owner = serializers.SerializerMethodField()

    def get_owner(self, objection: Objection) -> str:
        """Give the code of the role that clears it."""
        return owner_of(objection).value


class DecisionOutput(serializers.Serializer[Plain]):
    """A decision that could be taken, and everything against it, the person who asks included."""

    decision = serializers.CharField()
    objections = BlockerOutput(many=True)


class SaidOutput(serializers.Serializer[SaidOutside]):
    """What somebody outside said, as one of ours entered it."""

    id = serializers.UUIDField(source="pk")
    name = serializers.CharField()
    role = serializers.CharField()
    said = serializers.CharField()
    happened_at = serializers.DateTimeField()
    evidence = serializers.UUIDField(source="evidence_id", allow_null=True)
    evidence_reference = serializers.CharField(allow_blank=True)
    entered_by = serializers.CharField(source="signer_username")


class SponsorReleaseOutput(SaidOutput):
    """The sponsor's release, with who checked it."""

    checked_by = serializers.CharField(source="check_of_it.signer_username", allow_null=True, default=None)


class NotificationOutput(serializers.Serializer[NotificationDue]):
    """Somebody to be told; its id is the record that the act notification.done takes."""

    id = serializers.UUIDField(source="pk")
    line = serializers.CharField()
    recipient = serializers.CharField()
    title = serializers.CharField()
    says = serializers.CharField()
    due_at = serializers.DateTimeField()
    told = serializers.CharField(source="done.told", allow_null=True, default=None)
    told_at = serializers.DateTimeField(source="done.happened_at", allow_null=True, default=None)
    said = serializers.CharField(source="done.said", allow_null=True, default=None)


class AddendumOutput(serializers.Serializer[Addendum]):
    """An addendum; its id is the record that the act decision.stands takes."""

    id = serializers.UUIDField(source="pk")
    kind = serializers.CharField()
    about = serializers.CharField()
    text = serializers.CharField()
    blocks = serializers.ListField(child=serializers.CharField())
    added_by = serializers.CharField(source="signer_username")
    added_at = serializers.DateTimeField(source="signed_at")
    stands_because = serializers.CharField(source="stands.reason", allow_null=True, default=None)


class AfterReleaseOutput(serializers.Serializer[Plain]):
    """What was said outside, what turned out after a certification, who was told, and what keeps the bags here."""

    positive = serializers.ListField(child=serializers.CharField())
    bags_stay = ObjectionOutput(many=True)
    acceptance = SaidOutput(allow_null=True)
    sponsor_release = SponsorReleaseOutput(allow_null=True)
    notifications = NotificationOutput(many=True)
    addenda = AddendumOutput(many=True)


class PendingOutput(serializers.Serializer[Plain]):
    """A line whose result follows a conditional certification, and when it is due at the latest."""

    line = serializers.CharField()
    title = serializers.CharField()
    due_at = serializers.CharField(allow_blank=True)


class TwoStepOutput(serializers.Serializer[Plain]):
    """Whether a certification before the last result is offered, and why or why not."""

    is_offered = serializers.BooleanField()
    says = serializers.CharField()
    authorisation = serializers.CharField(allow_blank=True)
    asks_physician = serializers.BooleanField()
    would_be_pending = PendingOutput(many=True)


class DispositionOutput(serializers.Serializer[Plain]):
    """The decision on a batch, what it left pending, and what stands against each decision that may follow it."""

    disposition = serializers.CharField()
    pending = PendingOutput(many=True)
    conditional = TwoStepOutput()
    decisions = DecisionOutput(many=True)


class ResultsOutput(serializers.Serializer[Plain]):
    """One page of results."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ResultOutput(many=True)


class ReadingsOutput(serializers.Serializer[Plain]):
    """One page of readings."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = ReadingOutput(many=True)


class LookOutput(serializers.Serializer[Look]):
    """A reading of one bottle of a growth test, or of its subculture."""

    batch = serializers.CharField()
    line = serializers.CharField(source="line.code")
    title = serializers.CharField(source="line.title")
    bottle = serializers.IntegerField(source="due.bottle")
    is_subculture = serializers.BooleanField(source="due.is_subculture")
    day = serializers.IntegerField(source="due.day")
    opens_at = serializers.DateTimeField(source="due.opens_at")
    closes_at = serializers.DateTimeField(source="due.closes_at", allow_null=True)
    is_mandatory = serializers.BooleanField(source="due.is_mandatory")
    is_final = serializers.BooleanField(source="due.is_final")
    standing = serializers.ChoiceField([one.value for one in LookStanding], source="standing.value")


class SamplesOutput(serializers.Serializer[Plain]):
    """One page of samples."""

    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = SampleOutput(many=True)
