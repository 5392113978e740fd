"""The checks of this room.

(1) each document's digest is that of its stored file, and the snapshot attached to the file is the one it was made of;
(2) each names a basis that exists: the approval or the decision that it states;
(3) versions of a document follow each other, and each supersedes the one before.
"""

from collections.abc import Iterator

from ledger import files
from ledger.canonical import digest
from ledger.verification import Finding, Verification, check
from qc.models import Disposition, ResultsApproval
from reports.models import Document
from reports.pdfa import attached_snapshot

BASES = {model.record_type(): model for model in (ResultsApproval, Disposition)}


@check("documents")
def documents_are_as_issued(verification: Verification) -> Iterator[Finding]:
    """(1), (2) and (3)"""
    newest: dict[str, Document] = {}
    for document in Document.objects.select_related("file", "batch").order_by("number", "version"):
        verification.counted("documents", 1)
        about = f"reports.document {document.number} v{document.version}"
        try:
            content = files.read(document.file)
        except files.FileChangedError as error:
            yield Finding("documents", about, str(error))
        else:
            if digest(attached_snapshot(content)) != document.snapshot_sha256:
                yield Finding("documents", about, "the data attached to it are not those that it was made of")
        if document.sha256 != document.file.sha256:
            yield Finding("documents", about, "it names another file than it points at")
        basis = BASES.get(document.basis_type)
        if basis is None or not basis._default_manager.filter(pk=document.basis_id, batch=document.batch_id).exists():
            yield Finding("documents", about, "what it states is missing")
        before = newest.get(document.number)
        if document.version != (before.version if before else 0) + 1 or document.supersedes != before:
            yield Finding("documents", about, "it does not follow the version before it")
        newest[document.number] = document
