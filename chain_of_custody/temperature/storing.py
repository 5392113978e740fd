"""The file of a logger is sent for a time in one place, looked at, and confirmed: as a whole, or not at all.

(1) A file with a problem is refused with every line that has one, and nothing is stored.
(2) The logger that was read from the label is the one that the file names, and the file has readings of this time:
    the file of another trip is not taken for this one.
(3) Who confirms it confirms what was shown: the bytes are read again. Confirming again is the same trace.
(4) What is outside the range is an excursion, what is not known is never within; both are facts, whoever confirms, and
    each stands against the release of a batch until quality assurance has assessed it.
(5) Where there is no file, that is said, with why: missing data is a deviation.
"""

from typing import Any
from uuid import UUID, uuid5

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.alarms import raise_alarm
from accounts.models import Alarm, Person
from accounts.refusal import Objection, Refused, SameIdOtherContent, Stale, lacks, refuse_if, when
from accounts.repeats import once, other_content, recorded_before
from accounts.roles import Permission
from chain_of_custody import states
from chain_of_custody.links import Kept
from chain_of_custody.models import (
    ChainOfIdentity,
    Excursion,
    LoggerFile,
    LoggerTrace,
    TemperatureUnknown,
    TraceExcursion,
)
from chain_of_custody.temperature.judging import Judged, Outside, Unknown
from chain_of_custody.temperature.profiles import newest_profiles
from chain_of_custody.temperature.seeing import seen_in, trace_columns
from chain_of_custody.temperature.stays import known_of, stay_called
from chain_of_custody.uploading import refuse_unless_text
from ledger import files
from ledger.canonical import digest
from ledger.writing import write

UNREADABLE = 422


def keep_logger_file(
    *,
    id: UUID,  # noqa: A002  the row's own name for it
    coi: ChainOfIdentity,
    stay: UUID,
    logger: str,
    profile: str,
    clock: str,
    content: bytes,
    name: str,
    by: Person,
) -> LoggerFile:
    """Keep the file of a logger with the time that it is for; it says nothing in custody until it is confirmed.

    An intention. Raises BadInput for bytes that are no text, Refused (422) with a sentence a line for a file with
    problems, Http404 for a time that is not one of this chain or goes on. The same id with the same content gives the
    first row again.
    """
    refuse_if(lacks(by, Permission.CUSTODY_RECORD))
    refuse_unless_text(content)
    kept, version = stay_called(coi, stay), newest_profiles().get(profile)
    refuse_if(when(version is None, _("There is no such logger profile."), field="profile"))
    assert version is not None  # noqa: S101  it was refused
    said = {
        "coi_id": coi.pk, "stay": stay, "logger": logger, "profile": profile, "profile_version": version.version,
        "clock": clock,
    }  # fmt: skip
    if known := recorded_before(LoggerFile, id, said, by=by):
        if known.file.sha256 != digest(content):
            raise SameIdOtherContent(other_content())
        return known

    def record() -> LoggerFile:
        row = LoggerFile(id=id, **said, **_of(kept))
        seen = seen_in(row, content)
        if seen.problems:
            objections = [Objection(one, code="file", field="file") for one in seen.problems]
            raise Refused(objections, status=UNREADABLE)
        row.file = files.keep(content, name=name, actor=by.reference)
        return write(row, type="logger_file.kept", actor=by.reference)

    return once(LoggerFile, id, said, record)


def logger_file_called(coi: ChainOfIdentity, file: UUID) -> LoggerFile:
    """Give a kept file of a chain of identity; raise Http404 if there is none."""
    related = ("coi__subject", "place", "file", "trace")
    row = LoggerFile.objects.select_related(*related).filter(pk=file, coi=coi).first()
    if row is None:
        raise Http404
    return row


def objections_to_trace(row: LoggerFile, *, by: Person) -> list[Objection]:
    """Give the reasons against confirming what a kept file says."""
    again = LoggerTrace.objects.filter(source__stay=row.stay, source__file__sha256=row.file.sha256)
    return [
        *lacks(by, Permission.CUSTODY_RECORD),
        *when(
            again.exclude(source=row).exists(),
            _("This file is stored for this time already."),
            code="already_done",
        ),
    ]


