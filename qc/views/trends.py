"""Trends: which lines of which products are followed; one line with its chart, its signals and its limits."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.needing import needs
from accounts.offering import offer
from accounts.roles import Permission
from batches.models import Batch
from ledger.models import Site
from qc.models import TrendLimits
from qc.trends.charts import shortly, trend_chart
from qc.trends.limits import limits_of, limits_waiting
from qc.trends.series import Series, Stratum, numeric_lines, products_followed, series_of
from qc.trends.signals import Signal, signals_in
from qc.trends.work import every_open_signal

LONGEST = 40


@require_safe
@needs(Permission.RECORD_READ)
def trends(request: HttpRequest) -> HttpResponse:
    """List every product with its lines that have numbers, and the open signals."""
    approved = {(row.product, row.line): row for row in _newest_approved()}
    products = [
        {
            "code": code,
            "title": title,
            "lines": [{"line": line, "limits": approved.get((code, line.code))} for line in numeric_lines(code)],
        }
        for code, title in products_followed()
    ]
    context = {
        "products": [one for one in products if one["lines"]],
        "signals": _shown(every_open_signal()),
        "may_copy": Permission.RECORD_COPY in person_of(request).permissions,
    }
    return render(request, "qc/trends.html", context)


def _newest_approved() -> list[TrendLimits]:
    rows = TrendLimits.objects.filter(approval__isnull=False).select_related("approval")
    return list(rows.order_by("product", "line", "version"))


@require_safe
@needs(Permission.RECORD_READ)
def trend(request: HttpRequest, product: str, line: str) -> HttpResponse:
    """Show one line of a product over its batches; the choice of batches hides points and changes no signal."""
    series = series_of(product[:LONGEST], line[:LONGEST])
    if series is None:
        raise Http404
    by = person_of(request)
    stratum = stratum_asked(request)
    limits = limits_of(series)
    waiting = limits_waiting(product, line)
    signals = signals_in(series, limits) if limits else []
    may_assess = Permission.RESULT_REVIEW in by.permissions
    context = {
        "series": series,
        "drawn": trend_chart(series, limits, stratum.holds),
        "lines": numeric_lines(series.product),
        "limits": limits,
        "limits_words": _limits_words(limits) if limits else "",
        "waiting": waiting,
        "waiting_words": _limits_words(waiting) if waiting else "",
        "waiting_offer": offer("trend_limits.approve", waiting, by=by) if waiting else None,
        "prepare": offer("trend_limits.prepare", Site.objects.get(), by=by) if may_assess and not waiting else None,
        "choices": [point for point in series.points if point.exact is not None],
        "stratum": stratum,
        "strata": _strata(series, stratum),
        "signals": [
            shown
            | {
                "close": offer("trend_signal.close", shown["signal"].assessment, by=by)
                if shown["signal"].assessment and shown["signal"].is_open
                else None,
                "assess": offer("trend_signal.assess", shown["signal"].result, by=by)
                if not shown["signal"].assessment and may_assess
                else None,
            }
            for shown in _shown(signals)
        ],
        "open_count": sum(signal.is_open for signal in signals),
    }
    return render(request, "qc/trend.html", context)


def stratum_asked(request: HttpRequest) -> Stratum:
    """Read which batches are asked for; nothing means all."""
    asked = [request.GET.get(name, "").strip()[:LONGEST] for name in ("version", "vector_lot", "starting_material")]
    return Stratum(*asked)


def _strata(series: Series, chosen: Stratum) -> list[dict[str, object]]:
    """Give the choices of batches that make a difference here."""
    versions = sorted({point.batch.product.version for point in series.points})
    lots = sorted({lot for point in series.points for lot in point.vector_lots})
    materials = {point.batch.starting_material for point in series.points}
    return [
        {
            "name": "version",
            "label": _("Product version"),
            "chosen": chosen.product_version,
            "options": [("", _("all")), *((str(one), f"v{one}") for one in versions)],
        },
        {
            "name": "vector_lot",
            "label": _("Vector lot"),
            "chosen": chosen.vector_lot,
            "options": [("", _("all")), *((lot, lot) for lot in lots)],
        },
        {
            "name": "starting_material",
            "label": _("Starting material"),
            "chosen": chosen.starting_material,
            "options": [
                ("", _("all")),
                *((one.value, one.label) for one in Batch.StartingMaterial if one.value in materials),
            ],
        },
    ]


def _limits_words(limits: TrendLimits) -> str:
    said = {
        "mean": shortly(limits.spread.mean, limits.unit),
        "sd": shortly(limits.spread.sd, limits.unit),
        "n": limits.n,
        "version": limits.version,
    }
    return _("Version %(version)s: mean %(mean)s, standard deviation %(sd)s, from %(n)s batches.") % said


def _shown(signals: list[Signal]) -> list[dict[str, Signal]]:
    return [{"signal": signal} for signal in signals]
