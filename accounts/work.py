"""What waits for administrators and for quality: approvals about people, and open incidents of the record."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.incident_acts import kind_words, pending_closing
from accounts.models import Admission, KeyReset, Person, RoleChange
from accounts.panels import Task
from accounts.roles import Permission
from ledger.models import Incident


def approvals_for(person: Person) -> Iterator[Task]:
    """Give the approvals that this administrator may give: what somebody else proposed about somebody else."""
    if Permission.ACCOUNT_MANAGE not in person.permissions:
        return
    for model, words in (
        (Admission, _("Approve the admission of %(name)s")),
        (RoleChange, _("Approve other roles for %(name)s")),
        (KeyReset, _("Approve a new key for %(name)s")),
    ):
        waiting = model._default_manager.filter(approval=None).exclude(signer=person).exclude(person=person)
        for row in waiting.select_related("person").order_by("recorded_at"):
            yield Task(
                title=words % {"name": row.person.name},
                batch="",
                url=reverse("accounts:person", args=[row.person_id]),
                verb=_("Look and approve"),
                detail=_("Proposed by %(name)s") % {"name": row.signer_name},
                icon="users",
            )


def incidents_for(person: Person) -> Iterator[Task]:
    """Give the open incidents that this person may end, or agree to the end of."""
    if Permission.INCIDENT_CLOSE not in person.permissions:
        return
    for incident in Incident.objects.filter(state__is_open=True).order_by("recorded_at"):
        closing = pending_closing(incident)
        if closing is not None and closing.signer_id == person.pk:
            continue
        yield Task(
            title=kind_words(incident.kind),
            batch="",
            url=f"{reverse('integrity')}#{incident.pk}",
            verb=_("Look into it") if closing is None else _("Look and agree"),
            detail=_("Proposed by %(name)s") % {"name": closing.signer_name} if closing else incident.about,
            icon="shield-alert",
        )
