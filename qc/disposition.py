"""The decision on a batch: who, in which order, against which objections.

Quality assurance reviews the whole record; another person, the qualified person, certifies or does not (profile EU;
EU GMP Annex 16, Part IV section 11). Certification is refused with the full list of what stands against it. Not
certifying needs a reason and never destroys anything: the containers stay where they are.

This module is the only one that imports `batches.conclusion`.
"""

from dataclasses import dataclass

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.integrity import PAGE, objections_to_streams
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, lacks, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.conclusion import conclude
from batches.continuity import objections_to_copies
from batches.donors import objections_to_donor
from batches.ended import objections_to_certifying_ended
from batches.identity import identity_lines
from batches.models import Batch, BatchState
from batches.people import people_at_work
from batches.pinned import product_of
from batches.record import objections_to_record
from batches.streams import streams_of
from chain_of_custody.following import objections_to_custody
from ledger import outbox
from ledger.anchoring import blocks_decisions
from ledger.checkpoints import CHECKPOINT_JOB
from ledger.models import Entry
from qc.approving import is_current, newest_approval
from qc.assessing import open_facts
from qc.batch_act import BatchAct
from qc.dosing import objections_to_dose, took_part_in_dose
from qc.models import Disposition, FactAssessment, Reading, RecordReview, Result, ResultReview, Sample
from qc.out_of_specification import objections_to_out_of_specification
from qc.panel import PanelLine, release_panel

BATCH_CERTIFICATE_JOB = "batch_certificate"
Decision = BatchState.Disposition
SHORTEST_STATEMENT = 10

# Entries of a batch's stream that a review of the record need not have seen: the review itself and what follows it,
# how long the record is kept, and actions that prevent, which never wait for a batch.
AFTER_REVIEW = frozenset(
    {
        "record.reviewed",
        "batch.certified",
        "batch.not_certified",
        "document.issued",
        "legal_hold.set",
        "legal_hold.lifted",
        "capa.opened",
        "capa.done",
        "capa.checked",
    }
)


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step from decision to decision: who may take it and what the signature means."""

    before: Decision
    after: Decision
    permission: Permission
    meaning: Meaning


MOVES = (
    Move(Decision.NONE, Decision.CERTIFIED, Permission.BATCH_CERTIFY, Meaning.CERTIFIED),
    Move(Decision.NONE, Decision.NOT_CERTIFIED, Permission.BATCH_CERTIFY, Meaning.REJECTED),
)


def move(before: str, after: str) -> Move | None:
    """Give the allowed step between two decisions, if there is one."""
    return next((one for one in MOVES if (one.before, one.after) == (before, after)), None)


def stream_position(batch: Batch) -> int:
    """Give the place in the batch's stream of the newest entry that a review of the record has to have seen."""
    entries = Entry.objects.filter(stream=batch.stream_name()).exclude(type__in=AFTER_REVIEW)
    position: int | None = entries.aggregate(newest=Max("sseq"))["newest"]
    return position or 0


def newest_review(batch: Batch) -> RecordReview | None:
    """Give the newest review of the record, if there is one."""
    return RecordReview.objects.filter(batch=batch).order_by("-recorded_at").first()


def objections_to_results(batch: Batch) -> list[Objection]:
    """Give the lines of the specification that stand against certification, one sentence each."""
    panel = release_panel(batch)
    approval = newest_approval(batch)
    return [
        *when(not panel, _("The specification has no lines; an empty specification certifies nothing.")),
        *(objection for line in panel for objection in _against(line)),
        *when(
            approval is None,
            _("Quality control has not approved the results for a certificate of analysis."),
            code="no_approval",
        ),
        *when(
            approval is not None and not is_current(approval, panel),
            _("A result changed after the certificate of analysis was approved; approve the results again."),
            code="approval_outdated",
        ),
    ]


def _against(line: PanelLine) -> list[Objection]:
    if line.is_open or line.is_outdated:
        return when(True, line.waits_for(), code="result_missing", field=line.code, url=line.url)
    return when(
        not line.conforms,
        _("%(title)s: %(result)s does not meet %(criterion)s.")
        % {"title": line.title, "result": line.result_words, "criterion": line.criterion_words},
        code="result_fails",
        field=line.code,
        url=line.url,
    )


