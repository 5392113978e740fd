"""The documents that were issued."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models import InBatch
from ledger.models import StoredFile


class Document(InBatch):
    """A version of a document, issued when its finished bytes were recorded. Superseded, never edited."""

    class Kind(models.TextChoices):
        CERTIFICATE_OF_ANALYSIS = "coa", _("Certificate of analysis")
        BATCH_CERTIFICATE = "bc", _("Batch certificate")

    kind = models.CharField(max_length=4, choices=Kind)
    number = models.CharField(max_length=20)
    version = models.PositiveIntegerField()
    basis_type = models.CharField(max_length=60)
    basis_id = models.UUIDField(unique=True, help_text="the approval or the decision that this document states")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    sha256 = models.CharField(max_length=64)
    snapshot_sha256 = models.CharField(max_length=64)
    is_interim = models.BooleanField(default=False)
    issued_at = models.DateTimeField()
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["number", "version"], name="a_document_has_one_file_a_version")]

    @property
    def record_version(self) -> int:
        return self.version
