"""What happens to the bags of a batch after its release, as a tab of its page; and complaints."""

from dataclasses import dataclass

from django.db.models import Count, F, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.fields import Field
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import Offer, offer
from accounts.refusal import Objection
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.ended import order_end_of, order_end_words
from batches.models import Batch, Departure
from batches.views.strip import Context, strip_of
from chain_of_custody.models import Container
from chain_of_custody.uploading import keep_upload
from chain_of_custody.views.evidence import recent_files
from qc.after_release.bags import BagAfterwards, bags_afterwards, sum_of
from qc.after_release.comparing import why_it_ends_no_bag
from qc.after_release.complaining import codes_of, complaint_called, complaints
from qc.after_release.following_up import item_of, value_words
from qc.after_release.fractions import fractions_of, next_fraction_words
from qc.after_release.late_facts import late_among
from qc.after_release.schedule import Due, Item, infused_at, schedule_of
from qc.after_release.standing import is_compared, page_of, reports_of
from qc.batch_act import batch_called, batch_with
from qc.models import BagReturned, InfusionReport, NotificationDue
from qc.release.assessing import open_facts
from qc.release.leaving import objections_to_bags
from qc.views import after_release_fields as fields
from qc.views.listing import listed

COLUMNS = (
    gettext_lazy("Complaint"),
    gettext_lazy("Status"),
    gettext_lazy("Grade"),
    gettext_lazy("Batch"),
    gettext_lazy("What"),
    gettext_lazy("Received"),
)


@dataclass(frozen=True, slots=True)
class ReportShown:
    """A report from the bedside with what its second person may do."""

    row: InfusionReport
    status: str
    words: str
    confirm: Offer | None
    why_not: list[Objection]  # why the infusion that it tells of ends no bag
    check: Offer | None
    check_fields: list[Field]
    tell: NotificationDue | None  # who is told next


@dataclass(frozen=True, slots=True)
class BagShown:
    """A bag with what may be done about its way back."""

    one: BagAfterwards
    record: Offer | None
    decide: tuple[BagReturned, Offer] | None
    fields: list[Field]  # of the one or the other


def after_release_panel(request: HttpRequest, number: str) -> str:
    """Render shipment, bedside, returns, fates, follow-up and complaints of a batch."""
    batch, by = batch_called(number), person_of(request)
    bags = bags_afterwards(batch)
    reports = [_shown(row, by) for row in reports_of(batch)]
    ended = order_end_of(batch.order)
    facts = open_facts(batch)
    open_about = {fact.row.about_id for fact in facts if isinstance(fact.row, Departure)}
    context = {
        "batch": batch,
        "bags": [_bag(one, by) for one in bags],
        "figures": sum_of(bags),
        "bags_stay": objections_to_bags(batch),
        "order_ended": order_end_words(ended) if ended else "",
        "open_bags": sum(one.fate is None for one in bags),
        "waits_for_report": ended is None and not reports and any(one.arrived and one.fate is None for one in bags),
        "late_facts": late_among(batch, facts),
        "stops": [one for one in reports if one.row.pk in open_about],
        "reports": reports,
        "report": offer("infusion.report", batch, by=by),
        "next_fraction": next_fraction_words(fractions_of(batch)),
        "report_parts": fields.report_parts([one.bag for one in bags if one.fate is None], recent_files(by)),
        "may_store": Permission.CONTAINER_END in by.permissions,
        "chain_url": f"/custody/{batch.coi.identifier}/",
    }
    context |= _follow_up(batch, by) | _complaints(batch, bags, by)
    return render_to_string("qc/_after_release.html", context, request=request)


def _shown(row: InfusionReport, by: Person) -> ReportShown:
    waits = not is_compared(row)
    against = why_it_ends_no_bag(row) if waits else []
    tell = NotificationDue.objects.filter(cause_id=row.pk, done=None).order_by("due_at").first()
    status, words = fields.standing_of(row)
    return ReportShown(
        row=row,
        status=status,
        words=words,
        confirm=offer("infusion.confirm", row, by=by) if waits and not against else None,
        why_not=against if row.took_place else [],
        check=_second(row, by) if waits else None,
        check_fields=fields.compare_fields(row),
        tell=tell,
    )


