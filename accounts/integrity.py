"""What an open incident of the record's integrity stops: decisions, certificates, definitions, roles and accounts.

Recording goes on, and so does everything else: living cells cannot wait (ledger.incidents).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from accounts.refusal import Objection
from ledger.incidents import open_incidents

if TYPE_CHECKING:
    from accounts.acts import Act

PAGE = "/integrity/"


def objections_to_integrity(act: "Act[Any]", subject: Any) -> list[Objection]:  # Any: acts of every kind of subject
    """Object to an act that findings stop while one is open about the site or about what the act concerns."""
    return objections_to_streams(act.streams(subject)) if act.stopped_by_findings else []


def objections_to_streams(streams: Sequence[str]) -> list[Objection]:
    """Object while an incident is open about the whole site or one of these streams; one sentence for each."""
    concerned = dict.fromkeys(open_incidents(streams).values_list("about", flat=True))
    return [
        Objection(
            _("The record does not verify (%(about)s). This waits until two people have closed the incident.")
            % {"about": about or _("the whole site")},
            code="integrity",
            url=PAGE,
        )
        for about in concerned
    ]
