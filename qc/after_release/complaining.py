"""Complaints: taken in with a number, investigated and closed by quality assurance (21 CFR 211.198, EU GMP chapter 8).

(1) The signature that takes a complaint in stands on the addendum to the decided record: the rules of the certification
    run again, and while the addendum blocks, the bags that are still here stay (qc/release/addenda.py).
(2) The one who took it in does not close it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import LINES, MomentField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import local, record_time
from batches.identity import identity_lines
from batches.models import Batch
from chain_of_custody import states
from chain_of_custody.attesting import evidence_words
from chain_of_custody.models import Container
from chain_of_custody.shapes import MaybeId, PaperField, TextListField
from ledger import clock
from ledger.models import StoredFile
from ledger.numbering import next_number
from ledger.writing import write
from qc.batch_act import BatchAct, RowOfBatchAct
from qc.models import Addendum, Complaint, ComplaintClosed
from qc.release.addenda import addendum_to, not_decided, would_block
from qc.release.pending import decision_in_force

LONGEST_ABOUT = 200


class ComplaintIntent(StrictSerializer[Intent]):
    """Who complains of what, how and when it came, and which bags it is about."""

    name = TextField(label=gettext_lazy("Who complains"), max_length=120)
    role = TextField(label=gettext_lazy("Role"), max_length=120)
    channel = TextField(label=gettext_lazy("How it came"), max_length=120, help_text="how it came: a letter, a call")
    received_at = MomentField(label=gettext_lazy("Received"))
    containers = TextListField(
        label=gettext_lazy("Bags, one a line"),
        style=LINES,
        required=False,
        default=list,
        help_text="codes of the bags; none: the whole batch",
    )
    grade = serializers.ChoiceField(Complaint.Grade.choices, label=gettext_lazy("Grade"))
    text = TextField(label=gettext_lazy("Complaint"), min_length=10, max_length=4000)
    evidence = MaybeId(label=gettext_lazy("Stored evidence"), help_text="a stored file, such as the letter")
    evidence_reference = PaperField()


@register
class RecordComplaint(BatchAct):
    """Take a complaint about a decided batch in, as an addendum to its record."""

    code = "complaint.record"
    title = gettext_lazy("Record a complaint")
    verb = gettext_lazy("Sign the complaint in")
    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I took this complaint in and add it to the record.")
    asks = ComplaintIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        decision = decision_in_force(subject)
        file = StoredFile.objects.filter(pk=intent["evidence"]).first() if intent["evidence"] else None
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject, containers=intent["containers"]),
            lines=[
                Line(_("Complained"), f"{intent['name']}, {intent['role']}", "attested"),
                Line(_("How it came"), intent["channel"]),
                Line(_("Received"), record_time(datetime.fromisoformat(intent["received_at"]))),
                Line(_("Grade"), str(Complaint.Grade(intent["grade"]).label)),
                Line(_("Complaint"), intent["text"]),
                Line(_("Evidence"), evidence_words(file, intent["evidence_reference"])),
                *(Line(_("Would stand against the certification"), one.says, "warn") for one in would_block(subject)),
            ],
            version=str(decision.pk) if decision else "",
            earlier=[EarlierSignature.on(decision)] if decision else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        known = {one.code for one in _bags(subject, intent)}
        unknown = sorted(set(intent["containers"]) - known)
        stored = StoredFile.objects.filter(pk=intent["evidence"])
        return [
            *not_decided(subject),
            *when(
                unknown,
                _("Not bags of this batch: %(codes)s.") % {"codes": ", ".join(unknown)},
                field="containers",
            ),
            *when(
                intent["evidence"] and not stored.exists(),
                _("This evidence isn't stored here. Upload it again."),
                field="evidence",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> Addendum:
        bags = _bags(subject, intent)
        number = next_number("CMP", local(clock.now()).year)
        about = ", ".join([number, *(one.code for one in bags)])[:LONGEST_ABOUT]
        addendum = addendum_to(subject, Addendum.Kind.COMPLAINT, about, intent["text"], signature)
        row = Complaint(
            batch=subject,
            number=number,
            name=intent["name"],
            role=intent["role"],
            channel=intent["channel"],
            received_at=datetime.fromisoformat(intent["received_at"]),
            containers=states.ids(bags),
            grade=intent["grade"],
            text=intent["text"],
            evidence_id=intent["evidence"],
            evidence_reference=intent["evidence_reference"],
            addendum=addendum,
        )
        write(row, type="complaint.recorded", actor=signature.signer.reference)
        return addendum

    def done_url(self, row: Signed) -> str:
        return complaint_url(Complaint.objects.get(addendum=row.pk))


def _bags(batch: Batch, intent: Intent) -> list[Container]:
    found = Container.objects.filter(assignment__batch_number=batch.number, code__in=intent["containers"])
    return list(found.order_by("code"))


def complaint_url(complaint: Complaint) -> str:
    """Give the page of a complaint."""
    return reverse("qc:complaint", args=[complaint.number])


def complaint_called(number: str) -> Complaint:
    """Give the complaint of a number; raise Http404 if there is none."""
    found = complaints().filter(number=number[:20]).first()
    if found is None:
        raise Http404
    return found


def complaints() -> QuerySet[Complaint]:
    """Give every complaint with its addendum and its end."""
    return Complaint.objects.select_related("batch", "addendum__stands", "closed", "evidence")


def codes_of(complaint: Complaint) -> Iterable[str]:
    """Give the codes of the bags that a complaint is about."""
    return Container.objects.filter(pk__in=complaint.containers).order_by("code").values_list("code", flat=True)


class ClosingIntent(StrictSerializer[Intent]):
    """What was investigated, whether the complaint was right, and what follows from it."""

    outcome = serializers.ChoiceField(ComplaintClosed.Outcome.choices, label=gettext_lazy("The complaint was"))
    investigation = TextField(label=gettext_lazy("What was investigated"), min_length=10, max_length=4000)
    conclusion = TextField(label=gettext_lazy("Conclusion, and what follows"), min_length=10, max_length=2000)


@register
class CloseComplaint(RowOfBatchAct[Complaint]):
    """Close a complaint with what was found and what follows."""

    code = "complaint.close"
    title = gettext_lazy("Close a complaint")
    verb = gettext_lazy("Sign the conclusion")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I investigated this complaint and conclude what is written here.")
    asks = ClosingIntent

    def rows(self) -> QuerySet[Complaint]:
        return complaints()

    def to_sign(self, subject: Complaint, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch, containers=list(codes_of(subject))),
            lines=[
                Line(_("Complaint"), f"{subject.number}, {subject.get_grade_display()}: {subject.text}"),
                Line(_("Complained"), f"{subject.name}, {subject.role}", "attested"),
                Line(_("Investigation"), intent["investigation"]),
                Line(_("Outcome"), str(ComplaintClosed.Outcome(intent["outcome"]).label)),
                Line(_("Conclusion"), intent["conclusion"]),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject.addendum)],
        )

    def objections(self, subject: Complaint, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(
                ComplaintClosed.objects.filter(complaint=subject).exists(),
                _("This complaint was closed already."),
                code="already_done",
            ),
            *when(
                subject.addendum.signer_id == by.pk,
                _("You took this complaint in; another person closes it."),
                code="same_person",
            ),
        ]

    def carry_out(self, subject: Complaint, intent: Intent, signature: Signature) -> ComplaintClosed:
        row = ComplaintClosed(batch=subject.batch, complaint=subject, **intent)
        return sign(row, signature, type="complaint.closed", earlier=[subject.addendum])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, ComplaintClosed)  # noqa: S101  this act writes nothing else
        return complaint_url(row.complaint)
