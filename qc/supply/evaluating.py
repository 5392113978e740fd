"""Quality assurance signs the manufacturer's evaluation of the risk of a product out of specification.

The evaluation is a document with its author and date; signed with it are the lines that it is about, as they stand.
EU GMP Part IV 11.54: the manufacturer gives the treating physician its evaluation of the risks.
"""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import day
from batches.identity import identity_lines
from batches.models import Batch
from chain_of_custody.attesting import evidence_words
from ledger.models import StoredFile
from qc.batch_act import BatchAct
from qc.models import RiskEvaluation
from qc.release.taking_part import objections_to_person
from qc.supply.asking import objections_to_preparing
from qc.supply.lines import lines_to_sign, shown_lines, stated
from qc.supply.standing import standing_of
from qc.supply.supply_read import SupplyRead


class EvaluationIntent(StrictSerializer[Intent]):
    """The document, who wrote it, when, and what it concludes."""

    document = serializers.UUIDField(label=gettext_lazy("Document"), help_text="the stored file of the evaluation")
    author = TextField(label=gettext_lazy("Author"), max_length=120)
    written_on = DayField(label=gettext_lazy("Written on"))
    conclusion = TextField(label=gettext_lazy("Conclusion"), min_length=10, max_length=2000)


@register
class EvaluateRisk(BatchAct):
    """Sign the evaluation of the risk for the lines that do not conform."""

    code = "supply.evaluate_risk"
    title = gettext_lazy("Sign the evaluation of the risk")
    verb = gettext_lazy("Sign the evaluation")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I reviewed this evaluation of the risk; it covers every line shown here.")
    asks = EvaluationIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        refusal = standing_of(subject).refusal
        document = StoredFile.objects.filter(pk=intent["document"]).first()
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                *lines_to_sign(shown_lines(subject)),
                Line(_("Document"), evidence_words(document, "")),
                Line(_("Author"), intent["author"]),
                Line(_("Written on"), day(date.fromisoformat(intent["written_on"]))),
                Line(_("Conclusion"), intent["conclusion"]),
            ],
            version=str(refusal.pk) if refusal else "",
            earlier=[EarlierSignature.on(refusal)] if refusal else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        return [
            *objections_to_preparing(SupplyRead(subject)),
            *when(
                not StoredFile.objects.filter(pk=intent["document"]).exists(),
                _("This document isn't stored here. Upload it again."),
                field="document",
            ),
            *objections_to_person(subject, by),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> RiskEvaluation:
        refusal = standing_of(subject).refusal
        assert refusal is not None  # noqa: S101  objected to above
        row = RiskEvaluation(
            batch=subject,
            decision=refusal,
            document_id=intent["document"],
            author=intent["author"],
            written_on=date.fromisoformat(intent["written_on"]),
            conclusion=intent["conclusion"],
            lines=stated(shown_lines(subject)),
        )
        return sign(row, signature, type="supply.risk_evaluated", earlier=[refusal])
