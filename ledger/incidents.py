"""Incidents of the record's integrity: what was found, that it was found, and what that stops.

(1) A finding opens one incident a kind and stream, however often it is found; nothing is ever repaired by the machine.
(2) The alarm is also raised outside the database: in the log, and as a line beside the high-water file.
(3) A ledger that stands behind or beside what was signed of it goes on in a new, provisional epoch, which the same
    transaction opens: what is entered from then on is never taken for what was lost.
(4) An incident ends by two people (accounts.incident_acts). A copy of the ledger that they close stays stopped.
(5) Nobody is kept from recording: an incident stops decisions, documents, definitions and the administration of
    people, as each of them asks here.
"""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ledger import clock, high_water
from ledger.log_key import append_durably
from ledger.models import EpochOpened, Head, Incident, IncidentState, OutboxJob
from ledger.selfcheck import Found, epoch_of
from ledger.writing import stamp, write, writing

MACHINE = "machine"
ALARMS = "alarms.log"
# Kinds of finding after which another history of this ledger exists somewhere.
DIVERGED = frozenset({"rollback", "fork"})
RESOLVED, EPOCH_CONFIRMED, COPY_CLOSED = "resolved", "epoch_confirmed", "copy_closed"
logger = logging.getLogger(__name__)


def record(found: Iterable[Found]) -> list[Incident]:
    """Open an incident for each finding that has none; give the new ones.

    Where the ledger is so broken that nothing can be written, the alarm alone tells; then nothing is decided either.
    """
    opened: list[Incident] = []
    for one in found:
        try:
            incident = open_for(one)
        except (DatabaseError, RuntimeError):
            logger.exception("The incident could not be written.")
            continue
        if incident is not None:
            opened.append(incident)
    return opened


def open_for(found: Found) -> Incident | None:
    """Open an incident and raise the alarm, unless one is open about the same already.

    A ledger that does not continue what was signed of it is in a new epoch afterwards. The alarm is raised even if
    nothing can be written.
    """
    if found.kind not in DIVERGED and _is_open(found):
        return None
    try:
        incident = _opened(found)
    except Exception:
        _alarm(found, "")
        raise
    if incident is not None:
        _alarm(found, str(incident.pk))
    return incident


def _is_open(found: Found) -> bool:
    return Incident.objects.filter(kind=found.kind, about=found.about, state__is_open=True).exists()


def _opened(found: Found) -> Incident | None:
    with writing() as this:
        this.despite_the_clock = found.kind == "clock"
        # Taken first, so that workers who find the same come one after the other; no other lock is taken after it.
        head = Head.objects.select_for_update().get(pk=1)
        if found.epoch != head.epoch if found.kind in DIVERGED else _is_open(found):
            return None
        incident = Incident(kind=found.kind, about=found.about, says=found.says, after_seq=head.seq)
        write(incident, type="incident.opened", actor=MACHINE)
        IncidentState.objects.create(incident=incident)
        if found.kind in DIVERGED and found.known is not None:
            this.epoch = max(head.epoch, epoch_of(found.known.origin)) + 1
            row = EpochOpened(
                number=this.epoch,
                incident=incident,
                kept_to=head.seq,
                known_size=found.known.size,
                known_root=found.known.root.hex(),
                known_from=found.known_from,
            )
            write(row, type="epoch.opened", actor=MACHINE)
    return incident


def alarms() -> Path:
    """Give the place of the file in which every alarm stands, beside the high-water file."""
    return high_water.path().parent / ALARMS


def _alarm(found: Found, incident: str) -> None:
    where = found.about or "the whole site"
    # What was stored may hold anything; a log line holds no control characters.
    logger.critical("INTEGRITY of the record, %s, %s: %s", found.kind, ascii(where), ascii(found.says))
    at = stamp(clock.machine_now())
    line: dict[str, object] = {"at": at, "kind": found.kind, "about": found.about, "incident": incident}
    try:
        alarms().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        append_durably(alarms(), line | {"says": found.says})
    except OSError:
        logger.exception("The alarm could not be written to %s", alarms())


def open_incidents(streams: Sequence[str] | None = None) -> QuerySet[Incident]:
    """Give the incidents that stop something: all, or those about the whole site or one of these streams."""
    found = Incident.objects.filter(Q(state__is_open=True) | Q(state__outcome=COPY_CLOSED))
    if streams is not None:
        found = found.filter(Q(about="") | Q(about__in=streams))
    return found.select_related("state").order_by("recorded_at", "pk")


def stops_site() -> bool:
    """Tell whether decisions about everything are stopped."""
    return open_incidents(()).exists()


def waits_for(streams: Sequence[str]) -> str:
    """Say what a document about these streams waits for; empty where nothing is open."""
    first = open_incidents(streams).first()
    if first is None:
        return ""
    return _("It waits for the end of an incident of the record's integrity: %(says)s") % {"says": first.says[:300]}


def close(incident: Incident, outcome: str) -> None:
    """Close an incident in the open transaction; what it stopped goes on, unless this copy was closed for ever.

    Documents that waited are tried again at once.
    """
    IncidentState.objects.filter(incident=incident).update(is_open=False, outcome=outcome)
    OutboxJob.objects.filter(done_at=None, attempts__gt=0).update(due_at=clock.machine_now())


def outcomes_of(incident: Incident) -> tuple[str, ...]:
    """Give how an incident of this kind may end."""
    return (EPOCH_CONFIRMED, COPY_CLOSED) if incident.kind in DIVERGED else (RESOLVED,)
