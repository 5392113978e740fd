"""A document is issued by the transaction that records its finished bytes; none exists whose PDF cannot be made.

(1) The job may run twice, on two machines: the number is drawn first (a number may stay unused), the bytes are made
    outside any transaction, and the last transaction finishes the job or throws away what it made.
(2) The site's signature is added behind the finished bytes, which stay as they are.
(3) A certificate of analysis has the version of the approval that it states. Versions are issued in their order: a
    later one waits until the one that it supersedes is there. The certificate for infusion follows its batch
    certificate.
(4) The document on a supply out of specification supersedes the certificate of the decision not to certify. Where the
    supply is taken back, and where another is decided, its next version says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from accounts.models import Signed
from accounts.wording import local
from batches.fates import CERTIFIED
from batches.models import Batch, BatchState
from batches.streams import streams_of
from ledger import clock, files, outbox
from ledger.canonical import digest
from ledger.failpoints import failpoint
from ledger.incidents import waits_for
from ledger.models import OutboxJob, Written
from ledger.numbering import next_number
from ledger.verification import unmoving_view
from ledger.writing import write, writing
from qc.models import Disposition, ExceptionalSupply, ResultsApproval, SupplyRevoked
from qc.release.approving import CERTIFICATE_JOB
from qc.release.disposition import BATCH_CERTIFICATE_JOB
from qc.supply.deciding import SUPPLY_JOB
from reports import gathering, gathering_infusion, pdf_signing
from reports.models import Document
from reports.render import file_name, render
from reports.snapshot_json import Snapshot, to_json
from reports.supply_gathering import supply_document

MACHINE = "machine"
ISSUED = "document.issued"
SIGNATURE_FIELD = "Site"
INFUSION_CERTIFICATE_JOB = "infusion_certificate"
NUMBER_KINDS = {
    Document.Kind.CERTIFICATE_OF_ANALYSIS: "COA",
    Document.Kind.BATCH_CERTIFICATE: "BC",
    Document.Kind.BATCH_RECORD: "BR",
    Document.Kind.EXCEPTIONAL_SUPPLY: "SD",
    Document.Kind.INFUSION_CERTIFICATE: "IC",
}

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
    named = ("review", "approval", "supersedes", "acceptance")
    disposition = Disposition.objects.select_related("batch__order__coi__subject", *named).get(pk=job.subject)
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
    interim = disposition.decision == BatchState.Disposition.CERTIFIED_CONDITIONALLY
    then = INFUSION_CERTIFICATE_JOB
    _issue(job, disposition, disposition.batch, kind, gather, supersedes=superseded, is_interim=interim, then=then)


@outbox.handles(INFUSION_CERTIFICATE_JOB)
def issue_infusion_certificate(job: OutboxJob) -> None:
    """Make the certificate that travels with the bags, after the batch certificate whose number it names.

    A later decision supersedes it. One that does not certify says so on it where there was one, and makes none else.
    """
    stated = Document.objects.select_related("batch__order__coi__subject", "superseded_by").get(pk=job.subject)
    disposition = Disposition.objects.select_related("approval").get(pk=stated.basis_id)
    _wait_for_earlier_infusion_certificates(stated)
    of_batch = Document.objects.filter(batch=stated.batch, kind=Document.Kind.INFUSION_CERTIFICATE)
    superseded = of_batch.filter(superseded_by=None).first()
    if disposition.decision not in CERTIFIED and superseded is None:
        with writing():
            outbox.finish(job)
        return

    def gather(number: str, issued_at: datetime) -> Snapshot:
        return gathering_infusion.infusion_certificate(
            disposition, stated, number=number, issued_at=issued_at, supersedes=superseded
        )

    interim = disposition.decision == BatchState.Disposition.CERTIFIED_CONDITIONALLY
    kind = Document.Kind.INFUSION_CERTIFICATE
    _issue(job, stated, stated.batch, kind, gather, supersedes=superseded, is_interim=interim)


def _wait_for_earlier_infusion_certificates(stated: Document) -> None:
    """Raise WaitsForCertificateError while one is owed for an earlier version of the batch certificate."""
    earlier = Document.objects.filter(number=stated.number, version__lt=stated.version).values("pk")
    if OutboxJob.objects.filter(kind=INFUSION_CERTIFICATE_JOB, done_at=None, subject__in=earlier).exists():
        raise WaitsForCertificateError("The certificate for infusion of the version before this one is not made yet.")


@outbox.handles(SUPPLY_JOB)
def issue_supply_document(job: OutboxJob) -> None:
    """Make the document on a supply out of specification, or the version that says it was taken back."""
    revoked = SupplyRevoked.objects.filter(pk=job.subject).first()
    named = ("batch__order__coi__subject", "decision__approval", "naming__recipient", "naming__carrier")
    supplies = ExceptionalSupply.objects.select_related(
        *named, "answer__check_of_it", "answer__evidence", "evaluation__document", "acceptance__check_of_it",
        "acceptance__evidence",
    )  # fmt: skip
    supply = supplies.get(pk=revoked.supply_id if revoked else job.subject)
    refusal, certificate = document_on(supply.decision), document_on(supply.decision.approval)
    superseded = document_on(supply) if revoked else _document_before(supply, refusal)
    kind = Document.Kind.EXCEPTIONAL_SUPPLY

    def gather(number: str, issued_at: datetime) -> Snapshot:
        version = superseded.version + 1 if superseded.kind == kind else 1
        return supply_document(
            supply, revoked, refusal, certificate, number=number, version=version, issued_at=issued_at,
            supersedes=superseded,
        )  # fmt: skip

    _issue(job, revoked or supply, supply.batch, kind, gather, supersedes=superseded, is_interim=False)


def _document_before(supply: ExceptionalSupply, refusal: Document) -> Document:
    """Give what the document on a supply supersedes: that of the supply before, which was taken back, if any."""
    before = ExceptionalSupply.objects.filter(decision=supply.decision_id, recorded_at__lt=supply.recorded_at)
    newest = before.select_related("revoked").order_by("-recorded_at").first()
    return document_on(newest.revoked) if newest else refusal


def document_on(basis: Signed | None) -> Document:
    """Give the document that states an approval or a decision; raise WaitsForCertificateError until it is made."""
    document = Document.objects.filter(basis_id=basis.pk).first() if basis else None
    if document is None:
        raise WaitsForCertificateError("The certificate of analysis or the version before this one is not made yet.")
    return document


@dataclass(frozen=True, slots=True)
class Made:
    """A finished document that nothing names yet."""

    snapshot: Snapshot
    issued_at: datetime
    content: bytes
    unsigned_size: int  # 0 where it is not signed
    signed_as: str


def _issue(
    job: OutboxJob,
    basis: Signed | Document,
    batch: Batch,
    kind: Document.Kind,
    gather: Gather,
    *,
    supersedes: Document | None,
    is_interim: bool,
    then: str = "",
) -> None:
    """Make a document and record it; `then` is the kind of the job that is owed for it in the same transaction."""
    _wait_for_open_incidents(batch)
    finished = make(kind, gather, supersedes=supersedes)
    with writing():
        _wait_for_open_incidents(batch)
        outbox.finish(job)
        made = keep(finished, basis=basis, batch=batch, kind=kind, supersedes=supersedes, is_interim=is_interim)
        if then:
            outbox.owe(then, made.pk)


def _wait_for_open_incidents(batch: Batch) -> None:
    """Raise NotYetError while an incident of the record's integrity is open about what the certificate states."""
    if waiting := waits_for(streams_of(batch)):
        raise outbox.NotYetError(waiting)


