"""What stands beside a test: its value against the limit and the newest batches, what follows, the other tests."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.wording import short_time
from batches.models import Batch
from batches.pinned import product_of
from qc.laboratory.testing import final_opens, missed_readings, missed_words
from qc.out_of_specification.records import consequence
from qc.panel import STATUS, PanelLine
from qc.trends.chart_statistics import FEWEST_FOR_LIMITS, individuals
from qc.trends.charting import LaidOut, SpecificationLimit
from qc.trends.charts import shortly
from qc.trends.control_rules import Bound
from qc.trends.limits import trend_url
from qc.trends.series import limits_in, number_stated, series_of, unit_judged
from qc.trends.small_charts import Here, against_limit, newest_batches
from qc.values.criteria import Judgement
from qc.values.verdicts import Verdict

NEWEST = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """The column beside a test; what there is nothing of is None or empty."""

    ruler: LaidOut | None
    batches: LaidOut | None
    batches_title: str
    batches_says: str
    trend_url: str
    follows: tuple[str, ...]
    next_says: str
    others_title: str
    others: tuple["Other", ...]
    growth: tuple["Other", ...]


@dataclass(frozen=True, slots=True)
class Other:
    """Another test of the batch as it stands."""

    line: PanelLine
    says: str


def beside(batch: Batch, found: PanelLine, judgement: Judgement, panel: Sequence[PanelLine]) -> Beside:
    """Give what stands beside a test of a batch, by its readings in force and the verdict on them."""
    here = _here(found, judgement)
    limits = limits_in(found.line, found.criterion_words)
    sentence = _("Criterion %(criterion)s.") % {"criterion": found.criterion_words}
    if here is not None:
        sentence = _("%(value)s against %(criterion)s.") % {"value": here.words, "criterion": found.criterion_words}
    ruler = None
    if limits:
        unit, word = unit_judged(found.line), _("limit")
        ruler = against_limit(limits, here, unit=unit, limit_word=word, sentence=sentence)
    drawn, title, says = _newest(batch, found, here, limits)
    others = [one for one in panel if one.code != found.code and not one.line.why_not_applicable]
    same = [one for one in others if one.line.sample_point == found.line.sample_point]
    elsewhere = [one for one in others if one.line.growth_days and one not in same]
    return Beside(
        ruler=ruler,
        batches=drawn,
        batches_title=title,
        batches_says=says,
        trend_url=trend_url(product_of(batch).code, found.code) if drawn else "",
        follows=tuple(_follows(found, judgement)) if found.newest is None and found.readings else (),
        next_says=found.waits_for() if found.newest is not None and (found.is_open or found.is_outdated) else "",
        others_title=found.sample_point,
        others=tuple(_other(one) for one in same),
        growth=tuple(_other(one) for one in elsewhere),
    )


def _here(found: PanelLine, judgement: Judgement) -> Here | None:
    """Give the exact value of the readings in force, as it is drawn; None where there is none."""
    stated = number_stated(judgement.unrounded, judgement.verdict.value) if found.readings else None
    if stated is None or stated.bound is not Bound.EXACT or stated.unit != unit_judged(found.line):
        return None
    return Here(stated.value, judgement.reported, STATUS[judgement.verdict.value])


def _newest(
    batch: Batch, found: PanelLine, here: Here | None, limits: Sequence[SpecificationLimit]
) -> tuple[LaidOut | None, str, str]:
    """Draw the newest batches of the product before this one, with their mean where there are enough."""
    series = series_of(product_of(batch).code, found.code, before=batch, newest=NEWEST)
    if series is None or series.unit != unit_judged(found.line):
        return None, "", ""
    earlier = [(one.batch.number, one.exact) for one in series.points if one.exact is not None]
    if not earlier:
        return None, "", ""
    spread = individuals([value for _number, value in earlier]) if len(earlier) >= FEWEST_FOR_LIMITS else None
    said = {"mean": shortly(spread.mean, series.unit), "sd": shortly(spread.sd)} if spread else {}
    says = _("mean %(mean)s, SD %(sd)s") % said if spread else _("Too few batches for a mean")
    title = _("Last %(number)s batches") % {"number": len(earlier)}
    sentence = f"{title}: {earlier[0][0]} – {earlier[-1][0]}, {says}."
    mean = spread.mean if spread else None
    drawn = newest_batches(
        earlier, here, limits, unit=series.unit, mean=mean, this_words=_("this batch"), sentence=sentence
    )
    return drawn, title, says


def _follows(found: PanelLine, judgement: Judgement) -> list[str]:
    """Say what submitting these readings brings with it."""
    fails = found.decides and judgement.verdict is Verdict.FAILS
    return [
        _("Every saved value stays in the record."),
        *(missed_words(found, due) for due in missed_readings(found)),
        *([consequence(found.open_record)] if fails else []),
        _("A second person reviews the result. Until then it does not count."),
    ]


def _other(line: PanelLine) -> Other:
    """Give another test with what its status does not say: the value, or when its final reading opens."""
    opens = final_opens(line) if line.newest is None else None
    if opens is not None:
        return Other(line, _("Final reading opens %(time)s") % {"time": short_time(opens)})
    return Other(line, line.result_words if line.result else "")
