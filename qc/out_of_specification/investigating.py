"""Phase 1: the laboratory looks for a cause of its own, and plans how to test again before anybody does.

(1) Somebody who worked on the line neither investigates nor plans.
(2) A cause in the laboratory is shown by a record that stands in the ledger before the result.
(3) How often a line is tested again is fixed in the plan; quality assurance approves it before the next run opens.
(4) Growth is tested again once at most, and only where the investigation ascribes it to the laboratory
    (21 CFR 610.12(f)).
"""

from django.db.models import QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField, YesNoField
from accounts.refusal import Objection, Text, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from batches.streams import streams_of
from qc.batch_act import RowOfBatchAct
from qc.definitions.specification import ResultType
from qc.laboratory.judging import entries_of
from qc.laboratory.reviewing import people_who_entered
from qc.laboratory.runs import closure_of
from qc.laboratory.testing import known_line
from qc.models import LaboratoryInvestigation, OutOfSpecification, RetestPlan, RetestPlanApproved, Sample
from qc.out_of_specification.evidence import Evidence, evidence_called, place_of
from qc.out_of_specification.records import record_url
from qc.panel import PanelLine

MOST_RETESTS = 9
POINTS = {
    "sample": gettext_lazy("Sample"),
    "method": gettext_lazy("Method"),
    "instrument": gettext_lazy("Instrument"),
    "reagents": gettext_lazy("Reagents"),
    "calculation": gettext_lazy("Calculation"),
    "interview": gettext_lazy("Interview with the analyst"),
}
ANSWERS: list[tuple[str, Text]] = [
    ("ok", gettext_lazy("in order")),
    ("not_ok", gettext_lazy("not in order")),
    ("not_applicable", gettext_lazy("not applicable")),
]


class ActOnRecord(RowOfBatchAct[OutOfSpecification]):
    """An act whose subject is a record out of specification."""

    def rows(self) -> QuerySet[OutOfSpecification]:
        return OutOfSpecification.objects.select_related("result", "closed", "investigation__signer", "approval__plan")

    def streams(self, subject: OutOfSpecification) -> list[str]:
        return streams_of(subject.batch)

    def done_url(self, row: Signed) -> str:
        oos = getattr(row, "oos", None)
        assert isinstance(oos, OutOfSpecification)  # noqa: S101  these acts write rows about a record
        return record_url(oos)


def known(subject: OutOfSpecification) -> PanelLine:
    """Give the line of a record as it stands."""
    return known_line(subject.batch, subject.line)


def investigation_of(record: OutOfSpecification) -> LaboratoryInvestigation | None:
    """Give the laboratory's investigation of a record, if it was signed."""
    return getattr(record, "investigation", None)


def approved_plan_of(record: OutOfSpecification) -> RetestPlan | None:
    """Give the plan under which a line may be tested again, if one was approved."""
    approval: RetestPlanApproved | None = getattr(record, "approval", None)
    return approval.plan if approval else None


def newest_plan_of(record: OutOfSpecification) -> RetestPlan | None:
    """Give the newest plan, approved or not."""
    return record.plans.select_related("signer", "sample__container").order_by("-version").first()


def objections_to_closed(record: OutOfSpecification) -> list[Objection]:
    """Object to working on a record that was closed."""
    return when(closure_of(record) is not None, _("%(number)s was closed.") % {"number": record.number}, code="closed")


def objections_to_analyst(record: OutOfSpecification, by: Person) -> list[Objection]:
    """Object to somebody judging what they worked on themselves."""
    return when(
        by.reference in people_who_entered(record.result),
        _("You entered or submitted values of this line. Somebody else must do this."),
        code="same_person",
    )


def record_lines(record: OutOfSpecification) -> list[Line]:
    """Give what a signer reads of a record first."""
    return [Line(record.number, record.says, "fail")]


def _remark_on(point: str) -> TextField:
    words = format_lazy("{}: {}", gettext_lazy("Remark"), POINTS[point])
    return TextField(label=words, max_length=1000, required=False, default="")


class InvestigationIntent(StrictSerializer[Intent]):
    """Each point with its answer and remark, whether the cause lies in the laboratory, and what shows it."""

    sample = serializers.ChoiceField(ANSWERS, label=POINTS["sample"])
    sample_remark = _remark_on("sample")
    method = serializers.ChoiceField(ANSWERS, label=POINTS["method"])
    method_remark = _remark_on("method")
    instrument = serializers.ChoiceField(ANSWERS, label=POINTS["instrument"])
    instrument_remark = _remark_on("instrument")
    reagents = serializers.ChoiceField(ANSWERS, label=POINTS["reagents"])
    reagents_remark = _remark_on("reagents")
    calculation = serializers.ChoiceField(ANSWERS, label=POINTS["calculation"])
    calculation_remark = _remark_on("calculation")
    interview = serializers.ChoiceField(ANSWERS, label=POINTS["interview"])
    interview_remark = _remark_on("interview")
    has_cause = YesNoField(label=gettext_lazy("Cause in the laboratory"))
    evidence = serializers.UUIDField(required=False, allow_null=True, default=None)
    conclusion = TextField(label=gettext_lazy("Conclusion"), min_length=10, max_length=2000)


