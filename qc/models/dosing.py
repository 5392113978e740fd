"""The dose of a batch: determined by one person, verified by another."""

from django.db import models

from batches.models import Definition, SignedInBatch
from qc.models.laboratory import Result


class BatchDose(SignedInBatch):
    """A version of the dose, with everything it was calculated from. A later one supersedes it with a reason."""

    version = models.PositiveIntegerField(default=1)
    product = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+", help_text="whose rule was used")
    result = models.ForeignKey(
        Result, on_delete=models.PROTECT, related_name="doses", help_text="that counts the cells"
    )
    weight = models.UUIDField(null=True, help_text="the verified weight that was used")
    inputs = models.JSONField(help_text="the count, the weight and each final container, by id, as they were")
    outcome = models.JSONField(help_text="verdict, what is allowed, cells and each infusion, unrounded")
    verdict = models.CharField(max_length=16)
    reported = models.CharField(max_length=200)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "version"], name="a_batch_has_one_dose_a_version"),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""),
                name="a_dose_determined_again_has_a_reason",
            ),
        ]

    @property
    def record_version(self) -> int:
        return self.version


class DoseVerification(SignedInBatch):
    """A second person verified a version of the dose."""

    dose = models.OneToOneField(BatchDose, on_delete=models.PROTECT, related_name="verification")
