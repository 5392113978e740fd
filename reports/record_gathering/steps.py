"""What was made: each step with its scans, values, corrections, quantities and signatures."""

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.wording import record_time
from batches.definitions.master import Step as StepDefinition
from batches.deriving import Derivation
from batches.judging import Verdict
from batches.models import FromPaper, StepPerformed, StepWitnessed, Value, ValueCorrected
from batches.paper import transcribed_words
from batches.record import BatchRecord, FieldRecord, SlotRecord, Status, StepRecord
from reports import record_snapshot as stated
from reports.record_gathering import bench
from reports.record_gathering.names import Names
from reports.snapshot import Evaluation, Sign

SIGNS = {
    Status.NOT_STARTED: Sign.NONE,
    Status.IN_PROGRESS: Sign.WAIT,
    Status.PERFORMED: Sign.WAIT,
    Status.COMPLETE: Sign.PASS,
    Status.NEEDS_AGAIN: Sign.WARN,
    Status.LEFT_OUT: Sign.NONE,
}
# A value that is stored so much later than it was taken says when it was stored.
LATER = timedelta(minutes=1)


def verdict_stated(verdict: Verdict) -> Evaluation:
    """Give a verdict on a value with its shape and words."""
    match verdict:
        case Verdict.MEETS:
            return Evaluation(str(verdict), Sign.PASS, _("Within limit"))
        case Verdict.FAILS:
            return Evaluation(str(verdict), Sign.FAIL, _("Out of limit"))
        case Verdict.NOT_JUDGED:
            return Evaluation(str(verdict), Sign.NONE, _("No limit"))


def stages(record: BatchRecord, names: Names) -> tuple[stated.Stage, ...]:
    """Give each stage of the pinned master record with its steps as they stand."""
    batch = record.batch
    corrected = {row.value_id: row for row in ValueCorrected.objects.filter(batch=batch)}
    witnessed = {row.performed_id: row for row in StepWitnessed.objects.filter(batch=batch)}
    beside = bench.remarks(record, names)
    found: dict[str, list[stated.Step]] = defaultdict(list)
    for step in record.steps:
        said = tuple(beside.get(step.definition.code, ()))
        found[step.definition.stage].append(replace(_step(step, names, corrected, witnessed), remarks=said))
    before = {record.master.stages[0].code: bench.note_of_start(record, names)}
    return tuple(
        stated.Stage(
            title=stage.title,
            note=_("The work of this stage stands under the results of the laboratory.")
            if stage.laboratory
            else before.get(stage.code, ""),
            steps=tuple(found[stage.code]),
        )
        for stage in record.master.stages
    )


def _step(
    step: StepRecord, names: Names, corrected: dict[UUID, ValueCorrected], witnessed: dict[UUID, StepWitnessed]
) -> stated.Step:
    definition, start = step.definition, step.start
    began = _by(start, names, start.happened_at) if start else _("Not begun")
    if start and start.reason:
        began = _("%(began)s. Begun while an earlier step was open: %(reason)s") % {
            "began": began,
            "reason": start.reason,
        }
    if step.paper is not None:
        entered = names.who(step.paper.read.actor)
        began = f"{began}. {transcribed_words(step.paper, entered_by=entered)}"
    words = str(step.status_words)
    return stated.Step(
        code=definition.code,
        title=definition.title,
        instruction=definition.instruction,
        demands=_demands(definition),
        evaluation=Evaluation(step.status, SIGNS[step.status], f"{words}. {step.again}" if step.again else words),
        began=began,
        scans=tuple(_scan(slot, number, names) for slot in step.slots for number in range(len(slot.scans))),
        values=tuple(_value(each, names, corrected) for each in step.fields),
        derived=tuple(_derived(each, step.versions) for each in step.derived),
        checks=tuple(names.signature(row, _("Electronic signature, checked before the act")) for row in step.checks),
        versions=tuple(_version(row, step, names, witnessed) for row in step.versions),
        made=tuple(names.called(key) for row in step.versions for key in row.containers),
    )


def _by(row: FromPaper, names: Names, moment: datetime) -> str:
    """Write who did something, and when; what came from paper names who did it there and who entered it."""
    if row.copy_id is None:
        return names.by_at(row.actor, moment)
    words = _("%(done)s, on paper; entered by %(who)s")
    return words % {"done": names.by_at(f"person/{row.done_by_id}", moment), "who": names.who(row.actor)}


def _demands(step: StepDefinition) -> str:
    demands = (
        (step.critical, _("critical")),
        (step.witness, _("witnessed")),
        (step.forced, _("in forced order")),
        (step.is_checked_before_the_act, _("checked before the act")),
    )
    return ", ".join(words for holds, words in demands if holds)


