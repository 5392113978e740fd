"""A second person reviews a result; an analyst corrects it, with a reason, and it is reviewed again.

A result whose reading was right and which rests on another weight now, or on growth that was seen later, is corrected
by naming the same value: the new version is made of what is in force.

What stands on a contract laboratory's certificate is never corrected by one person: the certificate is, by two, and the
result is made anew by naming the value that they typed.

A correction never takes a result out of specification away: its record stays open until quality assurance closes it,
and until then the failing version counts. Once a line is tested again, and once its record was confirmed, what was
found first is corrected no more.
"""

from copy import copy
from dataclasses import replace
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from ledger.writing import write
from qc.batch_act import RowOfBatchAct
from qc.contract_laboratory.certificates import certificate_lines, objections_beside_certificates
from qc.definitions.specification import Entry, ResultType
from qc.laboratory.judging import NEVER_TAKEN_BACK, seen_in
from qc.laboratory.recording import raise_growth
from qc.laboratory.testing import judged_by, judgement_of, known_line, reading_lines, result_from, test_url
from qc.laboratory.who_entered import actors_of
from qc.methods.basis import write_basis
from qc.methods.words import basis_lines
from qc.models import Reading, Result, ResultReview
from qc.out_of_specification.records import consequence, open_record_for, stays_open
from qc.panel import STATUS, PanelLine, verdict_words
from qc.release.notifying import look_after_release
from qc.release.pending import is_closed
from qc.values.verdicts import Verdict


class _OfResult(RowOfBatchAct[Result]):
    """An act whose subject is a version of a result."""

    def rows(self) -> QuerySet[Result]:
        return Result.objects.select_related("signer")

    def lines(self, subject: Result) -> list[Line]:
        """Give what a signer reads of a result."""
        members = [
            Line(
                member["title"],
                f"{member['reported']}: {verdict_words(member['verdict'])}",
                STATUS[member["verdict"]],
            )
            for member in subject.members
        ]
        bound = Reading.objects.filter(pk__in=subject.readings).order_by("recorded_at", "replicate")
        return [
            *reading_lines(bound),
            *certificate_lines(bound),
            *basis_lines(subject),
            *members,
            Line(_("Reported, %(rule)s") % {"rule": subject.rule}, subject.reported),
            Line(_("Unrounded"), subject.unrounded or "–"),
            Line(_("Method"), subject.method),
            Line(_("Verdict"), f"{verdict_words(subject.verdict)}. {subject.why}", STATUS[subject.verdict]),
        ]

    def done_url(self, row: Signed) -> str:
        result = row.result if isinstance(row, ResultReview) else row
        assert isinstance(result, Result)  # noqa: S101  these acts write reviews and results
        return test_url(result)


def people_who_entered(result: Result, *, until: datetime | None = None) -> set[str]:
    """Give the references of everybody who submitted, entered or corrected any version of a line's result."""
    of_line = {"batch": result.batch_id, "line": result.line} | ({"recorded_at__lte": until} if until else {})
    return actors_of(of_line)


def objections_to_version(result: Result, *, counts: Result | None = None) -> list[Objection]:
    """Object to working on a version that is no longer in force, or after the decision on the batch.

    The one that `counts` may be worked on beside the newest.
    """
    newest = Result.objects.filter(batch=result.batch_id, line=result.line).order_by("-version").first()
    return [
        *when(
            newest is not None and newest.pk != result.pk and (counts is None or counts.pk != result.pk),
            _("This result was corrected; open the correction."),
            code="superseded",
        ),
        *when(
            is_closed(result.batch, result.line),
            _("The decision on this batch has been made. Report what you found as a departure."),
            code="decided",
        ),
    ]


@register
class ReviewResult(_OfResult):
    """Review a result of somebody else for accuracy, completeness and compliance (21 CFR 211.194(a)(8))."""

    code = "result.review"
    title = gettext_lazy("Review a result")
    verb = gettext_lazy("Sign the review")
    permission = Permission.RESULT_REVIEW
    meaning = Meaning.REVIEWED

    def to_sign(self, subject: Result, intent: Intent) -> ToSign:
        line, criterion = judged_by(subject.batch, subject.line)
        return ToSign(
            title=f"{line.title}, {criterion.words()}",
            identity=identity_lines(subject.batch),
            lines=self.lines(subject),
            version=f"{subject.pk} v{subject.version}",
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: Result, intent: Intent, by: Person) -> list[Objection]:
        found = known_line(subject.batch, subject.line)
        return [
            *when(
                by.reference in people_who_entered(subject),
                _("A second person must review this result; you entered it."),
                code="same_person",
            ),
            *when(
                found.is_outdated and found.newest is not None and found.newest.pk == subject.pk,
                found.waits_for(),
                code="outdated",
            ),
            *when(ResultReview.objects.filter(result=subject).exists(), _("This result was reviewed already.")),
            *objections_to_version(subject, counts=found.result),
        ]

    def carry_out(self, subject: Result, intent: Intent, signature: Signature) -> ResultReview:
        review = ResultReview(batch=subject.batch, result=subject)
        return sign(review, signature, type="result.reviewed", earlier=[subject])


