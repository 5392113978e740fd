"""Limits of a trend: computed from batches that are named, prepared by quality control, approved by quality assurance.

(1) Limits rest on at least ten exact values; the row names each batch and result, so anybody can compute them again.
(2) Newer limits supersede older ones, once they are approved.
(3) Values that are all the same have no spread, and no limits.
"""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import AboutSite, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import GivenField, StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.turns import take_turn
from ledger.models import Site
from ledger.typed_numbers import show
from qc.models import TrendLimits
from qc.trends.chart_statistics import FEWEST_FOR_LIMITS, Spread, individuals
from qc.trends.series import BatchPoint, Series, series_of

TURN = "TREND"  # whoever writes about trends waits for this turn


def limits_in_force(product: str, line: str) -> TrendLimits | None:
    """Give the newest approved limits of a line."""
    approved = TrendLimits.objects.filter(product=product, line=line, approval__isnull=False)
    return approved.select_related("approval").order_by("-version").first()


def limits_of(series: Series) -> TrendLimits | None:
    """Give the limits in force of a row; none where they were computed in another unit than it has now."""
    limits = limits_in_force(series.product, series.line)
    return limits if limits is not None and limits.unit == series.unit else None


def limits_waiting(product: str, line: str) -> TrendLimits | None:
    """Give the newest limits, where they wait for their approval."""
    newest = TrendLimits.objects.filter(product=product, line=line).order_by("-version").first()
    return newest if newest is not None and not hasattr(newest, "approval") else None


def known_series(product: str, line: str) -> Series:
    """Give the row of a line; raise BadInput for one that has no numbers."""
    series = series_of(product, line)
    if series is None:
        raise BadInput(Objection(_("This product has no line of this code whose results are numbers."), field="line"))
    return series


def trend_url(product: str, line: str) -> str:
    """Give the page of a trend."""
    return reverse("qc:trend", args=[product, line])


def spread_of(points: Sequence[BatchPoint]) -> Spread:
    """Give mean and spread of the exact values of some points, as limits keep them."""
    return individuals([point.exact for point in points if point.exact is not None]).kept()


class LimitsIntent(StrictSerializer[Intent]):
    """Of which line, and from which batches."""

    product = GivenField(max_length=40)
    line = GivenField(max_length=40)
    batches = serializers.ListField(
        child=TextField(max_length=20), max_length=1000, help_text="numbers of the batches that they are computed from"
    )


def limit_lines(limits: TrendLimits, title: str) -> list[Line]:
    """Give limits as a signer reads them."""
    return [
        Line(_("Line"), f"{title} ({limits.product}, {limits.line})"),
        Line(_("Mean"), show(limits.spread.mean, unit=limits.unit)),
        Line(_("Standard deviation, from moving ranges"), show(limits.spread.sd, unit=limits.unit)),
        Line(_("Number of batches"), str(limits.n)),
        Line(_("Batches"), ", ".join(limits.batches)),
    ]


def _chosen(intent: Intent) -> tuple[Series, list[BatchPoint]]:
    """Give the points that were chosen, in the order of the chart."""
    series = known_series(intent["product"], intent["line"])
    wanted = set(intent["batches"])
    return series, [point for point in series.points if point.batch.number in wanted]


def _limits_from(intent: Intent) -> TrendLimits:
    series, points = _chosen(intent)
    exact = [point for point in points if point.exact is not None and point.result is not None]
    spread = spread_of(exact) if len(exact) > 1 else None
    before = TrendLimits.objects.filter(product=series.product, line=series.line).order_by("-version").first()
    return TrendLimits(
        product=series.product,
        line=series.line,
        version=before.version + 1 if before else 1,
        unit=series.unit,
        mean=spread.mean if spread else None,
        sd=spread.sd if spread else None,
        n=len(exact),
        batches=[point.batch.number for point in exact],
        results=[str(point.result.pk) for point in exact if point.result],
        supersedes=before,
    )


@register
class PrepareLimits(AboutSite):
    """Compute limits of a line from chosen batches and sign them for approval."""

    code = "trend_limits.prepare"
    title = gettext_lazy("Prepare limits of a trend")
    verb = gettext_lazy("Sign and send for approval")
    permission = Permission.RESULT_REVIEW
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I chose these batches for the limits and know of no cause that sets one apart.")
    asks = LimitsIntent

    def lock(self, subject: Site) -> None:
        take_turn(TURN)

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        series, _points = _chosen(intent)
        limits = _limits_from(intent)
        if limits.mean is None:
            raise BadInput(_too_few(limits.n))
        return ToSign(
            title=str(self.title),
            identity=[],
            lines=limit_lines(limits, series.title),
            version=" ".join([str(limits.version), *limits.results]),
        )

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        series, points = _chosen(intent)
        known = {point.batch.number for point in points if point.exact is not None}
        unknown = [number for number in intent["batches"] if number not in known]
        limits = _limits_from(intent)
        return [
            *when(
                unknown,
                _("These batches have no reviewed exact value of this line: %(batches)s.")
                % {"batches": ", ".join(unknown)},
                code="no_value",
                field="batches",
            ),
            *([_too_few(limits.n)] if limits.n < FEWEST_FOR_LIMITS else []),
            *when(
                limits.sd is not None and limits.sd == 0,
                _("All these values are the same. There is no spread to draw limits from."),
                code="no_spread",
                field="batches",
            ),
            *when(
                limits_waiting(series.product, series.line),
                _("Limits of this line wait for their approval already."),
                code="waiting",
            ),
        ]

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> TrendLimits:
        return sign(_limits_from(intent), signature, type="trend_limits.prepared")

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, TrendLimits)  # noqa: S101  this act writes nothing else
        return trend_url(row.product, row.line)


def _too_few(number: int) -> Objection:
    says = _("Too few batches: %(number)s of %(fewest)s.") % {"number": number, "fewest": FEWEST_FOR_LIMITS}
    return Objection(says, code="too_few", field="batches")
