"""The tables of assay controls: the lot with its assigned limits, each measurement, the decision on each run."""

from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from batches.models import Equipment
from ledger.fields import ExactDecimalField
from ledger.models import Written
from qc.trends.chart_statistics import Spread


class ControlLot(Signed):
    """A lot of control material for one method, with the mean and the standard deviation that were assigned to it."""

    code = models.CharField(max_length=30, unique=True)
    title = models.CharField(max_length=120)
    method = models.CharField(max_length=40, help_text="the code of the method that it controls")
    material_lot = models.CharField(max_length=60, help_text="the lot of the material as it is labelled")
    unit = models.CharField(max_length=30, blank=True)
    mean = ExactDecimalField()
    sd = ExactDecimalField()
    n = models.PositiveIntegerField(help_text="how many measurements the two rest on")
    reference = models.CharField(max_length=300, help_text="where they come from: a certificate, a study")

    def stream_name(self) -> str:
        return f"control/{self.code}"

    @property
    def spread(self) -> Spread:
        """The assigned mean and standard deviation."""
        assert self.mean is not None  # noqa: S101  no row is written without
        assert self.sd is not None  # noqa: S101  as above
        return Spread(self.mean, self.sd, self.n)


class ControlLotApproval(Signed):
    """A second person compared the assigned limits with their source; the control may decide on runs."""

    lot = models.OneToOneField(ControlLot, on_delete=models.PROTECT, related_name="approval")

    def stream_name(self) -> str:
        return self.lot.stream_name()


class ControlMeasurement(Written):
    """A control was measured in a run. `run` counts the runs of its lot in the order in which they were recorded."""

    lot = models.ForeignKey(ControlLot, on_delete=models.PROTECT, related_name="measurements")
    run = models.PositiveIntegerField()
    counted_from = models.PositiveIntegerField(help_text="the first run that its rules look at")
    typed = models.CharField(max_length=40)
    value = ExactDecimalField()
    unit = models.CharField(max_length=30, blank=True)
    equipment = models.ForeignKey(Equipment, on_delete=models.PROTECT, null=True, related_name="+")
    performed_at = models.DateTimeField()
    remark = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lot", "run"], name="a_control_has_one_measurement_a_run")]

    def stream_name(self) -> str:
        return self.lot.stream_name()

    @property
    def number(self) -> Decimal:
        """What was measured, as a number."""
        assert self.value is not None  # noqa: S101  no row is written without
        return self.value


class RunDecision(Signed):
    """A run was accepted or rejected by its control, with the rules that the control broke as the server told them."""

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")

    measurement = models.OneToOneField(ControlMeasurement, on_delete=models.PROTECT, related_name="decision")
    decision = models.CharField(max_length=8, choices=Decision)
    rules = models.JSONField(help_text="the rules that the control broke, the warning included")
    reason = models.CharField(max_length=1000, blank=True)
    results = models.JSONField(help_text="of a rejected run: ids of the results since the last accepted one")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decision="accepted") | ~models.Q(reason=""), name="a_rejected_run_has_a_reason"
            )
        ]

    def stream_name(self) -> str:
        return self.measurement.stream_name()
