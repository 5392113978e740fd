"""The security log and the counter of wrong secrets.

(1) One counter a name and station serves sign-in, signing and the API alike.
(2) From the third failure the wait doubles: 2, 4, 8 … seconds, at most five minutes; at the tenth the name is blocked
    at that station until somebody who may lift it does. Values can still be recorded while a name is blocked.
(3) Failures at other stations add to the block: thirty over all stations block the name everywhere.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from accounts.models import FailureCounter, Person, SecurityEvent
from accounts.refusal import Objection, TooManyTries
from ledger import clock

FREE_TRIES = 3
BLOCKED_AT = 10
BLOCKED_EVERYWHERE_AT = 30
LONGEST_WAIT_SECONDS = 300


def log(kind: str, *, person: Person | None = None, username: str = "", station: str = "", about: str = "") -> None:
    """Add a line to the security log, in a transaction of its own when none is open."""
    SecurityEvent.objects.create(
        kind=kind, person=person, username=username[:40], station=station[:60], about=about[:500]
    )


def wait_after(failures: int) -> timedelta:
    """Give how long a name waits after so many failures in a row."""
    if failures < FREE_TRIES:
        return timedelta()
    return timedelta(seconds=min(2 ** (failures - FREE_TRIES + 1), LONGEST_WAIT_SECONDS))


def is_blocked(username: str) -> bool:
    """Tell whether a name is blocked, at some station or everywhere."""
    failures = list(FailureCounter.objects.filter(username=username.lower()[:40]).values_list("failures", flat=True))
    return max(failures, default=0) >= BLOCKED_AT or sum(failures) >= BLOCKED_EVERYWHERE_AT


def refuse_while_blocked(username: str, station: str) -> None:
    """Raise TooManyTries while the name has to wait at this station or is blocked."""
    name = username.lower()[:40]
    counters = FailureCounter.objects.filter(username=name)
    here = counters.filter(station=station).first()
    everywhere = counters.aggregate(total=Sum("failures"))["total"] or 0
    if (here and here.failures >= BLOCKED_AT) or everywhere >= BLOCKED_EVERYWHERE_AT:
        log("blocked", username=name, station=station)
        raise TooManyTries(
            Objection(
                _(
                    "Signing in and signing are blocked for %(name)s after %(tries)s tries. A shift lead at this "
                    "station can lift it with their own signature. Values can still be recorded."
                )
                % {"name": name, "tries": BLOCKED_AT},
                code="blocked",
            )
        )
    if here:
        left = here.last_at + wait_after(here.failures) - clock.machine_now()
        if left > timedelta():
            seconds = int(left.total_seconds()) + 1
            says = _("Wrong password. Try again in %(seconds)s s.") % {"seconds": seconds}
            raise TooManyTries(Objection(says, code="wait"))


def count_failure(username: str, station: str, *, about: str) -> None:
    """Count one wrong secret and log it; both stay whatever happens next."""
    name = username.lower()[:40]
    with transaction.atomic():
        counter, new = FailureCounter.objects.get_or_create(username=name, station=station, defaults={"failures": 1})
        if not new:
            FailureCounter.objects.filter(pk=counter.pk).update(failures=F("failures") + 1, last_at=clock.machine_now())
        log("wrong_secret", username=name, station=station, about=about)


def clear_failures(username: str, station: str = "") -> None:
    """Begin counting anew for a name, at one station or at all."""
    counters = FailureCounter.objects.filter(username=username.lower()[:40])
    (counters.filter(station=station) if station else counters).delete()
