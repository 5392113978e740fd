"""The tables of people and of what they sign with.

Written and witnessed: Person, Admission and its approval, RoleChange and its approval, Deactivation, KeyEnrolment,
KeyReset and its approval, PolicyAcceptance, Training, TokenIssued and TokenRevoked, BlockLifted. Overwritten in place:
PersonState (a cache of those), KeyWrap (the wrapped private key: the old wrap dies with the old password), Challenge,
OneTimeLink, FailureCounter. Security log, append-only: SecurityEvent.
"""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.meanings import Meaning
from accounts.roles import Permission, Role, permissions_of
from accounts.wording import local
from ledger import clock
from ledger.guards import append_only
from ledger.models import Incident, Written


class Person(Written):
    """One human being with one account for ever; a username is never given to anybody else."""

    username = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=120, blank=True)
    founder = models.BooleanField(default=False)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    is_anonymous = False
    is_authenticated = True

    state: "PersonState"

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="a_username_belongs_to_one_person")]

    def __str__(self) -> str:
        return self.name

    def stream_name(self) -> str:
        return f"person/{self.pk}"

    @property
    def reference(self) -> str:
        """How entries name this person as their actor."""
        return f"person/{self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state.active

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the person's roles allow now; nothing once deactivated."""
        return permissions_of(self.state.roles) if self.state.active else frozenset()

    @property
    def role_words(self) -> str:
        return ", ".join(str(Role(role).label) for role in self.state.roles)

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[0], words[-1])).upper() if words else "?"

    @property
    def signs_as(self) -> str:
        """The role or title that signatures carry."""
        return self.title or self.role_words


class PersonState(models.Model):
    """What the rows about a person add up to. A cache: verification recomputes it."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, primary_key=True, related_name="state")
    roles = models.JSONField(default=list)
    active = models.BooleanField(default=False)
    key_id = models.CharField(max_length=64, blank=True)
    policy_version = models.PositiveIntegerField(default=0)
    sessions_valid_from = models.DateTimeField(default=clock.machine_now)


class Signed(Written):
    """A written row that a person signed: who, as what, meaning what, when. The envelope is bound into its entry."""

    signer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    signer_name = models.CharField(max_length=120)
    signer_username = models.CharField(max_length=40)
    signer_role = models.CharField(max_length=240)
    meaning = models.CharField(max_length=20, choices=Meaning)
    meaning_text = models.CharField(max_length=300)
    signed_at = models.DateTimeField()
    comment = models.TextField(max_length=1000, blank=True)
    view_sha256 = models.CharField(max_length=64)
    challenge = models.UUIDField(unique=True)

    # A secret that the act made and only its signer sees, once; it is never stored.
    shown_once: str = ""

    class Meta:
        abstract = True


class Admission(Signed):
    """An administrator checked who somebody is and proposes an account with roles."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="admissions")
    roles = models.JSONField()
    identity_document = models.CharField(max_length=200)
    identity_checked_on = models.DateField()

    def stream_name(self) -> str:
        return f"person/{self.person_id}"


class AdmissionApproval(Signed):
    """A second administrator approves an admission; the account may then enrol a key."""

    admission = models.OneToOneField(Admission, on_delete=models.PROTECT, related_name="approval")

    def stream_name(self) -> str:
        return f"person/{self.admission.person_id}"


class RoleChange(Signed):
    """An administrator proposes other roles for somebody else."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="role_changes")
    roles = models.JSONField()
    reason = models.TextField(max_length=1000)

    def stream_name(self) -> str:
        return f"person/{self.person_id}"


class RoleChangeApproval(Signed):
    """A second administrator approves a change of roles; it holds from then on."""

    change = models.OneToOneField(RoleChange, on_delete=models.PROTECT, related_name="approval")

    def stream_name(self) -> str:
        return f"person/{self.change.person_id}"


class Deactivation(Signed):
    """An account is closed for ever; its signatures stay valid."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="deactivation")
    reason = models.TextField(max_length=1000)

    def stream_name(self) -> str:
        return f"person/{self.person_id}"


class KeyReset(Signed):
    """An administrator asks that a person's key be replaced because the password is lost or known to others."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="key_resets")
    reason = models.TextField(max_length=1000)

    def stream_name(self) -> str:
        return f"person/{self.person_id}"


class KeyResetApproval(Signed):
    """A second administrator approves a reset: the old key signs nothing more, a one-time link makes a new one."""

    reset = models.OneToOneField(KeyReset, on_delete=models.PROTECT, related_name="approval")

    def stream_name(self) -> str:
        return f"person/{self.reset.person_id}"


class KeyEnrolment(Signed):
    """A person's public key, signed by itself. From its entry on, signatures under it count."""

    key_id = models.CharField(max_length=64, unique=True)
    public_key = models.CharField(max_length=64, unique=True)
    algorithm = models.CharField(max_length=20, default="ed25519")
    replaces = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")

    def stream_name(self) -> str:
        return f"person/{self.signer_id}"


