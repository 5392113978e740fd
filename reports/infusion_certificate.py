"""The certificate for infusion as a story: it travels with the bags and is read at the bedside."""

from collections.abc import Sequence

from reportlab.lib.units import mm
from reportlab.platypus import Spacer
from reportlab.platypus.flowables import TopPadder

from reports import certificate_parts as parts
from reports import tables
from reports.escape import escaped
from reports.snapshot import Decision, InfusionBag, InfusionCertificate, Instruction, Sign
from reports.tables import Flow

TITLE = "Certificate for infusion"
WIDTHS = (37, 18, 27, 30, 30, 18, 26)


def story(certificate: InfusionCertificate) -> list[object]:
    """Give the certificate's parts in the order in which they are read."""
    return [
        *parts.title(TITLE, certificate.issue),
        _decided(certificate.decision),
        Spacer(1, 2.4 * mm),
        parts.identity_grid(
            certificate.identity,
            certificate.product,
            [
                ("Number of bags", str(len(certificate.bags))),
                ("Dose", certificate.dose),
                ("Dose per kilogram", certificate.dose_per_kg),
                ("Viability", certificate.viability),
                ("Batch certificate", certificate.batch_certificate),
            ],
        ),
        *tables.about_the_data(certificate.data_marks),
        Spacer(1, 3 * mm),
        tables.heading("Bags", [certificate.product.use]),
        _bags(certificate.bags, certificate.counted_as),
        Spacer(1, 3 * mm),
        *_instructions(certificate.instructions),
        *parts.signatures(certificate.signatures, ()),
        Spacer(1, 4 * mm),
        TopPadder(parts.check_section(certificate.issue, certificate.proof)),
    ]


def _decided(decision: Decision) -> object:
    sentences = [escaped(decision.statement)]
    if decision.pending:
        sentences.append(f"<b>Still pending:</b> {'; '.join(map(escaped, decision.pending))}")
    stands_out = decision.sign is not Sign.PASS
    return parts.framed_message(sentences, decision.sign, emphasis=stands_out, headline=decision.words)


def _bags(bags: Sequence[InfusionBag], counted_as: str) -> object:
    names = ("Bag", "Volume", "Viable cells", counted_as, "Concentration of these", "Infusion", "Expires")
    head = [tables.words(name, tables.COLUMN) for name in names]
    rows = [
        [
            tables.words(bag.code, tables.CELL_STRONG),
            *(
                tables.words(text, tables.CELL)
                for text in (
                    bag.volume, bag.viable_cells, bag.counted_cells, bag.concentration, bag.infusion, bag.expires,
                )
            ),
        ]
        for bag in bags
    ]  # fmt: skip
    commands: tables.Commands = [
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, tables.INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, tables.INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, tables.RULE),
        ("LINEBELOW", (0, -1), (-1, -1), 0.8, tables.INK),
    ]
    return tables.table([head, *rows], [wide * mm for wide in WIDTHS], commands, repeat=1)


def _instructions(instructions: Sequence[Instruction]) -> Flow:
    if not instructions:
        return []
    flow: Flow = [tables.words("At the bedside", tables.HEADING), Spacer(1, 0.8 * mm)]
    for one in instructions:
        flow += [tables.words(one.title, tables.LABEL), tables.words(one.text, tables.BODY), Spacer(1, 1.2 * mm)]
    return [*flow, Spacer(1, 2 * mm)]
