"""What temperature loggers saw of containers while they were kept in one place.

A file is kept with the time that it was sent for, also where nobody confirms it. What it shows outside the range is an
`Excursion` like any other; a time of which nobody knows the temperature is a `TemperatureUnknown`, and never within.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chain_of_custody.models.custody import Excursion
from chain_of_custody.models.identity import ChainOfIdentity, Place
from ledger.fields import ExactDecimalField
from ledger.models import StoredFile, Written

CLOCKS = [("site", _("this site's time")), ("utc", _("UTC"))]


class OfStay(Written):
    """Something about containers that were together in one place from one moment to another.

    `stay` is computed from these and from the hand-over before (`links.Kept.id`).
    """

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="+")
    stay = models.UUIDField(db_index=True)
    containers = models.JSONField(help_text="ids, sorted")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        abstract = True

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class LoggerFile(OfStay):
    """The file of a logger as it was received, with what was chosen for it; it may never be confirmed."""

    logger = models.CharField(max_length=40, help_text="as read from the logger's label")
    profile = models.CharField(max_length=30)
    profile_version = models.PositiveIntegerField()
    clock = models.CharField(max_length=4, choices=CLOCKS)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")


class LoggerTrace(Written):
    """Somebody looked at what a file says and confirmed it. Times in seconds, temperatures in °C."""

    source = models.OneToOneField(LoggerFile, on_delete=models.PROTECT, related_name="trace")
    readings = models.PositiveIntegerField(help_text="readings of this time; the file may hold others")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    interval_s = models.PositiveIntegerField()
    longest_gap_s = models.PositiveIntegerField()
    calibrated_until = models.DateField(null=True)
    lowest_c = ExactDecimalField()
    highest_c = ExactDecimalField()
    longest_outside_s = models.PositiveIntegerField()
    total_outside_s = models.PositiveIntegerField()

    def stream_name(self) -> str:
        return self.source.stream_name()

    @property
    def is_within(self) -> bool:
        """Whether every moment of the time is known and was within the range."""
        return not self.excursions.exists() and not self.unknown.exists()


class TraceExcursion(Written):
    """An excursion that a logger saw: in which trace, and when it ended. It began when the excursion happened."""

    trace = models.ForeignKey(LoggerTrace, on_delete=models.PROTECT, related_name="excursions")
    excursion = models.OneToOneField(Excursion, on_delete=models.PROTECT, related_name="seen_by_logger")
    until = models.DateTimeField()

    def stream_name(self) -> str:
        return self.trace.stream_name()


class TemperatureUnknown(OfStay):
    """Of this time nobody knows the temperature of the containers. A fact, assessed like an excursion."""

    class Why(models.TextChoices):
        GAP = "gap", _("the logger has no readings")
        BEGINS_LATE = "begins_late", _("the logger's file begins late")
        ENDS_EARLY = "ends_early", _("the logger's file ends early")
        UNCALIBRATED = "uncalibrated", _("the logger is not known to be calibrated")
        NO_FILE = "no_file", _("there is no file of a logger")

    why = models.CharField(max_length=12, choices=Why)
    trace = models.ForeignKey(LoggerTrace, on_delete=models.PROTECT, null=True, related_name="unknown")
    says = models.CharField(max_length=1000, blank=True, help_text="why there is no file")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(trace=None, why="no_file") | (~models.Q(trace=None) & ~models.Q(why="no_file")),
                name="an_unknown_temperature_is_of_a_trace_or_of_no_file",
            )
        ]
