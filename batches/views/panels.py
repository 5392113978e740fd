"""What this room shows on the page of a batch, and what waits for whom."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from rest_framework import serializers

from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.panels import Panel, register_panel, register_work
from accounts.parsing import StrictSerializer, TextField, parsed
from accounts.roles import Permission
from accounts.scanning import register_resolver
from accounts.views.places import SeeOther
from batches.departures import MAY_REPORT, departures_of, report_departure
from batches.identity import batch_numbered
from batches.judging import Verdict
from batches.models import Batch, Departure, Value
from batches.people import PERSON
from batches.pinned import master_of
from batches.record import BatchRecord, StepRecord, record_of, step_url
from batches.shifts import to_take_over
from batches.views import bench
from batches.views.words import STATUS_CODES, VERDICT_CODES, VERDICT_WORDS, YIELD_CODES
from batches.views.work import work
from batches.yields import YieldRecord, YieldStatus


def steps_panel(request: HttpRequest, number: str) -> str:
    """Render every step of a batch, by stage, with its status."""
    record = record_of(batch_numbered(number))
    stages = [
        {
            "stage": stage,
            "steps": [
                {"record": step, "url": step_url(number, step.definition.code), "status": STATUS_CODES[step.status]}
                for step in record.steps
                if step.definition.stage == stage.code
            ],
        }
        for stage in record.master.stages
        if not stage.laboratory
    ]
    context = {"stages": stages, "number": number, "left_out": record.master.left_out}
    return render_to_string("batches/_steps.html", context, request=request)


def values_panel(request: HttpRequest, number: str) -> str:
    """Render what was measured and calculated in process, each value beside its limit, and the account of the cells."""
    record = record_of(batch_numbered(number))
    lines: list[dict[str, object]] = []
    for step in record.steps:
        url = step_url(number, step.definition.code)
        lines += [
            _line(
                step, url, each.definition.title, each.shown, each.limit, each.verdict, corrected=len(each.values) > 1
            )
            for each in step.fields
            if each.definition.is_numeric and each.current
        ]
        lines += [
            _line(step, url, each.definition.title, each.shown, each.limit, each.verdict)
            for each in step.derived
            if each.result is not None
        ]
    account = record.account
    context = {
        "lines": lines,
        "account": account,
        "account_status": VERDICT_CODES[account.verdict] if account else "",
        "account_word": VERDICT_WORDS[account.verdict] if account else "",
        "yields": [_yield(record, each, person_of(request)) for each in record.yields],
        "number": number,
    }
    return render_to_string("batches/_values.html", context, request=request)


def _yield(record: BatchRecord, each: YieldRecord, by: Person) -> dict[str, object]:
    waits = each.status in (YieldStatus.TO_VERIFY, YieldStatus.CHANGED)
    may = waits and Permission.STEP_WITNESS in by.permissions
    data = {"yield_code": each.definition.code}
    return {
        "record": each,
        "status": YIELD_CODES[each.status],
        "changed": each.status is YieldStatus.CHANGED,
        "verdict_status": VERDICT_CODES[each.verdict] if each.percent is not None else "",
        "verdict_word": VERDICT_WORDS[each.verdict],
        "offer": offer("yield.verify", record.batch, by=by, data=data) if may else None,
    }


def _line(
    step: StepRecord, url: str, title: str, shown: str, limit: str, verdict: Verdict, *, corrected: bool = False
) -> dict[str, object]:
    return {
        "step": step.definition.code,
        "url": url,
        "title": title,
        "shown": shown,
        "limit": limit,
        "status": VERDICT_CODES[verdict],
        "word": VERDICT_WORDS[verdict],
        "corrected": corrected,
    }


def departures_panel(request: HttpRequest, number: str) -> str:
    """Render what was not as the master record says, and the form to report more."""
    batch = batch_numbered(number)
    person = person_of(request)
    rows = list(departures_of(batch))
    names = {one.reference: one.name for one in Person.objects.filter(pk__in=_people(rows))}
    context = {
        "number": number,
        "rows": [{"row": row, "by": names.get(row.actor, _("Cellwright"))} for row in rows],
        "may_report": any(permission in person.permissions for permission in MAY_REPORT),
        "steps": master_of(batch).steps,
        "new_id": uuid4(),
    }
    return render_to_string("batches/_departures.html", context, request=request)


def _people(rows: list[Departure]) -> set[str]:
    """Give the ids of the people who raised departures; the machine raises some."""
    return {row.actor.removeprefix(PERSON) for row in rows if row.actor.startswith(PERSON)}


class ReportForm(StrictSerializer[dict[str, object]]):
    """What somebody reports."""

    id = serializers.UUIDField()
    says = TextField(max_length=1000)
    step = TextField(max_length=10, required=False, default="")


@require_POST
@needs(Permission.RECORD_READ)
def report(request: HttpRequest, number: str) -> HttpResponse:
    """Store what a person reports to have gone wrong."""
    sent = form_sent(request)
    data = parsed(ReportForm, sent)
    report_departure(batch=batch_numbered(number), by=person_of(request), **data)
    return SeeOther(f"/batches/{number}/departures/")


def count_steps(number: str) -> int | None:
    """Give how many steps a batch has."""
    batch = Batch.objects.select_related("master").filter(number=number).first()
    return len(master_of(batch).steps) if batch else None


def count_values(number: str) -> int:
    """Give how many values are in force in a batch."""
    return Value.objects.filter(batch__number=number, superseded_by=None).count()


def count_departures(number: str) -> int:
    """Give how many departures a batch has."""
    return Departure.objects.filter(batch__number=number).count()


def page_of(code: str, person: Person) -> str | None:
    """Give the page of a batch whose number was scanned."""
    if Permission.RECORD_READ not in person.permissions:
        return None
    number = code.strip().upper()
    return f"/batches/{number}/" if Batch.objects.filter(number=number).exists() else None


def register() -> None:
    """Put this room's panels, work and numbers on their lists."""
    read = Permission.RECORD_READ
    register_panel("batch", Panel(gettext_lazy("Steps"), "steps", read, steps_panel, count_steps))
    register_panel("batch", Panel(gettext_lazy("In-process"), "in-process", read, values_panel, count_values))
    register_panel("batch", Panel(gettext_lazy("Departures"), "departures", read, departures_panel, count_departures))
    register_work(work)
    register_work(to_take_over)
    bench.register()
    register_resolver(page_of)