def make(kind: Document.Kind, gather: Gather, *, supersedes: Document | None) -> Made:
    """Draw a number, gather in one unmoving view, make the bytes and sign them; outside any transaction."""
    issued_at = clock.now()
    number = supersedes.number if supersedes and supersedes.kind == kind else _number(kind, issued_at)
    with unmoving_view():
        snapshot = gather(number, issued_at)
    content = render(snapshot)
    reason = _("Issued as %(number)s version %(version)s") % {"number": number, "version": snapshot.issue.version}
    whole, level = pdf_signing.signed(content, reason=reason, field_name=SIGNATURE_FIELD, at=issued_at)
    failpoint("document rendered")
    return Made(snapshot, issued_at, whole, len(content) if level else 0, level)


def keep(
    finished: Made,
    *,
    basis: Written,
    batch: Batch,
    kind: Document.Kind,
    supersedes: Document | None,
    is_interim: bool = False,
    stream_position: int = 0,
) -> Document:
    """Record a finished document and its file, in the open transaction; from then on it is issued."""
    file = files.keep(finished.content, name=file_name(finished.snapshot), actor=MACHINE)
    row = Document(
        batch=batch,
        kind=kind,
        number=finished.snapshot.issue.number,
        version=finished.snapshot.issue.version,
        basis_type=basis.record_type(),
        basis_id=basis.pk,
        file=file,
        sha256=file.sha256,
        snapshot_sha256=digest(to_json(finished.snapshot)),
        is_interim=is_interim,
        unsigned_size=finished.unsigned_size,
        signed_as=finished.signed_as,
        stream_position=stream_position,
        issued_at=finished.issued_at,
        supersedes=supersedes,
    )
    write(row, type=ISSUED, actor=MACHINE)
    failpoint("document written")
    return row


def _number(kind: Document.Kind, issued_at: datetime) -> str:
    """Draw a number in a transaction of its own; a job that dies afterwards leaves it unused."""
    with writing():
        return next_number(NUMBER_KINDS[kind], local(issued_at).year)
