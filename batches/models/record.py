"""What was done in a batch: steps, values, scans, and what was not as the master record says.

A value is recorded at once, as typed, unsigned; a signature binds a version of a step made of values. A correction is
a new value that supersedes the old with a reason.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from batches.models.batch import InBatch, SignedInBatch
from batches.models.materials import MaterialLot
from batches.models.paper import ContinuityCopy
from batches.models.premises import Area, Equipment
from chain_of_custody.models import IdentityCheck
from ledger.fields import ExactDecimalField
from ledger.models import StoredFile


class FromPaper(InBatch):
    """A row that may have been transcribed from a copy of the continuity record: then it names who did the thing."""

    copy = models.ForeignKey(ContinuityCopy, on_delete=models.PROTECT, null=True, related_name="+")
    done_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        abstract = True


class StepStart(FromPaper):
    """Somebody began a step."""

    step = models.CharField(max_length=10)
    happened_at = models.DateTimeField()
    reason = models.CharField(max_length=1000, blank=True, help_text="why it began while an earlier step was open")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "step"], name="a_step_begins_once")]


class Value(FromPaper):
    """One value as typed, with its unit and scale; judged afterwards, never before it is stored."""

    step = models.CharField(max_length=10)
    field = models.CharField(max_length=40)
    typed = models.CharField(max_length=1000)
    number = ExactDecimalField(null=True, help_text="the typed number times ten to the exponent")
    exponent = models.SmallIntegerField(default=0)
    unit = models.CharField(max_length=30, blank=True)
    performed_at = models.DateTimeField()
    was_asked_again = models.BooleanField(default=False, help_text="outside the plausible range and confirmed")
    late_reason = models.CharField(max_length=1000, blank=True)
    is_not_applicable = models.BooleanField(default=False, help_text="nothing to record; `typed` is the reason")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["batch", "step"])]
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "step", "field"],
                condition=models.Q(supersedes=None),
                name="a_field_has_one_first_value",
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="a_correction_has_a_reason"
            ),
        ]


class SlotScan(FromPaper):
    """A code was read into a slot of a step: a container by its identity check, or a unit of a material lot."""

    step = models.CharField(max_length=10)
    slot = models.CharField(max_length=40)
    code = models.CharField(max_length=200)
    was_typed = models.BooleanField(default=False, help_text="typed by hand instead of scanned")
    identity_check = models.OneToOneField(IdentityCheck, on_delete=models.PROTECT, null=True, related_name="slot_scan")
    lot = models.ForeignKey(MaterialLot, on_delete=models.PROTECT, null=True, related_name="uses")
    equipment = models.ForeignKey(Equipment, on_delete=models.PROTECT, null=True, related_name="uses")
    area = models.ForeignKey(Area, on_delete=models.PROTECT, null=True, related_name="uses")
    fits = models.BooleanField()
    says = models.CharField(max_length=300, blank=True)
    performed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["batch", "step"])]


class CheckBeforeAct(SignedInBatch):
    """An independent second person confirmed containers, vials, lot and set volume before an act began."""

    step = models.CharField(max_length=10)
    confirmed = models.JSONField(help_text="ids of the scans and values that were confirmed")


class StepPerformed(SignedInBatch):
    """A version of a step: the values and scans it is made of, what was derived from them, signed by the performer."""

    step = models.CharField(max_length=10)
    version = models.PositiveIntegerField(default=1)
    values = models.JSONField(help_text="ids of the values in force")
    scans = models.JSONField(help_text="ids of the scans that fit")
    derived = models.JSONField(help_text="code, formula, version, inputs with record ids, result, unit, verdict")
    containers = models.JSONField(default=list, help_text="ids of the containers that this step made")
    copy = models.ForeignKey(
        ContinuityCopy, on_delete=models.PROTECT, null=True, related_name="+", help_text="worked through on paper"
    )
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "step", "version"], name="a_step_has_one_row_a_version")
        ]

    @property
    def record_version(self) -> int:
        return self.version


class StepWitnessed(SignedInBatch):
    """A second person watched a step and confirms the version that was performed."""

    performed = models.OneToOneField(StepPerformed, on_delete=models.PROTECT, related_name="witnessed")
    performer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(signer=models.F("performer")), name="a_witness_is_not_the_performer"
            )
        ]


class ValueCorrected(SignedInBatch):
    """Somebody corrected a value after its step was signed; the signatures of that step no longer count."""

    value = models.OneToOneField(Value, on_delete=models.PROTECT, related_name="correction")
    corrects = models.OneToOneField(Value, on_delete=models.PROTECT, related_name="+")


class StepNote(InBatch):
    """Something that somebody wants others to know about a step. It changes nothing else."""

    step = models.CharField(max_length=10)
    says = models.TextField(max_length=2000)
    happened_at = models.DateTimeField()


class StepFile(InBatch):
    """A file kept with a step: a photograph, a print of an instrument, a curve."""

    step = models.CharField(max_length=10)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=200)
    evidence = models.CharField(max_length=40, blank=True, help_text="code of the evidence that the step asks for")


class StepNotApplicable(SignedInBatch):
    """A step that may be left out was left out, with the reason."""

    step = models.CharField(max_length=10)
    reason = models.CharField(max_length=1000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "step"], name="a_step_is_left_out_once")]


class ShiftHandOver(SignedInBatch):
    """Somebody tells the next shift where a batch stands."""

    open_steps = models.JSONField(help_text="codes of the steps that were begun and are not complete")
    says = models.TextField(max_length=2000)


class ShiftTakenOver(SignedInBatch):
    """Somebody else read the hand-over and goes on with the batch."""

    hand_over = models.OneToOneField(ShiftHandOver, on_delete=models.PROTECT, related_name="taken")


class YieldVerified(SignedInBatch):
    """A yield as the system calculated it, verified by one person (21 CFR 211.103)."""

    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField(default=1)
    actual = ExactDecimalField()
    theoretical = ExactDecimalField()
    percent = ExactDecimalField()
    records = models.JSONField(help_text="ids of the records it rests on")
    verdict = models.CharField(max_length=16)
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["batch", "code", "version"], name="a_yield_is_verified_once_a_version")
        ]

    @property
    def record_version(self) -> int:
        return self.version


class LotUse(InBatch):
    """How much of a lot a step took, as planned and as it was, in the lot's own unit."""

    step = models.CharField(max_length=10)
    slot = models.CharField(max_length=40)
    lot = models.ForeignKey(MaterialLot, on_delete=models.PROTECT, related_name="amounts")
    planned = ExactDecimalField(null=True)
    actual = ExactDecimalField()
    unit = models.CharField(max_length=20)
    performed = models.ForeignKey(StepPerformed, on_delete=models.PROTECT, related_name="lot_uses")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")


