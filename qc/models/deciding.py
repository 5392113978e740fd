"""The way to the decision on a batch: results approved, record reviewed, decided."""

from django.db import models

from batches.models import BatchState, SignedInBatch
from qc.models.releasing import PhysicianAcceptance


class ResultsApproval(SignedInBatch):
    """Quality control approved the results as they stand, for a version of the certificate of analysis."""

    version = models.PositiveIntegerField()
    results = models.JSONField(help_text="ids of the results in force")
    is_interim = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "version"], name="a_certificate_version_is_approved_once")
        ]

    @property
    def record_version(self) -> int:
        return self.version


class RecordReview(SignedInBatch):
    """Quality assurance reviewed the whole record, its audit trail included, up to a place in the batch's stream."""

    stream_position = models.PositiveIntegerField()
    approval = models.ForeignKey(ResultsApproval, on_delete=models.PROTECT, related_name="record_reviews")
    statement = models.TextField(max_length=2000, blank=True)


class Disposition(SignedInBatch):
    """The decision on a batch. A later one supersedes it; none is ever changed."""

    decision = models.CharField(max_length=24, choices=BatchState.Disposition)
    version = models.PositiveIntegerField(default=1)
    review = models.ForeignKey(RecordReview, on_delete=models.PROTECT, null=True, related_name="dispositions")
    approval = models.ForeignKey(ResultsApproval, on_delete=models.PROTECT, null=True, related_name="dispositions")
    statement = models.TextField(max_length=2000, blank=True)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    pending = models.JSONField(
        default=list, help_text="of a conditional one: code, title and latest time of each line that follows"
    )
    plan_if_positive = models.TextField(max_length=2000, blank=True)
    acceptance = models.ForeignKey(
        PhysicianAcceptance, on_delete=models.PROTECT, null=True, related_name="dispositions"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "version"], name="a_batch_has_one_decision_a_version")]

    @property
    def record_version(self) -> int:
        return self.version
