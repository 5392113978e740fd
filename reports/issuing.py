"""A document is issued by the transaction that records its finished bytes; none exists whose PDF cannot be made.

(1) The job may run twice, on two machines: the number is drawn first (a number may stay unused), the bytes are made
    outside any transaction, and the last transaction finishes the job or throws away what it made.
(2) A certificate of analysis has the version of the approval that it states. Versions are issued in their order: a
    later one waits until the one that it supersedes is there.
"""

from collections.abc import Callable
from datetime import datetime

from accounts.models import Signed
from accounts.wording import local
from batches.models import Batch
from ledger import clock, files, outbox
from ledger.canonical import digest
from ledger.failpoints import failpoint
from ledger.models import OutboxJob
from ledger.numbering import next_number
from ledger.verification import unmoving_view
from ledger.writing import write, writing
from qc.approving import CERTIFICATE_JOB
from qc.disposition import BATCH_CERTIFICATE_JOB
from qc.models import Disposition, ResultsApproval
from reports import gathering
from reports.models import Document
from reports.render import file_name, render
from reports.snapshot import Snapshot
from reports.snapshot_json import to_json

MACHINE = "machine"
NUMBER_KINDS = {Document.Kind.CERTIFICATE_OF_ANALYSIS: "COA", Document.Kind.BATCH_CERTIFICATE: "BC"}

# Makes the snapshot of one document from its number and time.
Gather = Callable[[str, datetime], Snapshot]


class WaitsForCertificateError(outbox.NotYetError):
    """A document that this one names or supersedes is not made yet; the job is tried again."""


@outbox.handles(CERTIFICATE_JOB)
def issue_certificate_of_analysis(job: OutboxJob) -> None:
    """Make the certificate of analysis that quality control approved."""
    approval = ResultsApproval.objects.select_related("batch__order__coi__subject").get(pk=job.subject)
    before = ResultsApproval.objects.filter(batch=approval.batch, version=approval.version - 1).first()
    superseded = document_on(before) if before else None

    def gather(number: str, issued_at: datetime) -> Snapshot:
        return gathering.certificate_of_analysis(
            approval, number=number, version=approval.version, issued_at=issued_at, supersedes=superseded
        )

    kind = Document.Kind.CERTIFICATE_OF_ANALYSIS
    _issue(job, approval, approval.batch, kind, gather, supersedes=superseded, is_interim=approval.is_interim)


@outbox.handles(BATCH_CERTIFICATE_JOB)
def issue_batch_certificate(job: OutboxJob) -> None:
    """Make the batch certificate that states a decision."""
    found = Disposition.objects.select_related("batch__order__coi__subject", "review", "approval", "supersedes")
    disposition = found.get(pk=job.subject)
    certificate = document_on(disposition.approval)
    superseded = document_on(disposition.supersedes) if disposition.supersedes else None

    def gather(number: str, issued_at: datetime) -> Snapshot:
        return gathering.batch_certificate(
            disposition,
            certificate,
            number=number,
            version=disposition.version,
            issued_at=issued_at,
            supersedes=superseded,
        )

    kind = Document.Kind.BATCH_CERTIFICATE
    _issue(job, disposition, disposition.batch, kind, gather, supersedes=superseded, is_interim=False)


def document_on(basis: Signed | None) -> Document:
    """Give the document that states an approval or a decision; raise WaitsForCertificateError until it is made."""
    document = Document.objects.filter(basis_id=basis.pk).first() if basis else None
    if document is None:
        raise WaitsForCertificateError("The certificate of analysis or the version before this one is not made yet.")
    return document


def _issue(
    job: OutboxJob,
    basis: Signed,
    batch: Batch,
    kind: Document.Kind,
    gather: Gather,
    *,
    supersedes: Document | None,
    is_interim: bool,
) -> None:
    issued_at = clock.now()
    number = supersedes.number if supersedes else _number(kind, issued_at)
    with unmoving_view():
        snapshot = gather(number, issued_at)
    content = render(snapshot)
    failpoint("document rendered")
    stated = to_json(snapshot)
    with writing():
        outbox.finish(job)
        file = files.keep(content, name=file_name(snapshot), actor=MACHINE)
        row = Document(
            batch=batch,
            kind=kind,
            number=number,
            version=snapshot.issue.version,
            basis_type=basis.record_type(),
            basis_id=basis.pk,
            file=file,
            sha256=file.sha256,
            snapshot_sha256=digest(stated),
            is_interim=is_interim,
            issued_at=issued_at,
            supersedes=supersedes,
        )
        write(row, type="document.issued", actor=MACHINE)
        failpoint("document written")


def _number(kind: Document.Kind, issued_at: datetime) -> str:
    """Draw a number in a transaction of its own; a job that dies afterwards leaves it unused."""
    with writing():
        return next_number(NUMBER_KINDS[kind], local(issued_at).year)
