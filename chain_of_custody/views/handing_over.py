"""Pages of a hand-over: offering containers, and what waits on an offer."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.fields import Asked, Field
from accounts.middleware import person_of
from accounts.models import Person
from accounts.needing import needs
from accounts.offering import offer
from accounts.roles import Permission
from chain_of_custody.attesting import AttestedIntent
from chain_of_custody.following import custody_record
from chain_of_custody.handing_over import OfferIntent
from chain_of_custody.lapsing import is_open, lapses_at
from chain_of_custody.models import ChainOfIdentity, Container, HandOverAccepted, HandOverOffered, Party
from chain_of_custody.taking_over import AcceptIntent
from chain_of_custody.views.evidence import recent_files
from chain_of_custody.views.options import parties, places, shippers
from chain_of_custody.views.presenting import held_words, identity_context, still_held


@require_safe
@needs(Permission.CUSTODY_RECORD)
def new(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show who holds what, with the form by which each holder hands it over."""
    coi = get_object_or_404(ChainOfIdentity.objects.select_related("subject"), identifier=identifier)
    person = person_of(request)
    record = custody_record(coi)
    groups = []
    for number, held in enumerate(still_held(record)):
        ours = held.party.kind == Party.Kind.OWN_SITE
        act = "custody.offer" if ours else "custody.offer_attested"
        mine = not ours or held.person == person
        fields = _offer_fields(number) + ([] if ours else _attested_fields(person, f"g{number}"))
        groups.append(
            {
                "held": held_words(held),
                "is_one": len(held.containers) == 1,  # of several, people say which
                "containers": [(one.code, one.get_kind_display()) for one in held.containers],
                "act": offer(act, coi, by=person),
                "mine": mine,
                "holder": held.person.name if held.person else held.party.name,
                "fields": fields,
            }
        )
    context = {
        "coi": coi,
        "identity": identity_context(coi, record.collections[0] if record.collections else None),
        "groups": groups,
    }
    return render(request, "chain_of_custody/hand_over_new.html", context)


@require_safe
@needs(Permission.RECORD_READ)
def one(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Show a hand-over: both sides, and what waits for somebody."""
    rows = HandOverOffered.objects.select_related(
        "coi__subject", "giver_party", "taker_party", "shipper", "evidence", "check_of_attestation", "person"
    )
    given = get_object_or_404(rows, pk=offer_id)
    taken = HandOverAccepted.objects.filter(offered=given).select_related("place", "evidence", "person").first()
    person = person_of(request)
    ours = given.taker_party.kind == Party.Kind.OWN_SITE
    waits = taken is None and is_open(given)
    fields = _accept_fields(given) + ([] if ours else _attested_fields(person, "a"))
    unchecked = [
        half for half in (given, taken)
        if half is not None and half.is_attested and not hasattr(half, "check_of_attestation")
    ]  # fmt: skip
    context = {
        "coi": given.coi,
        "identity": identity_context(given.coi, given.coi.collections.order_by("collected_at").first()),
        "given": given,
        "taken": taken,
        "containers": Container.objects.filter(pk__in=given.containers).order_by("code"),
        "waits": waits,
        "lapses_at": lapses_at(given),
        "accept": offer("custody.accept" if ours else "custody.accept_attested", given, by=person) if waits else None,
        "fields": fields,
        "checks": [(half, offer("custody.check_attestation", half, by=person)) for half in unchecked],
    }
    return render(request, "chain_of_custody/hand_over.html", context)


def _offer_fields(number: int) -> list[Field]:
    asked = Asked(OfferIntent, f"g{number}")
    return [
        asked("taker", options=parties()),
        asked("shipper", options=shippers()),
        asked("seal", "identifier"),
        asked("happened_at", hint=_("Now, if left empty.")),
    ]


def _accept_fields(given: HandOverOffered) -> list[Field]:
    asked = Asked(AcceptIntent, "a")
    return [
        asked("place", options=places(given.taker_party, also=given.shipper)),
        asked("position", hint=_("Rack, box, shelf.")),
        asked("temperature_c", unit="°C"),
        asked("seal_intact"),
        asked("condition"),
        asked("happened_at", hint=_("Now, if left empty.")),
    ]


def _attested_fields(person: Person, prefix: str) -> list[Field]:
    asked = Asked(AttestedIntent, prefix)
    return [
        asked("attested_name"),
        asked("attested_role"),
        asked("attested_statement"),
        asked("evidence", options=recent_files(person)),
        asked("evidence_reference"),
    ]
