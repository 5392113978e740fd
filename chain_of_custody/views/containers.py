"""The page of a container: what it is, whose, who holds it, where; and the form by which its holder places it."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.fields import Field, filled, loose
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.panels import panels_for
from accounts.parsing import parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from chain_of_custody.api.finding import named
from chain_of_custody.api.shapes import PlacementInput
from chain_of_custody.donor_testing import isolation_words
from chain_of_custody.fates import fate_of
from chain_of_custody.models import Container, IdentityCheck, Place, Placement
from chain_of_custody.placing import place_containers
from chain_of_custody.registering import own_party
from chain_of_custody.views.options import places
from chain_of_custody.views.presenting import identity_context
from chain_of_custody.views.registering import typed
from chain_of_custody.words import place_words
from ledger import clock


@require_http_methods(["GET", "POST"])
@needs(Permission.RECORD_READ)
def container(request: HttpRequest, code: str) -> HttpResponse:
    """Show a container, or record where its holder put it."""
    rows = Container.objects.select_related(
        "coi__subject", "collection", "assignment", "state__holder_party", "state__holder_person", "state__place"
    )
    one = get_object_or_404(rows, code=code)
    person = person_of(request)
    fields = _placement_fields()
    refused = None
    if request.method == "POST":
        try:
            _place(request, one)
            return SeeOther(reverse("chain_of_custody:container", args=[one.code]))
        except Refused as error:
            refused = error
    sources = Container.objects.filter(pk__in=one.made_from).order_by("code")
    checks = IdentityCheck.objects.filter(container=one).order_by("-recorded_at")[:50]
    context = {
        "one": one,
        "identity": identity_context(one.coi, one.collection or one.coi.collections.order_by("collected_at").first()),
        "batch_number": one.assignment.batch_number if hasattr(one, "assignment") else "",
        "where": _where(one),
        "sources": sources,
        "checks": [(check, check.outcome == IdentityCheck.Outcome.MATCH) for check in checks],
        "holds": one.state.holder_person_id == person.pk
        and Permission.CUSTODY_RECORD in person.permissions
        and fate_of(one) is None,
        "isolate": isolation_words(one.coi),
        "fields": filled(fields, request.POST, refused),
        "row_id": request.POST.get("id") or uuid4(),
        "says": loose(fields, refused),
        "panels": [panel.render(request, one.code) for panel in panels_for("container", person)],
        "page_has_errors": refused is not None,
    }
    return render(request, "chain_of_custody/container.html", context, status=refused.status if refused else 200)


def _where(one: Container) -> str:
    """Write where a container is, or was until it ended."""
    where = place_words(one.state.place, one.state.position) if one.state.place else _("No place stated")
    return _("%(where)s, until it ended") % {"where": where} if fate_of(one) else where


def _place(request: HttpRequest, one: Container) -> None:
    sent = {name: value for name, value in typed(request).items() if value}
    sent.setdefault("happened_at", _moment_of_first_sending(sent.get("id", "")).isoformat())
    data = parsed(PlacementInput, sent | {"chain": one.coi.identifier, "containers": [one.code]})
    place_containers(
        id=data["id"],
        coi=one.coi,
        containers=[one],
        place=named(Place.objects.select_related("party"), "place", code=data["place"].upper()),
        position=data["position"],
        temperature_c=None if data["temperature_c"] is None else Decimal(data["temperature_c"]),
        happened_at=data["happened_at"],
        by=person_of(request),
    )


def _moment_of_first_sending(row_id: str) -> datetime:
    """Give now, or the time under which the same form was recorded when it was sent first."""
    try:
        known = Placement.objects.filter(pk=UUID(row_id)).first()
    except ValueError:
        known = None
    return known.happened_at if known else clock.now()


def _placement_fields() -> list[Field]:
    return [
        Field("place", _("Put in"), options=places(own_party())),
        Field("position", _("Position"), hint=_("Rack, box, shelf."), optional=True, maxlength=60),
        Field("temperature_c", _("Temperature"), optional=True, maxlength=24, unit="°C"),
        Field("happened_at", _("Placed at"), "datetime-local", _("Now, if left empty."), optional=True),
    ]
