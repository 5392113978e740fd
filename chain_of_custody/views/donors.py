"""The page of a donor's markers: what is known, what a second person has still to verify, and the form for a result."""

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
from chain_of_custody import isbt128
from chain_of_custody.donor_status import Found, Overall, same_marker
from chain_of_custody.donor_testing import (
    FOUND_WORDS,
    NOTHING_KNOWN,
    OVERALL_WORDS,
    DonorTestIntent,
    Requirements,
    requirements_of,
    results_of,
    status_of,
)
from chain_of_custody.models import ChainOfIdentity, Collection
from chain_of_custody.views.presenting import identity_context

STATUS_OF = {
    Found.NON_REACTIVE: "pass",
    Found.REACTIVE: "warn",
    Found.INDETERMINATE: "warn",
    Found.NOT_TESTED: "none",
    Found.OUTSIDE_WINDOW: "warn",
    Found.UNKNOWN: "wait",
}
STATUS_OF_ALL = {Overall.REACTIVE: "warn", Overall.UNKNOWN: "wait", Overall.COMPLETE: "pass"}


@require_safe
@needs(Permission.RECORD_READ)
def donor(request: HttpRequest, identifier: str) -> HttpResponse:
    """Show what is known of the donor of a chain of identity, collection by collection."""
    coi = get_object_or_404(ChainOfIdentity.objects.select_related("subject"), identifier=identifier)
    collections = list(coi.collections.order_by("collected_at"))
    asked = requirements_of(coi)
    person = person_of(request)
    context = {
        "coi": coi,
        "identity": identity_context(coi, collections[0] if collections else None),
        "asked": asked,
        "collections": [
            _shown(one, asked or NOTHING_KNOWN, person, marker=_wanted(request, one)) for one in collections
        ],
    }
    return render(request, "chain_of_custody/donor.html", context)


def _wanted(request: HttpRequest, collection: Collection) -> str:
    """Give the marker that the address asks for, if it is of this collection."""
    here = request.GET.get("collection", "") == str(collection.pk)
    return request.GET.get("marker", "")[:60] if here else ""


def _shown(collection: Collection, asked: Requirements, person: Person, *, marker: str) -> dict[str, object]:
    status, tests = status_of(collection, asked), results_of(collection)
    newest = [row for row in tests if not hasattr(row, "superseded_by")]
    waiting = [row for row in newest if not hasattr(row, "verification")]
    return {
        "row": collection,
        "din": isbt128.din(collection.din),
        "status": STATUS_OF_ALL[status.overall],
        "word": OVERALL_WORDS[status.overall],
        "markers": [
            {
                "marker": each.marker,
                "status": STATUS_OF[each.found],
                "word": FOUND_WORDS[each.found],
                "tests": [row for row in tests if same_marker(row.marker, each.marker)],
            }
            for each in status.markers
        ],
        "others": [row for row in tests if not any(same_marker(row.marker, each.marker) for each in status.markers)],
        "verify": [(row, offer("donor_test.verify", row, by=person)) for row in waiting],
        "record": offer("donor_test.record", collection, by=person),
        "fields": _fields(collection, marker, replaces=any(same_marker(row.marker, marker) for row in newest)),
    }


def _fields(collection: Collection, marker: str, *, replaces: bool) -> list[Field]:
    asked = Asked(DonorTestIntent, f"d{collection.pk.hex[:6]}")
    return [
        asked("marker", value=marker),
        asked("result"),
        asked("laboratory"),
        asked("report"),
        asked("sampled_on"),
        asked("reason", hint=_("Where it replaces an earlier result."), optional=not replaces),
    ]
