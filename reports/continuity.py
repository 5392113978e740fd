"""The continuity record of a batch: made by the worker after each signed step, superseded by the next edition.

(1) It is owed on the row that was signed. Of several that are owed, the last one makes it; a batch that was decided on
    or has no step left needs none.
(2) An edition that would say nothing new is not made.
(3) A numbered copy is drawn from the snapshot of its edition alone, so both say the same.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.wording import record_time, short_time
from batches.continuity import JOB, Drawing, drawn_by, newest_edition, number_of
from batches.definitions.master import Field, HoldTime, Need, Step
from batches.formulas import FORMULAS
from batches.identity import batch_numbered, batch_of, locked
from batches.judging import expected_words, limit_words, unit_words
from batches.making import number_of as number_made
from batches.models import Batch, BatchState, ContinuityRecord
from batches.pinned import product_of
from batches.record import BatchRecord, FieldRecord, SlotRecord, StepRecord, record_of
from batches.weights import verified_weight
from ledger import clock, files, outbox
from ledger.models import Entry as LedgerEntry
from ledger.models import OutboxJob
from ledger.typed_numbers import THIN_SPACE, show
from ledger.verification import unmoving_view
from ledger.writing import write, writing
from reports.continuity_sheet import ContinuitySheet, Entry, PaperStep, Quantity, Slot
from reports.gathering import identity_stated, issue_stated
from reports.pdfa import attached_snapshot
from reports.record_snapshot import Named
from reports.render import render
from reports.snapshot_json import from_json

MACHINE = "machine"
BATCH_STREAM = "batch/"
LARGE = Decimal(100_000)


class OvertakenError(outbox.NotYetError):
    """Another worker made this edition meanwhile; the job is tried again."""


@outbox.handles(JOB)
def make_owed_edition(job: OutboxJob) -> None:
    """Make the edition that a signed row asks for, unless a later row of the batch asks for it, too."""
    asked = LedgerEntry.objects.filter(rec_id=job.subject, stream__startswith=BATCH_STREAM).order_by("seq").first()
    if asked is None or _is_asked_again(asked):
        with writing():
            outbox.finish(job)
        return
    _edition(batch_numbered(asked.stream.removeprefix(BATCH_STREAM)), job)


def edition_now(batch: Batch) -> ContinuityRecord | None:
    """Give the edition that states the batch as it stands, made now if there is none; None where no step is left."""
    return _edition(batch_of(batch.pk), None)


def _is_asked_again(asked: LedgerEntry) -> bool:
    waiting = OutboxJob.objects.filter(kind=JOB, done_at=None).values("subject")
    return LedgerEntry.objects.filter(stream=asked.stream, seq__gt=asked.seq, rec_id__in=waiting).exists()


def _edition(batch: Batch, job: OutboxJob | None) -> ContinuityRecord | None:
    """Make the next edition if it says something new; outside any transaction, finished in one."""
    decided = batch.state.disposition != BatchState.Disposition.NONE
    before = newest_edition(batch)
    issued_at = clock.now()
    with unmoving_view():
        position = _position(batch)
        record = record_of(batch)
        sheet = None if decided else sheet_of(record, before, issued_at=issued_at)
    if sheet is None or (before is not None and _says_the_same(before, sheet)):
        if job is not None:
            with writing():
                outbox.finish(job)
        return before if sheet is not None else None
    content = render(sheet)
    with writing():
        locked(batch.pk)
        if newest_edition(batch) != before:
            raise OvertakenError("Another edition of this continuity record was made meanwhile.")
        if job is not None:
            outbox.finish(job)
        number = sheet.issue.number
        file = files.keep(content, name=f"{number}.pdf", actor=MACHINE)
        row = ContinuityRecord(
            batch=batch,
            number=number,
            edition=sheet.issue.version,
            file=file,
            steps=[step.code for step in sheet.steps],
            stream_position=position,
        )
        return write(row, type="continuity.made", actor=MACHINE)


def _position(batch: Batch) -> int:
    entries = LedgerEntry.objects.filter(stream=batch.stream_name())
    return entries.aggregate(newest=Max("sseq"))["newest"] or 0


def _says_the_same(before: ContinuityRecord, sheet: ContinuitySheet) -> bool:
    try:
        stated = from_json(attached_snapshot(files.read(before.file)))
    except files.FileChangedError:
        return False
    return isinstance(stated, ContinuitySheet) and stated == replace(sheet, issue=stated.issue)


def copy_of(record: ContinuityRecord, number: int, place: str, by: Person) -> bytes:
    """Give the bytes of a numbered copy; raise FileChangedError if the edition's file is not the one that was made."""
    stated = from_json(attached_snapshot(files.read(record.file)))
    if not isinstance(stated, ContinuitySheet):
        raise files.FileChangedError(f"File {record.file.sha256} is no continuity record.")
    taken = f"{by.name} ({by.username}), {record_time(clock.now())}"
    return render(replace(stated, copy=str(number), kept=place, taken=taken))


