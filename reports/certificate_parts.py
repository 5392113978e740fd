"""What the certificate of analysis and the batch certificate have in common."""

import zxingcpp
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, Spacer

from reports import signs, tables
from reports.escape import escaped
from reports.snapshot import AttestedBlock, Identity, Issue, Product, Proof, Sign, SignatureBlock
from reports.tables import Flow, labelled, words

_CODE_SIDE = 23.0


def title(text: str, issue: Issue, *, share: float = 0.5) -> Flow:
    """Give the document's title with the time of issue, and what it supersedes; the title takes a share of the line."""
    commands: tables.Commands = [
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (0, 0), 2.4 * mm),
    ]
    row = [words(text, tables.TITLE), words(f"Issued {issue.issued_at}", tables.QUIET_RIGHT)]
    flow: Flow = [tables.table([row], [tables.CONTENT * share, tables.CONTENT * (1 - share)], commands)]
    if issue.supersedes:
        flow += [words(f"This document supersedes {issue.supersedes}.", tables.STRONG), Spacer(1, 1.6 * mm)]
    return flow


def identity_cells(identity: Identity) -> list[Flow]:
    """Give the four cells that say whose cells these are; the check character stands in a box."""
    donations: Flow = [words("Donation no. (DIN)", tables.LABEL)]
    for donation in identity.donations:
        commands: tables.Commands = [
            ("BOX", (1, 0), (1, 0), 0.8, tables.INK),
            ("ALIGN", (1, 0), (1, 0), "CENTER"),
            ("LEFTPADDING", (0, 0), (0, 0), 0),
            ("LEFTPADDING", (1, 0), (1, 0), 1 * mm),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0.6 * mm),
        ]
        row = [words(donation.number, tables.IDENTIFIER), words(donation.check_character, tables.IDENTIFIER)]
        wide = 4.2 * mm * max(1, len(donation.check_character))
        donations.append(tables.table([row], [34.4 * mm, wide], commands))
    return [
        labelled("Batch", identity.batch, tables.IDENTIFIER),
        labelled("Chain of identity", identity.chain_of_identity, tables.IDENTIFIER),
        donations,
        labelled("Subject (pseudonym)", identity.subject, tables.IDENTIFIER),
    ]


def identity_grid(identity: Identity, product: Product, between: list[tuple[str, str]]) -> object:
    """Give the grid of identity, product and quantities, four cells a row."""
    texts = [
        ("Product", product.name),
        ("Use", product.use),
        (product.authorisation_title, product.authorisation),
        (f"{product.authorisation_title}, status", product.authorisation_status),
        *between,
        ("Weight used for the dose", product.weight),
        ("Donor markers", product.donor_markers),
        ("Manufactured", product.manufactured),
        ("Expires", product.expires),
        ("Storage", product.storage),
    ]
    cells = identity_cells(identity) + [labelled(label, text) for label, text in texts]
    lengths = [len(text) for _, text in texts]
    # Many donations make a tall cell, whose row may be broken like that of a long text.
    return tables.grid(cells, columns=4, lengths=[*lengths, 20 * len(identity.donations)])


def signatures(blocks: tuple[SignatureBlock, ...], attested: tuple[AttestedBlock, ...]) -> Flow:
    """Give the signatures, then what is attested, each in its frame."""
    width = tables.CONTENT / 2 - 3 * mm
    framed = [tables.signature(block, width) for block in blocks]
    framed += [tables.attested(block, width) for block in attested]
    flow: Flow = []
    for part in framed:
        flow += [part, Spacer(1, 2 * mm)]
    return flow[:-1]


def code_content(issue: Issue, proof: Proof) -> str:
    """Give what the two-dimensional code holds, one item a line."""
    lines = [f"{issue.number} v{issue.version}", proof.fingerprint]
    if issue.training:
        lines.insert(0, "TRAINING")
    if proof.checkpoint:
        lines += [proof.checkpoint.origin, str(proof.checkpoint.size), proof.checkpoint.root]
    return "\n".join(lines)


def _modules(content: str) -> list[list[bool]]:
    code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    # The library's type description does not say that its pictures are buffers.
    image = memoryview(code.to_image(scale=1, add_quiet_zones=False))  # type: ignore[arg-type]
    rows, columns = image.shape or (0, 0)
    return [[image[row, column] == 0 for column in range(columns)] for row in range(rows)]


def fingerprint_lines(fingerprint: str) -> list[str]:
    """Give a fingerprint as the eye compares it: groups of four, two lines."""
    groups = [fingerprint[start : start + 4].upper() for start in range(0, len(fingerprint), 4)]
    half = len(groups) // 2
    return [" ".join(groups[:half]), " ".join(groups[half:])]


def check_section(issue: Issue, proof: Proof) -> object:
    """Give the section that says how to check the document, kept on one page."""
    how = (
        "<b>Check this document</b> Everything printed here is attached to this file as JSON. "
        "The record package of the batch proves it offline: give its verifier this checkpoint and this key."
    )
    text: Flow = [
        Paragraph(how, tables.BODY),
        Spacer(1, 1.2 * mm),
        words(f"Fingerprint of the batch record, entry {proof.entry}", tables.LABEL),
        *[words(line, tables.FINE) for line in fingerprint_lines(proof.fingerprint)],
        Spacer(1, 1.2 * mm),
    ]
    if proof.checkpoint:
        point = proof.checkpoint
        text += [
            words("Checkpoint: origin, size, root (256 bit)", tables.LABEL),
            words(f"{point.origin} · {point.size} · {point.root}", tables.FINE),
            words("Key of the log that signed it", tables.LABEL),
            words(" ".join(fingerprint_lines(point.key)).lower(), tables.FINE),
        ]
    else:
        text.append(words("Checkpoint: none has been made yet.", tables.LABEL))
    code = signs.modules_drawn(_modules(code_content(issue, proof)), _CODE_SIDE)
    commands: tables.Commands = [
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
    ]
    wide = (_CODE_SIDE + 5) * mm
    return tables.table([[code, text]], [wide, tables.CONTENT - wide], commands)


def framed_message(parts: list[str], sign: Sign | None, *, emphasis: bool, headline: str = "") -> object:
    """Give sentences in a frame, with a shape before them where there is one; `parts` are markup made by `escaped`."""
    colour = HexColor(signs.COLOURS[sign]) if sign and emphasis else tables.INK
    long = sum(map(len, parts)) > 1_000
    lines: Flow = [words(headline, tables.HEADLINE)] if headline else []
    lines += [Paragraph(part, tables.MESSAGE) for part in parts]
    commands: tables.Commands = [
        ("BOX", (0, 0), (-1, -1), 1.5 if emphasis else 0.8, colour, 1, (4, 2.4) if emphasis else None),
        ("TOPPADDING", (0, 0), (-1, -1), 1.5 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2 * mm),
        ("LEFTPADDING", (0, 0), (-1, -1), 3 * mm),
        ("VALIGN", (0, 0), (0, -1), "MIDDLE" if not long else "TOP"),
    ]
    if sign is None:
        return tables.table([[lines]], [tables.CONTENT], commands, breaks_rows=long)
    row = [signs.drawn(sign, 6), lines]
    return tables.table([row], [12 * mm, tables.CONTENT - 12 * mm], commands, breaks_rows=long)


def strong(text: str) -> str:
    """Give the text as bold markup that prints it literally."""
    return f"<b>{escaped(text)}</b>"
