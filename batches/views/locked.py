"""The step at hand, for reading, while a screen is locked: whose cells, the instruction, the limits, what is recorded.

Nothing can be entered or opened from it. It is shown while the step is in work, never afterwards.
"""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy

from accounts.panels import Panel, register_panel
from accounts.roles import Permission
from batches.identity import WITH_EVERYTHING, identity_of
from batches.models import Batch
from batches.record import Status, record_of
from batches.views.bench import shown_clocks


def step_at_hand(request: HttpRequest, subject: str) -> str:
    """Render a step that is in work, by its batch and code; nothing for any other."""
    number, _slash, code = subject.partition("/")
    batch = Batch.objects.select_related(*WITH_EVERYTHING).filter(number=number).first()
    step = record_of(batch).step(code) if batch is not None else None
    if batch is None or step is None or step.status not in (Status.IN_PROGRESS, Status.PERFORMED, Status.NEEDS_AGAIN):
        return ""
    context = {
        "batch": batch,
        "identity": identity_of(batch),
        "step": step,
        "clocks": [each for each in shown_clocks(batch, step=code) if each["running"]],
    }
    return render_to_string("batches/_locked_step.html", context, request=request)


def register() -> None:
    """Put the step at hand on the page of a locked screen."""
    register_panel("locked", Panel(gettext_lazy("The step at hand"), "step", Permission.RECORD_READ, step_at_hand))
