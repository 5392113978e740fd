"""The checks of this room.

(1) each definition's text has the digest that was signed, can be read, and says the code and version of its row;
(2) each value's number is what was typed, at its scale;
(3) each derived quantity that was signed is what its formula gives for its inputs, and each input that names a single
    value is that value;
(4) each batch's cached stage is what its steps add up to;
(5) nobody witnessed what they performed.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from batches.calculating import FormulaError, NotCalculable
from batches.definitions.kinds import read_text
from batches.definitions.parts import FaultyDefinitionError
from batches.formulas import FORMULAS
from batches.identity import WITH_EVERYTHING
from batches.judging import UnreadableError, read_typed
from batches.models import Batch, BatchState, Definition, StepPerformed, StepWitnessed, Value
from batches.pinned import master_of
from batches.record import record_of
from batches.stages import stage_of
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
