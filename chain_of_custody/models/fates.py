"""What became of a container in the end."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from chain_of_custody.models.containers import Container
from ledger.fields import ExactDecimalField


class ContainerFate(Signed):
    """The end of a container, a fact: each has exactly one."""

    class Fate(models.TextChoices):
        INFUSED = "infused", _("infused")
        DESTROYED = "destroyed", _("destroyed")
        RETAINED = "retained", _("retained for good")
        LOST = "lost", _("lost")
        USED_UP = "used_up", _("used up in manufacture or testing")

    container = models.OneToOneField(Container, on_delete=models.PROTECT, related_name="fate")
    fate = models.CharField(max_length=10, choices=Fate)
    happened_at = models.DateTimeField()
    volume_ml = ExactDecimalField(null=True)
    route = models.CharField(max_length=200, blank=True, help_text="how waste was disposed of, or where it is kept")
    reason = models.CharField(max_length=1000, blank=True)

    def stream_name(self) -> str:
        return self.container.stream_name()


class ContainerFateWitnessed(Signed):
    """A second person saw a container destroyed."""

    fate = models.OneToOneField(ContainerFate, on_delete=models.PROTECT, related_name="witnessed")

    def stream_name(self) -> str:
        return self.fate.stream_name()
