"""The step page: the instruction on the left, slots and values on the right, what is signed below.

Every value is posted by itself and stored at once; its verdict comes back in the same answer. Without JavaScript the
same forms are sent by their own buttons and the whole page comes back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.parsing import MomentField, StrictSerializer, TextField, YesNoField, parsed
from accounts.refusal import BadInput, Objection, Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.bench import objections_to_start, step_called
from batches.correcting import REASONS
from batches.definitions.master import FieldType, Step
from batches.identity import batch_numbered, identity_of
from batches.judging import unit_words
from batches.models import Batch, SlotScan, Value
from batches.performing import correct_value, record_value, start_step
from batches.record import BatchRecord, FieldRecord, Status, StepRecord, record_of, step_url
from batches.scanning import scan_slot
from batches.views.words import DISPOSITION_STATUS, STATUS_CODES, VERDICT_CODES, VERDICT_WORDS, disposition_words
from ledger import clock

Plain = dict[str, object]


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody has just sent and the page gives back with the reasons against it."""

    field: str = ""
    text: str = ""
    errors: tuple[Objection, ...] = ()
    other: Mapping[str, str] = default(default_factory=dict)

    @property
    def asks_again(self) -> bool:
        return any(one.code == "ask_again" for one in self.errors)


class ValueForm(StrictSerializer[Plain]):
    """One value as the page posts it."""

    id = serializers.UUIDField()
    field = TextField(max_length=40)
    typed = TextField(max_length=1000, trim_whitespace=False, allow_blank=True)
    performed_at = MomentField(required=False, default=None)
    late_reason = TextField(max_length=900, required=False, default="")
    confirmed = YesNoField(required=False, default=False)


class CorrectionForm(StrictSerializer[Plain]):
    """A correction before the step is signed."""

    id = serializers.UUIDField()
    value = serializers.UUIDField()
    typed = TextField(max_length=1000, trim_whitespace=False)
    reason = TextField(max_length=900)
    confirmed = YesNoField(required=False, default=False)


class ScanForm(StrictSerializer[Plain]):
    """A code for a slot; `entered` says whether a scanner or a keyboard wrote it."""

    id = serializers.UUIDField()
    slot = TextField(max_length=40)
    code = TextField(max_length=200)
    entered = serializers.ChoiceField(["typed", "scanned"], required=False, default="typed")


class StartForm(StrictSerializer[Plain]):
    """The beginning of a step."""

    id = serializers.UUIDField()
    reason = TextField(max_length=900, required=False, default="")


