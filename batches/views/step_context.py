"""What the page of a step shows to a person: built from the record as it stands, already worded."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as default
from datetime import datetime
from uuid import UUID, uuid4

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.offering import Offer, offer
from accounts.refusal import Objection
from accounts.roles import Permission
from accounts.wording import local, short_time
from batches.bench import objections_to_start
from batches.checking import found_in
from batches.correcting import REASONS
from batches.judging import unit_words
from batches.models import Batch, Value
from batches.noting import evidence_title, may_note
from batches.people import PERSON
from batches.record import BatchRecord, FieldRecord, Status, StepRecord, record_of
from batches.views.bench import shown_clocks
from batches.views.paper_context import on_paper
from batches.views.strip import strip_of
from batches.views.words import STATUS_CODES, VERDICT_CODES, VERDICT_WORDS
from ledger import clock
from ledger.files import is_whole

Plain = dict[str, object]
# What depends on who signs as the second person, and not on who sits here.
OF_THE_OTHER = ("same_person", "lacks_permission", "not_trained", "not_the_checker", "not_the_witness")


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


def field_context(batch: Batch, step: str, code: str, by: Person, typed: Typed | None = None) -> Plain:
    """Give what one field of a step shows."""
    record_ = record_of(batch)
    here = _step(record_, step)
    found = here.field(code)
    if found is None:
        raise Http404
    return {"batch": batch, "step": here, "field": _field(here, found, by, typed or Typed())}


def stored_context(batch: Batch, step: str, code: str, by: Person) -> Plain:
    """Give what a step shows to the person who has just stored one of its fields, and that field."""
    context = context_of(batch, step, by)
    fields: list[Plain] = context["fields"]  # type: ignore[assignment]  # as context_of made it
    return context | {"field": next(one for one in fields if one["code"] == code)}


def context_of(batch: Batch, step: str, by: Person, typed: Typed | None = None, *, go_on: bool = False) -> Plain:
    """Give what the page of a step shows to a person; somebody else's step is for reading until one goes on."""
    typed = typed or Typed()
    record_ = record_of(batch)
    here = _step(record_, step)
    codes = [each.definition.code for each in record_.steps]
    at = codes.index(step)
    against_beginning = _begin_objections(batch, here, by)
    other = None if go_on else who_works(here, by)
    return strip_of(batch) | {
        "step": here,
        "stage": record_.master.stage(here.definition.stage),
        "step_status": STATUS_CODES[here.status],
        "step_number": at + 1,
        "steps_in_all": len(codes),
        "previous": record_.steps[at - 1] if at else None,
        "next": record_.steps[at + 1] if at + 1 < len(codes) else None,
        "errors": [{"says": one.says, "url": one.url, "field_id": typed.field} for one in typed.errors],
        "begin_objections": against_beginning,
        "new_id": uuid4(),
        "reason_wanted": any(one.code == "order" for one in against_beginning),
        "other": other,
        "may_go_on": Permission.STEP_WORK in by.permissions,
        "slots": _slots(here, read_only=other is not None),
        "values_open": _values_are_open(here),
        "fields": [_field(here, each, by, typed, read_only=other is not None) for each in here.fields],
        "clocks": shown_clocks(batch, step=step),
        "left_out_here": [each for each in record_.master.left_out if each.step == step and not each.is_step],
        "leave_out": _leave_out(batch, here, by),
        "notes": _notes(here),
        "files": _files(batch, here),
        "evidence": here.definition.evidence,
        "may_note": may_note(by),
        "note_id": uuid4(),
        "file_id": uuid4(),
        "derived": [
            {
                "title": each.definition.title,
                "shown": each.shown if each.result is not None else "–",
                "why_not": each.why_not,
                "limit": each.limit,
                "status": VERDICT_CODES[each.verdict] if each.result is not None else "",
                "word": VERDICT_WORDS[each.verdict],
            }
            for each in here.derived
        ],
        "signatures": _signatures(here),
        "on_paper": on_paper(batch, here, by),
        "offers": _offers(record_, here, by),
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


@dataclass(frozen=True, slots=True)
class AtWork:
    """Somebody who works on a step, and since when."""

    name: str
    since: datetime

    @property
    def says(self) -> str:
        is_today = local(self.since).date() == local(clock.now()).date()
        since = f"{local(self.since):%H:%M}" if is_today else short_time(self.since)
        words = {"name": self.name, "since": since}
        return _("Someone else is working on this step: %(name)s, since %(since)s. You can read it.") % words


def who_works(step: StepRecord, by: Person) -> AtWork | None:
    """Give who works on a step that somebody else began and that this person has no part in; nothing locks it."""
    if step.start is None or step.performed is not None or by.reference in step.people or step.paper:
        return None
    began = Person.objects.filter(pk=step.start.actor.removeprefix(PERSON)).first()
    return AtWork(began.name if began else step.start.actor, step.start.happened_at)


def _leave_out(batch: Batch, step: StepRecord, by: Person) -> Offer | None:
    """Offer to leave out a step that may be and was not begun."""
    if not step.definition.optional or step.status is not Status.NOT_STARTED:
        return None
    return offer("step.leave_out", batch, by=by) if Permission.STEP_WORK in by.permissions else None


def _notes(step: StepRecord) -> list[Plain]:
    names = _names([row.actor for row in step.notes])
    return [{"row": row, "by": names.get(row.actor, row.actor)} for row in step.notes]


def _files(batch: Batch, step: StepRecord) -> list[Plain]:
    names = _names([row.actor for row in step.files])
    return [
        {
            "row": row,
            "by": names.get(row.actor, row.actor),
            "evidence": evidence_title(step.definition, row.evidence),
            "matches": is_whole(row.file),
            "url": reverse("batches:step-file", args=[batch.number, step.definition.code, row.pk]),
        }
        for row in step.files
    ]


def _names(actors: list[str]) -> dict[str, str]:
    ids = {actor.removeprefix(PERSON) for actor in actors if actor.startswith(PERSON)}
    return {one.reference: one.name for one in Person.objects.filter(pk__in=ids)} if ids else {}


def _values_are_open(step: StepRecord) -> bool:
    checked = step.check is not None or not step.definition.is_checked_before_the_act
    return step.start is not None and checked and step.performed is None


def _slots(step: StepRecord, *, read_only: bool) -> list[Plain]:
    is_open = step.start is not None and step.performed is None and step.check is None and not read_only
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


def _field(step: StepRecord, found: FieldRecord, by: Person, typed: Typed, *, read_only: bool = False) -> Plain:
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
        "report_only": wanted.report_only,
        "not_applicable": current is not None and current.is_not_applicable,
        "open": _values_are_open(step) and current is None and not read_only,
        "correctable": current is not None and step.performed is None and not read_only,
        "offer": _correction_offer(step, current, by),
        "reasons": REASONS,
        "new_id": uuid4(),
        "other_id": uuid4(),
        "text": typed.text if mine else "",
        "other": typed.other if mine else {},
        "error": " ".join(one.says for one in typed.errors) if mine else "",
        "asks_again": mine and typed.asks_again,
        "late": mine and any(one.code in ("late", "too_early") for one in typed.errors),
    }


