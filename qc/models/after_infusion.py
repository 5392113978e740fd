"""What happens to the bags after release: at the bedside, on the way back, in the weeks after; complaints.

Hospitals have no account here. What they say is entered by one of ours with what proves it and compared by another. No
row names a patient: the chain of identity and the pseudonym are all that is known here.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models import InBatch, SignedInBatch
from chain_of_custody.models import Container, ContainerFate, HandOverAccepted, IdentityCheck
from ledger.fields import ExactDecimalField
from ledger.models import StoredFile
from qc.models.after_release import Addendum
from qc.models.releasing import SaidOutside


class InfusionReport(SaidOutside):
    """What a hospital says of one bag at the bedside: the check of identity, the thaw, the infusion if there was one.

    A fact, whatever it says. `wrong` is what the record found wrong with it when it was entered, sentence by sentence.
    """

    identity_check = models.OneToOneField(IdentityCheck, on_delete=models.PROTECT, related_name="infusion_report")
    patient_read = models.CharField(max_length=40, help_text="pseudonym or chain of identity as read at the patient")
    matched = models.BooleanField(help_text="whether the hospital found that bag and patient belong together")
    compared = models.CharField(max_length=200, help_text="the two identifiers that were compared")
    first_checker = models.CharField(max_length=120)
    second_checker = models.CharField(max_length=120)
    thaw_started_at = models.DateTimeField(null=True)
    thaw_ended_at = models.DateTimeField(null=True)
    thaw_how = models.CharField(max_length=200, blank=True)
    took_place = models.BooleanField(help_text="whether anything was infused")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    volume_ml = ExactDecimalField(null=True)
    in_full = models.BooleanField(null=True)
    remainder_ml = ExactDecimalField(null=True)
    remainder = models.CharField(max_length=300, blank=True, help_text="what became of the rest, or of the bag")
    physician = models.CharField(max_length=120, blank=True)
    reaction = models.TextField(max_length=1000, blank=True)
    wrong = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(took_place=False) | models.Q(started_at__isnull=False),
                name="an_infusion_that_took_place_began_at_a_time",
            )
        ]

    @property
    def container(self) -> Container | None:
        """The bag that was read, where its code is known here."""
        return self.identity_check.container


class InfusionConfirmed(InBatch):
    """A second person compared a report with its evidence, and with the same signature the bag ended as infused."""

    report = models.OneToOneField(InfusionReport, on_delete=models.PROTECT, related_name="confirmed")
    fate = models.OneToOneField(ContainerFate, on_delete=models.PROTECT, related_name="infusion")


class ComparedWithEvidence(SignedInBatch):
    """A second person compared what was said outside with its evidence; what does not agree is set aside."""

    agrees = models.BooleanField()
    remark = models.CharField(max_length=1000, blank=True)

    class Meta:
        abstract = True


class InfusionReportChecked(ComparedWithEvidence):
    """A second person compared a report that ends no bag, or that does not agree with its evidence."""

    report = models.OneToOneField(InfusionReport, on_delete=models.PROTECT, related_name="checked")


class BagReturned(SignedInBatch):
    """A final bag that had left came back: with which acceptance, in which condition, and why."""

    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="returns")
    accepted = models.ForeignKey(HandOverAccepted, on_delete=models.PROTECT, related_name="returned_bags")
    reason = models.CharField(max_length=1000)
    condition = models.CharField(max_length=300)
    logger = models.CharField(max_length=300, help_text="what the logger says of the time away, or that there is none")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["container", "accepted"], name="a_bag_returns_once_with_an_acceptance")
        ]


class ReturnDecided(SignedInBatch):
    """Quality assurance decided whether a bag that came back may be used again."""

    class Decision(models.TextChoices):
        AGAIN = "again", _("may be used again")
        DESTROY = "destroy", _("is to be destroyed")

    returned = models.OneToOneField(BagReturned, on_delete=models.PROTECT, related_name="decided")
    decision = models.CharField(max_length=8, choices=Decision)
    reason = models.TextField(max_length=2000)


class FollowUpRecorded(SaidOutside):
    """What a hospital says of one item of the follow-up schedule: a grade, a sample, a finding."""

    item = models.CharField(max_length=40, help_text="code in the product")
    day = models.PositiveSmallIntegerField(help_text="days after the infusion on which it was due")
    done_on = models.DateField()
    value = models.CharField(max_length=200)
    sample = models.CharField(max_length=40, blank=True)
    alarms = models.BooleanField(help_text="it was positive, or its grade is one of which people are told")


class FollowUpChecked(ComparedWithEvidence):
    """A second person compared an item of the follow-up with its evidence."""

    record = models.OneToOneField(FollowUpRecorded, on_delete=models.PROTECT, related_name="checked")


class Complaint(InBatch):
    """Somebody outside complained about a batch; the signature that took it in stands on its addendum."""

    class Grade(models.TextChoices):
        MINOR = "minor", _("minor")
        MAJOR = "major", _("major")
        CRITICAL = "critical", _("critical")

    number = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=120)
    channel = models.CharField(max_length=120, help_text="how it came: a letter, a call")
    received_at = models.DateTimeField()
    containers = models.JSONField(default=list, help_text="ids of the bags that it is about, sorted")
    grade = models.CharField(max_length=10, choices=Grade)
    text = models.TextField(max_length=4000)
    evidence = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    evidence_reference = models.CharField(max_length=120, blank=True)
    addendum = models.OneToOneField(Addendum, on_delete=models.PROTECT, related_name="complaint")


class ComplaintClosed(SignedInBatch):
    """Quality assurance closed a complaint: what was investigated, whether it was right, and what follows."""

    class Outcome(models.TextChoices):
        JUSTIFIED = "justified", _("justified")
        NOT_JUSTIFIED = "not_justified", _("not justified")
        UNDETERMINED = "undetermined", _("could not be determined")

    complaint = models.OneToOneField(Complaint, on_delete=models.PROTECT, related_name="closed")
    outcome = models.CharField(max_length=16, choices=Outcome)
    investigation = models.TextField(max_length=4000)
    conclusion = models.TextField(max_length=2000)
