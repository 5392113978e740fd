"""The page on which a step is entered back from paper: who did it, codes, values, and the comparison."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework import serializers

from accounts.fields import Field, choose
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.parsing import MomentField, StrictSerializer, TextField, parsed
from accounts.refusal import BadInput, Objection, Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.api.continuity import PaperScanInput, PaperValueInput
from batches.bench import step_called
from batches.comparing_paper import people_who_entered
from batches.continuity import copy_words
from batches.definitions.master import Field as Wanted
from batches.definitions.master import FieldType
from batches.identity import batch_numbered
from batches.judging import unit_words
from batches.models import Batch, ContinuityCopy
from batches.paper import is_compared
from batches.record import FieldRecord, SlotRecord, StepRecord, record_of
from batches.transcribing import begin_transcription, record_from_paper, scan_from_paper
from batches.views.continuity import scans_of
from batches.views.paper_context import copies_with, people_at_the_bench, people_words
from batches.views.steps import UNREADABLE, is_time, posted
from batches.views.strip import strip_of
from batches.views.words import VERDICT_CODES, VERDICT_WORDS

Plain = dict[str, object]
Sent = dict[str, Any]  # Any: as a serializer read it


class WhoForm(StrictSerializer[Sent]):
    """Who did a step on which copy, as the paper says."""

    id = serializers.UUIDField()
    copy = serializers.UUIDField()
    done_by = serializers.UUIDField()
    checked_by = serializers.UUIDField(required=False, allow_null=True, default=None)
    watched_by = serializers.UUIDField(required=False, allow_null=True, default=None)
    happened_at = MomentField()
    reason = TextField(max_length=900, required=False, default="")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def step_paper(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Show what was entered back of a step and what can be entered; take who did it."""
    batch = batch_numbered(number)
    if request.method != "POST":
        return _page(request, batch, step)
    try:
        data = parsed(WhoForm, _sent(request))
        begin_transcription(batch=batch, step=step, by=person_of(request), **read_who(batch, data))
    except Refused as refused:
        return _page(request, batch, step, "who", refused)
    return SeeOther(reverse("batches:step-paper", args=[number, step]))


