"""Orders and the recipient's weight."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from batches.models.definitions import Definition
from chain_of_custody.models import ChainOfIdentity
from ledger.fields import ExactDecimalField
from ledger.models import Written


class Course(Signed):
    """A course of treatment of one subject: several batches and doses that belong together."""

    number = models.CharField(max_length=20, unique=True)
    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="courses")
    title = models.CharField(max_length=200)
    plan = models.TextField(max_length=2000)

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class Order(Signed):
    """A physician's order of one product for one chain of identity."""

    number = models.CharField(max_length=20, unique=True)
    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="orders")
    product = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    prescriber = models.CharField(max_length=120)
    prescription = models.CharField(max_length=120)
    sponsor_number = models.CharField(max_length=40, blank=True)
    planned_infusion = models.DateField(null=True)
    course = models.ForeignKey(Course, on_delete=models.PROTECT, null=True, related_name="orders")

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class Weight(Written):
    """The recipient's weight in kilograms, as typed, with its date. A later one supersedes it with a reason."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="weights")
    kilograms = ExactDecimalField()
    weighed_on = models.DateField()
    source = models.CharField(max_length=120)
    was_asked_again = models.BooleanField(default=False, help_text="outside the plausible range and confirmed")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(supersedes=None), name="an_order_has_one_first_weight"
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="a_corrected_weight_has_a_reason"
            ),
        ]

    def stream_name(self) -> str:
        return self.order.stream_name()


class WeightVerification(Signed):
    """A second person compared a weight with its source; only a verified weight feeds a dose."""

    weight = models.OneToOneField(Weight, on_delete=models.PROTECT, related_name="verification")

    def stream_name(self) -> str:
        return self.weight.stream_name()


class PlannedDose(Signed):
    """One dose of a course: of which order, which share of it, when, and whether from bags that were kept."""

    class Source(models.TextChoices):
        BATCH = "batch", _("from the batch")
        RETAINED = "retained", _("from retained bags")

    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="doses")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="doses")
    number = models.PositiveSmallIntegerField()
    share_percent = ExactDecimalField(null=True)
    source = models.CharField(max_length=8, choices=Source, default=Source.BATCH)
    planned_on = models.DateField(null=True)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["course", "number"], condition=models.Q(supersedes=None), name="a_course_has_one_dose_a_number"
            )
        ]

    def stream_name(self) -> str:
        return self.course.stream_name()


class PlannedTime(Written):
    """When something around an order is planned. A later one supersedes it with a reason."""

    class Kind(models.TextChoices):
        COLLECTION = "collection", _("collection")
        SHIPMENT = "shipment", _("shipment")
        LYMPHODEPLETION = "lymphodepl", _("start of lymphodepletion")
        INFUSION = "infusion", _("infusion")

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="planned_times")
    kind = models.CharField(max_length=10, choices=Kind)
    at = models.DateTimeField()
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"], condition=models.Q(supersedes=None), name="an_order_has_one_first_plan_a_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="a_changed_plan_has_a_reason"
            ),
        ]

    def stream_name(self) -> str:
        return self.order.stream_name()


class OrderEnded(Signed):
    """An order ended, and how. What quality decided on its batches stays as it was."""

    class How(models.TextChoices):
        INFUSED = "infused", _("infused")
        CANCELLED = "cancelled", _("cancelled")
        DIED = "died", _("the patient died")
        WITHDREW = "withdrew", _("the patient withdrew")
        FAILED = "failed", _("manufacture failed")
        EXPIRED = "expired", _("expired unused")

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="ended")
    how = models.CharField(max_length=10, choices=How)
    happened_on = models.DateField()
    source = models.CharField(max_length=300, help_text="who said so, and where it stands written")
    reason = models.CharField(max_length=1000, blank=True)

    def stream_name(self) -> str:
        return self.order.stream_name()
