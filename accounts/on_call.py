"""Who is on call: for which time, reached how, and after whom.

(1) A duty is a fact that quality records; it ends with its time, or earlier with a reason.
(2) Level 1 is told first; a level above is told when nobody below has taken the alarm on.
(3) An address belongs to its channel: an e-mail address, or the https address of a paging service.
"""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from accounts.models import OnCallDuty, OnCallEnded, Person
from accounts.refusal import Objection, lacks, refuse_if, when
from accounts.repeats import once, recorded_before
from accounts.roles import Permission
from ledger import clock
from ledger.writing import write, writing

HIGHEST_LEVEL = 3
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
Channel = OnCallDuty.Channel


def on_call(level: int, *, at: datetime) -> list[OnCallDuty]:
    """Give the duties of a level at a moment, of people who are active, in the order in which they were recorded."""
    found = OnCallDuty.objects.filter(
        level=level, starts_at__lte=at, ends_at__gt=at, ended=None, person__state__active=True
    )
    return list(found.select_related("person").order_by("recorded_at", "pk"))


def duties_now() -> list[OnCallDuty]:
    """Give every duty that runs or begins later, by level and time."""
    found = OnCallDuty.objects.filter(ends_at__gt=clock.now(), ended=None)
    return list(found.select_related("person").order_by("level", "starts_at", "pk"))


def put_on_call(
    *,
    person: Person,
    level: int,
    channel: str,
    address: str,
    starts_at: datetime,
    ends_at: datetime,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
) -> OnCallDuty:
    """Record that somebody is on call."""
    said = {
        "person_id": person.pk,
        "level": level,
        "channel": channel,
        "address": address.strip(),
        "starts_at": starts_at,
        "ends_at": ends_at,
    }

    def record() -> OnCallDuty:
        refuse_if(lacks(by, Permission.ONCALL_MANAGE) + _objections_to_duty(person, level, channel, said))
        return write(OnCallDuty(id=id, **said), type="on_call.begun", actor=by.reference)

    return once(OnCallDuty, id, said, record)


def end_duty(
    *,
    duty: OnCallDuty,
    reason: str,
    by: Person,
    id: UUID,  # noqa: A002  as above
) -> OnCallEnded:
    """Record that a duty ended before its time."""
    said = {"duty_id": duty.pk, "reason": reason.strip()}
    with writing():
        OnCallDuty.objects.select_for_update().get(pk=duty.pk)
        if known := recorded_before(OnCallEnded, id, said, by=by):
            return known
        refuse_if(
            [
                *lacks(by, Permission.ONCALL_MANAGE),
                *when(OnCallEnded.objects.filter(duty=duty).exists(), _("This duty was ended already."), code="ended"),
                *when(len(reason.strip()) < 5, _("Give the reason in at least 5 characters."), field="reason"),
            ]
        )
        return write(OnCallEnded(id=id, **said), type="on_call.ended", actor=by.reference)


def _objections_to_duty(person: Person, level: int, channel: str, said: dict[str, object]) -> list[Objection]:
    starts, ends, address = said["starts_at"], said["ends_at"], str(said["address"])
    assert isinstance(starts, datetime) and isinstance(ends, datetime)  # noqa: S101, PT018  as `put_on_call` takes them
    return [
        *when(not person.is_active, _("%(name)s has no active account.") % {"name": person.name}, field="person"),
        *when(
            Permission.ALARM_ACKNOWLEDGE not in person.permissions,
            _("The roles of %(name)s don't allow taking alarms on.") % {"name": person.name},
            field="person",
        ),
        *when(
            not 1 <= level <= HIGHEST_LEVEL,
            _("The level is 1 to %(highest)d.") % {"highest": HIGHEST_LEVEL},
            field="level",
        ),
        *when(ends <= starts, _("The duty would end before it began."), field="ends_at"),
        *when(ends <= clock.now(), _("This duty is over already."), field="ends_at"),
        *_objections_to_address(channel, address),
    ]


def _objections_to_address(channel: str, address: str) -> list[Objection]:
    match channel:
        case Channel.EMAIL:
            try:
                validate_email(address)
            except ValidationError:
                return [Objection(_("Enter an e-mail address."), code="bad_input", field="address")]
        case Channel.WEBHOOK:
            parts = urlsplit(address)
            is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
            return when(
                not is_safe or not parts.hostname,
                _("Enter an address that begins with https://."),
                code="bad_input",
                field="address",
            )
        case _:
            return when(address, _("On screen needs no address."), code="bad_input", field="address")
    return []
