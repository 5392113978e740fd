"""The tables of methods at the bench: the moments of a test, what showed the system fit, and the complete data.

All are facts of one run of a line, recorded as they come and before a result binds them. A correction is a further row
with its reason. What a result rests on besides its readings stands in a row of its own.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models import Definition, InBatch
from ledger.models import StoredFile
from qc.models.laboratory import Result, Sample


class OfMethod(InBatch):
    """Something recorded in a run of a line, under the method that was in force."""

    line = models.CharField(max_length=40)
    run = models.PositiveSmallIntegerField()
    method = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class TimedEvent(OfMethod):
    """A moment of a test that begins or ends a timed condition of its method: thaw started, stained, read."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="+")
    event = models.CharField(max_length=40)
    performed_at = models.DateTimeField()
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "line"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="a_corrected_event_has_a_reason"
            )
        ]


class SuitabilityRecorded(OfMethod):
    """What showed that the system was fit for a run, as typed, with its verdict."""

    check_code = models.CharField(max_length=40)
    typed = models.CharField(max_length=40)
    unit = models.CharField(max_length=30, blank=True)
    verdict = models.CharField(max_length=16)
    why = models.CharField(max_length=500)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "line"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="a_corrected_suitability_has_a_reason"
            )
        ]


class CompleteData(OfMethod):
    """A part of the complete data of a test: its file, what was observed, or the number of an external certificate."""

    class Kind(models.TextChoices):
        FILE = "file", _("file of the instrument")
        OBSERVATION = "observation", _("observation")
        EXTERNAL_CERTIFICATE = "external_certificate", _("external certificate")

    kind = models.CharField(max_length=20, choices=Kind)
    says = models.CharField(max_length=1000, blank=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["batch", "line"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="file", file__isnull=False) | (~models.Q(kind="file") & ~models.Q(says="")),
                name="complete_data_are_a_file_or_say_something",
            )
        ]


class ResultBasis(InBatch):
    """What a result rests on besides its readings: how its values were worked out, and what the bench recorded."""

    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="basis")
    workings = models.JSONField(help_text="by member: method, formula, replicates with their inputs, mean, CV, spread")
    bench = models.JSONField(help_text="ids of the moments, the suitability and the complete data in force")
    flags = models.JSONField(help_text="what was beyond a limit of the method, as the signer read it")
