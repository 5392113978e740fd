"""The checks of what instruments measured.

(1) each import says what the bytes of its file say today under the profile that was kept with it, and each of its
    readings what its rows say; the file is still the ledger's;
(2) each plate says what its wells say, and its readings what the plate says.

Both are read under the methods that were in force for their run, whose replicates stay apart.

How a value came about is also stored in words; words change with the language and the version, and are not compared.
"""

from collections.abc import Iterator

from accounts.refusal import Refused
from batches.definitions.parts import FaultyDefinitionError
from ledger import files
from ledger.verification import Finding, Verification, check
from qc.importing.choosing import Chosen, instrument_called, methods_of_run
from qc.importing.planning import Reads
from qc.importing.plates import reads_of_plate
from qc.importing.previewing import preview_of
from qc.laboratory.recording import line_called
from qc.laboratory.runs import Runs
from qc.models import InstrumentImport, PlateEntry

IMPORTS, PLATES = "imports", "plates"


@check(IMPORTS)
def imports_say_what_their_files_say(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    with_source = ("file", "profile_text", "instrument", "batch", "sample__container")
    related = [f"source__{name}" for name in with_source]
    for imported in InstrumentImport.objects.select_related(*related).order_by("pk").iterator(500):
        verification.counted("imports from instruments", 1)
        about = f"qc.instrumentimport {imported.pk} ({imported.source.batch.number}, {imported.source.line})"
        try:
            preview = preview_of(imported.source)
        except (files.FileChangedError, FaultyDefinitionError, Refused) as error:
            yield Finding(IMPORTS, about, f"its file cannot be read again: {error}")
            continue
        if (_told(preview.reads), len(preview.table.rows)) != (_but_words(imported.calculated), imported.rows):
            yield Finding(IMPORTS, about, "its values are not what its file says")
        links = imported.readings.select_related("reading", "imported__source")
        read = {
            (one.reading.member, one.reading.replicate, one.reading.typed, tuple(one.rows))
            for one in links
            if (one.reading.line, one.reading.run, one.reading.sample_id)
            == (imported.source.line, imported.run, imported.source.sample_id)
        }
        if read != {(one.member, one.replicate, one.typed, tuple(one.found.rows)) for one in preview.reads.readings}:
            yield Finding(IMPORTS, about, "its readings are not what its file says")


@check(PLATES)
def plates_say_what_their_wells_say(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    related = ("batch", "sample__container", "instrument", "profile_text")
    for plate in PlateEntry.objects.select_related(*related).order_by("pk").iterator(500):
        verification.counted("plates", 1)
        about = f"qc.plateentry {plate.pk} ({plate.batch.number}, {plate.line})"
        wells = dict(plate.wells.values_list("well", "typed"))
        try:
            line = line_called(plate.batch, plate.line)
            what = Chosen(
                line=line,
                sample=plate.sample,
                source=files.read(plate.profile_text),
                instrument=instrument_called(plate.instrument.code),
                runs=Runs(),
                methods=methods_of_run(plate.batch, line, plate.run),
            )
            # A page takes one comma for a point, so a well that was stored may have one.
            reads = reads_of_plate(plate.batch, what, wells, comma_allowed=True, run=plate.run, stored=plate)
        except (files.FileChangedError, FaultyDefinitionError, Refused) as error:
            yield Finding(PLATES, about, f"it cannot be read again: {error}")
            continue
        read = {
            (one.reading.member, one.reading.replicate, one.reading.typed, tuple(one.wells))
            for one in plate.readings.select_related("reading")
            if (one.reading.line, one.reading.run, one.reading.sample_id) == (plate.line, plate.run, plate.sample_id)
        }
        gives = {(one.member, one.replicate, one.typed, tuple(one.found.wells)) for one in reads.readings}
        if _told(reads) != _but_words(plate.calculated) or read != gives:
            yield Finding(PLATES, about, "its value is not what its wells say")


def _told(reads: Reads) -> list[dict[str, object]]:
    return _but_words([one.told() for one in reads.readings])


def _but_words(calculated: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{name: value for name, value in one.items() if name != "rule"} for one in calculated]