@require_safe
@needs(Permission.RECORD_READ)
def page(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Show a step as it stands; a scan that stopped it fills the page."""
    batch = batch_numbered(number)
    if stopped := request.GET.get("stop", ""):
        return _stop(request, batch, step, stopped)
    return render(request, "batches/step.html", context_of(batch, step, person_of(request)))


@require_POST
@needs(Permission.RECORD_READ)
def begin(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Begin a step."""
    batch, by = batch_numbered(number), person_of(request)
    data = parsed(StartForm, posted(request))
    try:
        start_step(batch=batch, step=step, by=by, id=data["id"], reason=data["reason"])
    except Refused as refused:
        return _again(request, batch, step, Typed(errors=tuple(refused.objections)), refused.status)
    return SeeOther(step_url(number, step))


@require_POST
@needs(Permission.RECORD_READ)
def record(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Store one value; htmx gets the field back, a plain form the page."""
    batch, by = batch_numbered(number), person_of(request)
    text = request.POST.get("typed", "")
    code = request.POST.get("field", "")[:40]
    try:
        data = parsed(ValueForm, posted(request, local_time=is_time(step_called(batch, step), code)))
        record_value(batch=batch, step=step, by=by, comma_allowed=True, **data)
    except Refused as refused:
        other = {name: request.POST.get(name, "")[:900] for name in ("performed_at", "late_reason")}
        typed = Typed(code, text, tuple(refused.objections), other)
        return _again(request, batch, step, typed, refused.status)
    if request.headers.get("HX-Request"):
        return render(request, "batches/_field.html", field_context(batch, step, code, by))
    return SeeOther(f"{step_url(number, step)}#{code}-field")


@require_POST
@needs(Permission.RECORD_READ)
def correct(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Store a correction before the step is signed."""
    batch, by = batch_numbered(number), person_of(request)
    code = ""
    try:
        value = _value(batch, step, request.POST.get("value", ""))
        code = value.field
        data = parsed(CorrectionForm, posted(request, local_time=is_time(step_called(batch, step), code)))
        correct_value(
            value=value,
            typed=data["typed"],
            reason=data["reason"],
            by=by,
            id=data["id"],
            comma_allowed=True,
            confirmed=data["confirmed"],
        )
    except Refused as refused:
        typed = Typed(code, request.POST.get("typed", ""), tuple(refused.objections))
        return _again(request, batch, step, typed, refused.status)
    return SeeOther(f"{step_url(number, step)}#{code}-field")


@require_POST
@needs(Permission.RECORD_READ)
def scan(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Store a code that was read into a slot; one of other cells stops the page."""
    batch, by = batch_numbered(number), person_of(request)
    try:
        data = parsed(ScanForm, posted(request))
        stored = scan_slot(
            batch=batch,
            step=step,
            slot=data["slot"],
            code=data["code"],
            by=by,
            id=data["id"],
            typed=data["entered"] == "typed",
        )
    except Refused as refused:
        return _again(request, batch, step, Typed(errors=tuple(refused.objections)), refused.status)
    after = f"?stop={stored.scan.pk}" if stored.is_a_stop else "#slots"
    return SeeOther(f"{step_url(number, step)}{after}")


def posted(request: HttpRequest, *, local_time: bool = False) -> dict[str, object]:
    """Give what a form sent, without what the framework needs and without optional fields that were left empty."""
    sent: dict[str, object] = {}
    for name, value in request.POST.items():
        if name == "csrfmiddlewaretoken" or (value == "" and name in ("performed_at", "late_reason", "reason")):
            continue
        sent[name] = value
    if local_time and isinstance(sent.get("typed"), str) and sent["typed"]:
        sent["typed"] = _with_offset(str(sent["typed"]))
    return sent


def _with_offset(text: str) -> str:
    """Give a local time of the site with its offset, as it is stored."""
    try:
        moment: datetime = MomentField().to_internal_value(text)
    except serializers.ValidationError as error:
        says = "; ".join(str(one) for one in error.detail) if isinstance(error.detail, list) else str(error.detail)
        raise BadInput(Objection(says, code="bad_input", field="typed")) from None
    return moment.isoformat()


def is_time(step: Step, code: str) -> bool:
    """Tell whether a field takes a time."""
    wanted = step.field(code)
    return wanted is not None and wanted.type is FieldType.TIME


def _value(batch: Batch, step: str, key: str) -> Value:
    try:
        value = get_object_or_404(Value, pk=UUID(key), batch=batch, step=step)
    except ValueError:
        raise Http404 from None
    value.batch = batch
    return value


def _again(request: HttpRequest, batch: Batch, step: str, typed: Typed, status: int) -> HttpResponse:
    by = person_of(request)
    if request.headers.get("HX-Request") and typed.field:
        context = field_context(batch, step, typed.field, by, typed)
        return render(request, "batches/_field.html", context, status=status)
    context = context_of(batch, step, by, typed) | {"page_has_errors": True}
    return render(request, "batches/step.html", context, status=status)


def _stop(request: HttpRequest, batch: Batch, step: str, key: str) -> HttpResponse:
    try:
        row = get_object_or_404(SlotScan, pk=UUID(key), batch=batch, step=step, fits=False)
    except ValueError:
        raise Http404 from None
    context = strip_of(batch) | {
        "heading": _("Stop"),
        "says": [row.says],
        "codes": [{"label": _("Read"), "code": row.code}, {"label": _("Batch"), "code": batch.number}],
        "next_steps": [{"url": step_url(batch.number, step), "words": _("Back to the step")}],
    }
    return render(request, "batches/stop.html", context)


def strip_of(batch: Batch) -> Plain:
    """Give what stands on top of each page of a batch."""
    return {
        "batch": batch,
        "identity": identity_of(batch),
        "status": DISPOSITION_STATUS[batch.state.disposition],
        "status_word": disposition_words(batch),
    }


def field_context(batch: Batch, step: str, code: str, by: Person, typed: Typed | None = None) -> Plain:
    """Give what one field of a step shows."""
    record_ = record_of(batch)
    here = _step(record_, step)
    found = here.field(code)
    if found is None:
        raise Http404
    return {"batch": batch, "step": here, "field": _field(here, found, by, typed or Typed())}


def context_of(batch: Batch, step: str, by: Person, typed: Typed | None = None) -> Plain:
    """Give what the page of a step shows to a person."""
    typed = typed or Typed()
    record_ = record_of(batch)
    here = _step(record_, step)
    codes = [each.definition.code for each in record_.steps]
    at = codes.index(step)
    return strip_of(batch) | {
        "step": here,
        "stage": record_.master.stage(here.definition.stage),
        "step_status": STATUS_CODES[here.status],
        "step_number": at + 1,
        "steps_in_all": len(codes),
        "previous": record_.steps[at - 1] if at else None,
        "next": record_.steps[at + 1] if at + 1 < len(codes) else None,
        "errors": [{"says": one.says, "url": one.url, "field_id": typed.field} for one in typed.errors],
        "begin_objections": _begin_objections(batch, here, by),
        "new_id": uuid4(),
        "reason_wanted": any(one.code == "order" for one in _begin_objections(batch, here, by)),
        "slots": _slots(here),
        "values_open": _values_are_open(here),
        "fields": [_field(here, each, by, typed) for each in here.fields],
        "derived": [
            {
                "title": each.definition.title,
                "shown": each.shown,
                "limit": each.limit,
                "status": VERDICT_CODES[each.verdict],
                "word": VERDICT_WORDS[each.verdict],
            }
            for each in here.derived
        ],
        "signatures": _signatures(here),
        "offers": _offers(here, by),
    }


def _step(record_: BatchRecord, code: str) -> StepRecord:
    found = record_.step(code)
    if found is None:
        raise Http404
    return found


def _begin_objections(batch: Batch, step: StepRecord, by: Person) -> list[Objection]:
    if step.start is not None:
        return []
    return objections_to_start(batch, step.definition, by=by, happened_at=clock.now())


def _values_are_open(step: StepRecord) -> bool:
    checked = step.check is not None or not step.definition.is_checked_before_the_act
    return step.start is not None and checked and step.performed is None


def _slots(step: StepRecord) -> list[Plain]:
    is_open = step.start is not None and step.performed is None and step.check is None
    shown: list[Plain] = []
    first = True
    for slot in step.slots:
        takes = is_open and (slot.definition.many or not slot.fitting)
        latest = slot.latest
        wrong = latest if latest is not None and not latest.fits else None
        shown.append(
            {
                "code": slot.definition.code,
                "title": slot.definition.title,
                "fitting": slot.fitting,
                "wrong": wrong,
                "takes": takes,
                "scans_here": takes and first and not slot.fitting,
                "new_id": uuid4(),
            }
        )
        first = first and not (takes and not slot.fitting)
    return shown


def _field(step: StepRecord, found: FieldRecord, by: Person, typed: Typed) -> Plain:
    wanted, current = found.definition, found.current
    mine = typed.field == wanted.code
    return {
        "code": wanted.code,
        "title": wanted.title,
        "type": str(wanted.type),
        "is_numeric": wanted.is_numeric,
        "choices": wanted.choices,
        "unit": unit_words(wanted.unit, wanted.exponent),
        "hint": wanted.hint,
        "required": wanted.required,
        "critical": wanted.critical,
        "limit": found.limit,
        "current": current,
        "shown": found.shown,
        "status": VERDICT_CODES[found.verdict],
        "word": VERDICT_WORDS[found.verdict],
        "history": _history(found),
        "open": _values_are_open(step) and current is None,
        "correctable": current is not None and step.performed is None,
        "offer": _correction_offer(step, current, by),
        "reasons": REASONS,
        "new_id": uuid4(),
        "text": typed.text if mine else "",
        "other": typed.other if mine else {},
        "error": " ".join(one.says for one in typed.errors) if mine else "",
        "asks_again": mine and typed.asks_again,
        "late": mine and any(one.code in ("late", "too_early") for one in typed.errors),
    }


def _correction_offer(step: StepRecord, current: Value | None, by: Person) -> Offer | None:
    return offer("value.correct", current, by=by) if current is not None and step.performed is not None else None


def _history(found: FieldRecord) -> list[Plain]:
    people = {
        person.reference: person.name
        for person in Person.objects.filter(pk__in=[row.actor.removeprefix("person/") for row in found.values])
    } if len(found.values) > 1 else {}  # fmt: skip
    return [
        {
            "old": found.words_of(old),
            "new": found.words_of(new),
            "first_by": people.get(old.actor, ""),
            "first_at": old.recorded_at,
            "corrected_by": people.get(new.actor, ""),
            "corrected_at": new.recorded_at,
            "reason": new.reason,
        }
        for old, new in zip(found.values, found.values[1:], strict=False)
    ]


def _signatures(step: StepRecord) -> list[Plain]:
    rows = [
        *[(row, row is not step.check) for row in step.checks],
        *[(row, row is not step.performed or step.status is Status.NEEDS_AGAIN) for row in step.versions],
    ]
    shown: list[Plain] = [{"row": row, "superseded": superseded} for row, superseded in rows]
    if step.witnessed is not None:
        shown.append({"row": step.witnessed, "superseded": step.status is Status.NEEDS_AGAIN})
    return shown


def _offers(step: StepRecord, by: Person) -> list[Offer]:
    """Give the acts that the step waits for, the next one first."""
    if step.start is None:
        return []
    if step.definition.is_checked_before_the_act and step.check is None and step.performed is None:
        return [offer_second("step.check_before", step.start.pk, by)]
    if step.performed is None or step.status is Status.NEEDS_AGAIN:
        return [offer("step.perform", step.start, by=by)]
    if step.status is Status.PERFORMED:
        return [offer_second("step.witness", step.performed.pk, by)]
    return []


def offer_second(code: str, subject: UUID, by: Person) -> Offer:
    """Offer an act of a second person at this station: only what does not depend on who sits here speaks against it."""
    made = offer(code, subject, by=by)
    kept = [one for one in made.objections if one.code not in ("same_person", "lacks_permission", "not_trained")]
    return Offer(made.act, made.title, made.verb, made.url, kept, made.fields)
