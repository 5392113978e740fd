"""Custody from hand to hand and from place to place.

Custody moves when a hand-over is accepted: each side is signed by one of ours, or attested: entered by one of ours with
evidence and checked by another.
"""

from django.db import models

from accounts.models import Person, Signed
from chain_of_custody.models.identity import ChainOfIdentity, Party, Place
from ledger.fields import ExactDecimalField
from ledger.models import StoredFile, Written


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


class Excursion(Written):
    """Containers were outside the range of their place or shipper, in °C: on acceptance, placed, or by a logger."""

    coi = models.ForeignKey(ChainOfIdentity, on_delete=models.PROTECT, related_name="excursions")
    containers = models.JSONField(help_text="ids, sorted")
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="+")
    observed_c = ExactDecimalField()
    happened_at = models.DateTimeField()
    accepted = models.OneToOneField(HandOverAccepted, on_delete=models.PROTECT, null=True, related_name="excursion")
    placement = models.OneToOneField(Placement, on_delete=models.PROTECT, null=True, related_name="excursion")

    def stream_name(self) -> str:
        return f"coi/{self.coi.identifier}"
