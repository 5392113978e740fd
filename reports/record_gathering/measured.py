"""What instruments measured: each file that was sent, and what a reading from a file or a plate rests on."""

from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

from batches.models import Batch
from ledger.models import StoredFile
from qc.models import InstrumentFile, Reading

MOST_INPUTS = 12
READ_AT_ONCE = ("from_file__imported__source__file", "from_plate__plate__instrument")


def instrument_files(batch: Batch) -> list[tuple[str, StoredFile]]:
    """Give each file of an instrument with what came of it."""
    related = ("file", "instrument", "imported")
    found = InstrumentFile.objects.filter(batch=batch).select_related(*related).order_by("recorded_at", "pk")
    return [(_words(row), row.file) for row in found]


def _words(row: InstrumentFile) -> str:
    words = {
        "line": row.line,
        "instrument": row.instrument.code,
        "profile": f"{row.profile} v{row.profile_version}",
        "rows": row.imported.rows if hasattr(row, "imported") else 0,
    }
    if not hasattr(row, "imported"):
        return _("file of %(instrument)s for %(line)s, profile %(profile)s, not imported") % words
    return _("file of %(instrument)s for %(line)s, profile %(profile)s, %(rows)s rows, imported") % words


def origin_of(reading: Reading) -> str:
    """Say what an imported reading rests on; empty for one that was typed."""
    link = getattr(reading, "from_file", None)
    well = getattr(reading, "from_plate", None)
    if link is not None:
        file = link.imported.source.file
        told = _told(link.imported.calculated, reading)
        says = _("imported from %(name)s, SHA-256 %(sha256)s: %(rule)s; %(inputs)s")
        return says % {"name": file.original_name, "sha256": file.sha256, "rule": told["rule"], "inputs": _inputs(told)}
    if well is not None:
        plate, told = well.plate, _told(well.plate.calculated, reading)
        says = _("from the typed wells of a plate read by %(instrument)s: %(rule)s; %(inputs)s")
        return says % {"instrument": plate.instrument.code, "rule": told["rule"], "inputs": _inputs(told)}
    return ""


def _told(calculated: Iterable[Mapping[str, object]], reading: Reading) -> Mapping[str, object]:
    wanted = (reading.member, reading.replicate)
    return next(one for one in calculated if (one["member"], one["replicate"]) == wanted)


def _inputs(told: Mapping[str, object]) -> str:
    inputs = told["inputs"]
    assert isinstance(inputs, list)  # noqa: S101  as it is written
    words = [f"{one['row']}: {one['text']}" for one in inputs[:MOST_INPUTS]]
    more = len(inputs) - len(words)
    return ", ".join([*words, _("and %(number)s more") % {"number": more}] if more else words)
