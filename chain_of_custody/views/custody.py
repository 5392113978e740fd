"""The custody page: who holds the cells of a chain of identity, and every hand-over with what lay between."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.roles import Permission
from chain_of_custody.erasing import (
    SHORTEST_REASON,
    entries_of_identity,
    erasure_of,
    kept_for,
    objections_to_erasure,
    pending_for,
)
from chain_of_custody.following import custody_record
from chain_of_custody.models import ChainOfIdentity, Container, HandOverAccepted, Subject
from chain_of_custody.views.presenting import identity_context, record_context

A_PAGE = 50


@require_safe
@needs(Permission.RECORD_READ)
def everything(request: HttpRequest) -> HttpResponse:
    """List chains of identity, the newest first."""
    chains = ChainOfIdentity.objects.select_related("subject").prefetch_related("collections", "containers")
    page = Paginator(chains.order_by("-recorded_at", "pk"), A_PAGE).get_page(request.GET.get("page"))
    may = person_of(request).permissions
    context = {
        "page": page,
        "may_register": Permission.SUBJECT_REGISTER in may,
        "may_register_parties": Permission.PARTY_REGISTER in may,
    }
    return render(request, "chain_of_custody/custody.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def chain(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show the custody of a chain of identity and what can be done next."""
    coi = get_object_or_404(ChainOfIdentity.objects.select_related("subject"), identifier=identifier)
    person = person_of(request)
    record = custody_record(coi)
    unverified = [one for one in record.collections if not hasattr(one, "verification")]
    context = {
        "coi": coi,
        "identity": identity_context(coi, record.collections[0] if record.collections else None),
        "verify": [(one, offer("collection.verify", one, by=person)) for one in unverified],
        "erasure": erasure_context(coi.subject, person),
        "may_collect": Permission.COLLECTION_REGISTER in person.permissions,
        "may_hand_over": Permission.CUSTODY_RECORD in person.permissions and bool(record.containers),
        **record_context(record),
    }
    return render(request, "chain_of_custody/chain.html", context)


def erasure_context(subject: Subject, person: Person) -> dict[str, object]:
    """Give what stands of a subject's identity record, and to those who may erase it what keeps it and the acts."""
    approved, pending = erasure_of(subject), pending_for(subject)
    context: dict[str, object] = {
        "is_recorded": bool(entries_of_identity(subject)),
        "approved": approved,
        "may_erase": Permission.IDENTITY_ERASE in person.permissions,
    }
    if not context["may_erase"] or (approved is not None and not context["is_recorded"]):
        return context
    return context | {
        "kept": [kept.words for kept in kept_for(subject)],
        "objections": objections_to_erasure(subject),
        "pending": pending,
        "propose": offer("identity.propose_erasure", subject, by=person),
        "approve": offer("identity.approve_erasure", pending, by=person) if pending else None,
        "shortest": SHORTEST_REASON,
    }


def panel(request: HttpRequest, number: str) -> str:
    """Show the custody record of a batch."""
    coi = ChainOfIdentity.objects.filter(containers__assignment__batch_number=number).first()
    if coi is None:
        return render_to_string("chain_of_custody/_no_record.html", {}, request)
    context = record_context(custody_record(coi, batch_number=number))
    may = Permission.CUSTODY_RECORD in person_of(request).permissions
    return render_to_string("chain_of_custody/_record.html", context | {"may_hand_over": may}, request)


def links_of_batch(number: str) -> int | None:
    """Give the number of hand-overs of a batch's containers."""
    ours = Container.objects.filter(assignment__batch_number=number).order_by("pk").values_list("pk", "coi")
    chains = {str(container): coi for container, coi in ours}
    if not chains:
        return None
    taken = HandOverAccepted.objects.filter(offered__coi=next(iter(chains.values())))
    handed_over = taken.values_list("offered__containers", flat=True)
    return sum(not chains.keys().isdisjoint(containers) for containers in handed_over)
