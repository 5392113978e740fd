"""What else people outside say before a supply: acceptance, consent, protocol, the sponsor's agreement.

(1) The physician accepts after having seen the evaluation of the risk and every line that does not conform; the lines
    that were shown are stored. Where they change, or the evaluation is written anew, it is asked for again
    (EU GMP Part IV 11.54: the physician's confirmation to accept is recorded).
(2) The consent names the form that was signed, never the patient.
(3) Each is entered by one of ours with what proves it, and compared with that by another.
"""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.models import Person, Signed
from accounts.parsing import TextField
from accounts.refusal import Objection, Text, when
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.identity import identity_lines
from batches.models import Batch
from batches.pinned import product_of
from chain_of_custody.attesting import objections_to_evidence
from qc.models import SupplyStatement, SupplyStatementChecked
from qc.release.outside import Comparing, Entering, SaidIntent, columns_of, said_lines
from qc.supply.asking import objections_to_preparing
from qc.supply.lines import as_shown, lines_to_sign, shown_lines, stated
from qc.supply.standing import Kind, standing_of
from qc.supply.supply_read import SupplyRead

# What the reference of a statement is called; an acceptance and an agreement have none.
REFERENCES: dict[str, Text] = {
    Kind.CONSENT.value: gettext_lazy("Number of the signed consent form"),
    Kind.PROTOCOL.value: gettext_lazy("Number of the expanded access protocol or of the IND"),
}


def kinds_needed(batch: Batch) -> tuple[Kind, ...]:
    """Give the kinds of statement that the profile of a batch asks for; the acceptance comes last."""
    needs = product_of(batch).supply_rules.needs
    return (Kind.CONSENT, *(Kind(each) for each in needs), Kind.ACCEPTANCE)


class StatementIntent(SaidIntent):
    """Which statement it is, who made it, when, and what proves it."""

    kind = serializers.ChoiceField(Kind.choices, label=gettext_lazy("Kind"))
    reference = TextField(
        label=gettext_lazy("Number of the document"),
        max_length=60,
        required=False,
        default="",
        help_text="number of the consent form, protocol or IND",
    )


@register
class RecordStatement(Entering):
    """Record what somebody outside said before a supply."""

    code = "supply.record_statement"
    title = gettext_lazy("Record a statement for the supply")
    verb = gettext_lazy("Sign the entry")
    asks = StatementIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        kind, evaluation = Kind(intent["kind"]), standing_of(subject).evaluation
        accepts = kind is Kind.ACCEPTANCE
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("What it is"), str(kind.label)),
                *([Line(str(REFERENCES[kind]), intent["reference"])] if kind in REFERENCES else []),
                *said_lines(intent),
                *(lines_to_sign(shown_lines(subject)) if accepts else []),
            ],
            version=str(evaluation.pk) if evaluation and accepts else "",
            earlier=[EarlierSignature.on(evaluation)] if evaluation and accepts else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        kind, read = Kind(intent["kind"]), SupplyRead(subject)
        standing = read.standing
        return [
            *objections_to_preparing(read),
            *when(
                standing.refusal is not None and kind not in kinds_needed(subject),
                _("The profile of this product does not ask for this: %(what)s.") % {"what": kind.label},
                code="not_needed",
                field="kind",
            ),
            *when(
                kind in REFERENCES and not intent["reference"].strip(),
                _("%(what)s is missing.") % {"what": REFERENCES.get(kind, "")},
                code="no_reference",
                field="reference",
            ),
            *(
                _objections_to_acceptance(read, datetime.fromisoformat(intent["happened_at"]))
                if kind is Kind.ACCEPTANCE
                else []
            ),
            *objections_to_evidence(intent),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> SupplyStatement:
        standing, accepts = standing_of(subject), intent["kind"] == Kind.ACCEPTANCE
        assert standing.refusal is not None  # noqa: S101  objected to above
        row = SupplyStatement(
            batch=subject,
            decision=standing.refusal,
            kind=intent["kind"],
            reference=intent["reference"] if intent["kind"] in REFERENCES else "",
            evaluation=standing.evaluation if accepts else None,
            lines=stated(shown_lines(subject)) if accepts else [],
            **columns_of(intent),
        )
        earlier = [standing.evaluation] if accepts and standing.evaluation else [standing.refusal]
        return sign(row, signature, type="supply.statement_recorded", earlier=earlier)


def _objections_to_acceptance(read: SupplyRead, happened_at: datetime) -> list[Objection]:
    evaluation = read.standing.evaluation
    return [
        *when(
            evaluation is None,
            _("Quality assurance has not signed the evaluation of the risk; the physician accepts after seeing it."),
            code="no_evaluation",
        ),
        *when(
            evaluation is not None and evaluation.lines != stated(read.lines),
            _("A line changed after the evaluation of the risk was signed; evaluate it again."),
            code="evaluation_outdated",
        ),
        # People enter times by the minute.
        *when(
            evaluation is not None and happened_at < evaluation.signed_at.replace(second=0, microsecond=0),
            _("The physician accepts after having seen the evaluation, which was signed %(time)s.")
            % {"time": record_time(evaluation.signed_at) if evaluation else ""},
            code="too_early",
            field="happened_at",
        ),
    ]


@register
class CheckStatement(Comparing[SupplyStatement]):
    """Compare a statement for a supply with its evidence, as a second person."""

    code = "supply.check_statement"
    title = gettext_lazy("Check a statement for the supply")

    def rows(self) -> QuerySet[SupplyStatement]:
        return SupplyStatement.objects.select_related("evidence", "check_of_it")

    def more_lines(self, subject: SupplyStatement) -> list[Line]:
        return [
            Line(_("What it is"), str(subject.get_kind_display())),
            *([Line(str(REFERENCES[subject.kind]), subject.reference)] if subject.kind in REFERENCES else []),
            *lines_to_sign(as_shown(subject.lines)),
        ]

    def checked(self, subject: SupplyStatement) -> tuple[Signed, str]:
        row = SupplyStatementChecked(batch=subject.batch, statement=subject)
        return row, "supply.statement_checked"
