"""Certificates of contract laboratories: typed by one person, and typed again by another who did not see it.

Nobody of a contract laboratory has an account here. What their certificate says is entered with the file that proves
it, and counts once two people typed the same. Its own verdict is kept and decides nothing.
"""

from django.db import models

from batches.models import SignedInBatch
from chain_of_custody.models import Party
from ledger.models import StoredFile
from qc.models.laboratory import Sample


class ContractCertificate(SignedInBatch):
    """What a certificate says of our sample for one line, as the first person typed it."""

    laboratory = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=60)
    reported_on = models.DateField(help_text="the day that the certificate states")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="contract_certificates")
    line = models.CharField(max_length=40)
    run = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=200, help_text="as it is printed")
    began_at = models.DateTimeField(null=True, help_text="inoculation, for growth tests")
    tested_at = models.DateTimeField()
    values = models.JSONField(help_text="member, replicate and what was typed, for each value")
    verdict_printed = models.CharField(max_length=200, blank=True, help_text="the laboratory's own; it never decides")
    evidence = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    custody = models.CharField(max_length=300, blank=True, help_text="what custody said against it when it was entered")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "laboratory", "number", "line"],
                condition=models.Q(supersedes=None),
                name="a_certificate_is_entered_once_for_a_line",
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""),
                name="a_corrected_certificate_has_a_reason",
            ),
        ]


class ContractCertificateCompared(SignedInBatch):
    """A second person typed what the first had typed from the certificate; where both agree, readings are recorded."""

    certificate = models.OneToOneField(ContractCertificate, on_delete=models.PROTECT, related_name="comparison")
    stated = models.JSONField(help_text="number, sample, times and values as the second person typed them")
    differences = models.JSONField(help_text="what, first and second, for each; empty where both agree")
    readings = models.JSONField(help_text="ids of the readings that state the values; empty where they differ")

    @property
    def agrees(self) -> bool:
        return not self.differences
