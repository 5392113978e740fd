"""Lots of material: the list, one lot with everything about it, and what a batch used."""

from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework import serializers

from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.panels import Panel, register_panel
from accounts.parsing import StrictSerializer, TextField, parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.scanning import register_resolver
from accounts.views.places import SeeOther
from batches.deciding_lots import MOVES, record_opening
from batches.equipment import equipment_url
from batches.identity import batch_numbered, coi_for_the_eye
from batches.lot_states import SHOWN, STATUS_WORDS, LotStatus, in_use_until, status_of, thaws_of
from batches.lot_uses import uses_of
from batches.lots import WITH_ITS_LIFE, lot_of, lots_matching
from batches.models import Area, Equipment, LotDecision, LotOpened, LotUse, MaterialLot, SlotScan
from batches.receiving_lots import lot_lines, lot_url
from chain_of_custody.shapes import MaybeMoment
from ledger import clock
from ledger.models import Site

Plain = dict[str, object]


@require_safe
@needs(Permission.RECORD_READ)
def lots(request: HttpRequest) -> HttpResponse:
    """List the lots with where each stands and what is left; those who receive see the form."""
    text, status = request.GET.get("q", "")[:60], request.GET.get("status", "")[:12]
    by = person_of(request)
    may_receive = Permission.MATERIAL_RECEIVE in by.permissions
    context = {
        "rows": [_line(lot) for lot in lots_matching(text, status)],
        "q": text,
        "status": status,
        "statuses": [("", _("every status")), *((str(one), STATUS_WORDS[one]) for one in LotStatus)],
        "offer": offer("lot.receive", Site.objects.get(), by=by) if may_receive else None,
        "kinds": MaterialLot.Kind.choices,
    }
    return render(request, "batches/lots.html", context)


def _line(lot: MaterialLot) -> Plain:
    status = status_of(lot, clock.now())
    return {
        "lot": lot,
        "status": SHOWN[status],
        "word": STATUS_WORDS[status],
        "left": left_words(lot),
        "antigens": lot.target_antigen,
    }


def left_words(lot: MaterialLot) -> str:
    """Write what is left of a lot in its unit; nothing where it is not counted."""
    state = getattr(lot, "state", None)
    left = lot.quantity if state is None else state.remaining
    return "" if left is None else f"{left:f} {lot.unit}"


class OpeningForm(StrictSerializer[Plain]):
    """An opening or a thaw as the page posts it."""

    id = serializers.UUIDField()
    how = serializers.ChoiceField(LotOpened.How.choices)
    unit = TextField(max_length=30, required=False, default="")
    happened_at = MaybeMoment()


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.RECORD_READ)
def lot(request: HttpRequest, code: str) -> HttpResponse:
    """Show everything about a lot; take down that it was opened or thawed."""
    row = get_object_or_404(MaterialLot.objects.prefetch_related(*WITH_ITS_LIFE).select_related("state"), code=code)
    by = person_of(request)
    if request.method != "POST":
        return render(request, "batches/lot.html", lot_context(row, by))
    try:
        sent = form_sent(request)
        record_opening(lot=row, by=by, **parsed(OpeningForm, sent))
    except Refused as refused:
        errors = [{"says": one.says, "field_id": one.field} for one in refused.objections]
        context = lot_context(row, by) | {"errors": errors, "sent": request.POST, "page_has_errors": True}
        return render(request, "batches/lot.html", context, status=refused.status)
    return SeeOther(lot_url(row.code))


