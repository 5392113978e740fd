"""The record of a batch as it stands: every step with its values, scans, signatures, quantities and status.

(1) A performed version of a step counts while the values it was made of are in force and its quantities still rest on
    the same records. Otherwise the step must be performed again; the old signatures stay visible.
(2) A step is done when it was performed and, where the master record asks for it, witnessed; or when it may be left
    out and somebody left it out with a reason.
(3) What is not applicable is no number, is never judged, and is shown with its reason.
What stands between the record and a decision on the batch is said in batches/completeness.py.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.refusal import Text
from batches.definitions.master import Field, MasterDefinition, Need, NeedKind, Step
from batches.deriving import Derivation, Known, derive_all, says_the_same
from batches.judging import NOT_APPLICABLE, Verdict, at_scale, expected_words, shown_value, verdict_on
from batches.models import (
    Batch,
    CheckBeforeAct,
    FromPaper,
    InBatch,
    SignedInBatch,
    SlotScan,
    StepFile,
    StepNotApplicable,
    StepNote,
    StepPerformed,
    StepStart,
    StepWitnessed,
    Value,
    Weight,
)
from batches.paper import PaperRecord, papers_of
from batches.pinned import master_of, product_of
from batches.reconciling import Account, account_of
from batches.weights import weight_in_force
from batches.yields import YieldRecord, yields_of

RowT = TypeVar("RowT", bound=InBatch | SignedInBatch)


class Status(StrEnum):
    """Where a step stands."""

    NOT_STARTED = "not_started"
    IN_PROGRESS = "in_progress"
    PERFORMED = "performed"
    COMPLETE = "complete"
    NEEDS_AGAIN = "needs_again"
    LEFT_OUT = "left_out"


STATUS_WORDS: dict[Status, Text] = {
    Status.NOT_STARTED: gettext_lazy("Not started"),
    Status.IN_PROGRESS: gettext_lazy("In progress"),
    Status.PERFORMED: gettext_lazy("Waits for a witness"),
    Status.COMPLETE: gettext_lazy("Complete"),
    Status.NEEDS_AGAIN: gettext_lazy("Must be performed again"),
    Status.LEFT_OUT: gettext_lazy("Left out"),
}
# A step that asks for nothing more: the next one may follow.
DONE = (Status.COMPLETE, Status.LEFT_OUT)


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """A field with every value it ever had, the oldest first."""

    definition: Field
    values: tuple[Value, ...]

    @property
    def current(self) -> Value | None:
        return self.values[-1] if self.values else None

    @property
    def number(self) -> Decimal | None:
        """The current number at the field's own scale."""
        return number_at_field(self.current)

    @property
    def shown(self) -> str:
        return self.words_of(self.current) if self.current else ""

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.definition, self.current) if self.current else Verdict.NOT_JUDGED

    @property
    def limit(self) -> str:
        return expected_words(self.definition)

    def words_of(self, value: Value) -> str:
        """Write one of the values for the eye."""
        return words_of(self.definition, value)


def number_at_field(value: Value | None) -> Decimal | None:
    """Give a value's number at the scale and with the decimals at which it was typed."""
    if value is None or value.number is None:
        return None
    number = at_scale(value.number, value.exponent)
    decimals = len(value.typed.strip().replace(",", ".").partition(".")[2])
    with localcontext(prec=60):
        as_typed = number.quantize(Decimal(1).scaleb(-decimals))
    return as_typed if as_typed == number else number


def words_of(wanted: Field, value: Value) -> str:
    """Write a stored value for the eye; one that is not applicable with its reason."""
    if value.is_not_applicable:
        return NOT_APPLICABLE % {"why": value.typed}
    return shown_value(wanted, value.typed, number_at_field(value))


def verdict_of(wanted: Field, value: Value) -> Verdict:
    """Judge a stored value by its field; what is not applicable is never judged."""
    if value.is_not_applicable:
        return Verdict.NOT_JUDGED
    return verdict_on(wanted, value.typed, number_at_field(value))


