"""Documents as people find them: the lists, one document with its versions, and its bytes, compared with the ledger."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from accounts import security
from accounts.handing_out import intact_bytes
from accounts.models import Person
from accounts.refusal import Objection, Refused
from ledger import files
from ledger.models import OutboxJob, StoredFile
from qc.models import Disposition, ExceptionalSupply, ResultsApproval, SupplyRevoked
from qc.release.approving import CERTIFICATE_JOB
from qc.release.disposition import BATCH_CERTIFICATE_JOB
from qc.supply.deciding import SUPPLY_JOB
from reports.issuing import INFUSION_CERTIFICATE_JOB
from reports.models import Document


@dataclass(frozen=True, slots=True)
class InPreparation:
    """A document that is owed and not made yet."""

    kind: Document.Kind
    owed: OutboxJob


def documents_of(batch_id: UUID) -> list[Document]:
    """Give the documents of a batch, the newest version of each first."""
    found = Document.objects.filter(batch=batch_id).select_related("file", "batch", "superseded_by")
    return list(found.order_by("number", "-version"))


def in_preparation(batch_id: UUID) -> list[InPreparation]:
    """Give the documents of a batch that the worker still owes."""
    approvals = ResultsApproval.objects.filter(batch=batch_id).values("pk")
    decisions = Disposition.objects.filter(batch=batch_id).values("pk")
    supplies = ExceptionalSupply.objects.filter(batch=batch_id).values("pk")
    revoked = SupplyRevoked.objects.filter(batch=batch_id).values("pk")
    supplied = Q(subject__in=supplies) | Q(subject__in=revoked)
    issued = Document.objects.filter(batch=batch_id).values("pk")
    return [
        *(
            InPreparation(Document.Kind.CERTIFICATE_OF_ANALYSIS, job)
            for job in _owed(CERTIFICATE_JOB).filter(subject__in=approvals)
        ),
        *(
            InPreparation(Document.Kind.BATCH_CERTIFICATE, job)
            for job in _owed(BATCH_CERTIFICATE_JOB).filter(subject__in=decisions)
        ),
        *(InPreparation(Document.Kind.EXCEPTIONAL_SUPPLY, job) for job in _owed(SUPPLY_JOB).filter(supplied)),
        *(
            InPreparation(Document.Kind.INFUSION_CERTIFICATE, job)
            for job in _owed(INFUSION_CERTIFICATE_JOB).filter(subject__in=issued)
        ),
    ]


def _owed(kind: str) -> QuerySet[OutboxJob]:
    """Give the jobs that make such a document, and those after which it is owed."""
    return OutboxJob.objects.filter(Q(kind=kind) | Q(then=kind), done_at=None)


def document_called(number: str, version: int | None = None) -> Document:
    """Give a version of a document, the newest when none is named; raise Http404 if there is none."""
    found = Document.objects.filter(number=number).select_related("file", "batch", "superseded_by", "supersedes")
    chosen = found.filter(version=version) if version is not None else found
    document = chosen.order_by("-version").first()
    if document is None:
        raise Http404
    return document


def is_as_issued(document: Document) -> bool:
    """Tell whether the stored file is still the one that was issued."""
    return files.is_whole(document.file)


def bytes_of(document: Document, *, by: Person) -> bytes:
    """Give a document's bytes as they were issued; refuse, and log it, if they are not those of the ledger any more."""
    says = _("%(number)s is not given out: its file is not the one that was issued. Call quality assurance.")
    return intact_bytes(document.file, by=by, says=says % {"number": document.number}, code="document_damaged")


def intact_path(stored: StoredFile, *, by: Person) -> Path:
    """Give the place of a file after comparing it with the ledger; refuse, and log it, if it differs."""
    if not files.is_whole(stored):
        security.log("file_damaged", person=by, username=by.username, about=stored.sha256)
        says = _("%(name)s is not given out: it is not the file that was kept. Call quality assurance.")
        raise Refused(Objection(says % {"name": stored.original_name}, code="file_damaged"), status=409)
    return files.path_of(stored.sha256)
