"""What a physician or a sponsor said of a batch, entered by one of ours with what proves it.

(1) The physician's acceptance names the lines that are pending when it is entered. Where more are pending later, it is
    asked for again.
(2) The sponsor's release for use in a trial follows a certification; a second person compares it with its evidence, and
    only then do the bags leave (qc/release/leaving.py).
(3) Neither is ever shown as a signature of somebody outside.
"""

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import MomentField, StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from accounts.wording import record_time
from batches.fates import CERTIFIED
from batches.identity import identity_lines
from batches.models import Batch
from batches.pinned import product_of
from chain_of_custody.attesting import ENTERED, evidence_words, objections_to_evidence
from chain_of_custody.shapes import MaybeId, PaperField
from ledger.models import StoredFile
from qc.batch_act import BatchAct, RowOfBatchAct
from qc.models import PhysicianAcceptance, SponsorRelease, SponsorReleaseChecked
from qc.models.releasing import SaidOutside
from qc.panel import release_panel
from qc.release.pending import decision_in_force
from qc.release.two_step import acceptance_for, two_step_of


class SaidIntent(StrictSerializer[Intent]):
    """Who said what, when, and what proves it."""

    name = TextField(label=gettext_lazy("Who says so"), max_length=120)
    role = TextField(
        label=gettext_lazy("Role and registration"),
        max_length=120,
        help_text="with the registration, where there is one",
    )
    said = TextField(label=gettext_lazy("What was said"), min_length=5, max_length=2000)
    happened_at = MomentField(label=gettext_lazy("When it was said"))
    evidence = MaybeId(label=gettext_lazy("Stored evidence"), help_text="a stored file, such as the signed letter")
    evidence_reference = PaperField()


def said_lines(intent: Intent) -> list[Line]:
    """Give the lines that say who said what, on what evidence."""
    file = StoredFile.objects.filter(pk=intent["evidence"]).first() if intent["evidence"] else None
    return [
        Line(_("Stated by"), f"{intent['name']}, {intent['role']}", "attested"),
        Line(_("Statement"), intent["said"]),
        Line(_("Happened"), record_time(datetime.fromisoformat(intent["happened_at"]))),
        Line(_("Evidence"), evidence_words(file, intent["evidence_reference"])),
    ]


def columns_of(intent: Intent) -> dict[str, Any]:  # Any: columns of a row
    """Give the columns that every row of what was said outside shares."""
    return {
        "name": intent["name"],
        "role": intent["role"],
        "said": intent["said"],
        "happened_at": datetime.fromisoformat(intent["happened_at"]),
        "evidence_id": intent["evidence"],
        "evidence_reference": intent["evidence_reference"],
    }


class Entering(BatchAct):
    """What both kinds of statement share."""

    permission = Permission.OUTSIDE_RECORD
    meaning = Meaning.PERFORMED
    meaning_text = ENTERED
    asks = SaidIntent


