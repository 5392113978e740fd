"""Quality assurance judges exceptions, one at a time: accepts it, asks about it, or opens a deviation.

(1) What is judged is the exception as it was shown. When it says something else since, nothing is signed.
(2) Nobody judges an exception about their own act.
(3) A question leaves the exception open, for everybody to read. Who knows answers with a note on the step or a new
    entry; the exception is judged afterwards.
(4) A deviation is opened with the departure in the same transaction; somebody else assesses it. The exception is closed
    by it, the departure is a fact of its own.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import GivenField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.departures import raise_departure
from batches.identity import identity_lines
from batches.models import Batch, Departure, SignedInBatch
from qc.batch_act import BatchAct
from qc.models import ExceptionAssessed
from qc.release.pending import OPEN_DECISIONS
from qc.review_by_exception.exceptions import Outcome, RecordException
from qc.review_by_exception.reviewing import exception_called, review_url
from qc.review_by_exception.rules import RULES_VERSION

SHORTEST_REASON = 10
LONGEST_SAYS = 2000
OUTCOMES = (
    (Outcome.ACCEPT.value, gettext_lazy("Accept")),
    (Outcome.ASK.value, gettext_lazy("Ask")),
    (Outcome.DEVIATION.value, gettext_lazy("Open a deviation")),
)


class ExceptionIntent(StrictSerializer[Intent]):
    """Which exception, what is concluded, why, and what it means for the product."""

    exception = GivenField(max_length=120, help_text="its key, as the review lists it")
    outcome = serializers.ChoiceField(OUTCOMES, label=gettext_lazy("Judgement"))
    reason = TextField(label=gettext_lazy("Reason, or the question"), min_length=SHORTEST_REASON, max_length=2000)
    impact = TextField(
        label=gettext_lazy("Product impact"),
        max_length=2000,
        required=False,
        default="",
        help_text="where a critical exception is accepted, what it means",
    )


@register
class JudgeException(BatchAct):
    """Judge one exception of a record."""

    code = "exception.judge"
    title = gettext_lazy("Judge an exception")
    verb = gettext_lazy("Sign the judgement")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I read this exception in its record and judged it.")
    asks = ExceptionIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        one = exception_called(subject, intent["exception"])
        lines = _lines(one) if one else [Line(_("Exception"), "–", "warn")]
        impact = [Line(_("Product impact"), intent["impact"])] if intent["impact"] else []
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                *lines,
                Line(_("Judgement"), str(dict(OUTCOMES)[intent["outcome"]])),
                Line(_("Reason"), intent["reason"]),
                *impact,
                Line(_("Rules"), RULES_VERSION),
            ],
            version=f"{intent['exception']} {len(one.answers) if one else ''}",
            earlier=[EarlierSignature.on(row) for row in one.answers] if one else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        one = exception_called(subject, intent["exception"])
        if one is None:
            says = _("The record does not say this any more. Open the review again and read what it says now.")
            return [Objection(says, code="changed", field="exception", url=review_url(subject))]
        return [
            *when(
                subject.state.disposition not in OPEN_DECISIONS,
                _("The decision on this batch has been made. Report what you found as a departure."),
                code="decided",
            ),
            *when(not one.is_open, _("This exception was judged already."), code="judged"),
            *when(
                by.reference in one.people,
                _("This is about your own act; somebody else judges it."),
                code="same_person",
            ),
            *when(
                one.needs_impact and intent["outcome"] == Outcome.ACCEPT and len(intent["impact"]) < SHORTEST_REASON,
                _("A critical exception is accepted with what it means for the product, in at least 10 characters."),
                code="no_impact",
                field="impact",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> ExceptionAssessed:
        one = exception_called(subject, intent["exception"])
        assert one is not None  # noqa: S101  objected to above
        row = ExceptionAssessed(
            batch=subject,
            rules=RULES_VERSION,
            rule=one.rule.code,
            row_type=one.row_type,
            row_id=one.row_id,
            says=_whole(one)[:LONGEST_SAYS],
            says_sha256=one.sha256,
            outcome=intent["outcome"],
            reason=intent["reason"],
            impact=intent["impact"],
        )
        if intent["outcome"] == Outcome.DEVIATION:
            says = f"{_whole(one)} {intent['reason']}"
            row.departure = raise_departure(
                batch=subject, kind=Departure.Kind.REPORTED, says=says, by=signature.signer, about=one.found.row
            )
        return sign(row, signature, type="exception.assessed", earlier=one.answers)

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, SignedInBatch)  # noqa: S101  this act writes nothing else
        return review_url(row.batch)


def _whole(one: RecordException) -> str:
    """Write an exception in one text: where, what happened, old and new, and the reason that was given."""
    found = one.found
    changed = f" {found.old or '–'} → {found.new}." if found.old else ""
    reason = f" {found.reason}" if found.reason and found.reason not in found.says else ""
    return f"{found.where or one.rule.title}: {found.says}{changed}{reason}"


def _lines(one: RecordException) -> list[Line]:
    found = one.found
    return [
        Line(str(one.rule.title), f"{found.where}: {found.says}", one.status),
        *([Line(_("Old → new"), f"{found.old or '–'} → {found.new}")] if found.old else []),
        *([Line(_("Reason given"), found.reason)] if found.reason else []),
        Line(_("By"), one.by),
        Line(_("Criticality"), str(one.criticality_words)),
    ]
