"""What reviews of access asked for, and whether it was done; and when the next review is due.

(1) What was asked about an account stays open until the entries say that it happened after the review: exactly the
    roles that were asked for, or the account closed. Nobody ticks it off.
(2) What a later review decides about the same account takes the place of what an earlier one asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import Account, Listing, listing, role_words
from accounts.access_events import Event, Kind, Roles
from accounts.models import AccessReview, Person
from accounts.panels import Task
from accounts.roles import Permission
from ledger import clock
from ledger.models import Entry, Site

Decision = AccessReview.Decision
# A review is work this long before it is due.
COMES_UP = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a review decided about one account, and the event by which it was done, if it was."""

    review: AccessReview
    account: Account
    decision: AccessReview.Decision
    roles: Roles
    reason: str
    done_by: Event | None = None
    replaced_by: AccessReview | None = None

    @property
    def is_open(self) -> bool:
        """Something was asked for that did not happen yet."""
        return self.decision != Decision.KEEP and self.done_by is None and self.replaced_by is None

    @property
    def words(self) -> str:
        """What was decided, in words."""
        if self.decision == Decision.CHANGE_ROLES:
            return _("change the roles to: %(roles)s") % {"roles": role_words(self.roles) or _("none")}
        return str(self.decision.label)


def reviews() -> list[AccessReview]:
    """Give every review, the newest first."""
    return list(AccessReview.objects.order_by("-as_of_seq", "-recorded_at"))


def asked(accounts: Listing, done: list[AccessReview] | None = None) -> list[Asked]:
    """Give everything that reviews decided about single accounts, the newest review first."""
    done = reviews() if done is None else done
    keys = [review.pk for review in done]
    places = dict(Entry.objects.filter(rec_id__in=keys).values_list("rec_id", "seq"))
    found: list[Asked] = []
    later: dict[UUID, AccessReview] = {}
    for review in done:
        decided = [_asked(review, one, places.get(review.pk, review.as_of_seq), accounts) for one in review.decisions]
        known = [one for one in decided if one is not None]
        found += [_replaced(one, later.get(one.account.person.pk)) for one in known]
        later |= {one.account.person.pk: review for one in known}
    return found


def _asked(review: AccessReview, said: dict[str, object], seq: int, accounts: Listing) -> Asked | None:
    account = accounts.by_person.get(UUID(str(said["person"])))
    if account is None:
        return None
    roles = said["roles"]
    asked_roles = tuple(str(role) for role in roles) if isinstance(roles, list) else ()
    decision = Decision(str(said["decision"]))
    done_by = next(
        (event for event in account.events if event.seq > seq and _fulfils(event, decision, asked_roles)), None
    )
    return Asked(review, account, decision, asked_roles, str(said["reason"]), done_by)


def _fulfils(event: Event, decision: AccessReview.Decision, roles: Roles) -> bool:
    """Tell whether an event is what was asked for; a closed account has no roles, so it answers every request."""
    if event.kind == Kind.DEACTIVATED:
        return True
    return (
        decision == Decision.CHANGE_ROLES and event.kind == Kind.ROLES_CHANGED and set(event.after or ()) == set(roles)
    )


def _replaced(one: Asked, later: AccessReview | None) -> Asked:
    if later is None:
        return one
    return Asked(one.review, one.account, one.decision, one.roles, one.reason, one.done_by, later)


def next_review_due() -> datetime:
    """Give when the next review is due: so many days after the newest one, or after the site was founded."""
    newest = AccessReview.objects.order_by("-signed_at").first()
    since = newest.signed_at if newest else Site.objects.get().recorded_at
    return since + timedelta(days=settings.ACCESS_REVIEW_DAYS)


def access_work_for(person: Person) -> Iterator[Task]:
    """Give quality the review that comes due, and administrators the changes that reviews asked for."""
    if Permission.ACCESS_REVIEW in person.permissions:
        due = next_review_due()
        if due - clock.now() <= COMES_UP:
            yield Task(
                title=_("Review every account and its roles"),
                batch="",
                url=reverse("accounts:access-review-new"),
                verb=_("Review"),
                detail=_("The last review is %(days)s days back when this is due")
                % {"days": settings.ACCESS_REVIEW_DAYS},
                due_at=due,
                icon="users",
            )
    if Permission.ACCOUNT_MANAGE in person.permissions and AccessReview.objects.exists():
        for one in asked(listing()):
            if one.is_open and one.account.person.pk != person.pk:
                yield Task(
                    title=_("%(name)s: %(what)s") % {"name": one.account.person.name, "what": one.words},
                    batch="",
                    url=reverse("accounts:person", args=[one.account.person.pk]),
                    verb=_("Open"),
                    detail=_("Asked for by a review of access: %(reason)s") % {"reason": one.reason},
                    icon="users",
                )
