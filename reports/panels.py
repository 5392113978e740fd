"""What this room shows on the page of a batch."""

from uuid import uuid4

from django.http import Http404, HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts.middleware import person_of
from accounts.panels import Panel, register_panel
from accounts.roles import Permission
from batches.models import Batch
from reports.copying import copies_of_batch
from reports.models import Document
from reports.reading import documents_of, in_preparation

MOST_COPIES = 20


def documents_panel(request: HttpRequest, number: str) -> str:
    """Render the documents of a batch, those that are being made included."""
    batch = Batch.objects.filter(number=number).first()
    if batch is None:
        raise Http404
    person = person_of(request)
    context = {
        "documents": documents_of(batch.pk),
        "owed": in_preparation(batch.pk),
        "batch": batch,
        "may_copy": Permission.RECORD_COPY in person.permissions,
        "copies": copies_of_batch(batch)[:MOST_COPIES] if Permission.INSPECTION_MANAGE in person.permissions else [],
        "package_id": uuid4(),
        "record_id": uuid4(),
    }
    return render_to_string("reports/_documents.html", context, request=request)


def count_documents(number: str) -> int:
    """Give how many documents of a batch are in force."""
    return Document.objects.filter(batch__number=number, superseded_by=None).count()


def register() -> None:
    """Put the panel on the page of a batch."""
    reads = Permission.RECORD_READ
    register_panel("batch", Panel(_("Documents"), "documents", reads, documents_panel, count_documents))
