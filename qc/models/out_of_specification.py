"""The tables of results out of specification: what was thought of them, tested again and concluded.

A measurement that is declared invalid says why before its result is known. A failing result opens a record of its own,
which the laboratory investigates, for which tests again are planned and approved in advance, and which quality
assurance closes. The first result stays whatever is concluded.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from batches.models import InBatch, SignedInBatch
from qc.models.laboratory import Result, Sample


class PointsToEvidence(SignedInBatch):
    """A signed row that names a record made earlier, by its type, id and place in the ledger."""

    evidence_type = models.CharField(max_length=60, blank=True)
    evidence_id = models.UUIDField(null=True)
    evidence_seq = models.PositiveBigIntegerField(null=True, help_text="place of the evidence in the ledger")
    evidence_sha256 = models.CharField(max_length=64, blank=True, help_text="of the file, where it is one")

    class Meta:
        abstract = True


class MeasurementInvalid(PointsToEvidence):
    """An analyst declared a run invalid before its result was submitted; unproven where nothing earlier shows it."""

    class Cause(models.TextChoices):
        SAMPLE = "sample", _("the sample was handled outside its conditions")
        INSTRUMENT = "instrument", _("the instrument failed")
        CONTROL = "control", _("a control of the run failed")
        REAGENT = "reagent", _("a reagent or medium was wrong or expired")
        METHOD = "method", _("the method was not followed")
        INTERRUPTED = "interrupted", _("the run was interrupted")

    line = models.CharField(max_length=40)
    run = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=12, choices=Cause)
    says = models.CharField(max_length=1000)
    is_proven = models.BooleanField(help_text="the evidence was recorded before the readings gave the verdict")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "line", "run"], name="a_run_is_declared_invalid_once")]


class MeasurementInvalidReviewed(SignedInBatch):
    """A second person confirmed that a run is invalid, or refused to."""

    claim = models.OneToOneField(MeasurementInvalid, on_delete=models.PROTECT, related_name="review")
    is_confirmed = models.BooleanField()
    says = models.CharField(max_length=1000)


class OutOfSpecification(InBatch):
    """A result of a line that decides did not meet its criterion."""

    number = models.CharField(max_length=20, unique=True)
    line = models.CharField(max_length=40)
    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="out_of_specification")
    says = models.CharField(max_length=1000)


class LaboratoryInvestigation(PointsToEvidence):
    """Phase 1: the laboratory looked for a cause of its own, point by point."""

    oos = models.OneToOneField(OutOfSpecification, on_delete=models.PROTECT, related_name="investigation")
    checklist = models.JSONField(help_text="item, answer and remark of each point")
    has_cause = models.BooleanField(help_text="the cause lies in the laboratory")
    conclusion = models.TextField(max_length=2000)


class RetestPlan(SignedInBatch):
    """How a line is tested again: why, how often, of which sample and by whom, fixed before the first reading."""

    oos = models.ForeignKey(OutOfSpecification, on_delete=models.PROTECT, related_name="plans")
    version = models.PositiveSmallIntegerField()
    hypothesis = models.TextField(max_length=2000)
    retests = models.PositiveSmallIntegerField()
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="+")
    other_analyst = models.BooleanField(help_text="by somebody who entered nothing of the failing run")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["oos", "version"], name="a_retest_plan_has_one_version_a_number"),
            models.CheckConstraint(condition=models.Q(retests__gte=1), name="a_retest_plan_plans_a_retest"),
        ]

    @property
    def record_version(self) -> int:
        return self.version


class RetestPlanApproved(SignedInBatch):
    """Quality assurance approved a plan; one for each record, and the next run opens with it."""

    oos = models.OneToOneField(OutOfSpecification, on_delete=models.PROTECT, related_name="approval")
    plan = models.OneToOneField(RetestPlan, on_delete=models.PROTECT, related_name="approval")


class OutOfSpecificationClosed(SignedInBatch):
    """Phase 2 and the end: what else is concerned, why it happened, and which result counts."""

    class Outcome(models.TextChoices):
        CONFIRMED = "confirmed", _("confirmed: the first result stands")
        INVALIDATED = "invalidated", _("invalidated by an assignable cause")

    oos = models.OneToOneField(OutOfSpecification, on_delete=models.PROTECT, related_name="closed")
    outcome = models.CharField(max_length=12, choices=Outcome)
    proposed = models.JSONField(
        help_text="numbers of the batches that share a lot or a device, as the system found them"
    )
    concerned = models.JSONField(help_text="numbers of the other batches that are concerned")
    scope = models.TextField(max_length=2000)
    root_cause = models.TextField(max_length=2000)
    conclusion = models.TextField(max_length=2000)
    reportable = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="+")


class Capa(SignedInBatch):
    """An action that corrects or prevents, out of a record out of specification or a deviation."""

    number = models.CharField(max_length=20, unique=True)
    oos = models.ForeignKey(OutOfSpecification, on_delete=models.PROTECT, null=True, related_name="actions")
    deviation = models.ForeignKey("qc.FactAssessment", on_delete=models.PROTECT, null=True, related_name="actions")
    action = models.TextField(max_length=2000)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    due_date = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(oos=None) ^ models.Q(deviation=None), name="an_action_has_one_source"
            )
        ]

    @property
    def source(self) -> str:
        """Give the number of what it comes from."""
        return self.oos.number if self.oos else self.deviation.number if self.deviation else ""


class CapaDone(SignedInBatch):
    """Its owner says that an action is done, and how."""

    capa = models.OneToOneField(Capa, on_delete=models.PROTECT, related_name="done")
    says = models.TextField(max_length=2000)


class CapaChecked(SignedInBatch):
    """Somebody else looked whether an action that was done has the effect it should have."""

    capa = models.OneToOneField(Capa, on_delete=models.PROTECT, related_name="checked")
    is_effective = models.BooleanField()
    says = models.TextField(max_length=2000)
