"""Lots of material."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from ledger.fields import ExactDecimalField
from ledger.models import Written


class MaterialLot(Signed):
    """A lot of material as it was received. Whether it may be used is what quality decided last.

    One that was not `is_quarantined_first` was approved by the same signature by which it was registered.
    """

    class Kind(models.TextChoices):
        VECTOR = "vector", _("viral vector")
        REAGENT = "reagent", _("reagent")
        MEDIUM = "medium", _("medium")
        CONSUMABLE = "consumable", _("single-use set")

    code = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    item = models.CharField(max_length=60, help_text="the code by which definitions call this material")
    name = models.CharField(max_length=120)
    supplier = models.CharField(max_length=120)
    certificate = models.CharField(max_length=120)
    expires_on = models.DateField()
    target_antigen = models.CharField(max_length=60, blank=True, help_text="several are joined by a slash")
    titer_tu_per_ml = ExactDecimalField(null=True)
    units = models.JSONField(default=list, help_text="codes of the single vials, where each carries its own")

    is_quarantined_first = models.BooleanField(default=False)
    received_on = models.DateField(null=True)
    quantity = ExactDecimalField(null=True, help_text="as received; nothing where it is not counted")
    unit = models.CharField(max_length=20, blank=True)
    storage = models.CharField(max_length=120, blank=True)
    grade = models.CharField(max_length=60, blank=True)
    animal_origin = models.CharField(max_length=200, blank=True, help_text="the TSE/BSE statement")
    in_use_hours = models.PositiveIntegerField(null=True, help_text="how long it keeps once opened or thawed")
    construct = models.CharField(max_length=60, blank=True)
    titer_method = models.CharField(max_length=120, blank=True)
    replication_competent = models.CharField(max_length=200, blank=True, help_text="result of the test for RCL or RCR")
    bank = models.CharField(max_length=60, blank=True, help_text="cell bank that it was made from")
    most_thaws = models.PositiveSmallIntegerField(null=True, help_text="how often one unit may be thawed")

    def stream_name(self) -> str:
        return f"lot/{self.code}"


class LotDecision(Signed):
    """What quality decided on a lot; the last decision counts."""

    class Decision(models.TextChoices):
        APPROVED = "approved", _("approved")
        REJECTED = "rejected", _("rejected")
        RECALLED = "recalled", _("recalled")

    lot = models.ForeignKey(MaterialLot, on_delete=models.PROTECT, related_name="decisions")
    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.CharField(max_length=1000, blank=True)

    def stream_name(self) -> str:
        return self.lot.stream_name()


class LotOpened(Written):
    """A lot, or one unit of it, was opened or thawed; from then on its in-use time counts."""

    class How(models.TextChoices):
        OPENED = "opened", _("opened")
        THAWED = "thawed", _("thawed")

    lot = models.ForeignKey(MaterialLot, on_delete=models.PROTECT, related_name="openings")
    unit = models.CharField(max_length=30, blank=True, help_text="code of the single unit, where it has one")
    how = models.CharField(max_length=6, choices=How)
    happened_at = models.DateTimeField()
    use_until = models.DateTimeField(null=True)

    def stream_name(self) -> str:
        return self.lot.stream_name()


class LotDiscarded(Signed):
    """A part of a lot was thrown away or lost outside any batch."""

    lot = models.ForeignKey(MaterialLot, on_delete=models.PROTECT, related_name="discards")
    quantity = ExactDecimalField()
    reason = models.CharField(max_length=1000)

    def stream_name(self) -> str:
        return self.lot.stream_name()


class LotState(models.Model):
    """What is left of a lot, in its own unit. A cache: verification recomputes it. Its row is the lock of the lot."""

    lot = models.OneToOneField(MaterialLot, on_delete=models.PROTECT, primary_key=True, related_name="state")
    remaining = ExactDecimalField(null=True)
