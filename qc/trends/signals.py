"""Signals: a result in force completes a pattern of a rule under approved limits. They are notices and block nothing.

(1) A signal is computed, never stored: limits, results and rules say it again each time. What people thought of it is
    stored: one person of quality control assesses it, another one of quality control or quality assurance closes it.
(2) A signal is named by its result and its rule, so that newer limits ask nobody twice about the same.
(3) The rules run over every batch of the product; a choice of batches on the page only hides points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, Text, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.turns import take_turn
from qc.models import Result, SignalAssessment, SignalClosing, TrendLimits
from qc.trends.chart_statistics import in_sds
from qc.trends.control_rules import Hit, Nelson, Point, completed, nelson
from qc.trends.limits import TURN, limits_in_force, limits_of, trend_url
from qc.trends.series import Series, series_of

RULES: dict[Nelson, Text] = {
    Nelson.BEYOND: gettext_lazy("Nelson 1"),
    Nelson.ONE_SIDE: gettext_lazy("Nelson 2"),
    Nelson.TREND: gettext_lazy("Nelson 3"),
    Nelson.ALTERNATING: gettext_lazy("Nelson 4"),
}
SAYS: dict[Nelson, Text] = {
    Nelson.BEYOND: gettext_lazy("beyond 3 standard deviations"),
    Nelson.ONE_SIDE: gettext_lazy("nine in a row on one side of the mean"),
    Nelson.TREND: gettext_lazy("six in a row rising or falling"),
    Nelson.ALTERNATING: gettext_lazy("fourteen in a row alternating up and down"),
}


@dataclass(frozen=True, slots=True)
class Signal:
    """A result that completed a pattern, with what people thought of it."""

    limits: TrendLimits
    result: Result
    batch_number: str
    title: str
    value: str
    rule: Nelson
    first_batch: str  # where the pattern began
    assessment: SignalAssessment | None

    @property
    def closing(self) -> SignalClosing | None:
        return getattr(self.assessment, "closing", None) if self.assessment else None

    @property
    def is_open(self) -> bool:
        return self.closing is None

    @property
    def rule_words(self) -> str:
        return str(RULES[self.rule])

    @property
    def says(self) -> str:
        return str(SAYS[self.rule])

    @property
    def url(self) -> str:
        return f"{trend_url(self.limits.product, self.limits.line)}#signal-{self.result.pk}-{self.rule.value}"


def hits_of(series: Series, limits: TrendLimits) -> list[Hit]:
    """Give each rule that each point of a row breaks under limits; `at` and `since` count the points of the row."""
    spread = limits.spread
    drawn = [(place, point.reported) for place, point in enumerate(series.points) if point.reported]
    row = [Point(in_sds(reported.value, mean=spread.mean, sd=spread.sd), reported.bound) for _place, reported in drawn]
    return [Hit(hit.rule, drawn[hit.at][0], drawn[hit.since][0]) for hit in nelson(row)]


def signals_in(series: Series, limits: TrendLimits) -> list[Signal]:
    """Give every signal of a row under limits, the newest batch first."""
    assessed = {
        (row.result_id, row.rule): row
        for row in SignalAssessment.objects.filter(
            limits__product=limits.product, limits__line=limits.line
        ).select_related("closing")
    }
    found = []
    for hit in completed(hits_of(series, limits)):
        point, first = series.points[hit.at], series.points[hit.since]
        if point.result is None or point.reported is None:
            continue
        found.append(
            Signal(
                limits=limits,
                result=point.result,
                batch_number=point.batch.number,
                title=series.title,
                value=point.reported.words,
                rule=hit.rule,
                first_batch=first.batch.number,
                assessment=assessed.get((point.result.pk, hit.rule.value)),
            )
        )
    return found[::-1]


def signals_of(product: str, line: str) -> list[Signal]:
    """Give every signal of a line under the limits in force; none where no limits are approved."""
    series = series_of(product, line) if limits_in_force(product, line) else None
    limits = limits_of(series) if series else None
    return signals_in(series, limits) if series and limits else []


def open_signals(product: str, line: str) -> list[Signal]:
    """Give the signals of a line that nobody has closed."""
    return [signal for signal in signals_of(product, line) if signal.is_open]


def signals_at(result: Result) -> list[Signal]:
    """Give the signals that a result completes."""
    found = signals_of(result.batch.product.code, result.line)
    return [signal for signal in found if signal.result.pk == result.pk]


class AssessmentIntent(StrictSerializer[Intent]):
    """Which signal of the result, what was looked at and found, and the conclusion."""

    rule = serializers.ChoiceField(
        [(rule.value, format_lazy("{}, {}", RULES[rule], SAYS[rule])) for rule in Nelson], label=gettext_lazy("Rule")
    )
    cause = TextField(label=gettext_lazy("What was looked at and found"), min_length=10, max_length=2000)
    conclusion = TextField(label=gettext_lazy("Conclusion"), min_length=10, max_length=2000)


def signal_lines(signal: Signal) -> list[Line]:
    """Give a signal as a signer reads it."""
    return [
        Line(_("Signal"), f"{signal.title}, {signal.batch_number}: {signal.value}", "warn"),
        Line(_("Rule"), f"{signal.rule_words}, {signal.says}"),
        Line(_("Begins at batch"), signal.first_batch),
        Line(_("Limits"), f"{signal.limits.product} {signal.limits.line} v{signal.limits.version}"),
    ]


@register
class AssessSignal(Act[Result]):
    """Assess a signal: what was looked at, what was found, what it means."""

    code = "trend_signal.assess"
    title = gettext_lazy("Assess a signal")
    verb = gettext_lazy("Sign the assessment")
    permission = Permission.RESULT_REVIEW
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I looked for the cause of this signal and assessed it.")
    asks = AssessmentIntent

    def find(self, subject: UUID) -> Result:
        row = Result.objects.select_related("batch__product").filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: Result) -> None:
        take_turn(TURN)

    def to_sign(self, subject: Result, intent: Intent) -> ToSign:
        signal = _signal(subject, intent["rule"])
        return ToSign(
            title=str(self.title),
            identity=[],
            lines=[
                *(signal_lines(signal) if signal else []),
                Line(_("What was looked at and found"), intent["cause"]),
                Line(_("Conclusion"), intent["conclusion"]),
            ],
            version=f"{subject.pk} {intent['rule']} {signal.limits.pk if signal else ''}",
        )

    def objections(self, subject: Result, intent: Intent, by: Person) -> list[Objection]:
        signal = _signal(subject, intent["rule"])
        return [
            *when(signal is None, _("This result gives no signal by this rule."), code="no_signal", field="rule"),
            *when(signal is not None and signal.assessment, _("This signal was assessed already."), code="assessed"),
        ]

    def carry_out(self, subject: Result, intent: Intent, signature: Signature) -> SignalAssessment:
        signal = _signal(subject, intent["rule"])
        assert signal is not None  # noqa: S101  objected to before
        row = SignalAssessment(
            limits=signal.limits,
            result=subject,
            rule=signal.rule.value,
            cause=intent["cause"],
            conclusion=intent["conclusion"],
        )
        return sign(row, signature, type="trend_signal.assessed")

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, SignalAssessment)  # noqa: S101  this act writes nothing else
        return trend_url(row.limits.product, row.limits.line)


def _signal(result: Result, rule: str) -> Signal | None:
    return next((signal for signal in signals_at(result) if signal.rule.value == rule), None)


@register
class CloseSignal(Act[SignalAssessment]):
    """Close a signal that somebody else assessed."""

    code = "trend_signal.close"
    title = gettext_lazy("Close a signal")
    verb = gettext_lazy("Sign and close")
    permission = Permission.TREND_SIGNAL_CLOSE
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I agree with this assessment and close the signal.")

    def find(self, subject: UUID) -> SignalAssessment:
        row = SignalAssessment.objects.select_related("limits", "result__batch", "closing").filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: SignalAssessment) -> None:
        take_turn(TURN)

    def streams(self, subject: SignalAssessment) -> Sequence[str]:
        return (subject.stream_name(),)

    def to_sign(self, subject: SignalAssessment, intent: Intent) -> ToSign:
        rule = Nelson(subject.rule)
        return ToSign(
            title=str(self.title),
            identity=[],
            lines=[
                Line(_("Signal"), f"{subject.result.batch.number} {subject.result.line}: {subject.result.unrounded}"),
                Line(_("Rule"), f"{RULES[rule]}, {SAYS[rule]}"),
                Line(_("What was looked at and found"), subject.cause),
                Line(_("Conclusion"), subject.conclusion),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
            signatures=2,
        )

    def objections(self, subject: SignalAssessment, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(hasattr(subject, "closing"), _("This signal was closed already."), code="closed"),
            *when(
                subject.signer_id == by.pk,
                _("A second person must close what %(name)s assessed.") % {"name": subject.signer_name},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: SignalAssessment, intent: Intent, signature: Signature) -> SignalClosing:
        return sign(SignalClosing(assessment=subject), signature, type="trend_signal.closed", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, SignalClosing)  # noqa: S101  this act writes nothing else
        return trend_url(row.assessment.limits.product, row.assessment.limits.line)
