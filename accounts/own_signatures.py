"""A person's own signatures, so that everybody can see whether one was given in their name that they do not know."""

from dataclasses import dataclass

from accounts.checks import findings_on, key_lives, was_later_revoked
from accounts.models import Person, Signed
from ledger.verification import written_models


@dataclass(frozen=True, slots=True)
class OwnSignature:
    """One signature as its signer reads it, and what is wrong with it now."""

    row: Signed
    words: str
    findings: list[str]
    key_revoked: bool = False


def signatures_of(person: Person, *, most: int = 50) -> list[OwnSignature]:
    """Give the newest signatures of a person, newest first, each verified now."""
    rows: list[Signed] = []
    for model in written_models():
        if issubclass(model, Signed):
            rows += model._default_manager.filter(signer=person).order_by("-signed_at")[:most]
    rows.sort(key=lambda row: row.signed_at, reverse=True)
    lives = key_lives()
    return [
        OwnSignature(row, str(row._meta.verbose_name), findings_on(row, lives), was_later_revoked(row, lives))
        for row in rows[:most]
    ]
