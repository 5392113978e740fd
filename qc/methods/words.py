"""Methods in words: what stands at the bench and how a value was worked out, for pages and for what is signed."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.acts import Line
from batches.calculating import NotCalculable
from batches.models import Batch
from batches.pinned import reading_of
from ledger.typed_numbers import show
from qc.definitions.method import CompleteDataKind, MethodDefinition
from qc.methods.at_the_bench import Bench, TimedOfSample, at_the_bench, distinct
from qc.methods.in_force import MethodInForce, as_method
from qc.methods.working import Working
from qc.models import CompleteData, Result, ResultBasis, SuitabilityRecorded, TimedEvent
from qc.panel import STATUS, PanelLine
from qc.values.quantities import Quantity, as_stored

Told = dict[str, Any]  # Any: as JSON keeps it
_CENTS = Decimal("0.01")


def kind_words(kind: CompleteDataKind) -> str:
    """Give what a part of the complete data is called."""
    return _("readings") if kind is CompleteDataKind.READINGS else str(CompleteData.Kind(kind.value).label)


def check_title(method: MethodDefinition, row: SuitabilityRecorded) -> str:
    """Give what a check of suitability is called."""
    check = method.check(row.check_code)
    return check.title if check else row.check_code


def span_words(span: timedelta) -> str:
    """Write how long something lasted, to the second: 12 min 11 s."""
    seconds = abs(int(span.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{rest // 60} min"] if hours or rest >= 60 else []
    return ("−" if span < timedelta(0) else "") + " ".join([*parts, f"{rest % 60} s"])


def timed_words(one: TimedOfSample) -> str:
    """Say how long a timed condition lasted and how long it may; "not recorded" while a moment is missing."""
    elapsed, limit = one.timed.elapsed, one.timed.condition.limit_minutes
    lasted = _("not recorded") if elapsed is None else span_words(elapsed)
    return _("%(lasted)s, limit %(limit)s min") % {"lasted": lasted, "limit": limit}


def beyond_words(title: str, one: TimedOfSample) -> str:
    """Say that a timed condition of a sample was beyond its limit."""
    return _("%(title)s, %(condition)s of sample %(sample)s: %(says)s.") % {
        "title": title,
        "condition": one.timed.condition.title,
        "sample": one.sample.container.code,
        "says": timed_words(one),
    }


def as_told(member: str, working: Working) -> Told:
    """Give a working as a result keeps it: every number as text."""
    calculation, apart = working.method.calculation, working.apart
    return {
        "member": member,
        "method": working.method.words,
        "formula": f"{calculation.name} version {calculation.version}" if calculation else "",
        "replicates": [
            {
                "number": each.number,
                "entered": {code: quantity.show() for code, quantity in each.entered},
                "value": _quantity_words(each.value),
            }
            for each in working.replicates
        ],
        "mean": _quantity_words(working.mean),
        "number": as_stored(working.mean) if isinstance(working.mean, Quantity) else "",
        "unit": working.method.unit,
        "cv_percent": _number_words(apart.cv_percent),
        "largest_cv_percent": working.method.replicates.largest_cv_percent,
        "spread": _number_words(apart.spread),
        "largest_spread": working.method.replicates.largest_spread,
        "is_beyond": working.is_beyond,
    }


def _quantity_words(value: Quantity | NotCalculable) -> str:
    return value.reason if isinstance(value, NotCalculable) else value.show()


def _number_words(value: Decimal | NotCalculable) -> str:
    return value.reason if isinstance(value, NotCalculable) else show(value)


def cv_words(told: Told) -> str:
    """Say how far replicates lie apart, to the second decimal, and how far they may."""
    limit = _(", limit %(limit)s %%") % {"limit": told["largest_cv_percent"]} if told["largest_cv_percent"] else ""
    try:
        shown = f"{Decimal(told['cv_percent']).quantize(_CENTS, ROUND_HALF_UP)} %"
    except ArithmeticError:
        shown = told["cv_percent"]
    spread = _(". Spread %(spread)s, limit %(limit)s") % {"spread": told["spread"], "limit": told["largest_spread"]}
    return f"CV {shown}{limit}" + (spread if told["largest_spread"] else "")


def working_words(told: Told) -> str:
    """Say how a mean was made, with each replicate and what was entered for it."""
    return "; ".join(_replicate_words(each, told["formula"]) for each in told["replicates"])


def _replicate_words(each: Mapping[str, Any], formula: str) -> str:  # Any: as JSON keeps it
    if not formula:
        return f"{each['number']}: {each['value']}"
    entered = ", ".join(f"{code} {value}" for code, value in each["entered"].items())
    return f"{each['number']}: {each['value']} ({entered})"


def working_lines(workings: Iterable[Told]) -> list[Line]:
    """Give workings as a signer reads them; a single value that was entered as it is says nothing more."""
    lines: list[Line] = []
    for told in workings:
        if told["formula"]:
            lines.append(Line(_("Calculated"), f"{told['formula']}. {working_words(told)}"))
        if len(told["replicates"]) > 1:
            says = _("%(mean)s of %(number)s replicates. %(cv)s") % {
                "mean": told["mean"],
                "number": len(told["replicates"]),
                "cv": cv_words(told),
            }
            lines.append(Line(_("Mean"), says, "warn" if told["is_beyond"] else ""))
    return lines


def method_lines(batch: Batch, found: PanelLine) -> list[Line]:
    """Give what a signer reads of the methods of a line and of what was recorded under them."""
    told = [as_told(code, working) for code, working in found.workings.items()]
    return [*bench_lines(at_the_bench(batch, found)), *working_lines(told)]


def bench_lines(bench: Bench) -> list[Line]:
    """Give what stands at the bench as a signer reads it: suitability, timed conditions, complete data."""
    lines: list[Line] = []
    for method in bench.methods:
        lines += [_check_line(method.says, row) for row in bench.suitability if row.method_id == method.row.pk]
        lines += [
            Line(
                f"{one.timed.condition.title}, {one.sample.container.code}",
                timed_words(one),
                "warn" if one.timed.is_beyond else "",
            )
            for one in bench.timed_of(method)
        ]
    return [*lines, *(Line(_("Complete data"), data_words(row)) for row in bench.data)]


def _check_line(method: MethodDefinition, row: SuitabilityRecorded) -> Line:
    corrected = _(" (corrected: %(reason)s)") % {"reason": row.reason} if row.supersedes_id else ""
    return Line(check_title(method, row), f"{typed_words(row)}. {row.why}{corrected}", STATUS[row.verdict])


def typed_words(row: SuitabilityRecorded) -> str:
    """Write what was entered for a check, as it was typed."""
    return {"yes": _("yes"), "no": _("no")}.get(row.typed, f"{row.typed} {row.unit}".strip())


def data_words(row: CompleteData) -> str:
    """Say what a part of the complete data is; a file with the beginning of its digest."""
    if row.file is not None:
        words = f"{row.file.original_name}, SHA-256 {row.file.sha256}"
        return f"{words}. {row.says}" if row.says else words
    return f"{row.get_kind_display()}: {row.says}"


def basis_lines(result: Result) -> list[Line]:
    """Give what a submitted result rests on besides its readings, as whoever reviews it reads it."""
    basis = ResultBasis.objects.filter(result=result).first()
    if basis is None:
        return []
    return [*bench_lines(bench_of(basis)), *working_lines(basis.workings)]


def bench_of(basis: ResultBasis) -> Bench:
    """Give what stood at the bench when a result was submitted."""
    ids = basis.bench
    events = TimedEvent.objects.filter(pk__in=ids).select_related("sample__container", "method")
    checks = SuitabilityRecorded.objects.filter(pk__in=ids).select_related("method")
    data = CompleteData.objects.filter(pk__in=ids).select_related("file", "method")
    rows = [row.method for row in (*events, *checks, *data)]
    return Bench(
        distinct(MethodInForce(row, as_method(reading_of(row))) for row in rows),
        tuple(events.order_by("recorded_at", "pk")),
        tuple(checks.order_by("recorded_at", "pk")),
        tuple(data.order_by("recorded_at", "pk")),
    )


def event_title(method: MethodDefinition, row: TimedEvent) -> str:
    """Give what a moment is called."""
    event = method.event(row.event)
    return event.title if event else row.event