@dataclass(frozen=True, slots=True)
class SlotRecord:
    """A scan slot with everything that was read into it."""

    definition: Need
    scans: tuple[SlotScan, ...]

    @property
    def fitting(self) -> tuple[SlotScan, ...]:
        """The scans that count: each code once where the slot takes many, else the latest that fits."""
        fit = {scan.code: scan for scan in self.scans if scan.fits}
        if self.definition.many:
            return tuple(fit.values())
        return tuple(scan for scan in self.scans if scan.fits)[-1:]

    @property
    def latest(self) -> SlotScan | None:
        return self.scans[-1] if self.scans else None


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step as it stands."""

    definition: Step
    start: StepStart | None
    fields: tuple[FieldRecord, ...]
    slots: tuple[SlotRecord, ...]
    checks: tuple[CheckBeforeAct, ...]
    versions: tuple[StepPerformed, ...]
    witnessed: StepWitnessed | None
    derived: tuple[Derivation, ...]
    again: str = ""  # why it must be performed again
    left_out: StepNotApplicable | None = None
    notes: tuple[StepNote, ...] = ()
    files: tuple[StepFile, ...] = ()
    paper: PaperRecord | None = None  # worked on a copy of the continuity record, and entered back

    @property
    def performed(self) -> StepPerformed | None:
        """The newest version that was signed, whether it still counts or not."""
        return self.versions[-1] if self.versions else None

    @property
    def check(self) -> CheckBeforeAct | None:
        return self.checks[-1] if self.checks else None

    @property
    def status(self) -> Status:
        if self.left_out is not None:
            return Status.LEFT_OUT
        if self.performed is None:
            return Status.IN_PROGRESS if self.start else Status.NOT_STARTED
        if self.again:
            return Status.NEEDS_AGAIN
        if self.definition.witness and self.witnessed is None:
            return Status.PERFORMED
        return Status.COMPLETE

    @property
    def is_done(self) -> bool:
        """Nothing more is asked for in this step."""
        return self.status in DONE

    @property
    def status_words(self) -> Text:
        return STATUS_WORDS[self.status]

    @property
    def values_in_force(self) -> tuple[Value, ...]:
        return tuple(each.current for each in self.fields if each.current)

    @property
    def scans_in_force(self) -> tuple[SlotScan, ...]:
        return tuple(scan for slot in self.slots for scan in slot.fitting)

    def field(self, code: str) -> FieldRecord | None:
        return next((each for each in self.fields if each.definition.code == code), None)

    def slot(self, code: str) -> SlotRecord | None:
        return next((each for each in self.slots if each.definition.code == code), None)

    @property
    def people(self) -> frozenset[str]:
        """Everybody who began it, scanned, recorded or corrected in it, by reference; on paper, who did so there."""
        rows: list[FromPaper] = [value for each in self.fields for value in each.values]
        rows += [scan for slot in self.slots for scan in slot.scans]
        rows += [self.start] if self.start else []
        return frozenset(f"person/{row.done_by_id}" if row.done_by_id else row.actor for row in rows)


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The whole record of a batch."""

    batch: Batch
    master: MasterDefinition
    steps: tuple[StepRecord, ...]
    account: Account | None = field(default=None)
    yields: tuple[YieldRecord, ...] = ()

    def step(self, code: str) -> StepRecord | None:
        return next((each for each in self.steps if each.definition.code == code), None)

    def before(self, code: str) -> tuple[StepRecord, ...]:
        """Give the steps before one, in the order of the record."""
        codes = [each.definition.code for each in self.steps]
        return self.steps[: codes.index(code)] if code in codes else ()


def record_of(batch: Batch) -> BatchRecord:
    """Give the record of a batch as it stands; the number of statements does not depend on its length."""
    return record_with(batch, weight_in_force(batch.order))


def record_with(batch: Batch, weight: Weight | None) -> BatchRecord:
    """Give the record of a batch as it stands under the recipient's weight in force, which the caller read."""
    master = master_of(batch)
    values = _by_step(Value.objects.filter(batch=batch).order_by("recorded_at", "pk"))
    scans = _by_step(
        SlotScan.objects.filter(batch=batch)
        .select_related("lot", "identity_check__container")
        .order_by("recorded_at", "pk")
    )
    starts = _by_step(StepStart.objects.filter(batch=batch))
    checks = _by_step(CheckBeforeAct.objects.filter(batch=batch).order_by("recorded_at"))
    versions = _by_step(StepPerformed.objects.filter(batch=batch).order_by("version"))
    witnessed = {row.performed_id: row for row in StepWitnessed.objects.filter(batch=batch)}
    left_out = {row.step: row for row in StepNotApplicable.objects.filter(batch=batch)}
    notes = _by_step(StepNote.objects.filter(batch=batch).order_by("recorded_at", "pk"))
    papers = papers_of(batch)
    kept = _by_step(StepFile.objects.filter(batch=batch).select_related("file").order_by("recorded_at", "pk"))
    slots = {step.code: _slots(step, scans[step.code]) for step in master.steps}
    fields = {step.code: _fields(step, values[step.code]) for step in master.steps}
    derived = derive_all(master, _known_fields(fields), _outside(batch, master, slots, weight))
    steps: list[StepRecord] = []
    for step in master.steps:
        newest = versions[step.code][-1] if versions[step.code] else None
        steps.append(
            StepRecord(
                definition=step,
                start=starts[step.code][0] if starts[step.code] else None,
                fields=fields[step.code],
                slots=slots[step.code],
                checks=tuple(checks[step.code]),
                versions=tuple(versions[step.code]),
                witnessed=witnessed.get(newest.pk) if newest else None,
                derived=derived[step.code],
                again=_why_again(newest, fields[step.code], derived[step.code]) if newest else "",
                left_out=left_out.get(step.code),
                notes=tuple(notes[step.code]),
                files=tuple(kept[step.code]),
                paper=papers.get(step.code),
            )
        )
    known = _known_fields(fields) | {
        each.definition.code: Known(each.result, each.records) for here in derived.values() for each in here
    }
    complete = {each.definition.code for each in steps if each.status is Status.COMPLETE}
    left = {each.definition.code for each in steps if each.status is Status.LEFT_OUT}
    yields = yields_of(batch, master, known, complete=complete, left_out=left)
    return BatchRecord(batch, master, tuple(steps), account_of(master, known), yields)


