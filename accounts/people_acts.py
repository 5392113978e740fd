"""The signed acts of administrators about people, and of people about themselves."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import AboutSite, Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import (
    Admission,
    AdmissionApproval,
    Deactivation,
    KeyReset,
    KeyResetApproval,
    Person,
    PersonState,
    RoleChange,
    RoleChangeApproval,
    Signed,
)
from accounts.parsing import DayField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission, Role
from accounts.signature import Signature, sign
from accounts.states import refresh_state
from accounts.wording import day
from ledger import clock
from ledger.models import Site
from ledger.writing import write

USERNAME = r"^[a-z][a-z0-9._-]{2,39}\Z"


def identity_of(person: Person) -> list[Line]:
    """Give the lines by which a person is recognised."""
    return [Line(_("Name"), person.name), Line(_("User ID"), person.username)]


def role_list(roles: list[str]) -> str:
    """Write roles in the words of the site."""
    return ", ".join(str(Role(role).label) for role in roles)


class AboutPerson(Act[Person]):
    """An act whose subject is a person."""

    permission = Permission.ACCOUNT_MANAGE

    def find(self, subject: UUID) -> Person:
        person = Person.objects.select_related("state").filter(pk=subject).first()
        if person is None:
            raise Http404
        return person

    def lock(self, subject: Person) -> None:
        PersonState.objects.select_for_update().filter(pk=subject.pk).first()

    def done_url(self, row: Signed) -> str:
        return f"/people/{self.person_of(row).pk}/"

    def person_of(self, row: Any) -> Person:  # Any: each act's own row
        """Give the person whom a row of this act is about."""
        person: Person = row.person
        return person


class AdmissionIntent(StrictSerializer[Intent]):
    """Who is admitted, with which roles, and how their identity was checked."""

    username = serializers.RegexField(
        USERNAME, label=gettext_lazy("User ID"), help_text="3 to 40 of a–z, 0–9, dot, hyphen; never given twice"
    )
    name = TextField(label=gettext_lazy("Full name"), max_length=120)
    title = TextField(label=gettext_lazy("Title"), max_length=120, required=False, default="")
    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices), min_length=1, max_length=8)
    identity_document = TextField(
        label=gettext_lazy("Identity checked by"),
        max_length=200,
        help_text="which document was seen, without its number",
    )
    identity_checked_on = DayField(label=gettext_lazy("Checked on"))


@register
class AdmitPerson(AboutSite):
    """Propose an account for somebody whose identity was checked (21 CFR 11.100(b))."""

    code = "person.admit"
    title = gettext_lazy("Admit a person")
    verb = gettext_lazy("Sign the admission")
    permission = Permission.ACCOUNT_MANAGE
    stopped_by_findings = True
    meaning = Meaning.ADMITTED
    asks = AdmissionIntent

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Name"), intent["name"]), Line(_("User ID"), intent["username"])],
            lines=[
                Line(_("Title"), intent["title"] or "–"),
                Line(_("Roles"), role_list(intent["roles"])),
                Line(_("Identity checked by"), intent["identity_document"]),
                Line(_("on"), day(date.fromisoformat(intent["identity_checked_on"]))),
            ],
        )

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        return when(
            Person.objects.filter(username__iexact=intent["username"]).exists(),
            _("The user ID %(name)s belongs to somebody. User IDs are never given twice.")
            % {"name": intent["username"]},
            field="username",
        )

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> Admission:
        person = Person(username=intent["username"], name=intent["name"], title=intent["title"])
        write(person, type="person.named", actor=signature.signer.reference)
        PersonState.objects.create(person=person)
        return sign(
            Admission(
                person=person,
                roles=sorted(set(intent["roles"])),
                identity_document=intent["identity_document"],
                identity_checked_on=date.fromisoformat(intent["identity_checked_on"]),
            ),
            signature,
            type="person.admitted",
        )

    def done_url(self, row: Signed) -> str:
        return "/people/"


class _Second(AboutPerson):
    """An approval by a second administrator of what a first one proposed about somebody."""

    stopped_by_findings = True
    meaning = Meaning.APPROVED

    def pending(self, person: Person) -> Admission | RoleChange | KeyReset | None:
        """Give what waits for approval."""
        raise NotImplementedError

    def words(self, pending: Any) -> list[Line]:  # Any: each act's own row
        """Give the lines that say what is approved."""
        raise NotImplementedError

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        pending = self.pending(subject)
        if pending is None:
            raise Http404
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject),
            lines=self.words(pending),
            version=str(pending.pk),
            earlier=[EarlierSignature.on(pending)],
            signatures=2,
        )

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        pending = self.pending(subject)
        if pending is None:
            return when(True, _("Nothing waits for approval here."))
        return [
            *when(pending.signer_id == by.pk, _("A second administrator must approve this."), code="same_person"),
            *when(subject.pk == by.pk, _("Nobody approves something about themselves."), code="same_person"),
        ]


@register
class ApproveAdmission(_Second):
    """Approve an admission; the person may then set a password by a one-time link."""

    code = "person.approve"
    title = gettext_lazy("Approve an admission")
    verb = gettext_lazy("Approve")

    def pending(self, person: Person) -> Admission | None:
        return Admission.objects.filter(person=person, approval=None).first()

    def words(self, pending: Admission) -> list[Line]:
        return [
            Line(_("Roles"), role_list(pending.roles)),
            Line(_("Identity checked by"), pending.identity_document),
            Line(_("on"), day(pending.identity_checked_on)),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> AdmissionApproval:
        admission = Admission.objects.get(person=subject, approval=None)
        row = sign(
            AdmissionApproval(admission=admission),
            signature,
            type="person.admission_approved",
            earlier=[admission],
        )
        refresh_state(subject)
        return row

    def person_of(self, row: AdmissionApproval) -> Person:
        return row.admission.person


class RolesIntent(StrictSerializer[Intent]):
    """The roles that somebody is to have, and why."""

    roles = serializers.ListField(child=serializers.ChoiceField(Role.choices), max_length=8, allow_empty=True)
    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=5)


@register
class ChangeRoles(AboutPerson):
    """Propose other roles for somebody else."""

    code = "person.change_roles"
    title = gettext_lazy("Change roles")
    verb = gettext_lazy("Sign the change")
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I ask that this person's roles be changed.")
    stopped_by_findings = True
    asks = RolesIntent

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_of(subject),
            lines=[
                Line(_("Roles now"), role_list(subject.state.roles)),
                Line(_("Roles then"), role_list(intent["roles"])),
                Line(_("Reason"), intent["reason"]),
            ],
        )

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(subject.pk == by.pk, _("Nobody changes their own roles."), code="same_person"),
            *when(not subject.state.active, _("This account is not active.")),
            *when(
                RoleChange.objects.filter(person=subject, approval=None).exists(),
                _("Another change of roles waits for approval."),
            ),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> RoleChange:
        row = RoleChange(person=subject, roles=sorted(set(intent["roles"])), reason=intent["reason"])
        return sign(row, signature, type="person.roles_proposed")


@register
class ApproveRoles(_Second):
    """Approve a change of roles; it holds from then on."""

    code = "person.approve_roles"
    title = gettext_lazy("Approve a change of roles")
    verb = gettext_lazy("Approve")

    def pending(self, person: Person) -> RoleChange | None:
        return RoleChange.objects.filter(person=person, approval=None).first()

    def words(self, pending: RoleChange) -> list[Line]:
        return [
            Line(_("Roles now"), role_list(pending.person.state.roles)),
            Line(_("Roles then"), role_list(pending.roles)),
            Line(_("Reason"), pending.reason),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> RoleChangeApproval:
        change = RoleChange.objects.get(person=subject, approval=None)
        row = sign(RoleChangeApproval(change=change), signature, type="person.roles_changed", earlier=[change])
        refresh_state(subject)
        return row

    def person_of(self, row: RoleChangeApproval) -> Person:
        return row.change.person


class ReasonIntent(StrictSerializer[Intent]):
    """Why."""

    reason = TextField(label=gettext_lazy("Reason"), max_length=1000, min_length=5)


class _WithReason(AboutPerson):
    """An act about a person that needs only a reason."""

    asks = ReasonIntent

    def to_sign(self, subject: Person, intent: Intent) -> ToSign:
        lines = [Line(_("Roles"), role_list(subject.state.roles)), Line(_("Reason"), intent["reason"])]
        return ToSign(title=str(self.title), identity=identity_of(subject), lines=lines)


@register
class DeactivatePerson(_WithReason):
    """Close an account for ever; its live sessions end at once, its signatures stay valid."""

    code = "person.deactivate"
    title = gettext_lazy("Deactivate an account")
    verb = gettext_lazy("Deactivate")
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I close this account. It is never opened again.")

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(subject.pk == by.pk, _("Nobody deactivates their own account."), code="same_person"),
            *when(Deactivation.objects.filter(person=subject).exists(), _("This account is closed already.")),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> Deactivation:
        row = sign(Deactivation(person=subject, reason=intent["reason"]), signature, type="person.deactivated")
        refresh_state(subject)
        end_sessions(subject)
        return row


@register
class ResetKey(_WithReason):
    """Ask that a person's key be replaced; nothing changes until a second administrator approves."""

    code = "person.reset_key"
    title = gettext_lazy("Replace a key")
    verb = gettext_lazy("Sign the request")
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I ask that this person's key be replaced.")
    stopped_by_findings = True

    def objections(self, subject: Person, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(subject.pk == by.pk, _("Ask another administrator to replace your key."), code="same_person"),
            *when(Deactivation.objects.filter(person=subject).exists(), _("This account is closed.")),
            *when(
                KeyReset.objects.filter(person=subject, approval=None).exists(),
                _("A replacement waits for approval."),
            ),
        ]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> KeyReset:
        return sign(KeyReset(person=subject, reason=intent["reason"]), signature, type="key.reset_proposed")


@register
class ApproveReset(_Second):
    """Approve the replacement of a key: the old one signs nothing more from now on."""

    code = "person.approve_reset"
    title = gettext_lazy("Approve the replacement of a key")
    verb = gettext_lazy("Approve")

    def pending(self, person: Person) -> KeyReset | None:
        return KeyReset.objects.filter(person=person, approval=None).first()

    def words(self, pending: KeyReset) -> list[Line]:
        return [Line(_("Reason"), pending.reason)]

    def carry_out(self, subject: Person, intent: Intent, signature: Signature) -> KeyResetApproval:
        reset = KeyReset.objects.get(person=subject, approval=None)
        row = sign(KeyResetApproval(reset=reset), signature, type="key.reset", earlier=[reset])
        refresh_state(subject)
        end_sessions(subject)
        return row

    def person_of(self, row: KeyResetApproval) -> Person:
        return row.reset.person


def end_sessions(person: Person) -> None:
    """End every session that the person has now."""
    ended: datetime = clock.machine_now()
    PersonState.objects.filter(pk=person.pk).update(sessions_valid_from=ended)