@register
class Investigate(ActOnRecord):
    """Sign the laboratory's investigation of a result out of specification (21 CFR 211.192)."""

    code = "oos.investigate"
    title = gettext_lazy("Laboratory investigation")
    verb = gettext_lazy("Sign the investigation")
    permission = Permission.RESULT_REVIEW
    meaning = Meaning.REVIEWED
    meaning_text = gettext_lazy("I investigated this result in the laboratory and conclude as stated.")
    asks = InvestigationIntent

    def to_sign(self, subject: OutOfSpecification, intent: Intent) -> ToSign:
        evidence = self._evidence(subject, intent)
        words = dict(ANSWERS)
        points = [
            Line(
                str(title),
                f"{words[intent[code]]}. {intent[f'{code}_remark']}".strip(),
                "warn" if intent[code] == "not_ok" else "",
            )
            for code, title in POINTS.items()
        ]
        return ToSign(
            title=f"{self.title}: {subject.number}",
            identity=identity_lines(subject.batch),
            lines=[
                *record_lines(subject),
                *points,
                Line(_("Cause in the laboratory"), _("yes") if intent["has_cause"] else _("no")),
                Line(_("Evidence"), evidence.says if evidence else "–"),
                Line(_("Conclusion"), intent["conclusion"]),
            ],
            version=str(subject.pk),
            earlier=[EarlierSignature.on(subject.result)],
        )

    def _evidence(self, subject: OutOfSpecification, intent: Intent) -> Evidence | None:
        return evidence_called(subject.batch, subject.line, intent["evidence"], before=place_of(subject.result))

    def objections(self, subject: OutOfSpecification, intent: Intent, by: Person) -> list[Objection]:
        unexplained = [code for code in POINTS if intent[code] != "ok" and len(intent[f"{code}_remark"].strip()) < 5]
        none_wrong = all(intent[code] != "not_ok" for code in POINTS)
        return [
            *objections_to_closed(subject),
            *objections_to_analyst(subject, by),
            *when(investigation_of(subject) is not None, _("The investigation was signed already.")),
            *(
                Objection(
                    _("%(point)s: say what was not in order, or why it does not apply.") % {"point": POINTS[code]},
                    code="no_remark",
                    field=f"{code}_remark",
                )
                for code in unexplained
            ),
            *when(
                intent["has_cause"] and none_wrong,
                _("A cause in the laboratory shows at one of the points; each is in order."),
                code="no_point",
            ),
            *when(
                intent["has_cause"] and self._evidence(subject, intent) is None,
                _("A cause in the laboratory needs a record from before the result that shows it."),
                code="not_proven",
                field="evidence",
            ),
        ]

    def carry_out(self, subject: OutOfSpecification, intent: Intent, signature: Signature) -> LaboratoryInvestigation:
        row = LaboratoryInvestigation(
            batch=subject.batch,
            oos=subject,
            checklist=[{"item": code, "answer": intent[code], "remark": intent[f"{code}_remark"]} for code in POINTS],
            has_cause=intent["has_cause"],
            conclusion=intent["conclusion"],
        )
        evidence = self._evidence(subject, intent)
        if evidence is not None:
            evidence.on(row)
        return sign(row, signature, type="oos.investigated", earlier=[subject.result])


class PlanIntent(StrictSerializer[Intent]):
    """Why it is tested again, how often, of which sample, and whether by another analyst."""

    hypothesis = TextField(label=gettext_lazy("Hypothesis"), min_length=10, max_length=2000)
    retests = serializers.IntegerField(label=gettext_lazy("Tests"), min_value=1, max_value=MOST_RETESTS)
    sample = serializers.UUIDField()
    other_analyst = YesNoField(label=gettext_lazy("By another analyst"))


