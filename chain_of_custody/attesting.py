"""Sides of a hand-over that somebody without an account stated.

(1) One of ours enters who stated what, with the evidence: a stored file, or the number of a paper that is kept.
(2) A second of ours compares the entry with the evidence. An attestation is never shown as a signature.
"""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Act, EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from chain_of_custody import states
from chain_of_custody.collecting import chain_url, identity_of
from chain_of_custody.models import (
    AttestationCheck,
    Container,
    HandOverAccepted,
    HandOverHalf,
    HandOverOffered,
)
from chain_of_custody.shapes import MaybeId, MaybeMoment, PaperField
from ledger.models import StoredFile

ENTERED = gettext_lazy("I entered what this person stated, from the evidence named here.")


class AttestedIntent(StrictSerializer[Intent]):
    """Who stated what, when, and what proves it."""

    attested_name = TextField(label=gettext_lazy("Name of the person"), max_length=120)
    attested_role = TextField(label=gettext_lazy("Role of the person"), max_length=120)
    attested_statement = TextField(label=gettext_lazy("What was stated"), max_length=1000)
    evidence = MaybeId(label=gettext_lazy("Stored evidence"), help_text="a stored file, such as the scanned waybill")
    evidence_reference = PaperField()
    happened_at = MaybeMoment(label=gettext_lazy("When it happened"), help_text="now, where it is left empty")


def attested_lines(intent: Intent) -> list[Line]:
    """Give the lines that say who stated what, on what evidence."""
    evidence = StoredFile.objects.filter(pk=intent["evidence"]).first() if intent["evidence"] else None
    return [
        Line(_("Stated by"), f"{intent['attested_name']}, {intent['attested_role']}", "attested"),
        Line(_("Statement"), intent["attested_statement"]),
        Line(_("Evidence"), evidence_words(evidence, intent["evidence_reference"])),
    ]


def evidence_words(evidence: StoredFile | None, reference: str) -> str:
    """Write what proves an attested side."""
    stored = [f"{evidence.original_name}, SHA-256 {evidence.sha256[:12]}"] if evidence else []
    return " · ".join([*stored, *([reference] if reference else [])]) or "–"


def attested_fields(intent: Intent) -> dict[str, Any]:  # Any: columns of a half
    """Give the columns of an attested side."""
    return {
        "attested_name": intent["attested_name"],
        "attested_role": intent["attested_role"],
        "attested_statement": intent["attested_statement"],
        "evidence_id": intent["evidence"],
        "evidence_reference": intent["evidence_reference"],
    }


def objections_to_evidence(intent: Intent) -> list[Objection]:
    """Object where nothing proves what was stated."""
    return [
        *when(
            not intent["evidence"] and not intent["evidence_reference"],
            _("Name the evidence: upload the waybill or form, or give the number of the paper that is kept."),
            field="evidence_reference",
        ),
        *when(
            intent["evidence"] and not StoredFile.objects.filter(pk=intent["evidence"]).exists(),
            _("This evidence isn't stored here. Upload it again."),
            field="evidence",
        ),
    ]


@register
class CheckAttestation(Act[HandOverHalf]):
    """Compare an attested side of a hand-over with its evidence, as a second person."""

    code = "custody.check_attestation"
    title = gettext_lazy("Check an attestation")
    verb = gettext_lazy("Sign the comparison")
    permission = Permission.CUSTODY_RECORD
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this with the evidence; they agree.")
    second_person = True

    def find(self, subject: UUID) -> HandOverHalf:
        offered = HandOverOffered.objects.select_related("coi__subject", "evidence", "giver_party")
        accepted = HandOverAccepted.objects.select_related("offered__coi__subject", "evidence", "offered__taker_party")
        half = offered.filter(pk=subject).first() or accepted.filter(pk=subject).first()
        if half is None or not half.is_attested:
            raise Http404
        return half

    def lock(self, subject: HandOverHalf) -> None:
        states.lock(offer_of(subject).containers)

    def to_sign(self, subject: HandOverHalf, intent: Intent) -> ToSign:
        offer = offer_of(subject)
        containers = Container.objects.filter(pk__in=offer.containers).order_by("code")
        party = offer.giver_party if isinstance(subject, HandOverOffered) else offer.taker_party
        return ToSign(
            title=str(self.title),
            identity=identity_of(
                offer.coi, Line(_("Containers"), ", ".join(container.code for container in containers))
            ),
            lines=[
                Line(_("Side"), _("gave") if isinstance(subject, HandOverOffered) else _("took")),
                Line(_("Party"), party.name),
                Line(_("Stated by"), f"{subject.attested_name}, {subject.attested_role}", "attested"),
                Line(_("Statement"), subject.attested_statement),
                Line(_("Happened"), record_time(subject.happened_at)),
                Line(_("Evidence"), evidence_words(subject.evidence, subject.evidence_reference)),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: HandOverHalf, intent: Intent, by: Person) -> list[Objection]:
        return [
            *when(hasattr(subject, "check_of_attestation"), _("This was checked already."), code="already_done"),
            *when(
                subject.signer_id == by.pk,
                _("A second person must check this. %(name)s entered it.") % {"name": subject.signer_name},
                code="same_person",
            ),
        ]

    def carry_out(self, subject: HandOverHalf, intent: Intent, signature: Signature) -> AttestationCheck:
        row = AttestationCheck(
            offered=subject if isinstance(subject, HandOverOffered) else None,
            accepted=subject if isinstance(subject, HandOverAccepted) else None,
        )
        return sign(row, signature, type="attestation.checked", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        return chain_url(row)


def offer_of(half: HandOverHalf) -> HandOverOffered:
    """Give the offer to which one side of a hand-over belongs."""
    if isinstance(half, HandOverAccepted):
        return half.offered
    assert isinstance(half, HandOverOffered)  # noqa: S101  there are two kinds of halves
    return half