def lot_context(row: MaterialLot, by: Person) -> Plain:
    """Give what the page of a lot shows."""
    now = clock.now()
    status = status_of(row, now)
    may_decide = Permission.DEFINITION_APPROVE in by.permissions
    may_open = Permission.MATERIAL_RECEIVE in by.permissions
    decisions = [one for one in LotDecision.Decision if one in MOVES[status]]
    names = _names(row.openings.all())
    amounts: dict[tuple[object, str], list[str]] = {}
    in_force = uses_of(row)
    for use in in_force:
        planned = "" if use.planned is None else f" ({_('planned')} {use.planned:f})"
        amounts.setdefault((use.batch_id, use.step), []).append(f"{use.actual:f} {use.unit}{planned}")
    return {
        "lot": row,
        "status": SHOWN[status],
        "word": STATUS_WORDS[status],
        "left": left_words(row),
        "lines": lot_lines(row),
        "decisions": row.decisions.order_by("signed_at"),
        "decide": offer("lot.decide", row, by=by) if may_decide and decisions else None,
        "choices": [(str(one), one.label) for one in decisions],
        "discards": row.discards.order_by("signed_at"),
        "discard": offer("lot.discard", row, by=by) if may_open and row.quantity is not None else None,
        "openings": [
            {
                "row": one,
                "by": names.get(one.actor, ""),
                "too_often": row.most_thaws is not None and thaws_of(row, one.unit, one.happened_at) > row.most_thaws,
                "over": (until := in_use_until(row, one.unit, now)) is not None and until < now,
            }
            for one in row.openings.order_by("happened_at", "recorded_at")
        ],
        "may_open": may_open,
        "how": LotOpened.How.choices,
        "units": [("", _("Choose")), *((unit, unit) for unit in row.units)] if row.units else None,
        "uses": [
            {
                "scan": scan,
                "coi": coi_for_the_eye(scan.batch.order.coi),
                "amounts": amounts.get((scan.batch_id, scan.step), []),
            }
            for scan in SlotScan.objects.filter(lot=row, fits=True)
            .select_related("batch__order__coi")
            .order_by("performed_at", "recorded_at")
        ],
        "other_unit": row.quantity is not None and any(use.unit != row.unit for use in in_force),
        "new_id": uuid4(),
    }


def _names(rows: object) -> dict[str, str]:
    keys = {str(row.actor).removeprefix("person/") for row in rows}  # type: ignore[attr-defined]  # rows of any table
    return {person.reference: person.name for person in Person.objects.filter(pk__in=keys)}


def materials_panel(request: HttpRequest, number: str) -> str:
    """Render each lot that was read into a step of a batch, with what was taken of it."""
    batch = batch_numbered(number)
    scans = SlotScan.objects.filter(batch=batch, fits=True).exclude(lot=None).select_related("lot__state")
    used = LotUse.objects.filter(batch=batch, superseded_by=None).select_related("lot")
    uses = {(use.step, use.slot, use.lot.pk): use for use in used}
    rows: dict[object, Plain] = {}
    now = clock.now()
    for scan in scans.prefetch_related("lot__decisions").order_by("performed_at", "recorded_at"):
        if scan.lot is None:
            continue
        key = (scan.step, scan.slot, scan.lot.pk)
        status = status_of(scan.lot, now)
        line = rows.setdefault(
            key,
            {
                "lot": scan.lot,
                "step": scan.step,
                "at": scan.performed_at,
                "codes": [],
                "use": uses.get(key),
                "status": SHOWN[status],
                "word": STATUS_WORDS[status],
            },
        )
        codes = line["codes"]
        if isinstance(codes, list) and scan.code != scan.lot.code and scan.code not in codes:
            codes.append(scan.code)
    context = {"number": number, "rows": list(rows.values())}
    return render_to_string("batches/_materials.html", context, request=request)


def count_lots(number: str) -> int:
    """Give how many lots a batch used."""
    used = SlotScan.objects.filter(batch__number=number, fits=True).exclude(lot=None)
    return used.values("lot").distinct().count()


def page_of(code: str, person: Person) -> str | None:
    """Give the page of a lot, a piece of equipment or an area whose code was scanned."""
    if Permission.RECORD_READ not in person.permissions:
        return None
    if found := lot_of(code):
        return lot_url(found.lot.code)
    if Equipment.objects.filter(code=code).exists():
        return equipment_url(code)
    return f"/areas/{code}/" if Area.objects.filter(code=code).exists() else None


def register() -> None:
    """Put this part's panel and codes on their lists."""
    title = gettext_lazy("Materials")
    register_panel("batch", Panel(title, "materials", Permission.RECORD_READ, materials_panel, count_lots))
    register_resolver(page_of)
