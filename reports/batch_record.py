"""The batch record as a story: the whole record of one batch in the order in which a regulator reads it.

The order of the fifteen chapters is that of 21 CFR 211.188 and EudraLex volume 4 part IV; a chapter of which the
product holds nothing says so and stands all the same.
"""

from collections.abc import Iterator

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from reports import certificate_parts as parts
from reports import record_rows as rows
from reports import record_story, tables
from reports.escape import escaped, one_line
from reports.record_snapshot import BatchRecord, Decided, Exceptional, TrailEntry
from reports.rows import CODE, FINE, NAME, PLAIN, QUIET, SMALL, SMALL_QUIET, STRONG, WIDE, Cell, Row, Rows, Words, cell
from reports.snapshot import Sign
from reports.tables import Flow

TITLE = "Batch record"
GAP = 2.4 * mm
_ROOM = 45 * mm


class Chapter(Flowable):  # type: ignore[misc]  # ReportLab ships no types
    """A chapter's heading, which also stands in the outline of the file; it never stands at the foot of a page."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__()
        self._number, self._text = number, text
        self.width, self.height = tables.CONTENT, 11 * mm

    def wrap(self, _width: float, height: float) -> tuple[float, float]:
        """Give the size; where little room is left, that is more than there is."""
        return self.width, self.height if height > _ROOM else height + 1

    def draw(self) -> None:
        """Draw the heading and note its place."""
        name = f"chapter-{self._number}"
        self.canv.bookmarkPage(name)
        self.canv.addOutlineEntry(f"{self._number} {one_line(self._text)}", name)
        self.canv.setFillColor(tables.INK)
        self.canv.setFont(tables.HEADLINE.fontName, tables.HEADLINE.fontSize)
        self.canv.drawString(0, 3 * mm, f"{self._number}  {self._text}")
        self.canv.setStrokeColor(tables.INK)
        self.canv.setLineWidth(0.8)
        self.canv.line(0, 1.2 * mm, tables.CONTENT, 1.2 * mm)


def story(record: BatchRecord) -> list[object]:
    """Give the record's chapters in the order in which they are read."""
    return [
        *_cover(record),
        *_summary(record),
        *_definitions(record),
        *_genealogy(record),
        Chapter(5, "Steps of manufacture"),
        *record_story.steps(record),
        *_yields(record),
        *_labels(record),
        *_clearances(record),
        *_laboratory(record),
        *_exceptions(record),
        Chapter(11, "Custody and conditions"),
        *record_story.custody(record),
        *_decisions(record),
        *_trail(record),
        *_key(record),
        *_integrity(record),
    ]


def _cover(record: BatchRecord) -> Flow:
    decided = [escaped(record.statement), f"<b>Decided by</b> {escaped(record.certified_by)}"]
    if record.pending:
        decided.append(f"<b>Pending:</b> {'; '.join(map(escaped, record.pending))}")
    emphasis = record.standing.sign is not Sign.PASS
    entries = ", ".join(f"{stream.name} {stream.entries} entries" for stream in record.streams)
    grid = parts.identity_grid(
        record.identity,
        record.product,
        [("Specification", record.specification), ("Stated here whole", entries)],
    )
    return [
        *parts.title(TITLE, record.issue),
        parts.framed_message(decided, record.standing.sign, emphasis=emphasis, headline=record.standing.words),
        Spacer(1, GAP),
        grid,
        *tables.about_the_data(record.data_marks),
        Spacer(1, 1 * mm),
        Chapter(1, "Sites, and who decided"),
        rows.table(
            (52, 96, 38),
            ("What was done", "Where", "References"),
            [
                Row((cell(site.activity), cell(f"{site.name}, {site.address}"), cell(site.references)))
                for site in record.sites
            ],
        ),
        Spacer(1, GAP),
        rows.signatures([one.signature for one in record.decisions] or [record.issued]),
    ]


def _summary(record: BatchRecord) -> Flow:
    results = (
        Row(
            (
                cell(test.title, STRONG),
                cell(test.criterion),
                cell(test.result, STRONG),
                rows.status(test.evaluation),
            ),
            ground=rows.GROUNDS.get(test.evaluation.sign),
        )
        for test in record.tests
    )
    return [
        Chapter(2, "Summary for review by exception"),
        rows.summed(record.summary),
        Spacer(1, GAP),
        rows.named(record.answers, wide=60),
        Spacer(1, GAP),
        rows.table((62, 50, 42, 32), ("Test", "Criterion", "Result", "Status"), results),
        Spacer(1, GAP),
    ]


