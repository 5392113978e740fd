"""Labels at their end: destroyed under signature, and counted by a second person (21 CFR 211.125(c)).

(1) Each label is applied, destroyed or kept as a specimen; the count of a print closes it.
(2) Whoever printed labels does not count them.
(3) A count that does not match is a fact: it is signed, and a departure stands beside it.
"""

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import LINES, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.departures import raise_departure
from batches.identity import identity_lines, locked
from batches.label_prints import PrintRecord, difference_of, labels_url, record_of_print
from batches.labelling import LONGEST_CODE, MOST_LABELS
from batches.models import Departure, LabelPrint, LabelsDestroyed, LabelsReconciled
from chain_of_custody.label_message import serial_in
from chain_of_custody.shapes import TextListField


class DestroyIntent(StrictSerializer[Intent]):
    """Which labels were destroyed, and why."""

    serials = TextListField(
        label=gettext_lazy("Labels"),
        style=LINES,
        child=TextField(max_length=LONGEST_CODE),
        min_length=1,
        max_length=MOST_LABELS,
    )
    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=3)


def _print_called(subject: UUID) -> LabelPrint:
    row = LabelPrint.objects.select_related("batch__order__coi__subject", "batch__product").filter(pk=subject).first()
    if row is None:
        raise Http404
    return row


@register
class DestroyLabels(Act[LabelPrint]):
    """Record that labels of a print were destroyed."""

    code = "label.destroy"
    title = gettext_lazy("Destroy labels")
    verb = gettext_lazy("Sign the destruction")
    permission = Permission.STEP_WORK
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I destroyed these labels.")
    asks = DestroyIntent

    def find(self, subject: UUID) -> LabelPrint:
        return _print_called(subject)

    def lock(self, subject: LabelPrint) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: LabelPrint, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Print"), subject.number),
                *[Line(_("Label"), serial) for serial in _serials(intent)],
                Line(_("Reason"), intent["reason"]),
            ],
        )

    def objections(self, subject: LabelPrint, intent: Intent, by: Person) -> list[Objection]:
        printed = record_of_print(subject)
        known = {label.serial for label in printed.labels}
        strangers = [serial for serial in _serials(intent) if serial not in known]
        gone = [serial for serial in _serials(intent) if serial in printed.destroyed_serials]
        return [
            *_closed(printed),
            *when(
                strangers,
                _("%(serials)s isn't a label of print %(number)s.")
                % {"serials": ", ".join(strangers), "number": subject.number},
                field="serials",
            ),
            *when(gone, _("%(serials)s is destroyed already.") % {"serials": ", ".join(gone)}, field="serials"),
        ]

    def carry_out(self, subject: LabelPrint, intent: Intent, signature: Signature) -> LabelsDestroyed:
        row = LabelsDestroyed(
            batch=subject.batch, print=subject, serials=sorted(_serials(intent)), reason=intent["reason"]
        )
        return sign(row, signature, type="labels.destroyed")

    def done_url(self, row: Signed) -> str:
        return labels_url(row.batch.number) if isinstance(row, LabelsDestroyed) else "/"


def _serials(intent: Intent) -> list[str]:
    """Give the serials that were scanned or typed, each once; what names none stays as it is, to be refused."""
    return list(dict.fromkeys(serial_in(code) or code for code in intent["serials"]))


def _closed(printed: PrintRecord) -> list[Objection]:
    return when(
        printed.reconciled is not None,
        _("Print %(number)s was counted and closed. Report a departure.") % {"number": printed.row.number},
        code="already_done",
    )


class ReconcileIntent(StrictSerializer[Intent]):
    """How many labels of the print are kept as specimens."""

    kept = serializers.RegexField(
        r"^[0-9]{1,2}\Z",
        label=gettext_lazy("Labels kept on paper as specimens"),
        help_text="labels kept on paper as specimens",
    )


@register
class ReconcileLabels(Act[LabelPrint]):
    """Count a print: printed is applied, destroyed and kept, or a departure stands beside the count."""

    code = "label.reconcile"
    title = gettext_lazy("Count labels")
    verb = gettext_lazy("Sign the count")
    permission = Permission.STEP_WITNESS
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I counted the labels of this print: applied, destroyed and kept.")
    asks = ReconcileIntent
    second_person = True

    def find(self, subject: UUID) -> LabelPrint:
        return _print_called(subject)

    def lock(self, subject: LabelPrint) -> None:
        locked(subject.batch_id)

    def to_sign(self, subject: LabelPrint, intent: Intent) -> ToSign:
        printed = record_of_print(subject)
        kept = int(intent["kept"])
        missing = difference_of(printed, kept)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Print"), subject.number),
                Line(_("Printed"), str(len(printed.labels))),
                Line(_("Applied"), str(len(printed.applied_serials))),
                Line(_("Destroyed"), str(len(printed.destroyed_serials))),
                Line(_("Kept as specimens"), str(kept)),
                Line(_("Not accounted for"), str(missing), "pass" if missing == 0 else "fail"),
                *[Line(_("Neither applied nor destroyed"), serial) for serial in printed.left],
            ],
            version=str(subject.pk),
        )

    def objections(self, subject: LabelPrint, intent: Intent, by: Person) -> list[Objection]:
        return [
            *_closed(record_of_print(subject)),
            *when(
                subject.actor == by.reference,
                _("A second person counts the labels. You printed them."),
                code="same_person",
            ),
        ]

    def carry_out(self, subject: LabelPrint, intent: Intent, signature: Signature) -> LabelsReconciled:
        printed = record_of_print(subject)
        kept = int(intent["kept"])
        row = LabelsReconciled(
            batch=subject.batch,
            print=subject,
            printed=len(printed.labels),
            applied=len(printed.applied_serials),
            destroyed=len(printed.destroyed_serials),
            kept=kept,
        )
        sign(row, signature, type="labels.reconciled")
        if missing := difference_of(printed, kept):
            says = _("Labels %(number)s: %(printed)d printed, %(applied)d applied, %(destroyed)d destroyed, %(kept)d "
                     "kept; the difference is %(missing)d.")  # fmt: skip
            words = {
                "number": subject.number,
                "printed": row.printed,
                "applied": row.applied,
                "destroyed": row.destroyed,
                "kept": kept,
                "missing": missing,
            }
            raise_departure(
                batch=subject.batch, kind=Departure.Kind.LABEL, says=says % words, by=signature.signer, about=row
            )
        return row

    def done_url(self, row: Signed) -> str:
        return labels_url(row.batch.number) if isinstance(row, LabelsReconciled) else "/"