def objections_to_facts(batch: Batch) -> list[Objection]:
    """Give the facts of a batch that quality assurance has not assessed."""
    return [
        objection
        for fact in open_facts(batch)
        for objection in when(
            True,
            _("Not assessed: %(kind)s. %(says)s") % {"kind": fact.kind, "says": fact.says},
            code="fact_open",
        )
    ]


def objections_to_refused_facts(batch: Batch) -> list[Objection]:
    """Give the deviations for which quality assurance proposed to refuse the batch."""
    return [
        Objection(
            _("Deviation %(number)s proposes to refuse this batch: %(conclusion)s")
            % {"number": row.number or "–", "conclusion": row.conclusion},
            code="deviation_refuses",
            url=f"/deviations/{row.number}/" if row.number else "",
        )
        for row in FactAssessment.objects.filter(batch=batch, decision=FactAssessment.Decision.REJECT)
    ]


def objections_to_completeness(batch: Batch) -> list[Objection]:
    """Give everything in the record itself, in custody and in the facts that stands against a decision to certify."""
    return [*objections_to_record(batch), *objections_to_custody(batch.number), *objections_to_facts(batch)]


def took_part(batch: Batch, person: Person) -> list[str]:
    """Name the ways in which somebody worked on a batch and so may not decide on it."""
    ways = list(people_at_work(batch).get(person.pk, []))
    results = Result.objects.filter(batch=batch, signer=person)
    if results.exists() or Reading.objects.filter(batch=batch, actor=person.reference).exists():
        ways.append(_("tested"))
    if ResultReview.objects.filter(batch=batch, signer=person).exists():
        ways.append(_("reviewed a result"))
    if Sample.objects.filter(batch=batch, actor=person.reference).exists():
        ways.append(_("received a sample"))
    return ways + took_part_in_dose(batch, person)


def objections_to_person(batch: Batch, by: Person) -> list[Objection]:
    """Object to people who worked on a batch deciding on it; by person, not by account or role."""
    ways = took_part(batch, by)
    return when(
        ways,
        _("You worked on this batch (%(ways)s). Somebody who did not must decide.") % {"ways": ", ".join(ways)},
        code="same_person",
    )


def objections_to_certification(batch: Batch) -> list[Objection]:
    """Give the full list of what stands against certifying a batch, whoever certifies."""
    review = newest_review(batch)
    return [
        *objections_to_completeness(batch),
        *objections_to_certifying_ended(batch),
        *objections_to_refused_facts(batch),
        *objections_to_donor(batch),
        *objections_to_results(batch),
        *objections_to_out_of_specification(batch),
        *objections_to_dose(batch),
        *when(review is None, _("Quality assurance has not reviewed the record."), code="no_review"),
        *when(
            review is not None and review.stream_position < stream_position(batch),
            _("The record changed after quality assurance reviewed it; review it again."),
            code="review_outdated",
        ),
    ]


def objections_to_disposition(batch: Batch, decision: Decision, by: Person) -> list[Objection]:
    """Give everything that stands against one decision on a batch by this person; what they state is not asked."""
    return [
        *lacks(by, Permission.BATCH_CERTIFY),
        *objections_to_streams(streams_of(batch)),
        *_objections_to_decision(batch, decision, by),
    ]


def _objections_to_decision(batch: Batch, decision: Decision, by: Person) -> list[Objection]:
    review = newest_review(batch)
    certifying = decision == Decision.CERTIFIED
    return [
        *when(
            move(batch.state.disposition, decision) is None,
            _("The decision on this batch has been made: %(decision)s.")
            % {"decision": batch.state.get_disposition_display()},
            code="decided",
        ),
        *(objections_to_certification(batch) if certifying else objections_to_copies(batch)),
        *when(
            not certifying and review is None,
            _("Quality assurance has not reviewed the record."),
            code="no_review",
        ),
        *when(
            review is not None and review.signer_id == by.pk,
            _("You reviewed the record; another person certifies."),
            code="same_person",
        ),
        *objections_to_person(batch, by),
        *when(waiting := blocks_decisions(), waiting, code="not_anchored", url=PAGE),
    ]


class ReviewIntent(StrictSerializer[Intent]):
    """What the reviewer wants to say beside the review."""

    statement = TextField(max_length=2000, required=False, allow_blank=True, default="")


