"""The policy that holds people to their electronic signatures (21 CFR 11.10(j)): its text, its version, the gate."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.refusal import Objection, when

POLICY_VERSION = 1
POLICY = (
    gettext_lazy("My electronic signature in this system binds me as my handwritten signature does."),
    gettext_lazy("I sign only what I did, watched, checked or decided myself, and only after reading it."),
    gettext_lazy("I keep my password to myself. If I think that somebody knows it, I say so at once."),
    gettext_lazy("I enter what happened when it happened. I correct a mistake by a correction, never by hiding it."),
)
ACCEPTING = "policy.accept"


def must_accept_policy_first(by: Person, act: str) -> list[Objection]:
    """Object to every act but the acceptance itself until the current policy is accepted."""
    return when(
        act != ACCEPTING and by.state.policy_version < POLICY_VERSION,
        _("Accept the signature policy first, on the page of your own account."),
        code="policy_not_accepted",
        url="/account/",
    )
