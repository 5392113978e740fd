"""The physician is asked what to do after a batch was not certified, and answers.

(1) Nothing is destroyed before the physician has answered; the question is open from the decision on.
(2) The answer is entered by one of ours with what proves it, and compared with that by another.
(3) A request for supply says why, which alternatives were considered, and what follows if the patient is not treated
    (EU GMP Part IV 11.53: to avoid an immediate significant hazard, alternatives taken into account).
(4) A later answer counts instead of an earlier one.
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.models import Person, Signed
from accounts.parsing import TextField
from accounts.refusal import Objection, Text, when
from accounts.signature import Signature, sign
from batches.ended import objections_to_ended_order, order_end_of
from batches.identity import identity_lines
from batches.models import Batch
from chain_of_custody.attesting import objections_to_evidence
from qc.models import PhysicianAnswer, PhysicianAnswerChecked
from qc.release.outside import Comparing, Entering, SaidIntent, columns_of, said_lines
from qc.supply.lines import objections_to_ever_supplying
from qc.supply.standing import SupplyStanding, standing_of
from qc.supply.supply_read import SupplyRead

Answer = PhysicianAnswer.Answer
SHORTEST = 10
# What a request for supply has to say, with the words that ask for it.
SAID_OF_SUPPLY: dict[str, Text] = {
    "reason": gettext_lazy("Why the patient needs this product now"),
    "alternatives": gettext_lazy("Which alternatives were considered"),
    "consequence": gettext_lazy("What follows if the patient is not treated"),
}


class AnswerIntent(SaidIntent):
    """What the physician wants, who it is, when it was said, and what proves it."""

    role = TextField(label=gettext_lazy("Role"), max_length=120)
    answer = serializers.ChoiceField(Answer.choices, label=gettext_lazy("What the physician wants"))
    registration = TextField(
        label=gettext_lazy("Registration number"), max_length=60, help_text="registration number of the physician"
    )
    reason = TextField(
        label=SAID_OF_SUPPLY["reason"],
        max_length=2000,
        required=False,
        default="",
        help_text="of a supply, at least 10 characters",
    )
    alternatives = TextField(
        label=SAID_OF_SUPPLY["alternatives"], max_length=2000, required=False, default="", help_text="of a supply"
    )
    consequence = TextField(
        label=SAID_OF_SUPPLY["consequence"], max_length=2000, required=False, default="", help_text="of a supply"
    )


@register
class RecordAnswer(Entering):
    """Record what the physician answered."""

    code = "physician_answer.record"
    title = gettext_lazy("Record what the physician wants")
    verb = gettext_lazy("Sign the entry")
    asks = AnswerIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        refusal = standing_of(subject).refusal
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                Line(_("Answer"), str(Answer(intent["answer"]).label)),
                Line(_("Registration number"), intent["registration"]),
                *said_lines(intent),
                *(Line(str(words), intent[name]) for name, words in SAID_OF_SUPPLY.items() if intent[name]),
            ],
            version=str(refusal.pk) if refusal else "",
            earlier=[EarlierSignature.on(refusal)] if refusal else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        standing = standing_of(subject)
        return [
            *objections_to_asking(standing),
            *(
                Objection(
                    _("%(what)s: say it in at least 10 characters.") % {"what": words}, code="not_said", field=name
                )
                for name, words in SAID_OF_SUPPLY.items()
                if intent["answer"] == Answer.SUPPLY and len(intent[name].strip()) < SHORTEST
            ),
            *objections_to_evidence(intent),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> PhysicianAnswer:
        refusal = standing_of(subject).refusal
        assert refusal is not None  # noqa: S101  objected to above
        more = {name: intent[name] for name in ("answer", "registration", "reason", "alternatives", "consequence")}
        row = PhysicianAnswer(batch=subject, decision=refusal, **more, **columns_of(intent))
        return sign(row, signature, type="physician_answer.recorded", earlier=[refusal])


def objections_to_asking(standing: SupplyStanding) -> list[Objection]:
    """Give what keeps an answer from being entered."""
    return [
        *when(
            standing.refusal is None,
            _("The physician is asked once a batch was not certified; this one was not decided on like that."),
            code="not_refused",
        ),
        *when(
            standing.supply is not None,
            _("The supply is decided on. Take it back first."),
            code="decided",
        ),
    ]


def objections_to_preparing(read: SupplyRead) -> list[Objection]:
    """Give what keeps a supply from being prepared: nobody asked for it, it is decided, or it can never be."""
    batch, standing = read.batch, read.standing
    return [
        *objections_to_asking(standing),
        *when(
            standing.refusal is not None and not standing.is_asked_for,
            _("The physician has not asked for this product."),
            code="not_asked_for",
        ),
        *objections_to_ended_order(order_end_of(batch.order)),
        *(objections_to_ever_supplying(batch, read) if standing.refusal is not None else []),
    ]


@register
class CheckAnswer(Comparing[PhysicianAnswer]):
    """Compare the physician's answer with its evidence, as a second person."""

    code = "physician_answer.check"
    title = gettext_lazy("Check the physician's answer")

    def rows(self) -> QuerySet[PhysicianAnswer]:
        return PhysicianAnswer.objects.select_related("evidence", "check_of_it")

    def more_lines(self, subject: PhysicianAnswer) -> list[Line]:
        return answer_lines(subject)

    def checked(self, subject: PhysicianAnswer) -> tuple[Signed, str]:
        return PhysicianAnswerChecked(batch=subject.batch, answer=subject), "physician_answer.checked"


def answer_lines(row: PhysicianAnswer) -> list[Line]:
    """Give what a physician wants and why, as a signer reads it."""
    return [
        Line(_("Answer"), str(row.get_answer_display())),
        Line(_("Registration number"), row.registration),
        *(Line(str(words), getattr(row, name)) for name, words in SAID_OF_SUPPLY.items() if getattr(row, name)),
    ]