def _scan(slot: SlotRecord, number: int, names: Names) -> stated.Scan:
    scan = slot.scans[number]
    counts = any(scan.pk == one.pk for one in slot.fitting)
    fits = (
        Evaluation("fits", Sign.PASS, _("Fits")) if counts else Evaluation("replaced", Sign.NONE, _("Read again later"))
    )
    how = _("typed by %(who)s") if scan.was_typed else _("scanned by %(who)s")
    return stated.Scan(
        slot=slot.definition.title,
        code=scan.code,
        read=_by(scan, names, scan.performed_at)
        if scan.copy_id
        else how % {"who": names.by_at(scan.actor, scan.performed_at)},
        says=scan.says,
        evaluation=fits if scan.fits else Evaluation("does_not_fit", Sign.FAIL, _("Does not fit")),
    )


def _value(each: FieldRecord, names: Names, corrected: dict[UUID, ValueCorrected]) -> stated.RecordedValue:
    current = each.current
    limit = each.limit or "–"
    if current is None:
        needed = each.definition.required
        words = _("Not recorded") if needed else _("Not recorded, not required")
        missing = Evaluation("not_recorded", Sign.WAIT if needed else Sign.NONE, words)
        return stated.RecordedValue(each.definition.title, "–", limit, missing, "–")
    return stated.RecordedValue(
        title=each.definition.title,
        value=each.shown,
        limit=limit,
        evaluation=Evaluation("not_applicable", Sign.NONE, _("Not applicable"))
        if current.is_not_applicable
        else verdict_stated(each.verdict),
        recorded=_by(current, names, current.performed_at),
        remarks=tuple(_remarks(each, current)),
        corrections=tuple(
            stated.Correction(
                old=each.words_of(old),
                old_by=_by(old, names, old.performed_at),
                new=each.words_of(new),
                new_by=names.by_at(new.actor, new.recorded_at),
                reason=new.reason,
                signature=names.signature(corrected[new.pk], _("Electronic signature, correction"))
                if new.pk in corrected
                else None,
            )
            for old, new in pairwise(each.values)
        ),
    )


def _remarks(each: FieldRecord, value: Value) -> list[str]:
    stored = record_time(value.recorded_at)
    remarks = [_("critical")] if each.definition.critical else []
    if value.was_asked_again:
        remarks.append(_("outside the plausible range, asked again and confirmed"))
    if value.late_reason:
        remarks.append(_("late entry, stored %(time)s: %(reason)s") % {"time": stored, "reason": value.late_reason})
    elif value.recorded_at - value.performed_at > LATER:
        remarks.append(_("stored %(time)s") % {"time": stored})
    return remarks


def _derived(each: Derivation, versions: tuple[StepPerformed, ...]) -> stated.RecordedValue:
    definition = each.definition
    signed = [(row.version, one) for row in versions for one in row.derived if one["code"] == definition.code]
    before = [
        _("version %(version)s was signed with %(value)s") % {"version": version, "value": one["shown"]}
        for version, one in signed
        if one["shown"] != each.shown
    ]
    words = _("calculated by %(formula)s version %(version)s from %(inputs)s")
    return stated.RecordedValue(
        title=definition.title,
        value=each.shown,
        limit=each.limit or "–",
        evaluation=verdict_stated(each.verdict),
        recorded=words
        % {
            "formula": definition.formula,
            "version": definition.version,
            "inputs": ", ".join(
                f"{one.name} {'–' if one.value is None else format(one.value.normalize(), 'f')} {one.unit}".strip()
                for one in each.inputs
            ),
        },
        remarks=tuple(before),
    )


def _version(
    row: StepPerformed, step: StepRecord, names: Names, witnessed: dict[UUID, StepWitnessed]
) -> stated.SignedVersion:
    newest = step.versions[-1]
    counts = row.pk == newest.pk and not step.again
    if row.pk != newest.pk:
        standing = _("superseded by version %(version)s") % {"version": row.version + 1}
    else:
        standing = _("no longer counts") if step.again else _("in force")
    signatures = [names.signature(row, _("Electronic signature, performed"))]
    if row.pk in witnessed:
        signatures.append(names.signature(witnessed[row.pk], _("Electronic signature, witnessed")))
    return stated.SignedVersion(row.version, counts, standing, tuple(signatures))


def account(record: BatchRecord) -> tuple[stated.Summed, ...]:
    """Give where the cells went: what was made, each share, and the difference; nothing where none is asked for."""
    if record.account is None:
        return ()
    verdict = verdict_stated(record.account.verdict)
    return (
        _plain(_("Made"), record.account.made_words),
        *(_plain(line.title, line.shown) for line in record.account.shares),
        stated.Summed(_("Difference"), record.account.difference_words, verdict),
    )


def _plain(name: str, text: str) -> stated.Summed:
    return stated.Summed(name, text, Evaluation("counted", Sign.NONE, _("Counted")))
