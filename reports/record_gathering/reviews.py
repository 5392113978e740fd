"""What quality assurance read before it reviewed a record: exceptions it judged, groups of the audit trail."""

from django.utils.translation import gettext as _

from qc.models import AuditTrailReviewed, ExceptionAssessed
from qc.review_by_exception.trail_words import covered_words
from reports.snapshot import Evaluation, Sign


def words_of_review(row: ExceptionAssessed | AuditTrailReviewed) -> tuple[str, Evaluation, str]:
    """Give title, status and statement of a judged exception or of a review of the audit trail."""
    rules = _("Rules %(version)s.") % {"version": row.rules}
    match row:
        case ExceptionAssessed():
            asked = row.outcome == ExceptionAssessed.Outcome.ASK
            about = Evaluation(row.outcome, Sign.WAIT if asked else Sign.NONE, str(row.get_outcome_display()))
            impact = _("Product impact: %(what)s") % {"what": row.impact} if row.impact else ""
            return _("Exception"), about, " ".join(filter(None, (row.says, row.reason, impact, rules)))
        case AuditTrailReviewed():
            reviewed = Evaluation("done", Sign.PASS, _("Reviewed"))
            covered = f"{'; '.join(covered_words(row, with_digest=True))}."
            return _("Review of the audit trail"), reviewed, " ".join(filter(None, (covered, row.remark, rules)))
