"""The checks of this room.

(1) each document's digest is that of its stored file, and the snapshot attached to the file is the one it was made of;
(2) each names a basis that exists: the approval, the decision or the request that it states;
(3) versions of a document follow each other, and each supersedes the one before; the first on a supply out of
    specification supersedes the batch certificate of its batch;
(4) a batch record states streams as they stand in the ledger;
(5) each document's snapshot, rendered again, gives the file's bytes as they were before it was signed. A document of
    another layout, or made with other libraries, is named as not rendered again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from ledger import files
from ledger.canonical import digest
from ledger.models import Entry
from ledger.verification import Finding, Verification, check
from qc.models import Disposition, ExceptionalSupply, ResultsApproval, SupplyRevoked
from reports.models import CopyAsked, Document
from reports.page import MAKER
from reports.pdfa import attached_snapshot, maker_of
from reports.record_snapshot import BatchRecord
from reports.render import render
from reports.snapshot_json import from_json

Basis = (
    type[ResultsApproval] | type[Disposition] | type[CopyAsked] | type[ExceptionalSupply] | type[SupplyRevoked]
    | type[Document]
)  # fmt: skip
BASES: dict[Document.Kind, tuple[Basis, ...]] = {
    Document.Kind.CERTIFICATE_OF_ANALYSIS: (ResultsApproval,),
    Document.Kind.BATCH_CERTIFICATE: (Disposition,),
    Document.Kind.BATCH_RECORD: (CopyAsked,),
    Document.Kind.EXCEPTIONAL_SUPPLY: (ExceptionalSupply, SupplyRevoked),
    Document.Kind.INFUSION_CERTIFICATE: (Document,),
}
_rendering = ContextVar("documents_are_rendered_again", default=True)


@check("documents")
def documents_are_as_issued(verification: Verification) -> Iterator[Finding]:
    """(1), (2), (3) and (4)"""
    newest: dict[str, Document] = {}
    for document in Document.objects.select_related("file", "batch").order_by("number", "version"):
        verification.counted("documents", 1)
        about = _about(document)
        try:
            content = files.read(document.file)
        except files.FileChangedError as error:
            yield Finding("documents", about, str(error))
        else:
            yield from _of_what_is_attached(document, content)
        if document.sha256 != document.file.sha256:
            yield Finding("documents", about, "it names another file than it points at")
        if not _basis_exists(document):
            yield Finding("documents", about, "what it states is missing")
        before = newest.get(document.number)
        if document.version != (before.version if before else 0) + 1 or not _follows(document, before):
            yield Finding("documents", about, "it does not follow the version before it")
        newest[document.number] = document


def _follows(document: Document, before: Document | None) -> bool:
    if before is None and document.kind == Document.Kind.EXCEPTIONAL_SUPPLY:
        refusal = document.supersedes
        is_refusal = refusal is not None and refusal.kind == Document.Kind.BATCH_CERTIFICATE
        return is_refusal and refusal is not None and refusal.batch_id == document.batch_id
    return document.supersedes == before


def _basis_exists(document: Document) -> bool:
    for basis in BASES[Document.Kind(document.kind)]:
        found = basis._default_manager.filter(pk=document.basis_id).first()
        if found is not None:
            return (found.record_type(), found.batch_id) == (document.basis_type, document.batch_id)
    return False


def _of_what_is_attached(document: Document, content: bytes) -> Iterator[Finding]:
    attached = attached_snapshot(content)
    if digest(attached) != document.snapshot_sha256:
        yield Finding("documents", _about(document), "the data attached to it are not those that it was made of")
        return
    stated = from_json(attached)
    if isinstance(stated, BatchRecord):
        for stream in stated.streams:
            there = Entry.objects.filter(stream=stream.name, sseq=stream.entries, leaf=stream.leaf, seq=stream.last_seq)
            if not there.exists():
                yield Finding("documents", _about(document), f"stream {stream.name} is not the one that it states")


@check("renderings")
def snapshots_render_to_the_bytes_issued(verification: Verification) -> Iterator[Finding]:
    """(5)"""
    if not _rendering.get():
        verification.not_checked.append("whether each document's data, laid out again, give the document's bytes")
        return
    other = 0
    for document in Document.objects.select_related("file").order_by("number", "version"):
        try:
            content = files.read(document.file)
        except files.FileChangedError:
            continue  # the check of the documents says so
        if maker_of(content) != MAKER:
            other += 1
            continue
        verification.counted("documents rendered again", 1)
        unsigned = content[: document.unsigned_size] if document.unsigned_size else content
        if render(from_json(attached_snapshot(content))) != unsigned:
            yield Finding("renderings", _about(document), "its data do not give the document that was issued")
    if other:
        verification.not_checked.append(
            f"whether the data of {other} documents of another layout or library give the documents' bytes"
        )


@contextmanager
def without_rendering() -> Iterator[None]:
    """Leave (5) out of every verification inside, because it takes about a second for each batch record."""
    token = _rendering.set(False)
    try:
        yield
    finally:
        _rendering.reset(token)


def _about(document: Document) -> str:
    return f"reports.document {document.number} v{document.version} ({document.pk})"
