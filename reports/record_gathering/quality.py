"""What quality thinks of the batch: exceptions with their assessment, reviews, approvals, decisions, holds."""

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import day
from batches.definitions.product import Profile
from batches.models import (
    Batch,
    BatchState,
    LegalHold,
    LegalHoldLifted,
    ManufactureEnded,
    OrderEnded,
    SignedInBatch,
)
from batches.pinned import product_of
from qc.assessing import Fact, facts_of
from qc.models import (
    Addendum,
    DecisionStands,
    Disposition,
    FactAssessment,
    NotificationDone,
    PhysicianAcceptance,
    RecordReview,
    ResultsApproval,
    SponsorRelease,
    SponsorReleaseChecked,
)
from qc.models.releasing import SaidOutside
from reports import record_snapshot as stated
from reports.gathering import sign_of_decision
from reports.record_gathering.names import Names
from reports.record_gathering.outside import decided_outside
from reports.snapshot import Evaluation, Sign

DONE = "done"
DECIDING: tuple[type[SignedInBatch], ...] = (
    ResultsApproval, RecordReview, Disposition, PhysicianAcceptance, SponsorRelease, SponsorReleaseChecked,
    NotificationDone, Addendum, DecisionStands, LegalHold, LegalHoldLifted,
)  # fmt: skip


def exceptions(batch: Batch, names: Names) -> tuple[stated.Exceptional, ...]:
    """Give every fact that had to be assessed, with what quality assurance concluded, in the order of the record."""
    return tuple(_exception(fact, names) for fact in facts_of(batch))


def _exception(fact: Fact, names: Names) -> stated.Exceptional:
    row, says = fact.assessment, fact.says.strip()
    recorded = f"{names.by_at(fact.row.actor, fact.row.recorded_at)}, {names.entry(fact.row)}"
    if row is None:
        waits = Evaluation("open", Sign.WARN, _("Not assessed"))
        return stated.Exceptional(fact.kind, says, recorded, waits)
    return stated.Exceptional(
        kind=fact.kind,
        says=says,
        recorded=recorded,
        evaluation=Evaluation("assessed", Sign.NONE, _("Assessed")),
        impact=row.impact,
        conclusion=_concluded(row),
        signature=names.signature(row, _("Electronic signature, assessment")),
    )


def _concluded(row: FactAssessment) -> str:
    """Give the conclusion with what else a deviation states."""
    if not row.number:
        return row.conclusion
    parts = [row.conclusion, f"{row.number}, {row.get_severity_display()}: {row.get_decision_display()}."]
    parts.append(_("Immediate action: %(what)s") % {"what": row.immediate_action})
    if row.root_cause:
        parts.append(_("Root cause: %(what)s") % {"what": row.root_cause})
    return " ".join(parts)


def standing(batch: Batch, names: Names) -> tuple[Evaluation, str, str]:
    """Give the decision on the batch in the words of its profile, its statement, and who made it."""
    newest = Disposition.objects.filter(batch=batch).order_by("-version").first()
    if newest is None:
        none = BatchState.Disposition.NONE
        waits = Evaluation(none.value, Sign.WAIT, str(none.label))
        return waits, _("Nobody has decided on this batch. It is not certified."), _("nobody yet")
    words = product_of(batch).profile.decision(newest.decision)
    sign = sign_of_decision(newest.decision)
    signature = names.signature(newest, words.title)
    who = f"{signature.name}, {signature.role}, {signature.signed_at}"
    return Evaluation(newest.decision, sign, words.title), words.statement, who


def decisions(batch: Batch, names: Names) -> tuple[stated.Decided, ...]:
    """Give every act of quality on the whole batch and each end, in the order of the record."""
    profile = product_of(batch).profile
    rows: list[Signed] = []
    for model in DECIDING:
        rows += model._default_manager.filter(batch=batch)
    rows += ManufactureEnded.objects.filter(batch=batch)
    rows += OrderEnded.objects.filter(order=batch.order)
    rows.sort(key=lambda row: (row.recorded_at, str(row.pk)))
    return tuple(_decided(row, profile, names) for row in rows)


def _decided(row: Signed, profile: Profile, names: Names) -> stated.Decided:
    match row:
        case ResultsApproval():
            title = _("Results approved for version %(version)s of the certificate of analysis")
            about = Evaluation(DONE, Sign.WAIT if row.is_interim else Sign.PASS, _("Approved"))
            statement = _("A result was pending.") if row.is_interim else ""
            return _one(title % {"version": row.version}, about, statement, row, names)
        case RecordReview():
            statement = _("Position %(position)s in the batch's stream was the newest that was reviewed.")
            words = [statement % {"position": row.stream_position}, row.statement]
            about = Evaluation(DONE, Sign.PASS, _("Reviewed"))
            return _one(_("Review of the whole record"), about, " ".join(filter(None, words)), row, names)
        case Disposition():
            decision = profile.decision(row.decision)
            about = Evaluation(row.decision, sign_of_decision(row.decision), decision.title)
            said = " ".join(filter(None, (decision.statement, row.statement, *_conditions(row))))
            return _one(_("Decision, version %(version)s") % {"version": row.version}, about, said, row, names)
        case SaidOutside() | SponsorReleaseChecked() | NotificationDone() | Addendum() | DecisionStands():
            return decided_outside(row, names)
        case LegalHold():
            return _one(_("Legal hold"), Evaluation("hold", Sign.WARN, _("Set")), row.reason, row, names)
        case LegalHoldLifted():
            return _one(_("Legal hold"), Evaluation(DONE, Sign.NONE, _("Lifted")), row.reason, row, names)
        case ManufactureEnded():
            about = Evaluation(row.how, Sign.WARN, str(row.get_how_display()))
            return _one(_("End of manufacture"), about, f"{row.get_why_display()}. {row.says}", row, names)
        case OrderEnded():
            about = Evaluation(row.how, Sign.NONE, str(row.get_how_display()))
            said = ". ".join(filter(None, (f"{day(row.happened_on)}, {row.source}", row.reason)))
            return _one(_("End of the order"), about, said, row, names)
        case _:
            raise TypeError(f"{row.record_type()} is no act of quality on a batch.")


def _conditions(row: Disposition) -> list[str]:
    """Give what a conditional decision left pending, and what is done if a late result is positive."""
    if not row.pending:
        return []
    pending = ", ".join(str(each["title"]) for each in row.pending)
    return [
        _("Still pending: %(pending)s.") % {"pending": pending},
        _("If a late result is positive: %(plan)s") % {"plan": row.plan_if_positive},
    ]


def _one(title: str, evaluation: Evaluation, statement: str, row: Signed, names: Names) -> stated.Decided:
    return stated.Decided(title, evaluation, statement, names.signature(row, _("Electronic signature")))
