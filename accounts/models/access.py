"""The periodic review of every account, and when a token was last used.

Written and witnessed: AccessReview. Overwritten in place: TokenUse.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import Signed, TokenIssued


class AccessReview(Signed):
    """Quality looked through every account as it stood at a place in the ledger (21 CFR 11.300(b)).

    `list_sha256` is the digest of the list that was read. The list follows from entries alone, so that verification
    builds it again; when accounts were last used is no part of it, because the security log is no part of the ledger.
    """

    class Decision(models.TextChoices):
        KEEP = "keep", _("keep as it is")
        CHANGE_ROLES = "change_roles", _("change the roles")
        DEACTIVATE = "deactivate", _("deactivate")

    as_of_seq = models.PositiveBigIntegerField(help_text="the newest entry that the list follows from")
    list_sha256 = models.CharField(max_length=64)
    counts = models.JSONField(help_text="how many accounts, by standing, and how many lines were pointed out")
    found = models.TextField(max_length=4000)
    decisions = models.JSONField(help_text="person, decision, roles that are asked for, reason; the others are kept")

    def stream_name(self) -> str:
        return "site"


class TokenUse(models.Model):
    """When a program last came with a token, to five minutes. Overwritten; nothing rests on it."""

    token = models.OneToOneField(TokenIssued, on_delete=models.PROTECT, primary_key=True, related_name="use")
    last_at = models.DateTimeField()
