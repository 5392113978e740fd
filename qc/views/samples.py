"""The page of a batch's samples: what each test wants, what was taken, where it is, what is missing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.needing import needs
from accounts.roles import Permission
from batches.views.strip import strip_of
from qc.batch_act import batch_called
from qc.laboratory.sample_plan import SampleStanding, Taken, sample_plan

STATUS = {
    SampleStanding.ENDED: "none",
    SampleStanding.OUTSIDE: "pass",
    SampleStanding.OFFERED: "progress",
    SampleStanding.RECEIVED: "pass",
    SampleStanding.LABELLED: "wait",
    SampleStanding.MADE: "wait",
}


@require_safe
@needs(Permission.RECORD_READ)
def plan(request: HttpRequest, number: str) -> HttpResponse:
    """Show the sample plan of a batch."""
    batch = batch_called(number)
    found = sample_plan(batch)
    context = strip_of(batch) | {
        "points": [
            {"plan": point, "missing": point.missing(), "taken": [_shown(one) for one in point.taken]}
            for point in found.points
        ],
        "retained": [_kept(one) for one in found.retained],
        "may_receive": Permission.SAMPLE_RECEIVE in person_of(request).permissions,
        "hands_over": Permission.CUSTODY_RECORD in person_of(request).permissions,
    }
    return render(request, "qc/sample_plan.html", context)


def _shown(one: Taken) -> dict[str, object]:
    return {"one": one, "status": STATUS[one.standing], "word": _word(one)}


def _kept(one: Taken) -> dict[str, object]:
    """Give a retained vial: nobody waits for it in the laboratory."""
    if one.standing in (SampleStanding.MADE, SampleStanding.LABELLED, SampleStanding.RECEIVED):
        return {"one": one, "status": "pass", "word": _("Kept here")}
    return _shown(one)


def _word(one: Taken) -> str:
    if one.fate is not None:
        return one.fate.get_fate_display()
    return {
        SampleStanding.OUTSIDE: _("Handed over"),
        SampleStanding.OFFERED: _("On its way"),
        SampleStanding.RECEIVED: _("In the laboratory"),
        SampleStanding.LABELLED: _("Labelled, not received"),
        SampleStanding.MADE: _("Made, not received"),
    }[one.standing]