class KeyRotation(Signed):
    """A person replaced their own key: signed by the old key, names the new one, which then enrols itself."""

    new_key_id = models.CharField(max_length=64, unique=True)
    new_public_key = models.CharField(max_length=64)

    def stream_name(self) -> str:
        return f"person/{self.signer_id}"


class KeyRevocation(Signed):
    """An administrator ended a person's key at once, because somebody else may have it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="key_revocations")
    key_id = models.CharField(max_length=64, unique=True)
    reason = models.TextField(max_length=1000)

    def stream_name(self) -> str:
        return f"person/{self.person_id}"


class IncidentClosing(Signed):
    """Somebody proposes how an incident of the record's integrity ends."""

    class Outcome(models.TextChoices):
        RESOLVED = "resolved", _("resolved: the cause is known and ended")
        EPOCH_CONFIRMED = "epoch_confirmed", _("the new epoch goes on; the gap is declared")
        COPY_CLOSED = "copy_closed", _("this copy is not worked in any more")

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="closings")
    outcome = models.CharField(max_length=20, choices=Outcome)
    reason = models.TextField(max_length=2000)

    def stream_name(self) -> str:
        return "site"


class IncidentClosingApproval(Signed):
    """A second person agrees; the incident is closed from then on."""

    closing = models.OneToOneField(IncidentClosing, on_delete=models.PROTECT, related_name="approval")

    def stream_name(self) -> str:
        return "site"


class PolicyAcceptance(Signed):
    """A person accepts that electronic signatures bind as handwritten ones do (21 CFR 11.10(j))."""

    policy_version = models.PositiveIntegerField()

    def stream_name(self) -> str:
        return f"person/{self.signer_id}"


class Training(Signed):
    """Somebody was trained on a version of a procedure; recorded by quality assurance."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="trainings")
    procedure = models.CharField(max_length=60)
    version = models.CharField(max_length=20)
    trained_on = models.DateField()
    valid_until = models.DateField(null=True)

    def stream_name(self) -> str:
        return f"person/{self.person_id}"


class TokenIssued(Signed):
    """A person made a bearer token for a program that reads or records in their name; it never signs."""

    label = models.CharField(max_length=80)
    token_sha256 = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    expires_at = models.DateTimeField()

    def stream_name(self) -> str:
        return f"person/{self.signer_id}"


class TokenRevoked(Written):
    """A token ended before its time."""

    token = models.OneToOneField(TokenIssued, on_delete=models.PROTECT, related_name="revoked")

    def stream_name(self) -> str:
        return f"person/{self.token.signer_id}"


class BlockLifted(Signed):
    """A shift lead let somebody try again who had typed wrong passwords too often."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(max_length=1000)
    station = models.CharField(max_length=60, blank=True)

    def stream_name(self) -> str:
        return f"person/{self.person_id}"


class KeyWrap(models.Model):
    """A private key, wrapped under its owner's secret. The only table of the record that is overwritten."""

    person = models.OneToOneField(Person, on_delete=models.PROTECT, primary_key=True, related_name="key_wrap")
    key_id = models.CharField(max_length=64)
    log2_n = models.PositiveSmallIntegerField()
    salt = models.BinaryField()
    nonce = models.BinaryField()
    wrapped = models.BinaryField()


class Challenge(models.Model):
    """One intention, shown once, to be signed once within five minutes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    nonce = models.CharField(max_length=64)
    act = models.CharField(max_length=60)
    subject = models.UUIDField()
    intent = models.JSONField()
    view_sha256 = models.CharField(max_length=64)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    head_seq = models.PositiveBigIntegerField()
    head_leaf = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)
    record = models.UUIDField(null=True)


class OneTimeLink(models.Model):
    """The hash of a link that lets one person set a secret once; the link itself is shown once and never stored."""

    token_sha256 = models.CharField(max_length=64, primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class FailureCounter(models.Model):
    """Wrong secrets for a name at a station since the last right one."""

    username = models.CharField(max_length=40)
    station = models.CharField(max_length=60)
    failures = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField(default=clock.machine_now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["username", "station"], name="one_counter_a_name_and_station")]


@append_only
class SecurityEvent(models.Model):
    """A line of the security log: sign-ins, refusals, wrong secrets. No secret and no content stands in it."""

    at = models.DateTimeField(default=clock.machine_now, db_index=True)
    kind = models.CharField(max_length=40, db_index=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    username = models.CharField(max_length=40, blank=True)
    station = models.CharField(max_length=60, blank=True)
    about = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = _("security event")


def trained(person: Person, procedure: str, version: str, *, at: datetime) -> bool:
    """Tell whether somebody held a training on exactly this version at a time."""
    on = local(at).date()
    return any(
        training.trained_on <= on and (training.valid_until is None or on <= training.valid_until)
        for training in person.trainings.all()
        if (training.procedure, training.version) == (procedure, version)
    )
