"""Assay controls: the lots, and one lot with its Levey-Jennings chart, its runs and the decisions on them."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.fields import Asked, Field, filled, loose
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.parsing import parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.equipment import why_unfit
from ledger.models import Site
from qc.models import ControlLot, Result, RunDecision
from qc.trends.charts import control_chart
from qc.trends.control_lots import ControlLotIntent, control_url
from qc.trends.controlling import MeasurementInput, Run, measurement_from, runs_of

DECISIONS = RunDecision.Decision.choices
NEWEST = 30


@require_safe
@needs(Permission.RECORD_READ)
def controls(request: HttpRequest) -> HttpResponse:
    """List every control with its newest run; prepare one."""
    by = person_of(request)
    lots = ControlLot.objects.select_related("approval").order_by("method", "code")
    rows = [
        {"lot": lot, "is_approved": hasattr(lot, "approval"), "last": next(reversed(runs_of(lot)), None)}
        for lot in lots
    ]
    may_prepare = Permission.RESULT_ENTER in by.permissions
    prepare = offer("control.prepare", Site.objects.get(), by=by) if may_prepare else None
    return render(request, "qc/controls.html", {"rows": rows, "prepare": prepare, "fields": _lot_fields()})


def _lot_fields() -> list[Field]:
    asked = Asked(ControlLotIntent)
    return [
        asked("code", "identifier", hint=_("of this control and lot, such as FC-01-2231"), maxlength=30),
        asked("title"),
        asked("method", "identifier", hint=_("its code in the specifications")),
        asked("material_lot", "identifier"),
        asked("unit"),
        asked("mean"),
        asked("sd"),
        asked("n", maxlength=7),
        asked("reference", hint=_("the certificate or study they come from")),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def control(request: HttpRequest, code: str) -> HttpResponse:
    """Show a control with its runs; store a measurement and show at once what the rules say of it."""
    lot = get_object_or_404(ControlLot.objects.select_related("approval"), code=code[:30])
    by, refused = person_of(request), None
    if request.method == "POST":
        try:
            data = parsed(MeasurementInput, form_sent(request, blanks=False))
            measured = measurement_from(lot, data, by=by, comma_allowed=True)
            return SeeOther(f"{control_url(lot.code)}#run-{measured.run.measurement.run}")
        except Refused as error:
            refused = error
    fields = [
        Field("typed", _("Value"), "number", unit=lot.unit, maxlength=40),
        Field("equipment", _("Instrument"), "identifier", hint=_("its code, where there is one"), optional=True,
              maxlength=30),
        Field("performed_at", _("Measured at"), "datetime-local", hint=_("leave out for now"), optional=True),
        Field("remark", _("Remark"), optional=True, maxlength=300),
    ]  # fmt: skip
    shown = filled(fields, request.POST, refused)
    problems = [{"says": one.error, "field_id": one.id} for one in shown if one.error]
    problems += [{"says": says, "field_id": ""} for says in loose(fields, refused)]
    runs = runs_of(lot)
    is_approved = hasattr(lot, "approval")
    may_decide = Permission.CONTROL_RUN_DECIDE in by.permissions
    context = {
        "lot": lot,
        "is_approved": is_approved,
        "approve": None if is_approved else offer("control.approve", lot, by=by),
        "drawn": control_chart(lot, runs),
        "last": runs[-1] if runs else None,
        "unfit": _unfit(runs[-1]) if runs else "",
        "runs": [_shown(run, by=by, may_decide=may_decide) for run in runs[-NEWEST:][::-1]],
        "left_out": max(0, len(runs) - NEWEST),
        "fields": shown,
        "errors": problems,
        "page_has_errors": bool(refused),
        "may_record": is_approved and Permission.RESULT_ENTER in by.permissions,
        "row_id": uuid4(),
    }
    return render(request, "qc/control.html", context, status=refused.status if refused else 200)


def _unfit(run: Run) -> str:
    row = run.measurement
    return why_unfit(row.equipment, row.performed_at) if row.equipment else ""


def _shown(run: Run, *, by: Person, may_decide: bool) -> dict[str, object]:
    decision = run.decision
    listed = Result.objects.filter(pk__in=decision.results).select_related("batch") if decision else []
    decide = None
    if decision is None and may_decide:
        decide = offer("control.decide", run.measurement, by=by)
    decisions = [one for one in DECISIONS if not (run.is_rejected_by_rule and one[0] == RunDecision.Decision.ACCEPTED)]
    return {"run": run, "results": list(listed), "decide": decide, "decisions": decisions}