def _correction_offer(step: StepRecord, current: Value | None, by: Person) -> Offer | None:
    return offer("value.correct", current, by=by) if current is not None and step.performed is not None else None


def _history(found: FieldRecord) -> list[Plain]:
    people = _names([row.actor for row in found.values]) if len(found.values) > 1 else {}
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


def _offers(record_: BatchRecord, step: StepRecord, by: Person) -> list[Offer]:
    """Give the acts that the step waits for, the next one first."""
    if step.start is None:
        return []
    if step.definition.is_checked_before_the_act and step.check is None and step.performed is None:
        return [offer_second("step.check_before", step.start.pk, by, found=found_in(record_, step.start))]
    if step.performed is None or step.status is Status.NEEDS_AGAIN:
        return [offer("step.perform", step.start, by=by, found=found_in(record_, step.start))]
    if step.status is Status.PERFORMED:
        return [offer_second("step.witness", step.performed.pk, by, found=found_in(record_, step.performed))]
    return []


def offer_second(code: str, subject: UUID, by: Person, *, found: object | None = None) -> Offer:
    """Offer an act of a second person at this station: only what does not depend on who sits here speaks against it."""
    made = offer(code, subject, by=by, found=found)
    kept = [one for one in made.objections if one.code not in OF_THE_OTHER]
    return Offer(made.act, made.title, made.verb, made.url, kept, made.fields)
