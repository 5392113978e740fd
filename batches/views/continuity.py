"""The continuity record on the page of a batch with its copies, their files, and what waits after an outage."""

from collections.abc import Iterator
from uuid import UUID, uuid4

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from rest_framework import serializers

from accounts.fields import Asked, Field, choose
from accounts.handing_out import attachment
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.panels import Panel, Task, register_panel, register_work
from accounts.parsing import StrictSerializer, TextField, parsed
from accounts.roles import Permission
from accounts.views.places import SeeOther
from batches.comparing_paper import people_who_entered
from batches.continuity import (
    MAY_TAKE,
    AccountIntent,
    bytes_of,
    copies_of,
    copy_words,
    is_accounted,
    newest_edition,
    objections_to_taking,
    take_copy,
)
from batches.identity import WITH_EVERYTHING, batch_numbered
from batches.models import Batch, BatchState, ContinuityCopy, ContinuityRecord, StepOnPaper, TrueCopy
from batches.paper import is_compared
from batches.record import StepRecord, record_of, step_url
from batches.true_copies import pages_words
from batches.views.paper_context import names_of
from batches.views.steps import posted
from ledger.models import StoredFile

Plain = dict[str, object]


def continuity_panel(request: HttpRequest, number: str) -> str:
    """Render the newest edition, every copy with what became of it, and the form that takes another one."""
    batch = batch_numbered(number)
    person = person_of(request)
    copies = copies_of(batch)
    names = names_of(list(copies))
    scans = scans_of(batch)
    read = StepOnPaper.objects.filter(batch=batch, superseded_by=None).order_by("recorded_at")
    steps: dict[UUID, list[str]] = {}
    for row in read:
        steps.setdefault(row.copy_id, []).append(row.step)
    may_account = Permission.TRUE_COPY in person.permissions
    context = {
        "number": number,
        "edition": newest_edition(batch),
        "copies": [
            {
                "row": copy,
                "by": names.get(copy.actor, ""),
                "steps": [(code, step_url(number, code)) for code in steps.get(copy.pk, [])],
                "left": [code for code in copy.record.steps if code not in steps.get(copy.pk, [])],
                "accounted": copy.accounted if is_accounted(copy) else None,
                "offer": offer("continuity.account", copy, by=person)
                if may_account and not is_accounted(copy)
                else None,
                "fields": account_fields(copy, scans),
            }
            for copy in reversed(copies)
        ],
        "objections": objections_to_taking(batch, by=person),
        "may_take": any(permission in person.permissions for permission in MAY_TAKE),
        "new_id": uuid4(),
    }
    return render_to_string("batches/_continuity.html", context, request=request)


def account_fields(copy: ContinuityCopy, scans: list[tuple[str, str]]) -> list[Field]:
    """Give the fields with which a copy is accounted for."""
    asked = Asked(AccountIntent, f"copy-{copy.number}")
    return [asked("fate"), asked("scan", options=choose(scans)), asked("says")]


def scans_of(batch: Batch) -> list[tuple[str, str]]:
    """Give the certified scans of a batch to choose from."""
    rows = TrueCopy.objects.filter(batch=batch).order_by("-recorded_at")
    return [(str(row.pk), f"{row.title}, {pages_words(row.first_page, row.last_page, row.pages)}") for row in rows]


def count_open_copies(number: str) -> int | None:
    """Give how many copies are out; nothing where none ever was."""
    copies = ContinuityCopy.objects.filter(batch__number=number)
    taken = copies.aggregate(all=Count("pk"), out=Count("pk", filter=Q(accounted=None)))
    return int(taken["out"]) if taken["all"] else None


class TakeForm(StrictSerializer[Plain]):
    """Where a copy is kept."""

    id = serializers.UUIDField()
    place = TextField(max_length=120, min_length=3)


@require_POST
@needs(Permission.RECORD_READ)
def take(request: HttpRequest, number: str) -> HttpResponse:
    """Take the next numbered copy; it is printed from its file."""
    batch = batch_numbered(number)
    data = parsed(TakeForm, posted(request))
    take_copy(batch=batch, by=person_of(request), **data)
    return SeeOther(reverse("batch-tab", args=[number, "continuity"]))


@require_safe
@needs(Permission.RECORD_READ)
def edition_file(request: HttpRequest, number: str, edition_id: UUID) -> HttpResponse:
    """Hand out an edition, to be read."""
    found = ContinuityRecord.objects.select_related("file")
    return pdf(get_object_or_404(found, pk=edition_id, batch__number=number).file, by=person_of(request))


@require_safe
@needs(Permission.RECORD_READ)
def copy_file(request: HttpRequest, number: str, copy_id: UUID) -> HttpResponse:
    """Hand out a numbered copy, to be printed."""
    found = ContinuityCopy.objects.select_related("file")
    return pdf(get_object_or_404(found, pk=copy_id, batch__number=number).file, by=person_of(request))


def pdf(file: StoredFile, *, by: Person) -> HttpResponse:
    """Answer with a stored PDF, compared with the ledger first."""
    return attachment(bytes_of(file, by=by), name=file.original_name, media_type="application/pdf")


def work(person: Person) -> Iterator[Task]:
    """Give what waits for somebody after an outage: to compare what others entered, and to sign what they did."""
    reads = StepOnPaper.objects.filter(superseded_by=None, batch__state__disposition=BatchState.Disposition.NONE)
    if not reads.exists() or Permission.RECORD_READ not in person.permissions:
        return
    numbers = sorted(set(reads.values_list("batch__number", flat=True)))
    for batch in Batch.objects.select_related(*WITH_EVERYTHING).filter(number__in=numbers).order_by("number"):
        for step in record_of(batch).steps:
            if step.paper is not None and not step.is_done:
                yield from _tasks(batch, step, step.paper.read, person)


def _tasks(batch: Batch, step: StepRecord, read: StepOnPaper, person: Person) -> Iterator[Task]:
    code = step.definition.code
    words = {"step": code, "batch": batch.number}
    url = step_url(batch.number, code)
    detail = copy_words(read.copy)
    if not is_compared(step):
        if Permission.TRUE_COPY in person.permissions and person.reference not in people_who_entered(step):
            title = _("Compare with the paper: step %(step)s of %(batch)s") % words
            paper = reverse("batches:step-paper", args=[batch.number, code])
            yield Task(title, batch.number, paper, _("Compare"), detail, icon="file-check")
        return
    waits_for_check = step.definition.is_checked_before_the_act and step.check is None and read.checked_by_id
    signs = (
        (waits_for_check and read.checked_by_id == person.pk, _("Sign what you checked on paper")),
        (step.performed is None and not waits_for_check and read.done_by_id == person.pk,
         _("Sign what you did on paper")),
        (step.performed is not None and read.watched_by_id == person.pk, _("Sign what you watched on paper")),
    )  # fmt: skip
    for holds, says in signs:
        if holds:
            title = _("%(says)s: step %(step)s of %(batch)s") % (words | {"says": says})
            yield Task(title, batch.number, url, _("Sign"), detail, icon="pen-line")


def register() -> None:
    """Put the panel and the work on their lists."""
    name = gettext_lazy("Continuity")
    panel = Panel(name, "continuity", Permission.RECORD_READ, continuity_panel, count_open_copies)
    register_panel("batch", panel)
    register_work(work)
