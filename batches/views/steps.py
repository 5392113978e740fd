"""The step page: the instruction on the left, slots and values on the right, what is signed below.

Every value is posted by itself and stored at once; its verdict comes back in the same answer. Without JavaScript the
same forms are sent by their own buttons and the whole page comes back.
"""

from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from accounts.middleware import person_of
from accounts.needing import needs
from accounts.parsing import MomentField, StrictSerializer, TextField, YesNoField, parsed
from accounts.refusal import BadInput, Objection, Refused
from accounts.roles import Permission
from accounts.sessions import keep_readable
from accounts.views.places import SeeOther
from batches.bench import step_called
from batches.definitions.master import FieldType, Step
from batches.identity import batch_numbered
from batches.models import Batch, SlotScan, Value
from batches.performing import correct_value, record_value, start_step
from batches.record import step_url
from batches.scanning import scan_slot
from batches.views.step_context import Plain, Typed, context_of, field_context, stored_context
from batches.views.strip import strip_of

UNREADABLE = 422


class ValueForm(StrictSerializer[Plain]):
    """One value as the page posts it."""

    id = serializers.UUIDField()
    field = TextField(max_length=40)
    typed = TextField(max_length=1000, trim_whitespace=False, allow_blank=True)
    performed_at = MomentField(required=False, default=None)
    late_reason = TextField(max_length=900, required=False, default="")
    confirmed = YesNoField(required=False, default=False)
    not_applicable = YesNoField(required=False, default=False)


class CorrectionForm(StrictSerializer[Plain]):
    """A correction before the step is signed."""

    id = serializers.UUIDField()
    value = serializers.UUIDField()
    typed = TextField(max_length=1000, trim_whitespace=False)
    reason = TextField(max_length=900)
    confirmed = YesNoField(required=False, default=False)
    not_applicable = YesNoField(required=False, default=False)


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
    by = person_of(request)
    keep_readable(request, f"{number}/{step}")
    context = context_of(batch, step, by, go_on=request.GET.get("go_on", "") == "yes")
    return render(request, "batches/step.html", context)


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
        return render(request, "batches/_field_stored.html", stored_context(batch, step, code, by))
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
            not_applicable=data["not_applicable"],
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
    is_reason = sent.get("not_applicable", "") == "yes"
    if local_time and not is_reason and isinstance(sent.get("typed"), str) and sent["typed"]:
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
    # The form comes back whole, and htmx shows it, as for every form that cannot be read.
    status = UNREADABLE if status == BadInput.status else status
    if request.headers.get("HX-Request") and typed.field:
        context = field_context(batch, step, typed.field, by, typed)
        return render(request, "batches/_field.html", context, status=status)
    context = context_of(batch, step, by, typed, go_on=True) | {"page_has_errors": True}
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
