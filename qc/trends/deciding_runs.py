"""A run is accepted or rejected by its control, under the signature of the analyst or of a reviewer.

(1) A run whose control breaks a rejecting rule is never accepted, whoever signs.
(2) A rejected run names every result by this method since the last accepted run of the control: each may rest on
    measurements that the control no longer vouches for, and somebody looks at each.
(3) A run is decided on once. Runs are decided on in any order; each names what was known then.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.pinned import reading_of
from batches.turns import take_turn
from ledger.typed_numbers import show
from qc.models import ControlMeasurement, Result, RunDecision
from qc.specifying import as_specification
from qc.trends.control_lots import TURN, control_url
from qc.trends.controlling import Run, run_of

SHORTEST_REASON = 10
Decision = RunDecision.Decision
MEANINGS = {
    Decision.ACCEPTED: (Meaning.APPROVED, gettext_lazy("I accept this run: its control is within its rules.")),
    Decision.REJECTED: (Meaning.REJECTED, gettext_lazy("I reject this run. Its results don't count.")),
}


class RunDecisionIntent(StrictSerializer[Intent]):
    """What is decided; the reason of a rejection."""

    decision = serializers.ChoiceField(Decision.choices, label=gettext_lazy("Decision on the run"))
    reason = TextField(label=gettext_lazy("Reason of a rejection"), max_length=1000, required=False, default="")


def accepted_before(measurement: ControlMeasurement, *, until: datetime | None = None) -> ControlMeasurement | None:
    """Give the newest accepted run before a run, as it was known at a time."""
    earlier = ControlMeasurement.objects.filter(
        lot=measurement.lot_id, run__lt=measurement.run, decision__decision=Decision.ACCEPTED
    )
    if until is not None:
        earlier = earlier.filter(decision__recorded_at__lte=until)
    return earlier.order_by("-run").first()


def results_since_accepted(measurement: ControlMeasurement, *, until: datetime | None = None) -> list[Result]:
    """Give every result by the control's method that was signed since the last accepted run, or since its approval."""
    accepted = accepted_before(measurement, until=until)
    since = accepted.performed_at if accepted else measurement.lot.approval.signed_at
    rows = Result.objects.filter(recorded_at__gte=since).select_related("batch", "specification")
    if until is not None:
        rows = rows.filter(recorded_at__lte=until)
    method = measurement.lot.method
    return [row for row in rows.order_by("recorded_at", "pk") if method in methods_of(row)]


def methods_of(result: Result) -> set[str]:
    """Give the codes of the methods that a result rests on: its line's, and those of the members of a group."""
    line = as_specification(reading_of(result.specification)).line(result.line)
    if line is None:
        return set()
    return {line.method.code, *(member.method.code for member in line.members)}


def result_words(rows: Sequence[Result]) -> str:
    """Name results by batch and line."""
    return ", ".join(f"{row.batch.number} {row.line} v{row.version}" for row in rows)


@register
class DecideRun(Act[ControlMeasurement]):
    """Accept or reject a run by its control."""

    code = "control.decide"
    title = gettext_lazy("Decide on a run")
    verb = gettext_lazy("Sign the decision")
    permission = Permission.CONTROL_RUN_DECIDE
    meaning = Meaning.APPROVED
    asks = RunDecisionIntent

    def find(self, subject: UUID) -> ControlMeasurement:
        row = ControlMeasurement.objects.select_related("lot__approval", "decision").filter(pk=subject).first()
        if row is None:
            raise Http404
        return row

    def lock(self, subject: ControlMeasurement) -> None:
        take_turn(TURN)

    def streams(self, subject: ControlMeasurement) -> Sequence[str]:
        return (subject.stream_name(),)

    def means(self, intent: Intent) -> tuple[Meaning, str]:
        meaning, words = MEANINGS[Decision(intent["decision"])]
        return meaning, str(words)

    def to_sign(self, subject: ControlMeasurement, intent: Intent) -> ToSign:
        run, lot = run_of(subject), subject.lot
        rejected = intent["decision"] == Decision.REJECTED
        since = results_since_accepted(subject) if rejected else []
        lines = [
            Line(_("Control"), f"{lot.code}, {lot.title}, {lot.material_lot}"),
            Line(_("Run"), f"{subject.run}, {record_time(subject.performed_at)}"),
            Line(_("Measured"), f"{show(subject.number, unit=subject.unit)}, {in_words(run)}"),
            Line(_("Rules broken"), run.rule_words or _("none"), "fail" if run.is_rejected_by_rule else ""),
            Line(_("Decision"), str(Decision(intent["decision"]).label)),
        ]
        if intent["reason"]:
            lines.append(Line(_("Reason"), intent["reason"]))
        if rejected:
            lines.append(Line(_("Results since the last accepted run"), result_words(since) or _("none")))
        return ToSign(
            title=str(self.title),
            identity=[],
            lines=lines,
            version=" ".join([str(subject.pk), *(str(row.pk) for row in since)]),
        )

    def objections(self, subject: ControlMeasurement, intent: Intent, by: Person) -> list[Objection]:
        run = run_of(subject)
        accepts = intent["decision"] == Decision.ACCEPTED
        return [
            *when(run.decision, _("This run was decided on already."), code="decided"),
            *when(
                accepts and run.is_rejected_by_rule,
                _("The control breaks %(rules)s. This run can't be accepted.") % {"rules": run.rule_words},
                code="rule_broken",
                field="decision",
            ),
            *when(
                not accepts and len(intent["reason"].strip()) < SHORTEST_REASON,
                _("Give the reason in at least 10 characters."),
                code="no_reason",
                field="reason",
            ),
        ]

    def carry_out(self, subject: ControlMeasurement, intent: Intent, signature: Signature) -> RunDecision:
        rejected = intent["decision"] == Decision.REJECTED
        row = RunDecision(
            measurement=subject,
            decision=intent["decision"],
            rules=[rule.value for rule in run_of(subject).rules],
            reason=intent["reason"].strip(),
            results=[str(one.pk) for one in results_since_accepted(subject)] if rejected else [],
        )
        return sign(row, signature, type=f"control.run_{intent['decision']}")

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, RunDecision)  # noqa: S101  this act writes nothing else
        return control_url(row.measurement.lot.code)


def in_words(run: Run) -> str:
    """Say where a control lies: "+2.31 SD"."""
    return f"{run.sds:+.2f} SD"
