"""The life of a person's key after its enrolment: rotated by its owner, revoked by an administrator, shown to both.

(1) Rotation is the owner's own act: the old key signs that it ends and names the new one, which then enrols itself.
(2) Revocation needs one administrator and holds at once: nothing may be signed with a stolen key while a second one
    is looked for. A new key then comes by the replacement that two administrators sign.
(3) What a key signed before its end stays valid. Before and after are places in the ledger, never claimed times.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import security
from accounts.acts import Intent, Line, ToSign, register
from accounts.admission import enrol_key, unstored_challenge
from accounts.checks import DEACTIVATION, ENROLMENT, RESET, REVOCATION, KeyLife, key_lives
from accounts.keys import WrongSecretError, new_key, unlock, wrapped
from accounts.meanings import Meaning
from accounts.models import KeyEnrolment, KeyRevocation, KeyRotation, KeyWrap, Person, PersonState
from accounts.people_acts import AboutPerson, ReasonIntent, end_sessions, identity_of
from accounts.refusal import BadInput, Objection, Refused, Text, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.states import refresh_state
from ledger import clock
from ledger.models import Entry
from ledger.writing import writing

ROTATES = gettext_lazy("I end this key of mine and replace it by the one named here.")
ENDED_BY: dict[str, Text] = {
    ENROLMENT: gettext_lazy("replaced by its owner"),
    RESET: gettext_lazy("ended by two administrators"),
    REVOCATION: gettext_lazy("revoked"),
    DEACTIVATION: gettext_lazy("account closed"),
}


def rotate_key(person: Person, *, secret: str, station: str) -> KeyEnrolment:
    """Replace one's own key under the same password, and give the enrolment of the new one.

    The old key signs nothing more, its wrap is gone, and the person's sessions and tokens end. Raises BadInput for a
    wrong secret, which is counted like any other, and Refused if the key was replaced or revoked meanwhile.
    """
    security.refuse_while_blocked(person.username, station)
    try:
        old = unlock(KeyWrap.objects.filter(person=person).first(), secret)
    except WrongSecretError:
        security.count_failure(person.username, station, about="replacing the key")
        raise BadInput(Objection(_("This is not your present password."), field="present_secret")) from None
    security.clear_failures(person.username, station)
    new = new_key()
    wrap = wrapped(new, person=person, secret=secret)
    with writing():
        PersonState.objects.select_for_update().get(pk=person.pk)
        person = Person.objects.select_related("state").get(pk=person.pk)
        if not person.state.active or person.state.key_id != old.key_id:
            raise Refused(Objection(_("Your key was replaced or revoked meanwhile. Sign in again."), code="key_ended"))
        by_the_old = Signature(
            person, old, Meaning.APPROVED, str(ROTATES), clock.now(), unstored_challenge(), station=station
        )
        row = KeyRotation(new_key_id=new.key_id, new_public_key=new.public_hex)
        sign(row, by_the_old, type="key.rotated")
        enrolment = enrol_key(person, new, wrap)
        end_sessions(person)
    security.log("key_rotated", person=person, username=person.username, station=station)
    return enrolment


@register
class RevokeKey(AboutPerson):
    """End somebody's key at once, because somebody else may have it; the person's sessions and tokens end."""

    code = "key.revoke"
    title = gettext_lazy("Revoke a key")
    verb = gettext_lazy("Revoke at once")
    meaning = Meaning.REJECTED
    meaning_text = gettext_lazy("I revoke this key. From now on nothing that it signs is valid.")
    asks = ReasonIntent

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject),
            lines=[
                Line(_("Key"), subject.state.key_id),
                Line(_("Reason"), intent["reason"]),
                Line(_("What it signed before"), _("stays valid, marked as of a key that was later revoked")),
                Line(_("A new key"), _("is made by a replacement that two administrators sign")),
                Line(_("Other administrators who can sign"), str(len(_others_who_manage(subject)))),
            ],
        )

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(subject.pk == by.pk, _("Another administrator revokes your key."), code="same_person"),
            *when(not subject.state.key_id, _("This person has no key in force."), code="no_key"),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> KeyRevocation:
        row = KeyRevocation(person=subject, key_id=subject.state.key_id, reason=intent["reason"])
        sign(row, signature, type="key.revoked")
        refresh_state(subject)
        end_sessions(subject)
        return row


def _others_who_manage(subject: Person) -> list[Person]:
    """Give the administrators who can sign besides somebody: a replacement of the key needs two of them."""
    active = Person.objects.select_related("state").filter(state__active=True).exclude(pk=subject.pk)
    return [one for one in active if Permission.ACCOUNT_MANAGE in one.permissions]


@dataclass(frozen=True, slots=True)
class KeyShown:
    """One key of a person as their page shows it; `until` and `ended` are empty while it is in force."""

    key_id: str
    since: datetime
    until: datetime | None
    ended: Text
    was_revoked: bool


def keys_of(person: Person) -> list[KeyShown]:
    """Give every key that a person ever had, the newest first, by the ledger's own times."""
    lives = {key_id: life for key_id, life in key_lives().items() if life.person == str(person.pk)}
    wanted = {seq for life in lives.values() for seq in (life.since, life.until) if seq is not None}
    times = dict(Entry.objects.filter(seq__in=wanted).values_list("seq", "at"))
    newest_first = sorted(lives.items(), key=lambda one: one[1].since, reverse=True)
    return [_shown(key_id, life, times) for key_id, life in newest_first]


def _shown(key_id: str, life: KeyLife, times: dict[int, datetime]) -> KeyShown:
    return KeyShown(
        key_id=key_id,
        since=times[life.since],
        until=times[life.until] if life.until is not None else None,
        ended=ENDED_BY.get(life.ended_by, ""),
        was_revoked=life.ended_by == REVOCATION,
    )