drawn_by(Drawing(edition_now, copy_of))


def sheet_of(record: BatchRecord, before: ContinuityRecord | None, *, issued_at: datetime) -> ContinuitySheet | None:
    """Give the snapshot of what is left of a batch; None where nothing is left."""
    left = [step for step in record.steps if not step.is_done]
    if not left:
        return None
    batch = record.batch
    edition = before.edition + 1 if before else 1
    issue = issue_stated(number_of(batch, edition), edition, issued_at, interim=False, supersedes=None)
    words = {"left": len(left), "all": len(record.steps), "step": left[0].definition.code}
    return ContinuitySheet(
        issue=replace(issue, supersedes=before.number if before else ""),
        identity=identity_stated(batch),
        product=product_of(batch).title,
        master=_("%(code)s version %(version)s") % {"code": record.master.code, "version": record.master.version},
        position=_("%(left)s of %(all)s steps are left, from step %(step)s.") % words,
        facts=tuple(_facts(record)),
        steps=tuple(_step(record, step) for step in left),
    )


def _facts(record: BatchRecord) -> list[Named]:
    product = product_of(record.batch)
    weight = verified_weight(record.batch.order)
    facts = [Named(each.title, f"{each.value}{THIN_SPACE}{each.unit}".strip()) for each in product.parameters]
    if weight is not None:
        facts.append(Named(_("Recipient's weight, verified"), f"{weight.kilograms}{THIN_SPACE}kg"))
    facts += [
        Named(f"{slot.definition.title} ({step.definition.code})", ", ".join(scan.code for scan in slot.fitting))
        for step in record.steps
        for slot in step.slots
        if step.is_done and slot.fitting
    ]
    return facts


def _step(record: BatchRecord, step: StepRecord) -> PaperStep:
    definition = step.definition
    stage = record.master.stage(definition.stage)
    return PaperStep(
        code=definition.code,
        title=definition.title,
        stage=stage.title if stage else "",
        demands=_demands(definition),
        standing=_standing(step),
        instruction=definition.instruction,
        confirms=tuple(_confirms(record, definition)),
        is_checked=definition.is_checked_before_the_act and step.check is None,
        is_performed=step.performed is not None and not step.again,
        is_witnessed=definition.witness,
        is_optional=definition.optional,
        slots=tuple(_slot(each) for each in step.slots),
        entries=tuple(_entry(each) for each in step.fields),
        quantities=tuple(_quantity(record, step, number) for number in range(len(step.derived))),
        makes=tuple(_made(step)),
        amounts=tuple(_amount(record, need) for need in definition.needs if need.amount is not None),
        clocks=tuple(_clock(record, each) for each in record.master.hold_times if _is_of(each, definition)),
        evidence=tuple(each.title for each in definition.evidence),
    )


def _demands(step: Step) -> str:
    training = _("trained on %(procedure)s version %(version)s") % {
        "procedure": step.training.procedure,
        "version": step.training.version,
    }
    demands = (
        (step.critical, _("critical")),
        (step.forced, _("only after every step before it")),
        (step.is_checked_before_the_act, _("a second person checks before the act")),
        (step.witness, _("a second person watches")),
        (step.optional, _("may be left out with a reason")),
    )
    return ", ".join([*(words for holds, words in demands if holds), training])


def _standing(step: StepRecord) -> str:
    if step.again:
        return _("Signed, and to be done again: %(why)s") % {"why": step.again}
    if step.performed is not None:
        words = _("Performed by %(name)s, %(time)s. It waits for its witness.")
        return words % {"name": step.performed.signer_name, "time": short_time(step.performed.signed_at)}
    if step.start is not None:
        return _("Begun %(time)s. What was recorded stands below; go on with the rest.") % {
            "time": short_time(step.start.happened_at)
        }
    return _("Not begun.")


def _confirms(record: BatchRecord, step: Step) -> list[Named]:
    found: list[Named] = []
    for code in step.confirms:
        for other in record.steps:
            known: list[tuple[str, str]] = [
                *[(one.definition.title, one.shown) for one in other.fields if one.definition.code == code],
                *[
                    (one.definition.title, one.shown if one.result is not None else "")
                    for one in other.derived
                    if one.definition.code == code
                ],
            ]
            found += [Named(title, shown or _("not known yet: write it here")) for title, shown in known]
    return found


