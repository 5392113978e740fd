"""Rules about what was done at the bench: steps, values, corrections, times, typed codes, overrides."""

from collections.abc import Iterator
from itertools import pairwise

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Person, trained
from batches.definitions.master import Field, Step
from batches.judging import Verdict
from batches.models import StepPerformed, StepWitnessed, Value
from batches.record import STATUS_WORDS, StepRecord, verdict_of, words_of
from qc.record_read import RecordRead
from qc.review_by_exception.exceptions import Criticality, Evidence, Found, Passed, counted

# More corrections than this in one step, before it was signed, are an exception of their own.
MOST_CORRECTIONS_IN_A_STEP = 3


def step_words(step: Step) -> str:
    """Name a step as its page does."""
    return _("Step %(step)s, %(title)s") % {"step": step.code, "title": step.title}


def field_words(step: Step, field: Field) -> str:
    """Name a field with its step."""
    return _("Step %(step)s, %(title)s") % {"step": step.code, "title": field.title}


def steps_signed(read: RecordRead) -> Passed:
    """Give every step with where it stands."""
    steps = read.record.steps
    items = tuple(
        Evidence(f"{step_words(one.definition)}: {STATUS_WORDS[one.status]}", read.step_url(one.definition.code))
        for one in steps
    )
    return counted(sum(one.is_done for one in steps), len(steps), items)


def steps_witnessed(read: RecordRead) -> Passed:
    """Give every step that asks for a witness, and who it was."""
    asked = [one for one in read.record.steps if one.definition.witness and one.left_out is None]
    items = tuple(
        Evidence(
            f"{step_words(one.definition)}: {one.witnessed.signer_name if one.witnessed else '–'}",
            read.step_url(one.definition.code),
        )
        for one in asked
    )
    return counted(sum(one.witnessed is not None for one in asked), len(asked), items)


def values_within(read: RecordRead) -> Passed:
    """Give every value that is judged by a limit or an expected answer."""
    judged = [
        (step, one)
        for step in read.record.steps
        for one in step.fields
        if one.current is not None and one.verdict is not Verdict.NOT_JUDGED
    ]
    items = tuple(
        Evidence(f"{field_words(step.definition, one.definition)}: {one.shown} ({one.limit})", _url(read, step))
        for step, one in judged
    )
    return counted(sum(one.verdict is Verdict.MEETS for _step, one in judged), len(judged), items)


def corrections(read: RecordRead) -> Iterator[Found]:
    """Find each correction before signing that is more than a self-correction, and each step with many of them."""
    for step in read.record.steps:
        made = _corrections_of(read, step)
        for field, old, new in made:
            if why := _why_more(field, old, new):
                says, criticality = why
                yield Found(
                    row=new,
                    says=says % {"title": field.title},
                    told=(old.typed, new.typed, new.reason),
                    where=field_words(step.definition, field),
                    url=_url(read, step),
                    old=words_of(field, old),
                    new=words_of(field, new),
                    reason=new.reason,
                    criticality=criticality,
                    people=_who(old) | _who(new),
                )
        if len(made) > MOST_CORRECTIONS_IN_A_STEP and step.start is not None:
            yield Found(
                row=step.start,
                says=_("%(number)s corrections before the step was signed.") % {"number": len(made)},
                told=(str(len(made)),),
                where=step_words(step.definition),
                url=_url(read, step),
                people=frozenset().union(*(_who(new) for _field, _old, new in made)),
            )


def self_corrections(read: RecordRead) -> Passed:
    """Give the corrections that count as self-corrections, each with what it was and why."""
    items = tuple(
        Evidence(
            f"{field_words(step.definition, field)}: {words_of(field, old)} → {words_of(field, new)}. {new.reason}",
            _url(read, step),
        )
        for step in read.record.steps
        for field, old, new in _corrections_of(read, step)
        if not _why_more(field, old, new)
    )
    number = len(items)
    return Passed(ngettext("%(n)s self-correction", "%(n)s self-corrections", number) % {"n": number}, items)


def _corrections_of(read: RecordRead, step: StepRecord) -> list[tuple[Field, Value, Value]]:
    """Give the corrections of a step that were made before it was signed."""
    return [
        (one.definition, old, new)
        for one in step.fields
        for old, new in pairwise(one.values)
        if new.pk not in read.corrected_under_signature
    ]


def _why_more(field: Field, old: Value, new: Value) -> tuple[str, Criticality] | None:
    """Say why a correction is no self-correction; None where it is one."""
    before, after = verdict_of(field, old), verdict_of(field, new)
    if before is Verdict.FAILS and after is not Verdict.FAILS:
        return _("%(title)s was outside its limits before it was corrected."), Criticality.CRITICAL
    if field.critical:
        return _("%(title)s is critical and was corrected."), Criticality.CRITICAL
    if before is not after:
        return _("%(title)s has another verdict since it was corrected."), Criticality.MAJOR
    if _who(old) != _who(new):
        return _("%(title)s was corrected by somebody else than who recorded it."), Criticality.MAJOR
    return None


