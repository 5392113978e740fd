"""Quality assurance reviews the audit trail of a batch, group by group, as far as it has come.

(1) A critical group is signed by itself, by somebody who wrote none of its entries (PIC/S PI 041-1).
(2) Groups without critical entries may be signed together.
(3) The signature states for each stream the positions it covers and a digest of what stands there; a new entry in
    between refuses it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.acts import Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from batches.models import Batch, SignedInBatch
from chain_of_custody.shapes import TextListField
from ledger.canonical import canonical, digest
from qc.batch_act import BatchAct
from qc.models import AuditTrailReviewed
from qc.release.pending import OPEN_DECISIONS
from qc.review_by_exception.reviewing import review_url
from qc.review_by_exception.rules import RULES_VERSION
from qc.review_by_exception.trail import Part, trail_of
from qc.review_by_exception.trail_types import GROUPS, group_called, type_words
from qc.review_by_exception.trail_words import positions_words, streams_in_words

MOST_LISTED = 40


class TrailIntent(StrictSerializer[Intent]):
    """Which groups were read, and what there is to say about them."""

    groups = TextListField(child=TextField(max_length=40), max_length=len(GROUPS), help_text="codes of the groups")
    remark = TextField(label=gettext_lazy("Remark"), max_length=2000, required=False, default="")


@register
class ReviewTrail(BatchAct):
    """Review groups of the audit trail of a batch, up to now."""

    code = "audit_trail.review"
    title = gettext_lazy("Review the audit trail")
    verb = gettext_lazy("Sign the review of the trail")
    permission = Permission.RECORD_REVIEW
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I read these entries of the audit trail, what they changed and why.")
    asks = TrailIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        parts = chosen(subject, intent)
        return ToSign(
            title=str(self.title),
            identity=identity_lines(subject),
            lines=[
                *(line for part in parts for line in _lines(part)),
                Line(_("Remark"), intent["remark"] or "–"),
                Line(_("Rules"), RULES_VERSION),
            ],
            version=digest(canonical([each for part in parts for each in part.stated()])),
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        parts = chosen(subject, intent)
        unknown = [code for code in intent["groups"] if group_called(code) is None]
        together = len(parts) > 1 and any(part.group.is_critical for part in parts)
        return [
            *when(not intent["groups"], _("Say which groups you read."), code="no_group", field="groups"),
            *when(
                unknown,
                _("There is no group called %(codes)s.") % {"codes": ", ".join(unknown)},
                code="unknown_group",
                field="groups",
            ),
            *when(
                subject.state.disposition not in OPEN_DECISIONS,
                _("The decision on this batch has been made."),
                code="decided",
            ),
            *when(
                together,
                _("A group with critical entries is reviewed by itself."),
                code="critical_alone",
                field="groups",
            ),
            *(
                Objection(_("Nothing is new in: %(group)s.") % {"group": part.group.title}, "nothing_new", "groups")
                for part in parts
                if not part.spans
            ),
            *(
                Objection(
                    _("%(group)s: you wrote an entry in it; somebody who did not reviews it.")
                    % {"group": part.group.title},
                    "same_person",
                    "groups",
                )
                for part in parts
                if part.group.is_critical and by.reference in part.authors
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> AuditTrailReviewed:
        stated = [each for part in chosen(subject, intent) for each in part.stated()]
        row = AuditTrailReviewed(batch=subject, rules=RULES_VERSION, groups=stated, remark=intent["remark"])
        return sign(row, signature, type="audit_trail.reviewed")

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, SignedInBatch)  # noqa: S101  this act writes nothing else
        return review_url(row.batch)


def chosen(batch: Batch, intent: Intent) -> list[Part]:
    """Give the groups that somebody chose, as they stand now, in the order of the table."""
    return [part for part in trail_of(batch) if part.group.code in intent["groups"]]


def _lines(part: Part) -> list[Line]:
    group, entries, called = part.group, part.entries, streams_in_words(span.stream for span in part.spans)
    says = _("%(number)s entries: %(where)s, digest %(digest)s")
    spans = [
        Line(
            str(group.title),
            says
            % {
                "number": len(span.entries),
                "where": positions_words(called[span.stream], span.first, span.upto),
                "digest": span.sha256,
            },
            "warn" if group.is_critical else "",
        )
        for span in part.spans
    ]
    listed = entries[:MOST_LISTED] if group.is_critical else []
    return [*spans, *(Line(f"{called[one.stream]} {one.sseq}", type_words(one.type)) for one in listed)]
