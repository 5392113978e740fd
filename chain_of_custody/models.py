"""The tables of identity and custody.

Who a patient is stands in `SubjectIdentity` alone; everything else names the chain of identity. Custody moves when a
hand-over is accepted: each side is signed by one of ours, or attested: entered by one of ours with evidence and
checked by another. `ContainerState` is a cache of what the rows add up to.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Signed
from ledger.fields import ExactDecimalField
from ledger.models import StoredFile, Written


class Subject(Written):
    """The person whose cells these are, under the pseudonym that the plant uses."""

    pseudonym = models.CharField(max_length=20, unique=True)

    def stream_name(self) -> str:
        return "site"


class SubjectIdentity(Written):
    """What links a pseudonym to a human being; the one record that can be erased."""

    erasable: ClassVar[bool] = True

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="identities")
    initials = models.CharField(max_length=6, blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True)
    hospital_reference = models.CharField(max_length=60, blank=True)

    def stream_name(self) -> str:
        return f"subject/{self.subject_id}"


class ChainOfIdentity(Written):
    """One therapy event of one subject: the identifier that stands on every label (ISBT 128, 15 characters)."""

    identifier = models.CharField(max_length=15, unique=True)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="chains")

    def stream_name(self) -> str:
        return f"coi/{self.identifier}"


class Party(Written):
    """An organisation that holds cells at some time: hospital, courier, laboratory, or this site."""

    class Kind(models.TextChoices):
        OWN_SITE = "own_site", _("this site")
        HOSPITAL = "hospital", _("hospital")
        COURIER = "courier", _("courier")
        LABORATORY = "laboratory", _("laboratory")

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=12, choices=Kind)
    address = models.CharField(max_length=240)
    licence = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind"], condition=models.Q(kind="own_site"), name="one_party_is_this_site")
        ]

    def __str__(self) -> str:
        return self.name

    def stream_name(self) -> str:
        return "site"


class Place(Written):
    """A named storage unit, room or shipper with the temperatures it keeps, in °C."""

    class Kind(models.TextChoices):
        STORE = "store", _("storage unit")
        IN_PROCESS = "in_process", _("in process")
        SHIPPER = "shipper", _("shipper")

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="places")
    low_c = ExactDecimalField(null=True)
    high_c = ExactDecimalField(null=True)

    def stream_name(self) -> str:
        return "site"


class Collection(Signed):
    """One donation, as its form states it: its number, when and where, how much. Registered by one person."""

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="collections")
    din = models.CharField(max_length=13, unique=True)
    collected_at = models.DateTimeField()
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="collections")
    volume_ml = ExactDecimalField()
    donor_markers = models.CharField(max_length=300)
    form = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    form_reference = models.CharField(max_length=60)

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class CollectionVerification(Signed):
    """A second person compared a registered collection with the collection form."""

    collection = models.OneToOneField(Collection, on_delete=models.PROTECT, related_name="verification")

    def stream_name(self) -> str:
        return self.collection.stream_name()


class Container(Written):
    """A bag or vial with its own code. Which batch it belongs to is an `Assignment`, made once."""

    class Kind(models.TextChoices):
        APHERESIS_BAG = "apheresis_bag", _("apheresis bag")
        CULTURE_BAG = "culture_bag", _("culture bag")
        FINAL_BAG = "final_bag", _("final bag")
        QC_VIAL = "qc_vial", _("QC vial")
        RETAIN_VIAL = "retain_vial", _("retained vial")
        SAMPLE = "sample", _("sample")

    code = models.CharField(max_length=30, unique=True)
    kind = models.CharField(max_length=14, choices=Kind)
    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="containers")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, null=True, related_name="containers")
    made_from = models.JSONField(default=list, help_text="ids of the containers whose content this one took")
    volume_ml = ExactDecimalField(null=True)
    viable_cells = ExactDecimalField(null=True)
    sample_point = models.CharField(max_length=40, blank=True)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class Assignment(Written):
    """A container belongs to a batch, from now on and to no other."""

    container = models.OneToOneField(Container, on_delete=models.PROTECT, related_name="assignment")
    batch_number = models.CharField(max_length=20, db_index=True)

    def stream_name(self) -> str:
        return self.container.stream_name()


class HandOverHalf(Signed):
    """One side of a hand-over. An attested side, entered by the signer, names who stated what on what evidence."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    attested_name = models.CharField(max_length=120, blank=True)
    attested_role = models.CharField(max_length=120, blank=True)
    attested_statement = models.CharField(max_length=1000, blank=True)
    evidence = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    evidence_reference = models.CharField(max_length=120, blank=True)
    happened_at = models.DateTimeField()

    class Meta:
        abstract = True

    @property
    def is_attested(self) -> bool:
        return bool(self.attested_name)


