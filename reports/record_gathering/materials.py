"""What went into the batch and what came of it: lots, equipment, containers."""

from collections import defaultdict

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from accounts.wording import day, record_time
from batches.definitions.master import NeedKind
from batches.lot_states import approval_of
from batches.models import LineClearance, LotUse, MaterialLot, MonitoringResult
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
    taken = LotUse.objects.filter(batch=record.batch, superseded_by=None).select_related("lot")
    for use in taken.order_by("recorded_at", "pk"):
        uses[use.lot].append(_taken(use))
    prefetch_related_objects(list(uses), "decisions")
    names.look_up(approval_of(lot) for lot in uses)
    vector_first = sorted(uses, key=lambda lot: (lot.kind != MaterialLot.Kind.VECTOR, lot.code))
    return tuple(_lot(lot, uses[lot], names) for lot in vector_first)


def _taken(use: LotUse) -> str:
    planned = "–" if use.planned is None else f"{use.planned:f} {use.unit}"
    words = _("step %(step)s took %(actual)s, planned %(planned)s")
    return words % {"step": use.step, "actual": f"{use.actual:f} {use.unit}", "planned": planned}


def _lot(lot: MaterialLot, uses: list[str], names: Names) -> stated.LotUsed:
    remarks = [str(lot.get_kind_display()), _("item %(item)s") % {"item": lot.item}]
    if lot.target_antigen:
        remarks.append(_("target antigen %(antigen)s") % {"antigen": lot.target_antigen})
    if lot.titer_tu_per_ml is not None:
        remarks.append(_("titer %(titer)s TU/mL") % {"titer": show_count(lot.titer_tu_per_ml)})
    if lot.construct:
        remarks.append(_("construct %(construct)s") % {"construct": lot.construct})
    if lot.replication_competent:
        remarks.append(lot.replication_competent)
    if lot.bank:
        remarks.append(_("cell bank %(bank)s") % {"bank": lot.bank})
    return stated.LotUsed(
        code=lot.code,
        name=lot.name,
        supplier=lot.supplier,
        certificate=lot.certificate,
        expires=day(lot.expires_on),
        remarks=", ".join(remarks),
        uses=tuple(uses),
        approval=names.signature(approval_of(lot), _("Electronic signature, approval of the lot")),
    )


def equipment(record: BatchRecord, names: Names) -> tuple[stated.Named, ...]:
    """Give the equipment and the areas that were read into slots, with the step."""
    found = []
    for step in record.steps:
        for slot in step.slots:
            if slot.definition.kind in (NeedKind.EQUIPMENT, NeedKind.AREA):
                for scan in slot.fitting:
                    where = _("step %(step)s, %(slot)s") % {"step": step.definition.code, "slot": slot.definition.title}
                    found.append(stated.Named(scan.code, f"{where}, {names.by_at(scan.actor, scan.performed_at)}"))
    return tuple(found)


def clearances(record: BatchRecord, names: Names) -> tuple[stated.Named, ...]:
    """Give each line clearance with its points and its session, then what came of the monitoring sessions."""
    cleared = LineClearance.objects.filter(batch=record.batch).select_related("area", "verification")
    found = [stated.Named(one.area.code, _clearance(one, names)) for one in cleared.order_by("signed_at")]
    read = MonitoringResult.objects.filter(batch=record.batch, superseded_by=None).select_related("area")
    for one in read.order_by("recorded_at"):
        says = _("monitoring session %(session)s: %(result)s, %(who)s") % {
            "session": one.session,
            "result": one.get_result_display(),
            "who": names.by_at(one.actor, one.recorded_at),
        }
        found.append(stated.Named(one.area.code, f"{says}. {one.says}" if one.says else says))
    return tuple(found)


def _clearance(row: LineClearance, names: Names) -> str:
    verified = getattr(row, "verification", None)
    second = names.by_at(verified.actor, verified.signed_at) if verified else _("not yet")
    says = _("cleared %(when)s: %(who)s; verified: %(second)s. %(points)s") % {
        "when": row.get_when_display(),
        "who": names.by_at(row.actor, row.signed_at),
        "second": second,
        "points": "; ".join(row.points),
    }
    return says + (_(". Monitoring session %(session)s") % {"session": row.monitoring} if row.monitoring else "")


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