def _who(row: Value) -> frozenset[str]:
    done_by = frozenset({f"person/{row.done_by_id}"}) if row.done_by_id else frozenset[str]()
    return done_by | {row.actor}


def times_told(read: RecordRead) -> Passed:
    """Give each step with how many values it has; a value that was entered late is a departure."""
    values = [(step, [value for one in step.fields for value in one.values]) for step in read.record.steps]
    late = sum(bool(value.late_reason) for _step, rows in values for value in rows)
    items = tuple(
        Evidence(_("%(step)s: %(number)s values") % {"step": step_words(step.definition), "number": len(rows)},
                 _url(read, step))
        for step, rows in values
        if rows
    )  # fmt: skip
    number = sum(len(rows) for _step, rows in values)
    return Passed(_("%(number)s values, %(late)s late") % {"number": number, "late": late}, items)


def typed_codes(read: RecordRead) -> Iterator[Found]:
    """Find each code that somebody typed instead of scanning it: in a step, on a label, in custody."""
    for scan in (one for one in read.scans if one.was_typed):
        yield Found(
            row=scan,
            says=_("%(code)s was typed, not scanned.") % {"code": scan.code},
            told=(scan.code,),
            where=_("Step %(step)s") % {"step": scan.step},
            url=read.step_url(scan.step),
            new=scan.code,
            people=frozenset({f"person/{scan.done_by_id}"}) if scan.done_by_id else frozenset(),
        )
    for label in (row for one in read.prints for row in one.applied if row.was_typed):
        yield Found(
            row=label,
            says=_("%(code)s was typed when its label was applied, not scanned.") % {"code": label.code},
            told=(label.serial, label.code),
            where=_("Labels"),
            url=read.tab_url("labels"),
            new=label.code,
        )
    for check in (one for one in read.identity_checks if one.was_typed):
        yield Found(
            row=check,
            says=_("%(code)s was typed, not scanned: %(where)s.") % {"code": check.scanned, "where": check.where},
            told=(check.scanned, check.where),
            where=_("Custody"),
            url=f"/custody/{check.coi.identifier}/",
            new=check.scanned,
        )


def codes_scanned(read: RecordRead) -> Passed:
    """Give the codes that were scanned in the steps."""
    scanned = [one for one in read.scans if not one.was_typed]
    items = tuple(Evidence(f"{one.step}: {one.code}", read.step_url(one.step)) for one in scanned)
    return Passed(_("%(number)s scanned in steps") % {"number": len(scanned)}, items)


def overrides(read: RecordRead) -> Iterator[Found]:
    """Find each value that was confirmed outside its plausible range, and each step that was left out."""
    for step in read.record.steps:
        for one in step.fields:
            for value in (each for each in one.values if each.was_asked_again):
                yield Found(
                    row=value,
                    says=_("%(title)s is outside its plausible range and was confirmed.")
                    % {"title": one.definition.title},
                    told=(value.typed,),
                    where=field_words(step.definition, one.definition),
                    url=_url(read, step),
                    new=one.words_of(value),
                    people=_who(value),
                )
        if step.left_out is not None:
            yield Found(
                row=step.left_out,
                says=_("The step was left out."),
                told=(step.left_out.reason,),
                where=step_words(step.definition),
                url=_url(read, step),
                reason=step.left_out.reason,
            )


def steps_in_order(read: RecordRead) -> Passed:
    """Give each step that began, and whether it began with a reason while another was open."""
    begun = [one for one in read.record.steps if one.start is not None]
    items = tuple(Evidence(step_words(one.definition), _url(read, one)) for one in begun)
    return Passed(_("%(number)s steps begun") % {"number": len(begun)}, items)


def people_trained(read: RecordRead) -> Passed:
    """Give each signature of a performer or witness with the procedure that they were trained on at its time."""
    signed: list[tuple[Step, StepPerformed | StepWitnessed]] = [
        (one.definition, row) for one in read.record.steps for row in (one.performed, one.witnessed) if row is not None
    ]
    known = Person.objects.filter(pk__in={row.signer_id for _step, row in signed}).prefetch_related("trainings")
    people = {person.pk: person for person in known}
    items, fit = [], 0
    for step, row in signed:
        needed = step.training
        is_trained = trained(people[row.signer_id], needed.procedure, str(needed.version), at=row.signed_at)
        fit += is_trained
        words = {
            "step": step.code,
            "name": row.signer_name,
            "procedure": needed.procedure,
            "version": needed.version,
            "word": _("trained") if is_trained else _("not trained at that time"),
        }
        says = _("Step %(step)s, %(name)s: %(procedure)s version %(version)s, %(word)s") % words
        items.append(Evidence(says, read.step_url(step.code)))
    return counted(fit, len(signed), items)


def _url(read: RecordRead, step: StepRecord) -> str:
    return read.step_url(step.definition.code)
