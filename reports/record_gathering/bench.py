"""What stands beside the steps: starting material, hold times, yields, notes, files, shifts, and what was left out."""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import record_time
from batches.accepting import decision_on
from batches.hold_times import HoldState, clocks_of
from batches.models import ShiftHandOver
from batches.record import BatchRecord, StepRecord
from batches.yields import YieldStatus
from ledger import clock
from reports.record_gathering.names import Names

Remarks = dict[str, list[str]]  # by the code of the step


def remarks(record: BatchRecord, names: Names) -> Remarks:
    """Give what is said of each step beside its values, in the order of the record."""
    found: Remarks = {step.definition.code: list(_of_step(step, names)) for step in record.steps}
    for code, says in (*_starting_material(record, names), *_yields(record, names), *_hold_times(record)):
        found.setdefault(code, []).append(says)
    return found


def _signed(row: Signed, names: Names) -> str:
    signature = names.signature(row, _("Electronic signature"))
    return f"{signature.name} ({signature.user}), {signature.signed_at}: {signature.meaning} ({signature.entry})"


def _of_step(step: StepRecord, names: Names) -> Iterator[str]:
    if step.left_out is not None:
        words = {"reason": step.left_out.reason, "who": _signed(step.left_out, names)}
        yield _("Left out: %(reason)s. %(who)s") % words
    for note in step.notes:
        yield _("Note: %(says)s, %(who)s") % {"says": note.says, "who": names.by_at(note.actor, note.happened_at)}
    for kept in step.files:
        words = {
            "title": kept.title,
            "name": kept.file.original_name,
            "sha256": kept.file.sha256,
            "who": names.by_at(kept.actor, kept.recorded_at),
        }
        yield _("File: %(title)s (%(name)s), SHA-256 %(sha256)s, %(who)s") % words


def _starting_material(record: BatchRecord, names: Names) -> Iterator[tuple[str, str]]:
    decided = decision_on(record.batch)
    opening = next((step for step in record.steps if step.definition.is_checked_before_the_act), None)
    if decided is None or not record.steps:
        return
    code = (opening or record.steps[0]).definition.code
    words = {"decision": decided.get_decision_display(), "reason": decided.reason, "who": _signed(decided, names)}
    if decided.reason:
        yield code, _("Starting material %(decision)s: %(reason)s. %(who)s") % words
    else:
        yield code, _("Starting material %(decision)s. %(who)s") % words


def _yields(record: BatchRecord, names: Names) -> Iterator[tuple[str, str]]:
    for each in record.yields:
        if each.status in (YieldStatus.WAITING, YieldStatus.NONE):
            continue
        words = {
            "title": each.definition.title,
            "percent": each.shown,
            "actual": each.actual_words,
            "theoretical": each.theoretical_words,
            "limit": each.limit or _("none"),
            "standing": each.status_words,
        }
        says = _("Yield, %(title)s: %(percent)s (%(actual)s of %(theoretical)s), limit %(limit)s. %(standing)s.")
        yield each.definition.step, " ".join([says % words, *(_signed(row, names) for row in each.versions)])


def _hold_times(record: BatchRecord) -> Iterator[tuple[str, str]]:
    places = {field.definition.code: step.definition.code for step in record.steps for field in step.fields}
    for each in clocks_of(record.batch, clock.now(), record.master):
        if each.started_at is None or each.state is HoldState.NOT_STARTED:
            continue
        words = {
            "title": each.definition.title,
            "state": each.state_words,
            "began": record_time(each.started_at),
            "ended": record_time(each.ended_at) if each.ended_at else _("not yet"),
            "limit": each.definition.limit_minutes,
        }
        says = _("Hold time, %(title)s: %(state)s. Began %(began)s, ended %(ended)s, at most %(limit)s minutes.")
        yield places[each.definition.end if each.ended_at else each.definition.start], says % words


def note_of_start(record: BatchRecord, names: Names) -> str:
    """Give what stands before the first step: what does not apply to this batch, and each hand-over of a shift."""
    parts = [
        _("Not applicable in this batch: %(step)s %(title)s (%(why)s).")
        % {"step": each.step, "title": each.title, "why": each.why}
        for each in record.master.left_out
    ]
    rows = ShiftHandOver.objects.filter(batch=record.batch).select_related("taken").order_by("signed_at")
    for row in rows:
        parts.append(_("Shift handed over: %(says)s %(who)s.") % {"says": row.says, "who": _signed(row, names)})
        if hasattr(row, "taken"):
            parts.append(_("Taken over: %(who)s.") % {"who": _signed(row.taken, names)})
    return " ".join(parts)
