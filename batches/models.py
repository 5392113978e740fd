"""The tables of what was made: definitions, orders, batches, steps and values.

A value is recorded at once, as typed, unsigned; a signature binds a version of a step made of values. A correction is
a new value that supersedes the old with a reason. `BatchState` is a cache of what the rows add up to.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Signed
from chain_of_custody.models import ChainOfIdentity, IdentityCheck
from ledger.fields import ExactDecimalField
from ledger.models import StoredFile, Written


class Definition(Signed):
    """A version of a product, master batch record or specification, as prepared: the file's text and its digest."""

    class Kind(models.TextChoices):
        PRODUCT = "product", _("product")
        MASTER = "master", _("master batch record")
        SPECIFICATION = "specification", _("specification")

    kind = models.CharField(max_length=14, choices=Kind)
    code = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    product = models.CharField(max_length=40, help_text="the code of the product that it is about")
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    change = models.TextField(max_length=1000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "code", "version"], name="a_definition_has_one_text_a_version")
        ]

    def stream_name(self) -> str:
        return f"master/{self.code}"

    @property
    def record_version(self) -> int:
        return self.version


class DefinitionCheck(Signed):
    """A second person checked a definition independently (21 CFR 211.186)."""

    definition = models.OneToOneField(Definition, on_delete=models.PROTECT, related_name="checked")

    def stream_name(self) -> str:
        return self.definition.stream_name()


class DefinitionApproval(Signed):
    """A third person approved a definition; it is in force from a day on."""

    definition = models.OneToOneField(Definition, on_delete=models.PROTECT, related_name="approval")
    effective_from = models.DateField()

    def stream_name(self) -> str:
        return self.definition.stream_name()


class MaterialLot(Signed):
    """A lot of material that quality approved for use."""

    class Kind(models.TextChoices):
        VECTOR = "vector", _("viral vector")
        REAGENT = "reagent", _("reagent")
        MEDIUM = "medium", _("medium")
        CONSUMABLE = "consumable", _("single-use set")

    code = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=Kind)
    item = models.CharField(max_length=60, help_text="the code by which definitions call this material")
    name = models.CharField(max_length=120)
    supplier = models.CharField(max_length=120)
    certificate = models.CharField(max_length=120)
    expires_on = models.DateField()
    target_antigen = models.CharField(max_length=20, blank=True)
    titer_tu_per_ml = ExactDecimalField(null=True)
    units = models.JSONField(default=list, help_text="codes of the single vials, where each carries its own")

    def stream_name(self) -> str:
        return f"lot/{self.code}"


class Order(Signed):
    """A physician's order of one product for one chain of identity."""

    number = models.CharField(max_length=20, unique=True)
    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="orders")
    product = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    prescriber = models.CharField(max_length=120)
    prescription = models.CharField(max_length=120)
    sponsor_number = models.CharField(max_length=40, blank=True)
    planned_infusion = models.DateField(null=True)

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class Weight(Written):
    """The recipient's weight in kilograms, as typed, with its date. A later one supersedes it with a reason."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="weights")
    kilograms = ExactDecimalField()
    weighed_on = models.DateField()
    source = models.CharField(max_length=120)
    was_asked_again = models.BooleanField(default=False, help_text="outside the plausible range and confirmed")
    supersedes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="superseded_by")
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=models.Q(supersedes=None), name="an_order_has_one_first_weight"
            ),
            models.CheckConstraint(
                condition=models.Q(supersedes=None) | ~models.Q(reason=""), name="a_corrected_weight_has_a_reason"
            ),
        ]

    def stream_name(self) -> str:
        return self.order.stream_name()


class WeightVerification(Signed):
    """A second person compared a weight with its source; only a verified weight feeds a dose."""

    weight = models.OneToOneField(Weight, on_delete=models.PROTECT, related_name="verification")

    def stream_name(self) -> str:
        return self.weight.stream_name()


class Batch(Signed):
    """One run for one order, issued by quality: an exact copy of approved definitions, pinned by version."""

    number = models.CharField(max_length=20, unique=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="batches")
    product = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    master = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    specification = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    data_remark = models.CharField(
        max_length=300, blank=True, help_text="what a reader must know of the data themselves"
    )
    data_source = models.CharField(max_length=300, blank=True, help_text="where published data come from")

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

    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, primary_key=True, related_name="state")
    stage = models.CharField(max_length=40)
    disposition = models.CharField(max_length=14, choices=Disposition, default=Disposition.NONE)


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


class StepStart(InBatch):
    """Somebody began a step."""

    step = models.CharField(max_length=10)
    happened_at = models.DateTimeField()
    reason = models.CharField(max_length=1000, blank=True, help_text="why it began while an earlier step was open")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "step"], name="a_step_begins_once")]


class Value(InBatch):
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


class SlotScan(InBatch):
    """A code was read into a slot of a step: a container by its identity check, or a unit of a material lot."""

    step = models.CharField(max_length=10)
    slot = models.CharField(max_length=40)
    code = models.CharField(max_length=200)
    was_typed = models.BooleanField(default=False, help_text="typed by hand instead of scanned")
    identity_check = models.OneToOneField(IdentityCheck, on_delete=models.PROTECT, null=True, related_name="slot_scan")
    lot = models.ForeignKey(MaterialLot, on_delete=models.PROTECT, null=True, related_name="uses")
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
        REPORTED = "reported", _("reported by a person")

    kind = models.CharField(max_length=10, choices=Kind)
    step = models.CharField(max_length=10, blank=True)
    says = models.CharField(max_length=1000)
    about_type = models.CharField(max_length=60, blank=True)
    about_id = models.UUIDField(null=True)


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
