"""What a hospital reports of the follow-up: grades, samples, findings, entered by one of ours and compared by another.

(1) An item is one of the product's schedule; it is taken early, late and after the end of the order, because it is a
    fact. Only a day before the infusion contradicts the record.
(2) Replication-competent virus that was detected, and a grade of which the product wants people told, is a departure,
    an alarm, and told to each whom the profile names.
"""

from datetime import date

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.alarms import raise_alarm
from accounts.meanings import Meaning
from accounts.models import Alarm, Person, Signed
from accounts.parsing import DayField, GivenField, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day, local
from batches.definitions.product import FollowUp
from batches.departures import raise_departure
from batches.identity import identity_lines
from batches.models import Batch, Departure
from batches.pinned import product_of
from chain_of_custody.attesting import ENTERED, objections_to_evidence
from qc.after_release.comparing import ComparedIntent, comparison_lines, objections_to_remark
from qc.after_release.missing import raise_missed
from qc.after_release.schedule import infused_at, records_in_force
from qc.after_release.standing import page_of
from qc.batch_act import BatchAct, RowOfBatchAct
from qc.models import FollowUpChecked, FollowUpRecorded
from qc.release.notifying import owe_telling
from qc.release.outside import SaidIntent, columns_of, lines_of, objections_to_comparing, said_lines

RCL = "rcl_sample"
DETECTED = "detected"
RCL_VALUES = ("taken", "not_detected", DETECTED, "invalid")
ALARM_FROM = 3  # the grade of which people are told, where the product names none


def item_of(batch: Batch, code: str, on_day: str) -> tuple[FollowUp, int] | None:
    """Give the item of a code and a day in the schedule of the product, or None."""
    for each in product_of(batch).follow_up:
        if each.code == code and on_day.isascii() and on_day.isdecimal() and int(on_day) in each.days:
            return each, int(on_day)
    return None


def alarms(item: FollowUp, value: str) -> bool:
    """Tell whether people are told of a value at once."""
    if item.kind == RCL:
        return value == DETECTED
    return item.is_graded and int(value) >= (item.alarm_from or ALARM_FROM)


def value_words(item: FollowUp, value: str) -> str:
    """Write a value as people read it."""
    if item.is_graded:
        return _("grade %(value)s") % {"value": value}
    known = {
        "taken": _("sample taken"),
        "not_detected": _("not detected"),
        DETECTED: _("detected"),
        "invalid": _("test invalid"),
    }
    return known.get(value, value) if item.kind == RCL else value


class FollowUpIntent(SaidIntent):
    """Which item of which day, when it was done, and what came of it."""

    item = GivenField(max_length=40)
    day = GivenField(max_length=4, help_text="days after the infusion on which it was due")
    done_on = DayField(label=gettext_lazy("Done on"))
    value = TextField(
        label=gettext_lazy("Outcome"),
        max_length=200,
        help_text="a grade, or taken, not_detected, detected, invalid, or a finding",
    )
    sample = TextField(
        label=gettext_lazy("Number of the sample"),
        max_length=40,
        required=False,
        default="",
        help_text="number of the sample, if there is one",
    )


@register
class RecordFollowUp(BatchAct):
    """Enter what a hospital reports of one item of the follow-up."""

    code = "follow_up.record"
    title = gettext_lazy("Enter a follow-up")
    verb = gettext_lazy("Sign the entry")
    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.PERFORMED
    meaning_text = ENTERED
    asks = FollowUpIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        found = item_of(subject, intent["item"], intent["day"])
        faulty = not found or bool(_objections_to_value(found[0], intent))
        value = intent["value"] if faulty or not found else value_words(found[0], intent["value"])
        told = bool(found) and not faulty and alarms(found[0], intent["value"]) if found else False
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("What"), found[0].title if found else intent["item"]),
                Line(_("Due on day"), intent["day"]),
                Line(_("Done"), day(date.fromisoformat(intent["done_on"]))),
                Line(_("Outcome"), value, "fail" if told else ""),
                Line(_("Sample"), intent["sample"] or "–"),
                *said_lines(intent),
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        found, began = item_of(subject, intent["item"], intent["day"]), infused_at(subject)
        known = any((one.item, str(one.day)) == (intent["item"], intent["day"]) for one in records_in_force(subject))
        done_on = date.fromisoformat(intent["done_on"])
        return [
            *when(
                began is None,
                _("No infusion of this batch is recorded. Enter and compare the report from the bedside first."),
                code="not_infused",
            ),
            *when(
                began is not None and done_on < local(began).date(),
                _("This is before the infusion. Check the day."),
                code="too_early",
                field="done_on",
            ),
            *when(found is None, _("The product asks for no such item on this day."), field="item"),
            *(_objections_to_value(found[0], intent) if found else []),
            *when(
                known,
                _("This item is recorded already. If it was wrong, a second person sets it aside first."),
                code="already_done",
            ),
            *objections_to_evidence(intent),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> FollowUpRecorded:
        found = item_of(subject, intent["item"], intent["day"])
        assert found is not None  # noqa: S101  objected to above
        item, on_day = found
        row = FollowUpRecorded(
            batch=subject,
            item=item.code,
            day=on_day,
            done_on=date.fromisoformat(intent["done_on"]),
            value=intent["value"],
            sample=intent["sample"],
            alarms=alarms(item, intent["value"]),
            **columns_of(intent),
        )
        sign(row, signature, type="follow_up.recorded")
        if row.alarms:
            _raise(row, item, signature.signer)
        return row

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, FollowUpRecorded)  # noqa: S101  this act writes nothing else
        return f"{page_of(row.batch)}#follow-up"


