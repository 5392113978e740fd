"""What a shift lead does at a station: lift the block of somebody who typed wrong passwords too often."""

from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security
from accounts.acts import Act, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import BlockLifted, Person, PersonState, Signed
from accounts.people_acts import ReasonIntent, identity_of
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign


@register
class LiftBlock(Act[Person]):
    """Let somebody sign in and sign again, after having spoken to them."""

    code = "person.lift_block"
    title = gettext_lazy("Lift a block")
    verb = gettext_lazy("Lift the block")
    permission = Permission.BLOCK_LIFT
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I spoke to this person and know why the password was typed wrongly.")
    asks = ReasonIntent

    def find(self, subject: UUID) -> Person:
        person = Person.objects.select_related("state").filter(pk=subject).first()
        if person is None:
            raise Http404
        return person

    def lock(self, subject: Person) -> None:
        PersonState.objects.select_for_update().filter(pk=subject.pk).first()

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        return ToSign(title=str(self.title), identity=identity_of(subject), lines=[Line(_("Reason"), intent["reason"])])

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(subject.pk == by.pk, _("Somebody else lifts your block."), code="same_person"),
            *when(not security.is_blocked(subject.username), _("Nothing is blocked for this user ID.")),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> BlockLifted:
        row = sign(
            BlockLifted(person=subject, reason=intent["reason"], station=signature.station),
            signature,
            type="person.block_lifted",
        )
        security.clear_failures(subject.username)
        return row

    def done_url(self, row: Signed) -> str:
        return "/people/"
