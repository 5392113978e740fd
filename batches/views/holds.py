"""The holds on a batch: which stand, which were lifted, and the forms that set and lift them."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.fields import Asked, Field
from accounts.middleware import person_of
from accounts.offering import offer
from accounts.panels import Panel, register_panel
from accounts.roles import Permission
from batches.holds import SHORTEST_REASON, HoldIntent, hold_words, holds_of
from batches.identity import batch_numbered
from batches.models import Hold


def holds_panel(request: HttpRequest, number: str) -> str:
    """Render what is on hold in a batch, since when, by whom and why."""
    batch = batch_numbered(number)
    person = person_of(request)
    may_set = Permission.BATCH_HOLD in person.permissions
    may_lift = Permission.FACT_ASSESS in person.permissions
    holds = list(holds_of(batch))
    context = {
        "standing": [
            (hold, hold_words(hold), offer("batch.lift_hold", hold, by=person) if may_lift else None)
            for hold in holds
            if not hasattr(hold, "lifted")
        ],
        "lifted": [(hold, hold_words(hold)) for hold in holds if hasattr(hold, "lifted")],
        "act": offer("batch.hold", batch, by=person) if may_set else None,
        "fields": _fields(),
        "shortest": SHORTEST_REASON,
    }
    return render_to_string("batches/_holds.html", context, request=request)


def _fields() -> list[Field]:
    asked = Asked(HoldIntent, "h")
    return [
        asked("scope"),
        asked("containers", hint=_("One code a line, where only these are put on hold.")),
        asked("reason", hint=_("At least 10 characters.")),
    ]


def count_standing(number: str) -> int:
    """Give how many holds stand."""
    return Hold.objects.filter(batch__number=number, lifted=None).count()


def register() -> None:
    """Put the panel on the page of a batch."""
    read = Permission.RECORD_READ
    register_panel("batch", Panel(gettext_lazy("Holds"), "holds", read, holds_panel, count_standing))
