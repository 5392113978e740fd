"""Quality control approves the results as they stand, for one version of the certificate of analysis.

The certificate states results and decides nothing. It is interim while a line that may follow is pending. A result
that changes afterwards needs a new approval, and so a new version that supersedes the first.

Where manufacture ended before its last step, what was never tested stays open: the results are approved as far as they
go, so that the record can be reviewed and the batch refused.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from ledger import outbox
from ledger.checkpoints import CHECKPOINT_JOB
from qc.models import ResultsApproval
from qc.panel import PanelLine, Standing
from qc.record_read import RecordRead
from qc.release.record_act import RecordAct

CERTIFICATE_JOB = "certificate_of_analysis"


def results_of(panel: list[PanelLine]) -> list[str]:
    """Give the ids of the results in force that a second person reviewed, sorted."""
    return sorted(str(line.result.pk) for line in panel if line.result and line.standing is Standing.REVIEWED)


def is_current(approval: ResultsApproval, panel: list[PanelLine]) -> bool:
    """Tell whether an approval states exactly the results that are in force now."""
    return bool(approval.results == results_of(panel))


@register
class ApproveResults(RecordAct):
    """Approve the results for a certificate of analysis and owe its document."""

    code = "results.approve"
    title = gettext_lazy("Approve results for the certificate of analysis")
    verb = gettext_lazy("Approve and sign")
    permission = Permission.RESULTS_APPROVE
    stopped_by_findings = True
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I approve these results for this certificate of analysis.")

    def to_sign(self, subject: RecordRead, intent: Intent) -> ToSign:
        panel = subject.panel
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[Line(f"{line.title}, {line.criterion_words}", line.result_words, line.status) for line in panel],
            version="|".join(results_of(panel)),
        )

    def objections(self, subject: RecordRead, intent: Intent, by: Person) -> list[Objection]:
        panel, approval = subject.panel, subject.approval
        ended = subject.ended is not None
        waiting = [line for line in panel if (line.is_open and not line.may_follow and not ended) or line.is_outdated]
        own = [line.title for line in panel if line.result and line.result.signer_id == by.pk]
        return [
            *(
                objection
                for line in waiting
                for objection in when(True, line.waits_for(), code="result_missing", field=line.code, url=line.url)
            ),
            *when(not panel, _("The specification has no lines; nothing can be approved.")),
            *when(
                approval and is_current(approval, panel), _("These results are approved already."), code="already_done"
            ),
            *when(
                own,
                _("You submitted a result here: %(own)s. Somebody else approves.") % {"own": ", ".join(own)},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: RecordRead, intent: Intent, signature: Signature) -> ResultsApproval:
        panel, newest = subject.panel, subject.approval
        row = ResultsApproval(
            batch=subject.batch,
            version=newest.version + 1 if newest else 1,
            results=results_of(panel),
            is_interim=any(line.is_open for line in panel),
        )
        reviews = [line.review for line in panel if line.review and line.standing is Standing.REVIEWED]
        sign(row, signature, type="results.approved", earlier=reviews)
        outbox.owe(CHECKPOINT_JOB, row.pk, then=CERTIFICATE_JOB)
        return row