def _definitions(record: BatchRecord) -> Flow:
    flow: Flow = [Chapter(3, "Definitions used, order and issue")]
    for used in record.definitions:
        about = [
            Row((cell(f"{used.kind}: {used.title}", STRONG), cell(f"{used.code} version {used.version}")), keep=True),
            Row((cell("SHA-256 of its text"), cell(used.sha256, FINE)), keep=True),
        ]
        flow += [Rows((80, WIDE - 80), about), rows.signatures(used.signatures), Spacer(1, GAP)]
    flow += [rows.named(record.order), rows.signatures(record.order_signatures), Spacer(1, GAP)]
    return [*flow, rows.signatures([record.issued])]


def _genealogy(record: BatchRecord) -> Flow:
    flow: Flow = [Chapter(4, "Materials, equipment and containers")]
    for lot in record.lots:
        head = [Row((cell(f"{lot.name}, lot {lot.code}", NAME),), ground=rows.HEAD_GROUND)]
        about = [
            f"{lot.remarks}. Supplier {lot.supplier}, certificate {lot.certificate}, expires {lot.expires}.",
            *(f"Used in {use}" for use in lot.uses),
        ]
        flow += [
            Rows((WIDE,), [Row((cell(text),)) for text in about], head=head),
            rows.signatures([lot.approval]),
            Spacer(1, GAP),
        ]
    if not record.lots:
        flow.append(_sentence("No lot was read into a step."))
    equipment = record.equipment
    flow.append(rows.named(equipment) if equipment else _sentence("No equipment was read by a code of its own; what a "
                "step asks to write down of equipment stands in the step."))  # fmt: skip
    vessels = (
        Row((cell(one.code, CODE), cell(one.kind), cell(one.made_from, CODE), cell(one.holds), cell(one.made, SMALL)))
        for one in record.vessels
    )
    names = ("Container", "Kind", "Made from", "Holds", "Made")
    return [*flow, Spacer(1, GAP), rows.table((36, 22, 36, 36, 56), names, vessels)]


def _yields(record: BatchRecord) -> Flow:
    flow: Flow = [Chapter(6, "Yields")]
    if not record.account:
        return [*flow, _sentence("The master record asks for no account of quantities.")]
    return [*flow, rows.summed(record.account)]


def _clearances(record: BatchRecord) -> Flow:
    flow: Flow = [Chapter(8, "Line clearance and environmental monitoring")]
    if record.clearances:
        flow.append(rows.named(record.clearances))
    else:
        flow.append(_sentence("No area was cleared for this batch in this system."))
    return [*flow, rows.named([one for one in record.absent if one.name == "Environmental monitoring"])]


def _labels(record: BatchRecord) -> Flow:
    flow: Flow = [Chapter(7, "Label specimens and reconciliation")]
    for one in record.labels:
        head = [Row((cell(f"Labels {one.number}, {one.purpose}", NAME),), ground=rows.HEAD_GROUND)]
        about = [f"Printed by {one.printed}.", f"Count: {one.count}.", *one.mismatches]
        used = (
            Row((cell(each.serial, CODE), cell(each.statements, SMALL), cell(each.standing, SMALL)))
            for each in one.labels
        )
        flow += [
            Rows((WIDE,), [Row((cell(text),)) for text in about], head=head),
            Rows((52, WIDE - 52), [Row((cell("Specimen, SHA-256", STRONG), cell(one.specimen, FINE)))]),
            rows.table((52, 74, 60), ("Label", "States", "What became of it"), used),
            rows.signatures(one.signatures),
            Spacer(1, GAP),
        ]
    if not record.labels:
        flow.append(_sentence("No label was printed for this batch by this system."))
    return flow


def _laboratory(record: BatchRecord) -> Flow:
    samples = (
        Row(
            (cell(one.code, CODE), cell(one.point), cell(one.received, SMALL), cell(one.condition), cell(one.by, SMALL))
        )
        for one in record.samples
    )
    return [
        Chapter(9, f"Results of the laboratory against {record.specification}"),
        rows.table((42, 36, 38, 38, 32), ("Sample", "Taken", "Received", "Condition", "By"), samples),
        Spacer(1, GAP),
        *record_story.results(record),
    ]


def _exceptions(record: BatchRecord) -> Flow:
    flow: Flow = [Chapter(10, "Deviations and other exceptions")]
    if not record.exceptions:
        return [*flow, _sentence("Nothing was recorded that had to be assessed.")]
    for one in record.exceptions:
        flow += _exception(one)
    return flow


def _exception(one: Exceptional) -> Flow:
    head = [rows.title_row(one.kind, one.evaluation, count=3)]
    about = [("What happened", one.says), ("Recorded", one.recorded)]
    about += [("Product impact", one.impact)] if one.impact else []
    about += [("Conclusion", one.conclusion)] if one.conclusion else []
    table = Rows(
        (40, 100, 46), [Row((cell(name, STRONG), cell(text)), starts=(0, 1)) for name, text in about], head=head
    )
    return [table, *([rows.signatures([one.signature])] if one.signature else []), Spacer(1, GAP)]


