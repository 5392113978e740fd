"""What quality assurance thinks of a fact."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models import SignedInBatch


class FactAssessment(SignedInBatch):
    """Quality assurance assessed what a fact means for the product: a departure, a mismatch, an excursion."""

    class Severity(models.TextChoices):
        NOT_STATED = "", _("not stated")
        MINOR = "minor", _("minor")
        MAJOR = "major", _("major")
        CRITICAL = "critical", _("critical")

    class Decision(models.TextChoices):
        NOT_STATED = "", _("not stated")
        ACCEPT = "accept", _("the batch goes on")
        REJECT = "reject", _("the batch is proposed for refusal")
        FOLLOW_UP = "follow_up", _("the batch goes on, with a follow-up")

    fact_type = models.CharField(max_length=60)
    fact_id = models.UUIDField(unique=True)
    impact = models.TextField(max_length=2000)
    conclusion = models.TextField(max_length=2000)
    number = models.CharField(max_length=20, blank=True, help_text="of the deviation; nothing where it is none")
    severity = models.CharField(max_length=10, choices=Severity, default=Severity.NOT_STATED)
    immediate_action = models.TextField(max_length=2000, blank=True)
    root_cause = models.TextField(max_length=2000, blank=True)
    decision = models.CharField(max_length=12, choices=Decision, default=Decision.NOT_STATED)
