"""The door: signing in and out, locking and unlocking the screen."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import sessions
from accounts.models import Person
from accounts.panels import panels_for
from accounts.refusal import Refused
from accounts.views.places import SeeOther, own_place

LONGEST_SECRET = 1025  # one more than a password may have, so that a longer one never matches by being cut


@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Begin a session, or say in the same words for everybody that name and password do not belong together."""
    place = own_place(request.POST.get("next", "") or request.GET.get("next", ""))
    refused: Refused | None = None
    if request.method == "POST":
        try:
            sessions.sign_in(
                request,
                username=request.POST.get("username", "")[:40],
                secret=request.POST.get("secret", "")[:LONGEST_SECRET],
            )
        except Refused as error:
            refused = error
        else:
            return SeeOther(place)
    context = {
        "next": place,
        "username": request.POST.get("username", "")[:40],
        "objections": refused.objections if refused else [],
        "page_has_errors": refused is not None,
        "not_saved": "not_saved" in request.GET,
        "enrolled": "enrolled" in request.GET,
        "new_key": "new_key" in request.GET,
        "signed_out": "signed_out" in request.GET,
    }
    return render(request, "accounts/sign_in.html", context, status=refused.status if refused else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    sessions.sign_out(request)
    return SeeOther(f"{reverse('accounts:sign-in')}?signed_out=1")


@require_POST
def lock(request: HttpRequest) -> HttpResponse:
    """Lock the screen; unlocking returns to the page from which it was locked."""
    sessions.lock(request, return_to=own_place(request.POST.get("next", "")))
    return SeeOther(reverse("accounts:unlock"))


@never_cache
@require_http_methods(["GET", "POST"])
def unlock(request: HttpRequest) -> HttpResponse:
    """Show by whom and when the screen was locked, and open it for that person."""
    seat, locked_at = sessions.seat_of(request), sessions.locked_at(request)
    if seat is None or locked_at is None:
        return SeeOther("/")
    refused: Refused | None = None
    if request.method == "POST":
        try:
            place = sessions.unlock_screen(request, secret=request.POST.get("secret", "")[:LONGEST_SECRET])
        except Refused as error:
            refused = error
        else:
            return SeeOther(own_place(place))
    context = {
        "locked_by": seat.person,
        "locked_at": locked_at,
        "objections": refused.objections if refused else [],
        "page_has_errors": refused is not None,
        "not_saved": "not_saved" in request.GET,
        "readable": _readable(request, seat.person),
    }
    return render(request, "accounts/unlock.html", context, status=refused.status if refused else 200)


def _readable(request: HttpRequest, person: Person) -> list[str]:
    """Give what each room lets one read of the work at hand while the screen is locked; nothing can be done with it."""
    subject = sessions.readable(request)
    return [panel.render(request, subject) for panel in panels_for("locked", person)] if subject else []
