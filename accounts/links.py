"""One-time links: made by an administrator, shown once, used by one other person once."""

from django.utils.translation import gettext as _

from accounts import security
from accounts.admission import new_link
from accounts.models import AdmissionApproval, Deactivation, Person, PersonState
from accounts.refusal import Objection, lacks, refuse_if, when
from accounts.roles import Permission
from ledger.writing import writing


def objections_to_link(person: Person, *, by: Person) -> list[Objection]:
    """Give the reasons against a one-time link for somebody."""
    approved = person.founder or AdmissionApproval.objects.filter(admission__person=person).exists()
    closed = Deactivation.objects.filter(person=person).exists()
    return [
        *lacks(by, Permission.ACCOUNT_MANAGE),
        *when(person.pk == by.pk, _("Another administrator makes your link."), code="same_person"),
        *when(closed, _("This account is closed.")),
        *when(not approved, _("A second administrator must approve the admission first.")),
        *when(
            approved and not closed and person.state.key_id != "",
            _("This person has a key. Replace it first, with a second administrator."),
        ),
    ]


def make_link(person: Person, *, by: Person, station: str) -> str:
    """Make a one-time link for somebody and give its token, which is stored nowhere; older links end."""
    with writing():
        PersonState.objects.select_for_update().filter(pk=person.pk).first()
        person = Person.objects.select_related("state").get(pk=person.pk)
        refuse_if(objections_to_link(person, by=by))
        token = new_link(person)
        security.log("link_made", person=by, username=by.username, station=station, about=f"for {person.username}")
    return token
