"""Evidence: a record that was made before a result was known, found by its place in the ledger.

What counts is the order of the ledger, not a time that anybody stated. A reading of the line itself proves nothing
about that line; what showed that its system was not fit, or that it was late, does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.wording import record_time
from batches.models import (
    Batch,
    CheckBeforeAct,
    Departure,
    EquipmentEvent,
    SlotScan,
    StepFile,
    StepNote,
    TrueCopy,
    Value,
    Weight,
)
from batches.streams import streams_of
from chain_of_custody.models import Excursion, IdentityCheck
from ledger.models import Entry, Written
from qc.models import Reading, Sample, SuitabilityRecorded, TimedEvent
from qc.models.out_of_specification import PointsToEvidence

# What may show that something went wrong.
KINDS: tuple[type[Written], ...] = (
    Reading,
    Sample,
    SuitabilityRecorded,
    TimedEvent,
    Departure,
    StepFile,
    TrueCopy,
    StepNote,
    Value,
    SlotScan,
    CheckBeforeAct,
    Weight,
    EquipmentEvent,
    Excursion,
    IdentityCheck,
)
WITH_FILE = (StepFile, TrueCopy)
MOST = 300


@dataclass(frozen=True, slots=True)
class Evidence:
    """A record that was made earlier: what, where in the ledger, when, and the digest of its file if it has one."""

    type: str
    id: UUID
    seq: int
    recorded_at: datetime
    says: str
    sha256: str

    def on(self, row: PointsToEvidence) -> None:
        """Put this on a row that points to it."""
        row.evidence_type, row.evidence_id, row.evidence_seq = self.type, self.id, self.seq
        row.evidence_sha256 = self.sha256


def place_of(row: Written) -> int:
    """Give the place of a record in the ledger."""
    return Entry.objects.values_list("seq", flat=True).get(rec_type=row.record_type(), rec_id=row.pk)


def evidence_before(batch: Batch, line: str, *, before: int | None) -> list[Evidence]:
    """Give what could be evidence about a line: records of the batch's streams before a place, the newest first."""
    return _described(_entries(batch, before).order_by("-seq")[:MOST], line)


def evidence_called(batch: Batch, line: str, wanted: str | None, *, before: int | None) -> Evidence | None:
    """Give one piece of evidence by its record's id; None where there is none, or none so early."""
    if not wanted:
        return None
    return next(iter(_described(_entries(batch, before).filter(rec_id=wanted), line)), None)


def evidence_of(row: PointsToEvidence, line: str) -> Evidence | None:
    """Give the evidence that a row points to."""
    if row.evidence_id is None:
        return None
    return next(iter(_described(Entry.objects.filter(rec_type=row.evidence_type, rec_id=row.evidence_id), line)), None)


def _entries(batch: Batch, before: int | None) -> QuerySet[Entry]:
    """Give the entries of the batch's streams that may be evidence; what happened to equipment counts from anywhere."""
    kinds = [model.record_type() for model in KINDS]
    ours = Q(stream__in=streams_of(batch)) | Q(rec_type=EquipmentEvent.record_type())
    entries = Entry.objects.filter(ours, rec_type__in=kinds)
    return entries if before is None else entries.filter(seq__lt=before)


def _described(entries: Iterable[Entry], line: str) -> list[Evidence]:
    found = list(entries)
    wanted: dict[str, list[UUID]] = {}
    for entry in found:
        wanted.setdefault(entry.rec_type, []).append(entry.rec_id)
    rows: dict[UUID, Written] = {}
    for name, ids in wanted.items():
        model = apps.get_model(name)
        of_kind = model._default_manager.filter(pk__in=ids)
        # Never `select_related()` without a name: it joins everything that a row leads to, and what that leads to.
        rows |= {row.pk: row for row in (of_kind.select_related("file") if model in WITH_FILE else of_kind)}
    return [
        _evidence(entry, rows[entry.rec_id])
        for entry in found
        if entry.rec_id in rows and not _is_of(rows[entry.rec_id], line)
    ]


def _is_of(row: Written, line: str) -> bool:
    return isinstance(row, Reading) and row.line == line


def _evidence(entry: Entry, row: Written) -> Evidence:
    file = row.file if isinstance(row, StepFile | TrueCopy) else None
    return Evidence(
        type=entry.rec_type,
        id=entry.rec_id,
        seq=entry.seq,
        recorded_at=row.recorded_at,
        says=_words(row)[:200],
        sha256=file.sha256 if file else "",
    )


def _words(row: Written) -> str:
    """Say what a piece of evidence is, by its kind and what it states."""
    match row:
        case Reading() | Sample() | SuitabilityRecorded() | TimedEvent():
            words = _of_the_laboratory(row)
        case StepFile() | TrueCopy():
            words = _("File: %(title)s (%(name)s)") % {"title": row.title, "name": row.file.original_name}
        case EquipmentEvent() | Excursion() | IdentityCheck():
            words = _of_what_was_used(row)
        case _:
            words = _of_the_batch(row)
    return words.strip()


def _of_the_laboratory(row: Reading | Sample | SuitabilityRecorded | TimedEvent) -> str:
    if isinstance(row, Sample):
        return _("Sample: %(says)s") % {"says": f"{row.point}, {row.condition}"}
    if isinstance(row, SuitabilityRecorded):
        return _("Suitability: %(says)s") % {"says": f"{row.line} {row.check_code}: {row.typed} {row.unit}. {row.why}"}
    if isinstance(row, TimedEvent):
        return _("Moment: %(says)s") % {"says": f"{row.line} {row.event}, {record_time(row.performed_at)}"}
    return _("Reading: %(says)s") % {"says": f"{row.line} {row.member} {row.replicate}: {row.typed} {row.unit}"}


def _of_what_was_used(row: EquipmentEvent | Excursion | IdentityCheck) -> str:
    match row:
        case EquipmentEvent():
            return _("Equipment: %(says)s") % {"says": f"{row.get_kind_display()}. {row.says}"}
        case Excursion():
            return _("Temperature excursion: %(says)s °C") % {"says": row.observed_c}
        case IdentityCheck():
            return _("Identity check: %(says)s") % {"says": f"{row.scanned}: {row.get_outcome_display()}"}


def _of_the_batch(row: Written) -> str:
    match row:
        case Departure() | StepNote():
            return _("Reported: %(says)s") % {"says": row.says}
        case Value():
            return _("Value: %(says)s") % {"says": f"{row.step} {row.field}: {row.typed} {row.unit}"}
        case SlotScan() | CheckBeforeAct():
            return _("Scan or check in step %(step)s") % {"step": row.step}
        case Weight():
            return _("Weight: %(says)s kg") % {"says": row.kilograms}
        case _:
            raise TypeError(f"{row.record_type()} is no evidence.")
