"""Every account that ever was: its roles over time, its keys, its tokens, its last use, its training.

(1) What the ledger says stands in `Account`; it is the same whenever it is computed for the same entry, and its digest
    is what a review of access signs.
(2) When an account was last used is computed beside it: the last sign-in from the security log, the last signature
    from every signed table, the last use of a token from a cache that is right to five minutes. It is in no digest.
(3) Roles that came and went, and roles that somebody gave themselves, are pointed out; a person judges them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Max, QuerySet
from django.utils.translation import gettext as _

from accounts.access_events import Event, Kind, Roles, events_to
from accounts.models import KeyEnrolment, Person, SecurityEvent, Signed, TokenIssued
from accounts.roles import Role
from accounts.wording import record_time
from ledger.canonical import canonical, digest
from ledger.models import Head, plain
from ledger.verification import written_models

SCHEMA = 1
# A role that somebody held no longer than this is pointed out, and one that came or went this near to a decision.
SHORT = timedelta(days=7)
UNUSED_AFTER = timedelta(days=90)
Plain = dict[str, object]


class Standing(StrEnum):
    """Whether an account opens anything."""

    ACTIVE = "active"
    WAITING = "waiting"  # admitted or proposed, without a key in force
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True)
class RolePeriod:
    """A role and the stretch in which somebody had it; `until` is empty while they have."""

    role: str
    since: datetime
    given: int
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """A key and the stretch in which it was in force."""

    key_id: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A decision that somebody signed and that weighs: rooms above tell of them."""

    person: UUID
    at: datetime
    about: str


@dataclass(frozen=True, slots=True)
class Account:
    """One account as the ledger tells it up to an entry."""

    person: Person
    events: tuple[Event, ...]
    roles: Roles
    standing: Standing
    key_id: str
    role_periods: tuple[RolePeriod, ...]
    keys: tuple[KeyPeriod, ...]
    pointed_out: tuple[str, ...] = ()

    @property
    def admission(self) -> Event | None:
        """The event with which the account began: who checked the person, who agreed."""
        wanted = (Kind.FOUNDED, Kind.ADMITTED, Kind.ADMISSION_PROPOSED)
        found = [event for event in self.events if event.kind in wanted]
        return min(found, key=lambda event: wanted.index(event.kind), default=None)

    @property
    def role_words(self) -> str:
        """The roles in the words of the site."""
        return role_words(self.roles)

    @property
    def closed(self) -> Event | None:
        """The event that ended the account."""
        return next((event for event in self.events if event.kind == Kind.DEACTIVATED), None)

    def roles_before(self, seq: int) -> Roles:
        """Give the roles that were held until an entry."""
        return next((event.after or () for event in reversed(self.events) if event.seq < seq and _holds(event)), ())


@dataclass(frozen=True, slots=True)
class Use:
    """When an account was last used; each is empty where that never happened."""

    signed_in_at: datetime | None = None
    signed_at: datetime | None = None
    token_at: datetime | None = None

    @property
    def last_at(self) -> datetime | None:
        """The newest of the three."""
        return max((one for one in (self.signed_in_at, self.signed_at, self.token_at) if one), default=None)


@dataclass(frozen=True, slots=True)
class Listing:
    """Every account as it stood at an entry of the ledger."""

    as_of: int
    accounts: tuple[Account, ...]
    by_person: Mapping[UUID, Account] = field(repr=False)

    def sha256(self) -> str:
        """Give the digest of everything that the list says."""
        accounts = [stated(account) for account in self.accounts]
        return digest(canonical({"schema": SCHEMA, "as_of": self.as_of, "accounts": accounts}))

    def counts(self) -> dict[str, int]:
        """Count accounts by their standing, and the lines that were pointed out."""
        counted = {str(one): sum(1 for each in self.accounts if each.standing == one) for one in Standing}
        pointed_out = sum(len(each.pointed_out) for each in self.accounts)
        return {"accounts": len(self.accounts), **counted, "pointed_out": pointed_out}


_moments: list[Callable[[], Iterable[Moment]]] = []


def tell_moments(moments: Callable[[], Iterable[Moment]]) -> None:
    """Add a function that gives the weighty decisions which a room keeps."""
    if moments not in _moments:
        _moments.append(moments)


def newest_entry() -> int:
    """Give the place of the newest entry."""
    return Head.objects.values_list("seq", flat=True).get(pk=1)


def listing(as_of: int | None = None) -> Listing:
    """Give every account up to an entry, by default the newest, in the order of user IDs."""
    as_of = newest_entry() if as_of is None else as_of
    found: dict[UUID, list[Event]] = {}
    for event in events_to(as_of):
        found.setdefault(event.person, []).append(event)
    moments: dict[UUID, list[Moment]] = {}
    for moment in (moment for give in _moments for moment in give()):
        moments.setdefault(moment.person, []).append(moment)
    people = Person.objects.select_related("state").order_by("username")
    accounts = tuple(_account(one, found[one.pk], moments.get(one.pk, [])) for one in people if one.pk in found)
    return Listing(as_of, accounts, {account.person.pk: account for account in accounts})


def _account(person: Person, events: Sequence[Event], moments: Sequence[Moment]) -> Account:
    holding = [event for event in events if _holds(event)]
    roles = holding[-1].after or () if holding else ()
    keys = _keys(events)
    in_force = keys[-1].key_id if keys and keys[-1].until is None else ""
    periods = _periods(holding)
    closed = any(event.kind == Kind.DEACTIVATED for event in events)
    standing = Standing.DEACTIVATED if closed else Standing.ACTIVE if in_force and holding else Standing.WAITING
    pointed_out = (*_given_to_oneself(events), *_short_lived(periods, moments))
    return Account(person, tuple(events), roles, standing, in_force, periods, keys, pointed_out)


