"""Pages that join several rooms: the work queue, and what a scan opens."""

from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.panels import Task, panels_for, work_for
from accounts.policy import POLICY_VERSION
from accounts.refusal import Objection, Refused
from accounts.scanning import LONGEST_CODE, place_of
from accounts.wording import short_time
from ledger import clock

SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Row:
    """A task as the queue shows it."""

    task: Task
    when: str = ""
    left: str = ""
    late: bool = False
    later: bool = False
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the queue."""

    title: str
    rows: list[Row]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what waits for this person: what dies or expires first, then what is late, due, later."""
    person = person_of(request)
    if person.state.policy_version < POLICY_VERSION:
        return HttpResponseRedirect(reverse("accounts:account"))
    tasks = work_for(person)
    batches = sorted({task.batch for task in tasks if task.batch})
    wanted = request.GET.get("batch", "")
    shown = [task for task in tasks if task.batch == wanted] if wanted in batches else tasks
    context = {
        "sections": sections_of(shown),
        "batches": batches,
        "wanted": wanted if wanted in batches else "",
        "panels": [(panel, panel.render(request, "")) for panel in panels_for("work", person)],
    }
    return render(request, "config/work.html", context)


def sections_of(tasks: list[Task]) -> list[Section]:
    """Sort tasks into the parts of the queue; a part without a task is left out."""
    parts: dict[str, list[Row]] = {}
    for number, task in enumerate(tasks):
        parts.setdefault(_part_of(task), []).append(_row(task, primary=number == 0))
    titles = (
        ("first", _("First: cells or material at risk")),
        ("overdue", _("Overdue")),
        ("now", _("Due now")),
        ("later", _("Later")),
    )
    return [Section(title, parts[part]) for part, title in titles if part in parts]


def _part_of(task: Task) -> str:
    if task.at_risk:
        return "first"
    left = None if task.due_at is None else task.due_at - clock.now()
    if left is not None and left < timedelta():
        return "overdue"
    if task.blocked or (left is not None and left > SOON):
        return "later"
    return "now"


def _row(task: Task, *, primary: bool) -> Row:
    if task.due_at is None:
        return Row(task, later=bool(task.blocked), primary=primary)
    left = task.due_at - clock.now()
    late = left < timedelta()
    words = (_("%(time)s late") if late else _("%(time)s left")) % {"time": in_words(abs(left))}
    return Row(task, short_time(task.due_at), words, late or task.at_risk, bool(task.blocked) or left > SOON, primary)


def in_words(span: timedelta) -> str:
    """Write a span of time as 28 min, 1 h 13 min or 3 d 4 h."""
    minutes = int(span.total_seconds()) // 60
    days, hours = minutes // 1440, minutes // 60 % 24
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


@require_safe
def scan(request: HttpRequest) -> HttpResponse:
    """Open what a scanned or typed code names; an unknown one says what to do with the thing in hand."""
    code = request.GET.get("code", "").strip()
    if not code:
        raise Refused(Objection(_("Scan a label, or type what stands on it."), field="code"), status=400)
    place = place_of(code, person_of(request)) if len(code) <= LONGEST_CODE else None
    if place is None:
        says = _(
            "This label isn't known here: %(code)s. Check the label. If it's right, put the bag in quarantine at its "
            "transport temperature, then call QA."
        )
        raise Refused(Objection(says % {"code": code[:LONGEST_CODE]}, code="unknown_label"), status=404)
    return HttpResponseRedirect(place)
