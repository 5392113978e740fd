"""How rows of this room read in the API: plain values, times in UTC, numbers as text."""

from datetime import date, datetime
from decimal import Decimal

from accounts.models import Person, Signed
from accounts.refusal import Objection
from accounts.wording import today
from batches import life
from batches.api.shapes import Plain
from batches.deriving import Derivation
from batches.ended import order_end_of
from batches.models import (
    Batch,
    Definition,
    Departure,
    Order,
    SlotScan,
    StepFile,
    StepNote,
    StepStart,
    Value,
    Weight,
)
from batches.paper import is_compared
from batches.people import PERSON
from batches.performing import Recorded
from batches.record import FieldRecord, SlotRecord, StepRecord
from batches.scanning import Scanned
from ledger.models import plain


def _text(value: datetime | date | Decimal | None) -> str | None:
    return None if value is None else str(plain(value))


def signature(row: Signed | None) -> Plain | None:
    """Give who signed a row, as what, meaning what, when."""
    if row is None:
        return None
    return {
        "id": row.pk,
        "name": row.signer_name,
        "username": row.signer_username,
        "role": row.signer_role,
        "meaning": row.meaning,
        "meaning_text": row.meaning_text,
        "signed_at": _text(row.signed_at),
    }


def definition(row: Definition, *, whole: bool = False) -> Plain:
    """Give a version of a definition, with its text where it is asked for whole."""
    checked, approval, returned = (getattr(row, name, None) for name in life.WITH_LIFE)
    told: Plain = {
        "id": row.pk,
        "kind": row.kind,
        "code": row.code,
        "version": row.version,
        "title": row.title,
        "product": row.product,
        "sha256": row.sha256,
        "change": row.change,
        "status": life.status_of(row, on=today()),
        "effective_from": _text(approval.effective_from) if approval else None,
        "returned": returned.reason if returned else "",
        "signatures": [signature(one) for one in (row, checked, approval, returned) if one is not None],
    }
    return told | {"source": row.source} if whole else told


def weight(row: Weight) -> Plain:
    """Give a weight."""
    return {
        "id": row.pk,
        "kilograms": _text(row.kilograms),
        "weighed_on": _text(row.weighed_on),
        "source": row.source,
        "reason": row.reason,
        "supersedes": row.supersedes_id,
        "in_force": not hasattr(row, "superseded_by"),
        "verified": signature(getattr(row, "verification", None)),
    }


def order(row: Order) -> Plain:
    """Give an order."""
    return {
        "id": row.pk,
        "number": row.number,
        "chain": row.coi.identifier,
        "product": row.product.code,
        "product_version": row.product.version,
        "prescriber": row.prescriber,
        "prescription": row.prescription,
        "sponsor_number": row.sponsor_number,
        "planned_infusion": _text(row.planned_infusion),
        "course": row.course.number if row.course else "",
    }


def order_end(row: Order) -> Plain | None:
    """Give how an order ended, or nothing while it is open."""
    ended = order_end_of(row)
    if ended is None:
        return None
    return {
        "how": ended.how,
        "happened_on": _text(ended.happened_on),
        "source": ended.source,
        "reason": ended.reason,
        "signed": signature(ended),
    }


def batch(row: Batch) -> Plain:
    """Give a batch with its stage and disposition."""
    return {
        "id": row.pk,
        "number": row.number,
        "order": row.order.number,
        "chain": row.order.coi.identifier,
        "stage": row.state.stage,
        "disposition": row.state.disposition,
        "product": _pinned(row.product),
        "master": _pinned(row.master),
        "specification": _pinned(row.specification),
        "issued": signature(row),
    }


def _pinned(row: Definition) -> Plain:
    return {"id": row.pk, "code": row.code, "version": row.version}


def objection(one: Objection) -> Plain:
    """Give one thing that is open."""
    return {"says": one.says, "code": one.code, "field": one.field}


def departure(row: Departure | None) -> Plain | None:
    """Give a departure, or nothing."""
    if row is None:
        return None
    return {
        "id": row.pk,
        "kind": row.kind,
        "step": row.step,
        "says": row.says,
        "recorded_at": _text(row.recorded_at),
        "about_type": row.about_type,
        "about_id": row.about_id,
    }


def value(row: Value) -> Plain:
    """Give a stored value."""
    return {
        "id": row.pk,
        "typed": row.typed,
        "number": _text(row.number),
        "exponent": row.exponent,
        "unit": row.unit,
        "performed_at": _text(row.performed_at),
        "recorded_at": _text(row.recorded_at),
        "was_asked_again": row.was_asked_again,
        "is_not_applicable": row.is_not_applicable,
        "supersedes": row.supersedes_id,
        "reason": row.reason,
        "from_copy": row.copy_id,
    }


