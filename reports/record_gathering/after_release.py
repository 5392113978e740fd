"""What happened after release, for the record: at the bedside, bags that came back, the follow-up, complaints."""

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import day
from batches.models import SignedInBatch
from chain_of_custody.attesting import evidence_words
from qc.after_release.following_up import item_of, value_words
from qc.after_release.words import lines_of_report
from qc.models import (
    BagReturned,
    ComplaintClosed,
    FollowUpChecked,
    FollowUpRecorded,
    InfusionReport,
    InfusionReportChecked,
    ReturnDecided,
)
from qc.models.after_infusion import ComparedWithEvidence
from reports.snapshot import Evaluation, Sign

DONE = "done"
AFTER_RELEASE: tuple[type[SignedInBatch], ...] = (
    InfusionReport, InfusionReportChecked, BagReturned, ReturnDecided, FollowUpRecorded, FollowUpChecked,
    ComplaintClosed,
)  # fmt: skip


def told_after_release(row: Signed) -> tuple[str, Evaluation, str]:
    """Give the title, the standing and the words of one such row."""
    match row:
        case InfusionReport():
            return _("Report from the bedside"), _attested(bool(row.wrong)), _report(row)
        case FollowUpRecorded():
            return _("Follow-up"), _attested(row.alarms), _follow_up(row)
        case ComparedWithEvidence():
            return _compared(row)
        case BagReturned():
            said = _("%(bag)s: %(reason)s Condition: %(condition)s. Logger: %(logger)s.") % {
                "bag": row.container.code,
                "reason": row.reason,
                "condition": row.condition,
                "logger": row.logger,
            }
            return _("A bag came back"), Evaluation(DONE, Sign.WARN, _("In quarantine")), said
        case ReturnDecided():
            words = str(row.get_decision_display())
            return (
                _("Decision on a bag that came back"),
                Evaluation(row.decision, Sign.NONE, words),
                (f"{row.returned.container.code}: {row.reason}"),
            )
        case ComplaintClosed():
            outcome = Evaluation(row.outcome, Sign.NONE, str(row.get_outcome_display()))
            complaint = row.complaint
            who = f"{complaint.number}, {complaint.name}, {complaint.role}, {complaint.channel}: {complaint.text}"
            return _("Complaint closed"), outcome, f"{who} {row.investigation} {row.conclusion}"
        case _:
            raise TypeError(f"{row.record_type()} is nothing that happened after release.")


def _attested(is_wrong: bool) -> Evaluation:
    return Evaluation("attested", Sign.FAIL if is_wrong else Sign.NONE, _("Attested"))


def _report(row: InfusionReport) -> str:
    parts = [f"{line.label}: {line.value}." for line in lines_of_report(row)]
    return " ".join([*row.wrong, *parts, _said(row)])


def _said(row: InfusionReport | FollowUpRecorded) -> str:
    evidence = evidence_words(row.evidence, row.evidence_reference)
    words = {"name": row.name, "role": row.role, "said": row.said, "evidence": evidence}
    return _("Stated by %(name)s, %(role)s: %(said)s Evidence: %(evidence)s.") % words


def _follow_up(row: FollowUpRecorded) -> str:
    found = item_of(row.batch, row.item, str(row.day))
    words = {
        "title": found[0].title if found else row.item,
        "day": row.day,
        "done": day(row.done_on),
        "value": value_words(found[0], row.value) if found else row.value,
        "sample": row.sample or "–",
    }
    what = _("%(title)s, day %(day)s, done %(done)s: %(value)s. Sample: %(sample)s.") % words
    return f"{what} {_said(row)}"


def _compared(row: ComparedWithEvidence) -> tuple[str, Evaluation, str]:
    what = _("Report from the bedside") if isinstance(row, InfusionReportChecked) else _("Follow-up")
    title = _("%(what)s, compared with its evidence") % {"what": what}
    if row.agrees:
        return title, Evaluation(DONE, Sign.PASS, _("Agrees")), row.remark
    return title, Evaluation("set_aside", Sign.WARN, _("Set aside")), row.remark
