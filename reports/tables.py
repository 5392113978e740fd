"""Words and tables in the look of the house.

Every text passes through `escaped`, and every table names a face of ours, because a table without one draws in
Helvetica, which is not embedded.
"""

from collections.abc import Mapping, Sequence

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Paragraph, Spacer, Table

from reports import signs
from reports.escape import escaped
from reports.snapshot import AttestedBlock, DataMark, Line, ResultLine, Sign, SignatureBlock, Site
from reports.typefaces import BOLD, MONO, MONO_BOLD, SANS

CONTENT = 186 * mm
INK = HexColor("#14202B")
INK_2 = HexColor("#3C4C5B")
RULE = HexColor("#B4BEC8")

# A cell longer than this may be taller than a page, so its row may be broken.
_LONG_CELL = 500

Flow = list[object]
Commands = list[tuple[object, ...]]


def _style(face: str, size: float, leading: float, colour: object = INK, **more: object) -> ParagraphStyle:
    return ParagraphStyle(f"{face} {size}", fontName=face, fontSize=size, leading=leading, textColor=colour, **more)


TITLE = _style(BOLD, 20, 24)
HEADING = _style(BOLD, 9.5, 12)
BODY = _style(SANS, 7.8, 10.6)
MESSAGE = _style(SANS, 7.8, 11.4)
HEADLINE = _style(BOLD, 12, 16)
STRONG = _style(BOLD, 7.8, 10.6)
QUIET = _style(SANS, 7.4, 9.8, INK_2)
QUIET_RIGHT = _style(SANS, 7.8, 10.6, INK_2, alignment=2)
LABEL = _style(SANS, 6.8, 8.8, INK_2)
IDENTIFIER = _style(MONO_BOLD, 10.2, 13)
FINE = _style(MONO, 7, 9.2)
NOTE = _style(SANS, 6.6, 8.8, INK_2)
COLUMN = _style(BOLD, 6.5, 8.2)
CELL = _style(SANS, 6.9, 8.6)
CELL_STRONG = _style(BOLD, 6.9, 8.6)
CELL_SMALL = _style(SANS, 6.5, 8.2)
CELL_QUIET = _style(SANS, 6.5, 8.2, INK_2)
NAME = _style(BOLD, 9.2, 12)


def words(text: str | Sequence[str], style: ParagraphStyle = BODY) -> object:
    """Give a text as a paragraph that prints it literally; of several, each may have the full length."""
    parts = [text] if isinstance(text, str) else text
    return Paragraph("".join(escaped(part) for part in parts), style)


def labelled(label: str, text: str, style: ParagraphStyle = STRONG) -> Flow:
    """Give a small label above its text."""
    return [words(label, LABEL), words(text, style)]


def in_colour(text: str, colour: str) -> object:
    """Give a bold status word in its colour."""
    return Paragraph(escaped(text), _style(BOLD, 6.9, 8.6, HexColor(colour)))


def table(
    rows: Sequence[Sequence[object]],
    widths: Sequence[float],
    commands: Commands,
    *,
    repeat: int = 0,
    breaks_rows: bool = False,
) -> object:
    """Give a table whose face is embedded, aligned to the left edge of the text."""
    house: Commands = [
        ("FONT", (0, 0), (-1, -1), SANS, 7),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0.9 * mm),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0.7 * mm),
    ]
    return Table(
        [list(row) for row in rows],
        colWidths=list(widths),
        style=house + commands,
        repeatRows=repeat,
        splitInRow=int(breaks_rows),
        hAlign="LEFT",
    )


