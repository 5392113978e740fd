"""Holds on a batch: quality stops it from being decided on or from leaving, until quality says otherwise."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from batches.models.batch import SignedInBatch


class Hold(SignedInBatch):
    """Somebody stopped a batch, its shipment or some of its containers, with a reason; several may stand at once."""

    class Scope(models.TextChoices):
        DISPOSITION = "disposition", _("the decision on the batch, and everything that leaves")
        SHIPMENT = "shipment", _("everything that leaves")
        CONTAINERS = "containers", _("the containers named here")

    scope = models.CharField(max_length=12, choices=Scope)
    containers = models.JSONField(default=list, help_text="codes, sorted; empty for the other scopes")
    reason = models.TextField(max_length=1000)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope="containers") & ~models.Q(containers=[])
                | ~models.Q(scope="containers") & models.Q(containers=[]),
                name="a_hold_names_containers_exactly_where_it_is_about_them",
            )
        ]


class HoldLifted(SignedInBatch):
    """Quality assurance ended a hold."""

    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="lifted")
    reason = models.TextField(max_length=1000)
