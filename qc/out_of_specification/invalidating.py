"""An analyst declares a measurement invalid before its result is known to anybody but the record.

(1) It is declared before the result is submitted, with a cause from a list and in words.
(2) It is proven by a record that stands in the ledger before the reading that gave the verdict. Without one the cause
    is kept as not proven, and the run counts: if it fails, it goes the way of a result out of specification.
(3) A proven one counts when a second person confirmed it; the run stays as it was seen and the next one opens.
(4) Growth that was seen is never declared invalid; only a closed investigation sets it aside (21 CFR 610.12(f)).
"""

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import GivenField, StrictSerializer, TextField, YesNoField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from batches.models import Batch
from qc.batch_act import BatchAct, RowOfBatchAct
from qc.definitions.specification import Line as SpecificationLine
from qc.definitions.specification import ResultType
from qc.laboratory.judging import GROWTH, NO_RESULT, entries_of, judged
from qc.laboratory.recording import growth_was_seen
from qc.laboratory.testing import known_line, reading_lines
from qc.laboratory.who_entered import people_of_run
from qc.methods.in_force import Methods, methods_of
from qc.models import MeasurementInvalid, MeasurementInvalidReviewed, Reading
from qc.out_of_specification.evidence import Evidence, evidence_called, evidence_of, place_of
from qc.panel import PanelLine
from qc.release.pending import is_closed
from qc.specifying import criterion_of, specification_of
from qc.values.verdicts import Verdict

CAUSES = [(one.value, one.label) for one in MeasurementInvalid.Cause]


def place_of_verdict(batch: Batch, line: SpecificationLine, run: int, known: Methods | None = None) -> int | None:
    """Give the place in the ledger of the reading by which a run's verdict was known; None before that.

    A value tells its verdict when it is read. Bottles without growth tell it with their last reading.
    """
    specification = specification_of(batch)
    methods = (known or methods_of(batch, specification)).of_line(line, run)
    entries = entries_of(line, methods)
    criterion = criterion_of(specification, line)
    so_far: list[Reading] = []
    for reading in Reading.objects.filter(batch=batch, line=line.code, run=run).order_by("recorded_at", "pk"):
        so_far = [*(one for one in so_far if one.pk != reading.supersedes_id), reading]
        if reading.typed in NO_RESULT:
            continue
        if entries[reading.member].result_type is not ResultType.GROWTH or GROWTH[reading.typed]:
            return place_of(reading)
        if judged(criterion, line, so_far, weight_kg=None).verdict is not Verdict.PENDING:
            return place_of(reading)
    return None


def evidence_for(batch: Batch, found: PanelLine, wanted: str | None) -> Evidence | None:
    """Give the evidence that a claim about the open run names, if it stands before the verdict."""
    return evidence_called(batch, found.code, wanted, before=place_of_verdict(batch, found.line, found.run))


class InvalidIntent(StrictSerializer[Intent]):
    """Which line, what went wrong, in words, and the record that shows it."""

    line = GivenField(max_length=40)
    cause = serializers.ChoiceField(CAUSES, label=gettext_lazy("Cause"))
    says = TextField(label=gettext_lazy("In words"), min_length=10, max_length=1000)
    evidence = serializers.UUIDField(required=False, allow_null=True, default=None)


