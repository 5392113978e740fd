"""The reasons against an act, and the one error that carries them to a person.

An empty list means yes. The page lists the reasons, the button hides behind them, the action refuses with them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.roles import Permission

if TYPE_CHECKING:
    from accounts.models import Person
    from accounts.sending_again import Again

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason against an act: a sentence that says what to do, and a short code for machines."""

    says: str
    code: str = "not_possible"
    field: str = ""
    url: str = ""

    def __str__(self) -> str:
        return self.says


class Refused(Exception):  # noqa: N818  the word people use
    """An intention that was refused; nothing was changed. `status` is its HTTP status.

    `again` is what a page shows of what was typed for it, so that it can be changed and sent again.
    """

    status = 409
    again: "Again | None" = None

    def __init__(self, objections: Sequence[Objection] | Objection | str, *, status: int | None = None) -> None:
        if isinstance(objections, str):
            objections = [Objection(objections)]
        self.objections = [objections] if isinstance(objections, Objection) else list(objections)
        if status is not None:
            self.status = status
        super().__init__("; ".join(str(objection) for objection in self.objections))


class NotAllowed(Refused):
    """The person's roles do not allow this."""

    status = 403


class BadInput(Refused):
    """What was sent cannot be read; each objection names its field."""

    status = 400


class Stale(Refused):
    """What was shown is no longer what is stored; nothing was signed."""

    status = 409


class SameIdOtherContent(Refused):
    """A repeat carries the id of an earlier request but says something else."""

    status = 422


class TooManyTries(Refused):
    """Wrong secrets were typed too often; wait or ask for help."""

    status = 429


def when(
    condition: object, says: Text, *, code: str = "not_possible", field: str = "", url: str = ""
) -> list[Objection]:
    """Give one objection if the condition holds, else none."""
    return [Objection(str(says), code, field, url)] if condition else []


def lacks(by: "Person", permission: Permission) -> list[Objection]:
    """Object unless the person's roles allow this."""
    return when(
        permission not in by.permissions,
        _("Your roles do not allow you to %(permission)s.") % {"permission": permission.label},
        code="lacks_permission",
    )


def refuse_if(objections: Sequence[Objection]) -> None:
    """Raise Refused with all objections; NotAllowed when one is a missing permission; do nothing when there is none."""
    if objections:
        allowed = all(objection.code != "lacks_permission" for objection in objections)
        raise (Refused if allowed else NotAllowed)(objections)
