"""The lists of accounts and of signers, to take away: who takes one stands in the security log."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts import security
from accounts.access import listing
from accounts.access_rows import rows_of, signers
from accounts.handing_out import attachment
from accounts.middleware import person_of
from accounts.needing import needs
from accounts.roles import Permission
from accounts.sessions import station_of
from reports.access_lists import accounts_csv, signers_csv

CSV = "text/csv; charset=utf-8"


@require_safe
@needs(Permission.SECURITY_READ)
def accounts_list(request: HttpRequest) -> HttpResponse:
    """Hand out every account with everything that happened to it."""
    found = listing()
    _log(request, f"accounts up to entry {found.as_of}")
    return attachment(b"".join(accounts_csv(found, rows_of(found))), name="accounts.csv", media_type=CSV)


@require_safe
@needs(Permission.SECURITY_READ)
def signers_list(request: HttpRequest) -> HttpResponse:
    """Hand out who signs under which key."""
    found = listing()
    _log(request, f"signers up to entry {found.as_of}")
    return attachment(b"".join(signers_csv(signers(found))), name="signers.csv", media_type=CSV)


def _log(request: HttpRequest, about: str) -> None:
    person = person_of(request)
    security.log("access_list", person=person, username=person.username, station=station_of(request), about=about)
