"""The custody page: who holds the cells of a chain of identity, and every hand-over with what lay between."""

from django.http import HttpRequest
from django.template.loader import render_to_string

from chain_of_custody.models import Container
from chain_of_custody.following import custody_record


def links_of_batch(number: str) -> int | None:
    """Give the number of hand-overs of a batch's containers."""
    first = Container.objects.select_related("coi").filter(assignment__batch_number=number).first()
    return len(custody_record(first.coi, batch_number=number).accepted) if first else None


def panel(request: HttpRequest, number: str) -> str:
    """Show the custody record of a batch."""
    return render_to_string("chain_of_custody/_record.html", {"number": number}, request)
