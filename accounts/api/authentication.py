"""Who asks: the person of the session at this browser, or the person who issued a bearer token.

(1) A session counts only unlocked, and every request that changes something carries the session's CSRF token.
(2) A token reads or records in its issuer's name. It never signs: an act asks for user name and password as well.
(3) A token ends when it expires, is revoked, its issuer is deactivated or the issuer's key is replaced or revoked.
(4) Without a known person nothing is answered.
"""

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts import security
from accounts.models import KeyResetApproval, KeyRevocation, KeyRotation, Person, TokenIssued, TokenUse
from accounts.sessions import station_of
from ledger import clock

if TYPE_CHECKING:
    from rest_framework.views import APIView

READ, RECORD = "read", "record"
NOTED_EVERY = timedelta(minutes=5)
HEADER = 'Bearer realm="Cellwright"'


class SessionPerson(BaseAuthentication):
    """The person who signed in at this browser, proved by the session and, for changes, by its CSRF token."""

    def authenticate(self, request: Request) -> tuple[Person, None] | None:
        person: Person | None = getattr(request._request, "person", None)
        if person is None:
            return None
        self.enforce_csrf(request)
        return person, None

    def enforce_csrf(self, request: Request) -> None:
        """Refuse a change that does not carry the session's own token."""
        check = CSRFCheck(lambda _request: None)  # type: ignore[arg-type]  # no view stands behind it
        check.process_request(request._request)
        if reason := check.process_view(request._request, None, (), {}):  # type: ignore[arg-type]  # as above
            raise PermissionDenied(_("The CSRF token is missing or not this session's (%(why)s).") % {"why": reason})

    def authenticate_header(self, request: Request) -> str:
        return HEADER


class BearerPerson(BaseAuthentication):
    """The person in whose name a program asks, by the token they issued to it."""

    def authenticate(self, request: Request) -> tuple[Person, TokenIssued] | None:
        kind, _space, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = token_in_force(text.strip())
        if token is None:
            security.log("token_refused", station=station_of(request._request))
            raise AuthenticationFailed(_("This token is unknown, expired or revoked."))
        note_use(token)
        return token.signer, token

    def authenticate_header(self, request: Request) -> str:
        return HEADER


def note_use(token: TokenIssued) -> None:
    """Keep when a token was last used, to five minutes, so that reading does not become writing."""
    moment = clock.machine_now()
    noted = TokenUse.objects.filter(token=token).values_list("last_at", flat=True).first()
    if noted is None or moment - noted > NOTED_EVERY:
        TokenUse.objects.update_or_create(token=token, defaults={"last_at": moment})


def token_in_force(text: str) -> TokenIssued | None:
    """Give the token that this text opens, or None, whatever the reason."""
    wanted = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    found = TokenIssued.objects.select_related("signer__state").filter(
        token_sha256=wanted, revoked=None, expires_at__gt=clock.machine_now()
    )
    token = found.first()
    if token is None or not token.signer.state.active:
        return None
    since = {"signed_at__gte": token.signed_at}
    replaced = (
        KeyResetApproval.objects.filter(reset__person=token.signer, **since).exists()
        or KeyRevocation.objects.filter(person=token.signer, **since).exists()
        or KeyRotation.objects.filter(signer=token.signer, **since).exists()
    )
    return None if replaced else token


class IsKnownPerson(BasePermission):
    """Somebody known asks, and a token's scopes cover what it asks for."""

    message = gettext_lazy("This token may not do that.")

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.user, Person):
            return False
        token = request.auth
        if token is None:
            return True
        needed = READ if request.method in SAFE_METHODS else RECORD
        return isinstance(token, TokenIssued) and needed in token.scopes


def asker(request: Request) -> Person:
    """Give the person who asks; the permission has made sure that there is one."""
    if not isinstance(request.user, Person):
        raise PermissionDenied
    return request.user
