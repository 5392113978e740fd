"""What stands at the bench beside the steps of a batch: the starting material, the hold times, the shift."""

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.middleware import person_of
from accounts.offering import offer
from accounts.panels import Panel, register_panel
from accounts.roles import Permission
from batches.accepting import Decision, decision_on
from batches.hold_times import Clock, HoldState, clocks_of
from batches.identity import batch_numbered
from batches.models import Batch, BatchState
from batches.pinned import master_of
from batches.shifts import is_waiting, newest_hand_over, open_steps
from ledger import clock

Plain = dict[str, object]
CLOCK_STATUS = {
    HoldState.NOT_STARTED: "none",
    HoldState.RUNNING: "progress",
    HoldState.WARNING: "warn",
    HoldState.KEPT: "pass",
    HoldState.EXCEEDED: "fail",
}
DECISION_STATUS = {Decision.ACCEPTED: "pass", Decision.WITH_DEPARTURE: "warn", Decision.REJECTED: "fail"}


def bench_panel(request: HttpRequest, number: str) -> str:
    """Render the decision on the starting material, the clocks of the hold times, and the hand-over of the shift."""
    batch, by = batch_numbered(number), person_of(request)
    decided = decision_on(batch)
    hand_over = newest_hand_over(batch)
    waits = hand_over is not None and is_waiting(hand_over)
    in_work = batch.state.disposition == BatchState.Disposition.NONE
    may_work = in_work and Permission.STEP_WORK in by.permissions
    may_decide = in_work and decided is None and Permission.STARTING_MATERIAL in by.permissions
    context = {
        "batch": batch,
        "decided": decided,
        "decided_status": DECISION_STATUS[Decision(decided.decision)] if decided else "wait",
        "decide": offer("starting_material.decide", batch, by=by) if may_decide else None,
        "decisions": Decision.choices,
        "clocks": shown_clocks(batch),
        "open_steps": open_steps(batch),
        "hand_over": hand_over,
        "waits": waits,
        "take_over": offer("batch.take_over_shift", hand_over, by=by) if waits and may_work and hand_over else None,
        "give": offer("batch.hand_over_shift", batch, by=by) if may_work else None,
    }
    return render_to_string("batches/_bench.html", context, request=request)


def shown_clocks(batch: Batch, *, step: str = "") -> list[Plain]:
    """Give the hold times of a batch as clocks; for a step, those that run and those that begin or end in it."""
    clocks = clocks_of(batch, clock.now())
    here = _fields_of(batch, step)
    return [
        _clock(each)
        for each in clocks
        if not step or each.is_running or {each.definition.start, each.definition.end} & here
    ]


def _fields_of(batch: Batch, step: str) -> set[str]:
    definition = master_of(batch).step(step)
    return {field.code for field in definition.fields} if definition else set()


def _clock(each: Clock) -> Plain:
    return {
        "title": each.definition.title,
        "limit": span_words(each.definition.limit_minutes),
        "status": CLOCK_STATUS[each.state],
        "word": each.state_words,
        "started_at": each.started_at,
        "ended_at": each.ended_at,
        "limit_at": each.limit_at,
        "took": span_words(each.minutes) if each.minutes is not None else "",
        "left": _left_words(each),
        "running": each.is_running,
    }


def _left_words(each: Clock) -> str:
    left = each.minutes_left
    if left is None:
        return ""
    if each.state is HoldState.EXCEEDED:
        return _("over by %(span)s") % {"span": span_words(-left)}
    return _("%(span)s left") % {"span": span_words(left)}


def span_words(minutes: int) -> str:
    """Write a span of time: 45 min, 2 h 05 min, 3 d 4 h."""
    days, rest = divmod(abs(minutes), 24 * 60)
    hours, left = divmod(rest, 60)
    sign = "−" if minutes < 0 else ""
    if days:
        return f"{sign}{days} d {hours} h" if hours else f"{sign}{days} d"
    if hours:
        return f"{sign}{hours} h {left:02d} min" if left else f"{sign}{hours} h"
    return f"{sign}{left} min"


def running_clocks(number: str) -> int | None:
    """Give how many hold times of a batch run."""
    batch = Batch.objects.select_related("product", "master").filter(number=number).first()
    if batch is None:
        return None
    return sum(each.is_running for each in clocks_of(batch, clock.now())) or None


def register() -> None:
    """Put the panel on the page of a batch."""
    name = gettext_lazy("At the bench")
    panel = Panel(name, "bench", Permission.RECORD_READ, bench_panel, running_clocks, on_overview=True, beside=True)
    register_panel("batch", panel)
