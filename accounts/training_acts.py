"""Training as a record that gates later acts, and the policy that everybody accepts before they sign."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, PolicyAcceptance, Signed, Training
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.people_acts import AboutPerson, identity_of
from accounts.policy import ACCEPTING, POLICY, POLICY_VERSION
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.states import refresh_state
from accounts.wording import day


class TrainingIntent(StrictSerializer[Intent]):
    """Which version of which procedure somebody was trained on."""

    procedure = TextField(label=gettext_lazy("Procedure"), max_length=60)
    version = TextField(label=gettext_lazy("Version"), max_length=20)
    trained_on = DayField(label=gettext_lazy("Trained on"))
    valid_until = DayField(
        label=gettext_lazy("Valid until"), future_allowed=True, required=False, allow_null=True, default=None
    )


@register
class RecordTraining(AboutPerson):
    """Record that somebody was trained on a version of a procedure; gates of later acts ask for it."""

    code = "person.record_training"
    title = gettext_lazy("Record training")
    verb = gettext_lazy("Sign the training record")
    permission = Permission.TRAINING_RECORD
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I verified that this person was trained.")
    asks = TrainingIntent

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        until = intent["valid_until"]
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject),
            lines=[
                Line(_("Procedure"), f"{intent['procedure']} version {intent['version']}"),
                Line(_("Trained on"), day(date.fromisoformat(intent["trained_on"]))),
                Line(_("Valid until"), day(date.fromisoformat(until)) if until else _("no end")),
            ],
        )

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        until = intent["valid_until"]
        return [
            *when(subject.pk == by.pk, _("Somebody else records your training."), code="same_person"),
            *when(
                until and until < intent["trained_on"],
                _("The training would end before it began."),
                field="valid_until",
            ),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> Training:
        until = intent["valid_until"]
        row = Training(
            person=subject,
            procedure=intent["procedure"],
            version=intent["version"],
            trained_on=date.fromisoformat(intent["trained_on"]),
            valid_until=date.fromisoformat(until) if until else None,
        )
        return sign(row, signature, type="person.trained")


@register
class AcceptPolicy(AboutPerson):
    """Accept the signature policy; until then a person signs nothing else (21 CFR 11.10(j))."""

    code = ACCEPTING
    title = gettext_lazy("Signature policy")
    verb = gettext_lazy("Accept and sign")
    permission = Permission.OWN_ACCOUNT
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I read this policy and accept it.")

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        lines = [Line(f"{number}", str(text)) for number, text in enumerate(POLICY, start=1)]
        return ToSign(title=str(self.title), identity=identity_of(subject), lines=lines, version=str(POLICY_VERSION))

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        return when(subject.pk != by.pk, _("Everybody accepts the policy for themselves."), code="same_person")

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> PolicyAcceptance:
        row = sign(PolicyAcceptance(policy_version=POLICY_VERSION), signature, type="policy.accepted")
        refresh_state(subject)
        return row

    def done_url(self, row: Signed) -> str:
        return "/"