class HandOverOffered(HandOverHalf):
    """The holder gives containers up to a party; custody stays until it is accepted."""

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="offers")
    containers = models.JSONField(help_text="ids, sorted")
    giver_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    taker_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    shipper = models.ForeignKey(Place, on_delete=models.PROTECT, null=True, related_name="+")
    seal = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person=None) ^ models.Q(attested_name=""),
                name="an_offer_is_signed_by_its_giver_or_attested",
            )
        ]

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class HandOverAccepted(HandOverHalf):
    """The taker takes custody, and says where the containers are now and how they arrived."""

    offered = models.OneToOneField(HandOverOffered, on_delete=models.PROTECT, related_name="accepted")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    position = models.CharField(max_length=60, blank=True)
    temperature_c = ExactDecimalField(null=True)
    seal_intact = models.BooleanField(null=True)
    condition = models.CharField(max_length=300)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person=None) ^ models.Q(attested_name=""),
                name="an_acceptance_is_signed_by_its_taker_or_attested",
            )
        ]

    def stream_name(self) -> str:
        return self.offered.stream_name()


class AttestationCheck(Signed):
    """A second of ours compared an attested side with its evidence."""

    offered = models.OneToOneField(
        HandOverOffered, on_delete=models.PROTECT, null=True, related_name="check_of_attestation"
    )
    accepted = models.OneToOneField(
        HandOverAccepted, on_delete=models.PROTECT, null=True, related_name="check_of_attestation"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(offered=None) ^ models.Q(accepted=None),
                name="a_check_is_of_one_attested_side",
            )
        ]

    def stream_name(self) -> str:
        half = self.offered or self.accepted
        assert half is not None  # noqa: S101  the constraint above
        return half.stream_name()


class Placement(Written):
    """The holder put containers somewhere: from when, where, in which position."""

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="placements")
    containers = models.JSONField(help_text="ids, sorted")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    position = models.CharField(max_length=60, blank=True)
    temperature_c = ExactDecimalField(null=True)
    happened_at = models.DateTimeField()

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class IdentityCheck(Written):
    """A label was read where a container of one batch was expected; the outcome is a fact, whatever it is."""

    class Outcome(models.TextChoices):
        MATCH = "match", _("belongs to this batch")
        OTHER_BATCH = "other_batch", _("belongs to another batch")
        OTHER_CHAIN = "other_chain", _("belongs to another chain of identity")
        NOT_ASSIGNED = "not_assigned", _("belongs to no batch")
        WRONG_KIND = "wrong_kind", _("is another kind of thing")
        UNKNOWN = "unknown", _("is not known here")

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="identity_checks")
    batch_number = models.CharField(max_length=20, blank=True)
    expected = models.CharField(max_length=60)
    scanned = models.CharField(max_length=200)
    was_typed = models.BooleanField()
    container = models.ForeignKey(Container, on_delete=models.PROTECT, null=True, related_name="identity_checks")
    outcome = models.CharField(max_length=14, choices=Outcome)
    where = models.CharField(max_length=60)

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class Excursion(Written):
    """Containers were found outside the range of their place or shipper, in °C, on acceptance or when placed."""

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="excursions")
    containers = models.JSONField(help_text="ids, sorted")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    observed_c = ExactDecimalField()
    happened_at = models.DateTimeField()
    accepted = models.OneToOneField(HandOverAccepted, on_delete=models.PROTECT, null=True, related_name="excursion")
    placement = models.OneToOneField(Placement, on_delete=models.PROTECT, null=True, related_name="excursion")

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"


class ContainerState(models.Model):
    """Where a container is and who holds it. A cache: verification recomputes it. Its row is the container's lock.

    `since` is when the holder took it, `latest_at` the newest thing that happened to it. `offered_to` is the taker of
    the newest offer that was not accepted; whether that offer still stands is computed from the time.
    """

    container = models.OneToOneField(Container, on_delete=models.PROTECT, primary_key=True, related_name="state")
    holder_party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    holder_person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, null=True, related_name="+")
    position = models.CharField(max_length=60, blank=True)
    since = models.DateTimeField()
    latest_at = models.DateTimeField()
    offered_to = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")


class ErasureProposed(Signed):
    """Somebody proposes to erase what links a subject to a human being; nothing else is ever erased."""

    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="erasures")
    reason = models.TextField(max_length=1000)
    retention = models.TextField(max_length=2000, help_text="the computed date and rule, as it was shown")

    def stream_name(self) -> str:
        return "site"


class ErasureApproved(Signed):
    """A second person agrees; the identity records of the subject are erased from then on."""

    proposal = models.OneToOneField(ErasureProposed, on_delete=models.PROTECT, related_name="approval")
    entries = models.JSONField(help_text="positions of the entries whose payload is erased")

    def stream_name(self) -> str:
        return "site"
