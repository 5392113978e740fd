"""A frozen snapshot becomes the document's bytes; nothing here knows of a database, a setting or a clock."""

from reports import (
    batch_certificate,
    batch_record,
    certificate_of_analysis,
    continuity_story,
    infusion_certificate,
    supply_document,
)
from reports.continuity_sheet import ContinuitySheet
from reports.page import Furniture, compose
from reports.pdfa import as_pdfa
from reports.record_snapshot import BatchRecord
from reports.snapshot import BatchCertificate, CertificateOfAnalysis, InfusionCertificate
from reports.snapshot_json import Snapshot, to_json
from reports.supply_snapshot import SupplyDocument


def render(snapshot: Snapshot) -> bytes:
    """Give the document as PDF/A-3b with the snapshot attached: the same snapshot gives the same bytes."""
    return as_pdfa(laid_out(snapshot), snapshot=to_json(snapshot), issued_at_utc=snapshot.issue.issued_at_utc)


def laid_out(snapshot: Snapshot) -> bytes:
    """Give the document's pages as PDF, before they are made archivable."""
    match snapshot:
        case CertificateOfAnalysis():
            title, story = certificate_of_analysis.TITLE, certificate_of_analysis.story(snapshot)
        case BatchCertificate():
            title, story = batch_certificate.TITLE, batch_certificate.story(snapshot)
        case InfusionCertificate():
            title, story = infusion_certificate.TITLE, infusion_certificate.story(snapshot)
        case BatchRecord():
            title, story = batch_record.TITLE, batch_record.story(snapshot)
        case ContinuitySheet():
            title, story = continuity_story.TITLE, continuity_story.story(snapshot)
        case SupplyDocument():
            title, story = supply_document.TITLE, supply_document.story(snapshot)
    above = continuity_story.above(snapshot) if isinstance(snapshot, ContinuitySheet) else ()
    return compose(Furniture(snapshot.issue, snapshot.identity, above), story, title=f"{title} {snapshot.issue.number}")


def file_name(snapshot: Snapshot) -> str:
    """Give the name under which the document is handed out; it names no person, and says interim and training."""
    issue = snapshot.issue
    marks = [*(["interim"] if issue.interim else []), *(["training"] if issue.training else [])]
    number = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "_" for sign in issue.number)
    return "-".join([number, f"v{issue.version}", *marks]) + ".pdf"
