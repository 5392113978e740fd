"""Redlines: a one-off departure from the master record of a running batch, proposed by one person, approved by quality.

(1) What it changes is said in a small language (`batches.definitions.amending`), so that the system can show it where
    the work is done and hold the whole amended record against the same rules as any master record.
(2) It concerns only steps that nobody has signed, values nobody recorded, slots nobody scanned: what was done stays
    judged by what held when it was done.
(3) From its approval on the batch is made as it says; the departure stands in the record for ever. Another person
    than the proposer approves it, and everything is asked again then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import LINES, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.continuity import owe_edition
from batches.definitions.amending import Change, changes_read
from batches.definitions.comparing import differences
from batches.definitions.kinds import disagreements_among
from batches.definitions.master import MasterDefinition, Step
from batches.definitions.parts import FaultyDefinitionError
from batches.departures import raise_departure
from batches.identity import batch_of, identity_lines, locked
from batches.models import (
    Batch,
    BatchState,
    Departure,
    Redline,
    RedlineApproval,
    SlotScan,
    StepPerformed,
    StepStart,
    Value,
)
from batches.pinned import master_of, master_with, reading_of
from ledger.safe_yaml import UnsafeYamlError, read

LONGEST_CHANGES = 40_000


class ChangesField(serializers.ListField):
    """Changes as the API sends them, a list of maps, or as a page does: one text, the same list written in YAML."""

    child = serializers.DictField()

    def to_internal_value(self, data: object) -> list[dict[str, Any]]:  # Any: texts, lists, maps
        if isinstance(data, list) and len(data) == 1 and isinstance(data[0], str):
            data = data[0]
        if isinstance(data, str):
            data = _from_yaml(data)
        try:
            return changes_read(data)
        except FaultyDefinitionError as error:
            raise serializers.ValidationError(list(error.faults)) from None


def _from_yaml(text: str) -> object:
    if len(text) > LONGEST_CHANGES:
        raise serializers.ValidationError(_("The changes are too long: at most 40,000 characters are read."))
    try:
        return read(text)
    except UnsafeYamlError as error:
        raise serializers.ValidationError(str(error)) from None


class RedlineIntent(StrictSerializer[Intent]):
    """What is different, why, and what it means for the product."""

    changes = ChangesField(label=gettext_lazy("Changes"), style=LINES)
    reason = TextField(label=gettext_lazy("Reason"), max_length=2000, min_length=10)
    impact = TextField(label=gettext_lazy("What it means for the product"), max_length=2000, min_length=10)


@dataclass(frozen=True, slots=True)
class Marked:
    """An approved redline as the page of a step tells it."""

    redline: Redline
    says: tuple[str, ...]


def redlines_of(batch: Batch) -> list[Redline]:
    """Give every redline of a batch with its approval, in the order in which they were proposed."""
    return list(Redline.objects.filter(batch=batch).select_related("approval").order_by("signed_at", "pk"))


def redlines_on(batch: Batch, step: str) -> list[Marked]:
    """Give the approved redlines that change one step, each with the sentences that say how."""
    approved = [row for row in redlines_of(batch) if hasattr(row, "approval")]
    return [
        Marked(row, tuple(change_words(change) for change in row.changes if change["step"] == step))
        for row in approved
        if any(change["step"] == step for change in row.changes)
    ]


def change_words(change: Change) -> str:
    """Write one change as a sentence."""
    words = dict(change)
    step = _("Step %(step)s") % {"step": change["step"]}
    if "instruction" in words:
        return f"{step}: " + _("the instruction is: %(text)s") % {"text": str(words["instruction"]).strip()}
    if "need" in words:
        return f"{step}: " + _("%(slot)s takes %(item)s.") % {"slot": words["need"], "item": words["of"]}
    if "leave_out" in words:
        return f"{step}: " + _("it is left out.")
    if "add_field" in words:
        return f"{step}: " + _("also recorded: %(title)s.") % {"title": words["add_field"]["title"]}
    says = {"low": _("at least %(number)s"), "high": _("at most %(number)s")}
    wanted = [says[key] % {"number": words[key]} for key in says if key in words]
    wanted += [" / ".join(words["expected"])] if "expected" in words else []
    return f"{step}: " + _("%(field)s is wanted: %(limits)s.") % {"field": words["field"], "limits": ", ".join(wanted)}


def old_and_new(batch: Batch, changes: Sequence[Change]) -> list[str]:
    """Give what the changes alter in the record as it holds now, old → new; raise FaultyDefinitionError."""
    now, then = master_of(batch), _amended(batch, changes)
    steps = dict.fromkeys(str(change["step"]) for change in changes)
    found: list[str] = []
    for code in steps:
        before, after = _plain(now.step(code)), _plain(then.step(code))
        if after is None:
            found.append(_("Step %(step)s: left out") % {"step": code})
            continue
        found += [f"{_('Step')} {code} › {each.sentence}" for each in differences(before or {}, after)]
    return found


def _plain(step: Step | None) -> dict[str, object] | None:
    """Give what a person reads of a step as plain data."""
    if step is None:
        return None
    fields = [
        {
            "code": each.code,
            "title": each.title,
            "limit": "" if each.limits is None else f"{each.limits.words} {each.unit}".strip(),
            "expected": list(each.expected),
        }
        for each in step.fields
    ]
    derived = [
        {"code": each.code, "title": each.title, "limit": each.limits.words if each.limits else ""}
        for each in step.derived
    ]
    return {
        "instruction": step.instruction,
        "needs": [{"code": each.code, "title": each.title, "of": each.of} for each in step.needs],
        "fields": fields,
        "derived": derived,
    }


def _amended(batch: Batch, changes: Sequence[Change]) -> MasterDefinition:
    approved = Redline.objects.filter(batch=batch, approval__isnull=False).order_by("approval__signed_at", "pk")
    return master_with(batch, [*approved.values_list("changes", flat=True), list(changes)])


def objections_to_changes(batch: Batch, changes: Sequence[Change]) -> list[Objection]:
    """Give the reasons against changes: what was signed or recorded already, and every fault of the amended record."""
    objections = [one for change in changes for one in _objections_to_done(batch, change)]
    holding = {step.code for step in master_of(batch).steps}
    for code in dict.fromkeys(str(change["step"]) for change in changes):
        says = _("Batch %(batch)s has no step %(step)s.") % {"batch": batch.number, "step": code}
        objections += when(code not in holding, says, code="no_such_step", field="changes")
    objections += when(
        batch.state.disposition != BatchState.Disposition.NONE,
        _("This batch was decided on. Report what happened as a departure instead."),
        code="decided",
    )
    return [*objections, *[Objection(says, "faulty_definition", "changes") for says in _faults(batch, changes)]]


def _objections_to_done(batch: Batch, change: Change) -> list[Objection]:
    step = str(change["step"])
    recorded, scanned = str(change.get("field", "")), str(change.get("need", ""))
    begun = StepStart.objects.filter(batch=batch, step=step)
    values = Value.objects.filter(batch=batch, step=step, field=recorded)
    scans = SlotScan.objects.filter(batch=batch, step=step, slot=scanned)
    return [
        *when(
            StepPerformed.objects.filter(batch=batch, step=step).exists(),
            _("Step %(step)s was signed already. A redline cannot change what was done.") % {"step": step},
            code="signed",
            field="changes",
        ),
        *when(
            "leave_out" in change and begun.exists(),
            _("Step %(step)s was begun already. It cannot be left out any more.") % {"step": step},
            code="begun_already",
            field="changes",
        ),
        *when(
            recorded and values.exists(),
            _("%(field)s of step %(step)s was recorded already; it stays judged as it was.")
            % {"field": recorded, "step": step},
            code="recorded",
            field="changes",
        ),
        *when(
            scanned and scans.exists(),
            _("%(slot)s of step %(step)s was scanned already.") % {"slot": scanned, "step": step},
            code="scanned",
            field="changes",
        ),
    ]


def _faults(batch: Batch, changes: Sequence[Change]) -> list[str]:
    """Give everything that is wrong with the amended record and was not wrong before."""
    try:
        then = _amended(batch, changes)
    except FaultyDefinitionError as error:
        return list(error.faults)
    beside = {"product": reading_of(batch.product), "specification": reading_of(batch.specification)}
    before = disagreements_among({**beside, "master": master_of(batch)})
    return [says for says in disagreements_among({**beside, "master": then}) if says not in before]


def _lines(batch: Batch, changes: Sequence[Change], reason: str, impact: str) -> list[Line]:
    try:
        told = old_and_new(batch, changes)
    except FaultyDefinitionError as error:
        raise BadInput([Objection(says, "faulty_definition", "changes") for says in error.faults]) from None
    return [
        *[Line(_("Change"), says) for says in told],
        Line(_("Reason"), reason),
        Line(_("What it means for the product"), impact),
    ]


@register
class ProposeRedline(Act[Batch]):
    """Propose a one-off departure from the master record of a running batch."""

    code = "redline.propose"
    title = gettext_lazy("Propose a redline")
    verb = gettext_lazy("Sign the proposal")
    permission = Permission.DEFINITION_PREPARE
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I propose this departure from the master batch record for this batch alone.")
    asks = RedlineIntent

    def find(self, subject: UUID) -> Batch:
        if not Batch.objects.filter(pk=subject).exists():
            raise Http404
        return batch_of(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def streams(self, subject: Batch) -> Sequence[str]:
        return [subject.stream_name()]

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=_lines(subject, intent["changes"], intent["reason"], intent["impact"]),
            version=str(subject.pk),
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        return objections_to_changes(subject, intent["changes"])

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> Redline:
        row = Redline(batch=subject, changes=intent["changes"], reason=intent["reason"], impact=intent["impact"])
        return sign(row, signature, type="redline.proposed", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return redlines_url(row.batch) if isinstance(row, Redline) else "/"


@register
class ApproveRedline(Act[Redline]):
    """Approve a redline as quality, and another person than its proposer; the batch is made by it from now on."""

    code = "redline.approve"
    title = gettext_lazy("Approve a redline")
    verb = gettext_lazy("Approve")
    permission = Permission.DEFINITION_APPROVE
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I approve this departure from the master batch record for this batch alone.")

    def find(self, subject: UUID) -> Redline:
        row = Redline.objects.select_related("approval").filter(pk=subject).first()
        if row is None:
            raise Http404
        row.batch = batch_of(row.batch_id)
        return row

    def lock(self, subject: Redline) -> None:
        locked(subject.batch_id)

    def streams(self, subject: Redline) -> Sequence[str]:
        return [subject.stream_name()]

    def to_sign(self, subject: Redline, intent: Intent) -> ToSign:
        waits = not hasattr(subject, "approval") and not _faults(subject.batch, subject.changes)
        told = old_and_new(subject.batch, subject.changes) if waits else _words(subject.changes)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                *[Line(_("Change"), says) for says in told],
                Line(_("Reason"), subject.reason),
                Line(_("What it means for the product"), subject.impact),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Redline, intent: Intent, by: Person) -> list[Objection]:
        if hasattr(subject, "approval"):
            return when(True, _("This redline was approved already."), code="approved")
        return [
            *when(
                subject.signer_id == by.pk,
                _("Somebody other than %(name)s, who proposed it, must approve this.") % {"name": subject.signer_name},
                code="same_person",
            ),
            *objections_to_changes(subject.batch, subject.changes),
        ]

    def carry_out(self, subject: Redline, intent: Intent, signature: Signature) -> RedlineApproval:
        row = RedlineApproval(batch=subject.batch, redline=subject)
        sign(row, signature, type="redline.approved", earlier=[subject])
        says = " ".join([*_words(subject.changes), subject.reason])
        first = str(subject.changes[0]["step"])
        raise_departure(
            batch=subject.batch, kind=Departure.Kind.REDLINE, says=says, by=signature.signer, step=first, about=subject
        )
        owe_edition(row)
        return row

    def done_url(self, row: Signed) -> str:
        return redlines_url(row.batch) if isinstance(row, RedlineApproval) else "/"


def _words(changes: Sequence[Mapping[str, Any]]) -> list[str]:  # Any: texts, lists, maps
    return [change_words(change) for change in changes]


def redlines_url(batch: Batch) -> str:
    """Give the address of the redlines of a batch."""
    return f"/batches/{batch.number}/redlines/"