@require_POST
@needs(Permission.RECORD_READ)
def paper_value(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Store one value as it stands on the paper."""
    batch = batch_numbered(number)
    code = request.POST.get("field", "")[:40]
    try:
        data = parsed(PaperValueInput, _sent(request, local_time=is_time(step_called(batch, step), code)))
        record_from_paper(batch=batch, step=step, by=person_of(request), comma_allowed=True, **data)
    except Refused as refused:
        return _page(request, batch, step, code, refused)
    return SeeOther(f"{reverse('batches:step-paper', args=[number, step])}#{code}-paper")


@require_POST
@needs(Permission.RECORD_READ)
def paper_scan(request: HttpRequest, number: str, step: str) -> HttpResponse:
    """Store one code as it stands on the paper."""
    batch = batch_numbered(number)
    slot = request.POST.get("slot", "")[:40]
    try:
        scan_from_paper(batch=batch, step=step, by=person_of(request), **parsed(PaperScanInput, _sent(request)))
    except Refused as refused:
        return _page(request, batch, step, slot, refused)
    return SeeOther(f"{reverse('batches:step-paper', args=[number, step])}#{slot}-paper")


def read_who(batch: Batch, data: Sent) -> Sent:
    """Give the copy and the people that ids name; raise BadInput for one that is none."""
    copy = ContinuityCopy.objects.select_related("record", "accounted").filter(pk=data["copy"], batch=batch).first()
    if copy is None:
        raise BadInput(Objection(_("Choose a copy of this batch."), code="bad_input", field="copy"))
    people = {}
    for name in ("done_by", "checked_by", "watched_by"):
        people[name] = Person.objects.select_related("state").filter(pk=data[name]).first() if data[name] else None
        if data[name] and people[name] is None:
            raise BadInput(Objection(_("Nobody is known by this."), code="bad_input", field=name))
    return data | {"copy": copy} | people


def _sent(request: HttpRequest, *, local_time: bool = False) -> dict[str, object]:
    """Give what a form sent; what was left empty was not said."""
    return {name: value for name, value in posted(request, local_time=local_time).items() if value != ""}


def _page(
    request: HttpRequest, batch: Batch, code: str, where: str = "", refused: Refused | None = None
) -> HttpResponse:
    record = record_of(batch)
    step = record.step(code)
    if step is None:
        raise Http404
    person = person_of(request)
    may_enter = Permission.STEP_WORK in person.permissions and step.performed is None
    read = step.paper.read if step.paper else None
    context = strip_of(batch) | {
        "step": step,
        "read": read,
        "copy": copy_words(read.copy) if read else "",
        "people": people_words(read) if read else [],
        "may_enter": may_enter,
        "new_id": uuid4(),
        "who": _typed(_who_fields(batch, step), request, refused if where == "who" else None),
        "slots": [_slot(each, request, where, refused) for each in step.slots],
        "fields": [_field(each, request, where, refused) for each in step.fields],
        "errors": [{"says": one.says, "url": one.url, "field_id": ""} for one in refused.objections] if refused else [],
        "is_compared": is_compared(step),
        "compare": _compare(batch, step, person),
        "scans": [Field("scan", _("Certified scan"), options=choose(scans_of(batch)), prefix="compare")],
    }
    # The form comes back whole, and a form that cannot be read is answered as every other.
    status = 200 if refused is None else UNREADABLE if refused.status == BadInput.status else refused.status
    return render(request, "batches/step_paper.html", context, status=status)


def _who_fields(batch: Batch, step: StepRecord) -> list[Field]:
    definition = step.definition
    people = choose(people_at_the_bench())
    fields = [
        Field("copy", _("Copy"), options=choose(copies_with(batch, definition.code)), prefix="who"),
        Field("done_by", _("Done by, as signed on the paper"), options=people, prefix="who"),
    ]
    if definition.is_checked_before_the_act:
        fields.append(Field("checked_by", _("Checked before the act by"), optional=True, options=people, prefix="who"))
    if definition.witness:
        fields.append(Field("watched_by", _("Watched by"), optional=True, options=people, prefix="who"))
    fields.append(Field("happened_at", _("Begun, as on the paper"), type="datetime-local", prefix="who"))
    if step.paper is None:
        return fields
    read = step.paper.read
    stands = {
        "copy": str(read.copy_id),
        "done_by": str(read.done_by_id),
        "checked_by": str(read.checked_by_id or ""),
        "watched_by": str(read.watched_by_id or ""),
    }
    why = Field("reason", _("Why it is read otherwise now"), maxlength=900, prefix="who")
    return [replace(one, value=stands.get(one.name, "")) for one in fields] + [why]


def _typed(fields: list[Field], request: HttpRequest, refused: Refused | None) -> list[Field]:
    """Give a form back with what was sent and the objections that name its fields, where it is this form that was."""
    if refused is None:
        return fields
    says = {one.field: one.says for one in refused.objections}
    return [replace(one, value=request.POST.get(one.name, one.value), error=says.get(one.name, "")) for one in fields]


def _slot(slot: SlotRecord, request: HttpRequest, where: str, refused: Refused | None) -> Plain:
    code = slot.definition.code
    fields = [
        Field("code", _("Code, as on the paper"), maxlength=200, prefix=code),
        Field("performed_at", _("Time, as on the paper"), type="datetime-local", prefix=code),
    ]
    return {
        "code": code,
        "title": slot.definition.title,
        "scans": slot.scans,
        "takes": slot.definition.many or not slot.scans,
        "fields": _typed(fields, request, refused if where == code else None),
        "new_id": uuid4(),
    }


def _field(each: FieldRecord, request: HttpRequest, where: str, refused: Refused | None) -> Plain:
    wanted: Wanted = each.definition
    asks_again = where == wanted.code and refused is not None and any(o.code == "ask_again" for o in refused.objections)
    options = choose((choice.code, choice.words) for choice in wanted.choices) if wanted.choices else None
    kind = "datetime-local" if wanted.type is FieldType.TIME else "text"
    fields = [
        Field(
            "typed",
            wanted.title,
            type=kind,
            hint=wanted.hint,
            options=options,
            unit=unit_words(wanted.unit, wanted.exponent),
            maxlength=1000,
            prefix=wanted.code,
        ),
        Field("performed_at", _("Time, as on the paper"), type="datetime-local", prefix=wanted.code),
    ]
    return {
        "code": wanted.code,
        "title": wanted.title,
        "limit": each.limit,
        "current": each.current,
        "shown": each.shown,
        "status": VERDICT_CODES[each.verdict],
        "word": VERDICT_WORDS[each.verdict],
        "fields": _typed(fields, request, refused if where == wanted.code else None),
        "asks_again": asks_again,
        "new_id": uuid4(),
    }


def _compare(batch: Batch, step: StepRecord, person: Person) -> Plain | None:
    if step.paper is None or Permission.TRUE_COPY not in person.permissions:
        return None
    entered = person.reference in people_who_entered(step)
    return {"offer": offer("transcription.compare", step.paper.read, by=person), "entered": entered}
