"""What stands beside the work queue: which batch each area holds, and what waits for others."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.middleware import person_of
from accounts.panels import Panel, register_panel
from accounts.roles import Permission
from batches.identity import WITH_EVERYTHING, batch_of
from batches.models import AreaState, Batch, BatchState, ShiftHandOver, StepPerformed
from batches.pinned import master_of
from batches.record import step_url

FEW = 20


def areas_panel(request: HttpRequest, _subject: str) -> str:
    """Render the areas that hold a batch now, and where that batch stands."""
    held = AreaState.objects.exclude(batch=None).select_related("area").order_by("area__code")[:FEW]
    batches = {
        batch.pk: batch
        for batch in Batch.objects.select_related(*WITH_EVERYTHING).filter(pk__in=[state.batch_id for state in held])
    }
    lines = []
    for state in held:
        batch = batches[state.batch_id] if state.batch_id else None
        if batch is None:
            continue
        stage = master_of(batch).stage(batch.state.stage)
        lines.append({"area": state.area, "batch": batch, "stage": stage.title if stage else batch.state.stage})
    return render_to_string("batches/_areas_in_use.html", {"lines": lines}, request=request)


def others_panel(request: HttpRequest, _subject: str) -> str:
    """Render what this person did and somebody else has to go on with."""
    person = person_of(request)
    undecided = BatchState.Disposition.NONE
    performed = StepPerformed.objects.filter(
        signer=person, witnessed=None, superseded_by=None, batch__state__disposition=undecided
    ).order_by("signed_at")
    lines: list[dict[str, object]] = []
    for row in performed[:FEW]:
        step = master_of(batch_of(row.batch_id)).step(row.step)
        if step is not None and step.witness:
            number = row.batch.number
            words = _("Step %(step)s waits for its witness") % {"step": row.step}
            lines.append({"batch": number, "words": words, "url": step_url(number, row.step)})
    shifts = ShiftHandOver.objects.filter(signer=person, taken=None, batch__state__disposition=undecided)
    for shift in shifts.select_related("batch").order_by("signed_at")[:FEW]:
        number = shift.batch.number
        lines.append({"batch": number, "words": _("Waits to be taken over"), "url": f"/batches/{number}/"})
    return render_to_string("batches/_waiting_on_others.html", {"lines": lines}, request=request)


def register() -> None:
    """Put both beside the work queue."""
    register_panel("work", Panel(gettext_lazy("Batches in work"), "areas", Permission.RECORD_READ, areas_panel))
    register_panel("work", Panel(gettext_lazy("Waiting on others"), "others", Permission.STEP_WORK, others_panel))
