"""The certificate of analysis as a story: results alone, with the sentence that it decides nothing."""

from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Spacer
from reportlab.platypus.flowables import TopPadder

from reports import certificate_parts as parts
from reports import tables
from reports.escape import escaped
from reports.snapshot import CertificateOfAnalysis, Footnote, Sign

TITLE = "Certificate of analysis"


def story(certificate: CertificateOfAnalysis) -> list[object]:
    """Give the certificate's parts in the order in which they are read."""
    specification = certificate.specification
    judged_by = f"{specification.code} version {specification.version}"
    footnotes = [_footnote(note) for note in certificate.footnotes]
    return [
        *parts.title(TITLE, certificate.issue),
        _standing(certificate),
        Spacer(1, 2.4 * mm),
        parts.identity_grid(
            certificate.identity,
            certificate.product,
            [
                ("Dose and containers", certificate.dose_and_containers),
                ("Filled, sampled, retained, discarded", certificate.reconciliation),
                (f"Rounding rule of {judged_by}", specification.rounding),
            ],
        ),
        *tables.about_the_data(certificate.data_marks),
        Spacer(1, 2.4 * mm),
        tables.heading(f"Results against specification {judged_by}", [specification.sampling]),
        tables.results(certificate.lines),
        Spacer(1, 1 * mm),
        *footnotes,
        Spacer(1, 2 * mm),
        *tables.side_by_side(
            tables.sites_listed(certificate.sites),
            parts.signatures(certificate.signatures, certificate.attested),
            height=110 * mm,
        ),
        Spacer(1, 2 * mm),
        TopPadder(parts.check_section(certificate.issue, certificate.proof)),
    ]


def _standing(certificate: CertificateOfAnalysis) -> object:
    """Say that this is no release document, where the decision is, and what is still missing."""
    decision = (
        f"The decision is in batch certificate {parts.strong(certificate.batch_certificate)}."
        if certificate.batch_certificate
        else "The decision on the batch is a document of its own, the batch certificate."
    )
    sentences = [f"Results only. <b>This is not a release document.</b> {decision}"]
    if not certificate.issue.interim:
        return parts.framed_message(sentences, None, emphasis=False)
    summary = f'<font size="9.4">{parts.strong(f"Interim: {certificate.interim_summary}")}</font>'
    explanation = " ".join(filter(None, (certificate.interim_explanation, "A final certificate replaces this one.")))
    return parts.framed_message([f"{summary} {escaped(explanation)}", *sentences], Sign.CONDITIONAL, emphasis=True)


def _footnote(note: Footnote) -> object:
    lead = f"{parts.strong(note.lead)} " if note.lead else ""
    mark = f'<super size="5.2" rise="2.6">{escaped(note.mark)}</super>'
    return Paragraph(f"{mark} {lead}{escaped(note.text)}", tables.NOTE)
