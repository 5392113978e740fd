"""Everything that the ledger says happened to accounts, up to one of its entries.

(1) The order of things is that of the ledger; every row stands at the place of its entry.
(2) Rows whose entry is newer than the place that was asked for are left out, so that a list can be built again.
(3) However many people there are, the number of statements is the same.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import (
    Admission,
    AdmissionApproval,
    Deactivation,
    KeyEnrolment,
    KeyReset,
    KeyResetApproval,
    KeyRevocation,
    KeyRotation,
    Person,
    RoleChange,
    RoleChangeApproval,
    Signed,
    TokenIssued,
    TokenRevoked,
)
from accounts.roles import Role
from ledger.models import Entry, Written

Roles = tuple[str, ...]
Places = dict[UUID, tuple[int, datetime]]


class Kind(TextChoices):
    """What can happen to an account."""

    FOUNDED = "founded", _("admitted when the site was founded")
    ADMISSION_PROPOSED = "admission_proposed", _("admission proposed")
    ADMITTED = "admitted", _("admitted")
    ROLES_PROPOSED = "roles_proposed", _("change of roles proposed")
    ROLES_CHANGED = "roles_changed", _("roles changed")
    KEY_ENROLLED = "key_enrolled", _("key enrolled")
    KEY_ROTATED = "key_rotated", _("key replaced by its owner")
    RESET_PROPOSED = "reset_proposed", _("new key proposed")
    KEY_RESET = "key_reset", _("key ended by two administrators")
    KEY_REVOKED = "key_revoked", _("key revoked")
    TOKEN_ISSUED = "token_issued", _("token issued to a program")
    TOKEN_REVOKED = "token_revoked", _("token revoked")
    DEACTIVATED = "deactivated", _("deactivated")


# What an administrator does to an account; whoever did one of these does not review the list that shows it.
DONE_BY_ADMINISTRATORS = frozenset(
    {
        Kind.ADMISSION_PROPOSED,
        Kind.ADMITTED,
        Kind.ROLES_PROPOSED,
        Kind.ROLES_CHANGED,
        Kind.RESET_PROPOSED,
        Kind.KEY_RESET,
        Kind.KEY_REVOKED,
        Kind.DEACTIVATED,
    }
)


@dataclass(frozen=True, slots=True)
class By:
    """Somebody who signed, as their signature names them."""

    person: UUID
    name: str
    username: str

    @classmethod
    def signer_of(cls, row: Signed) -> "By":
        """Give the signer of a row."""
        return cls(row.signer_id, row.signer_name, row.signer_username)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an account, at its place in the ledger.

    `by` proposed or did it; `approved_by` is the second signer, where two are needed. `after` are the roles that it
    gave or that were asked for.
    """

    seq: int
    at: datetime
    kind: Kind
    person: UUID
    by: By | None = None
    approved_by: By | None = None
    after: Roles | None = None
    says: str = ""
    key_id: str = ""


def events_to(as_of: int) -> list[Event]:
    """Give every event of every account up to an entry, in the order of the ledger."""
    places = _places(as_of)
    found = (event for give in _GIVERS for event in give(places))
    return sorted(found, key=lambda event: event.seq)


def _places(as_of: int) -> Places:
    wanted = [model.record_type() for model in _MODELS]
    rows = Entry.objects.filter(rec_type__in=wanted, seq__lte=as_of).values_list("rec_id", "seq", "at")
    return {key: (seq, at) for key, seq, at in rows}


def _approved(row: Signed) -> Signed | None:
    approval: Signed | None = getattr(row, "approval", None)
    return approval


def _founded(places: Places) -> Iterator[Event]:
    for person in Person.objects.filter(founder=True):
        if person.pk in places:
            yield Event(*places[person.pk], Kind.FOUNDED, person.pk, after=(str(Role.ADMINISTRATOR),))


def _admissions(places: Places) -> Iterator[Event]:
    for row in Admission.objects.select_related("approval"):
        says = f"{row.identity_document}, {row.identity_checked_on.isoformat()}"
        after = tuple(sorted(row.roles))
        yield from _two_steps(
            places,
            row,
            row.person_id,
            Kind.ADMISSION_PROPOSED,
            Kind.ADMITTED,
            after=after,
            says=says,
        )


def _role_changes(places: Places) -> Iterator[Event]:
    for row in RoleChange.objects.select_related("approval"):
        after = tuple(sorted(row.roles))
        yield from _two_steps(
            places, row, row.person_id, Kind.ROLES_PROPOSED, Kind.ROLES_CHANGED, after=after, says=row.reason
        )


def _resets(places: Places) -> Iterator[Event]:
    for row in KeyReset.objects.select_related("approval"):
        yield from _two_steps(places, row, row.person_id, Kind.RESET_PROPOSED, Kind.KEY_RESET, says=row.reason)


def _two_steps(
    places: Places, row: Signed, person: UUID, first: Kind, second: Kind, *, says: str, after: Roles | None = None
) -> Iterator[Event]:
    """Give a proposal and, where somebody agreed to it, the agreement that made it hold."""
    by, approval = By.signer_of(row), _approved(row)
    if row.pk in places:
        yield Event(*places[row.pk], first, person, by, None, after, says)
    if approval is not None and approval.pk in places:
        yield Event(*places[approval.pk], second, person, by, By.signer_of(approval), after, says)


def _keys(places: Places) -> Iterator[Event]:
    for row in KeyEnrolment.objects.all():
        if row.pk in places:
            yield Event(*places[row.pk], Kind.KEY_ENROLLED, row.signer_id, By.signer_of(row), key_id=row.key_id)
    for rotated in KeyRotation.objects.all():
        if rotated.pk in places:
            yield Event(*places[rotated.pk], Kind.KEY_ROTATED, rotated.signer_id, By.signer_of(rotated))
    for ended in KeyRevocation.objects.all():
        if ended.pk in places:
            yield Event(
                *places[ended.pk],
                Kind.KEY_REVOKED,
                ended.person_id,
                By.signer_of(ended),
                says=ended.reason,
                key_id=ended.key_id,
            )


def _tokens(places: Places) -> Iterator[Event]:
    for row in TokenIssued.objects.select_related("revoked"):
        by = By.signer_of(row)
        if row.pk in places:
            yield Event(*places[row.pk], Kind.TOKEN_ISSUED, row.signer_id, by, says=row.label)
        revoked = getattr(row, "revoked", None)
        if revoked is not None and revoked.pk in places:
            yield Event(*places[revoked.pk], Kind.TOKEN_REVOKED, row.signer_id, by, says=row.label)


def _deactivations(places: Places) -> Iterator[Event]:
    for row in Deactivation.objects.all():
        if row.pk in places:
            yield Event(*places[row.pk], Kind.DEACTIVATED, row.person_id, By.signer_of(row), after=(), says=row.reason)


_GIVERS: tuple[Callable[[Places], Iterator[Event]], ...] = (
    _founded,
    _admissions,
    _role_changes,
    _keys,
    _resets,
    _tokens,
    _deactivations,
)


_MODELS: tuple[type[Written], ...] = (
    Person, Admission, AdmissionApproval, RoleChange, RoleChangeApproval, KeyEnrolment, KeyRotation, KeyRevocation,
    KeyReset, KeyResetApproval, TokenIssued, TokenRevoked, Deactivation,
)  # fmt: skip
