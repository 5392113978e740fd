"""The supply of a product out of specification as a story: what fails first, then who asked, who takes it, who is told.

A legend to cut out stands in it for each container, until the label itself carries it.
"""

from collections.abc import Sequence

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer
from reportlab.platypus.flowables import TopPadder

from reports import certificate_parts as parts
from reports import signs, tables
from reports.escape import escaped
from reports.snapshot import Container, Sign
from reports.supply_snapshot import Stated, SuppliedLine, SupplyDocument, Told

TITLE = "Supply of an out-of-specification product"
_LONG = 500


def story(document: SupplyDocument) -> list[object]:
    """Give the document's parts in the order in which they are read."""
    return [
        *parts.title(TITLE, document.issue, share=0.72),
        _warned(document),
        Spacer(1, 2.4 * mm),
        tables.heading("Results that do not conform", ["What is not known stands here like what fails"]),
        _lines(document.lines),
        Spacer(1, 2.4 * mm),
        parts.identity_grid(
            document.identity,
            document.product,
            [
                ("Supply", document.supply),
                ("Decision not to certify", document.batch_certificate),
                ("Certificate of analysis", document.certificate_of_analysis),
            ],
        ),
        *tables.about_the_data(document.data_marks),
        Spacer(1, 3 * mm),
        tables.heading("Containers that may be supplied", ["No other container of this batch leaves"]),
        _containers(document.containers),
        Spacer(1, 1 * mm),
        tables.words(document.taken_by, tables.STRONG),
        Spacer(1, 3 * mm),
        *_stated("Request by the physician", document.request),
        *_stated("Evaluation of the risk by the manufacturer", document.evaluation),
        KeepTogether([tables.heading("Who is told, and by when"), _told(document.told)]),
        Spacer(1, 3 * mm),
        *tables.side_by_side(
            parts.signatures(document.signatures, ()), parts.signatures((), document.attested), height=190 * mm
        ),
        Spacer(1, 4 * mm),
        *_legends(document),
        Spacer(1, 4 * mm),
        TopPadder(parts.check_section(document.issue, document.proof)),
    ]


def _warned(document: SupplyDocument) -> object:
    sentences = [
        f"Batch {parts.strong(document.identity.batch)} is not certified, and stays so. The containers named below are "
        "supplied at the request of the treating physician, who knows the results that do not conform."
    ]
    if document.taken_back:
        sentences.insert(0, f"<b>Taken back.</b> {escaped(document.taken_back)}")
    return parts.framed_message(sentences, Sign.FAIL, emphasis=True, headline=document.legend)


def _lines(lines: Sequence[SuppliedLine]) -> object:
    head = [tables.words(name, tables.COLUMN) for name in ("Test", "Acceptance criterion", "Result", "", "Evaluation")]
    rows = [
        [
            tables.words(line.test, tables.CELL_STRONG),
            tables.words(line.criterion, tables.CELL),
            tables.words(line.result, tables.CELL_STRONG),
            signs.drawn(line.evaluation.sign, 2.9),
            tables.in_colour(line.evaluation.words, signs.COLOURS[line.evaluation.sign]),
        ]
        for line in lines
    ]
    commands = _ruled()
    for at, line in enumerate(lines, start=1):
        if ground := signs.GROUNDS.get(line.evaluation.sign):
            commands.append(("BACKGROUND", (0, at), (-1, at), HexColor(ground)))
    longest = max(len(text) for line in lines for text in (line.test, line.criterion, line.result))
    widths = [60 * mm, 46 * mm, 42 * mm, 5 * mm, 33 * mm]
    return tables.table([head, *rows], widths, commands, repeat=1, breaks_rows=longest > _LONG)


def _containers(containers: Sequence[Container]) -> object:
    head = [tables.words(name, tables.COLUMN) for name in ("Container", "Volume", "Cells", "State")]
    rows = [
        [
            tables.words(one.code, tables.CELL_STRONG),
            tables.words(one.volume, tables.CELL),
            tables.words(one.dose, tables.CELL),
            tables.words(one.state, tables.CELL),
        ]
        for one in containers
    ]
    return tables.table([head, *rows], [50 * mm, 36 * mm, 50 * mm, 50 * mm], _ruled(), repeat=1)


def _told(told: Sequence[Told]) -> object:
    head = [tables.words(name, tables.COLUMN) for name in ("Who", "By when")]
    rows = [[tables.words(one.who, tables.CELL_STRONG), tables.words(one.until, tables.CELL)] for one in told]
    return tables.table([head, *rows], [93 * mm, 93 * mm], _ruled(), repeat=1)


def _ruled() -> tables.Commands:
    return [
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, tables.INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, tables.INK),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, tables.RULE),
        ("LINEBELOW", (0, -1), (-1, -1), 0.8, tables.INK),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0.9 * mm),
    ]


def _stated(title: str, said: Sequence[Stated]) -> list[object]:
    flow: list[object] = [tables.heading(title)]
    for one in said:
        flow += [*tables.labelled(one.title, one.text, tables.BODY), Spacer(1, 1 * mm)]
    return [*flow, Spacer(1, 2 * mm)]


def _legends(document: SupplyDocument) -> list[object]:
    """Give a frame for each container that repeats the legend beside whose cells they are."""
    frames: list[object] = [tables.heading("Legend for each container", ["Goes with the container"])]
    for one in document.containers:
        content: list[object] = [
            tables.words(document.legend, tables.HEADLINE),
            tables.words([one.code, " · ", document.identity.batch], tables.IDENTIFIER),
            tables.words([document.identity.chain_of_identity, " · ", document.supply], tables.BODY),
        ]
        frames += [tables.box(content, tables.CONTENT, colour=HexColor(signs.COLOURS[Sign.FAIL])), Spacer(1, 2 * mm)]
    return [KeepTogether(frames[:2]), *frames[2:]]
