"""What the values of a line come to, as the page of the test shows it: the verdict, and how it was worked out."""

from django.utils.translation import gettext as _

from batches.models import Batch
from batches.views.strip import Context
from qc.laboratory.testing import distance_of
from qc.methods.shown import workings_shown
from qc.panel import STATUS, PanelLine, verdict_words
from qc.values.criteria import Judgement


def values_judged(batch: Batch, found: PanelLine, judgement: Judgement) -> Context:
    """Give what `qc/_values_judged.html` shows of the readings of a line."""
    verdict = judgement.verdict.value
    return {
        "judgement": judgement,
        "verdict_status": STATUS[verdict],
        "verdict_words": verdict_words(verdict),
        "how_made": _how_made(found, judgement.rule),
        "distance": distance_of(batch, found),
    } | workings_shown(found)


def _how_made(found: PanelLine, rule: str) -> str:
    """Say of how many replicates a value is the mean, and how it was rounded."""
    counts = [len(one.replicates) for one in found.workings.values() if one.is_complete and len(one.replicates) > 1]
    means = [_("Mean of %(number)s, calculated.") % {"number": number} for number in counts]
    return " ".join([*means, rule]).strip()
