"""Collections, and the containers that cells are in.

`ContainerState` is a cache of what the rows add up to.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Signed
from chain_of_custody.models.identity import ChainOfIdentity, Party, Place
from ledger.fields import ExactDecimalField
from ledger.models import StoredFile, Written


class Collection(Signed):
    """One donation, as its form states it: its number, when and where, how much. Registered by one person."""

    class Material(models.TextChoices):
        APHERESIS = "apheresis", _("apheresis")
        TUMOUR = "tumour", _("tumour tissue")
        MARROW = "marrow", _("bone marrow")
        CORD_BLOOD = "cord_blood", _("cord blood")

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="collections")
    din = models.CharField(max_length=13, unique=True)
    collected_at = models.DateTimeField()
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="collections")
    volume_ml = ExactDecimalField()
    donor_markers = models.CharField(max_length=300)
    form = models.ForeignKey(StoredFile, on_delete=models.PROTECT, null=True, related_name="+")
    form_reference = models.CharField(max_length=60)
    material = models.CharField(max_length=12, choices=Material, default=Material.APHERESIS)
    is_frozen = models.BooleanField(default=False, help_text="the cells arrive cryopreserved")

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
        TUMOUR_VESSEL = "tumour_vessel", _("tumour vessel")
        CULTURE_BAG = "culture_bag", _("culture bag")
        FORMULATION = "formulation", _("formulation bag")
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