def confirm_trace(row: LoggerFile, *, shown: str, by: Person) -> LoggerTrace:
    """Store what a logger saw, with an excursion for each time outside and a fact for each that nobody knows.

    An intention as far as who confirms what is concerned; what the file shows is a fact. `shown` is the digest of what
    was looked at; raises Stale where the file would say something else by now.
    """
    refuse_if(lacks(by, Permission.CUSTODY_RECORD))

    def record() -> LoggerTrace:
        states.lock(UUID(key) for key in row.containers)
        refuse_if(objections_to_trace(row, by=by))
        seen = seen_in(row, files.read(row.file))
        judged, log = seen.judged, seen.log
        if judged is None or log is None or seen.problems or shown != seen.digest:
            says = _("What the file says changed after it was shown. Look at it again, then confirm it.")
            raise Stale(Objection(says, code="stale"))
        trace = LoggerTrace(id=_trace_id(row), source=row, **trace_columns(log, judged))
        write(trace, type="logger_trace.confirmed", actor=by.reference)
        for number, outside in enumerate(judged.outside):
            _write_excursion(trace, number, outside, by=by)
        for number, unknown in enumerate(judged.unknown):
            fact = TemperatureUnknown(
                id=uuid5(trace.pk, f"unknown {number}"), trace=trace, why=unknown.why.value, **_same(row, unknown)
            )
            write(fact, type="temperature.unknown", actor=by.reference)
        if not judged.is_within:
            _tell(trace, judged, by=by)
        return trace

    return once(LoggerTrace, _trace_id(row), {"source_id": row.pk}, record)


def state_no_file(
    *,
    id: UUID,  # noqa: A002  as above
    coi: ChainOfIdentity,
    stay: UUID,
    says: str,
    by: Person,
) -> TemperatureUnknown:
    """Record that no file says what the temperature was in a time, and why. A fact; refused only where a file does."""
    refuse_if(lacks(by, Permission.CUSTODY_RECORD))
    kept = stay_called(coi, stay)
    said = {"coi_id": coi.pk, "stay": stay, "says": says, "why": TemperatureUnknown.Why.NO_FILE}

    def record() -> TemperatureUnknown:
        states.lock(container.pk for container in kept.containers)
        known = known_of(coi).get(stay)
        refuse_if(
            when(
                known is not None,
                _("For this time a file is stored, or it was said already that there is none."),
                code="already_done",
            )
        )
        row = write(TemperatureUnknown(id=id, **said, **_of(kept)), type="temperature.unknown", actor=by.reference)
        alarm = _("No logger says at what temperature %(number)d containers of %(chain)s were in %(place)s.")
        _alarm(alarm % _about(row), row, row, by=by)
        return row

    return once(TemperatureUnknown, id, said, record)


def _write_excursion(trace: LoggerTrace, number: int, outside: Outside, *, by: Person) -> None:
    source = trace.source
    excursion = Excursion(
        id=uuid5(trace.pk, f"excursion {number}"),
        coi=source.coi,
        containers=source.containers,
        place=source.place,
        observed_c=outside.peak,
        happened_at=outside.since,
    )
    write(excursion, type="excursion.found", actor=by.reference)
    seen = TraceExcursion(id=uuid5(trace.pk, f"seen {number}"), trace=trace, excursion=excursion, until=outside.until)
    write(seen, type="excursion.seen_by_logger", actor=by.reference)


def _tell(trace: LoggerTrace, judged: Judged, *, by: Person) -> None:
    """Raise one alarm for all that a trace shows."""
    found = _("outside the range") if judged.outside else _("not known throughout")
    says = _(
        "%(number)d containers of %(chain)s in %(place)s: %(lowest)s to %(highest)s °C by their logger, %(found)s."
    )
    about = _about(trace.source) | {"lowest": judged.lowest, "highest": judged.highest, "found": found}
    _alarm(says % about, trace, trace.source, by=by)


def _alarm(
    says: str, about: LoggerTrace | TemperatureUnknown, of: LoggerFile | TemperatureUnknown, *, by: Person
) -> None:
    raise_alarm(
        kind=Alarm.Kind.EXCURSION,
        says=says,
        stream=of.stream_name(),
        actor=by.reference,
        url=f"/custody/{of.coi.identifier}/temperatures/{of.stay}/",
        about=about,
    )


def _about(of: LoggerFile | TemperatureUnknown) -> dict[str, object]:
    return {"number": len(of.containers), "chain": of.coi.identifier, "place": of.place.name}


def _of(kept: Kept) -> dict[str, Any]:  # Any: columns of a row
    """Give the columns that say of which time a row is."""
    return {
        "containers": states.ids(kept.containers),
        "place": kept.place,
        "since": kept.since,
        "until": kept.until,
    }


def _same(row: LoggerFile, unknown: Unknown) -> dict[str, Any]:  # Any: as above
    """Give the columns that say of which part of the time of a file a row is."""
    return {
        "coi": row.coi,
        "stay": row.stay,
        "containers": row.containers,
        "place": row.place,
        "since": unknown.since,
        "until": unknown.until,
    }


def _trace_id(row: LoggerFile) -> UUID:
    return uuid5(row.pk, "trace")
