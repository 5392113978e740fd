"""Pages on which subjects, parties, places and collections are registered."""

from decimal import Decimal
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.fields import Asked, Field, filled, loose
from accounts.forms_sent import form_sent
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.offering import offer
from accounts.parsing import parsed
from accounts.refusal import Refused
from accounts.roles import Permission
from accounts.views.places import SeeOther
from chain_of_custody import registering
from chain_of_custody.api.finding import named
from chain_of_custody.api.shapes import PartyInput, PlaceInput, SubjectInput
from chain_of_custody.collecting import CollectionIntent
from chain_of_custody.models import ChainOfIdentity, Collection, Party, Place
from chain_of_custody.views.evidence import recent_files
from chain_of_custody.views.options import parties, places
from chain_of_custody.views.presenting import identity_context
from chain_of_custody.words import range_words
from ledger.writing import writing

YES_NO = (("no", gettext_lazy("no")), ("yes", gettext_lazy("yes")))


def typed(request: HttpRequest) -> dict[str, str]:
    """Give what a form sent, without its token."""
    return {name: str(value) for name, value in form_sent(request).items()}


@require_http_methods(["GET", "POST"])
@needs(Permission.SUBJECT_REGISTER)
def subject(request: HttpRequest) -> HttpResponse:
    """Register a subject and issue its chain of identity."""
    fields = [
        Field("pseudonym", _("Pseudonym"), "identifier", _("Never a name. At least one digit, such as 104-017."),
              maxlength=20),
        Field("initials", _("Initials"), optional=True, maxlength=6),
        Field("birth_year", _("Year of birth"), optional=True, maxlength=4),
        Field("hospital_reference", _("Hospital's reference"), optional=True, maxlength=60),
    ]  # fmt: skip
    refused = None
    if request.method == "POST":
        try:
            sent = {name: value for name, value in typed(request).items() if value}
            data = parsed(SubjectInput, sent)
            by = person_of(request)
            with writing():
                row = registering.register_subject(**data, by=by)
                coi = row.chains.first() or registering.issue_chain(id=uuid4(), subject=row, by=by)
            return SeeOther(reverse("chain_of_custody:chain", args=[coi.identifier]))
        except Refused as error:
            refused = error
    return _form(request, _("Register a subject"), _("Register and issue the chain of identity"), fields, refused)


@require_http_methods(["GET", "POST"])
def all_parties(request: HttpRequest) -> HttpResponse:
    """List parties, and register one."""
    return _list_and_form(request, "parties")


@require_http_methods(["GET", "POST"])
def all_places(request: HttpRequest) -> HttpResponse:
    """List places, and register one."""
    return _list_and_form(request, "places")


@needs(Permission.RECORD_READ)
def _list_and_form(request: HttpRequest, what: str) -> HttpResponse:
    fields = _party_fields() if what == "parties" else _place_fields()
    refused = None
    if request.method == "POST":
        try:
            _register(request, what)
            return SeeOther(reverse(f"chain_of_custody:{what}"))
        except Refused as error:
            refused = error
    columns, rows = _known_parties() if what == "parties" else _known_places()
    context = {
        "title": _("Parties") if what == "parties" else _("Places"),
        "columns": columns,
        "rows": rows,
        "may_register": Permission.PARTY_REGISTER in person_of(request).permissions,
        "verb": _("Register the party") if what == "parties" else _("Register the place"),
        **_form_context(request, fields, refused),
    }
    return render(request, "chain_of_custody/list.html", context, status=refused.status if refused else 200)


def _known_parties() -> tuple[list[str], list[tuple[str, ...]]]:
    rows = Party.objects.order_by("name")
    shown = [(one.name, str(Party.Kind(one.kind).label), one.address, one.licence or "–") for one in rows]
    return [_("Name"), _("Kind"), _("Address"), _("Licence")], [*shown]