def recorded(stored: Recorded) -> Plain:
    """Give a value as it was stored and what it says."""
    return {
        "value": value(stored.value),
        "shown": stored.shown,
        "limit": stored.limit,
        "verdict": str(stored.verdict),
        "departure": departure(stored.departure),
    }


def scan(row: SlotScan, raised: Departure | None = None) -> Plain:
    """Give a code as it was read."""
    return {
        "id": row.pk,
        "slot": row.slot,
        "code": row.code,
        "was_typed": row.was_typed,
        "fits": row.fits,
        "says": row.says,
        "performed_at": _text(row.performed_at),
        "from_copy": row.copy_id,
        "departure": departure(raised),
    }


def scanned(stored: Scanned) -> Plain:
    """Give a scan with the departure that it raised."""
    return scan(stored.scan, stored.departure)


def start(row: StepStart | None) -> Plain | None:
    """Give the beginning of a step."""
    if row is None:
        return None
    return {"id": row.pk, "step": row.step, "happened_at": _text(row.happened_at), "reason": row.reason}


def step_line(step: StepRecord) -> Plain:
    """Give a step and where it stands."""
    definition_ = step.definition
    return {
        "code": definition_.code,
        "title": definition_.title,
        "stage": definition_.stage,
        "kind": str(definition_.kind),
        "critical": definition_.critical,
        "witness": definition_.witness,
        "forced": definition_.forced,
        "optional": definition_.optional,
        "protects": str(definition_.protects),
        "status": str(step.status),
        "again": step.again,
    }


def step(record: StepRecord) -> Plain:
    """Give a step whole."""
    return step_line(record) | {
        "instruction": record.definition.instruction,
        "start": start(record.start),
        "slots": [_slot(each) for each in record.slots],
        "values": [_field(each) for each in record.fields],
        "derived": [_derived(each) for each in record.derived],
        "checked": signature(record.check),
        "performed": signature(record.performed),
        "witnessed": signature(record.witnessed),
        "left_out": _left_out(record),
        "paper": paper(record),
        "at_work": _at_work(record),
        "evidence": [
            {
                "code": each.code,
                "title": each.title,
                "required": each.required,
                "there": any(file.evidence == each.code for file in record.files),
            }
            for each in record.definition.evidence
        ],
        "notes": [note(row) for row in record.notes],
        "files": [step_file(row) for row in record.files],
    }


def _left_out(record: StepRecord) -> Plain | None:
    row = record.left_out
    return {"reason": row.reason, "signed": signature(row)} if row is not None else None


def _at_work(record: StepRecord) -> Plain | None:
    began = record.start
    if began is None or record.performed is not None:
        return None
    return {"name": _name(began.actor), "since": _text(began.happened_at)}


def _name(actor: str) -> str:
    key = actor.removeprefix(PERSON)
    person = Person.objects.filter(pk=key).first() if key != actor else None
    return person.name if person else actor


def note(row: StepNote) -> Plain:
    """Give a note to a step."""
    told = {"id": row.pk, "step": row.step, "says": row.says, "happened_at": _text(row.happened_at)}
    return told | {"by": _name(row.actor)}


def step_file(row: StepFile) -> Plain:
    """Give a file kept with a step."""
    told = {"id": row.pk, "step": row.step, "title": row.title, "evidence": row.evidence, "by": _name(row.actor)}
    return told | {"sha256": row.file.sha256, "size": row.file.size, "media_type": row.file.media_type}


def paper(record: StepRecord) -> Plain | None:
    """Give what the paper of a step says about people, and whether it was compared; None where there is no paper."""
    if record.paper is None:
        return None
    read = record.paper.read
    return {
        "id": read.pk,
        "record": read.copy.record.number,
        "copy_number": read.copy.number,
        "done_by": read.done_by.username,
        "checked_by": read.checked_by.username if read.checked_by else "",
        "watched_by": read.watched_by.username if read.watched_by else "",
        "is_compared": is_compared(record),
        "compared": signature(record.paper.newest),
    }


def _slot(slot: SlotRecord) -> Plain:
    need = slot.definition
    return {
        "code": need.code,
        "title": need.title,
        "kind": str(need.kind),
        "of": need.of,
        "many": need.many,
        "scans": [scan(row) for row in slot.scans],
    }


def _field(field: FieldRecord) -> Plain:
    wanted = field.definition
    return {
        "code": wanted.code,
        "title": wanted.title,
        "type": str(wanted.type),
        "unit": wanted.unit,
        "exponent": wanted.exponent,
        "decimals": wanted.decimals,
        "limit": field.limit,
        "choices": [choice.code for choice in wanted.choices],
        "required": wanted.required,
        "shown": field.shown,
        "verdict": str(field.verdict),
        "values": [value(row) for row in field.values],
    }


def _derived(derivation: Derivation) -> Plain:
    stored = derivation.stored()
    kept = ("code", "title", "formula", "version", "result", "why_not", "shown", "unit", "limit", "verdict", "inputs")
    return {key: stored[key] for key in kept}
