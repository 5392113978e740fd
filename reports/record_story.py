"""The longer chapters of a batch record as stories: steps, results, custody."""

from collections.abc import Iterator
from itertools import chain

from reportlab.lib.units import mm
from reportlab.platypus import Spacer

from reports import record_rows as rows
from reports.record_snapshot import Assay, BatchRecord, Custody, Link, Reading, ResultVersion, Scan, Step
from reports.rows import CODE, COLUMN, NAME, PLAIN, QUIET, SMALL, STRONG, WIDE, Cell, Row, Rows, Words, cell
from reports.tables import Flow

GAP = 2 * mm


def steps(record: BatchRecord) -> Iterator[object]:
    """Give each step with its status, scans, values, quantities and signatures, stage by stage."""
    for stage in record.stages:
        yield Rows((WIDE,), [Row((cell(stage.title, NAME),), ruled=False, keep=True)])
        if stage.note:
            yield Rows((WIDE,), [Row((cell(stage.note, QUIET),), ruled=False)])
        for step in stage.steps:
            yield from _step(step)


def _step(step: Step) -> Iterator[object]:
    count = len(rows.VALUES)
    head = [
        rows.title_row(f"{step.code} {step.title}", step.evaluation, count=count),
        rows.columns("Value", "Recorded", "Limit", "Verdict", "Who and when"),
    ]
    yield Rows(rows.VALUES, chain(_step_rows(step, count), _step_signatures(step, count)), head=head)
    yield Spacer(1, GAP)


def _step_signatures(step: Step, count: int) -> Iterator[Row]:
    yield from rows.block_rows([rows.signature_cell(one) for one in step.checks], middle=3)
    for version in step.versions:
        if len(step.versions) > 1 or not version.counts:
            words = f"Version {version.version} of step {step.code}, {version.standing}"
            yield Row((cell(words, STRONG),), starts=(0,), ruled=False, keep=True)
        yield from rows.block_rows([rows.signature_cell(one) for one in version.signatures], middle=3)
    if not step.versions:
        yield rows.note(f"Step {step.code} is not signed.", count=count)


def _step_rows(step: Step, count: int) -> Iterator[Row]:
    demands = f" ({step.demands})" if step.demands else ""
    yield rows.note(f"Begun: {step.began}{demands}", count=count)
    yield rows.note(f"Instruction: {step.instruction}", count=count)
    for scan in step.scans:
        yield _scan(scan)
    yield from rows.value_rows(step.values)
    yield from rows.value_rows(step.derived)
    for remark in step.remarks:
        yield rows.note(remark, count=count)
    if step.made:
        yield Row((cell("Containers made", PLAIN), cell(", ".join(step.made), CODE)), starts=(0, 1))


def _scan(scan: Scan) -> Row:
    return Row(
        (
            cell(scan.slot, PLAIN),
            cell(scan.code, CODE),
            cell(scan.says, PLAIN),
            rows.status(scan.evaluation),
            cell(scan.read, SMALL),
        ),
        ground=rows.GROUNDS.get(scan.evaluation.sign),
    )


RESULTS = (55, 38, 31, 62)


def results(record: BatchRecord) -> Iterator[object]:
    """Give each line of the specification with every version of its result, its readings and its signatures."""
    for test in record.tests:
        yield from _test(test)


def _test(test: Assay) -> Iterator[object]:
    head = [
        rows.title_row(f"{test.title}: {test.result}", test.evaluation, count=len(RESULTS)),
        rows.columns("Read or reported", "Value", "Sample", "Who and when"),
    ]
    if not test.versions:
        yield Rows(RESULTS, [_about(test), *_loose(test)], head=head)
    for version in test.versions:
        yield Rows(RESULTS, _version_rows(test, version), head=head)
    if test.versions and test.loose:
        yield Rows(RESULTS, _loose(test), head=head)
    if test.bench:
        yield Rows(RESULTS, [row for one in test.bench for row in _reading(one)], head=head)
    yield Spacer(1, GAP)


def _about(test: Assay) -> Row:
    words = f"Criterion: {test.criterion}. Method: {test.method}. Sample: {test.sample_point}."
    return rows.note(words, count=len(RESULTS))


