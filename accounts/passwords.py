"""What a secret must be: long, not common, not one's own name. No rules of composition, no forced change."""

from django.utils.translation import gettext as _

from accounts.common_passwords import COMMON
from accounts.refusal import Objection, when

SHORTEST = 15
LONGEST = 1024


def objections_to_secret(secret: str, *, username: str, name: str) -> list[Objection]:
    """Give the reasons against a new secret; each character of it counts, none is cut off."""
    lowered = secret.lower()
    inside = [word for word in (username.lower(), *name.lower().split()) if len(word) >= 4 and word in lowered]
    stripped = "".join(c for c in lowered if c.isalnum())
    return [
        *when(
            len(secret) < SHORTEST,
            _("A password has at least 15 characters. A few unrelated words do well."),
            field="secret",
        ),
        *when(len(secret) > LONGEST, _("A password has at most 1,024 characters."), field="secret"),
        *when(
            stripped in COMMON
            or len(set(lowered)) < 5
            or any(
                stripped == word * (len(stripped) // len(word))
                for word in COMMON
                if word and len(stripped) % len(word) == 0
            ),
            _("This password is too common. Choose another one."),
            field="secret",
        ),
        *when(inside, _("A password must not contain your name or user name."), field="secret"),
    ]