def _holds(event: Event) -> bool:
    """Tell whether the roles that an event names hold from it on."""
    return event.kind in {Kind.FOUNDED, Kind.ADMITTED, Kind.ROLES_CHANGED, Kind.DEACTIVATED}


def _periods(holding: Sequence[Event]) -> tuple[RolePeriod, ...]:
    """Give each stretch in which a role was held, in the order in which they began."""
    running: dict[str, RolePeriod] = {}
    ended: list[RolePeriod] = []
    for event in holding:
        after = set(event.after or ())
        for role in sorted(set(running) - after):
            began = running.pop(role)
            ended.append(RolePeriod(role, began.since, began.given, event.at))
        running |= {role: RolePeriod(role, event.at, event.seq) for role in sorted(after - set(running))}
    return tuple(sorted([*ended, *running.values()], key=lambda one: (one.given, one.role)))


def _keys(events: Sequence[Event]) -> tuple[KeyPeriod, ...]:
    """Give each key with the stretch in which it was in force, in order; a rotation ends where the new key begins."""
    keys: list[KeyPeriod] = []
    ends = {Kind.KEY_ENROLLED, Kind.KEY_RESET, Kind.KEY_REVOKED, Kind.DEACTIVATED}
    for event in events:
        if event.kind in ends and keys and keys[-1].until is None:
            keys[-1] = KeyPeriod(keys[-1].key_id, keys[-1].since, event.at)
        if event.kind == Kind.KEY_ENROLLED:
            keys.append(KeyPeriod(event.key_id, event.at))
    return tuple(keys)


def _given_to_oneself(events: Sequence[Event]) -> Iterable[str]:
    """Point out a change of roles which the person themself proposed or agreed to; the acts refuse it."""
    for event in events:
        signers = {by.person for by in (event.by, event.approved_by) if by}
        if event.kind in {Kind.ROLES_CHANGED, Kind.ADMITTED} and event.person in signers:
            yield _("Gave themself the roles %(roles)s at entry %(seq)s.") % {
                "roles": role_words(event.after or ()),
                "seq": event.seq,
            }


def _short_lived(periods: Sequence[RolePeriod], moments: Sequence[Moment]) -> Iterable[str]:
    """Point out a role that came and went within days, or that came or went near a decision signed under it."""
    for one in periods:
        if one.until is None:
            continue
        during = [moment for moment in moments if one.since <= moment.at <= one.until]
        near = [moment for moment in during if moment.at - one.since <= SHORT or one.until - moment.at <= SHORT]
        if one.until - one.since > SHORT and not near:
            continue
        says = _("Had the role %(role)s from %(since)s to %(until)s alone.") % {
            "role": role_words([one.role]),
            "since": record_time(one.since),
            "until": record_time(one.until),
        }
        about = ", ".join(moment.about for moment in during)
        yield f"{says} {_('Signed meanwhile: %(what)s.') % {'what': about}}" if about else says


def role_words(roles: Iterable[str]) -> str:
    """Write roles in the words of the site."""
    return ", ".join(str(Role(role).label) for role in roles)


def stated(account: Account) -> Plain:
    """Give what the ledger says of an account in plain values, for its digest and for programs."""
    person = account.person
    return {
        "username": person.username,
        "name": person.name,
        "title": person.title,
        "standing": str(account.standing),
        "roles": list(account.roles),
        "key_id": account.key_id,
        "history": [stated_event(event) for event in account.events],
    }


def stated_event(event: Event) -> Plain:
    """Give an event in plain values."""
    return {
        "entry": event.seq,
        "at": plain(event.at),
        "what": str(event.kind),
        "by": event.by.username if event.by else "",
        "approved_by": event.approved_by.username if event.approved_by else "",
        "roles": None if event.after is None else list(event.after),
        "says": event.says,
        "key_id": event.key_id,
    }


def uses() -> dict[UUID, Use]:
    """Give when each account was last used, in three statements."""
    signed_in = SecurityEvent.objects.filter(kind="signed_in", person__isnull=False).order_by()
    last_in = dict(signed_in.values_list("person_id").annotate(last=Max("at")))
    by_token = TokenIssued.objects.filter(use__isnull=False).order_by()
    last_token = dict(by_token.values_list("signer_id").annotate(last=Max("use__last_at")))
    last_signed: dict[UUID, datetime] = {}
    for person, last in _signatures():
        last_signed[person] = max(last, last_signed.get(person, last))
    everybody = {*last_in, *last_token, *last_signed}
    return {one: Use(last_in.get(one), last_signed.get(one), last_token.get(one)) for one in everybody}


def _signatures() -> Iterable[tuple[UUID, datetime]]:
    """Give the last signature of each person in each signed table; making one's first key is no use of an account."""
    queries: list[QuerySet[Signed, tuple[UUID, datetime]]] = [
        model._default_manager.order_by().values_list("signer_id").annotate(last=Max("signed_at"))
        for model in written_models()
        if issubclass(model, Signed) and model is not KeyEnrolment
    ]
    first, *others = queries
    return first.union(*others, all=True)


def is_unused(account: Account, use: Use, *, now: datetime) -> bool:
    """Tell whether an account that could be used was not, for as long as a review asks about."""
    if account.standing == Standing.DEACTIVATED:
        return False
    began = account.admission.at if account.admission else now
    return now - (use.last_at or began) > UNUSED_AFTER
