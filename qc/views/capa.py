"""Actions that correct or prevent: those that are late first, then those that are open, then the others."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.roles import Permission
from qc.models import Capa
from qc.out_of_specification.correcting_actions import actions, checked_of, done_of, is_overdue

MOST = 300


@dataclass(frozen=True, slots=True)
class Listed:
    """An action as the list shows it, with what may be done about it."""

    row: Capa
    status: str
    words: str
    source_url: str
    complete: Offer | None
    check: Offer | None


@require_safe
@needs(Permission.RECORD_READ)
def capa(request: HttpRequest) -> HttpResponse:
    """List the actions."""
    by = person_of(request)
    rows = sorted(actions()[:MOST], key=lambda row: (not is_overdue(row), done_of(row) is not None, row.due_date))
    lines = []
    for row in rows:
        status, words = standing_of(row)
        mine = done_of(row) is None and row.owner_id == by.pk
        to_check = done_of(row) is not None and checked_of(row) is None and row.owner_id != by.pk
        lines.append(
            Listed(
                row=row,
                status=status,
                words=words,
                source_url=f"/oos/{row.source}/" if row.oos_id else f"/deviations/{row.source}/",
                complete=offer("capa.complete", row, by=by) if mine else None,
                check=offer("capa.check", row, by=by) if to_check else None,
            )
        )
    overdue = sum(is_overdue(row) for row in rows)
    return render(request, "qc/capa.html", {"lines": lines, "overdue": overdue})


def standing_of(row: Capa) -> tuple[str, str]:
    """Give the status of an action and its word."""
    checked = checked_of(row)
    if checked is not None:
        return ("pass", _("Effective")) if checked.is_effective else ("fail", _("Not effective"))
    if done_of(row) is not None:
        return "wait", _("Done, effect not checked")
    return ("warn", _("Overdue")) if is_overdue(row) else ("wait", _("Open"))
