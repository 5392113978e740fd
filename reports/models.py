"""The documents that were issued, the copies that were taken, and who reads on behalf of whom.

A copy is an act of the site, not of the batch: taking it must not change the record that it copies.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Signed
from batches.models import Batch, InBatch
from ledger.models import Checkpoint, StoredFile, Written


class Document(InBatch):
    """A version of a document, issued when its finished bytes were recorded. Superseded, never edited."""

    class Kind(models.TextChoices):
        CERTIFICATE_OF_ANALYSIS = "coa", _("Certificate of analysis")
        BATCH_CERTIFICATE = "bc", _("Batch certificate")
        BATCH_RECORD = "br", _("Batch record")
        EXCEPTIONAL_SUPPLY = "es", _("Supply of an out-of-specification product")
        INFUSION_CERTIFICATE = "ic", _("Certificate for infusion")

    kind = models.CharField(max_length=4, choices=Kind)
    number = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    basis_type = models.CharField(max_length=60)
    basis_id = models.UUIDField(unique=True, help_text="the approval, the decision or the request that it answers")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    snapshot_sha256 = models.CharField(max_length=64)
    is_interim = models.BooleanField(default=False)
    unsigned_size = models.PositiveBigIntegerField(
        default=0, help_text="how many of the file's first bytes are the document before it was signed; 0: all"
    )
    signed_as = models.CharField(max_length=10, blank=True, help_text="PAdES level: B-B, B-T, B-LTA; empty: not signed")
    stream_position = models.PositiveBigIntegerField(
        default=0, help_text="the newest entry of the batch's stream that a batch record states; 0 for certificates"
    )
    issued_at = models.DateTimeField()
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number", "version"], name="a_document_has_one_file_a_version")]

    @property
    def record_version(self) -> int:
        return self.version


class Inspection(Signed):
    """Quality opens records to an inspection: certain batches, read-only, until a time.

    `reader` is the inspector's own account, or somebody of quality who opens the records on the inspection's behalf.
    """

    number = models.CharField(max_length=20, unique=True)
    authority = models.CharField(max_length=120)
    inspector = models.CharField(max_length=120)
    reader = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="inspections")
    batches = models.JSONField(help_text="numbers of the batches that may be read")
    until = models.DateTimeField()

    def stream_name(self) -> str:
        return "site"


class InspectionEnded(Signed):
    """Quality ended the access of an inspection before its time."""

    inspection = models.OneToOneField(Inspection, on_delete=models.PROTECT, related_name="ended")
    reason = models.CharField(max_length=1000, blank=True)

    def stream_name(self) -> str:
        return "site"


class CopyAsked(Written):
    """Somebody asked for a copy of a batch's record; the worker makes it."""

    class Kind(models.TextChoices):
        PACKAGE = "package", _("Record package")
        RECORD = "record", _("Batch record as PDF")

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="copies")
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, null=True, related_name="copies")

    def stream_name(self) -> str:
        return "site"


class CopyMade(Written):
    """A copy was made for somebody: what it holds, its digest, and the checkpoint that it leads to."""

    asked = models.OneToOneField(CopyAsked, on_delete=models.PROTECT, related_name="made")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, null=True, related_name="+")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, null=True, related_name="+")

    def stream_name(self) -> str:
        return "site"


class CopyHandedOver(Signed):
    """Quality gave a copy to somebody outside, on a medium, and says to whom."""

    copy = models.ForeignKey(CopyMade, on_delete=models.PROTECT, related_name="handed_over")
    to = models.CharField(max_length=200)
    medium = models.CharField(max_length=120)

    def stream_name(self) -> str:
        return "site"