@register
class RecordAcceptance(Entering):
    """Record that the physician accepts a batch before its last result."""

    code = "acceptance.record"
    title = gettext_lazy("Record the physician's acceptance")
    verb = gettext_lazy("Sign the entry")

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        need = two_step_of(subject, release_panel(subject))
        pending = [one.line.title for one in need.pending]
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[Line(_("Still pending"), ", ".join(pending) or "–", "conditional"), *said_lines(intent)],
            version=" ".join(one.line.code for one in need.pending),
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        need = two_step_of(subject, release_panel(subject))
        known = acceptance_for(subject, need)
        return [
            *when(not need.pending, _("Nothing that may follow is pending; there is nothing to accept.")),
            *when(
                need.pending and not need.asks_physician,
                _("The specification asks for no acceptance by the physician."),
            ),
            *when(
                known is not None and need.pending,
                _("%(name)s accepted what is pending already.") % {"name": known.name if known else ""},
                code="already_done",
            ),
            *objections_to_evidence(intent),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> PhysicianAcceptance:
        pending = [one.line.code for one in two_step_of(subject, release_panel(subject)).pending]
        row = PhysicianAcceptance(batch=subject, pending=pending, **columns_of(intent))
        return sign(row, signature, type="acceptance.recorded")


def sponsor_release_of(batch: Batch) -> SponsorRelease | None:
    """Give the sponsor's release of the decision in force, if there is one."""
    decision = decision_in_force(batch)
    if decision is None:
        return None
    return SponsorRelease.objects.filter(decision=decision).select_related("check_of_it").first()


def waits_for_sponsor(batch: Batch) -> bool:
    """Tell whether the bags of a certified batch wait for the sponsor's release, entered and checked."""
    if not product_of(batch).profile.sponsor_release:
        return False
    release = sponsor_release_of(batch)
    return release is None or not hasattr(release, "check_of_it")


@register
class RecordSponsorRelease(Entering):
    """Record that the sponsor of a trial released a certified batch for use in it."""

    code = "sponsor_release.record"
    title = gettext_lazy("Record the sponsor's release")
    verb = gettext_lazy("Sign the entry")

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        decision = decision_in_force(subject)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[Line(_("Decision"), subject.state.get_disposition_display()), *said_lines(intent)],
            version=str(decision.pk) if decision else "",
            earlier=[EarlierSignature.on(decision)] if decision else [],
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        asked = product_of(subject).profile.sponsor_release
        return [
            *when(not asked, _("The profile of this product asks for no release by a sponsor.")),
            *when(
                subject.state.disposition not in CERTIFIED,
                _("The sponsor releases a batch that is certified; this one is not."),
                code="not_certified",
            ),
            *when(
                asked and sponsor_release_of(subject) is not None,
                _("The sponsor's release of this decision is recorded already."),
                code="already_done",
            ),
            *objections_to_evidence(intent),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> SponsorRelease:
        decision = decision_in_force(subject)
        assert decision is not None  # noqa: S101  objected to above
        row = SponsorRelease(batch=subject, decision=decision, **columns_of(intent))
        return sign(row, signature, type="sponsor_release.recorded", earlier=[decision])


SaidT = TypeVar("SaidT", bound=SaidOutside)


def objections_to_comparing(row: SaidOutside, *, is_done: bool, by: Person) -> list[Objection]:
    """Object where it was compared already, or to the one who entered it."""
    return [
        *when(is_done, _("This was compared already."), code="already_done"),
        *when(
            row.signer_id == by.pk,
            _("A second person must check this. %(name)s entered it.") % {"name": row.signer_name},
            code="same_person",
        ),
    ]


class Comparing(RowOfBatchAct[SaidT]):
    """A second person compares what was said outside with what proves it; they agree."""

    permission = Permission.OUTSIDE_RECORD
    verb = gettext_lazy("Sign the comparison")
    meaning = Meaning.VERIFIED
    meaning_text = gettext_lazy("I compared this with the evidence; they agree.")

    def more_lines(self, subject: SaidT) -> list[Line]:
        """Give what is stated beside who said what, when, on what evidence."""
        return []

    def checked(self, subject: SaidT) -> tuple[Signed, str]:
        """Give the row that says it was compared, and the type of its entry."""
        raise NotImplementedError

    def to_sign(self, subject: SaidT, intent: Intent) -> ToSign:
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[*self.more_lines(subject), *lines_of(subject)],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: SaidT, intent: Intent, by: Person) -> list[Objection]:
        is_done = type(subject)._default_manager.filter(pk=subject.pk, check_of_it__isnull=False).exists()
        return objections_to_comparing(subject, is_done=is_done, by=by)

    def carry_out(self, subject: SaidT, intent: Intent, signature: Signature) -> Signed:
        row, kind = self.checked(subject)
        return sign(row, signature, type=kind, earlier=[subject])


@register
class CheckSponsorRelease(Comparing[SponsorRelease]):
    """Compare the sponsor's release with its evidence, as a second person."""

    code = "sponsor_release.check"
    title = gettext_lazy("Check the sponsor's release")

    def rows(self) -> QuerySet[SponsorRelease]:
        return SponsorRelease.objects.select_related("evidence", "check_of_it")

    def checked(self, subject: SponsorRelease) -> tuple[Signed, str]:
        return SponsorReleaseChecked(batch=subject.batch, release=subject), "sponsor_release.checked"


def lines_of(row: SaidOutside) -> list[Line]:
    """Give what was said outside, as a signer reads it."""
    return [
        Line(_("Stated by"), f"{row.name}, {row.role}", "attested"),
        Line(_("Statement"), row.said),
        Line(_("Happened"), record_time(row.happened_at)),
        Line(_("Evidence"), evidence_words(row.evidence, row.evidence_reference)),
    ]
