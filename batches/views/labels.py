"""The labels of a batch: what was printed, applied, destroyed and counted, and the forms for each."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from accounts.fields import Field
from accounts.forms_sent import form_sent
from accounts.handing_out import attachment, intact_bytes
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.panels import Panel, Task, register_panel, register_work
from accounts.parsing import StrictSerializer, TextField, parsed
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.donors import donor_of
from batches.identity import batch_numbered
from batches.label_prints import PrintRecord, labels_url, objections_to_labels, prints_of
from batches.labelling import apply_label, print_labels
from batches.models import Departure, LabelPrint, LabelSpecimen
from batches.pinned import master_of
from batches.views.strip import strip_of
from chain_of_custody.containers import of_batch
from chain_of_custody.donor_status import Overall
from chain_of_custody.donor_testing import OVERALL_WORDS, status_words
from chain_of_custody.models import Container
from chain_of_custody.shapes import ContainersField, ScanField

STATUS_OF = {Overall.REACTIVE: "warn", Overall.UNKNOWN: "wait", Overall.COMPLETE: "pass"}
Context = dict[str, object]


class PrintForm(StrictSerializer[Context]):
    """Which labels are printed, and why again."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField([("", ""), *Container.Kind.choices], required=False, default="")
    containers = ContainersField(required=False, default=list)
    purpose = serializers.ChoiceField(LabelPrint.Purpose.choices)
    reason = TextField(max_length=1000, required=False, default="")
    specimens = serializers.RegexField(r"^[0-9]\Z", required=False, default="0")


class ApplyForm(StrictSerializer[Context]):
    """Both codes; `entered` says whether a scanner or a keyboard wrote them."""

    id = serializers.UUIDField()
    label_code = ScanField()
    container_code = ScanField()
    entered = serializers.ChoiceField(["typed", "scanned"], required=False, default="typed")


def labels_panel(request: HttpRequest, number: str) -> str:
    """Render the labels of a batch with what is still open, and what this person can do."""
    batch, person = batch_numbered(number), person_of(request)
    donor = donor_of(batch)
    there = of_batch(number)
    prints = prints_of(batch)
    context = {
        "number": number,
        "donor_status": STATUS_OF[donor.overall],
        "donor_word": OVERALL_WORDS[donor.overall],
        "donor_words": status_words(donor),
        "coi": batch.coi,
        "objections": objections_to_labels(batch, master_of(batch), prints, donor),
        "prints": [_print_shown(each, person) for each in prints],
        "may_print": Permission.STEP_WORK in person.permissions and bool(there),
        "fields": _print_fields(there),
        "may_apply": Permission.STEP_WORK in person.permissions
        and any(each.left and each.reconciled is None for each in prints),
        "new_id": uuid4(),
        "other_id": uuid4(),
    }
    return render_to_string("batches/_labels.html", context, request=request)


def _print_fields(there: list[Container]) -> list[Field]:
    counted = Counter(one.kind for one in there)
    kinds = [("", _("those named below"))] + [
        (kind, f"{Container.Kind(kind).label} ({counted[kind]})") for kind, _words in Container.Kind.choices
        if kind in counted
    ]  # fmt: skip
    return [
        Field("kind", _("Containers"), options=kinds, optional=True),
        Field("containers", _("Codes of containers"), "textarea", _("One a line."), optional=True, maxlength=2000),
        Field("purpose", _("Purpose"), options=LabelPrint.Purpose.choices),
        Field("reason", _("Reason"), hint=_("Where labels are printed again."), optional=True, maxlength=1000),
        Field("specimens", _("Labels more, as specimens for the file"), maxlength=1, value="0"),
    ]


def _print_shown(printed: PrintRecord, person: Person) -> Context:
    applied = {row.serial: row for row in printed.applied if row.fits}
    lines: list[Context] = []
    for label in printed.labels:
        row = applied.get(label.serial)
        if label.serial in printed.destroyed_serials:
            status, word = "none", _("Destroyed")
        elif row is not None:
            status, word = "pass", _("Applied")
        else:
            status, word = "wait", _("Not used yet")
        lines.append({"label": label, "applied": row, "status": status, "word": word})
    open_acts = printed.reconciled is None
    return {
        "row": printed.row,
        "lines": lines,
        "misfits": [row for row in printed.applied if not row.fits],
        "destroyed": printed.destroyed,
        "reconciled": printed.reconciled,
        "counts": {
            "printed": len(printed.labels),
            "applied": len(printed.applied_serials),
            "destroyed": len(printed.destroyed_serials),
            "left": len(printed.left),
        },
        "specimen": reverse("batches:label-specimen", args=[printed.row.batch.number, printed.row.pk])
        if printed.specimen
        else "",
        "destroy": offer("label.destroy", printed.row, by=person) if open_acts and printed.left else None,
        "reconcile": offer("label.reconcile", printed.row, by=person) if open_acts else None,
        "left_words": "\n".join(printed.left),
    }


