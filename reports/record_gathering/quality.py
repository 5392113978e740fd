"""What quality decided on the batch: reviews, approvals, decisions, holds, ends."""

from collections.abc import Collection
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import day
from batches.definitions.product import Profile
from batches.holds import hold_words
from batches.models import (
    Batch,
    BatchState,
    Hold,
    HoldLifted,
    LegalHold,
    LegalHoldLifted,
    ManufactureEnded,
    OrderEnded,
    SignedInBatch,
)
from batches.pinned import product_of
from qc.dose import words as dose_words
from qc.dose.rules import DoseVerdict
from qc.models import (
    Addendum,
    AuditTrailReviewed,
    BatchDose,
    DecisionStands,
    Disposition,
    DoseVerification,
    ExceptionAssessed,
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
from reports.record_gathering.after_release import AFTER_RELEASE, told_after_release
from reports.record_gathering.contract import CERTIFICATES, certificate_told
from reports.record_gathering.investigations import OUT_OF_SPECIFICATION, signed_about, words_of
from reports.record_gathering.names import Names
from reports.record_gathering.outside import decided_outside
from reports.record_gathering.reviews import words_of_review
from reports.record_gathering.supply import SUPPLYING, decided_on_supply
from reports.snapshot import Evaluation, Sign

DONE = "done"
DECIDING: tuple[type[SignedInBatch], ...] = (
    BatchDose, DoseVerification, ResultsApproval, RecordReview, Disposition,
    ExceptionAssessed, AuditTrailReviewed,
    PhysicianAcceptance, SponsorRelease, SponsorReleaseChecked,
    NotificationDone, Addendum, DecisionStands, LegalHold, LegalHoldLifted, *AFTER_RELEASE,
)  # fmt: skip


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


def decisions(
    batch: Batch, names: Names, *, stated_already: Collection[UUID] = frozenset()
) -> tuple[stated.Decided, ...]:
    """Give every act of quality on the whole batch and each end, but what is stated already, in order."""
    profile = product_of(batch).profile
    rows: list[Signed] = []
    for model in (*DECIDING, *CERTIFICATES):
        rows += model._default_manager.filter(batch=batch)
    for model in SUPPLYING:
        rows += model._default_manager.filter(batch=batch)
    rows += signed_about(batch)
    rows += ManufactureEnded.objects.filter(batch=batch)
    rows += OrderEnded.objects.filter(order=batch.order)
    rows.sort(key=lambda row: (row.recorded_at, str(row.pk)))
    return tuple(_decided(row, profile, names) for row in rows if row.pk not in stated_already)


def _decided(row: Signed, profile: Profile, names: Names) -> stated.Decided:
    match row:
        case ResultsApproval():
            title = _("Results approved for version %(version)s of the certificate of analysis")
            about = Evaluation(DONE, Sign.WAIT if row.is_interim else Sign.PASS, _("Approved"))
            statement = _("A result was pending.") if row.is_interim else ""
            return _one(title % {"version": row.version}, about, statement, row, names)
        case BatchDose():
            within = row.verdict == DoseVerdict.WITHIN
            sign = Sign.PASS if within else Sign.FAIL
            about = Evaluation(row.verdict, sign, dose_words.verdict_words(row.verdict))
            return _one(_("Dose, version %(version)s") % {"version": row.version}, about, _dose(row), row, names)
        case DoseVerification():
            version = _("Dose verified, version %(version)s") % {"version": row.dose.version}
            return _one(version, Evaluation(DONE, Sign.PASS, _("Verified")), row.dose.reported, row, names)
        case ExceptionAssessed() | AuditTrailReviewed():
            title, status, statement = words_of_review(row)
            return _one(title, status, statement, row, names)
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
        case _:
            return _by_topic(row, names)


def _by_topic(row: Signed, names: Names) -> stated.Decided:
    """Give a row that the module of its topic puts into words."""
    if isinstance(row, OUT_OF_SPECIFICATION):
        title, statement = words_of(row)
        return _one(title, Evaluation(DONE, Sign.NONE, _("Signed")), statement, row, names)
    if isinstance(row, CERTIFICATES):
        title, statement = certificate_told(row)
        return _one(title, Evaluation(DONE, Sign.NONE, _("Signed")), statement, row, names)
    if isinstance(row, SUPPLYING):
        return decided_on_supply(row, names)
    if isinstance(row, AFTER_RELEASE):
        return _one(*told_after_release(row), row, names)
    if isinstance(row, SaidOutside | SponsorReleaseChecked | NotificationDone | Addendum | DecisionStands):
        return decided_outside(row, names)
    return _kept_or_ended(row, names)


def _kept_or_ended(row: Signed, names: Names) -> stated.Decided:
    match row:
        case Hold():
            said = f"{hold_words(row)}: {row.reason}"
            return _one(_("Hold"), Evaluation("hold", Sign.WARN, _("Set")), said, row, names)
        case HoldLifted():
            return _one(_("Hold"), Evaluation(DONE, Sign.NONE, _("Lifted")), row.reason, row, names)
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


def _dose(row: BatchDose) -> str:
    """Give a dose with what it was calculated from and each infusion."""
    weight = row.inputs["weight"]
    parts = [
        f"{row.reported}.",
        _("Allowed: %(allowed)s.") % {"allowed": dose_words.allowed_words(row.outcome)},
        _("Count: %(count)s.") % {"count": dose_words.count_words(row.inputs["count"])},
        _("Weight: %(kg)s kg.") % {"kg": weight["kilograms"]} if weight else "",
        f"{dose_words.fraction_words(row.outcome)}.",
        _("Reason: %(reason)s") % {"reason": row.reason} if row.reason else "",
    ]
    return " ".join(filter(None, parts))


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
