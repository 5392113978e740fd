"""The checks of this room.

(1) each definition's text has the digest that was signed, can be read, and says the code and version of its row;
(2) each value's number is what was typed, at its scale;
(3) each derived quantity that was signed is what its formula gives for its inputs, and each input that names a single
    value is that value;
(4) each batch's cached stage is what its steps add up to;
(5) nobody witnessed what they performed;
(6) each yield that was verified is what its formula gives, and was verified by somebody else than its performer;
(7) what is left of each lot is what its uses and discards leave, and each exclusive area holds the batch that was let
    in last and did not leave;
(8) nobody decided on a lot that they received, or verified a clearance of their own.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from batches.areas import holder_of
from batches.calculating import FormulaError, NotCalculable
from batches.definitions.kinds import read_text
from batches.definitions.parts import FaultyDefinitionError
from batches.formulas import FORMULAS
from batches.identity import WITH_EVERYTHING
from batches.judging import UnreadableError, read_typed
from batches.lot_uses import remaining_of
from batches.models import (
    AreaState,
    Batch,
    BatchState,
    Definition,
    LineClearanceVerified,
    LotDecision,
    LotState,
    StepPerformed,
    StepWitnessed,
    Value,
    YieldVerified,
)
from batches.pinned import master_of
from batches.record import record_of
from batches.stages import stage_of
from batches.yields import percent_of
from ledger.canonical import digest
from ledger.typed_numbers import scaled_up
from ledger.verification import Finding, Verification, check

CHUNK = 500


@check("definitions")
def definitions_are_as_signed(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    for row in Definition.objects.order_by("pk").iterator(CHUNK):
        verification.counted("definitions", 1)
        about = f"batches.definition {row.code} version {row.version}"
        if digest(row.source.encode("utf-8")) != row.sha256:
            yield Finding("definitions", about, "its text does not have the digest that was signed")
        try:
            read = read_text(row.kind, row.source)
        except FaultyDefinitionError as error:
            yield Finding("definitions", about, f"it can no longer be read: {error.faults[0]}")
            continue
        if (read.code, read.version) != (row.code, row.version):
            yield Finding("definitions", about, f"its text calls itself {read.code} version {read.version}")


@check("values")
def numbers_are_as_typed(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    for batch in Batch.objects.select_related("master").order_by("pk").iterator(CHUNK):
        fields = {(step.code, each.code): each for step, each in master_of(batch).fields()}
        for value in Value.objects.filter(batch=batch).order_by("pk").iterator(CHUNK):
            verification.counted("values", 1)
            about = f"batches.value {value.pk}"
            wanted = fields.get((value.step, value.field))
            if wanted is None:
                yield Finding("values", about, f"the master record has no field {value.field} in step {value.step}")
                continue
            if value.is_not_applicable:
                if value.number is not None or wanted.required:
                    yield Finding("values", about, "it is not applicable, but is a number or has to be recorded")
                continue
            try:
                number = read_typed(wanted, value.typed, comma_allowed=True)
            except UnreadableError as error:
                yield Finding("values", about, f"what was typed cannot be read: {error}")
                continue
            if (None if number is None else scaled_up(number, wanted.exponent)) != value.number:
                yield Finding("values", about, "its number is not what was typed")


@check("quantities")
def quantities_are_recomputed(verification: Verification) -> Iterator[Finding]:
    """(3)"""
    for row in StepPerformed.objects.order_by("pk").iterator(CHUNK):
        for stored in row.derived:
            verification.counted("quantities", 1)
            says = _wrong_quantity(stored)
            if says:
                yield Finding("quantities", f"{row.record_type()} {row.pk}", f"{stored.get('code')}: {says}")


def _wrong_quantity(stored: Mapping[str, object]) -> str:
    try:
        formula = FORMULAS[str(stored["formula"]), int(str(stored["version"]))]
        inputs = stored["inputs"]
        if not isinstance(inputs, list):
            return "its inputs cannot be read"
        values = {each["name"]: None if each["value"] is None else Decimal(each["value"]) for each in inputs}
        answer = formula.calculate(values)
        told = stored["result"]
        result = None if told is None else Decimal(str(told))
    except (KeyError, TypeError, ValueError, InvalidOperation, FormulaError) as error:
        return f"it cannot be recomputed ({type(error).__name__})"
    if (None if isinstance(answer, NotCalculable) else answer) != result:
        return "its formula gives another result"
    for each in inputs:
        if each["source"].startswith(("product.", "order.", "lot.")) or len(each["records"]) != 1:
            continue
        kind, _slash, key = each["records"][0].partition("/")
        value = Value.objects.filter(pk=key, field=each["source"]).first() if kind == Value.record_type() else None
        if value is not None and value.number != values[each["name"]]:
            return f"its input {each['name']} is not the value that it names"
    return ""


@check("stages")
def stages_are_right(verification: Verification) -> Iterator[Finding]:
    """(4)"""
    for batch in Batch.objects.select_related(*WITH_EVERYTHING).order_by("pk").iterator(CHUNK):
        verification.counted("batches", 1)
        state: BatchState | None = getattr(batch, "state", None)
        if state is None:
            yield Finding("stages", f"batches.batch {batch.number}", "its state is missing")
        elif state.stage != stage_of(record_of(batch)):
            yield Finding(
                "stages", f"batches.batchstate {batch.number}", "the cached stage is not what the steps add up to"
            )


@check("witnesses")
def witnesses_are_others(verification: Verification) -> Iterator[Finding]:
    """(5)"""
    for row in StepWitnessed.objects.select_related("performed").order_by("pk").iterator(CHUNK):
        verification.counted("witnesses", 1)
        if row.signer_id == row.performed.signer_id or row.performer_id != row.performed.signer_id:
            yield Finding("witnesses", f"{row.record_type()} {row.pk}", "it was witnessed by the one who performed it")


@check("yields")
def yields_are_recomputed(verification: Verification) -> Iterator[Finding]:
    """(6)"""
    for row in YieldVerified.objects.select_related("batch__master").order_by("pk").iterator(CHUNK):
        verification.counted("yields", 1)
        about = f"{row.record_type()} {row.pk}"
        if row.actual is None or row.theoretical is None or percent_of(row.actual, row.theoretical) != row.percent:
            yield Finding("yields", about, "its formula gives another share")
        definition = next((each for each in master_of(row.batch).yields if each.code == row.code), None)
        if definition is None:
            yield Finding("yields", about, f"the master record has no yield {row.code}")
        elif StepPerformed.objects.filter(
            batch=row.batch, step=definition.step, signer=row.signer_id, signed_at__lte=row.signed_at
        ).exists():
            yield Finding("yields", about, "it was verified by somebody who performed its step")


@check("remainders")
def remainders_are_recomputed(verification: Verification) -> Iterator[Finding]:
    """(7)"""
    for state in LotState.objects.select_related("lot").order_by("pk").iterator(CHUNK):
        verification.counted("lots", 1)
        if state.remaining != remaining_of(state.lot):
            yield Finding("remainders", f"batches.lotstate {state.lot.code}", "its uses leave another quantity")
    for held in AreaState.objects.select_related("area").order_by("pk").iterator(CHUNK):
        verification.counted("areas", 1)
        holder = holder_of(held.area)
        if held.batch_id != (holder.pk if holder else None):
            yield Finding("remainders", f"batches.areastate {held.area.code}", "it holds another batch")


@check("second looks")
def second_looks_are_by_others(verification: Verification) -> Iterator[Finding]:
    """(8)"""
    for decision in LotDecision.objects.select_related("lot").order_by("pk").iterator(CHUNK):
        verification.counted("lot decisions", 1)
        if decision.signer_id == decision.lot.signer_id:
            about = f"{decision.record_type()} {decision.pk}"
            yield Finding("second looks", about, "it was decided by the one who received the lot")
    for row in LineClearanceVerified.objects.select_related("clearance").order_by("pk").iterator(CHUNK):
        verification.counted("clearances", 1)
        if row.signer_id == row.clearance.signer_id:
            about = f"{row.record_type()} {row.pk}"
            yield Finding("second looks", about, "it was verified by the one who cleared the area")
