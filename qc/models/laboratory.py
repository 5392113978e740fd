"""The tables of the laboratory.

Readings are recorded as seen; a result binds them under the analyst's signature with its verdict; a second person
reviews it. A corrected result supersedes the first with a reason and stands unreviewed until it is reviewed again. A
line that is tested again has a further run: its readings and results stand beside those of the run before.
"""

from django.db import models

from batches.models import Definition, InBatch, SignedInBatch
from chain_of_custody.models import Container


class Sample(InBatch):
    """A sample container reached the laboratory."""

    container = models.OneToOneField(Container, on_delete=models.PROTECT, related_name="sample")
    point = models.CharField(max_length=40)
    received_at = models.DateTimeField()
    condition = models.CharField(max_length=300)


class Reading(InBatch):
    """One thing as it was seen or measured for one line of the specification, as typed."""

    line = models.CharField(max_length=40)
    member = models.CharField(max_length=40, help_text="the member of a group of criteria, or the line's own code")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, null=True, related_name="readings")
    run = models.PositiveSmallIntegerField(default=1, help_text="1 for the first; a test again is a run of its own")
    replicate = models.PositiveSmallIntegerField(default=1)
    is_subculture = models.BooleanField(default=False, help_text="of a growth test: read of the bottle's subculture")
    typed = models.CharField(max_length=200)
    unit = models.CharField(max_length=30, blank=True)
    exponent = models.SmallIntegerField(default=0)
    began_at = models.DateTimeField(null=True, help_text="inoculation, for growth tests")
    performed_at = models.DateTimeField()
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "line"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""),
                name="a_corrected_reading_has_a_reason",
            )
        ]


class Result(SignedInBatch):
    """A version of the result of one line: its readings, the value, and the verdict with everything it rests on."""

    line = models.CharField(max_length=40)
    run = models.PositiveSmallIntegerField(default=1)
    version = models.PositiveIntegerField(default=1)
    specification = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    readings = models.JSONField(help_text="ids of the readings in force")
    weight = models.UUIDField(null=True, help_text="the verified weight that a criterion per kilogram used")
    verdict = models.CharField(max_length=16)
    reported = models.CharField(max_length=200)
    unrounded = models.CharField(max_length=200)
    rule = models.CharField(max_length=200)
    why = models.CharField(max_length=500)
    members = models.JSONField(help_text="code, title, reported, unrounded, verdict and words of each member")
    method = models.CharField(max_length=200)
    tested_on = models.DateField()
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "line", "version"], name="a_line_has_one_result_a_version"),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""),
                name="a_corrected_result_has_a_reason",
            ),
        ]

    @property
    def record_version(self) -> int:
        return self.version

    @property
    def is_replaced(self) -> bool:
        """Whether a correction took its place; a result that was tested again was not corrected."""
        return hasattr(self, "superseded_by")


class ResultReview(SignedInBatch):
    """A second person reviewed a version of a result."""

    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="review")
