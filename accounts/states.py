"""What the rows about a person add up to: roles, active or not, the key in force, the policy accepted."""

from dataclasses import dataclass

from accounts.models import (
    Admission,
    AdmissionApproval,
    Deactivation,
    KeyEnrolment,
    KeyResetApproval,
    KeyRevocation,
    Person,
    PersonState,
    PolicyAcceptance,
    RoleChangeApproval,
)
from accounts.roles import Role
from ledger.models import Entry


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's standing, computed from rows alone."""

    roles: list[str]
    active: bool
    key_id: str
    policy_version: int


def standing_of(person: Person) -> Standing:
    """Compute a person's standing; the order of things is that of the ledger."""
    return Standing(
        roles=_roles(person),
        active=_is_active(person),
        key_id=_key_in_force(person),
        policy_version=_policy(person),
    )


def refresh_state(person: Person) -> PersonState:
    """Make the cached state say what the rows add up to."""
    standing = standing_of(person)
    state, _new = PersonState.objects.update_or_create(
        person=person,
        defaults={
            "roles": standing.roles,
            "active": standing.active,
            "key_id": standing.key_id,
            "policy_version": standing.policy_version,
        },
    )
    person.state = state
    return state


def _roles(person: Person) -> list[str]:
    changes = RoleChangeApproval.objects.filter(change__person=person).select_related("change")
    if newest := changes.order_by("-recorded_at", "-signed_at").first():
        return sorted(newest.change.roles)
    if person.founder:
        return [Role.ADMINISTRATOR]
    approval = AdmissionApproval.objects.filter(admission__person=person).select_related("admission").first()
    return sorted(approval.admission.roles) if approval else []


def _is_active(person: Person) -> bool:
    if Deactivation.objects.filter(person=person).exists():
        return False
    admitted = person.founder or AdmissionApproval.objects.filter(admission__person=person).exists()
    return admitted and bool(_key_in_force(person))


def _key_in_force(person: Person) -> str:
    newest = KeyEnrolment.objects.filter(signer=person, replaced_by=None).first()
    if newest is None:
        return ""
    ended: list[KeyResetApproval | KeyRevocation] = [
        *KeyResetApproval.objects.filter(reset__person=person),
        *KeyRevocation.objects.filter(person=person),
    ]
    ended_at = max((_seq(row) for row in ended), default=0)
    return newest.key_id if _seq(newest) >= ended_at else ""


def _seq(row: KeyEnrolment | KeyResetApproval | KeyRevocation) -> int:
    """Give a row's place in the ledger; a row whose entry is noted but not written yet is the newest of all."""
    found = Entry.objects.filter(rec_type=row.record_type(), rec_id=row.pk).values_list("seq", flat=True).first()
    return found if found is not None else 2**53


def _policy(person: Person) -> int:
    versions = PolicyAcceptance.objects.filter(signer=person).values_list("policy_version", flat=True)
    return max(versions, default=0)


def unapproved_admissions() -> list[Admission]:
    """Give the admissions that wait for a second administrator."""
    return list(Admission.objects.filter(approval=None).select_related("person").order_by("recorded_at"))
