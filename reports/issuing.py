"""A document is issued by the transaction that records its finished bytes; none exists whose PDF cannot be made.

The job may run twice, on two machines: the number is drawn first (a number may stay unused), the bytes are made
outside any transaction, and the last transaction finishes the job or throws away what it made.
"""

from collections.abc import Callable
from datetime import datetime

from ledger import clock, files, outbox
from ledger.canonical import digest
from ledger.failpoints import failpoint
from ledger.models import OutboxJob
from ledger.numbering import next_number
from ledger.writing import write, writing
from accounts.models import Signed
from accounts.wording import local
from batches.models import Batch
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

# Makes the snapshot of one document from its number, version, time and predecessor.
Gather = Callable[[str, int, datetime, Document | None], Snapshot]


class WaitsForCertificateError(RuntimeError):
    """The certificate of analysis that a batch certificate names is not made yet; the job is tried again."""


@outbox.handles(CERTIFICATE_JOB)
def issue_certificate_of_analysis(job: OutboxJob) -> None:
    """Make the certificate of analysis that quality control approved."""
    approval = ResultsApproval.objects.select_related("batch__order__coi__subject").get(pk=job.subject)

    def gather(number: str, version: int, issued_at: datetime, before: Document | None) -> Snapshot:
        return gathering.certificate_of_analysis(
            approval, number=number, version=version, issued_at=issued_at, supersedes=before
        )

    _issue(job, approval, approval.batch, Document.Kind.CERTIFICATE_OF_ANALYSIS, gather, is_interim=approval.is_interim)


@outbox.handles(BATCH_CERTIFICATE_JOB)
def issue_batch_certificate(job: OutboxJob) -> None:
    """Make the batch certificate that states a decision."""
    found = Disposition.objects.select_related("batch__order__coi__subject", "review", "approval")
    disposition = found.get(pk=job.subject)
    approval = disposition.approval
    certificate = Document.objects.filter(basis_id=approval.pk).first() if approval else None
    if certificate is None:
        raise WaitsForCertificateError(disposition.batch.number)

    def gather(number: str, version: int, issued_at: datetime, before: Document | None) -> Snapshot:
        return gathering.batch_certificate(
            disposition, certificate, number=number, version=version, issued_at=issued_at, supersedes=before
        )

    _issue(job, disposition, disposition.batch, Document.Kind.BATCH_CERTIFICATE, gather, is_interim=False)


def _issue(
    job: OutboxJob, basis: Signed, batch: Batch, kind: Document.Kind, gather: Gather, *, is_interim: bool
) -> None:
    issued_at = clock.now()
    before = Document.objects.filter(batch=batch, kind=kind).order_by("-version").first()
    number = before.number if before else _number(kind, issued_at)
    snapshot = gather(number, before.version + 1 if before else 1, issued_at, before)
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
            supersedes=before,
        )
        write(row, type="document.issued", actor=MACHINE)
        failpoint("document written")


def _number(kind: Document.Kind, issued_at: datetime) -> str:
    """Draw a number in a transaction of its own; a job that dies afterwards leaves it unused."""
    with writing():
        return next_number(NUMBER_KINDS[kind], local(issued_at).year)
