"""Sessions at a station: begun by a right secret, locked when nobody is there, ended for good in four ways.

(1) Signing in unlocks the same key as signing does; the session's id changes, what came before is gone.
(2) After ten minutes in which nobody did anything a session locks: only its own person opens it again, or it ends.
    Requests that a page makes by itself are marked and never count as activity. The step that was open last stays
    readable.
(3) It ends by signing out, by a new sign-in at the same browser, after twelve hours, and at once when the account
    is deactivated, its key replaced or its password changed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csrf import rotate_token
from django.utils.translation import gettext as _

from accounts import security
from accounts.keys import WrongSecretError, unlock
from accounts.models import KeyWrap, Person
from accounts.refusal import Objection
from accounts.signing import WrongSecret
from ledger import clock

POLLING_HEADER = "X-Cellwright-Polling"
# The time of the last activity is written at most this often, so that reading pages does not become writing.
TOUCH_EVERY = timedelta(seconds=20)

PERSON, SINCE, ACTIVE = "person", "since", "active"
LOCKED, LOCKED_AT, RETURN_TO = "locked", "locked_at", "return_to"
READABLE = "readable"  # what stays readable while the screen is locked


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits at this browser, and whether the screen is locked."""

    person: Person
    locked: bool


def station_of(request: HttpRequest) -> str:
    """Name the station a request comes from: its address, as failures are counted by it."""
    return str(request.META.get("REMOTE_ADDR", ""))[:60]


def is_polling(request: HttpRequest) -> bool:
    """Tell whether a page asked by itself, without anybody doing anything."""
    return request.headers.get(POLLING_HEADER, "") != ""


def check_secret(username: str, secret: str, station: str, *, about: str) -> Person:
    """Give the active person to whom a secret belongs; count a failure and raise WrongSecret otherwise."""
    security.refuse_while_blocked(username, station)
    person = Person.objects.select_related("state", "key_wrap").filter(username__iexact=username).first()
    wrap: KeyWrap | None = getattr(person, "key_wrap", None)
    try:
        key = unlock(wrap, secret)
    except WrongSecretError:
        key = None
    if key is None or person is None or not person.state.active or person.state.key_id != key.key_id:
        security.count_failure(username, station, about=about)
        raise WrongSecret(Objection(_("Wrong user name or password."), code="wrong_secret"))
    security.clear_failures(username, station)
    return person


def sign_in(request: HttpRequest, *, username: str, secret: str) -> Person:
    """Begin a session for the person whose secret this is."""
    station = station_of(request)
    person = check_secret(username, secret, station, about="signing in")
    request.session.flush()
    request.session.cycle_key()
    rotate_token(request)
    moment = clock.machine_now().isoformat()
    request.session.update({PERSON: str(person.pk), SINCE: moment, ACTIVE: moment})
    security.log("signed_in", person=person, username=person.username, station=station)
    return person


def sign_out(request: HttpRequest) -> None:
    """End the session on the server; its id opens nothing any more."""
    seat = seat_of(request)
    request.session.flush()
    if seat:
        security.log("signed_out", person=seat.person, username=seat.person.username, station=station_of(request))


def lock(request: HttpRequest, *, return_to: str) -> None:
    """Lock the screen; drafts on the server stay."""
    request.session[LOCKED] = True
    request.session[LOCKED_AT] = clock.machine_now().isoformat()
    request.session[RETURN_TO] = return_to


def keep_readable(request: HttpRequest, subject: str) -> None:
    """Note what somebody works on, so that it can be read while the screen is locked."""
    if request.session.get(READABLE) != subject:
        request.session[READABLE] = subject


def readable(request: HttpRequest) -> str:
    """Give what was worked on last in this session; nothing for none."""
    return str(request.session.get(READABLE, ""))


def unlock_screen(request: HttpRequest, *, secret: str) -> str:
    """Open a locked screen for its own person again and give the page to return to."""
    seat = seat_of(request)
    if seat is None:
        raise WrongSecret(Objection(_("This session has ended. Sign in again."), code="session_ended"))
    check_secret(seat.person.username, secret, station_of(request), about="unlocking")
    return_to = str(request.session.get(RETURN_TO) or "/")
    request.session.cycle_key()
    request.session[LOCKED] = False
    request.session[ACTIVE] = clock.machine_now().isoformat()
    return return_to


def locked_at(request: HttpRequest) -> datetime | None:
    """Give when this screen was locked; None while it is open."""
    return datetime.fromisoformat(request.session[LOCKED_AT]) if request.session.get(LOCKED) else None


def seat_of(request: HttpRequest) -> Seat | None:
    """Give who sits here, locking the screen if nobody did anything for too long; None when the session has ended."""
    session = request.session
    if PERSON not in session:
        return None
    person = Person.objects.select_related("state").filter(pk=session[PERSON]).first()
    moment = clock.machine_now()
    since, active = datetime.fromisoformat(session[SINCE]), datetime.fromisoformat(session[ACTIVE])
    too_old = moment - since > timedelta(seconds=settings.SESSION_LIFETIME_SECONDS)
    if person is None or too_old or not person.state.active or since < person.state.sessions_valid_from:
        session.flush()
        return None
    idle = moment - active > timedelta(seconds=settings.IDLE_LOCK_SECONDS)
    if idle and not session.get(LOCKED):
        session[LOCKED] = True
        session[LOCKED_AT] = (active + timedelta(seconds=settings.IDLE_LOCK_SECONDS)).isoformat()
    if not session.get(LOCKED) and not is_polling(request) and moment - active > TOUCH_EVERY:
        session[ACTIVE] = moment.isoformat()
    return Seat(person, bool(session.get(LOCKED)))
