"""The page on which quality opens records to inspections and ends their access."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.roles import Permission, Role
from batches.models import Batch
from ledger.models import Site
from reports.inspecting import is_in_force
from reports.models import Inspection

MOST = 100


@require_safe
@needs(Permission.INSPECTION_MANAGE)
def inspections(request: HttpRequest) -> HttpResponse:
    """List inspections, the newest first, with the act that ends each, and the form that opens another."""
    person = person_of(request)
    found = Inspection.objects.select_related("reader", "ended", "signer").order_by("-recorded_at")[:MOST]
    shown = [
        {"row": one, "in_force": is_in_force(one), "end": offer("inspection.end", one, by=person)} for one in found
    ]
    readers = [
        one
        for one in Person.objects.select_related("state").order_by("name")
        if one.is_active and (one.pk == person.pk or Role.INSPECTOR in one.state.roles)
    ]
    context = {
        "shown": shown,
        "open": offer("inspection.open", Site.objects.get(), by=person),
        "readers": [(one.username, f"{one.name}, {one.role_words}") for one in readers],
        "batches": Batch.objects.order_by("-number")[:MOST],
    }
    return render(request, "reports/inspections.html", context)
