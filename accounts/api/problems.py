"""How the API says no: problem details (RFC 9457) that carry the objections a page would list.

(1) What is missing and what somebody may not see get the same answer.
(2) Every refusal of a person stands in the security log, without its content.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import security
from accounts.models import Person
from accounts.refusal import Objection, Refused
from accounts.sessions import station_of
from ledger.writing import ClockWentBackError

MEDIA_TYPE = "application/problem+json"
LOGGED = frozenset({401, 403, 409, 422, 429})


def title_of(status: int) -> str:
    """Give the short words for a status."""
    titles = {
        400: _("This cannot be read"),
        401: _("Sign in first"),
        403: _("Not allowed"),
        404: _("Not found"),
        405: _("Not offered here"),
        406: _("Not offered in this form"),
        409: _("Not possible now"),
        413: _("Too large"),
        415: _("Send application/json"),
        422: _("Sent before with other content"),
        429: _("Too many tries"),
        500: _("Something failed"),
        503: _("Not possible at the moment"),
    }
    return titles.get(status, _("Refused"))


def as_refused(error: Exception) -> Refused | None:
    """Give an error that a person can meet as a refusal with its status; None for a bug."""
    match error:
        case Refused():
            return error
        case Http404():
            says = _("This does not exist, or you may not see it.")
            return Refused(Objection(says, code="not_found"), status=404)
        case PermissionDenied():
            return Refused(Objection(_("Your roles do not allow this."), code="lacks_permission"), status=403)
        case ClockWentBackError():
            says = _("The server's clock stands before the newest entry. Nothing can be written until it is right.")
            return Refused(Objection(says, code="clock"), status=503)
        case exceptions.NotAuthenticated():
            says = _("Sign in, unlock the screen, or send a bearer token.")
            return Refused(Objection(says, code="not_signed_in"), status=401)
        case exceptions.APIException():
            return Refused(_said_by(error.get_full_details(), ""), status=error.status_code)
    return None


def _said_by(details: object, field: str) -> list[Objection]:
    """Read the objections out of the framework's own nested answers."""
    if isinstance(details, Mapping):
        if isinstance(details.get("message"), str) and "code" in details:
            return [Objection(str(details["message"]), str(details["code"]), field)]
        return [
            one for name, item in details.items() for one in _said_by(item, f"{field}.{name}" if field else str(name))
        ]
    if isinstance(details, Sequence) and not isinstance(details, str):
        return [one for item in details for one in _said_by(item, field)]
    return [Objection(str(details), field=field)]


def body_of(refused: Refused) -> dict[str, object]:
    """Give the problem details of a refusal."""
    objections = [{"says": one.says, "code": one.code, "field": one.field} for one in refused.objections]
    return {
        "type": "about:blank",
        "title": str(title_of(refused.status)),
        "status": refused.status,
        "detail": " ".join(str(one) for one in refused.objections),
        "objections": objections,
    }


def log_refusal(refused: Refused, *, person: Person | None, station: str, method: str, path: str) -> None:
    """Put a refusal into the security log: what was asked and why not, never what was sent."""
    if refused.status not in LOGGED:
        return
    codes = ",".join(sorted({one.code for one in refused.objections}))
    security.log(
        "refused",
        person=person,
        username=person.username if person else "",
        station=station,
        about=f"{refused.status} {method} {path}: {codes}",
    )


def problem_details(error: Exception, context: Mapping[str, Any]) -> Response | None:  # Any: DRF's own signature
    """Answer an error of a view with problem details; a bug is left to fail."""
    refused = as_refused(error)
    if refused is None:
        return None
    request = context.get("request")
    if isinstance(request, Request):
        # The framework keeps whom it has authenticated; asking `user` again could fail again.
        known = getattr(request._request, "person", None) or getattr(request, "_user", None)
        person = known if isinstance(known, Person) else None
        log_refusal(
            refused,
            person=person,
            station=station_of(request._request),
            method=str(request.method),
            path=request.path,
        )
    headers = {"Retry-After": "300"} if refused.status == 429 else {}
    if refused.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Cellwright"'
    return Response(body_of(refused), status=refused.status, content_type=MEDIA_TYPE, headers=headers)
