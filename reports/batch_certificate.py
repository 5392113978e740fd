"""The batch certificate as a story: the decision on one batch in the words of its profile, and who made it."""

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Spacer
from reportlab.platypus.flowables import TopPadder

from reports import certificate_parts as parts
from reports import tables
from reports.escape import escaped
from reports.snapshot import BatchCertificate, Container, Decision, Sign

TITLE = "Batch certificate"


def story(certificate: BatchCertificate) -> list[object]:
    """Give the certificate's parts in the order in which they are read."""
    return [
        *parts.title(TITLE, certificate.issue),
        _decided(certificate.decision),
        Spacer(1, 2.4 * mm),
        parts.identity_grid(
            certificate.identity,
            certificate.product,
            [
                ("Dose", certificate.dose),
                ("Dose per kilogram", certificate.dose_per_kg),
                ("Certificate of analysis", certificate.certificate_of_analysis),
            ],
        ),
        *tables.about_the_data(certificate.data_marks),
        Spacer(1, 3 * mm),
        tables.heading("Containers", ["Each is for the subject of this chain of identity alone"]),
        _containers(certificate.containers),
        Spacer(1, 3 * mm),
        *_listed("Objections and comments", certificate.comments or ("None.",)),
        Spacer(1, 3 * mm),
        *tables.side_by_side(
            tables.sites_listed(certificate.sites),
            parts.signatures(certificate.signatures, certificate.attested),
            height=150 * mm,
        ),
        Spacer(1, 4 * mm),
        TopPadder(parts.check_section(certificate.issue, certificate.proof)),
    ]


def _decided(decision: Decision) -> object:
    sentences = [escaped(decision.statement)]
    if decision.pending:
        sentences.append(f"<b>Still pending:</b> {'; '.join(map(escaped, decision.pending))}")
    conditional = decision.sign is Sign.CONDITIONAL
    return parts.framed_message(sentences, decision.sign, emphasis=conditional, headline=decision.words)


def _containers(containers: Sequence[Container]) -> object:
    head = [tables.words(name, tables.COLUMN) for name in ("Container", "Volume", "Dose", "State at certification")]
    rows = [
        [
            tables.words(container.code, tables.CELL_STRONG),
            tables.words(container.volume, tables.CELL),
            tables.words(container.dose, tables.CELL),
            tables.words(container.state, tables.CELL),
        ]
        for container in containers
    ]
    longest = max((len(text) for item in containers for text in (item.volume, item.dose, item.state)), default=0)
    commands: tables.Commands = [
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, tables.INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, tables.INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, tables.RULE),
        ("LINEBELOW", (0, -1), (-1, -1), 0.8, tables.INK),
    ]
    widths = [50 * mm, 36 * mm, 50 * mm, 50 * mm]
    return tables.table([head, *rows], widths, commands, repeat=1, breaks_rows=longest > 500)


def _listed(title: str, texts: Sequence[str]) -> list[object]:
    flow: list[object] = [tables.words(title, tables.HEADING), Spacer(1, 0.8 * mm)]
    for text in texts:
        flow += [tables.words(text, tables.BODY), Spacer(1, 1 * mm)]
    return flow