@register
class ReviewRecord(BatchAct):
    """Review the whole record of a batch, its audit trail included, for quality assurance."""

    code = "record.review"
    title = gettext_lazy("Review the batch record")
    verb = gettext_lazy("Sign the review")
    permission = Permission.RECORD_REVIEW
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy(
        "I reviewed this batch record and its audit trail for accuracy, completeness and compliance."
    )
    asks = ReviewIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        panel = release_panel(subject)
        conform = sum(line.conforms for line in panel)
        approval = newest_approval(subject)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Entries in the batch's stream"), str(stream_position(subject))),
                Line(
                    _("Results that conform"),
                    _("%(conform)s of %(all)s") % {"conform": conform, "all": len(panel)},
                ),
                Line(_("Results approved by"), approval.signer_name if approval else "–"),
                Line(_("Statement"), intent["statement"] or "–"),
            ],
            version=f"{stream_position(subject)}",
            earlier=[EarlierSignature.on(approval)] if approval else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        panel = release_panel(subject)
        approval = newest_approval(subject)
        review = newest_review(subject)
        decided = subject.state.disposition != Decision.NONE
        return [
            *when(decided, _("The decision on this batch has been made.")),
            *objections_to_record(subject),
            *objections_to_facts(subject),
            *when(
                approval is None or not is_current(approval, panel),
                _("Quality control has not approved the results as they stand now."),
            ),
            *when(
                review is not None and review.stream_position == stream_position(subject),
                _("The record was reviewed as it stands now."),
            ),
            *objections_to_person(subject, by),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> RecordReview:
        approval = newest_approval(subject)
        assert approval is not None  # noqa: S101  objected to above
        row = RecordReview(
            batch=subject,
            stream_position=stream_position(subject),
            approval=approval,
            statement=intent["statement"],
        )
        return sign(row, signature, type="record.reviewed", earlier=[approval])


class DecisionIntent(StrictSerializer[Intent]):
    """The decision and what the certifier states."""

    decision = serializers.ChoiceField([Decision.CERTIFIED.value, Decision.NOT_CERTIFIED.value])
    statement = TextField(max_length=2000, required=False, allow_blank=True, default="")


@register
class CertifyBatch(BatchAct):
    """Certify a batch or decide not to; the decision is signed and never changed."""

    code = "batch.certify"
    title = gettext_lazy("Decide on the batch")
    verb = gettext_lazy("Sign the decision")
    permission = Permission.BATCH_CERTIFY
    stopped_by_findings = True
    meaning = Meaning.CERTIFIED
    asks = DecisionIntent

    def means(self, intent: Intent) -> tuple[Meaning, str]:
        if intent["decision"] == Decision.CERTIFIED:
            return Meaning.CERTIFIED, _("I certify this batch.")
        return Meaning.REJECTED, _("I do not certify this batch. Its containers stay in quarantine.")

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        panel = release_panel(subject)
        review = newest_review(subject)
        words = product_of(subject).profile.decision(intent["decision"])
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Decision"), f"{words.title}. {words.statement}"),
                *(Line(f"{line.title}, {line.criterion_words}", line.result_words, line.status) for line in panel),
                Line(_("Statement"), intent["statement"] or "–"),
            ],
            version=f"{subject.state.disposition}|{stream_position(subject)}",
            earlier=[EarlierSignature.on(review)] if review else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        decision = Decision(intent["decision"])
        return [
            *_objections_to_decision(subject, decision, by),
            *when(
                decision == Decision.NOT_CERTIFIED and len(intent["statement"]) < SHORTEST_STATEMENT,
                _("Say why the batch is not certified, in at least 10 characters."),
                code="no_statement",
                field="statement",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> Disposition:
        decision = Decision(intent["decision"])
        review, approval = newest_review(subject), newest_approval(subject)
        newest = Disposition.objects.filter(batch=subject).order_by("-version").first()
        row = Disposition(
            batch=subject,
            decision=decision,
            version=newest.version + 1 if newest else 1,
            review=review,
            approval=approval,
            statement=intent["statement"],
            supersedes=newest,
        )
        sign(row, signature, type=f"batch.{decision}", earlier=[one for one in (review, approval) if one])
        conclude(subject, decision)
        outbox.owe(CHECKPOINT_JOB, row.pk, then=BATCH_CERTIFICATE_JOB)
        return row
