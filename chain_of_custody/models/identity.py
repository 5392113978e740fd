"""Whose cells they are, and who holds cells.

Who a patient is stands in `SubjectIdentity` alone; everything else names the chain of identity.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from ledger.fields import ExactDecimalField
from ledger.models import Written


class Subject(Written):
    """The person whose cells these are, under the pseudonym that the plant uses."""

    pseudonym = models.CharField(max_length=20, unique=True)

    def stream_name(self) -> str:
        return "site"


class SubjectIdentity(Written):
    """What links a pseudonym to a human being; the one record that can be erased."""

    erasable: ClassVar[bool] = True

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="identities")
    initials = models.CharField(max_length=6, blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True)
    hospital_reference = models.CharField(max_length=60, blank=True)

    def stream_name(self) -> str:
        return f"subject/{self.subject_id}"


class ChainOfIdentity(Written):
    """One therapy event of one subject: the identifier that stands on every label (ISBT 128, 15 characters)."""

    identifier = models.CharField(max_length=15, unique=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="chains")

    def stream_name(self) -> str:
        return f"coi/{self.identifier}"


class Party(Written):
    """An organisation that holds cells at some time: hospital, courier, laboratory, or this site."""

    class Kind(models.TextChoices):
        OWN_SITE = "own_site", _("this site")
        HOSPITAL = "hospital", _("hospital")
        COURIER = "courier", _("courier")
        LABORATORY = "laboratory", _("laboratory")

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    address = models.CharField(max_length=240)
    licence = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=models.Q(kind="own_site"), name="one_party_is_this_site")
        ]

    def __str__(self) -> str:
        return self.name

    def stream_name(self) -> str:
        return "site"


class Place(Written):
    """A named storage unit, room or shipper with the temperatures it keeps, in °C."""

    class Kind(models.TextChoices):
        STORE = "store", _("storage unit")
        IN_PROCESS = "in_process", _("in process")
        SHIPPER = "shipper", _("shipper")

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="places")
    low_c = ExactDecimalField(null=True)
    high_c = ExactDecimalField(null=True)
    is_isolated = models.BooleanField(default=False, help_text="kept apart, for cells of one donor at a time")

    def stream_name(self) -> str:
        return "site"


class ErasureProposed(Signed):
    """Somebody proposes to erase what links a subject to a human being; nothing else is ever erased."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="erasures")
    reason = models.TextField(max_length=1000)
    retention = models.TextField(max_length=2000, help_text="the computed date and rule, as it was shown")

    def stream_name(self) -> str:
        return "site"


class ErasureApproved(Signed):
    """A second person agrees; the identity records of the subject are erased from then on."""

    proposal = models.OneToOneField(ErasureProposed, on_delete=models.PROTECT, related_name="approval")
    entries = models.JSONField(help_text="positions of the entries whose payload is erased")

    def stream_name(self) -> str:
        return "site"
