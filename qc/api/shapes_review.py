"""The shapes of the review by exception."""

from typing import Any

from rest_framework import serializers

from accounts.api.schema import ObjectionOutput
from qc.models import ExceptionAssessed
from qc.review_by_exception.exceptions import Check, Criticality, Judgement, RecordException
from qc.review_by_exception.trail import Part, Span

Plain = dict[str, Any]  # Any: plain values of a JSON text


class JudgementOutput(serializers.Serializer[Judgement]):
    """What was concluded on an exception, here or on the page that it belongs to."""

    words = serializers.CharField()
    reason = serializers.CharField()
    impact = serializers.CharField(allow_blank=True)
    by = serializers.CharField()
    at = serializers.DateTimeField()
    url = serializers.CharField(allow_blank=True)


class QuestionOutput(serializers.ModelSerializer[ExceptionAssessed]):
    """A question that somebody of quality assurance asked."""

    asked_by = serializers.CharField(source="signer_name")
    asked_at = serializers.DateTimeField(source="signed_at")

    class Meta:
        model = ExceptionAssessed
        fields = ["id", "reason", "asked_by", "asked_at"]


class ExceptionOutput(serializers.Serializer[RecordException]):
    """An exception; `key` is what the act exception.judge takes, where it is judged here."""

    key = serializers.CharField()
    rule = serializers.CharField(source="rule.code")
    criticality = serializers.ChoiceField([one.value for one in Criticality])
    record = serializers.CharField(source="row_type")
    record_id = serializers.UUIDField(source="row_id")
    where = serializers.CharField(source="found.where", allow_blank=True)
    says = serializers.CharField(source="found.says")
    old = serializers.CharField(source="found.old", allow_blank=True)
    new = serializers.CharField(source="found.new", allow_blank=True)
    reason = serializers.CharField(source="found.reason", allow_blank=True)
    by = serializers.CharField()
    at = serializers.DateTimeField()
    url = serializers.CharField(source="found.url", allow_blank=True)
    judged_elsewhere = serializers.CharField(source="found.elsewhere", allow_blank=True)
    needs_impact = serializers.BooleanField()
    questions = QuestionOutput(many=True)
    judgement = JudgementOutput(allow_null=True)


class EvidenceOutput(serializers.Serializer[Plain]):
    """One thing that a check read."""

    says = serializers.CharField()
    url = serializers.CharField(allow_blank=True)


class CheckOutput(serializers.Serializer[Check]):
    """An automatic check with what it read."""

    rule = serializers.CharField(source="rule.code")
    title = serializers.CharField(source="rule.title")
    status = serializers.CharField()
    count = serializers.CharField(source="passed.count")
    exceptions = serializers.SerializerMethodField()
    outstanding = ObjectionOutput(many=True)
    evidence = EvidenceOutput(source="passed.items", many=True)

    def get_exceptions(self, check: Check) -> int:
        return len(check.exceptions)


class SpanOutput(serializers.Serializer[Span]):
    """What is new of a group in one stream: positions of the stream, and a digest over the leaves of the entries."""

    stream = serializers.CharField()
    after = serializers.IntegerField()
    upto = serializers.IntegerField()
    entries = serializers.SerializerMethodField()
    sha256 = serializers.CharField()

    def get_entries(self, span: Span) -> int:
        return len(span.entries)


class PartOutput(serializers.Serializer[Part]):
    """A group of the audit trail and what is new in it; `group` is what the act audit_trail.review takes."""

    group = serializers.CharField(source="group.code")
    is_critical = serializers.BooleanField(source="group.is_critical")
    entries = serializers.SerializerMethodField()
    streams = SpanOutput(source="spans", many=True)

    def get_entries(self, part: Part) -> int:
        return len(part.entries)


class ReviewOutput(serializers.Serializer[Plain]):
    """The review by exception of a record as it stands."""

    rules = serializers.CharField()
    exceptions = ExceptionOutput(many=True)
    checks = CheckOutput(many=True)
    audit_trail = PartOutput(many=True)
