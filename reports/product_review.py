"""The review of a product over a period, as quality looks back on it (21 CFR 211.180(e), EU GMP Part I 1.10).

It is made on request from the record as it stands, like the list of a recall: it has no number, is kept nowhere, and
says so on each page. Batches belong to the period in which they were issued.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.conf import settings
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Spacer

from accounts.wording import day, local, record_time
from batches.models import Batch, YieldVerified
from ledger.models import Site
from qc.models import ControlLot, Disposition, FactAssessment, Result, RunDecision
from qc.trends.charts import Drawn, trend_chart
from qc.trends.controlling import runs_of
from qc.trends.limits import limits_of
from qc.trends.series import BatchPoint, numeric_lines, series_of
from qc.trends.signals import Signal, signals_in
from qc.values.verdicts import Verdict
from reports import tables
from reports.charts import chart_drawn
from reports.page import Furniture, compose
from reports.rows import COLUMN, STRONG, Row, Rows, cell
from reports.snapshot import Issue

TITLE = "Product review"
NOTICE = "Made on request from the record as it stood then. Not an issued document."


@dataclass(frozen=True, slots=True)
class Followed:
    """A line with its chart and its signals in the period."""

    title: str
    drawn: Drawn
    signals: tuple[Signal, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Everything that the review of a product says."""

    product: str
    title: str
    first: date
    last: date
    batches: tuple[Batch, ...]
    decisions: dict[str, str]  # batch number to the decision in words
    yields: dict[str, tuple[str, ...]]  # batch number to the verified yields in words
    failures: tuple[Result, ...]
    deviations: tuple[FactAssessment, ...]
    lines: tuple[Followed, ...]
    controls: tuple[tuple[str, str, int, int], ...]  # code, method, runs, rejected ones


def review_of(product: str, title: str, first: date, last: date) -> Review:
    """Gather the review of a product, both days included."""
    rows = (
        Batch.objects.filter(product__code=product).select_related("product", "state").order_by("signed_at", "number")
    )
    batches = [batch for batch in rows if first <= local(batch.signed_at).date() <= last]
    keys = [batch.pk for batch in batches]
    numbers = {batch.number for batch in batches}
    decided = Disposition.objects.filter(batch__in=keys, superseded_by=None).select_related("batch")
    verified = YieldVerified.objects.filter(batch__in=keys, superseded_by=None).select_related("batch").order_by("code")
    yields: dict[str, list[str]] = {}
    for row in verified:
        yields.setdefault(row.batch.number, []).append(f"{row.code} {row.percent:.1f} %")
    failed = Result.objects.filter(batch__in=keys, verdict=Verdict.FAILS.value).select_related("batch")
    deviations = FactAssessment.objects.filter(batch__in=keys).exclude(number="").select_related("batch")
    return Review(
        product=product,
        title=title,
        first=first,
        last=last,
        batches=tuple(batches),
        decisions={row.batch.number: str(row.get_decision_display()) for row in decided},
        yields={number: tuple(words) for number, words in yields.items()},
        failures=tuple(failed.order_by("recorded_at")),
        deviations=tuple(deviations.order_by("number")),
        lines=tuple(_followed(product, numbers)),
        controls=tuple(_controls(product, first, last)),
    )


def _followed(product: str, numbers: set[str]) -> Iterable[Followed]:
    def shown(point: BatchPoint) -> bool:
        return point.batch.number in numbers

    for line in numeric_lines(product):
        series = series_of(product, line.code)
        if series is None or not any(shown(point) for point in series.points):
            continue
        limits = limits_of(series)
        signals = signals_in(series, limits) if limits else []
        inside = tuple(signal for signal in signals if signal.batch_number in numbers)
        yield Followed(series.title, trend_chart(series, limits, shown), inside)


def _controls(product: str, first: date, last: date) -> Iterable[tuple[str, str, int, int]]:
    methods = {line.method.code for line in numeric_lines(product)}
    for lot in ControlLot.objects.filter(method__in=methods).order_by("method", "code"):
        runs = [run for run in runs_of(lot) if first <= local(run.measurement.performed_at).date() <= last]
        rejected = [run for run in runs if run.decision and run.decision.decision == RunDecision.Decision.REJECTED]
        if runs:
            yield lot.code, lot.method, len(runs), len(rejected)


