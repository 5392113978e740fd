"""A frozen snapshot becomes the document's bytes; nothing here knows of a database, a setting or a clock."""

from reports import batch_certificate, certificate_of_analysis
from reports.page import Furniture, compose
from reports.pdfa import as_pdfa
from reports.snapshot import BatchCertificate, CertificateOfAnalysis, Snapshot
from reports.snapshot_json import to_json


def render(snapshot: Snapshot) -> bytes:
    """Give the document as PDF/A-3b with the snapshot attached: the same snapshot gives the same bytes."""
    match snapshot:
        case CertificateOfAnalysis():
            title, story = certificate_of_analysis.TITLE, certificate_of_analysis.story(snapshot)
        case BatchCertificate():
            title, story = batch_certificate.TITLE, batch_certificate.story(snapshot)
    issue = snapshot.issue
    furniture = Furniture(issue, snapshot.identity)
    pages = compose(furniture, story, title=f"{title} {issue.number}")
    return as_pdfa(pages, snapshot=to_json(snapshot), issued_at_utc=issue.issued_at_utc)


def file_name(snapshot: Snapshot) -> str:
    """Give the name under which the document is handed out; it names no person, and says interim and training."""
    issue = snapshot.issue
    marks = [*(["interim"] if issue.interim else []), *(["training"] if issue.training else [])]
    number = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_") else "_" for sign in issue.number)
    return "-".join([number, f"v{issue.version}", *marks]) + ".pdf"