def _version_rows(test: Assay, version: ResultVersion) -> Iterator[Row]:
    yield _about(test)
    for reading in version.readings:
        yield from _reading(reading)
    for member in version.members:
        verdict = rows.status(member.evaluation)
        yield Row((cell(member.test), cell(member.result, STRONG), cell(member.criterion), verdict))
    standing = "in force" if version.counts else "superseded"
    about = [Words(f"Tested {version.tested}. {version.rule}.", SMALL)]
    if version.why:
        about.append(Words(version.why, SMALL))
    reported = [Words(version.reported, STRONG)]
    if version.unrounded and version.unrounded != version.reported:
        reported.append(Words(f"unrounded {version.unrounded}", SMALL))
    yield Row(
        (
            cell(f"Reported, version {version.version}, {standing}", STRONG),
            Cell(tuple(reported)),
            rows.status(version.evaluation),
            Cell(tuple(about)),
        ),
        ground=rows.GROUNDS.get(version.evaluation.sign),
        keep=bool(version.reason),
    )
    if version.reason:
        yield Row(
            (cell("Replaces the version before. Reason:", COLUMN), cell(version.reason)),
            starts=(0, 1),
            ground=rows.AMBER_GROUND,
            bar=rows.AMBER,
        )
    yield from rows.block_rows([rows.signature_cell(one) for one in version.signatures], middle=2)
    if len(version.signatures) == 1:
        yield rows.note(f"Version {version.version} was not reviewed.", count=len(RESULTS))


def _loose(test: Assay) -> Iterator[Row]:
    for reading in test.loose:
        yield from _reading(reading)


def _reading(reading: Reading) -> Iterator[Row]:
    yield Row(
        (
            cell(reading.what),
            cell(reading.value, STRONG),
            cell(reading.sample, CODE),
            Cell((Words(reading.times, SMALL), Words(f"recorded by {reading.by}", SMALL))),
        ),
        keep=bool(reading.corrections),
    )
    for correction in reading.corrections:
        yield from rows.correction_rows(correction, columns_of=len(RESULTS))


KEPT = (46, 47, 56, 37)
KEPT_HEAD = ("Containers", "Kept in", "From", "Until")


def custody(record: BatchRecord) -> Iterator[object]:
    """Give donations, links with both sides, the places between them, labels that were read, gaps."""
    held = record.custody
    for collected in held.collections:
        about = [
            ("Donation", f"{collected.donation.number} [{collected.donation.check_character}]"),
            ("Collected", f"{collected.collected}, {collected.party}"),
            ("Volume", collected.volume),
            ("Donor markers", collected.donor_markers),
            ("Collection form", collected.form),
        ]
        yield Rows((52, WIDE - 52), [Row((cell(name, STRONG), cell(text))) for name, text in about])
        yield rows.signatures(collected.signatures)
        yield Spacer(1, GAP)
    if held.before:
        yield rows.table(KEPT, KEPT_HEAD, rows.kept_rows(held.before))
        yield Spacer(1, GAP)
    for link in held.links:
        yield from _link(link)
    yield from _other_custody(held)


def _link(link: Link) -> Iterator[object]:
    head = [rows.title_row(f"{link.title}: {link.giver} to {link.taker}", link.evaluation, count=4)]
    about = [Row((cell("Containers", STRONG), cell(link.containers, CODE)), starts=(0, 1))]
    about += [Row((cell(one.name, STRONG), cell(one.text)), starts=(0, 1)) for one in link.conditions]
    sides = [rows.signature_cell(one) for one in link.signatures]
    sides += [rows.attested_cell(one) for one in link.attested]
    about += rows.block_rows(sides, middle=2)
    if link.kept:
        about += [rows.columns(*KEPT_HEAD), *rows.kept_rows(link.kept)]
    yield Rows(KEPT, about, head=head)
    yield Spacer(1, GAP)


def _other_custody(held: Custody) -> Flow:
    flow: Flow = []
    lists = (
        ("Held now", held.held),
        ("Temperatures", held.temperatures),
        ("Gaps", held.gaps),
        ("Contradictions", held.contradictions),
    )
    for name, texts in lists:
        found = [Row((cell(text),)) for text in texts or ("None.",)]
        flow += [Rows((WIDE,), found, head=[rows.columns(name)]), Spacer(1, GAP)]
    checks = (
        Row(
            (
                cell(check.at, SMALL),
                cell(check.scanned, CODE),
                rows.status(check.evaluation),
                cell(f"{check.expected.replace('_', ' ')}, {check.where}"),
                cell(check.by, SMALL),
            ),
            ground=rows.GROUNDS.get(check.evaluation.sign),
        )
        for check in held.checks
    )
    names = ("Label read", "Code", "Outcome", "Expected, where", "By")
    flow += [rows.table((36, 44, 36, 38, 32), names, checks), Spacer(1, GAP)]
    return flow
