"""Phase 2 and the end of a record out of specification: quality assurance says what else is concerned, and closes it.

(1) Who worked on the line, investigated or planned does not close.
(2) Invalidated means: the investigation found a cause in the laboratory and proved it, every test that the plan fixed
    was made, reviewed and conforms. Then the first of them counts, or the correction where there was no plan.
    No result is averaged and none is chosen.
(3) Confirmed means: the first result stands for ever, whatever was tested afterwards.
(4) Whether other batches are concerned is answered, beside those that share a lot or a device (21 CFR 211.192).
"""

import re
from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from accounts.acts import EarlierSignature, Intent, Line, ToSign, register
from accounts.meanings import Meaning
from accounts.models import Person, Signed
from accounts.parsing import StrictSerializer, TextField
from accounts.refusal import Objection, when
from accounts.roles import Permission
from accounts.signature import Signature, sign
from batches.identity import identity_lines
from batches.models import Batch, SlotScan
from qc.models import OutOfSpecification, OutOfSpecificationClosed, Result, ResultReview
from qc.out_of_specification.investigating import (
    ActOnRecord,
    approved_plan_of,
    investigation_of,
    known,
    newest_plan_of,
    objections_to_analyst,
    objections_to_closed,
    record_lines,
)
from qc.panel import PASSES, PanelLine
from qc.release.notifying import look_again

