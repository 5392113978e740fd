"""The times in which containers were kept in one place, and what is known of the temperature in each."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.http import Http404

from chain_of_custody.following import custody_record
from chain_of_custody.links import CustodyRecord, Kept
from chain_of_custody.models import ChainOfIdentity, LoggerTrace, Place, TemperatureUnknown

NOTHING = "nothing"


@dataclass(slots=True)
class Known:
    """What is known of the temperature in one stay: the traces of loggers, or that there is no file."""

    traces: list[LoggerTrace] = field(default_factory=list)
    no_file: list[TemperatureUnknown] = field(default_factory=list)

    @property
    def standing(self) -> str:
        """Give within, outside, unknown, or nothing where nobody stored or said anything."""
        if any(trace.excursions.all() for trace in self.traces):
            return "outside"
        if any(not trace.unknown.all() for trace in self.traces):
            return "within"
        return "unknown" if self.traces or self.no_file else NOTHING


def standing_of(kept: Kept, known: Mapping[UUID, Known]) -> str:
    """Give what is known of the temperature in one stay: within, outside, unknown or nothing."""
    return known[kept.id].standing if kept.id is not None and kept.id in known else Known().standing


def is_logged(kept: Kept) -> bool:
    """Whether a logger goes with what is kept there: a shipper has one; a store is watched by its own system."""
    return kept.place is not None and kept.place.kind == Place.Kind.SHIPPER


def stays_in(record: CustodyRecord) -> list[Kept]:
    """Give the times of a record that have ended, in the order in which they began."""
    kept = [*record.before, *(one for link in record.links for one in link.kept)]
    return sorted((one for one in kept if one.id is not None), key=lambda one: (one.since, one.until or one.since))


def stay_called(coi: ChainOfIdentity, stay: UUID) -> Kept:
    """Give a time of a chain of identity that has ended; raise Http404 if there is none of this id."""
    found = next((one for one in stays_in(custody_record(coi)) if one.id == stay), None)
    if found is None:
        raise Http404
    return found


def known_of(coi: ChainOfIdentity) -> dict[UUID, Known]:
    """Give what is known of each stay of a chain of identity, by its id; stays of which nothing is known are absent."""
    found: dict[UUID, Known] = defaultdict(Known)
    traces = LoggerTrace.objects.filter(source__coi=coi).select_related("source__file", "source__place")
    for trace in traces.prefetch_related("excursions__excursion", "unknown__place").order_by("recorded_at", "pk"):
        found[trace.source.stay].traces.append(trace)
    none = TemperatureUnknown.objects.filter(coi=coi, trace=None).select_related("place")
    for row in none.order_by("recorded_at", "pk"):
        found[row.stay].no_file.append(row)
    return dict(found)
