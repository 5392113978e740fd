"""How pages say no: one page for every refusal, with all its reasons and what to do next.

(1) A refusal of an action, a missing page, a wrong token and a failure all come through here; none shows a trace.
(2) What is missing and what somebody may not see look the same.
(3) The API's own addresses answer with problem details instead.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.api.problems import MEDIA_TYPE, as_refused, body_of, log_refusal, title_of
from accounts.refusal import Objection, Refused
from accounts.sessions import station_of

TEMPLATE = "config/problem.html"


class RefusalMiddleware:
    """Shows what an action refused, with its status; the same whole page to a browser and to htmx."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer a refusal or a missing thing; a bug is left to fail."""
        refused = as_refused(error)
        return None if refused is None else problem_page(request, refused)


def problem_page(request: HttpRequest, refused: Refused) -> HttpResponse:
    """Show a refusal and put it into the security log."""
    log_refusal(
        refused,
        person=getattr(request, "person", None),
        station=station_of(request),
        method=str(request.method),
        path=request.path,
    )
    if request.path.startswith("/api/"):
        return JsonResponse(body_of(refused), status=refused.status, content_type=MEDIA_TYPE)
    return render(request, TEMPLATE, _context(request, refused), status=refused.status)


def _context(request: HttpRequest, refused: Refused) -> dict[str, object]:
    """Give the problem page what it shows; somebody who is not signed in sees it at the door."""
    steps = [{"url": back_from(request), "words": _("Go back")}, {"url": "/", "words": _("Go to my work")}]
    return {
        "heading": title_of(refused.status),
        "objections": refused.objections,
        "again": refused.again,
        "next_steps": steps if steps[0]["url"] != "/" else steps[1:],
        "problem_base": "base.html" if getattr(request, "person", None) else "config/signed_out_base.html",
        "page_has_errors": True,
    }


def back_from(request: HttpRequest) -> str:
    """Give the page of ours that the person came from; the work queue when there is none."""
    origin = f"{request.scheme}://{request.get_host()}"
    referrer = request.headers.get("Referer", "")
    place = referrer.removeprefix(origin) if referrer.startswith(f"{origin}/") else "/"
    return place if place != request.get_full_path() else "/"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a form that does not come from a page of this session."""
    says = _("This form is too old or does not come from this site. Nothing was saved. Open the page again.")
    return problem_page(request, Refused(Objection(says, code="csrf"), status=403))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse what cannot be read."""
    says = _("This request cannot be read. Nothing was saved. Go back and try again.")
    return problem_page(request, Refused(Objection(says, code="bad_input"), status=400))


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Refuse what somebody's roles do not allow."""
    says = _("Your roles do not allow this.")
    return problem_page(request, Refused(Objection(says, code="lacks_permission"), status=403))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing here, or nothing for this person."""
    says = _("This does not exist, or you may not see it.")
    return problem_page(request, Refused(Objection(says, code="not_found"), status=404))


def failed(request: HttpRequest) -> HttpResponse:
    """Say that the program failed, without a trace; the page needs nothing that could fail as well."""
    says = _("The program failed. What you sent was not saved. Tell the person who looks after this system.")
    refused = Refused(Objection(says, code="failed"), status=500)
    if request.path.startswith("/api/"):
        return JsonResponse(body_of(refused), status=500, content_type=MEDIA_TYPE)
    try:
        return render(request, TEMPLATE, _context(request, refused), status=500)
    except Exception:
        return HttpResponse(says, status=500, content_type="text/plain; charset=utf-8")