def _objections_to_value(item: FollowUp, intent: Intent) -> list[Objection]:
    value = intent["value"]
    is_number = value.isascii() and value.isdecimal() and len(value) < 3
    return [
        *when(
            item.is_graded and not (is_number and int(value) <= (item.highest or 0)),
            _("Enter a grade from 0 to %(highest)s.") % {"highest": item.highest},
            field="value",
        ),
        *when(
            item.kind == RCL and value not in RCL_VALUES,
            _("Say whether the sample was taken, or whether virus was detected in it."),
            field="value",
        ),
    ]


def _raise(row: FollowUpRecorded, item: FollowUp, by: Person) -> None:
    """Write the departure, the alarm and whom to tell, in the open transaction."""
    words = {"title": item.title, "value": value_words(item, row.value), "day": row.day}
    says = _("Follow-up, day %(day)s: %(title)s, %(value)s.") % words
    raise_departure(batch=row.batch, kind=Departure.Kind.REPORTED, says=says, by=by, about=row)
    owe_telling(row.batch, line=f"follow_up_{row.pk.hex[:16]}", says=says, cause=row, by=by)
    raise_alarm(
        kind=Alarm.Kind.REPORTED,
        says=f"{row.batch.number}: {says}",
        stream=row.stream_name(),
        actor=by.reference,
        url=page_of(row.batch),
        about=row,
    )


@register
class CheckFollowUp(RowOfBatchAct[FollowUpRecorded]):
    """Compare an item of the follow-up with its evidence, as a second person."""

    code = "follow_up.check"
    title = gettext_lazy("Compare a follow-up")
    verb = gettext_lazy("Sign the comparison")
    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this with the evidence.")
    asks = ComparedIntent

    def rows(self) -> QuerySet[FollowUpRecorded]:
        return FollowUpRecorded.objects.select_related("evidence", "checked")

    def to_sign(self, subject: FollowUpRecorded, intent: Intent) -> ToSign:
        found = item_of(subject.batch, subject.item, str(subject.day))
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("What"), found[0].title if found else subject.item),
                Line(_("Due on day"), str(subject.day)),
                Line(_("Done"), day(subject.done_on)),
                Line(
                    _("Outcome"),
                    value_words(found[0], subject.value) if found else subject.value,
                    "fail" if subject.alarms else "",
                ),
                Line(_("Sample"), subject.sample or "–"),
                *lines_of(subject),
                *comparison_lines(intent),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: FollowUpRecorded, intent: Intent, by: Person) -> list[Objection]:
        is_done = FollowUpChecked.objects.filter(record=subject).exists()
        return [*objections_to_comparing(subject, is_done=is_done, by=by), *objections_to_remark(intent)]

    def carry_out(self, subject: FollowUpRecorded, intent: Intent, signature: Signature) -> FollowUpChecked:
        row = FollowUpChecked(batch=subject.batch, record=subject, agrees=intent["agrees"], remark=intent["remark"])
        sign(row, signature, type="follow_up.checked", earlier=[subject])
        if not row.agrees:
            raise_missed(subject.batch, by=None)
        return row

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, FollowUpChecked)  # noqa: S101  this act writes nothing else
        return f"{page_of(row.batch)}#follow-up"
