"""The tables of trends over batches: the limits, who approved them, and what people thought of each signal."""

from django.db import models

from accounts.models import Signed
from ledger.fields import ExactDecimalField
from qc.models.laboratory import Result
from qc.trends.chart_statistics import Spread


class TrendLimits(Signed):
    """A version of the limits of one line of a product, computed from the batches that it names."""

    product = models.CharField(max_length=40)
    line = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    unit = models.CharField(max_length=30, blank=True)
    mean = ExactDecimalField()
    sd = ExactDecimalField()
    n = models.PositiveIntegerField()
    batches = models.JSONField(help_text="numbers of the batches, in the order of the chart")
    results = models.JSONField(help_text="ids of their results, in the same order")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "line", "version"], name="a_line_has_one_row_of_limits_a_version"
            )
        ]

    def stream_name(self) -> str:
        return f"trend/{self.product}"

    @property
    def record_version(self) -> int:
        return self.version

    @property
    def spread(self) -> Spread:
        """The mean and the standard deviation that the limits are drawn from."""
        assert self.mean is not None  # noqa: S101  no row is written without
        assert self.sd is not None  # noqa: S101  as above
        return Spread(self.mean, self.sd, self.n)


class TrendLimitsApproval(Signed):
    """Quality assurance approved limits; from then on they give signals."""

    limits = models.OneToOneField(TrendLimits, on_delete=models.PROTECT, related_name="approval")

    def stream_name(self) -> str:
        return self.limits.stream_name()


class SignalAssessment(Signed):
    """Quality control assessed a signal: a result that completed a pattern of one rule under approved limits."""

    limits = models.ForeignKey(TrendLimits, on_delete=models.PROTECT, related_name="assessments")
    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="signal_assessments")
    rule = models.CharField(max_length=10)
    cause = models.TextField(max_length=2000)
    conclusion = models.TextField(max_length=2000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["result", "rule"], name="a_signal_is_assessed_once")]

    def stream_name(self) -> str:
        return self.limits.stream_name()


class SignalClosing(Signed):
    """A second person of quality control, or quality assurance, closed an assessed signal."""

    assessment = models.OneToOneField(SignalAssessment, on_delete=models.PROTECT, related_name="closing")

    def stream_name(self) -> str:
        return self.assessment.stream_name()