def _slot(slot: SlotRecord) -> Slot:
    read = tuple(f"{scan.code}, {short_time(scan.performed_at)}" for scan in slot.fitting)
    return Slot(slot.definition.title, slot.definition.many, read)


def _entry(each: FieldRecord) -> Entry:
    wanted: Field = each.definition
    return Entry(
        title=wanted.title,
        unit=unit_words(wanted.unit, wanted.exponent),
        limit=expected_words(wanted),
        plausible=limit_words(wanted.plausible, wanted.unit, wanted.exponent),
        choices=tuple(choice.words for choice in wanted.choices),
        hint=wanted.hint,
        stored=each.shown,
        critical=wanted.critical,
        required=wanted.required,
    )


def _quantity(record: BatchRecord, step: StepRecord, number: int) -> Quantity:
    derivation = step.derived[number]
    known = derivation.result is not None
    inputs = [
        (
            each.name,
            _named(record, each.source),
            "" if each.value is None else show(each.value, exponent=_exponent(each.value), unit=each.unit),
        )
        for each in derivation.inputs
    ]
    listed = "; ".join(f"{name}: {title}{f' = {value}' if value else ''}" for name, title, value in inputs)
    return Quantity(
        title=derivation.definition.title,
        value=derivation.shown if known else "",
        limit=derivation.limit,
        how=f"{_rule(derivation.definition.formula, derivation.definition.version)} ({listed})",
    )


def _exponent(value: Decimal) -> int | None:
    """Give the power of ten at which a large number is easily copied by hand, with every digit of it."""
    return value.adjusted() if abs(value) >= LARGE else None


def _rule(code: str, version: int) -> str:
    """Give a formula as its own words write it: the paragraph of its description that is an equation."""
    formula = FORMULAS[code, version]
    lines = [line.strip() for line in (formula.compute.__doc__ or "").splitlines()]
    return next((line for line in lines if " = " in line), formula.title)


def _named(record: BatchRecord, source: str) -> str:
    """Give the title of a field or quantity by its code, with its step; the code itself for what comes from outside."""
    for step in record.master.steps:
        titles = {each.code: each.title for each in step.fields} | {each.code: each.title for each in step.derived}
        if source in titles:
            return f"{titles[source]} ({step.code})"
    parameter = product_of(record.batch).parameter(source.removeprefix("product."))
    if parameter is not None:
        return parameter.title
    return {"order.weight_kg": _("recipient's weight"), "lot.titer": _("titre of the vector lot")}.get(source, source)


def _made(step: StepRecord) -> list[str]:
    made = []
    for each in step.definition.creates:
        counted = number_made(each, step)
        made.append(f"{each.title}: {counted}" if counted else _("%(title)s: as counted") % {"title": each.title})
    return made


def _amount(record: BatchRecord, need: Need) -> Named:
    amount = need.amount
    planned = ""
    if amount is not None and amount.planned_number is not None:
        planned = f"{amount.planned_number}{THIN_SPACE}{amount.unit}"
    elif amount is not None and amount.planned:
        planned = _known(record, amount.planned)
    return Named(_("Planned amount of %(title)s") % {"title": need.title}, planned or _("as calculated above"))


def _known(record: BatchRecord, code: str) -> str:
    for step in record.steps:
        for each in step.fields:
            if each.definition.code == code:
                return each.shown
        for one in step.derived:
            if one.definition.code == code:
                return one.shown if one.result is not None else ""
    parameter = product_of(record.batch).parameter(code.removeprefix("product."))
    return f"{parameter.value}{THIN_SPACE}{parameter.unit}" if parameter else ""


def _is_of(hold: HoldTime, step: Step) -> bool:
    codes = {each.code for each in step.fields}
    return hold.start in codes or hold.end in codes


def _clock(record: BatchRecord, hold: HoldTime) -> str:
    begun = _known(record, hold.start)
    words = _("%(title)s: at most %(limit)s min from “%(start)s” to “%(end)s”, warned at %(warn)s min.") % {
        "title": hold.title,
        "limit": hold.limit_minutes,
        "warn": hold.warn_minutes,
        "start": _named(record, hold.start),
        "end": _named(record, hold.end),
    }
    return f"{words} {_('Begun: %(begun)s.') % {'begun': begun}}" if begun else words
