"""People: who has an account, who waits for one, and everything an administrator does about somebody."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts import security
from accounts.key_life import keys_of
from accounts.links import make_link, objections_to_link
from accounts.middleware import person_of
from accounts.models import Admission, Deactivation, KeyReset, Person, RoleChange
from accounts.offering import Offer, offer
from accounts.people_reading import people_for, person_for, reads_people
from accounts.refusal import NotAllowed, Objection
from accounts.roles import TABLE, Permission, Role
from accounts.sessions import station_of
from ledger.models import Site


@require_safe
def everybody(request: HttpRequest) -> HttpResponse:
    """List people, those that wait for approval first, and the form by which somebody is admitted."""
    reader = person_of(request)
    if not reads_people(reader):
        raise NotAllowed(Objection(_("Your roles do not allow you to read about people."), code="lacks_permission"))
    waiting = {
        *Admission.objects.filter(approval=None).values_list("person_id", flat=True),
        *RoleChange.objects.filter(approval=None).values_list("person_id", flat=True),
        *KeyReset.objects.filter(approval=None).values_list("person_id", flat=True),
    }
    people = sorted(people_for(reader), key=lambda one: (one.pk not in waiting, one.username))
    closed = set(Deactivation.objects.values_list("person_id", flat=True))
    context = {
        "people": [(one, one.pk in waiting, one.pk in closed) for one in people],
        "admit": offer("person.admit", Site.objects.get(), by=reader),
        "roles": Role.choices,
    }
    return render(request, "accounts/people.html", context)


@require_safe
def one(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show one person and what may be done about them."""
    reader = person_of(request)
    return render(request, "accounts/person.html", _about(person_for(reader, person_id), reader))


def _about(somebody: Person, reader: Person) -> dict[str, object]:
    manages = Permission.ACCOUNT_MANAGE in reader.permissions
    pending = (
        ("person.approve", Admission.objects.filter(person=somebody, approval=None).first()),
        ("person.approve_roles", RoleChange.objects.filter(person=somebody, approval=None).first()),
        ("person.approve_reset", KeyReset.objects.filter(person=somebody, approval=None).first()),
    )
    approvals: list[tuple[object, Offer]] = [
        (row, offer(code, somebody, by=reader)) for code, row in pending if row is not None and manages
    ]
    closed = Deactivation.objects.filter(person=somebody).first()
    blocked = security.is_blocked(somebody.username)
    return {
        "somebody": somebody,
        "closed": closed,
        "approvals": approvals,
        "waiting": [row for _code, row in pending if row is not None],
        "trainings": somebody.trainings.order_by("procedure", "-recorded_at"),
        "roles": Role.choices,
        "change_roles": offer("person.change_roles", somebody, by=reader) if manages and not closed else None,
        "keys": keys_of(somebody),
        "revoke": offer("key.revoke", somebody, by=reader) if manages and somebody.state.key_id else None,
        "reset": offer("person.reset_key", somebody, by=reader) if manages and not closed else None,
        "deactivate": offer("person.deactivate", somebody, by=reader) if manages and not closed else None,
        "train": offer("person.record_training", somebody, by=reader)
        if Permission.TRAINING_RECORD in reader.permissions and not closed
        else None,
        "blocked": blocked,
        "lift": offer("person.lift_block", somebody, by=reader) if blocked else None,
        "link_objections": objections_to_link(somebody, by=reader),
        "manages": manages,
    }


@require_POST
@never_cache
def link(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Make a one-time link and show it once; it is stored nowhere."""
    by = person_of(request)
    somebody = person_for(by, person_id)
    token = make_link(somebody, by=by, station=station_of(request))
    context = {
        "title": _("One-time link for %(name)s") % {"name": somebody.name},
        "secret": request.build_absolute_uri(reverse("accounts:enrol", args=[token])),
        "url": reverse("accounts:person", args=[somebody.pk]),
        "is_link": True,
    }
    return render(request, "accounts/shown_once.html", context)


@require_safe
def roles(request: HttpRequest) -> HttpResponse:
    """Show the table of roles and what each allows."""
    rows = [(permission, [permission in TABLE[role] for role in Role]) for permission in Permission]
    return render(request, "accounts/roles.html", {"roles": list(Role), "rows": rows})
