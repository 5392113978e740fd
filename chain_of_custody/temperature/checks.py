"""The checks of what loggers saw.

(1) each file of a logger is of a time that the custody record knows, with the containers that were there;
(2) each trace says what the bytes of its file say today, and its excursions and unknown times are those;
(3) an excursion that a logger saw is of the containers and the place of its trace;
(4) a stated lack of a file is of a time that the custody record knows.
"""

from collections.abc import Iterator

from chain_of_custody import states
from chain_of_custody.following import custody_record
from chain_of_custody.models import ChainOfIdentity, LoggerFile, LoggerTrace, TemperatureUnknown
from chain_of_custody.temperature.seeing import Seen, seen_in, trace_columns
from chain_of_custody.temperature.stays import stays_in
from ledger import files
from ledger.verification import Finding, Verification, check

TRACES = "temperatures"


@check(TRACES)
def times_are_those_of_the_custody_record(verification: Verification) -> Iterator[Finding]:
    """(1) and (4)"""
    concerned = {
        *LoggerFile.objects.values_list("coi", flat=True),
        *TemperatureUnknown.objects.values_list("coi", flat=True),
    }
    for coi in ChainOfIdentity.objects.filter(pk__in=concerned).order_by("identifier"):
        known = {
            one.id: (states.ids(one.containers), one.place and one.place.pk, one.since, one.until)
            for one in stays_in(custody_record(coi))
        }
        rows = [*LoggerFile.objects.filter(coi=coi), *TemperatureUnknown.objects.filter(coi=coi, trace=None)]
        for row in rows:
            if known.get(row.stay) != (row.containers, row.place_id, row.since, row.until):
                about = f"{row.record_type()} {row.pk} ({coi.identifier})"
                yield Finding(TRACES, about, "the custody record has no such time of these containers")


@check(TRACES)
def traces_say_what_their_files_say(verification: Verification) -> Iterator[Finding]:
    """(2) and (3)"""
    related = ("source__file", "source__place", "source__coi")
    for trace in LoggerTrace.objects.select_related(*related).order_by("pk").iterator(500):
        verification.counted("traces of loggers", 1)
        about = f"chain_of_custody.loggertrace {trace.pk} ({trace.source.coi.identifier})"
        try:
            seen = seen_in(trace.source, files.read(trace.source.file))
        except (files.FileChangedError, LookupError) as error:
            yield Finding(TRACES, about, f"its file cannot be read again: {error}")
            continue
        yield from (Finding(TRACES, about, says) for says in _differences(trace, seen))


def _differences(trace: LoggerTrace, seen: Seen) -> Iterator[str]:
    judged, log, source = seen.judged, seen.log, trace.source
    if judged is None or log is None or seen.problems:
        yield "its file has problems, and was confirmed"
        return
    columns = trace_columns(log, judged)
    if any(getattr(trace, name) != value for name, value in columns.items()):
        yield "it is not what its file says"
    excursions = [(one.excursion, one.until) for one in trace.excursions.select_related("excursion")]
    outside = {(one.since, one.until, one.peak) for one in judged.outside}
    if {(row.happened_at, until, row.observed_c) for row, until in excursions} != outside:
        yield "its excursions are not those of its file"
    if any((row.containers, row.place_id) != (source.containers, source.place_id) for row, _until in excursions):
        yield "an excursion is of other containers or of another place"
    unknown = {(one.since, one.until, one.why.value) for one in judged.unknown}
    stated = {
        (one.since, one.until, one.why)
        for one in trace.unknown.all()
        if (one.containers, one.place_id, one.stay) == (source.containers, source.place_id, source.stay)
    }
    if stated != unknown or trace.unknown.count() != len(unknown):
        yield "the times that nobody knows are not those of its file"