class CorrectionIntent(StrictSerializer[Intent]):
    """Which value of the result was wrong, what it is, and why."""

    member = TextField(label=gettext_lazy("Value"), max_length=40)
    replicate = serializers.IntegerField(
        label=gettext_lazy("Replicate"), min_value=1, max_value=99, required=False, default=1
    )
    typed = TextField(label=gettext_lazy("New value"), max_length=200)
    reason = TextField(label=gettext_lazy("Reason"), min_length=10, max_length=1000)


@register
class CorrectResult(_OfResult):
    """Correct a submitted result: the first stays, the new version is reviewed anew."""

    code = "result.correct"
    title = gettext_lazy("Correct a result")
    verb = gettext_lazy("Sign the correction")
    permission = Permission.RESULT_ENTER
    meaning = Meaning.CORRECTED
    asks = CorrectionIntent

    def _wrong_reading(self, found: PanelLine, intent: Intent) -> Reading | None:
        wanted = (intent["member"], intent["replicate"])
        return next((one for one in reversed(found.readings) if (one.member, one.replicate) == wanted), None)

    def to_sign(self, subject: Result, intent: Intent) -> ToSign:
        found = known_line(subject.batch, subject.line)
        wrong = self._wrong_reading(found, intent)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                *self.lines(subject),
                Line(
                    _("Old value of %(member)s") % {"member": intent["member"]},
                    wrong.typed if wrong else "–",
                    "warn",
                ),
                Line(_("New value"), intent["typed"], "warn"),
                Line(_("Reason"), intent["reason"]),
                *self._what_follows(subject, found, intent, wrong),
            ],
            version=f"{subject.pk} v{subject.version}",
            earlier=[EarlierSignature.on(subject)],
        )

    def _what_follows(self, subject: Result, found: PanelLine, intent: Intent, wrong: Reading | None) -> list[Line]:
        """Say before it is signed whether the corrected result is out of specification, or one before it was."""
        if wrong is None:
            return []
        if found.open_record is not None:
            return [Line(_("What follows"), stays_open(found.open_record), "fail")]
        corrected = copy(wrong)
        corrected.typed, corrected.reason = intent["typed"], intent["reason"]
        readings = tuple(corrected if one.pk == wrong.pk else one for one in found.readings)
        judgement = judgement_of(subject.batch, replace(found, readings=readings))
        fails = found.decides and judgement.verdict is Verdict.FAILS
        return [Line(_("What follows"), consequence(None), "fail")] if fails else []

    def objections(self, subject: Result, intent: Intent, by: Person) -> list[Objection]:
        found = known_line(subject.batch, subject.line)
        entry = found.entries.get(intent["member"])
        wrong = self._wrong_reading(found, intent)
        if subject.run != found.run:
            return when(
                True,
                _("This line is being tested again; what was found first stays as it is."),
                code="tested_again",
            )
        if entry is None or wrong is None:
            return when(True, _("This result has no value of that name."), field="member")
        seen_in(intent["typed"], entry, why_none=intent["reason"])
        return [
            *when(
                wrong.typed == intent["typed"] and not found.is_outdated,
                _("The new value is the old one."),
                code="same_value",
                field="typed",
            ),
            *when(
                _is_growth(entry, wrong.typed) and wrong.typed != intent["typed"],
                _("Growth that was seen, and a flag, are never corrected away."),
                field="member",
            ),
            *when(
                found.runs.is_confirmed,
                _("This result was confirmed to be out of specification. It stands."),
                code="confirmed",
            ),
            *objections_beside_certificates(
                subject.batch, subject.line, wrong if wrong.typed != intent["typed"] else None
            ),
            *objections_to_version(subject),
        ]

    def carry_out(self, subject: Result, intent: Intent, signature: Signature) -> Result:
        wrong = self._wrong_reading(known_line(subject.batch, subject.line), intent)
        assert wrong is not None  # noqa: S101  objected to above
        if wrong.typed != intent["typed"]:
            self._write_corrected(wrong, intent, signature.signer)
        found = known_line(subject.batch, subject.line)
        row = result_from(subject.batch, found, supersedes=subject, reason=intent["reason"])
        sign(row, signature, type="result.corrected", earlier=[subject])
        write_basis(row, found, by=signature.signer)
        open_record_for(row, found.line, found.criterion_words, found.open_record)
        look_after_release(subject.batch, row, row.line, by=signature.signer)
        return row

    def _write_corrected(self, wrong: Reading, intent: Intent, by: Person) -> None:
        corrected = Reading(
            batch=wrong.batch,
            line=wrong.line,
            member=wrong.member,
            sample=wrong.sample,
            run=wrong.run,
            replicate=wrong.replicate,
            is_subculture=wrong.is_subculture,
            typed=intent["typed"],
            unit=wrong.unit,
            exponent=wrong.exponent,
            began_at=wrong.began_at,
            performed_at=wrong.performed_at,
            supersedes=wrong,
            reason=intent["reason"],
        )
        write(corrected, type="reading.corrected", actor=by.reference)
        entry = known_line(wrong.batch, wrong.line).entries[wrong.member]
        if _is_growth(entry, corrected.typed):
            raise_growth(corrected, by=by)


def _is_growth(entry: Entry, typed: str) -> bool:
    return entry.result_type is ResultType.GROWTH and typed in NEVER_TAKEN_BACK