def _second(row: InfusionReport, by: Person) -> Offer:
    """Offer the comparison; that it is another person is said at once."""
    offered = offer("infusion.check", row, by=by)
    mine = offer("infusion.check", row, by=by, data={"agrees": "no", "remark": "0123456789"})
    return Offer(offered.act, offered.title, offered.verb, offered.url, mine.objections)


def _bag(one: BagAfterwards, by: Person) -> BagShown:
    undecided = next((row for row in one.returns if not hasattr(row, "decided")), None)
    return BagShown(
        one=one,
        record=offer("return.record", one.bag, by=by) if one.unreported else None,
        decide=(undecided, offer("return.decide", undecided, by=by)) if undecided and one.fate is None else None,
        fields=fields.return_fields(one.bag) if one.unreported else fields.return_decision_fields(one.bag),
    )


@dataclass(frozen=True, slots=True)
class ItemShown:
    """An item of the follow-up with its value in words, and the comparison where it waits for one."""

    item: Item
    value: str
    check: Offer | None
    check_fields: list[Field]


def _follow_up(batch: Batch, by: Person) -> Context:
    items = schedule_of(batch)
    return {
        "infused_at": infused_at(batch),
        "items": [_item(batch, one, by) for one in items],
        "missed": sum(one.standing is Due.MISSED for one in items),
        "follow_up": offer("follow_up.record", batch, by=by),
        "follow_up_forms": fields.follow_up_fields([one for one in items if one.is_to_be_entered], recent_files(by)),
    }


def _item(batch: Batch, item: Item, by: Person) -> ItemShown:
    record = item.record
    known = item_of(batch, item.definition.code, str(item.day))
    value = value_words(known[0], record.value) if record and known else ""
    waits = item.standing is Due.ENTERED and record is not None
    if not waits or record is None:
        return ItemShown(item, value, None, [])
    return ItemShown(item, value, offer("follow_up.check", record, by=by), fields.compare_fields(record))


def _complaints(batch: Batch, bags: list[BagAfterwards], by: Person) -> Context:
    return {
        "complaints": [
            (row, *fields.complaint_standing(row)) for row in complaints().filter(batch=batch).order_by("number")
        ],
        "complain": offer("complaint.record", batch, by=by),
        "complaint_fields": fields.complaint_fields([one.bag for one in bags], recent_files(by)),
    }


def count_after_release(number: str) -> int | None:
    """Give how many bags have not ended; nothing where the batch has none."""
    bags = Container.objects.filter(assignment__batch_number=number, kind=Container.Kind.FINAL_BAG)
    filled = bags.aggregate(all=Count("pk"), left=Count("pk", filter=Q(fate=None)))
    return int(filled["left"]) if filled["all"] else None


@require_POST
@needs(Permission.CONTAINER_END)
def store_evidence(request: HttpRequest, number: str) -> HttpResponse:
    """Keep a file that proves what a hospital said, and go back to the page."""
    batch = batch_called(number)
    keep_upload(request.FILES.get("file"), by=person_of(request))
    return SeeOther(f"{page_of(batch)}#evidence")


@require_safe
@needs(Permission.RECORD_READ)
def complaint_list(request: HttpRequest) -> HttpResponse:
    """List the complaints, those that are open first."""
    rows = complaints().order_by(F("closed__signed_at").desc(nulls_first=True), "-recorded_at", "-pk")
    context = listed(request, rows, columns=COLUMNS, standing=fields.complaint_standing)
    return render(request, "qc/complaints.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def complaint(request: HttpRequest, number: str) -> HttpResponse:
    """Show a complaint whole, what it blocked, and who may close it."""
    row, by = complaint_called(number), person_of(request)
    row.batch = batch_with(row.batch_id)
    status, words = fields.complaint_standing(row)
    context = {
        "complaint": row,
        "complaint_status": status,
        "complaint_words": words,
        "codes": list(codes_of(row)),
        "closed": getattr(row, "closed", None),
        "close": offer("complaint.close", row, by=by) if not hasattr(row, "closed") else None,
        "fields": fields.closing_fields(),
    }
    return render(request, "qc/complaint.html", strip_of(row.batch) | context)
