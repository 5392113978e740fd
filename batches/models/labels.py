"""Labels: printed, applied, destroyed, reconciled; a specimen of each print is kept (21 CFR 211.125, 211.188(b)(8))."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models.batch import InBatch, SignedInBatch
from chain_of_custody.models import Container
from ledger.models import StoredFile


class LabelPrint(InBatch):
    """A run of labels: their frozen content, each with a serial of its own."""

    class Purpose(models.TextChoices):
        FIRST = "first", _("first print")
        REPRINT = "reprint", _("reprint")
        RELABEL = "relabel", _("relabelling")

    number = models.CharField(max_length=20, unique=True)
    purpose = models.CharField(max_length=8, choices=Purpose)
    reason = models.CharField(max_length=1000, blank=True)
    labels = models.JSONField(help_text="serial, container and everything that stands on each label")
    donor_status = models.CharField(max_length=12, help_text="as it was when the labels were printed")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(purpose="first") | ~models.Q(reason=""), name="labels_printed_again_have_a_reason"
            )
        ]


class LabelSpecimen(InBatch):
    """The labels of a print as they were rendered."""

    print = models.OneToOneField(LabelPrint, on_delete=models.PROTECT, related_name="specimen")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")


class LabelApplied(InBatch):
    """A label was put on a container: both codes were read. Whether they belong together is a fact."""

    print = models.ForeignKey(LabelPrint, on_delete=models.PROTECT, related_name="applied")
    serial = models.CharField(max_length=40)
    container = models.ForeignKey(Container, on_delete=models.PROTECT, null=True, related_name="labels")
    code = models.CharField(max_length=200, help_text="of the container, as read")
    was_typed = models.BooleanField(default=False)
    fits = models.BooleanField()
    says = models.CharField(max_length=300, blank=True)
    performed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["serial"], condition=models.Q(fits=True), name="a_label_is_applied_once")
        ]


class LabelsDestroyed(SignedInBatch):
    """Labels that were spoiled or left over were destroyed."""

    print = models.ForeignKey(LabelPrint, on_delete=models.PROTECT, related_name="destroyed")
    serials = models.JSONField()
    reason = models.CharField(max_length=1000)


class LabelsReconciled(SignedInBatch):
    """The count of a print: printed = applied + destroyed + kept as specimen, or a departure stands beside it."""

    print = models.OneToOneField(LabelPrint, on_delete=models.PROTECT, related_name="reconciled")
    printed = models.PositiveIntegerField()
    applied = models.PositiveIntegerField()
    destroyed = models.PositiveIntegerField()
    kept = models.PositiveIntegerField()
