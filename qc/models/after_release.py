"""What follows a certification: who is told of a result out of specification, and addenda to the closed record."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models import InBatch, SignedInBatch
from qc.models.deciding import Disposition


class NotificationDue(InBatch):
    """Somebody is to be told of a positive or failing result after certification, until a time."""

    line = models.CharField(max_length=40)
    recipient = models.CharField(max_length=40, help_text="code in the profile of the product")
    title = models.CharField(max_length=100)
    says = models.CharField(max_length=1000, help_text="what is to be told")
    cause_type = models.CharField(max_length=60)
    cause_id = models.UUIDField()
    due_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "line", "recipient"], name="each_is_told_once_of_a_line_of_a_batch"
            )
        ]


class NotificationDone(SignedInBatch):
    """Somebody was told: who, when, and what was said."""

    due = models.OneToOneField(NotificationDue, on_delete=models.PROTECT, related_name="done")
    told = models.CharField(max_length=120)
    happened_at = models.DateTimeField()
    said = models.TextField(max_length=2000)


class Addendum(SignedInBatch):
    """Something came to a record after its decision; with it, what would stand against the certification now."""

    class Kind(models.TextChoices):
        LATE_RESULT = "late_result", _("late result")
        CORRECTION = "correction", _("correction")
        COMPLAINT = "complaint", _("complaint")
        FOLLOW_UP = "follow_up", _("follow-up")

    decision = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="addenda")
    kind = models.CharField(max_length=12, choices=Kind)
    about = models.CharField(max_length=200)
    text = models.TextField(max_length=4000)
    blocks = models.JSONField(help_text="sentences that would stand against the certification, as it was written")


class DecisionStands(SignedInBatch):
    """The qualified person has seen an addendum and what it blocks, and leaves the decision as it is."""

    addendum = models.OneToOneField(Addendum, on_delete=models.PROTECT, related_name="stands")
    reason = models.TextField(max_length=2000)
