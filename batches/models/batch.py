"""The batch, and the base of every row in it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from batches.models.definitions import Definition
from batches.models.orders import Order
from chain_of_custody.models import ChainOfIdentity
from ledger.models import Written


class Batch(Signed):
    """One run for one order, issued by quality: an exact copy of approved definitions, pinned by version."""

    class StartingMaterial(models.TextChoices):
        FRESH = "fresh", _("fresh")
        FROZEN = "frozen", _("frozen")

    number = models.CharField(max_length=20, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="batches")
    product = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    master = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    specification = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    data_remark = models.CharField(
        max_length=300, blank=True, help_text="what a reader must know of the data themselves"
    )
    data_source = models.CharField(max_length=300, blank=True, help_text="where published data come from")

    attempt = models.PositiveSmallIntegerField(default=1, help_text="which try at its order it is")
    starting_material = models.CharField(max_length=6, choices=StartingMaterial, default=StartingMaterial.FRESH)
    master_sha256 = models.CharField(max_length=64, blank=True, help_text="of the master record's text at issue")

    def stream_name(self) -> str:
        return f"batch/{self.number}"

    @property
    def coi(self) -> ChainOfIdentity:
        return self.order.coi


class BatchState(models.Model):
    """Where a batch stands. A cache: verification recomputes it. Its row is the lock of everything in the batch."""

    class Disposition(models.TextChoices):
        NONE = "none", _("In quarantine, not decided")
        CERTIFIED = "certified", _("Certified")
        NOT_CERTIFIED = "not_certified", _("Not certified")
        CERTIFIED_CONDITIONALLY = "certified_conditionally", _("Certified conditionally")
        WITHDRAWN = "withdrawn", _("Certification withdrawn")

    class AfterRelease(models.TextChoices):
        NONE = "", _("nothing")
        STERILITY = "sterility", _("Sterility positive after release")
        RESULT = "result", _("Out of specification after release")

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, primary_key=True, related_name="state")
    stage = models.CharField(max_length=40)
    disposition = models.CharField(max_length=24, choices=Disposition, default=Disposition.NONE)
    after_release = models.CharField(max_length=10, choices=AfterRelease, blank=True, default=AfterRelease.NONE)


class InBatch(Written):
    """A written row of one batch."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def stream_name(self) -> str:
        return self.batch.stream_name()


class SignedInBatch(Signed):
    """A signed row of one batch."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def stream_name(self) -> str:
        return self.batch.stream_name()
