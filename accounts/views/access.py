"""Who has and had which access: the list of accounts, the history of one, who signs, and the reviews by quality."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.access import Standing, listing
from accounts.access_asked import Asked, Decision, asked, next_review_due, reviews
from accounts.access_review import COUNT_WORDS, objections_to_reviewing
from accounts.access_rows import Row, Shown, row_called, rows_of, signers
from accounts.checks import findings_on
from accounts.middleware import person_of
from accounts.models import AccessReview, Person
from accounts.needing import needs
from accounts.policy import must_accept_policy_first
from accounts.refusal import Refused, Text
from accounts.roles import Permission, Role
from accounts.signing import ask
from accounts.views.places import SeeOther
from ledger import clock
from ledger.models import Site

Plain = dict[str, object]
STATUS_OF: dict[Standing, tuple[str, Text]] = {
    Standing.ACTIVE: ("pass", Shown.ACTIVE.label),
    Standing.WAITING: ("wait", dict(COUNT_WORDS)["waiting"]),
    Standing.DEACTIVATED: ("none", Shown.DEACTIVATED.label),
}


@require_safe
@needs(Permission.SECURITY_READ)
def accounts(request: HttpRequest) -> HttpResponse:
    """List every account that ever was."""
    wanted = request.GET.get("show", "")
    shown = Shown(wanted) if wanted in Shown.values else Shown.ALL
    found = listing()
    rows = rows_of(found)
    context = {
        "rows": [_shown(row, person_of(request)) for row in rows if row.is_wanted(shown)],
        "as_of": found.as_of,
        "sha256": found.sha256(),
        "tabs": [
            {
                "title": one.label,
                "url": f"?show={one}" if one else "?",
                "count": sum(1 for row in rows if row.is_wanted(one)),
                "current": one == shown,
            }
            for one in Shown
        ],
        "open": [one for one in asked(found) if one.is_open],
        **_due(),
    }
    return render(request, "accounts/access.html", context)


@require_safe
@needs(Permission.SECURITY_READ)
def account(request: HttpRequest, username: str) -> HttpResponse:
    """Show everything that happened to one account."""
    row = row_called(username)
    found = listing()
    history = [
        {"event": event, "before": found.by_person[event.person].roles_before(event.seq)}
        for event in row.account.events
    ]
    context = {
        **_shown(row, person_of(request)),
        "history": history,
        "asked": [one for one in asked(found) if one.account.person.pk == row.account.person.pk],
    }
    return render(request, "accounts/access_account.html", context)


@require_safe
@needs(Permission.SECURITY_READ)
def signing_people(request: HttpRequest) -> HttpResponse:
    """List who may sign, since when, under which key."""
    return render(request, "accounts/signers.html", {"signers": signers(listing())})


@require_safe
@needs(Permission.SECURITY_READ)
def access_reviews(request: HttpRequest) -> HttpResponse:
    """List the reviews of access and what of them is open."""
    done = reviews()
    found = asked(listing(), done)
    rows = [{"row": one, "open": sum(1 for each in found if each.review == one and each.is_open)} for one in done]
    context = {"reviews": rows, "may_review": Permission.ACCESS_REVIEW in person_of(request).permissions, **_due()}
    return render(request, "accounts/access_reviews.html", context)


@require_safe
@needs(Permission.SECURITY_READ)
def access_review(request: HttpRequest, review_id: UUID) -> HttpResponse:
    """Show one review: what it read, what it found, what it asked for and whether that was done."""
    row = get_object_or_404(AccessReview, pk=review_id)
    then = listing(row.as_of_seq)
    context = {
        "row": row,
        "counts": [(words, row.counts.get(name, 0)) for name, words in COUNT_WORDS],
        "asked": [one for one in asked(listing()) if one.review == row],
        "is_that_list": then.sha256() == row.list_sha256,
        "broken": bool(findings_on(row)),
    }
    return render(request, "accounts/access_review.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@needs(Permission.ACCESS_REVIEW)
def new_access_review(request: HttpRequest) -> HttpResponse:
    """Show the list to review, and go on to its signature."""
    by = person_of(request)
    if request.method != "POST":
        return render(request, "accounts/access_review_new.html", _to_review(request, by))
    try:
        challenge, _shown_to_sign = ask("access.review", Site.objects.get().pk, _intent(request), by=by)
    except Refused as refused:
        context = _to_review(request, by) | {"objections": refused.objections, "page_has_errors": True}
        return render(request, "accounts/access_review_new.html", context, status=refused.status)
    return SeeOther(f"{reverse('accounts:sign', args=[challenge.pk])}?next={reverse('accounts:access-reviews')}")


def _intent(request: HttpRequest) -> Plain:
    """Give what the form says: accounts for which nothing was chosen are not named."""
    decisions: list[Plain] = []
    for name, value in request.POST.items():
        if name.startswith("decision-") and value:
            person = name.removeprefix("decision-")
            roles = request.POST.getlist(f"roles-{person}") if value == Decision.CHANGE_ROLES else []
            reason = request.POST.get(f"reason-{person}", "")
            decisions.append({"person": person, "decision": value, "roles": roles, "reason": reason})
    return {"as_of": request.POST.get("as_of", ""), "found": request.POST.get("found", ""), "decisions": decisions}


def _to_review(request: HttpRequest, by: Person) -> Plain:
    found = listing()
    still_open: dict[UUID, Asked] = {one.account.person.pk: one for one in asked(found) if one.is_open}
    rows: list[Plain] = []
    for row in rows_of(found):
        key = row.account.person.pk
        sent_roles = request.POST.getlist(f"roles-{key}")
        rows.append(
            {
                **_shown(row, by),
                "still_open": still_open.get(key),
                "decision": request.POST.get(f"decision-{key}", ""),
                "reason": request.POST.get(f"reason-{key}", ""),
                "chosen": sent_roles or list(row.account.roles),
            }
        )
    return {
        "rows": rows,
        "as_of": found.as_of,
        "sha256": found.sha256(),
        "counts": [(words, found.counts()[name]) for name, words in COUNT_WORDS],
        "found": request.POST.get("found", ""),
        "decisions": Decision.choices,
        "roles": Role.choices,
        "against": [*must_accept_policy_first(by, "access.review"), *objections_to_reviewing(found, by=by)],
    }


def _shown(row: Row, reader: Person) -> Plain:
    status, word = STATUS_OF[row.account.standing]
    return {
        "row": row,
        "account": row.account,
        "somebody": row.account.person,
        "status": status,
        "word": word,
        "is_own": row.account.person.pk == reader.pk,
    }


def _due() -> Plain:
    due = next_review_due()
    return {"due": due, "is_late": due < clock.now()}
