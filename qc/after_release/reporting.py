"""What a hospital reports from the bedside, entered by one of ours: a fact, whatever it says.

(1) The label of the bag is judged as every label is; the pseudonym or chain of identity read at the patient must be
    that of the batch.
(2) What is wrong is written with the report: a departure of each batch concerned, an alarm, and whom to tell next
    (qc/after_release/bedside.py).
(3) Only what cannot have been is refused: times that run backwards, a bag before it was made, twice its content.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, Line, ToSign, register
from accounts.alarms import raise_alarm
from accounts.meanings import Meaning
from accounts.models import Alarm, Person, Signed
from accounts.parsing import TextField, YesNoField
from accounts.refusal import Objection
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.departures import raise_departure
from batches.fates import batch_of_container, meant_words
from batches.identity import identity_lines
from batches.models import Batch, Departure
from batches.pinned import product_of
from chain_of_custody.attesting import ENTERED, objections_to_evidence
from chain_of_custody.fates import fate_of, fate_words
from chain_of_custody.identity import chain_read, container_read, judged_label, printable
from chain_of_custody.models import Container, ContainerFate, IdentityCheck
from chain_of_custody.shapes import MaybeMoment, MaybeNumber
from ledger.writing import write
from qc.after_release.bedside import Bag, Sort, Told, Wrong, found_wrong
from qc.after_release.contradictions import moment, number, objections_to_amounts, objections_to_times
from qc.after_release.fractions import fractions_of, too_early
from qc.after_release.returning import why_it_stays
from qc.after_release.standing import has_left, is_set_aside, kept_at, page_of
from qc.after_release.words import bedside_lines
from qc.batch_act import BatchAct, lock_batches
from qc.models import InfusionReport
from qc.release.notifying import owe_telling
from qc.release.outside import SaidIntent, columns_of, said_lines

AT_THE_BEDSIDE = "bedside"
KINDS = {
    Sort.IDENTITY: Departure.Kind.MISMATCH,
    Sort.STATE: Departure.Kind.REPORTED,
    Sort.CHECK: Departure.Kind.REPORTED,
    Sort.TIME: Departure.Kind.HOLD,
    Sort.INTERVAL: Departure.Kind.REPORTED,
    Sort.QUANTITY: Departure.Kind.QUANTITY,
}


class InfusionIntent(SaidIntent):
    """What was read and compared at the bedside, how the bag was thawed, and what was infused of it."""

    bag_read = TextField(
        label=gettext_lazy("Read from the bag"), max_length=200, help_text="the code as read from the bag"
    )
    patient_read = TextField(
        label=gettext_lazy("Read at the patient"),
        max_length=40,
        help_text="pseudonym or chain of identity as read at the patient; no name",
    )
    matched = YesNoField(
        label=gettext_lazy("Bag and patient matched"),
        help_text="whether the hospital found that bag and patient belong together",
    )
    compared = TextField(
        label=gettext_lazy("The two identifiers that were compared"),
        max_length=200,
        help_text="the two identifiers that were compared",
    )
    first_checker = TextField(label=gettext_lazy("First person at the bedside"), max_length=120)
    second_checker = TextField(
        label=gettext_lazy("Second person at the bedside"),
        max_length=120,
        required=False,
        default="",
        help_text="nobody, where it is left empty",
    )
    thaw_started_at = MaybeMoment(label=gettext_lazy("Thaw began"))
    thaw_ended_at = MaybeMoment(label=gettext_lazy("Thaw ended"))
    thaw_how = TextField(label=gettext_lazy("How it was thawed"), max_length=200, required=False, default="")
    took_place = YesNoField(label=gettext_lazy("Was anything infused?"), help_text="whether anything was infused")
    started_at = MaybeMoment(label=gettext_lazy("Infusion began"))
    ended_at = MaybeMoment(label=gettext_lazy("Infusion ended"))
    volume_ml = MaybeNumber(label=gettext_lazy("Infused"), help_text="infused, in mL")
    in_full = YesNoField(label=gettext_lazy("In full?"), required=False, allow_null=True, default=None)
    remainder_ml = MaybeNumber(label=gettext_lazy("Left over"), help_text="left over, in mL")
    remainder = TextField(
        label=gettext_lazy("What became of the rest, or of the bag"),
        max_length=300,
        required=False,
        default="",
        help_text="what became of the rest, or of the bag",
    )
    physician = TextField(label=gettext_lazy("Physician"), max_length=120, required=False, default="")
    reaction = TextField(label=gettext_lazy("Reaction that was noted"), max_length=1000, required=False, default="")


@dataclass(frozen=True, slots=True)
class Judged:
    """A report before it is written: how its label reads, and what is wrong with it."""

    label: IdentityCheck
    wrong: list[Wrong]

    @property
    def bag(self) -> Container | None:
        return self.label.container


def judged(batch: Batch, intent: Intent) -> Judged:
    """Hold what is told against the record, as it stood at the time of the infusion."""
    read = printable(intent["bag_read"])
    label = judged_label(
        read, batch_number=batch.number, coi=batch.coi, expected_kind=Container.Kind.FINAL_BAG, typed=True
    )
    patient, code = intent["patient_read"], label.container.code if label.container else label.scanned
    told = Told(
        read=code,
        label_fits=label.outcome == IdentityCheck.Outcome.MATCH,
        label_says=str(label.get_outcome_display()),
        patient_read=patient,
        patient_fits=is_of(batch, patient),
        matched=intent["matched"],
        checkers=(intent["first_checker"], intent["second_checker"]),
        took_place=intent["took_place"],
        thaw_ended_at=moment(intent, "thaw_ended_at"),
        started_at=moment(intent, "started_at"),
        ended_at=moment(intent, "ended_at"),
        volume_ml=number(intent, "volume_ml"),
        remainder_ml=number(intent, "remainder_ml"),
        too_early=_too_early(batch, code, intent),
    )
    at_bedside = product_of(batch).bedside
    limit = at_bedside.minutes_from_thaw if at_bedside else None
    bag = _known_of(label.container, told.started_at) if label.container else None
    return Judged(label, found_wrong(told, bag, batch=batch.number, minutes_from_thaw=limit))


def _too_early(batch: Batch, code: str, intent: Intent) -> tuple[str, ...]:
    fractions, began_at = fractions_of(batch), moment(intent, "started_at")
    if fractions is None or began_at is None:
        return ()
    return tuple(too_early(fractions, fractions.infusion(code, began_at, moment(intent, "ended_at"))))


def is_of(batch: Batch, patient_read: str) -> bool:
    """Tell whether what was read at a patient is the pseudonym or the chain of identity of a batch."""
    read = "".join(patient_read.split()).casefold()
    pseudonym = "".join(batch.coi.subject.pseudonym.split()).casefold()
    return read == pseudonym or chain_read(read.upper()) == batch.coi.identifier


def _known_of(container: Container, at: datetime | None) -> Bag:
    own = batch_of_container(container)
    # A bag that was supplied out of specification was meant to be given although its batch is not certified.
    standing = kept_at(own, at) if own is not None and at is not None and not meant_words(own, container) else []
    kept = [*standing, *why_it_stays(container, at)] if own is not None and at is not None else []
    return Bag(
        code=container.code,
        batch=own.number if own else "",
        is_final=container.kind == Container.Kind.FINAL_BAG,
        filled_ml=container.volume_ml,
        expires_at=container.expires_at,
        kept_by=tuple(kept),
        is_here=not has_left(container),
        ended=_ended_before(container),
    )


def _ended_before(container: Container) -> str:
    """Give how a bag had ended already, by its end or by another report; an end that no report told of is no other."""
    fate = fate_of(container)
    if fate is not None and (fate.fate != ContainerFate.Fate.INFUSED or hasattr(fate, "infusion")):
        return fate_words(fate)
    told = InfusionReport.objects.filter(identity_check__container=container, took_place=True)
    other = next((one for one in told.select_related("checked") if not is_set_aside(one)), None)
    if other is None or other.started_at is None:
        return ""
    return _("reported as infused, %(time)s") % {"time": record_time(other.started_at)}


@register
class ReportInfusion(BatchAct):
    """Enter what a hospital reports of one bag at the bedside, whatever it is."""

    code = "infusion.report"
    title = gettext_lazy("Enter a report from the bedside")
    verb = gettext_lazy("Sign the entry")
    permission = Permission.CONTAINER_END
    meaning = Meaning.PERFORMED
    meaning_text = ENTERED
    asks = InfusionIntent

    def lock_with(self, subject: Batch, intent: Intent) -> None:
        bag = container_read(printable(intent["bag_read"]), typed=True)
        lock_batches(batch.pk for batch in _concerned(subject, bag))

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        found = judged(subject, intent)
        code = found.bag.code if found.bag else found.label.scanned
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject, containers=[code]),
            lines=[
                *(Line(_("Wrong"), one.says, "fail") for one in found.wrong),
                *bedside_lines(_columns(intent), found.label),
                *said_lines(intent),
            ],
            version=f"{subject.pk} {subject.state.disposition} {len(found.wrong)}",
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        container = container_read(printable(intent["bag_read"]), typed=True)
        return [
            *objections_to_times(intent, container),
            *objections_to_amounts(intent, container),
            *objections_to_evidence(intent),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> InfusionReport:
        found, by = judged(subject, intent), signature.signer
        found.label.where = AT_THE_BEDSIDE
        write(found.label, type="identity.checked", actor=by.reference)
        row = InfusionReport(
            id=uuid4(),
            batch=subject,
            identity_check=found.label,
            wrong=[one.says for one in found.wrong],
            **columns_of(intent),
            **_columns(intent),
        )
        sign(row, signature, type="infusion.reported")
        if found.wrong:
            _raise(row, found, by)
        return row

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, InfusionReport)  # noqa: S101  this act writes nothing else
        return report_url(row)


def _concerned(batch: Batch, bag: Container | None) -> list[Batch]:
    """Give the batch of a report, and the one to which the bag belongs whose code was read, where it is another."""
    own = batch_of_container(bag) if bag else None
    return [batch] if own is None or own.pk == batch.pk else [batch, own]


def _columns(intent: Intent) -> dict[str, Any]:  # Any: columns of a row
    texts = (
        "patient_read", "matched", "compared", "first_checker", "second_checker", "thaw_how", "took_place",
        "in_full", "remainder", "physician", "reaction",
    )  # fmt: skip
    moments = ("thaw_started_at", "thaw_ended_at", "started_at", "ended_at")
    return (
        {name: intent[name] for name in texts}
        | {name: moment(intent, name) for name in moments}
        | {name: number(intent, name) for name in ("volume_ml", "remainder_ml")}
    )


def _raise(row: InfusionReport, found: Judged, by: Person) -> None:
    """Write a departure of each batch concerned, an alarm, and for what was infused whom to tell."""
    says = " ".join(one.says for one in found.wrong)
    for batch in _concerned(row.batch, found.bag):
        for one in found.wrong:
            raise_departure(batch=batch, kind=KINDS[one.sort], says=one.says, by=by, about=row)
        if row.took_place and any(one.is_critical for one in found.wrong):
            owe_telling(batch, line=f"infusion_{row.pk.hex[:16]}", says=says, cause=row, by=by)
    raise_alarm(
        kind=Alarm.Kind.REPORTED,
        says=f"{row.batch.number}: {says}",
        stream=row.stream_name(),
        actor=by.reference,
        url=page_of(row.batch),
        about=row,
    )


def report_url(report: InfusionReport) -> str:
    """Give the address of a report on the page of its batch."""
    return f"{page_of(report.batch)}#report-{report.pk}"
