"""Labels: each print with what stood on them, what became of each, who counted them, and the specimen's digest."""

from django.utils.translation import gettext as _

from batches.label_prints import PrintRecord, prints_of
from batches.models import Batch
from ledger.models import StoredFile
from reports import record_snapshot as stated
from reports.record_gathering.names import Names


def labels(batch: Batch, names: Names) -> tuple[stated.LabelsPrinted, ...]:
    """Give every print of labels of a batch (21 CFR 211.188(b)(8))."""
    return tuple(_print(printed, names) for printed in prints_of(batch))


def specimen_files(batch: Batch) -> list[tuple[str, StoredFile]]:
    """Give the specimens as they were rendered, each with what it is."""
    return [
        (_("specimen of labels %(number)s") % {"number": printed.row.number}, printed.specimen.file)
        for printed in prints_of(batch)
        if printed.specimen is not None
    ]


def _print(printed: PrintRecord, names: Names) -> stated.LabelsPrinted:
    row, counted = printed.row, printed.reconciled
    purpose = str(row.get_purpose_display())
    signatures = [names.signature(one, _("Electronic signature, labels destroyed")) for one in printed.destroyed]
    count = _("not counted yet")
    if counted is not None:
        count = _("%(printed)d printed, %(applied)d applied, %(destroyed)d destroyed, %(kept)d kept") % {
            "printed": counted.printed,
            "applied": counted.applied,
            "destroyed": counted.destroyed,
            "kept": counted.kept,
        }
        signatures.append(names.signature(counted, _("Electronic signature, labels counted")))
    return stated.LabelsPrinted(
        number=row.number,
        purpose=f"{purpose}: {row.reason}" if row.reason else purpose,
        printed=names.by_at(row.actor, row.recorded_at),
        count=count,
        specimen=printed.specimen.file.sha256 if printed.specimen else _("not rendered yet"),
        labels=tuple(
            stated.LabelUsed(
                serial=label.serial,
                statements="; ".join([*label.bands, *label.statements, *label.donor]) or "–",
                standing=_standing(printed, label.serial, names),
            )
            for label in printed.labels
        ),
        mismatches=tuple(one.says for one in printed.applied if not one.fits),
        signatures=tuple(signatures),
    )


def _standing(printed: PrintRecord, serial: str, names: Names) -> str:
    if serial in printed.destroyed_serials:
        return _("destroyed")
    for row in printed.applied:
        if row.serial == serial and row.fits and row.container is not None:
            words = {"code": row.container.code, "who": names.by_at(row.actor, row.performed_at)}
            return _("applied to %(code)s, %(who)s") % words
    return _("neither applied nor destroyed")
