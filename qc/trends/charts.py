"""The charts of this room, told for whoever draws them, each with the table of the same data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.wording import day
from ledger.typed_numbers import show, to_figures
from qc.models import ControlLot, RunDecision, TrendLimits
from qc.trends.chart_statistics import FEWEST_FOR_CAPABILITY, FEWEST_FOR_LIMITS, capability, individuals
from qc.trends.charting import Change, Chart, Level, Look, Mark, scale_of
from qc.trends.control_rules import Bound, completed
from qc.trends.controlling import Run
from qc.trends.series import BatchPoint, Series
from qc.trends.signals import RULES, SAYS, hits_of

_FIGURES = 4
_RUNS_DRAWN = 60


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table below a chart; `status` where it is flagged."""

    name: str
    url_name: str
    value: str
    says: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart with the table of its data and what can be said of all of it."""

    chart: Chart
    rows: tuple[Row, ...]
    facts: tuple[tuple[str, str], ...]


def shortly(value: Decimal, unit: str = "") -> str:
    """Write a statistic with four figures, in powers of ten where it is large."""
    return show(to_figures(value, _FIGURES), exponent=scale_of([value]) or None, unit=unit)


def every_batch(_point: BatchPoint) -> bool:
    """Show all."""
    return True


def trend_chart(series: Series, limits: TrendLimits | None, shown: Callable[[BatchPoint], bool] = every_batch) -> Drawn:
    """Give the chart of single values of a line, with approved limits where there are any.

    `shown` hides batches; the rules run over all of them nevertheless.
    """
    flagged: dict[int, list[str]] = {}
    named: dict[int, list[str]] = {}
    if limits is not None:
        hits = hits_of(series, limits)
        for hit in hits:
            flagged.setdefault(hit.at, []).append(str(RULES[hit.rule]))
        for hit in completed(hits):
            named.setdefault(hit.at, []).append(f"{RULES[hit.rule]}, {SAYS[hit.rule]}")
    marks, rows, changes = [], [], []
    before: BatchPoint | None = None
    for place, point in enumerate(series.points):
        if not shown(point):
            continue
        marks.append(_mark(point, named.get(place, ()), is_flagged=place in flagged))
        rows.append(_row(point, flagged.get(place, ())))
        if before is not None and (news := [one for one in point.versions if one not in before.versions]):
            changes.append(Change(len(marks) - 1, ", ".join(news)))
        before = point
    chart = Chart(
        title=series.title,
        sentence=_sentence(series, marks, limits, len(named)),
        unit=series.unit,
        marks=tuple(marks),
        levels=tuple(_levels(series, limits)),
        changes=tuple(changes),
        band=_band(limits),
    )
    drawn = [point for point in series.points if shown(point)]
    return Drawn(chart, tuple(rows), tuple(_facts(series, drawn, limits)))


def _mark(point: BatchPoint, rules: Sequence[str], *, is_flagged: bool) -> Mark:
    first, reported = point.first_reported, point.reported
    known = reported or first
    assert known is not None  # noqa: S101  a point without either is no point of a row
    return Mark(
        name=point.batch.number,
        value=known.value,
        bound=reported.bound if reported else Bound.EXACT,
        status="warn" if is_flagged else "",
        words=f"{point.batch.number}, {known.words}" if rules else "",
        more="; ".join(rules),
        hollow=first.value if first else None,
        hollow_words=_("first result %(value)s") % {"value": first.words} if first else "",
        is_drawn=reported is not None,
    )


def _row(point: BatchPoint, rules: Sequence[str]) -> Row:
    says = [*rules]
    if point.reported is None:
        says.append(_("no reviewed result in force"))
    elif point.reported.bound is not Bound.EXACT:
        says.append(_("known as a bound; counts in no statistic"))
    if point.first_out is not None:
        said = {"value": point.first_out.unrounded}
        says.append(_("first result %(value)s, out of specification") % said)
    return Row(
        name=point.batch.number,
        url_name=point.batch.number,
        value=point.reported.words if point.reported else "–",
        says="; ".join(says),
        status="warn" if rules else "",
    )


def _levels(series: Series, limits: TrendLimits | None) -> list[Level]:
    levels = [Level(one.value, _("spec %(criterion)s") % {"criterion": one.words}, Look.LIMIT) for one in series.limits]
    if limits is not None:
        spread = limits.spread
        levels.append(Level(spread.mean, _("mean %(value)s") % {"value": shortly(spread.mean)}, Look.MEAN))
        for sds, look in ((2, Look.SD_2), (3, Look.SD_3)):
            levels.append(Level(spread.at(sds), f"+{sds} SD", look))
            levels.append(Level(spread.at(-sds), f"−{sds} SD", look))
    return levels


def _band(limits: TrendLimits | None) -> tuple[Decimal, Decimal] | None:
    return (limits.spread.at(-2), limits.spread.at(2)) if limits else None


def _sentence(series: Series, marks: Sequence[Mark], limits: TrendLimits | None, signals: int) -> str:
    if not marks:
        return _("%(title)s: no batch has a value.") % {"title": series.title}
    told = _("%(title)s of %(number)s batches from %(first)s to %(last)s, criterion %(criterion)s.") % {
        "title": series.title,
        "number": len(marks),
        "first": marks[0].name,
        "last": marks[-1].name,
        "criterion": series.criterion,
    }
    if limits is None:
        return f"{told} " + _("No limits are approved.")
    said = _("Mean %(mean)s, standard deviation %(sd)s.") % {
        "mean": shortly(limits.spread.mean, limits.unit),
        "sd": shortly(limits.spread.sd, limits.unit),
    }
    rules = ngettext("%(number)s pattern breaks a rule.", "%(number)s patterns break a rule.", signals)
    hollow = sum(mark.hollow is not None for mark in marks)
    firsts = ngettext("%(number)s first result was out of specification.",
                      "%(number)s first results were out of specification.", hollow)  # fmt: skip
    parts = [told, said, rules % {"number": signals}, *([firsts % {"number": hollow}] if hollow else [])]
    return " ".join(parts)


def _facts(series: Series, drawn: Sequence[BatchPoint], limits: TrendLimits | None) -> list[tuple[str, str]]:
    """Give what is said of the batches that are drawn: how many, mean, spread, capability, or why not."""
    values = [point.exact for point in drawn if point.exact is not None]
    facts = [(_("Batches"), str(len(drawn)))]
    if len(values) < len(drawn):
        facts.append((_("Of these with an exact value"), str(len(values))))
    if len(values) < FEWEST_FOR_LIMITS:
        facts.append((_("Mean and spread"), _few(len(values), FEWEST_FOR_LIMITS)))
    else:
        spread = individuals(values)
        facts.append((_("Mean of these"), shortly(spread.mean, series.unit)))
        facts.append((_("Standard deviation of these, from moving ranges"), shortly(spread.sd, series.unit)))
    facts.append((_("Capability, Cpk"), capability_words(series, values)))
    if limits is not None:
        said = {
            "n": limits.n,
            "first": limits.batches[0],
            "last": limits.batches[-1],
            "name": limits.approval.signer_name,
            "day": day(limits.approval.signed_at),
        }
        from_where = _("from %(n)s batches, %(first)s to %(last)s, approved by %(name)s %(day)s") % said
        facts.append((_("Limits"), from_where))
    else:
        facts.append((_("Limits"), _("none approved; there are no signals")))
    return facts


def capability_words(series: Series, values: Sequence[Decimal]) -> str:
    """Give the index of capability, or why there is none."""
    if len(values) < FEWEST_FOR_CAPABILITY:
        return _few(len(values), FEWEST_FOR_CAPABILITY)
    low = next((one.value for one in series.limits if one.is_floor), None)
    high = next((one.value for one in series.limits if not one.is_floor), None)
    index = capability(individuals(values), low=low, high=high)
    return _("no limit or no spread to compare") if index is None else f"{index:.2f}"


def _few(number: int, fewest: int) -> str:
    return _("Too few batches: %(number)s of %(fewest)s") % {"number": number, "fewest": fewest}


def control_chart(lot: ControlLot, runs: Sequence[Run]) -> Drawn:
    """Give the Levey-Jennings chart of a control: its newest runs in standard deviations of the assigned limits."""
    shown = runs[-_RUNS_DRAWN:]
    marks = tuple(
        Mark(
            name=_("run %(run)s") % {"run": run.measurement.run},
            value=run.sds,
            status=run.status if run.status in ("fail", "warn") else "",
            words=_named(run),
        )
        for run in shown
    )
    broken = sum(run.is_rejected_by_rule for run in shown)
    sentence = _("%(title)s: %(number)s runs in standard deviations of the assigned mean, %(broken)s break a rule.")
    chart = Chart(
        title=lot.title,
        sentence=sentence % {"title": lot.title, "number": len(shown), "broken": broken},
        unit="SD",
        marks=marks,
        levels=(
            Level(Decimal(0), _("mean %(value)s") % {"value": show(lot.spread.mean)}, Look.MEAN),
            *(Level(Decimal(sds), f"{sds:+d} SD".replace("-", "−"), Look.SD_2) for sds in (2, -2)),
            *(Level(Decimal(sds), f"{sds:+d} SD".replace("-", "−"), Look.SD_3) for sds in (3, -3)),
        ),
        band=(Decimal(-2), Decimal(2)),
    )
    rows = tuple(
        Row(
            name=_("run %(run)s") % {"run": run.measurement.run},
            url_name="",
            value=f"{show(run.measurement.number, unit=run.measurement.unit)} ({run.sds:+.2f} SD)",
            says=run.rule_words,
            status=run.status,
        )
        for run in shown
    )
    return Drawn(chart, rows, ())


def _named(run: Run) -> str:
    rejected = run.decision is not None and run.decision.decision == RunDecision.Decision.REJECTED
    if run.is_rejected_by_rule:
        words = _("%(rules)s, run rejected") if rejected else _("%(rules)s, reject the run")
        return words % {"rules": run.rule_words}
    return _("run rejected") if rejected else run.rule_words