def count_labels(number: str) -> int:
    """Give how many prints of labels a batch has."""
    return LabelPrint.objects.filter(batch__number=number).count()


@require_POST
@needs(Permission.STEP_WORK)
def print_them(request: HttpRequest, number: str) -> HttpResponse:
    """Print labels."""
    batch = batch_numbered(number)
    sent = form_sent(request, blanks=False)
    data = parsed(PrintForm, sent)
    print_labels(
        batch=batch,
        by=person_of(request),
        id=data["id"],
        kinds=[data["kind"]] if data["kind"] else [],
        containers=data["containers"],
        purpose=data["purpose"],
        reason=data["reason"],
        specimens=int(data["specimens"]),
    )
    return SeeOther(labels_url(number))


@require_POST
@needs(Permission.STEP_WORK)
def apply(request: HttpRequest, number: str) -> HttpResponse:
    """Record that a label was put on a container; one that does not belong there stops the page."""
    batch = batch_numbered(number)
    data = parsed(ApplyForm, form_sent(request))
    applied = apply_label(
        batch=batch,
        label=data["label_code"],
        container=data["container_code"],
        by=person_of(request),
        id=data["id"],
        typed=data["entered"] == "typed",
    )
    if applied.departure is not None:
        return SeeOther(reverse("batches:label-stop", args=[number, applied.departure.pk]))
    return SeeOther(f"{labels_url(number)}#apply")


@require_safe
@needs(Permission.RECORD_READ)
def stop(request: HttpRequest, number: str, departure_id: UUID) -> HttpResponse:
    """Show what stopped the labelling."""
    batch = batch_numbered(number)
    row = get_object_or_404(Departure, pk=departure_id, batch=batch, kind=Departure.Kind.LABEL)
    context = strip_of(batch) | {
        "heading": _("Stop"),
        "says": [row.says],
        "codes": [{"label": _("Batch"), "code": batch.number}],
        "next_steps": [{"url": labels_url(number), "words": _("Back to the labels")}],
    }
    return render(request, "batches/stop.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def specimen(request: HttpRequest, number: str, print_id: UUID) -> HttpResponse:
    """Hand out the labels of a print as they were rendered, compared with the ledger first."""
    rows = LabelSpecimen.objects.select_related("file", "print")
    row = rows.filter(print=print_id, batch__number=number).first()
    if row is None:
        raise Http404
    content = specimen_bytes(row, by=person_of(request))
    return attachment(content, name=row.file.original_name, media_type=row.file.media_type)


def specimen_bytes(row: LabelSpecimen, *, by: Person) -> bytes:
    """Give the bytes that were rendered; refuse, and log it, if they are not those of the ledger any more."""
    says = _(
        "The specimen of print %(number)s is not given out: its file is not the one that was rendered. Call quality "
        "assurance."
    ) % {"number": row.print.number}
    return intact_bytes(row.file, by=by, says=says, code="specimen_damaged", event="label_specimen_damaged")


def work(person: Person) -> Iterator[Task]:
    """Give the prints of labels that wait to be counted by somebody else than who printed them."""
    if Permission.STEP_WITNESS not in person.permissions:
        return
    waiting = LabelPrint.objects.filter(reconciled=None).exclude(actor=person.reference).select_related("batch")
    for row in waiting.order_by("recorded_at")[:50]:
        yield Task(
            title=_("Count labels %(number)s") % {"number": row.number},
            batch=row.batch.number,
            url=labels_url(row.batch.number),
            verb=_("Count"),
            needs=(_("second person"),),
            due_at=row.recorded_at + timedelta(days=1),
            icon="list-checks",
        )


def register() -> None:
    """Put the labels on the page of a batch, and what waits on the work list."""
    register_work(work)
    panel = Panel(gettext_lazy("Labels"), "labels", Permission.RECORD_READ, labels_panel, count_labels)
    register_panel("batch", panel)