@register
class PlanRetest(ActOnRecord):
    """Fix in advance how a line is tested again."""

    code = "oos.plan"
    title = gettext_lazy("Plan to test again")
    verb = gettext_lazy("Sign the plan")
    permission = Permission.RESULT_REVIEW
    meaning = Meaning.PERFORMED
    meaning_text = gettext_lazy("I planned this before any of it was tested.")
    asks = PlanIntent

    def to_sign(self, subject: OutOfSpecification, intent: Intent) -> ToSign:
        sample = Sample.objects.select_related("container").filter(pk=intent["sample"], batch=subject.batch).first()
        return ToSign(
            title=f"{self.title}: {subject.number}",
            identity=identity_lines(subject.batch),
            lines=[
                *record_lines(subject),
                Line(_("Hypothesis"), intent["hypothesis"]),
                Line(_("Tests"), str(intent["retests"])),
                Line(_("Sample"), sample.container.code if sample else "–"),
                Line(_("By another analyst"), _("yes") if intent["other_analyst"] else _("no")),
            ],
            version=f"{subject.pk}|{subject.plans.count()}",
        )

    def objections(self, subject: OutOfSpecification, intent: Intent, by: Person) -> list[Objection]:
        found = known(subject)
        sample = Sample.objects.filter(pk=intent["sample"], batch=subject.batch).first()
        return [
            *objections_to_closed(subject),
            *objections_to_analyst(subject, by),
            *objections_to_testing_again(subject, found, retests=intent["retests"]),
            *when(
                sample is None or sample.point != found.line.sample_point,
                _("Choose a received sample of this batch that was taken where this test wants it."),
                code="other_point",
                field="sample",
            ),
        ]

    def carry_out(self, subject: OutOfSpecification, intent: Intent, signature: Signature) -> RetestPlan:
        newest = newest_plan_of(subject)
        row = RetestPlan(
            batch=subject.batch,
            oos=subject,
            version=newest.version + 1 if newest else 1,
            hypothesis=intent["hypothesis"],
            retests=intent["retests"],
            sample=Sample.objects.get(pk=intent["sample"]),
            other_analyst=intent["other_analyst"],
        )
        return sign(row, signature, type="oos.retest_planned")


def objections_to_testing_again(record: OutOfSpecification, found: PanelLine, *, retests: int) -> list[Objection]:
    """Object to testing a line again that is not investigated, was tested again already, or shows growth."""
    investigation = investigation_of(record)
    grows = any(entry.result_type is ResultType.GROWTH for entry in entries_of(found.line).values())
    return [
        *when(
            investigation is None,
            _("The laboratory's investigation comes first."),
            code="not_investigated",
        ),
        *when(
            approved_plan_of(record) is not None or found.run != record.result.run,
            _("A plan was approved for this record. There is no second one."),
            code="planned",
        ),
        *when(
            grows and (investigation is None or not investigation.has_cause),
            _("A growth test is repeated only where the investigation ascribes the growth to the laboratory."),
            code="growth",
        ),
        *when(
            grows and (retests != 1 or bool(found.runs.plans)),
            _("A growth test is repeated once at most."),
            code="growth",
            field="retests",
        ),
    ]


@register
class ApprovePlan(ActOnRecord):
    """Approve the newest plan; the next run opens with this signature."""

    code = "oos.approve_plan"
    title = gettext_lazy("Approve the plan to test again")
    verb = gettext_lazy("Approve and sign")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I approve this plan before any of it was tested.")

    def to_sign(self, subject: OutOfSpecification, intent: Intent) -> ToSign:
        plan = newest_plan_of(subject)
        investigation = investigation_of(subject)
        lines = record_lines(subject)
        if investigation is not None:
            cause = _("yes") if investigation.has_cause else _("no")
            lines += [
                Line(_("Cause in the laboratory"), cause),
                Line(_("Conclusion"), investigation.conclusion),
            ]
        if plan is not None:
            lines += [
                Line(_("Hypothesis"), plan.hypothesis),
                Line(_("Tests"), str(plan.retests)),
                Line(_("Sample"), plan.sample.container.code),
                Line(_("By another analyst"), _("yes") if plan.other_analyst else _("no")),
            ]
        return ToSign(
            title=f"{self.title}: {subject.number}",
            identity=identity_lines(subject.batch),
            lines=lines,
            version=str(plan.pk) if plan else "",
            earlier=[EarlierSignature.on(plan)] if plan else [],
        )

    def objections(self, subject: OutOfSpecification, intent: Intent, by: Person) -> list[Objection]:
        plan = newest_plan_of(subject)
        if plan is None:
            return [*objections_to_closed(subject), *when(True, _("Nobody planned to test again."), code="no_plan")]
        investigation = investigation_of(subject)
        own = {plan.signer_id, investigation.signer_id if investigation else None}
        return [
            *objections_to_closed(subject),
            *objections_to_analyst(subject, by),
            *when(
                by.pk in own,
                _("You investigated or planned this; another person approves."),
                code="same_person",
            ),
            *objections_to_testing_again(subject, known(subject), retests=plan.retests),
        ]

    def carry_out(self, subject: OutOfSpecification, intent: Intent, signature: Signature) -> RetestPlanApproved:
        plan = newest_plan_of(subject)
        assert plan is not None  # noqa: S101  objected to above
        row = RetestPlanApproved(batch=subject.batch, oos=subject, plan=plan)
        return sign(row, signature, type="oos.retest_approved", earlier=[plan])