def grid(cells: Sequence[Flow], *, columns: int, lengths: Sequence[int]) -> object:
    """Give cells in ruled rows of equal columns; `lengths` are those of their texts."""
    blanks: list[Flow] = [[] for _ in range(-len(cells) % columns)]
    every = [*cells, *blanks]
    rows = [every[start : start + columns] for start in range(0, len(every), columns)]
    commands: Commands = [
        ("BOX", (0, 0), (-1, -1), 0.8, INK),
        ("INNERGRID", (0, 0), (-1, -1), 0.5, HexColor("#7B8896")),
        ("LEFTPADDING", (0, 0), (-1, -1), 2.2 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5 * mm),
    ]
    return table(rows, [CONTENT / columns] * columns, commands, breaks_rows=max(lengths) > _LONG_CELL)


def box(content: Flow, width: float, *, colour: object = INK, dashed: bool = False, long: bool = False) -> object:
    """Give content in a frame, dashed where what it says is not final."""
    frame = ("BOX", (0, 0), (-1, -1), 1.6 if dashed else 0.8, colour, 1, (4, 2.4) if dashed else None)
    commands: Commands = [
        frame,
        ("LEFTPADDING", (0, 0), (-1, -1), 2.6 * mm),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2.6 * mm),
        ("TOPPADDING", (0, 0), (-1, -1), 1.6 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2 * mm),
    ]
    return table([[content]], [width], commands, breaks_rows=long)


def heading(text: str, beside: Sequence[str] = ()) -> object:
    """Give a section's heading, with a quiet remark at its right."""
    commands: Commands = [
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1 * mm),
    ]
    split = 0.6 if beside else 1.0
    row = [words(text, HEADING), words(beside, QUIET_RIGHT)] if beside else [words(text, HEADING)]
    widths = [CONTENT * split, CONTENT * (1 - split)] if beside else [CONTENT]
    return table([row], widths, commands, breaks_rows=sum(map(len, beside)) > _LONG_CELL)


_COLUMNS: Mapping[str, float] = {
    "Test": 41,
    "Sample": 13.5,
    "Method": 32,
    "Acceptance criterion": 28.5,
    "Result": 27,
    "": 4,
    "Evaluation": 21.5,
    "Date tested": 18.5,
}


def _cells(line: Line, *, member: bool) -> list[object]:
    marks = " ".join(line.notes)
    above = f'\u00a0<super size="5.2" rise="2.6">{escaped(marks)}</super>' if marks else ""
    indent = _style(SANS, 6.9, 8.6, leftIndent=3 * mm) if member else CELL_STRONG
    return [
        words(line.test, indent),
        words(line.sample, CELL_SMALL),
        words(line.method, CELL_QUIET),
        words(line.criterion, CELL),
        Paragraph(escaped(line.result) + above, CELL_STRONG),
        signs.drawn(line.evaluation.sign, 2.9),
        in_colour(line.evaluation.words, signs.COLOURS[line.evaluation.sign]),
        words(line.tested, CELL),
    ]


def _longest(line: Line) -> int:
    return max(len(text) for text in (line.test, line.sample, line.method, line.criterion, line.result, line.tested))


def results(lines: Sequence[ResultLine]) -> object:
    """Give the table of results; its head stands on each page, members of a group are indented below it."""
    rows: list[list[object]] = [[words(name, COLUMN) for name in _COLUMNS]]
    commands: Commands = [
        ("SPAN", (5, 0), (6, 0)),
        ("LINEABOVE", (0, 0), (-1, 0), 0.8, INK),
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, INK),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 0.75 * mm),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 0.95 * mm),
        ("RIGHTPADDING", (5, 0), (5, -1), 0),
    ]
    rows[0][5] = words("Evaluation", COLUMN)
    longest = 0
    for group in lines:
        for line in (group, *group.members):
            rows.append(_cells(line, member=line is not group))
            at = len(rows) - 1
            longest = max(longest, _longest(line))
            ground = signs.GROUNDS.get(line.evaluation.sign)
            if ground:
                commands.append(("BACKGROUND", (0, at), (-1, at), HexColor(ground)))
            commands.append(("LINEBELOW", (0, at), (-1, at), 0.4, RULE))
        if group.members:
            commands.append(("NOSPLIT", (0, len(rows) - 1 - len(group.members)), (0, len(rows) - 1)))
    commands.append(("LINEBELOW", (0, -1), (-1, -1), 0.8, INK))
    breaks = longest > _LONG_CELL
    if breaks:
        # A row that must be broken cannot also be kept whole.
        commands = [command for command in commands if command[0] != "NOSPLIT"]
    return table(rows, [width * mm for width in _COLUMNS.values()], commands, repeat=1, breaks_rows=breaks)


