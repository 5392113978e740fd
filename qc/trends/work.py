"""What waits for somebody around controls and trends: decisions on runs, approvals, signals to assess and to close."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.panels import Task
from accounts.roles import Permission
from qc.models import ControlLot, ControlMeasurement, TrendLimits
from qc.trends.control_lots import control_url
from qc.trends.limits import trend_url
from qc.trends.signals import Signal, open_signals

A_DAY = timedelta(days=1)
MOST = 50


def trend_work_of(person: Person) -> Iterable[Task]:
    """List what waits around controls and trends, for this person."""
    may = person.permissions
    if Permission.CONTROL_RUN_DECIDE in may:
        yield from _runs()
    if Permission.RESULT_REVIEW in may:
        yield from _controls(person)
    if Permission.TREND_LIMITS_APPROVE in may:
        yield from _limits(person)
    if may & {Permission.RESULT_REVIEW, Permission.TREND_SIGNAL_CLOSE}:
        yield from _signals(person)


def lines_followed() -> list[tuple[str, str]]:
    """Give product and line of everything that has approved limits."""
    rows = TrendLimits.objects.filter(approval__isnull=False).values_list("product", "line").distinct()
    return sorted(set(rows))


def every_open_signal() -> list[Signal]:
    """Give every signal that nobody has closed, by product and line."""
    found = [open_signals(product, line) for product, line in lines_followed()]
    return [signal for signals in found for signal in signals]


def _runs() -> Iterator[Task]:
    waiting = ControlMeasurement.objects.filter(decision=None).select_related("lot").order_by("recorded_at")
    for row in waiting[:MOST]:
        yield Task(
            title=_("Decide on run %(run)s of %(control)s") % {"run": row.run, "control": row.lot.code},
            batch="",
            url=f"{control_url(row.lot.code)}#run-{row.run}",
            verb=_("Decide"),
            detail=row.lot.title,
            due_at=row.recorded_at + A_DAY,
            icon="gauge",
        )


def _controls(person: Person) -> Iterator[Task]:
    waiting = ControlLot.objects.filter(approval=None).exclude(signer=person).order_by("recorded_at")
    for lot in waiting[:MOST]:
        yield Task(
            title=_("Approve control %(control)s") % {"control": lot.code},
            batch="",
            url=control_url(lot.code),
            verb=_("Look and approve"),
            detail=_("Prepared by %(name)s") % {"name": lot.signer_name},
            icon="gauge",
        )


def _limits(person: Person) -> Iterator[Task]:
    waiting = TrendLimits.objects.filter(approval=None, superseded_by=None).exclude(signer=person)
    for limits in waiting.order_by("recorded_at")[:MOST]:
        yield Task(
            title=_("Approve limits of %(line)s") % {"line": limits.line},
            batch="",
            url=trend_url(limits.product, limits.line),
            verb=_("Look and approve"),
            detail=_("Prepared by %(name)s") % {"name": limits.signer_name},
            icon="chart-line",
        )


def _signals(person: Person) -> Iterator[Task]:
    may = person.permissions
    for signal in every_open_signal():
        said = signal.assessment
        mine = said is not None and said.signer_id == person.pk
        needed = Permission.RESULT_REVIEW if said is None else Permission.TREND_SIGNAL_CLOSE
        if mine or needed not in may:
            continue
        words = {"title": signal.title, "batch": signal.batch_number}
        to_assess, to_close = (
            _("Assess the signal of %(title)s, %(batch)s"),
            _("Close the signal of %(title)s, %(batch)s"),
        )
        yield Task(
            title=(to_assess if said is None else to_close) % words,
            batch=signal.batch_number,
            url=signal.url,
            verb=_("Assess") if said is None else _("Look and close"),
            detail=f"{signal.rule_words}: {signal.says}",
            needs=(_("second person"),) if said is not None else (),
            icon="chart-line",
        )
