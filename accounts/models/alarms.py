"""Alarms, and the people who are called.

Written and witnessed: an alarm, each attempt to tell somebody of it, and the signature of the one who took it on. Who
is on call is written too, so that anybody can see later who was to be reached, and how.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Person, Signed
from ledger.models import Written


class OnCallDuty(Written):
    """Somebody is on call for a span of time, reached by one channel; a higher level is told when a lower is silent."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("e-mail")
        WEBHOOK = "webhook", _("message to an address of a paging service")
        SCREEN = "screen", _("on screen alone")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="duties")
    level = models.PositiveSmallIntegerField(default=1)
    channel = models.CharField(max_length=10, choices=Channel)
    address = models.CharField(max_length=300, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="a_duty_ends_after_it_began"
            ),
            models.CheckConstraint(condition=models.Q(level__gte=1), name="levels_of_duty_begin_with_one"),
        ]

    def stream_name(self) -> str:
        return "site"


class OnCallEnded(Written):
    """A duty ended before its time."""

    duty = models.OneToOneField(OnCallDuty, on_delete=models.PROTECT, related_name="ended")
    reason = models.CharField(max_length=300)

    def stream_name(self) -> str:
        return "site"


class Alarm(Written):
    """Something that somebody must know at once. It is a fact; `stream` is where what it is about stands."""

    class Kind(models.TextChoices):
        MISMATCH = "mismatch", _("identity mismatch")
        EXCURSION = "excursion", _("temperature excursion")
        HOLD_TIME = "hold_time", _("hold time exceeded")
        GROWTH = "growth", _("growth in a test")
        OUT_OF_SPECIFICATION = "oos", _("result out of specification")
        DONOR = "donor", _("donor status changed")
        LABEL = "label", _("labels that do not reconcile")
        REPORTED = "reported", _("reported by a person")

    kind = models.CharField(max_length=12, choices=Kind)
    says = models.CharField(max_length=1000)
    url = models.CharField(max_length=200, blank=True)
    stream = models.CharField(max_length=80)
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "about_id"],
                condition=~models.Q(about_id=None),
                name="one_alarm_of_a_kind_about_a_thing",
            )
        ]

    def stream_name(self) -> str:
        return self.stream


class AlarmSent(Written):
    """An attempt to tell somebody of an alarm, and what came of it."""

    class Outcome(models.TextChoices):
        SENT = "sent", _("sent")
        FAILED = "failed", _("could not be sent")
        NOBODY = "nobody", _("nobody is on call")

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="sent")
    duty = models.ForeignKey(OnCallDuty, on_delete=models.PROTECT, null=True, related_name="+")
    level = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    says = models.CharField(max_length=300, blank=True)

    def stream_name(self) -> str:
        return self.alarm.stream_name()


class AlarmAcknowledged(Signed):
    """Somebody took an alarm on; nobody further is told of it."""

    alarm = models.OneToOneField(Alarm, on_delete=models.PROTECT, related_name="acknowledged")
    says = models.CharField(max_length=1000)

    def stream_name(self) -> str:
        return self.alarm.stream_name()
