"""What is known of the donor's infectious disease markers, marker by marker."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Signed
from chain_of_custody.models.containers import Collection


class DonorTest(Signed):
    """What a laboratory reported of one marker for one collection, as typed by one person; a later one supersedes."""

    class Result(models.TextChoices):
        NON_REACTIVE = "non_reactive", _("non-reactive")
        REACTIVE = "reactive", _("reactive")
        INDETERMINATE = "indeterminate", _("indeterminate")
        NOT_TESTED = "not_tested", _("not tested")

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="donor_tests")
    marker = models.CharField(max_length=60)
    result = models.CharField(max_length=14, choices=Result)
    laboratory = models.CharField(max_length=120, blank=True)
    report = models.CharField(max_length=120, blank=True, help_text="number of the laboratory's report")
    sampled_on = models.DateField(null=True)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["collection", "marker"],
                condition=models.Q(supersedes=None),
                name="a_marker_has_one_first_result_a_collection",
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="a_changed_donor_test_has_a_reason"
            ),
        ]

    def stream_name(self) -> str:
        return self.collection.stream_name()


class DonorTestVerified(Signed):
    """A second person compared a donor test with the laboratory's report; only then it counts."""

    test = models.OneToOneField(DonorTest, on_delete=models.PROTECT, related_name="verification")

    def stream_name(self) -> str:
        return self.test.stream_name()