class Redline(SignedInBatch):
    """A one-off departure from the master record for a running batch, as somebody proposes it.

    `changes` is a list of maps, each naming a step and what is different there.
    """

    changes = models.JSONField()
    reason = models.TextField(max_length=2000)
    impact = models.TextField(max_length=2000, help_text="what it means for the product")


class RedlineApproval(SignedInBatch):
    """Quality approved a redline; from then on the batch is made as it says."""

    redline = models.OneToOneField(Redline, on_delete=models.PROTECT, related_name="approval")


class ManufactureEnded(SignedInBatch):
    """Manufacture ended before its last step, and why."""

    class How(models.TextChoices):
        TERMINATED = "terminated", _("terminated")
        CANCELLED = "cancelled", _("cancelled before the start")

    class Why(models.TextChoices):
        POOR_GROWTH = "poor_growth", _("poor growth")
        LOW_VIABILITY = "low_viability", _("low viability")
        LOW_PURITY = "low_purity", _("low purity")
        CONTAMINATION = "contamination", _("contamination")
        EQUIPMENT = "equipment", _("equipment")
        HUMAN_ERROR = "human_error", _("human error")
        STARTING_MATERIAL = "starting_material", _("starting material")
        ORDER_ENDED = "order_ended", _("the order ended")

    how = models.CharField(max_length=10, choices=How)
    why = models.CharField(max_length=20, choices=Why)
    says = models.TextField(max_length=2000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch"], name="manufacture_ends_once")]


class StartingMaterialDecision(SignedInBatch):
    """Whether the starting material is taken into manufacture."""

    class Decision(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        WITH_DEPARTURE = "departure", _("accepted with a departure")
        REJECTED = "rejected", _("rejected, a new collection is asked for")

    decision = models.CharField(max_length=10, choices=Decision)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch"], name="starting_material_is_decided_on_once")]


class Departure(InBatch):
    """Something was not as the master record says: an in-process failure, a mismatch, a late or wrong entry."""

    class Kind(models.TextChoices):
        LIMIT = "limit", _("outside an in-process limit")
        MISMATCH = "mismatch", _("identity mismatch")
        MATERIAL = "material", _("material not fit for use")
        LATE = "late", _("late entry")
        CORRECTION = "correction", _("correction after signing")
        QUANTITY = "quantity", _("quantities that do not reconcile")
        ORDER = "order", _("out of order")
        HOLD = "hold", _("hold time exceeded")
        LAPSE = "lapse", _("lapsed while a step ran")
        LABEL = "label", _("labels that do not reconcile")
        REDLINE = "redline", _("planned departure from the master record")
        YIELD = "yield", _("yield outside its limits")
        DONOR = "donor", _("donor status")
        PAPER = "paper", _("worked on paper")
        MISSED = "missed", _("left out")
        REPORTED = "reported", _("reported by a person")

    kind = models.CharField(max_length=10, choices=Kind)
    step = models.CharField(max_length=10, blank=True)
    says = models.CharField(max_length=1000)
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.UUIDField(null=True)
