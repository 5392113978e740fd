"""Who decided on batches and when, for the list of accounts: a role that came and went around it is pointed out."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.access import Moment
from qc.models import Disposition


def decisions_signed() -> Iterator[Moment]:
    """Give every decision on a batch with its signer, in one statement."""
    for row in Disposition.objects.select_related("batch"):
        words = {"batch": row.batch.number, "decision": row.get_decision_display()}
        yield Moment(row.signer_id, row.signed_at, _("%(batch)s, %(decision)s") % words)
