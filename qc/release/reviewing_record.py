"""Quality assurance reviews the whole record of a batch, its audit trail included, before anybody decides.

After a conditional certification, and after a certification was withdrawn, the record is reviewed again: what is
decided next rests on a review of what changed since.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from qc.models import RecordReview
from qc.record_read import RecordRead
from qc.release.approving import is_current
from qc.release.disposition import objections_to_facts
from qc.release.pending import OPEN_DECISIONS
from qc.release.record_act import RecordAct
from qc.release.taking_part import objections_to_person
from qc.review_by_exception.reviewing import objections_to_exceptions
from qc.review_by_exception.trail import objections_to_trail


class ReviewIntent(StrictSerializer[Intent]):
    """What the reviewer wants to say beside the review."""

    statement = TextField(
        label=gettext_lazy("Statement"), max_length=2000, required=False, allow_blank=True, default=""
    )


@register
class ReviewRecord(RecordAct):
    """Review the whole record of a batch, its audit trail included, for quality assurance."""

    code = "record.review"
    title = gettext_lazy("Review the batch record")
    verb = gettext_lazy("Sign the review")
    permission = Permission.RECORD_REVIEW
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy(
        "I reviewed this batch record and its audit trail for accuracy, completeness and compliance."
    )
    asks = ReviewIntent

    def to_sign(self, subject: RecordRead, intent: Intent) -> ToSign:
        conform = sum(line.conforms for line in subject.panel)
        approval = subject.approval
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject.batch),
            lines=[
                Line(_("Entries in the batch's stream"), str(subject.position)),
                Line(
                    _("Results that conform"),
                    _("%(conform)s of %(all)s") % {"conform": conform, "all": len(subject.panel)},
                ),
                Line(_("Results approved by"), approval.signer_name if approval else "–"),
                Line(_("Statement"), intent["statement"] or "–"),
            ],
            version=f"{subject.position}",
            earlier=[EarlierSignature.on(approval)] if approval else [],
        )

    def objections(self, subject: RecordRead, intent: Intent, by: Person) -> list[Objection]:
        batch, approval, review = subject.batch, subject.approval, subject.review
        decided = batch.state.disposition not in OPEN_DECISIONS
        return [
            *when(decided, _("The decision on this batch has been made."), code="decided"),
            *subject.against_record,
            *objections_to_facts(batch, subject.facts),
            *objections_to_exceptions(batch, subject),
            *objections_to_trail(batch, subject.trail),
            *when(
                approval is None or not is_current(approval, subject.panel),
                _("Quality control has not approved the results as they stand now."),
            ),
            *when(
                review is not None and review.stream_position == subject.position,
                _("The record was reviewed as it stands now."),
                code="already_done",
            ),
            *objections_to_person(batch, by),
        ]

    def carry_out(self, subject: RecordRead, intent: Intent, signature: Signature) -> RecordReview:
        approval = subject.approval
        assert approval is not None  # noqa: S101  objected to above
        row = RecordReview(
            batch=subject.batch,
            stream_position=subject.position,
            approval=approval,
            statement=intent["statement"],
        )
        return sign(row, signature, type="record.reviewed", earlier=[approval])