def _known_places() -> tuple[list[str], list[tuple[str, ...]]]:
    rows = Place.objects.select_related("party").order_by("code")
    shown = [
        (
            one.code,
            one.name,
            f"{Place.Kind(one.kind).label}, {_('isolated')}" if one.is_isolated else str(Place.Kind(one.kind).label),
            one.party.name,
            range_words(one),
        )
        for one in rows
    ]
    return [_("Code"), _("Name"), _("Kind"), _("Belongs to"), _("Keeps")], [*shown]


def _register(request: HttpRequest, what: str) -> None:
    by = person_of(request)
    if what == "parties":
        registering.register_party(**parsed(PartyInput, typed(request)), by=by)
        return
    data = parsed(PlaceInput, typed(request))
    data["party"] = named(Party.objects.all(), "party", pk=data["party"])
    for limit in ("low_c", "high_c"):
        data[limit] = None if data[limit] is None else Decimal(data[limit])
    registering.register_place(**data, by=by)


@require_safe
@needs(Permission.COLLECTION_REGISTER)
def collection(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show the form by which a collection is registered; it is sent to its signature page."""
    coi = get_object_or_404(ChainOfIdentity.objects.select_related("subject"), identifier=identifier)
    asked = Asked(CollectionIntent)
    fields = [
        asked("din", "identifier", hint=_("Scan the label, or type the number with its check character.")),
        asked("collected_at"),
        asked("party", options=parties(Party.Kind.HOSPITAL)),
        asked("bag_volumes_ml", hint=_("In mL, one bag a line.")),
        asked("donor_markers", hint=_("Infectious disease markers, with their date.")),
        asked("material", options=Collection.Material.choices, optional=False),
        asked("is_frozen", options=YES_NO, optional=False),
        asked("form_reference"),
        asked("form", options=recent_files(person_of(request))),
        asked("place", options=places()),
    ]
    context = {
        "coi": coi,
        "identity": identity_context(coi, coi.collections.order_by("collected_at").first()),
        "offer": offer("collection.register", coi, by=person_of(request)),
        "fields": fields,
    }
    return render(request, "chain_of_custody/collection.html", context)


def _party_fields() -> list[Field]:
    kinds = [choice for choice in Party.Kind.choices if choice[0] != Party.Kind.OWN_SITE]
    return [
        Field("name", _("Name"), maxlength=120),
        Field("kind", _("Kind"), options=[(value, str(words)) for value, words in kinds]),
        Field("address", _("Address"), maxlength=240),
        Field("licence", _("Licence"), optional=True, maxlength=120),
    ]


def _place_fields() -> list[Field]:
    return [
        Field("code", _("Code"), "identifier", _("As on its label, such as LN2-04."), maxlength=20),
        Field("name", _("Name"), maxlength=120),
        Field("kind", _("Kind"), options=[(value, str(words)) for value, words in Place.Kind.choices]),
        Field("party", _("Belongs to"), options=parties()),
        Field("low_c", _("Lowest temperature"), optional=True, maxlength=24, unit="°C"),
        Field("high_c", _("Highest temperature"), optional=True, maxlength=24, unit="°C"),
        Field(
            "is_isolated",
            _("Isolated"),
            hint=_("Kept apart, for cells of one donor with reactive or unknown markers."),
            options=YES_NO,
        ),
    ]


def _form_context(request: HttpRequest, fields: list[Field], refused: Refused | None) -> dict[str, object]:
    return {
        "fields": filled(fields, request.POST, refused),
        "row_id": request.POST.get("id") or uuid4(),
        "says": loose(fields, refused),
        "page_has_errors": refused is not None,
    }


def _form(request: HttpRequest, title: str, verb: str, fields: list[Field], refused: Refused | None) -> HttpResponse:
    context = {"title": title, "verb": verb, **_form_context(request, fields, refused)}
    return render(request, "chain_of_custody/form.html", context, status=refused.status if refused else 200)
