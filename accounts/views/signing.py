"""The signature page: on the left what is signed, on the right what the signature means and who gives it.

(1) What is shown is built by the server from stored rows; what the browser sends is never signed.
(2) A wrong password leaves the page as it is; a record that changed sends the person back to look at it.
(3) The page works by plain forms: one makes the challenge, the other signs it.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework import serializers

from accounts.acts import Act, Intent, ToSign
from accounts.middleware import person_of
from accounts.models import Challenge, Signed
from accounts.refusal import Objection, Refused, Stale
from accounts.sending_again import sent_again
from accounts.sessions import station_of
from accounts.signing import WrongSecret, ask, known_act, perform, usable
from accounts.views.places import SeeOther, came_from, own_place
from accounts.wording import in_groups

LONGEST_SECRET = 1024
CAN_BE_SENT_AGAIN = (400, 409, 422)


@require_POST
def start(request: HttpRequest, act: str, subject: UUID) -> HttpResponse:
    """Make a challenge out of a form and show it; a refusal lists every reason and keeps what was typed."""
    wanted, back = known_act(act), own_place(request.POST.get("next", ""), came_from(request))
    try:
        challenge, _shown = ask(act, subject, intent_of(request, wanted), by=person_of(request))
    except Refused as refused:
        if refused.status in CAN_BE_SENT_AGAIN:
            refused.again = sent_again(wanted, request.POST, refused, url=request.path, back=back)
        raise
    query = urlencode({"next": back})
    return SeeOther(f"{reverse('accounts:sign', args=[challenge.pk])}?{query}")


def intent_of(request: HttpRequest, act: Act[Any]) -> Intent:  # Any: acts of every kind of subject
    """Give the fields of a form as an act's intent takes them: lists where it takes lists, empty ones left out."""
    fields = act.asks().fields
    intent: Intent = {}
    for name in request.POST:
        if name in {"csrfmiddlewaretoken", "next"}:
            continue
        values = request.POST.getlist(name)
        if isinstance(fields.get(name), serializers.ListField | serializers.ListSerializer):
            intent[name] = [value for value in values if value]
        elif values[-1] or getattr(fields.get(name), "required", True):
            intent[name] = values[-1]
    for name, field in fields.items():
        # A browser sends nothing for a list in which nothing is ticked.
        if isinstance(field, serializers.ListField) and field.required and name not in intent:
            intent[name] = []
    return intent


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, challenge_id: UUID) -> HttpResponse:
    """Show what is to be signed, or sign it."""
    person = person_of(request)
    challenge = Challenge.objects.filter(pk=challenge_id, asked_by=person).first()
    if challenge is None:
        says = _("This signature page is not known. Open it again.")
        raise Refused(Objection(says, code="unknown_challenge"), status=404)
    back = own_place(request.GET.get("next", ""))
    if request.method == "POST":
        try:
            return _signed(request, challenge)
        except Refused as refused:
            if not isinstance(refused, WrongSecret) and refused.status != 429 and refused.status != 400:
                raise
            return _shown(request, challenge, back, refused)
    return _shown(request, challenge, back, None)


def _signed(request: HttpRequest, challenge: Challenge) -> HttpResponse:
    person = person_of(request)
    act = known_act(challenge.act)
    row: Signed = perform(
        challenge.pk,
        username=request.POST.get("username", "") if act.second_person else person.username,
        secret=request.POST.get("secret", "")[: LONGEST_SECRET + 1],
        comment=request.POST.get("comment", ""),
        station=station_of(request),
        at_hand=person,
    )
    if row.shown_once:
        context = {"title": act.title, "secret": row.shown_once, "url": act.done_url(row)}
        return render(request, "accounts/shown_once.html", context)
    return SeeOther(act.done_url(row))


def _shown(request: HttpRequest, challenge: Challenge, back: str, refused: Refused | None) -> HttpResponse:
    """Show the page; refuse when the record is no longer what the challenge was made for."""
    usable(challenge)
    act = known_act(challenge.act)
    shown: ToSign = act.to_sign(act.find(challenge.subject), challenge.intent)
    if shown.sha256() != challenge.view_sha256:
        says = _("The record changed after you opened this. Nothing was signed. Check the values and sign again.")
        raise Stale(Objection(says, code="stale", url=back))
    meaning, text = act.means(challenge.intent)
    context = {
        "act": act,
        "to_sign": shown,
        "meaning": meaning,
        "meaning_text": text,
        "challenge": challenge,
        "fingerprint": in_groups(challenge.view_sha256[:12].upper()),
        "back": back,
        "objections": refused.objections if refused else [],
        "page_has_errors": refused is not None,
        "username": request.POST.get("username", ""),
        "comment": request.POST.get("comment", ""),
    }
    return render(request, "accounts/sign.html", context, status=refused.status if refused else 200)
