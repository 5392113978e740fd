"""The list of accounts as it is read: what the ledger says, beside last use, tokens and training as they stand now."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import TextChoices
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import Account, Listing, Standing, Use, is_unused, listing, uses
from accounts.models import PolicyAcceptance, TokenIssued
from accounts.training_matrix import Standing as Trained
from accounts.training_matrix import matrix
from ledger import clock


class Shown(TextChoices):
    """Which accounts a reader asks for."""

    ALL = "", gettext_lazy("every account")
    ACTIVE = "active", gettext_lazy("active")
    DEACTIVATED = "deactivated", gettext_lazy("deactivated")
    NEVER = "never", gettext_lazy("never used")
    UNUSED = "unused", gettext_lazy("not used for 90 days")


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token of an account; the last use is right to five minutes."""

    label: str
    scopes: tuple[str, ...]
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_at: datetime | None

    @property
    def is_over(self) -> bool:
        """It opens nothing any more, by its own end."""
        return self.revoked_at is not None or self.expires_at <= clock.now()


@dataclass(frozen=True, slots=True)
class Row:
    """One account with everything that a reader of the list asks."""

    account: Account
    use: Use
    is_unused: bool
    tokens: tuple[TokenLine, ...]
    training: Counter[Trained]

    @property
    def training_words(self) -> str:
        """How the trainings of the person stand today."""
        words = (
            (Trained.VALID, _("%(n)s valid")),
            (Trained.ENDS_SOON, _("%(n)s end within 30 days")),
            (Trained.ENDED, _("%(n)s ended")),
        )
        return ", ".join(says % {"n": self.training[one]} for one, says in words if self.training[one])

    @property
    def tokens_in_force(self) -> int:
        """How many tokens have neither expired nor been revoked."""
        return sum(1 for token in self.tokens if not token.is_over)

    def is_wanted(self, shown: Shown) -> bool:
        """Tell whether a reader who asks for these accounts sees this one."""
        match shown:
            case Shown.ACTIVE:
                return self.account.standing == Standing.ACTIVE
            case Shown.DEACTIVATED:
                return self.account.standing == Standing.DEACTIVATED
            case Shown.NEVER:
                return self.use.last_at is None
            case Shown.UNUSED:
                return self.is_unused
            case _:
                return True


def rows_of(accounts: Listing) -> list[Row]:
    """Give every account of a list with its use, tokens and training; the number of statements is always the same."""
    used, now = uses(), clock.now()
    tokens: dict[UUID, list[TokenLine]] = {}
    for token in TokenIssued.objects.select_related("revoked", "use").order_by("signed_at"):
        tokens.setdefault(token.signer_id, []).append(_line(token))
    trained = {row.person.pk: Counter(cell.standing for cell in row.cells) for row in matrix().rows}
    return [
        Row(
            account,
            use := used.get(account.person.pk, Use()),
            is_unused(account, use, now=now),
            tuple(tokens.get(account.person.pk, [])),
            trained.get(account.person.pk, Counter()),
        )
        for account in accounts.accounts
    ]


def _line(token: TokenIssued) -> TokenLine:
    revoked, use = getattr(token, "revoked", None), getattr(token, "use", None)
    return TokenLine(
        token.label,
        tuple(token.scopes),
        token.signed_at,
        token.expires_at,
        revoked.recorded_at if revoked else None,
        use.last_at if use else None,
    )


def row_called(username: str) -> Row:
    """Give the row of one account by its user ID; raise Http404 if there never was one."""
    found = next((row for row in rows_of(listing()) if row.account.person.username == username), None)
    if found is None:
        raise Http404
    return found


@dataclass(frozen=True, slots=True)
class Signer:
    """Somebody who could sign under a key: since when, until when, bound by the policy when (21 CFR 11.100(c))."""

    name: str
    username: str
    roles: str
    key_id: str
    since: datetime
    until: datetime | None
    bound_at: datetime | None

    @property
    def may_sign(self) -> bool:
        """The key is in force and its owner accepted that its signatures bind."""
        return self.until is None and self.bound_at is not None


def signers(accounts: Listing) -> list[Signer]:
    """Give every key that ever signed for somebody, those in force first, in the order of user IDs."""
    # The newest first, so that what stays is the first acceptance of each person.
    bound = dict(PolicyAcceptance.objects.order_by("-signed_at").values_list("signer_id", "signed_at"))
    found = [
        Signer(
            account.person.name,
            account.person.username,
            account.role_words,
            key.key_id,
            key.since,
            key.until,
            bound.get(account.person.pk),
        )
        for account in accounts.accounts
        for key in reversed(account.keys)
    ]
    return sorted(found, key=lambda one: one.until is not None)
