"""Equipment and areas: what they are, what happened to them, and whose batch an area holds."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from batches.models.batch import Batch, InBatch, SignedInBatch
from ledger.models import Written


class Area(Written):
    """A room, isolator, cabinet or device that holds one batch at a time, or is shared."""

    class Kind(models.TextChoices):
        ROOM = "room", _("room")
        ISOLATOR = "isolator", _("isolator")
        CABINET = "cabinet", _("safety cabinet")
        DEVICE = "device", _("closed device")

    code = models.CharField(max_length=30, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind)
    grade = models.CharField(max_length=20, blank=True)
    is_exclusive = models.BooleanField(default=True, help_text="holds one batch at a time")

    def stream_name(self) -> str:
        return f"equipment/{self.code}"


class AreaState(models.Model):
    """Which batch an area holds. A cache: verification recomputes it. Its row is the lock of the area."""

    area = models.OneToOneField(Area, on_delete=models.PROTECT, primary_key=True, related_name="state")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="+")


class Equipment(Written):
    """A piece of equipment with its own code; `type` is what definitions call it."""

    code = models.CharField(max_length=30, unique=True)
    type = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    model = models.CharField(max_length=120, blank=True)
    serial = models.CharField(max_length=60, blank=True)
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, related_name="equipment")

    def stream_name(self) -> str:
        return f"equipment/{self.code}"


class EquipmentEvent(Signed):
    """Something that changes whether a piece of equipment may be used."""

    class Kind(models.TextChoices):
        CALIBRATED = "calibrated", _("calibrated")
        QUALIFIED = "qualified", _("qualified")
        CLEANED = "cleaned", _("cleaned")
        SOILED = "soiled", _("needs cleaning")
        HELD = "held", _("put on hold")
        RETURNED = "returned", _("returned to use")
        RETIRED = "retired", _("retired")

    equipment = models.ForeignKey(Equipment, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    happened_at = models.DateTimeField()
    valid_until = models.DateField(null=True, help_text="the last day on which it counts")
    reference = models.CharField(max_length=120, blank=True)
    says = models.CharField(max_length=1000, blank=True)

    def stream_name(self) -> str:
        return self.equipment.stream_name()


class LineClearance(SignedInBatch):
    """Somebody cleared an area before or after it held a batch, point by point (21 CFR 211.130)."""

    class When(models.TextChoices):
        BEFORE = "before", _("before use")
        AFTER = "after", _("after use")

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="clearances")
    when = models.CharField(max_length=6, choices=When)
    points = models.JSONField(help_text="the points of the checklist that were confirmed, in words")
    monitoring = models.CharField(max_length=60, blank=True, help_text="number of the environmental monitoring session")


class LineClearanceVerified(SignedInBatch):
    """A second person looked at a cleared area independently."""

    clearance = models.OneToOneField(LineClearance, on_delete=models.PROTECT, related_name="verification")


class MonitoringResult(InBatch):
    """What an environmental monitoring session of an area found, once it was read. A later reading supersedes it."""

    class Result(models.TextChoices):
        WITHIN = "within", _("within limits")
        OUTSIDE = "outside", _("outside limits")

    area = models.ForeignKey(Area, on_delete=models.PROTECT, related_name="monitoring")
    session = models.CharField(max_length=60)
    result = models.CharField(max_length=8, choices=Result)
    says = models.CharField(max_length=1000, blank=True)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
