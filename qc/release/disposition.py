"""The decision on a batch: who, in which order, against which objections.

(1) Quality assurance reviews the whole record; another person, the qualified person, certifies or does not (profile EU;
    EU GMP Annex 16, Part IV section 11). Certification is refused with the full list of what stands against it.
(2) Where results may follow and are needed too late, a batch is certified conditionally on the rest
    (qc/release/two_step.py), and finally when they are there, on results approved anew and a record reviewed anew.
(3) Each later decision is a new signed row that supersedes the one before. Not certifying and withdrawing need a reason
    and never destroy anything: the containers stay where they are.

This module is the only one that imports `batches.conclusion`.
"""

from collections.abc import Collection
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
from batches.record import objections_to_record
from batches.streams import streams_of
from chain_of_custody.following import objections_to_custody
from ledger import outbox
from ledger.anchoring import blocks_decisions
from ledger.checkpoints import CHECKPOINT_JOB
from qc.batch_act import BatchAct
from qc.contract_laboratory.certificates import objections_to_certificates
from qc.dose.determining import objections_to_dose
from qc.models import Disposition, FactAssessment, RecordReview
from qc.out_of_specification.records import objections_to_out_of_specification
from qc.panel import PanelLine, release_panel
from qc.release.approving import is_current, newest_approval
from qc.release.assessing import open_facts
from qc.release.notifying import objections_to_positive
from qc.release.pending import decision_in_force
from qc.release.taking_part import objections_to_person
from qc.release.two_step import acceptance_for, objections_to_two_step, two_step_of
from qc.review_by_exception.reviewing import objections_to_exceptions
from qc.review_by_exception.trail import objections_to_trail
from qc.review_by_exception.trail_streams import stream_position

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


def newest_review(batch: Batch) -> RecordReview | None:
    """Give the newest review of the record, if there is one."""
    return RecordReview.objects.filter(batch=batch).order_by("-stream_position", "-recorded_at").first()


def objections_to_results(batch: Batch, panel: list[PanelLine], *, may_wait: Collection[str] = ()) -> list[Objection]:
    """Give the lines of the specification that stand against certification, one sentence each; some may wait."""
    approval = newest_approval(batch)
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


def objections_to_certification(batch: Batch, *, conditionally: bool = False) -> list[Objection]:
    """Give the full list of what stands against certifying a batch, whoever certifies."""
    review, panel = newest_review(batch), release_panel(batch)
    need = two_step_of(batch, panel) if conditionally else None
    return [
        *objections_to_completeness(batch),
        *objections_to_certifying_ended(batch),
        *objections_to_held(batch),
        *objections_to_refused_facts(batch),
        *objections_to_donor(batch),
        *objections_to_positive(batch),
        *objections_to_results(batch, panel, may_wait={one.line.code for one in need.pending} if need else ()),
        *(objections_to_two_step(batch, panel, need) if need else []),
        *objections_to_out_of_specification(batch),
        *objections_to_certificates(batch),
        *objections_to_dose(batch),
        *objections_to_exceptions(batch),
        *objections_to_trail(batch),
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
        *([] if decision == Decision.WITHDRAWN else objections_to_streams(streams_of(batch))),
        *_objections_to_decision(batch, decision, by),
    ]


def _objections_to_decision(batch: Batch, decision: Decision, by: Person) -> list[Objection]:
    return [
        *when(
            move(batch.state.disposition, decision) is None,
            _("This can't be decided now. The decision on this batch has been made: %(decision)s.")
            % {"decision": batch.state.get_disposition_display()},
            code="decided",
        ),
        # Nothing but the person keeps anybody from withdrawing: it only stops what is still here from leaving.
        *([] if decision == Decision.WITHDRAWN else _objections_to_deciding(batch, decision, by)),
        *objections_to_person(batch, by),
    ]


def _objections_to_deciding(batch: Batch, decision: Decision, by: Person) -> list[Objection]:
    review = newest_review(batch)
    certifying = decision in CERTIFYING
    withdrawn = batch.state.disposition == Decision.WITHDRAWN
    conditionally = decision == Decision.CERTIFIED_CONDITIONALLY
    return [
        *(
            objections_to_certification(batch, conditionally=conditionally)
            if certifying
            else objections_to_copies(batch)
        ),
        *when(
            not certifying and review is None,
            _("Quality assurance has not reviewed the record."),
            code="no_review",
        ),
        *when(
            not certifying and withdrawn and review is not None and review.stream_position < stream_position(batch),
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
class CertifyBatch(BatchAct):
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

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        panel = release_panel(subject)
        review, before = newest_review(subject), decision_in_force(subject)
        words = product_of(subject).profile.decision(intent["decision"])
        conditional = intent["decision"] == Decision.CERTIFIED_CONDITIONALLY
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Decision"), f"{words.title}. {words.statement}"),
                *([Line(_("Supersedes"), before.get_decision_display())] if before else []),
                *(self._conditions(subject, panel, intent) if conditional else []),
                *(Line(f"{line.title}, {line.criterion_words}", line.result_words, line.status) for line in panel),
                Line(_("Statement"), intent["statement"] or "–"),
            ],
            version=f"{subject.state.disposition}|{stream_position(subject)}",
            earlier=[EarlierSignature.on(review)] if review else [],
        )

    def _conditions(self, subject: Batch, panel: list[PanelLine], intent: Intent) -> list[Line]:
        need = two_step_of(subject, panel)
        acceptance = acceptance_for(subject, need)
        accepted = f"{acceptance.name}, {record_time(acceptance.happened_at)}" if acceptance else "–"
        return [
            Line(_("Still pending"), "; ".join(one.words for one in need.pending) or "–", "conditional"),
            Line(_("Why before the last result"), need.says),
            Line(_("Allowed by"), need.authorisation or "–"),
            Line(_("Accepted by the physician"), accepted if need.asks_physician else _("not asked for")),
            Line(_("If a late result is positive"), intent["plan_if_positive"] or "–"),
        ]

    def all_objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        # An incident about the record stops decisions, never the one that keeps what is here from leaving.
        if intent["decision"] == Decision.WITHDRAWN:
            return [*lacks(by, self.permission), *self.objections(subject, intent, by)]
        return super().all_objections(subject, intent, by)

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        decision = Decision(intent["decision"])
        return [*_objections_to_decision(subject, decision, by), *objections_to_statement(decision, intent)]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> Disposition:
        decision = Decision(intent["decision"])
        review, approval = newest_review(subject), newest_approval(subject)
        newest = decision_in_force(subject)
        row = Disposition(
            batch=subject,
            decision=decision,
            version=newest.version + 1 if newest else 1,
            review=review,
            approval=approval,
            statement=intent["statement"],
            supersedes=newest,
        )
        if decision == Decision.CERTIFIED_CONDITIONALLY:
            need = two_step_of(subject, release_panel(subject))
            row.pending = [one.stated() for one in need.pending]
            row.plan_if_positive = intent["plan_if_positive"]
            row.acceptance = acceptance_for(subject, need)
        earlier = [one for one in (review, approval, row.acceptance, newest) if one]
        sign(row, signature, type=f"batch.{decision}", earlier=earlier)
        conclude(subject, decision)
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
