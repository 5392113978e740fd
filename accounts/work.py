"""What waits for administrators: everything about people that a second one has to approve."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Admission, KeyReset, Person, RoleChange
from accounts.panels import Task
from accounts.roles import Permission


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
