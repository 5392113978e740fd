"""One's own account: roles, keys, training, the policy, the password, tokens, and every signature one gave."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.admission import change_secret
from accounts.key_life import keys_of, rotate_key
from accounts.middleware import person_of
from accounts.models import Person, TokenIssued
from accounts.offering import offer
from accounts.own_signatures import signatures_of
from accounts.policy import ACCEPTING, POLICY, POLICY_VERSION
from accounts.refusal import BadInput, Objection, Refused
from accounts.sessions import sign_out, station_of
from accounts.token_acts import SCOPES, revoke
from accounts.views.places import SeeOther
from ledger import clock


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """Show one's own account, or change one's password and sign in anew."""
    person = person_of(request)
    if request.method == "GET":
        return _shown(request, person, None)
    try:
        if request.POST.get("new_secret", "") != request.POST.get("new_secret_again", ""):
            raise BadInput(Objection(_("The two passwords differ. Type them again."), field="new_secret_again"))
        change_secret(
            person,
            secret=request.POST.get("secret", ""),
            new_secret=request.POST.get("new_secret", ""),
            station=station_of(request),
        )
    except Refused as refused:
        return _shown(request, person, refused)
    sign_out(request)
    return SeeOther(f"{reverse('accounts:sign-in')}?enrolled=1")


def _shown(request: HttpRequest, person: Person, refused: Refused | None) -> HttpResponse:
    tokens = TokenIssued.objects.filter(signer=person, revoked=None, expires_at__gt=clock.machine_now())
    accepted = person.state.policy_version >= POLICY_VERSION
    context = {
        "trainings": person.trainings.order_by("procedure", "-recorded_at"),
        "keys": keys_of(person),
        "policy": POLICY,
        "policy_accepted": accepted,
        "accept": None if accepted else offer(ACCEPTING, person, by=person),
        "signatures": signatures_of(person),
        "tokens": tokens.order_by("-recorded_at"),
        "issue": offer("token.issue", person, by=person),
        "scopes": SCOPES,
        "objections": refused.objections if refused else [],
        "page_has_errors": refused is not None,
    }
    return render(request, "accounts/account.html", context, status=refused.status if refused else 200)


@never_cache
@require_POST
def rotate(request: HttpRequest) -> HttpResponse:
    """Replace one's own key under the same password and sign in anew."""
    person = person_of(request)
    try:
        rotate_key(person, secret=request.POST.get("present_secret", ""), station=station_of(request))
    except Refused as refused:
        return _shown(request, person, refused)
    sign_out(request)
    return SeeOther(f"{reverse('accounts:sign-in')}?new_key=1")


@require_POST
def revoke_token(request: HttpRequest, token_id: UUID) -> HttpResponse:
    """End one of one's own tokens."""
    person = person_of(request)
    token = TokenIssued.objects.filter(pk=token_id, signer=person).first()
    if token is None:
        raise Http404
    revoke(token, by=person)
    return SeeOther(reverse("accounts:account"))
