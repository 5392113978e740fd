"""The redlines of a batch: each with what it changes, and the form to propose another."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy

from accounts.middleware import person_of
from accounts.offering import offer
from accounts.panels import Panel, register_panel
from accounts.roles import Permission
from batches.identity import batch_numbered
from batches.models import Redline
from batches.redlines import change_words, redlines_of


def redlines_panel(request: HttpRequest, number: str) -> str:
    """Render every redline of a batch, and the form to propose one."""
    batch = batch_numbered(number)
    by = person_of(request)
    rows = [
        {
            "row": row,
            "approval": getattr(row, "approval", None),
            "changes": [change_words(change) for change in row.changes],
            "approve": None if hasattr(row, "approval") else offer("redline.approve", row, by=by),
        }
        for row in redlines_of(batch)
    ]
    may_propose = Permission.DEFINITION_PREPARE in by.permissions
    context = {
        "number": number,
        "rows": rows,
        "propose": offer("redline.propose", batch, by=by) if may_propose else None,
    }
    return render_to_string("batches/_redlines.html", context, request=request)


def count_redlines(number: str) -> int:
    """Give how many redlines a batch has."""
    return Redline.objects.filter(batch__number=number).count()


def register() -> None:
    """Put the redlines on the page of a batch."""
    name = gettext_lazy("Redlines")
    register_panel("batch", Panel(name, "redlines", Permission.RECORD_READ, redlines_panel, count_redlines))
