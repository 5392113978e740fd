"""Whether starting material is taken into manufacture: decided once, before cells are opened.

(1) It is accepted; accepted with a departure and the reason; or rejected, and a new collection is asked for.
(2) No step that is checked before its act is begun while nothing was decided, or after it was rejected.
(3) What is not accepted as it is, is a departure that quality assesses.
"""

from uuid import UUID

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
from batches.definitions.master import Step
from batches.departures import raise_departure
from batches.identity import batch_with, identity_lines, locked
from batches.models import Batch, BatchState, Departure, StartingMaterialDecision
from chain_of_custody.containers import of_batch
from chain_of_custody.identity import COLLECTED

Decision = StartingMaterialDecision.Decision
SHORTEST_REASON = 10


def decision_on(batch: Batch) -> StartingMaterialDecision | None:
    """Give what was decided on a batch's starting material, if anything was."""
    return StartingMaterialDecision.objects.filter(batch=batch).first()


def objections_to_opening(batch: Batch, step: Step) -> list[Objection]:
    """Give the reasons why a step that cannot be undone is not begun on this starting material."""
    if not step.is_checked_before_the_act:
        return []
    decided = decision_on(batch)
    return [
        *when(
            decided is None,
            _("Nobody has decided on the starting material. Ask for the decision before cells are opened."),
            code="starting_material_undecided",
            url=f"/batches/{batch.number}/",
        ),
        *when(
            decided is not None and decided.decision == Decision.REJECTED,
            _("The starting material was rejected. Don't process it. A new collection is asked for."),
            code="starting_material_rejected",
            url=f"/batches/{batch.number}/",
        ),
    ]


class DecisionIntent(StrictSerializer[Intent]):
    """What is decided, and why where it is not accepted as it is."""

    decision = serializers.ChoiceField(Decision.choices, label=gettext_lazy("Decision"))
    reason = TextField(
        label=gettext_lazy("Reason, unless it is accepted as it is"),
        max_length=1000,
        required=False,
        allow_blank=True,
        default="",
    )


@register
class DecideOnStartingMaterial(Act[Batch]):
    """Decide whether starting material is taken into manufacture."""

    code = "starting_material.decide"
    title = gettext_lazy("Decide on the starting material")
    verb = gettext_lazy("Sign the decision")
    permission = Permission.STARTING_MATERIAL
    meaning = Meaning.APPROVED
    asks = DecisionIntent

    def find(self, subject: UUID) -> Batch:
        return batch_with(subject)

    def lock(self, subject: Batch) -> None:
        locked(subject.pk)

    def means(self, intent: Intent) -> tuple[Meaning, str]:
        if intent["decision"] == Decision.REJECTED:
            return Meaning.REJECTED, _("I reject this starting material and ask for a new collection.")
        if intent["decision"] == Decision.WITH_DEPARTURE:
            return Meaning.APPROVED, _("I accept this starting material with the departure that I state.")
        return Meaning.APPROVED, _("I accept this starting material for manufacture.")

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        bags = [bag.code for bag in of_batch(subject.number) if bag.kind in COLLECTED]
        lines = [
            Line(_("Starting material"), str(subject.get_starting_material_display())),
            Line(_("Decision"), str(Decision(intent["decision"]).label)),
        ]
        if intent["reason"]:
            lines.append(Line(_("Reason"), intent["reason"]))
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject, containers=bags),
            lines=lines,
            version=f"{subject.pk} {Departure.objects.filter(batch=subject).count()}",
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        reason = intent["reason"].strip()
        return [
            *when(
                decision_on(subject) is not None,
                _("The starting material was decided on already."),
                code="decided_already",
            ),
            *when(
                subject.state.disposition != BatchState.Disposition.NONE,
                _("This batch was decided on. Report what happened as a departure instead."),
                code="decided",
            ),
            *when(
                intent["decision"] != Decision.ACCEPTED and len(reason) < SHORTEST_REASON,
                _("Give the reason in at least 10 characters."),
                code="no_reason",
                field="reason",
            ),
            *when(
                intent["decision"] == Decision.ACCEPTED and reason,
                _("What needs a reason is accepted with a departure."),
                code="reason_without_departure",
                field="reason",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> StartingMaterialDecision:
        row = StartingMaterialDecision(batch=subject, decision=intent["decision"], reason=intent["reason"].strip())
        sign(row, signature, type="starting_material.decided")
        if row.decision != Decision.ACCEPTED:
            words = {"decision": row.get_decision_display(), "reason": row.reason}
            says = _("Starting material %(decision)s: %(reason)s") % words
            raise_departure(batch=subject, kind=Departure.Kind.MATERIAL, says=says, by=signature.signer, about=row)
        return row

    def done_url(self, row: Signed) -> str:
        return f"/batches/{row.batch.number}/" if isinstance(row, StartingMaterialDecision) else "/"
