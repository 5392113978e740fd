"""What was recorded at the bench because a method asks for it: suitability, moments, complete data, of every run."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar
from uuid import UUID

from django.utils.translation import gettext as _

from accounts.wording import record_time
from batches.models import Batch
from batches.pinned import reading_of
from ledger.models import StoredFile
from qc.definitions.method import MethodDefinition
from qc.methods.in_force import as_method
from qc.methods.words import check_title, data_words, event_title, typed_words
from qc.models import CompleteData, SuitabilityRecorded, TimedEvent
from qc.models.methods import OfMethod
from qc.panel import verdict_words
from reports import record_snapshot as stated
from reports.record_gathering.names import Names

RowT = TypeVar("RowT", SuitabilityRecorded, TimedEvent)


def recorded_at_the_bench(batch: Batch, names: Names) -> dict[str, list[stated.Reading]]:
    """Give everything that was recorded, by line; what a correction superseded stands with what replaced it."""
    found: dict[str, list[stated.Reading]] = defaultdict(list)
    checks = SuitabilityRecorded.objects.filter(batch=batch).select_related("method").order_by("recorded_at", "pk")
    for chain in _chains(list(checks)):
        found[chain[-1].line].append(_check(chain, names))
    events = TimedEvent.objects.filter(batch=batch).select_related("method", "sample__container")
    for moments in _chains(list(events.order_by("recorded_at", "pk"))):
        found[moments[-1].line].append(_moment(moments, names))
    for row in CompleteData.objects.filter(batch=batch).select_related("file").order_by("recorded_at", "pk"):
        found[row.line].append(_row(_("Complete data"), data_words(row), row, names))
    return found


def _chains(rows: Sequence[RowT]) -> list[list[RowT]]:
    """Give each entry with those that it superseded, the oldest first."""
    by_id: dict[UUID, RowT] = {row.pk: row for row in rows}
    superseded = {row.supersedes_id for row in rows}
    chains: list[list[RowT]] = []
    for row in rows:
        if row.pk not in superseded:
            chain = [row]
            while (before := chain[0].supersedes_id) is not None:
                chain.insert(0, by_id[before])
            chains.append(chain)
    return chains


def _check(chain: list[SuitabilityRecorded], names: Names) -> stated.Reading:
    row = chain[-1]
    value = f"{typed_words(row)}: {verdict_words(row.verdict)}"
    corrections = tuple(_corrected(old, typed_words(old), new, typed_words(new), names) for old, new in pairwise(chain))
    return _row(check_title(_method(row), row), value, row, names, corrections=corrections)


def _moment(chain: list[TimedEvent], names: Names) -> stated.Reading:
    row = chain[-1]
    corrections = tuple(
        _corrected(old, record_time(old.performed_at), new, record_time(new.performed_at), names)
        for old, new in pairwise(chain)
    )
    title, value = event_title(_method(row), row), record_time(row.performed_at)
    return _row(title, value, row, names, sample=row.sample.container.code, corrections=corrections)


def _method(row: SuitabilityRecorded | TimedEvent) -> MethodDefinition:
    return as_method(reading_of(row.method))


def _corrected(
    old: SuitabilityRecorded | TimedEvent,
    was: str,
    new: SuitabilityRecorded | TimedEvent,
    now: str,
    names: Names,
) -> stated.Correction:
    return stated.Correction(
        old=was,
        old_by=names.by_at(old.actor, old.recorded_at),
        new=now,
        new_by=names.by_at(new.actor, new.recorded_at),
        reason=new.reason,
    )


def _row(
    what: str,
    value: str,
    row: OfMethod,
    names: Names,
    *,
    sample: str = "",
    corrections: tuple[stated.Correction, ...] = (),
) -> stated.Reading:
    return stated.Reading(
        what=what if row.run == 1 else _("%(what)s, run %(run)s") % {"what": what, "run": row.run},
        value=value,
        times=_("recorded %(time)s") % {"time": record_time(row.recorded_at)},
        by=names.by_at(row.actor, row.recorded_at),
        sample=sample,
        corrections=corrections,
    )


def complete_data_files(batch: Batch) -> list[tuple[str, StoredFile]]:
    """Give the files that were kept as complete data of tests, each with what it is."""
    rows = CompleteData.objects.filter(batch=batch, file__isnull=False).select_related("file")
    return [(_("complete data of a test"), row.file) for row in rows if row.file is not None]
