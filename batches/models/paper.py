"""Working through an outage: the continuity record, its numbered copies, and what was entered back from them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from batches.models.batch import InBatch, SignedInBatch
from batches.models.keeping import TrueCopy
from ledger.models import StoredFile


class ContinuityRecord(InBatch):
    """The steps that a batch has still to go, as a controlled paper; a later edition supersedes it."""

    number = models.CharField(max_length=30, unique=True)
    edition = models.PositiveIntegerField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    steps = models.JSONField(help_text="codes of the steps that stand in it")
    stream_position = models.PositiveIntegerField(help_text="of the batch's stream when it was made")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "edition"], name="a_batch_has_one_continuity_record_an_edition")
        ]


class ContinuityCopy(InBatch):
    """A numbered copy of an edition was taken; until it is accounted for, the batch is not decided on."""

    record = models.ForeignKey(ContinuityRecord, on_delete=models.PROTECT, related_name="copies")
    number = models.PositiveIntegerField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=120, help_text="where it is kept")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="a_batch_has_one_paper_copy_a_number")]


class ContinuityCopyAccounted(SignedInBatch):
    """What became of a numbered copy: worked with and scanned, returned unused, or destroyed."""

    class Fate(models.TextChoices):
        USED = "used", _("worked with; its scan is certified")
        UNUSED = "unused", _("returned unused and destroyed")

    copy = models.OneToOneField(ContinuityCopy, on_delete=models.PROTECT, related_name="accounted")
    fate = models.CharField(max_length=8, choices=Fate)
    scan = models.ForeignKey(TrueCopy, on_delete=models.PROTECT, null=True, related_name="+")
    says = models.CharField(max_length=1000, blank=True)


class StepOnPaper(InBatch):
    """A step was worked on a copy: who did it, who checked before the act and who watched, as the paper says."""

    step = models.CharField(max_length=10)
    copy = models.ForeignKey(ContinuityCopy, on_delete=models.PROTECT, related_name="steps")
    done_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    checked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    watched_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "step"],
                condition=models.Q(supersedes=None),
                name="a_step_is_entered_back_once",
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="another_reading_of_paper_has_a_reason"
            ),
        ]


class TranscriptionCompared(SignedInBatch):
    """A second person compared what was entered back for a step with the paper, value by value."""

    copy = models.ForeignKey(ContinuityCopy, on_delete=models.PROTECT, related_name="comparisons")
    step = models.CharField(max_length=10)
    read = models.ForeignKey(StepOnPaper, on_delete=models.PROTECT, related_name="comparisons")
    scan = models.ForeignKey(TrueCopy, on_delete=models.PROTECT, related_name="+")
    values = models.JSONField(help_text="ids of the values that agree with the paper")
    scans = models.JSONField(help_text="ids of the scans that agree with the paper")
