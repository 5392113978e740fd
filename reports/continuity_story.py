"""The continuity record as a story: what to do without the computer, then each step that is left, with room to write.

What is known stands printed; what is still to be found out has a box. Every identifier stands whole on every page.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Spacer

from reports import certificate_parts as parts
from reports import record_rows as rows
from reports.continuity_sheet import ContinuitySheet, Entry, PaperStep, Quantity, Slot
from reports.escape import escaped
from reports.record_snapshot import Named
from reports.rows import CODE, NAME, PLAIN, QUIET, SMALL, STRONG, Cell, Look, Row, Rows, Words, cell, wrapped
from reports.tables import CONTENT, INK, Flow
from reports.typefaces import BOLD, SANS

TITLE = "Continuity record"
GAP = 2.4 * mm
LINE = HexColor("#7B8896")
READ = Look(SANS, 9, 12)
SET = Look(BOLD, 9.4, 12.4)
WRITE = Look(SANS, 10, 17)
ABOVE = Look(BOLD, 8, 10)  # as the page draws what stands above its head
BOX = "☐"
COLUMNS = (58, 48, 46, 34)
# Less room than this at the foot of a page is left free, so that a step begins with more than its title.
ROOM = 60 * mm

DURING = (
    "Compare batch, chain of identity, DIN and subject on this page with the label in your hands, before each step.",
    "Work the steps in their order, as long as the cells need you. Only people trained on the procedure work.",
    "Write with ink, each value when it is read, with its time. What is wrong is crossed out once, so that it stays "
    "readable, with initials and time.",
    "Compare each value with its limit. Outside a limit, or another label than expected: write it under Remarks, and "
    "call quality assurance. Never go on with a container of another patient.",
    "Checks before an act are made by a second person before the act, with name, signature and time.",
)
AFTERWARDS = (
    "Scan every page of this copy, written on or not, and certify the scan as a true copy of the batch.",
    "One person enters back what stands here, another compares it value by value with the certified scan.",
    "Who performed, checked or watched a step signs it at the next sign-in.",
    "Account for this copy: used, or destroyed unused. Until then the batch is not decided on.",
)


def above(sheet: ContinuitySheet) -> tuple[str, ...]:
    """Give the lines above the head of each page: whose cells these are, and which copy this is."""
    identity = sheet.identity
    donations = [f"{one.number} [{one.check_character}]" for one in identity.donations]
    strip = [identity.batch, identity.chain_of_identity, *donations, f"subject {identity.subject}"]
    lines = [" · ".join(part.replace(" ", "\u00a0") for part in strip), "EDITION FOR READING. Work on a numbered copy."]
    if sheet.copy:
        lines[1:] = [f"CONTROLLED COPY {sheet.copy}, kept in: {sheet.kept}", f"Taken by {sheet.taken}"]
    return tuple(part for line in lines for part in wrapped(line, ABOVE, CONTENT))


def story(sheet: ContinuitySheet) -> Flow:
    """Give the parts in the order in which they are used."""
    about = [
        Named("Product", sheet.product),
        Named("Master batch record", sheet.master),
        Named("Position", sheet.position),
        *sheet.facts,
    ]
    return [
        *parts.title(TITLE, sheet.issue),
        parts.framed_message(_listed("Without the computer", DURING), None, emphasis=True),
        Spacer(1, GAP),
        parts.framed_message(_listed("When it is back", AFTERWARDS), None, emphasis=False),
        Spacer(1, GAP),
        rows.named(about, wide=74),
        Spacer(1, GAP),
        *[part for step in sheet.steps for part in _step(step)],
    ]


def _listed(title: str, sentences: Sequence[str]) -> list[str]:
    numbered = [f"{number}. {escaped(text)}" for number, text in enumerate(sentences, start=1)]
    return [f"<b>{escaped(title)}</b>", *numbered]


def _step(step: PaperStep) -> Flow:
    head = [
        Row((cell(f"{step.code}  {step.title}", NAME), cell(step.stage, QUIET)), starts=(0, 3), ground=rows.HEAD_GROUND)
    ]
    return [CondPageBreak(ROOM), Rows(COLUMNS, list(_step_rows(step)), head=head), Spacer(1, GAP)]


def _step_rows(step: PaperStep) -> Iterator[Row]:
    yield _across(f"{step.standing} This step is {step.demands}.", SMALL)
    yield _across(step.instruction, READ)
    for clock in step.clocks:
        yield _across(f"Time: {clock}", STRONG)
    for one in step.amounts:
        yield Row((cell(one.name), cell(one.text, STRONG)), starts=(0, 1))
    yield from _slots(step)
    yield from _quantities_known(step)
    if step.is_checked:
        yield from _check(step)
    yield from _entries(step)
    yield from _quantities_by_hand(step)
    yield from _what_else(step)
    yield _signatures(step)


def _slots(step: PaperStep) -> Iterator[Row]:
    if step.slots:
        yield _columns("At hand", "Code, as on the label", "Time", starts=(0, 1, 3))
    for slot in step.slots:
        yield from _slot(slot)


def _quantities_known(step: PaperStep) -> Iterator[Row]:
    known = [one for one in step.quantities if one.value]
    if known:
        yield _columns("Calculated now", "Set-point or result", "Limit", starts=(0, 1, 2))
    yield from map(_known, known)


def _entries(step: PaperStep) -> Iterator[Row]:
    if step.entries:
        yield _columns("Value", "Write here", "Unit, limit", "Time")
    yield from map(_entry, step.entries)


def _quantities_by_hand(step: PaperStep) -> Iterator[Row]:
    unknown = [one for one in step.quantities if not one.value]
    if unknown:
        yield _columns("To be calculated by hand", "Write here", "How, limit", starts=(0, 1, 2))
    yield from map(_by_hand, unknown)


def _what_else(step: PaperStep) -> Iterator[Row]:
    for made in step.makes:
        yield Row((cell(f"Containers made. {made}. Codes or provisional labels:"), _box(2)), starts=(0, 1), keep=True)
    for title in step.evidence:
        yield Row((cell(f"Keep with this copy: {title}"), _box()), starts=(0, 1), keep=True)
    left_out = ", or why it was left out" if step.is_optional else ""
    yield Row((cell(f"Remarks, departures{left_out}"), _box(2)), starts=(0, 1), keep=True)


def _columns(*names: str, starts: tuple[int, ...] | None = None) -> Row:
    """Give a row of column names, on the page of what follows."""
    return replace(rows.columns(*names, starts=starts), keep=True)


def _across(text: str, look: Look) -> Row:
    return Row((cell(text, look),), starts=(0,), ruled=False, keep=True)


def _box(lines: int = 1) -> Cell:
    return Cell(tuple(Words(" ", WRITE) for _line in range(lines)), frame=LINE)


def _slot(slot: Slot) -> Iterator[Row]:
    if slot.read:
        yield Row((cell(slot.title), Cell(tuple(Words(code, CODE) for code in slot.read))), starts=(0, 1))
        if not slot.many:
            return
    many = " Each by its own code." if slot.many else ""
    more = " More:" if slot.read else ""
    for _line in range(2 if slot.many else 1):
        yield Row((cell(f"{slot.title}.{many}{more}"), _box(), _box()), starts=(0, 1, 3))


def _known(one: Quantity) -> Row:
    return Row(
        (cell(one.title), cell(one.value, SET), Cell((Words(one.limit or "–", PLAIN), Words(one.how, SMALL)))),
        starts=(0, 1, 2),
    )


def _by_hand(one: Quantity) -> Row:
    how = Cell((Words(one.how, SMALL), *((Words(f"Limit {one.limit}", STRONG),) if one.limit else ())))
    return Row((cell(one.title), _box(), how), starts=(0, 1, 2))


def _entry(entry: Entry) -> Row:
    marks = [*(["critical"] if entry.critical else []), *([] if entry.required else ["optional"])]
    title = [Words(f"{entry.title} ({', '.join(marks)})" if marks else entry.title, PLAIN)]
    title += [Words(entry.hint, SMALL)] if entry.hint else []
    about = [Words(entry.unit, PLAIN)] if entry.unit else []
    about += [Words(f"Limit {entry.limit}", STRONG)] if entry.limit else []
    about += [Words(f"Plausible {entry.plausible}", SMALL)] if entry.plausible else []
    if entry.stored:
        return Row((Cell(tuple(title)), cell(entry.stored, STRONG), Cell(tuple(about)), cell("recorded", SMALL)))
    write = Cell(tuple(Words(f"{BOX} {words}", READ) for words in entry.choices)) if entry.choices else _box()
    return Row((Cell(tuple(title)), write, Cell(tuple(about) or (Words("–", PLAIN),)), _box()))


def _check(step: PaperStep) -> Iterator[Row]:
    yield _columns("Before the act, a second person compares", "", starts=(0, 1))
    for one in step.confirms:
        yield Row((cell(one.name), cell(one.text, SET)), starts=(0, 1), keep=True)
    yield Row(
        (cell("I compared container, vials, lot and volume with this batch myself, before the act.", STRONG),
         _signature_box("Checked by, second person")),
        starts=(0, 1),
    )  # fmt: skip


def _signature_box(title: str) -> Cell:
    return Cell(
        (
            Words(title, STRONG),
            Words("Name, user ID:", WRITE),
            Words("Signature:", WRITE),
            Words("Date and time:", WRITE),
        ),
        frame=INK,
    )


def _signatures(step: PaperStep) -> Row:
    performed = cell(step.standing, STRONG) if step.is_performed else _signature_box("Performed by")
    witness = _signature_box("Watched by, another person") if step.is_witnessed else cell("This step needs no witness.")
    return Row((performed, witness), starts=(0, 2), ruled=False)
