"""What quality assurance thought of what was not as usual in a record, and up to where it read the audit trail."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models import Departure, SignedInBatch


class ExceptionAssessed(SignedInBatch):
    """Quality assurance judged one exception of a record as it stood, or asked about it.

    `rule`, `row_type` and `row_id` name the exception, `says_sha256` is the digest of what it said: when that changes,
    the exception is open again. A question leaves it open.
    """

    class Outcome(models.TextChoices):
        ACCEPT = "accept", _("Accepted")
        ASK = "ask", _("Asked")
        DEVIATION = "deviation", _("Deviation opened")

    rules = models.CharField(max_length=20, help_text="version of the rules under which it was shown")
    rule = models.CharField(max_length=40)
    row_type = models.CharField(max_length=60)
    row_id = models.UUIDField()
    says = models.TextField(max_length=2000, help_text="the exception as it was shown")
    says_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.TextField(max_length=2000)
    impact = models.TextField(max_length=2000, blank=True, help_text="what it means for the product")
    departure = models.OneToOneField(
        Departure, on_delete=models.PROTECT, null=True, related_name="+", help_text="that was opened because of it"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "rule", "row_id", "says_sha256"],
                condition=~models.Q(outcome="ask"),
                name="an_exception_is_judged_once",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="deviation") ^ models.Q(departure=None),
                name="an_opened_deviation_names_its_departure",
            ),
        ]


class AuditTrailReviewed(SignedInBatch):
    """Quality assurance read groups of the entries that concern a batch, from one position of a stream to another.

    `groups` is a list of maps: group, stream (the batch's own where it is not named), after (the position up to which
    it was reviewed before), upto, entries, and sha256 (over the leaves of those entries in their order).
    """

    rules = models.CharField(max_length=20, help_text="version of the rules that sorted the entries")
    groups = models.JSONField()
    remark = models.TextField(max_length=2000, blank=True)