def _decisions(record: BatchRecord) -> Flow:
    flow: Flow = [Chapter(12, "Approvals, reviews, decisions and documents")]
    for one in record.decisions:
        flow += _decision(one)
    if not record.decisions:
        flow.append(_sentence("Quality has approved, reviewed and decided nothing yet."))
    documents = (
        Row(
            (
                cell(f"{one.title} {one.number}", STRONG),
                cell(one.issued, SMALL),
                cell(one.standing),
                cell(one.sha256, FINE),
            )
        )
        for one in record.documents
    )
    flow += [
        rows.table((44, 36, 22, 84), ("Document", "Issued", "Standing", "SHA-256"), documents),
        Spacer(1, GAP),
    ]
    for copy in record.true_copies:
        about = [
            ("True copy", f"{copy.title}, {copy.pages}{f', step {copy.step}' if copy.step else ''}"),
            ("The original lies", copy.original_at),
        ]
        found = [Row((cell(name, STRONG), cell(text))) for name, text in about]
        found.append(Row((cell("SHA-256", STRONG), cell(copy.sha256, FINE))))
        flow += [Rows((52, WIDE - 52), found), rows.signatures([copy.signature]), Spacer(1, GAP)]
    if not record.true_copies:
        flow.append(_sentence("No scan of a paper was certified as a true copy."))
    return flow


def _decision(one: Decided) -> Flow:
    head = [rows.title_row(one.title, one.evaluation, count=3)]
    about = [Row((cell(one.statement),), starts=(0,))] if one.statement else []
    return [Rows((80, 60, 46), about, head=head), rows.signatures([one.signature]), Spacer(1, GAP)]


TRAIL = (11, 24, 25, 27, 67, 32)


def _trail(record: BatchRecord) -> Flow:
    names = ("Entry", "Time", "Who", "What", "What it says", "Stream, position")
    return [
        Chapter(13, "Audit trail"),
        _sentence(
            "Every entry of the batch and of its chain of identity, in the order in which it was written. "
            "Ids are replaced by what they stand for; the exact bytes are in the record package."
        ),
        rows.table(TRAIL, names, map(_entry, record.trail)),
    ]


def _entry(one: TrailEntry) -> Row:
    return Row(
        (
            cell(str(one.seq), SMALL),
            cell(one.at, SMALL),
            cell(one.who, SMALL),
            cell(one.what, SMALL),
            cell(one.says, SMALL),
            cell(one.place, SMALL_QUIET),
        )
    )


def _key(record: BatchRecord) -> Flow:
    people = (
        Row(
            (
                cell(one.initials, STRONG),
                Cell((Words(one.name, STRONG), Words(f"user {one.user}", PLAIN))),
                cell(one.roles),
                cell(str(one.signatures)),
                Cell(tuple(Words(key, FINE) for key in one.keys)),
            )
        )
        for one in record.signers
    )
    return [
        Chapter(14, "Key to signatures and abbreviations"),
        rows.table((13, 38, 37, 14, 84), ("Initials", "Name", "Role", "Signed", "Keys, by their id"), people),
        Spacer(1, GAP),
        rows.named(record.abbreviations, wide=26),
    ]


def _integrity(record: BatchRecord) -> Iterator[object]:
    yield Chapter(15, "Integrity, and what is not in this record")
    streams = (
        Row(
            (
                cell(one.name, CODE),
                cell(f"{one.entries} entries, {one.first_seq} to {one.last_seq}"),
                cell(one.leaf, FINE),
            )
        )
        for one in record.streams
    )
    yield rows.table((50, 50, 86), ("Stream, stated whole", "Positions", "Fingerprint of its newest entry"), streams)
    yield Spacer(1, GAP)
    files = (
        Row((cell(one.name, STRONG), cell(one.what), cell(one.size), cell(one.sha256, FINE))) for one in record.files
    )
    yield rows.table((50, 32, 20, 84), ("File", "What it is", "Size", "SHA-256"), files)
    yield Spacer(1, GAP)
    yield Rows((52, WIDE - 52), (Row((cell(one.name, STRONG), cell(one.text))) for one in record.absent),
               head=[rows.columns("What is not in this record", "Where it is")])  # fmt: skip
    yield Spacer(1, GAP)
    yield _sentence("This shows that the record is the one that was signed. It does not show that the batch was good.")
    yield Spacer(1, GAP)
    yield parts.check_section(record.issue, record.proof)


def _sentence(text: str) -> Rows:
    return Rows((WIDE,), [Row((cell(text, QUIET),), ruled=False)])
