"""The periodic review of access: quality reads every account and says which ones are to change.

(1) A review is of the list as it stood at one entry of the ledger; its digest is signed, and verification builds the
    list again.
(2) Whoever looks after accounts does not review them, nor whoever did anything to one since the review before.
(3) Nobody decides about their own account; it is read by whoever reviews next.
(4) A review changes nothing itself. What it asks for is done by administrators, with their own two signatures.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.access import Account, Listing, Standing, listing, newest_entry, role_words
from accounts.access_asked import Decision
from accounts.access_events import DONE_BY_ADMINISTRATORS, Event
from accounts.acts import AboutSite, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import AccessReview, Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import BadInput, Objection, when
from accounts.roles import Permission, Role
from accounts.signature import Signature, sign
from accounts.wording import in_groups
from ledger.models import Site
from ledger.verification import Finding, Verification, check

MOST_DECISIONS = 1000
COUNT_WORDS = (
    ("accounts", gettext_lazy("Accounts")),
    ("active", gettext_lazy("active")),
    ("waiting", gettext_lazy("without a key yet")),
    ("deactivated", gettext_lazy("deactivated")),
    ("pointed_out", gettext_lazy("lines pointed out")),
)


class DecisionIntent(StrictSerializer[Intent]):
    """What is to become of one account."""

    person = serializers.UUIDField()
    decision = serializers.ChoiceField(Decision.choices)
    roles = serializers.ListField(
        child=serializers.ChoiceField(Role.choices),
        max_length=8,
        required=False,
        default=list,
        help_text="the roles that the person is to have, where they are to change",
    )
    reason = TextField(min_length=5, max_length=1000)


class ReviewIntent(StrictSerializer[Intent]):
    """Which list was read, what was found, and what is to change; accounts that are not named are kept."""

    as_of = serializers.IntegerField(
        label=gettext_lazy("Entry of the list"),
        min_value=1,
        max_value=2**53 - 1,
        help_text="the entry that the list gives",
    )
    found = TextField(label=gettext_lazy("Found"), min_length=10, max_length=4000)
    decisions = serializers.ListField(child=DecisionIntent(), max_length=MOST_DECISIONS, required=False, default=list)


@register
class ReviewAccess(AboutSite):
    """Sign that every account and its roles were looked through, and what is to change (21 CFR 11.300(b))."""

    code = "access.review"
    title = gettext_lazy("Review of access")
    verb = gettext_lazy("Sign the review")
    permission = Permission.ACCESS_REVIEW
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I reviewed every account and its roles as listed, except my own.")
    asks = ReviewIntent

    def to_sign(self, subject: Site, intent: Intent) -> ToSign:
        accounts = listing(_place(intent))
        counts = accounts.counts()
        return ToSign(
            title=str(self.title),
            identity=[Line(_("Site"), subject.name), Line(_("Accounts as of entry"), str(accounts.as_of))],
            lines=[
                Line(_("Digest of the list"), in_groups(accounts.sha256())),
                *(Line(str(words), str(counts[name])) for name, words in COUNT_WORDS),
                Line(_("Found"), intent["found"]),
                *(self._line(accounts, said) for said in intent["decisions"]),
            ],
            version=accounts.sha256(),
        )

    def _line(self, accounts: Listing, said: Mapping[str, Any]) -> Line:  # Any: plain values of the intent
        account = accounts.by_person.get(UUID(said["person"]))
        who = f"{account.person.name} ({account.person.username})" if account else said["person"]
        what = str(Decision(said["decision"]).label)
        if said["decision"] == Decision.CHANGE_ROLES:
            what = _("%(what)s to: %(roles)s") % {"what": what, "roles": role_words(said["roles"]) or _("none")}
        return Line(who, f"{what}. {said['reason']}", "" if said["decision"] == Decision.KEEP else "warn")

    def objections(self, subject: Site, intent: Intent, by: Person) -> list[Objection]:
        accounts, now = listing(_place(intent)), listing()
        people = [said["person"] for said in intent["decisions"]]
        return [
            *objections_to_reviewing(now, by=by),
            *when(
                _changed_since(accounts, now),
                _("An account changed after you opened this list. Open it again and look at what changed."),
                code="stale",
                url=reverse("accounts:access-review-new"),
            ),
            *when(len(set(people)) != len(people), _("Decide once about each account."), field="decisions"),
            *(
                objection
                for said in intent["decisions"]
                for objection in _objections_to(said, accounts.by_person.get(UUID(said["person"])), by)
            ),
        ]

    def carry_out(self, subject: Site, intent: Intent, signature: Signature) -> AccessReview:
        accounts = listing(intent["as_of"])
        row = AccessReview(
            as_of_seq=accounts.as_of,
            list_sha256=accounts.sha256(),
            counts=accounts.counts(),
            found=intent["found"],
            decisions=[dict(said) | {"roles": sorted(set(said["roles"]))} for said in intent["decisions"]],
        )
        return sign(row, signature, type="access.reviewed")

    def done_url(self, row: Signed) -> str:
        return reverse("accounts:access-review", args=[row.pk])


def _place(intent: Intent) -> int:
    """Give the entry of the list that was read; raise BadInput for one that is not there yet."""
    as_of: int = intent["as_of"]
    if as_of > newest_entry():
        raise BadInput(Objection(_("The ledger has no such entry yet."), code="bad_input", field="as_of"))
    return as_of


def objections_to_reviewing(accounts: Listing, *, by: Person) -> list[Objection]:
    """Give what speaks against a review by this person, whatever it would say."""
    newest = AccessReview.objects.order_by("-as_of_seq").first()
    did = did_to_accounts(accounts, by.pk, since=newest.as_of_seq if newest else 0)
    return [
        *when(
            Permission.ACCOUNT_MANAGE in by.permissions,
            _("Whoever looks after accounts does not review them. Another person of quality reviews."),
            code="same_person",
        ),
        *when(
            did,
            _("You did something to an account since the last review. Another person of quality reviews."),
            code="same_person",
        ),
    ]


def did_to_accounts(accounts: Listing, person: UUID, *, since: int) -> list[Event]:
    """Give what somebody signed about accounts after an entry, as only administrators do."""
    return [
        event
        for account in accounts.accounts
        for event in account.events
        if event.seq > since
        and event.kind in DONE_BY_ADMINISTRATORS
        and person in {by.person for by in (event.by, event.approved_by) if by}
    ]


def _changed_since(accounts: Listing, now: Listing) -> bool:
    newest = max((event.seq for account in now.accounts for event in account.events), default=0)
    return newest > accounts.as_of


def _objections_to(said: Mapping[str, Any], account: Account | None, by: Person) -> list[Objection]:  # Any: as above
    if account is None:
        return when(True, _("Somebody named here has no account."), field="decisions")
    name = {"name": account.person.name}
    changes = said["decision"] == Decision.CHANGE_ROLES
    field = f"decision-{account.person.pk}"
    return [
        *when(
            account.person.pk == by.pk,
            _("Nobody decides about their own account. Whoever reviews next decides about yours."),
            code="same_person",
            field=field,
        ),
        *when(
            account.standing == Standing.DEACTIVATED and said["decision"] != Decision.KEEP,
            _("The account of %(name)s is closed already.") % name,
            field=field,
        ),
        *when(
            changes and set(said["roles"]) == set(account.roles),
            _("%(name)s has exactly these roles already. Say which they are to have.") % name,
            field=field,
        ),
        *when(
            not changes and said["roles"],
            _("Roles are named for %(name)s, but the roles are not to change.") % name,
            field=field,
        ),
    ]


@check("access reviews")
def reviews_are_of_the_accounts(verification: Verification) -> Iterator[Finding]:
    """Recompute what each review of access says it read.

    (1) the list built again from the entries up to the same place has the digest and the counts that were signed;
    (2) the reviewer was no administrator then and had done nothing to an account since the review before;
    (3) nobody decided about their own account.
    """
    before = 0
    for review in AccessReview.objects.order_by("as_of_seq", "recorded_at"):
        verification.counted("access reviews", 1)
        about = f"accounts.accessreview {review.pk}"
        accounts = listing(review.as_of_seq)
        if accounts.sha256() != review.list_sha256 or accounts.counts() != review.counts:
            yield Finding("access reviews", about, "the accounts of the ledger at that entry are not those it signed")
        own = accounts.by_person.get(review.signer_id)
        if own is None or str(Role.ADMINISTRATOR) in own.roles:
            yield Finding("access reviews", about, "it was signed by somebody who looked after accounts")
        if did_to_accounts(accounts, review.signer_id, since=before):
            yield Finding("access reviews", about, "its signer had changed accounts since the review before")
        if any(said["person"] == str(review.signer_id) for said in review.decisions):
            yield Finding("access reviews", about, "its signer decided about their own account")
        before = review.as_of_seq
