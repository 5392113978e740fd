"""What went into the batch and what came of it: lots, equipment, containers."""

from collections import defaultdict

from django.utils.translation import gettext as _

from accounts.wording import day, record_time
from batches.definitions.master import NeedKind
from batches.models import MaterialLot
from batches.record import BatchRecord
from chain_of_custody.containers import of_batch
from chain_of_custody.models import Container
from ledger.typed_numbers import show_count
from reports import record_snapshot as stated
from reports.record_gathering.names import Names


def lots(record: BatchRecord, names: Names) -> tuple[stated.LotUsed, ...]:
    """Give each lot that was read into a slot and fitted, with each use of it; the vector comes first."""
    uses: dict[MaterialLot, list[str]] = defaultdict(list)
    for step in record.steps:
        for slot in step.slots:
            for scan in slot.fitting:
                if scan.lot is not None:
                    words = _("step %(step)s, %(slot)s: %(code)s, %(who)s") % {
                        "step": step.definition.code,
                        "slot": slot.definition.title,
                        "code": scan.code,
                        "who": names.by_at(scan.actor, scan.performed_at),
                    }
                    uses[scan.lot].append(words)
    names.look_up(uses)
    vector_first = sorted(uses, key=lambda lot: (lot.kind != MaterialLot.Kind.VECTOR, lot.code))
    return tuple(_lot(lot, uses[lot], names) for lot in vector_first)


def _lot(lot: MaterialLot, uses: list[str], names: Names) -> stated.LotUsed:
    remarks = [str(lot.get_kind_display()), _("item %(item)s") % {"item": lot.item}]
    if lot.target_antigen:
        remarks.append(_("target antigen %(antigen)s") % {"antigen": lot.target_antigen})
    if lot.titer_tu_per_ml is not None:
        remarks.append(_("titer %(titer)s TU/mL") % {"titer": show_count(lot.titer_tu_per_ml)})
    return stated.LotUsed(
        code=lot.code,
        name=lot.name,
        supplier=lot.supplier,
        certificate=lot.certificate,
        expires=day(lot.expires_on),
        remarks=", ".join(remarks),
        uses=tuple(uses),
        approval=names.signature(lot, _("Electronic signature, approval of the lot")),
    )


def equipment(record: BatchRecord, names: Names) -> tuple[stated.Named, ...]:
    """Give the equipment that was read into slots, or written down, with the step."""
    found = []
    for step in record.steps:
        for slot in step.slots:
            if slot.definition.kind is NeedKind.EQUIPMENT:
                for scan in slot.fitting:
                    where = _("step %(step)s, %(slot)s") % {"step": step.definition.code, "slot": slot.definition.title}
                    found.append(stated.Named(scan.code, f"{where}, {names.by_at(scan.actor, scan.performed_at)}"))
    return tuple(found)


def vessels(record: BatchRecord, names: Names) -> tuple[stated.Vessel, ...]:
    """Give the containers of the batch, as they were made."""
    return tuple(_vessel(container, names) for container in of_batch(record.batch.number))


def _vessel(container: Container, names: Names) -> stated.Vessel:
    holds = []
    if container.volume_ml is not None:
        holds.append(f"{container.volume_ml:f} mL")
    if container.viable_cells is not None:
        holds.append(_("%(cells)s viable cells") % {"cells": show_count(container.viable_cells)})
    if container.sample_point:
        holds.append(container.sample_point.replace("_", " "))
    made_from = ", ".join(names.called(key) for key in container.made_from)
    if container.collection is not None:
        made_from = _("donation %(din)s") % {"din": container.collection.din}
    return stated.Vessel(
        code=container.code,
        kind=str(container.get_kind_display()),
        made=f"{record_time(container.made_at)}, {names.who(container.actor)}",
        made_from=made_from or "–",
        holds=", ".join(holds) or "–",
    )
