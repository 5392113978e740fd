"""Quality assurance approves limits that quality control prepared.

Newer limits are not approved while a signal under the older ones is open, nor after a result that they rest on was
corrected: limits never make a signal disappear, and never rest on what no longer counts.
"""

from collections.abc import Sequence
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.turns import take_turn
from qc.models import TrendLimits, TrendLimitsApproval
from qc.trends.limits import TURN, known_series, limit_lines, trend_url
from qc.trends.signals import open_signals


@register
class ApproveLimits(Act[TrendLimits]):
    """Approve limits that quality control prepared; from then on they give signals."""

    code = "trend_limits.approve"
    title = gettext_lazy("Approve limits of a trend")
    verb = gettext_lazy("Sign the approval")
    permission = Permission.TREND_LIMITS_APPROVE
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I approve these limits and the choice of their batches.")
    stopped_by_findings = True

    def find(self, subject: UUID) -> TrendLimits:
        limits = TrendLimits.objects.select_related("approval").filter(pk=subject).first()
        if limits is None:
            raise Http404
        return limits

    def lock(self, subject: TrendLimits) -> None:
        take_turn(TURN)

    def streams(self, subject: TrendLimits) -> Sequence[str]:
        return (subject.stream_name(),)

    def to_sign(self, subject: TrendLimits, intent: Intent) -> ToSign:
        series = known_series(subject.product, subject.line)
        return ToSign(
            title=str(self.title),
            identity=[],
            lines=limit_lines(subject, series.title),
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
            signatures=2,
        )

    def objections(self, subject: TrendLimits, intent: Intent, by: Person) -> list[Objection]:
        waiting = open_signals(subject.product, subject.line)
        moved = subject.results != _results_now(subject)
        return [
            *when(hasattr(subject, "approval"), _("These limits were approved already."), code="approved"),
            *when(
                subject.signer_id == by.pk,
                _("A second person must approve what %(name)s prepared.") % {"name": subject.signer_name},
                code="same_person",
            ),
            *when(
                waiting,
                _("Signals under the limits in force are open: %(signals)s. Close them first.")
                % {"signals": ", ".join(f"{one.batch_number} {one.rule_words}" for one in waiting)},
                code="open_signals",
            ),
            *when(
                moved and not hasattr(subject, "approval"),
                _("A result of these batches was corrected since. Prepare the limits again."),
                code="results_changed",
            ),
        ]

    def carry_out(self, subject: TrendLimits, intent: Intent, signature: Signature) -> TrendLimitsApproval:
        row = TrendLimitsApproval(limits=subject)
        return sign(row, signature, type="trend_limits.approved", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, TrendLimitsApproval)  # noqa: S101  this act writes nothing else
        return trend_url(row.limits.product, row.limits.line)


def _results_now(limits: TrendLimits) -> list[str]:
    """Give the results in force now of the batches that limits rest on."""
    wanted = set(limits.batches)
    series = known_series(limits.product, limits.line)
    return [str(point.result.pk) for point in series.exact if point.batch.number in wanted and point.result]
