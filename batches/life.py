"""Where a version of a definition stands: computed from who signed what, never stored."""

from datetime import date
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from accounts.refusal import Text
from batches.models import Definition
from batches.pinned import in_force

WITH_LIFE = ("checked", "approval", "returned")


class Life(StrEnum):
    """From the author's signature to the version that follows."""

    PREPARED = "prepared"
    CHECKED = "checked"
    RETURNED = "returned"
    APPROVED = "approved"  # and not in force yet
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"


LIFE_WORDS: dict[Life, Text] = {
    Life.PREPARED: _("Waits for a check"),
    Life.CHECKED: _("Waits for approval"),
    Life.RETURNED: _("Sent back"),
    Life.APPROVED: _("Approved, not in force yet"),
    Life.IN_FORCE: _("In force"),
    Life.SUPERSEDED: _("Superseded"),
}


def status_of(definition: Definition, *, on: date) -> Life:
    """Give where a version stands on a day; its `checked`, `approval` and `returned` are best read with it."""
    if hasattr(definition, "returned"):
        return Life.RETURNED
    approval = getattr(definition, "approval", None)
    if approval is None:
        return Life.CHECKED if hasattr(definition, "checked") else Life.PREPARED
    if approval.effective_from > on:
        return Life.APPROVED
    current = in_force(definition.kind, code=definition.code, on=on)
    return Life.IN_FORCE if current is not None and current.pk == definition.pk else Life.SUPERSEDED


def before(definition: Definition) -> Definition | None:
    """Give the approved version that comes before one; else the newest before it that was not sent back."""
    earlier = Definition.objects.filter(
        kind=definition.kind, code=definition.code, version__lt=definition.version
    ).order_by("-version")
    approved = earlier.filter(approval__isnull=False).first()
    return approved or earlier.filter(returned=None).first()