def sites_listed(sites: Sequence[Site]) -> Flow:
    """Give the places of manufacture and testing, one paragraph each."""
    flow: Flow = [words("Sites", HEADING), Spacer(1, 0.8 * mm)]
    for site in sites:
        more = [", ", site.references] if site.references else []
        flow.append(words([site.activity, ": ", site.name, ", ", site.address, *more], QUIET))
    return flow


def signature(block: SignatureBlock, width: float) -> object:
    """Give one electronic signature in a frame."""
    who = f'{escaped(block.name)} <font name="{SANS}" size="7.4">user {escaped(block.user)}</font>'
    content: Flow = [
        words(block.title, QUIET),
        Paragraph(who, NAME),
        words([block.role, ", ", block.organisation], BODY),
        words(block.meaning, STRONG),
        words(block.signed_at, BODY),
    ]
    return box(content, width, long=len(block.meaning) + len(block.role) + len(block.organisation) > _LONG_CELL)


def attested(block: AttestedBlock, width: float) -> object:
    """Give what an outside party did, as two of ours attest it, in a dashed frame: it is no signature."""
    content: Flow = [
        words(["Attested, not signed: ", block.title], QUIET),
        words(block.party, NAME),
        words(block.statement, STRONG),
        words([block.happened_at, ". Evidence: ", block.evidence, "."], BODY),
        words(["Entered by ", block.entered_by, "; checked by ", block.checked_by, "."], BODY),
    ]
    long = sum(len(text) for text in (block.statement, block.evidence, block.entered_by, block.checked_by))
    return box(content, width, colour=INK_2, dashed=True, long=long > _LONG_CELL)


def about_the_data(marks: Sequence[DataMark]) -> Flow:
    """Give what must be known about the data, with a warning sign; nothing where there is nothing to say."""
    if not marks:
        return []
    flow: Flow = [Spacer(1, 2.4 * mm)]
    for mark in marks:
        text = Paragraph(f"<b>{escaped(mark.text)}</b> Source: {escaped(mark.source)}", BODY)
        commands: Commands = [
            ("BOX", (0, 0), (-1, -1), 0.8, HexColor(signs.COLOURS[Sign.WARN])),
            ("TOPPADDING", (0, 0), (-1, -1), 1 * mm),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6 * mm),
            ("LEFTPADDING", (0, 0), (0, -1), 2.2 * mm),
            ("TOPPADDING", (0, 0), (0, -1), 1.4 * mm),
        ]
        row = [signs.drawn(Sign.WARN, 3.4), text]
        long = len(mark.text) + len(mark.source) > _LONG_CELL
        flow.append(table([row], [8 * mm, CONTENT - 8 * mm], commands, breaks_rows=long))
    return flow


def side_by_side(left: Flow, right: Flow, *, height: float) -> Flow:
    """Give two columns where both fit the height, one below the other where they do not."""
    gap, wide = 6 * mm, CONTENT / 2 - 3 * mm
    if all(sum(_height(part, wide) for part in column) <= height for column in (left, right)):
        commands: Commands = [
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
        ]
        return [KeepTogether([table([[left, "", right]], [wide, gap, wide], commands)])]
    return [*left, Spacer(1, 2 * mm), *right]


def _height(part: object, width: float) -> float:
    # Flowables of a library without types; each has wrap(), which says how tall it will be.
    return float(part.wrap(width, 10_000 * mm)[1])  # type: ignore[attr-defined]