def review_pdf(found: Review, *, at: datetime) -> bytes:
    """Give the review as a PDF, its charts as vectors with their tables."""
    site = Site.objects.get()
    issue = Issue(
        site=site.name,
        address=site.address,
        licence=site.licence or "no licence stated",
        number="PRODUCT REVIEW",
        version=1,
        issued_at=record_time(at),
        issued_at_utc=at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        interim=False,
        training=settings.TRAINING,
    )
    about = f"{found.product}, {day(found.first)} to {day(found.last)}"
    return compose(Furniture(issue, None, (NOTICE,), about), _story(found, at), title=f"{TITLE} {about}")


def _story(found: Review, at: datetime) -> list[object]:
    outcomes = Counter(found.decisions.get(batch.number, "Not decided") for batch in found.batches)
    severities = Counter(str(row.get_severity_display()) for row in found.deviations)
    signals = [signal for line in found.lines for signal in line.signals]
    story: list[object] = [
        tables.words(f"{TITLE}, {found.title}", tables.TITLE),
        tables.words(f"{found.product}, batches issued {day(found.first)} to {day(found.last)}", tables.STRONG),
        tables.words(f"Made {record_time(at)}", tables.QUIET),
        Spacer(1, 4 * mm),
        _table(
            (70, 116),
            ("What", "How many"),
            [
                ("Batches issued", str(len(found.batches))),
                ("Decisions", _counted(outcomes)),
                ("Results out of specification, every version", str(len(found.failures))),
                ("Deviations", _counted(severities) if severities else "none"),
                ("Signals of trends", f"{len(signals)}, of which {sum(one.is_open for one in signals)} open"),
            ],
        ),
        *_section("Batches"),
        _table(
            (30, 26, 18, 28, 36, 48),
            ("Batch", "Issued", "Product", "Starting material", "Decision", "Yields"),
            [
                (
                    batch.number,
                    day(batch.signed_at),
                    f"v{batch.product.version}",
                    str(batch.get_starting_material_display()),
                    found.decisions.get(batch.number, "Not decided"),
                    ", ".join(found.yields.get(batch.number, ())) or "none verified",
                )
                for batch in found.batches
            ],
        ),
        *_section("Results out of specification"),
        _table(
            (30, 46, 34, 76),
            ("Batch", "Test", "Result", "Why"),
            [(row.batch.number, f"{row.line} v{row.version}", row.unrounded, row.why) for row in found.failures],
        ),
        *_section("Deviations"),
        _table(
            (30, 30, 22, 104),
            ("Number", "Batch", "Severity", "Conclusion"),
            [
                (row.number, row.batch.number, str(row.get_severity_display()), row.conclusion)
                for row in found.deviations
            ],
        ),
    ]
    for line in found.lines:
        story += _line_story(line)
    story += [
        *_section("Signals"),
        _table(
            (30, 34, 34, 60, 28),
            ("Batch", "Test", "Rule", "Assessment", "State"),
            [_signal_row(signal) for signal in signals],
        ),
        *_section("Assay controls of these methods"),
        _table(
            (50, 50, 40, 46),
            ("Control", "Method", "Runs", "Of these rejected"),
            [(code, method, str(runs), str(rejected)) for code, method, runs, rejected in found.controls],
        ),
    ]
    return story


def _line_story(line: Followed) -> list[object]:
    return [
        CondPageBreak(110 * mm),
        *_section(line.title),
        tables.words(line.drawn.chart.sentence, tables.QUIET),
        chart_drawn(line.drawn.chart),
        _table((70, 116), ("What", "Value"), line.drawn.facts),
        Spacer(1, 2 * mm),
        _table(
            (40, 50, 96), ("Batch", "Value", "Remark"), [(row.name, row.value, row.says) for row in line.drawn.rows]
        ),
    ]


def _signal_row(signal: Signal) -> tuple[str, ...]:
    said = signal.assessment
    conclusion = f"{said.conclusion} ({said.signer_name})" if said else "not assessed"
    state = "open" if signal.closing is None else f"closed by {signal.closing.signer_name}"
    return (
        signal.batch_number,
        f"{signal.title} {signal.value}",
        f"{signal.rule_words}, {signal.says}",
        conclusion,
        state,
    )


def _section(title: str) -> list[object]:
    return [Spacer(1, 5 * mm), CondPageBreak(30 * mm), tables.heading(title)]


def _table(widths: Sequence[float], head: Sequence[str], rows: Sequence[Sequence[str]]) -> object:
    if not rows:
        return tables.words("None.", tables.BODY)
    laid = [Row(tuple(cell(text, STRONG) if not at else cell(text) for at, text in enumerate(row))) for row in rows]
    return Rows(widths, laid, head=[Row(tuple(cell(text, COLUMN) for text in head))])


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {words.lower()}" for words, number in sorted(counts.items())) or "none"
