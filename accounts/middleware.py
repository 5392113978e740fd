"""Puts the person at this browser on each request, and keeps everybody else out.

Every page asks for a person unless it is on the short list below; a locked screen shows only the way to unlock it.
The API looks after itself (accounts.api.authentication), with the same sessions.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.sessions import RETURN_TO, seat_of

if TYPE_CHECKING:
    from accounts.models import Person

OPEN_PATHS = ("/static/", "/healthz", "/readyz", "/sign-in/", "/enrol/", "/api/")
WHILE_LOCKED = ("/lock/", "/unlock/", "/sign-out/")


class PersonMiddleware:
    """Sets `request.person` and `request.user` (DRF's name), None when nobody signed in or the screen is locked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(("/static/", "/healthz", "/readyz")):
            return self.get_response(request)
        seat = seat_of(request)
        request.seat = seat  # type: ignore[attr-defined]  # Django's request takes attributes of ours
        unlocked = seat.person if seat and not seat.locked else None
        request.person = unlocked  # type: ignore[attr-defined]  # as above
        request.user = unlocked  # type: ignore[assignment]  # nobody is None here, not an anonymous user
        if unlocked is None and not request.path.startswith(OPEN_PATHS):
            if seat is None:
                return self._to(request, reverse("accounts:sign-in"))
            if not request.path.startswith(WHILE_LOCKED):
                if request.method == "GET":
                    request.session[RETURN_TO] = request.get_full_path()
                return self._to(request, reverse("accounts:unlock"))
        return self.get_response(request)

    def _to(self, request: HttpRequest, place: str) -> HttpResponse:
        """Send somebody to the door. A form they posted was not carried out, and the door says so."""
        query = {"next": request.get_full_path()} if request.method == "GET" else {"not_saved": "1"}
        address = f"{place}?{urlencode(query)}"
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)


def person_of(request: HttpRequest) -> "Person":
    """Give the person at this browser; the middleware has made sure that there is one."""
    person: Person | None = getattr(request, "person", None)
    if person is None:
        raise PermissionError("This page was reached without a person; it must not be on the open list.")
    return person
