"""The rows of a batch record: values with limit and verdict, corrections open, signatures and attestations."""

from collections.abc import Iterable, Iterator, Sequence

from reportlab.lib.colors import HexColor

from reports import signs
from reports.record_snapshot import Correction, Kept, Named, RecordedSignature, RecordedValue, Summed
from reports.rows import (
    CODE,
    COLUMN,
    NAME,
    PLAIN,
    QUIET,
    SMALL,
    STRONG,
    STRUCK,
    TITLE,
    WIDE,
    Cell,
    Row,
    Rows,
    Words,
    cell,
    status_cell,
)
from reports.snapshot import AttestedBlock, Evaluation, Sign
from reports.tables import INK, INK_2

AMBER = HexColor(signs.COLOURS[Sign.WARN])
AMBER_GROUND = HexColor(signs.GROUNDS[Sign.WARN])
HEAD_GROUND = HexColor("#EEF1F4")
GROUNDS = {sign: HexColor(colour) for sign, colour in signs.GROUNDS.items()}

# Of each of these tables a column begins in the middle of the page, so that two signatures stand beside each other.
VALUES = (38, 29, 26, 27, 66)


def columns(*names: str, starts: tuple[int, ...] | None = None) -> Row:
    """Give the row of column names that stands above a table on each page."""
    return Row(tuple(cell(name, COLUMN) for name in names), starts=starts, ground=HEAD_GROUND)


def status(evaluation: Evaluation) -> Cell:
    """Give a status with its shape; what was never judged has words alone."""
    if evaluation.sign is Sign.NONE:
        return cell(evaluation.words, QUIET)
    return status_cell(evaluation.sign, evaluation.words)


def table(widths: Sequence[float], names: Sequence[str], rows: Iterable[Row]) -> Rows:
    """Give a table whose column names stand on each page."""
    return Rows(widths, rows, head=[columns(*names)])


def named(items: Iterable[Named], *, wide: float = 52) -> Rows:
    """Give names with their texts, one pair a row."""
    rows = (Row((cell(item.name, STRONG), cell(item.text))) for item in items)
    return Rows((wide, WIDE - wide), rows)


def summed(items: Iterable[Summed]) -> Rows:
    """Give what was looked at, what was found, and its status."""
    rows = (
        Row(
            (cell(item.name, STRONG), cell(item.text), status(item.evaluation)),
            ground=GROUNDS.get(item.evaluation.sign),
        )
        for item in items
    )
    return table((80, 66, 40), ("Looked at", "Found", "Status"), rows)


def value_rows(values: Iterable[RecordedValue]) -> Iterator[Row]:
    """Give each value with its limit and verdict; what it replaced stands open below it."""
    for value in values:
        by = [Words(value.recorded, SMALL), *(Words(remark, QUIET) for remark in value.remarks)]
        yield Row(
            (
                cell(value.title, PLAIN),
                cell(value.value, STRONG),
                cell(value.limit, PLAIN),
                status(value.evaluation),
                Cell(tuple(by)),
            ),
            ground=GROUNDS.get(value.evaluation.sign),
            keep=bool(value.corrections),
        )
        for correction in value.corrections:
            yield from correction_rows(correction, columns_of=len(VALUES))


def correction_rows(correction: Correction, *, columns_of: int) -> Iterator[Row]:
    """Give a correction: the old value struck through, the new one, who, when and why, and its signature."""
    starts = (0, 1, 3)
    old = Cell((Words(correction.old, STRUCK), Words(correction.old_by, SMALL)))
    new = Cell((Words(correction.new, STRONG), Words(f"Changed by {correction.new_by}", SMALL)))
    why = Cell((Words("Reason", COLUMN), Words(correction.reason, PLAIN)))
    yield Row(
        (cell("Correction: old, new", QUIET), old, Cell((*new.words, *why.words))),
        starts=starts if columns_of > 3 else None,
        ground=AMBER_GROUND,
        bar=AMBER,
    )
    if correction.signature is not None:
        signature = signature_cell(correction.signature)
        yield Row((cell("Signed", QUIET), signature), starts=(0, 1), ground=AMBER_GROUND, bar=AMBER)


def signature_cell(block: RecordedSignature) -> Cell:
    """Give a signature in its five lines, framed: name and user, role, meaning, time with its offset, organisation."""
    lines = [
        Words(f"{block.title}, {block.entry}", QUIET),
        Words(f"{block.name} (user {block.user})", NAME),
        Words(block.role, PLAIN),
        Words(block.meaning, STRONG),
        Words(block.signed_at, PLAIN),
        Words(block.organisation, PLAIN),
    ]
    if block.comment:
        lines.append(Words(f"Comment: {block.comment}", PLAIN))
    return Cell(tuple(lines), frame=INK)


def attested_cell(block: AttestedBlock) -> Cell:
    """Give what an outside party did, in a dashed frame: it is no signature."""
    lines = (
        Words(f"Attested, not signed: {block.title}", QUIET),
        Words(block.party, NAME),
        Words(block.statement, STRONG),
        Words(f"{block.happened_at}. Evidence: {block.evidence}.", PLAIN),
        Words(f"Entered by {block.entered_by}.", SMALL),
        Words(f"Checked by {block.checked_by}.", SMALL),
    )
    return Cell(lines, frame=INK_2, dashed=True)


def block_rows(cells: Sequence[Cell], *, middle: int = 1) -> Iterator[Row]:
    """Give framed blocks, two beside each other; `middle` is the column that begins in the middle of the page."""
    for start in range(0, len(cells), 2):
        pair = cells[start : start + 2]
        yield Row((*pair, *([Cell()] if len(pair) == 1 else [])), starts=(0, middle), ruled=False)


def signatures(found: Sequence[RecordedSignature]) -> Rows:
    """Give signatures, two beside each other."""
    return Rows((WIDE / 2, WIDE / 2), block_rows([signature_cell(block) for block in found]))


def kept_rows(times: Iterable[Kept]) -> Iterator[Row]:
    """Give where containers were kept from when to when; a time without a place stands out."""
    for kept in times:
        yield Row(
            (
                cell(kept.containers, CODE),
                cell(kept.place, PLAIN if kept.stated else STRONG),
                cell(kept.since, SMALL),
                cell(kept.until, SMALL),
            ),
            ground=None if kept.stated else AMBER_GROUND,
        )


def title_row(text: str, evaluation: Evaluation, *, count: int) -> Row:
    """Give the title of a part with its status at the right; it stands on each page that the part reaches."""
    return Row((cell(text, TITLE), status(evaluation)), starts=(0, count - 1), ground=HEAD_GROUND)


def note(text: str, *, count: int) -> Row:
    """Give a sentence across a table."""
    return Row((cell(text, QUIET),), starts=(0,)) if count else Row((cell(text, QUIET),))
