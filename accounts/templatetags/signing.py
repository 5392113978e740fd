"""`{% sign_button "person.approve" subject person %}`: the button of an act, or the reasons against it in its place."""

from django import template
from django.db.models import Model

from accounts.models import Person
from accounts.offering import offer

register = template.Library()


@register.inclusion_tag("accounts/_sign_form.html", takes_context=True)
def sign_button(
    context: template.Context, act: str, subject: Model, person: Person, **intent: object
) -> dict[str, object]:
    """Show an act with its choices already made; what is left to choose belongs into a form of the page's own."""
    shown = offer(act, subject, by=person, data=intent or None)
    return {"offer": shown, "csrf_token": context.get("csrf_token"), "request": context.get("request")}