@register
class DeclareInvalid(BatchAct):
    """Declare the open run of a line invalid, before its result is submitted."""

    code = "measurement.invalidate"
    title = gettext_lazy("This measurement is invalid")
    verb = gettext_lazy("Sign: this measurement is invalid")
    permission = Permission.RESULT_ENTER
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I declare this measurement invalid for the cause that I name.")
    asks = InvalidIntent

    def to_sign(self, subject: Batch, intent: Intent) -> ToSign:
        found = known_line(subject, intent["line"])
        evidence = evidence_for(subject, found, intent["evidence"])
        proven = _("Proven. A second person confirms it, and the next run opens.")
        unproven = _("Not proven: no record from before the verdict shows it. The run counts as it is.")
        return ToSign(
            title=f"{self.title}: {found.title}",
            identity=identity_lines(subject),
            lines=[
                *reading_lines(found.readings),
                Line(_("Cause"), str(MeasurementInvalid.Cause(intent["cause"]).label)),
                Line(_("In words"), intent["says"]),
                Line(_("Evidence"), evidence.says if evidence else "–"),
                Line(_("What follows"), proven if evidence else unproven, "" if evidence else "warn"),
            ],
            version="|".join(str(reading.pk) for reading in found.readings),
        )

    def objections(self, subject: Batch, intent: Intent, by: Person) -> list[Objection]:
        found = known_line(subject, intent["line"])
        return [
            *when(not found.readings, _("Nothing was read in this run.")),
            *when(
                found.newest is not None,
                _("A result was submitted for this run. It is investigated as it is."),
                code="submitted",
            ),
            *when(
                found.runs.claim_on(found.run) is not None,
                _("This run was declared invalid already."),
                code="declared",
            ),
            *when(
                growth_was_seen(subject, found.line, found.run),
                _("Growth that was seen is never declared invalid. Submit the result."),
                code="growth",
            ),
            *when(
                is_closed(subject, found.code),
                _("The decision on this batch has been made."),
                code="decided",
            ),
        ]

    def carry_out(self, subject: Batch, intent: Intent, signature: Signature) -> MeasurementInvalid:
        found = known_line(subject, intent["line"])
        evidence = evidence_for(subject, found, intent["evidence"])
        row = MeasurementInvalid(
            batch=subject,
            line=found.code,
            run=found.run,
            cause=intent["cause"],
            says=intent["says"],
            is_proven=evidence is not None,
        )
        if evidence is not None:
            evidence.on(row)
        return sign(row, signature, type="measurement.declared_invalid")

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, MeasurementInvalid)  # noqa: S101  this act writes nothing else
        return known_line(row.batch, row.line).url


class InvalidReviewIntent(StrictSerializer[Intent]):
    """Whether the run is invalid, and what the second person looked at."""

    is_confirmed = YesNoField(label=gettext_lazy("Is this run invalid?"))
    says = TextField(label=gettext_lazy("What you looked at"), min_length=10, max_length=1000)


@register
class ReviewInvalid(RowOfBatchAct[MeasurementInvalid]):
    """Confirm, as a second person, that a run is invalid, or refuse to; confirmed, the next run opens."""

    code = "measurement.review_invalid"
    title = gettext_lazy("Decide whether a measurement is invalid")
    verb = gettext_lazy("Sign")
    permission = Permission.RESULT_REVIEW
    meaning = Meaning.REVIEWED
    asks = InvalidReviewIntent

    def rows(self) -> QuerySet[MeasurementInvalid]:
        return MeasurementInvalid.objects.select_related("review", "signer")

    def to_sign(self, subject: MeasurementInvalid, intent: Intent) -> ToSign:
        evidence = evidence_of(subject, subject.line)
        found = known_line(subject.batch, subject.line)
        readings = Reading.objects.filter(batch=subject.batch, line=subject.line, run=subject.run)
        follows = (
            _("The run stays as it is, and the next one opens.") if intent["is_confirmed"] else _("The run counts.")
        )
        return ToSign(
            title=f"{self.title}: {found.title}",
            identity=identity_lines(subject.batch),
            lines=[
                *reading_lines(readings.order_by("recorded_at", "replicate")),
                Line(_("Cause"), f"{subject.get_cause_display()}. {subject.says}"),
                Line(_("Evidence"), evidence.says if evidence else "–"),
                Line(_("Is it invalid?"), _("yes") if intent["is_confirmed"] else _("no")),
                Line(_("In words"), intent["says"]),
                Line(_("What follows"), follows),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject)],
        )

    def objections(self, subject: MeasurementInvalid, intent: Intent, by: Person) -> list[Objection]:
        found = known_line(subject.batch, subject.line)
        entered = people_of_run(subject.batch, subject.line, subject.run) | {subject.actor}
        return [
            *when(
                by.reference in entered,
                _("A second person decides on this; you worked on this run."),
                code="same_person",
            ),
            *when(not subject.is_proven, _("The cause is not proven; the run counts as it is."), code="not_proven"),
            *when(getattr(subject, "review", None) is not None, _("Somebody decided on this already.")),
            *when(
                intent["is_confirmed"] and growth_was_seen(subject.batch, found.line, subject.run),
                _("Growth that was seen is never declared invalid."),
                code="growth",
            ),
        ]

    def carry_out(
        self, subject: MeasurementInvalid, intent: Intent, signature: Signature
    ) -> MeasurementInvalidReviewed:
        row = MeasurementInvalidReviewed(
            batch=subject.batch, claim=subject, is_confirmed=intent["is_confirmed"], says=intent["says"]
        )
        return sign(row, signature, type="measurement.invalid_reviewed", earlier=[subject])

    def done_url(self, row: Signed) -> str:
        assert isinstance(row, MeasurementInvalidReviewed)  # noqa: S101  this act writes nothing else
        return known_line(row.batch, row.claim.line).url
