"""A file of an instrument is kept, looked at, and imported: as a whole, or not at all.

(1) The file is kept as it came, with what was chosen for it, whatever comes of it.
(2) Who confirms it confirms what was shown: the bytes are read again, and where file, profile, instrument or run say
    something else by now, nothing is imported.
(3) The readings are recorded like any other, in one transaction; each points at its rows. Confirming again is the same
    import.
"""

from datetime import datetime
from uuid import UUID, uuid5

from django.http import Http404
from django.utils.translation import gettext as _

from accounts.models import Person
from accounts.refusal import Objection, Refused, SameIdOtherContent, Stale, lacks, refuse_if, when
from accounts.repeats import other_content, recorded_before
from accounts.roles import Permission
from batches.models import Batch
from chain_of_custody.uploading import refuse_unless_text
from ledger import files
from ledger.canonical import digest
from ledger.writing import write, writing
from qc.batch_act import lock_batch
from qc.importing.choosing import objections_to_measured, taken
from qc.importing.planning import Planned
from qc.importing.previewing import Preview, preview_of
from qc.importing.shipped import shipped
from qc.laboratory.recording import record_reading
from qc.laboratory.replicates import recorded_already
from qc.models import ImportedReading, InstrumentFile, InstrumentImport, Reading

UNREADABLE = 422


def keep_file(
    *,
    batch: Batch,
    line: str,
    sample: UUID,
    profile: str,
    instrument: str,
    content: bytes,
    name: str,
    by: Person,
    id: UUID,  # noqa: A002  the row's own name for it
    performed_at: datetime | None = None,
) -> InstrumentFile:
    """Keep a file with what was chosen for it; nothing of it is imported yet. An intention.

    Raises BadInput for bytes that are no text, Refused where line, sample, profile or instrument do not fit. The same
    id with the same content gives the first row again.
    """
    refuse_if(lacks(by, Permission.RESULT_ENTER))
    refuse_unless_text(content)
    with writing():
        new = taken(
            InstrumentFile,
            id,
            batch,
            line=line,
            sample=sample,
            profile=profile,
            instrument=instrument,
            performed_at=performed_at,
            by=by,
        )
        if new.known is not None:
            if new.known.file.sha256 != digest(content):
                raise SameIdOtherContent(other_content())
            return new.known
        kept = files.keep(content, name=name, actor=by.reference)
        row = InstrumentFile(id=id, batch=batch, file=kept, **new.columns(actor=by.reference))
        return write(row, type="instrument_file.kept", actor=by.reference)


def file_called(batch: Batch, row_id: UUID) -> InstrumentFile:
    """Give a kept file of a batch; raise Http404 if there is none."""
    related = ("file", "profile_text", "instrument", "sample__container")
    row = InstrumentFile.objects.select_related(*related).filter(pk=row_id, batch=batch).first()
    if row is None:
        raise Http404
    row.batch = batch
    return row


def objections_to_import(preview: Preview, *, by: Person) -> list[Objection]:
    """Give the reasons against importing a kept file now, beyond the problems that its rows have."""
    row = preview.file
    changed = shipped().get(row.profile) != files.read(row.profile_text)
    says = _("The profile %(profile)s changed after the file was sent. Send the file again.")
    there = Reading.objects.filter(batch=row.batch, line=row.line, run=preview.chosen.runs.run, superseded_by=None)
    recorded = set(there.values_list("member", "replicate"))
    again = InstrumentImport.objects.filter(
        batch=row.batch, run=preview.chosen.runs.run, source__line=row.line, source__file__sha256=row.file.sha256
    )
    return [
        *objections_to_measured(row.batch, preview.chosen, row.performed_at, by=by),
        *when(
            any((one.member, one.replicate) in recorded for one in preview.reads.readings),
            recorded_already(),
            code="recorded",
        ),
        *when(
            again.exclude(source=row).exists(),
            _("This file is imported for this test already. A measurement is not counted twice."),
            code="recorded",
        ),
        *([Objection(says % {"profile": row.profile}, code="profile_changed")] if changed else []),
        *when(
            preview.rounds_unjudged,
            _(
                "The weight of the recipient is not verified, so nobody can see yet what rounding does to the verdict. "
                "Have the weight verified first."
            ),
            code="unverified_weight",
        ),
    ]


def import_file(*, row: InstrumentFile, shown: str, by: Person) -> InstrumentImport:
    """Record every reading that a kept file gives, and give the import. An intention.

    `shown` is the digest of the preview that was looked at. Raises Refused (422) with a sentence a line for a file with
    problems, Stale where it would become something else by now.
    """
    batch = row.batch
    with writing():
        refuse_if(lacks(by, Permission.RESULT_ENTER))
        batch.state = lock_batch(batch)
        import_id = uuid5(row.pk, "import")
        if known := recorded_before(InstrumentImport, import_id, {"source_id": row.pk}, by=by):
            return known
        preview = preview_of(row)
        refuse_if(objections_to_import(preview, by=by))
        if preview.problems:
            raise Refused([Objection(one, code="file", field="file") for one in preview.sentences], status=UNREADABLE)
        if shown != preview.digest:
            says = _("What the file would become changed after it was shown. Look at it again, then import it.")
            raise Stale(Objection(says, code="stale"))
        readings = [_recorded(row, one, by=by) for one in preview.reads.readings]
        imported = InstrumentImport(
            id=import_id,
            batch=batch,
            source=row,
            run=preview.chosen.runs.run,
            rows=len(preview.table.rows),
            calculated=[one.told() for one in preview.reads.readings],
        )
        write(imported, type="instrument_file.imported", actor=by.reference)
        for reading, planned in zip(readings, preview.reads.readings, strict=True):
            link = ImportedReading(
                id=uuid5(reading.pk, "imported"),
                batch=batch,
                imported=imported,
                reading=reading,
                rows=planned.found.rows,
            )
            write(link, type="reading.imported", actor=by.reference)
        return imported


def _recorded(row: InstrumentFile, planned: Planned, *, by: Person) -> Reading:
    return record_reading(
        batch=row.batch,
        line=row.line,
        member=planned.member,
        sample=row.sample,
        typed=planned.typed,
        by=by,
        id=uuid5(row.pk, f"reading {planned.member} {planned.replicate}"),
        replicate=planned.replicate,
        performed_at=row.performed_at,
    )
