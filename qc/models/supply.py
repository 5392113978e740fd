"""The tables of what follows a batch that is not certified: the physician is asked, and may want it all the same.

Each thing that a supply needs is a row of its own, said or signed by whom it comes from; the newest of a kind counts.
What people outside said is entered by one of ours and compared with its evidence by another (`SaidOutside`).
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models import SignedInBatch
from chain_of_custody.models import Party
from ledger.models import StoredFile
from qc.models.deciding import Disposition
from qc.models.releasing import SaidOutside


class PhysicianAnswer(SaidOutside):
    """What the treating physician wants, after a batch was not certified."""

    class Answer(models.TextChoices):
        SUPPLY = "supply", _("supply of the product out of specification")
        NEW_COLLECTION = "new_collection", _("a new collection")
        REMAKE = "remake", _("making it again from retained starting material")
        DESTROY = "destroy", _("destruction")

    decision = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=16, choices=Answer)
    registration = models.CharField(max_length=60, help_text="registration number of the physician")
    reason = models.TextField(max_length=2000, blank=True)
    alternatives = models.TextField(max_length=2000, blank=True, help_text="alternatives that were considered")
    consequence = models.TextField(max_length=2000, blank=True, help_text="consequence of not treating")


class PhysicianAnswerChecked(SignedInBatch):
    """A second person compared the physician's answer with what proves it."""

    answer = models.OneToOneField(PhysicianAnswer, on_delete=models.PROTECT, related_name="check_of_it")


class SupplyNaming(SignedInBatch):
    """Which containers are to go to whom, and who may carry them there."""

    decision = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="namings")
    containers = models.JSONField(help_text="ids of the final bags, sorted")
    recipient = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    carrier = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")


class RiskEvaluation(SignedInBatch):
    """Quality assurance signs the manufacturer's evaluation of the risk, for the lines as they stood."""

    decision = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="evaluations")
    document = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    author = models.CharField(max_length=120)
    written_on = models.DateField()
    conclusion = models.TextField(max_length=2000)
    lines = models.JSONField(help_text="every line that does not conform, as it stood")


class SupplyStatement(SaidOutside):
    """Something else that a supply needs and that somebody outside said."""

    class Kind(models.TextChoices):
        ACCEPTANCE = "acceptance", _("the physician's acceptance")
        CONSENT = "consent", _("information and consent of the patient")
        PROTOCOL = "protocol", _("protocol of expanded access, or IND for a single patient")
        SPONSOR = "sponsor", _("agreement of the sponsor")

    decision = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=10, choices=Kind)
    reference = models.CharField(max_length=60, blank=True, help_text="number of the protocol, IND or consent form")
    evaluation = models.ForeignKey(
        RiskEvaluation, on_delete=models.PROTECT, null=True, related_name="acceptances", help_text="of an acceptance"
    )
    lines = models.JSONField(default=list, help_text="of an acceptance: the lines that the physician was shown")


class SupplyStatementChecked(SignedInBatch):
    """A second person compared such a statement with what proves it."""

    statement = models.OneToOneField(SupplyStatement, on_delete=models.PROTECT, related_name="check_of_it")


class ExceptionalSupply(SignedInBatch):
    """The decision to supply named containers of a batch that stays not certified; with everything it rests on."""

    number = models.CharField(max_length=20, unique=True)
    decision = models.ForeignKey(Disposition, on_delete=models.PROTECT, related_name="supplies")
    answer = models.ForeignKey(PhysicianAnswer, on_delete=models.PROTECT, related_name="supplies")
    naming = models.ForeignKey(SupplyNaming, on_delete=models.PROTECT, related_name="supplies")
    evaluation = models.ForeignKey(RiskEvaluation, on_delete=models.PROTECT, related_name="supplies")
    acceptance = models.ForeignKey(SupplyStatement, on_delete=models.PROTECT, related_name="supplies")
    others = models.JSONField(help_text="ids of the other statements on which it rests")
    lines = models.JSONField(help_text="every line that does not conform, as the physician was shown it")
    statement = models.TextField(max_length=2000)


class SupplyRevoked(SignedInBatch):
    """The decision to supply was taken back; what had not left by then stays here."""

    supply = models.OneToOneField(ExceptionalSupply, on_delete=models.PROTECT, related_name="revoked")
    reason = models.TextField(max_length=2000)
    stays = models.JSONField(help_text="ids of the named containers that were still here, sorted")
