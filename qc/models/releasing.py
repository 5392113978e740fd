"""What people outside said of a batch around the decision: the physician's acceptance, the sponsor's release.

Neither has an account here: one of ours enters what was said, with what proves it. Nothing shows it as their signature.
"""

from django.db import models

from batches.models import SignedInBatch
from ledger.models import StoredFile


class SaidOutside(SignedInBatch):
    """Who said what outside, when, and what proves it: a stored file, or the number of a paper that is kept."""

    name = models.CharField(max_length=120)
    role = models.CharField(max_length=120, help_text="with the registration, where there is one")
    said = models.TextField(max_length=2000)
    happened_at = models.DateTimeField()
    evidence = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    evidence_reference = models.CharField(max_length=120, blank=True)

    class Meta:
        abstract = True


class PhysicianAcceptance(SaidOutside):
    """The physician accepted the product before its last result, knowing what is pending."""

    pending = models.JSONField(help_text="codes of the lines that were pending when it was entered")


class SponsorRelease(SaidOutside):
    """The sponsor of a trial released the batch for use in it, as it was decided."""

    decision = models.ForeignKey("qc.Disposition", on_delete=models.PROTECT, related_name="sponsor_releases")


class SponsorReleaseChecked(SignedInBatch):
    """A second person compared the sponsor's release with what proves it."""

    release = models.OneToOneField(SponsorRelease, on_delete=models.PROTECT, related_name="check_of_it")