def _by_step(rows: Iterable[RowT]) -> dict[str, list[RowT]]:
    found: dict[str, list[RowT]] = defaultdict(list)
    for row in rows:
        found[getattr(row, "step")].append(row)  # noqa: B009  every table read here names its step
    return found


def _slots(step: Step, scans: list[SlotScan]) -> tuple[SlotRecord, ...]:
    return tuple(SlotRecord(need, tuple(scan for scan in scans if scan.slot == need.code)) for need in step.needs)


def _fields(step: Step, values: list[Value]) -> tuple[FieldRecord, ...]:
    return tuple(
        FieldRecord(each, _in_order([value for value in values if value.field == each.code])) for each in step.fields
    )


def _in_order(values: list[Value]) -> tuple[Value, ...]:
    """Put the values of one field into the order in which each supersedes the one before."""
    after = {value.supersedes_id: value for value in values}
    chain: list[Value] = []
    current = after.get(None)
    while current is not None:
        chain.append(current)
        current = after.get(current.pk)
    return tuple(chain)


def _known_fields(fields: dict[str, tuple[FieldRecord, ...]]) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for step, here in fields.items():
        for each in here:
            if not each.definition.is_numeric:
                continue
            value = each.current
            if value is not None:
                # What is not applicable feeds no formula; nothing is missing either.
                known[each.definition.code] = Known(value.number, (f"{Value.record_type()}/{value.pk}",))
            elif each.definition.required:
                says = _("%(title)s is missing. Record it in step %(step)s.")
                known[each.definition.code] = Known(None, (), says % {"title": each.definition.title, "step": step})
    return known


def _outside(
    batch: Batch, master: MasterDefinition, slots: dict[str, tuple[SlotRecord, ...]], weight: Weight | None
) -> dict[str, dict[str, Known]]:
    product = product_of(batch)
    pinned = (f"{batch.product.record_type()}/{batch.product_id}",)
    always = {f"product.{each.code}": Known(each.value, pinned) for each in product.parameters}
    always["order.weight_kg"] = _weight(weight)
    titer = Known(None, (), _("No vector lot has been scanned yet."))
    found: dict[str, dict[str, Known]] = {}
    for step in master.steps:
        for slot in slots[step.code]:
            if slot.definition.kind is NeedKind.VECTOR_LOT and slot.fitting:
                titer = _titer(slot)
        found[step.code] = always | {"lot.titer": titer}
    return found


def _weight(weight: Weight | None) -> Known:
    if weight is None or not hasattr(weight, "verification"):
        return Known(None, (), _("The recipient's weight has not been verified by a second person."))
    return Known(weight.kilograms, (f"{Weight.record_type()}/{weight.pk}",))


def _titer(slot: SlotRecord) -> Known:
    lots = {scan.lot_id: scan.lot for scan in slot.fitting if scan.lot is not None}
    if len(lots) != 1:
        return Known(None, (), _("The vials scanned are of more than one vector lot."))
    lot = next(iter(lots.values()))
    return Known(lot.titer_tu_per_ml, (f"{lot.record_type()}/{lot.pk}",))


def _why_again(performed: StepPerformed, fields: tuple[FieldRecord, ...], derived: tuple[Derivation, ...]) -> str:
    in_force = sorted(str(each.current.pk) for each in fields if each.current)
    if sorted(performed.values) != in_force:
        return _("A value of this step was changed after it was signed.")
    stored = {str(each["code"]): each for each in performed.derived}
    for each in derived:
        if each.definition.code not in stored or not says_the_same(stored[each.definition.code], each):
            return _("%(title)s rests on something that was changed since.") % {"title": each.definition.title}
    return ""


def step_url(number: str, step: str) -> str:
    """Give the address of a step's page."""
    return f"/batches/{number}/steps/{step}/"
