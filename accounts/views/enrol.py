"""Setting one's password by a one-time link, which makes one's key."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.admission import enrol, link_for
from accounts.refusal import BadInput
from accounts.views.places import SeeOther


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for a password twice and enrol the person's key; the address is told to no other site."""
    link = link_for(token)
    refused: BadInput | None = None
    if request.method == "POST":
        try:
            enrol(
                token,
                secret=request.POST.get("secret", ""),
                secret_again=request.POST.get("secret_again", ""),
            )
        except BadInput as error:
            refused = error
        else:
            return _private(SeeOther(f"{reverse('accounts:sign-in')}?enrolled=1"))
    context = {
        "newcomer": link.person,
        "objections": refused.objections if refused else [],
        "page_has_errors": refused is not None,
    }
    return _private(render(request, "accounts/enrol.html", context, status=400 if refused else 200))


def _private(answer: HttpResponse) -> HttpResponse:
    answer["Referrer-Policy"] = "no-referrer"
    return answer
