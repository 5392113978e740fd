"""What is kept beside a record: certified copies of papers, and legal holds."""

from django.db import models

from batches.models.batch import SignedInBatch
from ledger.models import StoredFile


class TrueCopy(SignedInBatch):
    """A scan that somebody compared with the paper original, page by page, and certifies as a true copy."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    first_page = models.PositiveIntegerField()
    last_page = models.PositiveIntegerField()
    pages = models.PositiveIntegerField(help_text="how many pages the original has")
    original_at = models.CharField(max_length=200, help_text="where the original lies")
    step = models.CharField(max_length=10, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(first_page__gte=1)
                & models.Q(last_page__gte=models.F("first_page"))
                & models.Q(pages__gte=models.F("last_page")),
                name="a_true_copy_has_pages_of_its_original",
            )
        ]


class LegalHold(SignedInBatch):
    """The record of a batch is kept until further notice, whatever its retention says."""

    reason = models.TextField(max_length=1000)


class LegalHoldLifted(SignedInBatch):
    """A legal hold ended."""

    hold = models.OneToOneField(LegalHold, on_delete=models.PROTECT, related_name="lifted")
    reason = models.TextField(max_length=1000)
