"""The decision on a batch: who, in which order, against which objections.

(1) Quality assurance reviews the whole record; another person, the qualified person, certifies or does not (profile EU;
    EU GMP Annex 16, Part IV section 11). Certification is refused with the full list of what stands against it.
(2) Where results may follow and are needed too late, a batch is certified conditionally on the rest
    (qc/release/two_step.py), and finally when they are there, on results approved anew and a record reviewed anew.
(3) Each later decision is a new signed row that supersedes the one before. Not certifying and withdrawing need a reason
    and never destroy anything: the containers stay where they are.

This module is the only one that imports `batches.conclusion`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

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
from accounts.wording import record_time
from batches.conclusion import conclude
from batches.continuity import objections_to_copies
from batches.donors import objections_to_donor
from batches.ended import objections_to_certifying_ended
from batches.holds import objections_to_held
from batches.identity import identity_lines
from batches.models import Batch, BatchState
from batches.pinned import product_of
from ledger import outbox
from ledger.anchoring import blocks_decisions
from ledger.checkpoints import CHECKPOINT_JOB
from qc.contract_laboratory.certificates import objections_to_certificates
from qc.dose.determining import objections_to_dose
from qc.models import Disposition, FactAssessment
from qc.out_of_specification.records import objections_to_out_of_specification
from qc.panel import PanelLine
from qc.record_read import RecordRead
from qc.release.approving import is_current
from qc.release.assessing import Fact, open_facts
from qc.release.notifying import objections_to_positive
from qc.release.record_act import RecordAct
from qc.release.taking_part import objections_to_person
from qc.release.two_step import acceptance_for, objections_to_two_step, two_step_of
from qc.review_by_exception.reviewing import objections_to_exceptions
from qc.review_by_exception.trail import objections_to_trail

BATCH_CERTIFICATE_JOB = "batch_certificate"
Decision = BatchState.Disposition
SHORTEST_STATEMENT = 10
SHORTEST_JUSTIFICATION = 20


@dataclass(frozen=True, slots=True)
class Move:
    """One allowed step from decision to decision: who may take it and what the signature means."""

    before: Decision
    after: Decision
    permission: Permission
    meaning: Meaning


MOVES = (
    Move(Decision.NONE, Decision.CERTIFIED_CONDITIONALLY, Permission.BATCH_CERTIFY, Meaning.CERTIFIED),
    Move(Decision.NONE, Decision.CERTIFIED, Permission.BATCH_CERTIFY, Meaning.CERTIFIED),
    Move(Decision.NONE, Decision.NOT_CERTIFIED, Permission.BATCH_CERTIFY, Meaning.REJECTED),
    Move(Decision.CERTIFIED_CONDITIONALLY, Decision.CERTIFIED, Permission.BATCH_CERTIFY, Meaning.CERTIFIED),
    Move(Decision.CERTIFIED_CONDITIONALLY, Decision.NOT_CERTIFIED, Permission.BATCH_CERTIFY, Meaning.REJECTED),
    Move(Decision.CERTIFIED, Decision.WITHDRAWN, Permission.BATCH_CERTIFY, Meaning.REJECTED),
    Move(Decision.WITHDRAWN, Decision.CERTIFIED, Permission.BATCH_CERTIFY, Meaning.CERTIFIED),
    Move(Decision.WITHDRAWN, Decision.NOT_CERTIFIED, Permission.BATCH_CERTIFY, Meaning.REJECTED),
)
CERTIFYING = (Decision.CERTIFIED, Decision.CERTIFIED_CONDITIONALLY)


def move(before: str, after: str) -> Move | None:
    """Give the allowed step between two decisions, if there is one."""
    return next((one for one in MOVES if (one.before, one.after) == (before, after)), None)


def next_decisions(batch: Batch) -> tuple[Decision, ...]:
    """Give the decisions that may follow the one in force, in the order of the table."""
    return tuple(one.after for one in MOVES if one.before == batch.state.disposition)


def objections_to_results(read: RecordRead, *, may_wait: Collection[str] = ()) -> list[Objection]:
    """Give the lines of the specification that stand against certification, one sentence each; some may wait."""
    panel, approval = read.panel, read.approval
    return [
        *when(not panel, _("The specification has no lines; an empty specification certifies nothing.")),
        *(objection for line in panel if line.code not in may_wait for objection in _against(line)),
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


def objections_to_facts(batch: Batch, facts: Sequence[Fact] | None = None) -> list[Objection]:
    """Give the facts of a batch that quality assurance has not assessed."""
    return [
        Objection(_("Not assessed: %(kind)s. %(says)s") % {"kind": fact.kind, "says": fact.says}, code="fact_open")
        for fact in open_facts(batch, facts)
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


def objections_to_completeness(read: RecordRead) -> list[Objection]:
    """Give everything in the record itself, in custody and in the facts that stands against a decision to certify."""
    return [*read.against_record, *read.against_custody, *objections_to_facts(read.batch, read.facts)]


def objections_to_certification(
    batch: Batch, read: RecordRead | None = None, *, conditionally: bool = False
) -> list[Objection]:
    """Give the full list of what stands against certifying a batch, whoever certifies."""
    read = read or RecordRead(batch)
    review, panel = read.review, read.panel
    need = two_step_of(batch, panel) if conditionally else None
    return [
        *objections_to_completeness(read),
        *objections_to_certifying_ended(read.ended),
        *objections_to_held(batch),
        *objections_to_refused_facts(batch),
        *objections_to_donor(batch, read.donor),
        *objections_to_positive(batch, read.rows),
        *objections_to_results(read, may_wait={one.line.code for one in need.pending} if need else ()),
        *(objections_to_two_step(batch, panel, need) if need else []),
        *objections_to_out_of_specification(batch, read.records),
        *objections_to_certificates(batch),
        *objections_to_dose(batch, read.rows),
        *objections_to_exceptions(batch, read),
        *objections_to_trail(batch, read.trail),
        *when(review is None, _("Quality assurance has not reviewed the record."), code="no_review"),
        *when(
            read.is_review_outdated,
            _("The record changed after quality assurance reviewed it; review it again."),
            code="review_outdated",
        ),
    ]


def objections_to_disposition(
    batch: Batch, decision: Decision, by: Person, read: RecordRead | None = None
) -> list[Objection]:
    """Give everything that stands against one decision on a batch by this person; what they state is not asked."""
    read = read or RecordRead(batch)
    return [
        *lacks(by, Permission.BATCH_CERTIFY),
        *([] if decision == Decision.WITHDRAWN else objections_to_streams(read.streams)),
        *_objections_to_decision(read, decision, by),
    ]


def _objections_to_decision(read: RecordRead, decision: Decision, by: Person) -> list[Objection]:
    batch = read.batch
    return [
        *when(
            move(batch.state.disposition, decision) is None,
            _("This can't be decided now. The decision on this batch has been made: %(decision)s.")
            % {"decision": batch.state.get_disposition_display()},
            code="decided",
        ),
        # Nothing but the person keeps anybody from withdrawing: it only stops what is still here from leaving.
        *([] if decision == Decision.WITHDRAWN else _objections_to_deciding(read, decision, by)),
        *objections_to_person(batch, by),
    ]


def _objections_to_deciding(read: RecordRead, decision: Decision, by: Person) -> list[Objection]:
    batch, review = read.batch, read.review
    certifying = decision in CERTIFYING
    withdrawn = batch.state.disposition == Decision.WITHDRAWN
    conditionally = decision == Decision.CERTIFIED_CONDITIONALLY
    return [
        *(
            objections_to_certification(batch, read, conditionally=conditionally)
            if certifying
            else objections_to_copies(batch)
        ),
        *when(
            not certifying and review is None,
            _("Quality assurance has not reviewed the record."),
            code="no_review",
        ),
        *when(
            not certifying and withdrawn and read.is_review_outdated,
            _("The record changed after quality assurance reviewed it; review it again."),
            code="review_outdated",
        ),
        *when(
            review is not None and review.signer_id == by.pk,
            _("You reviewed the record; another person certifies."),
            code="same_person",
        ),
        *when(waiting := blocks_decisions(), waiting, code="not_anchored", url=PAGE),
    ]


class DecisionIntent(StrictSerializer[Intent]):
    """The decision, what the certifier states, and for a conditional one what is done if a late result is positive."""

    decision = serializers.ChoiceField(
        [one for one in Decision.choices if one[0] != Decision.NONE], label=gettext_lazy("Decision")
    )
    statement = TextField(
        label=gettext_lazy("Statement"),
        max_length=2000,
        required=False,
        allow_blank=True,
        default="",
        help_text="the justification, or the reason",
    )
    plan_if_positive = TextField(
        label=gettext_lazy("What is done if a late result is positive"),
        max_length=2000,
        required=False,
        allow_blank=True,
        default="",
    )


@register
class CertifyBatch(RecordAct):
    """Decide on a batch; the decision is signed and never changed, a later one supersedes it."""

    code = "batch.certify"
    title = gettext_lazy("Decide on the batch")
    verb = gettext_lazy("Sign the decision")
    permission = Permission.BATCH_CERTIFY
    stopped_by_findings = True
    meaning = Meaning.CERTIFIED
    asks = DecisionIntent

    def means(self, intent: Intent) -> tuple[Meaning, str]:
        match Decision(intent["decision"]):
            case Decision.CERTIFIED:
                return Meaning.CERTIFIED, _("I certify this batch.")
            case Decision.CERTIFIED_CONDITIONALLY:
                return Meaning.CERTIFIED, _("I certify this batch conditionally, before the results named as pending.")
            case Decision.WITHDRAWN:
                return Meaning.REJECTED, _("I withdraw the certification of this batch.")
            case _:
                return Meaning.REJECTED, _("I do not certify this batch. Its containers stay in quarantine.")

    def to_sign(self, subject: RecordRead, intent: Intent) -> ToSign:
        batch, panel = subject.batch, subject.panel
        review, before = subject.review, subject.decision
        words = product_of(batch).profile.decision(intent["decision"])
        conditional = intent["decision"] == Decision.CERTIFIED_CONDITIONALLY
        return ToSign(
            title=str(self.title),
            identity=identity_lines(batch),
            lines=[
                Line(_("Decision"), f"{words.title}. {words.statement}"),
                *([Line(_("Supersedes"), before.get_decision_display())] if before else []),
                *(self._conditions(batch, panel, intent) if conditional else []),
                *(Line(f"{line.title}, {line.criterion_words}", line.result_words, line.status) for line in panel),
                Line(_("Statement"), intent["statement"] or "–"),
            ],
            version=f"{batch.state.disposition}|{subject.position}",
            earlier=[EarlierSignature.on(review)] if review else [],
        )

    def _conditions(self, batch: Batch, panel: list[PanelLine], intent: Intent) -> list[Line]:
        need = two_step_of(batch, panel)
        acceptance = acceptance_for(batch, need)
        accepted = f"{acceptance.name}, {record_time(acceptance.happened_at)}" if acceptance else "–"
        return [
            Line(_("Still pending"), "; ".join(one.words for one in need.pending) or "–", "conditional"),
            Line(_("Why before the last result"), need.says),
            Line(_("Allowed by"), need.authorisation or "–"),
            Line(_("Accepted by the physician"), accepted if need.asks_physician else _("not asked for")),
            Line(_("If a late result is positive"), intent["plan_if_positive"] or "–"),
        ]

    def all_objections(self, subject: RecordRead, intent: Intent, by: Person) -> list[Objection]:
        # An incident about the record stops decisions, never the one that keeps what is here from leaving.
        if intent["decision"] == Decision.WITHDRAWN:
            return [*lacks(by, self.permission), *self.objections(subject, intent, by)]
        return super().all_objections(subject, intent, by)

    def objections(self, subject: RecordRead, intent: Intent, by: Person) -> list[Objection]:
        decision = Decision(intent["decision"])
        return [*_objections_to_decision(subject, decision, by), *objections_to_statement(decision, intent)]

    def carry_out(self, subject: RecordRead, intent: Intent, signature: Signature) -> Disposition:
        batch, decision = subject.batch, Decision(intent["decision"])
        review, approval, newest = subject.review, subject.approval, subject.decision
        row = Disposition(
            batch=batch,
            decision=decision,
            version=newest.version + 1 if newest else 1,
            review=review,
            approval=approval,
            statement=intent["statement"],
            supersedes=newest,
        )
        if decision == Decision.CERTIFIED_CONDITIONALLY:
            need = two_step_of(batch, subject.panel)
            row.pending = [one.stated() for one in need.pending]
            row.plan_if_positive = intent["plan_if_positive"]
            row.acceptance = acceptance_for(batch, need)
        earlier = [one for one in (review, approval, row.acceptance, newest) if one]
        sign(row, signature, type=f"batch.{decision}", earlier=earlier)
        conclude(batch, decision)
        outbox.owe(CHECKPOINT_JOB, row.pk, then=BATCH_CERTIFICATE_JOB)
        return row


def objections_to_statement(decision: Decision, intent: Intent) -> list[Objection]:
    """Object where what has to be said with a decision was not said."""
    conditional = decision == Decision.CERTIFIED_CONDITIONALLY
    return [
        *when(
            decision == Decision.NOT_CERTIFIED and len(intent["statement"]) < SHORTEST_STATEMENT,
            _("Say why the batch is not certified, in at least 10 characters."),
            code="no_statement",
            field="statement",
        ),
        *when(
            decision == Decision.WITHDRAWN and len(intent["statement"]) < SHORTEST_STATEMENT,
            _("Say why the certification is withdrawn, in at least 10 characters."),
            code="no_statement",
            field="statement",
        ),
        *when(
            conditional and len(intent["statement"]) < SHORTEST_JUSTIFICATION,
            _("Justify the certification before the last result, in at least 20 characters."),
            code="no_justification",
            field="statement",
        ),
        *when(
            conditional and len(intent["plan_if_positive"]) < SHORTEST_JUSTIFICATION,
            _("Say what is done if a late result is positive, in at least 20 characters."),
            code="no_plan_if_positive",
            field="plan_if_positive",
        ),
    ]