Outcome = OutOfSpecificationClosed.Outcome
OUTCOMES = [(one.value, one.label) for one in Outcome]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Another batch that used the same lots or devices."""

    batch: str
    codes: tuple[str, ...]


def batches_that_share(batch: Batch) -> list[Sharing]:
    """Give the other batches in which a lot or a device of this batch was used, with what they share."""
    ours = SlotScan.objects.filter(batch=batch, fits=True)
    lots = ours.exclude(lot=None).values("lot_id")
    devices = ours.exclude(equipment=None).values("equipment_id")
    others = SlotScan.objects.filter(Q(lot__in=lots) | Q(equipment__in=devices), fits=True).exclude(batch=batch)
    shared: dict[str, set[str]] = defaultdict(set)
    for number, lot, device in others.values_list("batch__number", "lot__code", "equipment__code"):
        shared[number].add(lot or device)
    return [Sharing(number, tuple(sorted(shared[number]))) for number in sorted(shared)]


def result_instead(record: OutOfSpecification, found: PanelLine) -> Result | None:
    """Give the result that would count were the first one set aside: the first test again, else the correction."""
    if approved_plan_of(record) is not None:
        return next(iter(found.runs.retests_of(record)), None)
    newest = found.newest
    return newest if newest is not None and newest.version > record.result.version else None


def objections_to_invalidating(record: OutOfSpecification, found: PanelLine) -> list[Objection]:
    """Object to setting a failing result aside without a proven cause, or while anything of the plan is missing."""
    investigation, plan = investigation_of(record), approved_plan_of(record)
    retests = found.runs.retests_of(record)
    instead = result_instead(record, found)
    counting = retests if plan is not None else [one for one in (instead,) if one is not None]
    reviewed = set(ResultReview.objects.filter(result__in=counting).values_list("result", flat=True))
    return [
        *when(
            investigation is None or not investigation.has_cause,
            _("The investigation found no cause in the laboratory. The result is confirmed."),
            code="no_cause",
            field="outcome",
        ),
        *when(
            plan is not None and len(retests) < plan.retests,
            _("The plan asks for %(all)s tests; %(made)s were made.")
            % {"all": plan.retests if plan else 0, "made": len(retests)},
            code="retest_missing",
            field="outcome",
        ),
        *when(
            not counting,
            _("There is no other result that could count."),
            code="retest_missing",
            field="outcome",
        ),
        *when(
            any(one.pk not in reviewed for one in counting),
            _("A second person has to review each new result first."),
            code="not_reviewed",
            field="outcome",
        ),
        *when(
            any(one.verdict not in PASSES for one in counting),
            _("A new result does not conform either. The first result is confirmed."),
            code="retest_fails",
            field="outcome",
        ),
        *when(found.is_outdated, found.waits_for(), code="outdated", field="outcome"),
    ]


class ClosingIntent(StrictSerializer[Intent]):
    """The outcome, why it happened, which other batches are concerned, and the conclusion."""

    outcome = serializers.ChoiceField(OUTCOMES, label=gettext_lazy("Outcome"))
    root_cause = TextField(label=gettext_lazy("Root cause"), min_length=10, max_length=2000)
    concerned = TextField(label=gettext_lazy("Other batches concerned"), max_length=2000, required=False, default="")
    scope = TextField(label=gettext_lazy("Why these, or why none"), min_length=10, max_length=2000)
    conclusion = TextField(label=gettext_lazy("Conclusion"), min_length=10, max_length=2000)


def numbers_in(text: str) -> list[str]:
    """Give the batch numbers in a text, each once, sorted."""
    return sorted({one for one in re.split(r"[\s,;]+", text) if one})


@register
class CloseRecord(ActOnRecord):
    """Close a record out of specification: which result counts, and what else is concerned."""

    code = "oos.close"
    title = gettext_lazy("Close the record out of specification")
    verb = gettext_lazy("Close and sign")
    permission = Permission.FACT_ASSESS
    meaning = Meaning.APPROVED
    meaning_text = gettext_lazy("I reviewed this investigation and close it as stated.")
    stopped_by_findings = True
    asks = ClosingIntent

    def to_sign(self, subject: OutOfSpecification, intent: Intent) -> ToSign:
        found = known(subject)
        investigation = investigation_of(subject)
        sharing = batches_that_share(subject.batch)
        counts = self._counts(subject, found, intent) or subject.result
        return ToSign(
            title=f"{self.title}: {subject.number}",
            identity=identity_lines(subject.batch),
            lines=[
                *record_lines(subject),
                *(
                    Line(_("Tested again, run %(run)s") % {"run": one.run}, f"{one.reported}. {one.why}")
                    for one in found.runs.retests_of(subject)
                ),
                Line(_("Outcome"), str(Outcome(intent["outcome"]).label), "warn"),
                Line(_("Result that counts"), f"{counts.reported} ({_('version')} {counts.version})"),
                Line(_("Root cause"), intent["root_cause"]),
                Line(_("Batches that share a lot or a device"), ", ".join(one.batch for one in sharing) or "–"),
                Line(_("Other batches concerned"), ", ".join(numbers_in(intent["concerned"])) or _("none")),
                Line(_("Why these, or why none"), intent["scope"]),
                Line(_("Conclusion"), intent["conclusion"]),
            ],
            version=f"{subject.pk}|{found.runs.results[-1].pk}|{len(sharing)}",
            earlier=[EarlierSignature.on(investigation)] if investigation else [],
        )

    def _counts(self, subject: OutOfSpecification, found: PanelLine, intent: Intent) -> Result | None:
        return subject.result if intent["outcome"] == Outcome.CONFIRMED else result_instead(subject, found)

    def objections(self, subject: OutOfSpecification, intent: Intent, by: Person) -> list[Objection]:
        found = known(subject)
        investigation, plan = investigation_of(subject), newest_plan_of(subject)
        own = {investigation.signer_id if investigation else None, plan.signer_id if plan else None}
        concerned = numbers_in(intent["concerned"])
        there = set(Batch.objects.filter(number__in=concerned).values_list("number", flat=True))
        unknown = [one for one in concerned if one not in there or one == subject.batch.number]
        return [
            *objections_to_closed(subject),
            *objections_to_analyst(subject, by),
            *when(
                by.pk in own,
                _("You investigated or planned this; another person closes it."),
                code="same_person",
            ),
            *when(investigation is None, _("The laboratory's investigation comes first."), code="not_investigated"),
            *when(
                not ResultReview.objects.filter(result=subject.result).exists(),
                _("A second person has to review the failing result first."),
                code="not_reviewed",
            ),
            *when(
                unknown,
                _("This is no other batch here: %(numbers)s.") % {"numbers": ", ".join(unknown)[:200]},
                code="bad_input",
                field="concerned",
            ),
            *(objections_to_invalidating(subject, found) if intent["outcome"] == Outcome.INVALIDATED else []),
        ]

    def carry_out(self, subject: OutOfSpecification, intent: Intent, signature: Signature) -> OutOfSpecificationClosed:
        found = known(subject)
        investigation = investigation_of(subject)
        counts = self._counts(subject, found, intent)
        assert counts is not None and investigation is not None  # noqa: S101, PT018  objected to above
        row = OutOfSpecificationClosed(
            batch=subject.batch,
            oos=subject,
            outcome=intent["outcome"],
            proposed=[{"batch": one.batch, "shares": list(one.codes)} for one in batches_that_share(subject.batch)],
            concerned=numbers_in(intent["concerned"]),
            scope=intent["scope"],
            root_cause=intent["root_cause"],
            conclusion=intent["conclusion"],
            reportable=counts,
        )
        earlier: list[Signed] = [investigation]
        sign(row, signature, type="oos.closed", earlier=earlier)
        look_again(subject.batch)
        return row
