"""The checks of this room.

(1) each result's verdict, value and members are what its readings give under its pinned specification and weight;
(2) the cached disposition of each batch is its newest decision, and what it says of results after its certification is
    what readings and results say;
(3) nobody reviewed a result that they entered, and nobody certified a batch whose record they reviewed.
(4) each dose is what its stored inputs give under the rule of its product, those inputs are what their rows say, and
    nobody verified a dose that they determined.
"""

from collections.abc import Iterator

from batches.definitions.kinds import as_product
from batches.models import BatchState, Weight
from batches.pinned import reading_of
from ledger.verification import Finding, Verification, check
from qc.dose.determining import reported
from qc.dose.inputs import calculated, inputs_agree
from qc.dose.rules import as_texts
from qc.laboratory.judging import judged
from qc.laboratory.reviewing import people_who_entered
from qc.laboratory.testing import members_of, rule_of
from qc.methods.in_force import methods_of
from qc.models import BatchDose, Disposition, DoseVerification, NotificationDue, Reading, Result, ResultReview
from qc.release.notifying import state_after_release
from qc.specifying import as_specification, criterion_of


@check("results")
def verdicts_are_right(verification: Verification) -> Iterator[Finding]:
    """(1)"""
    for result in Result.objects.select_related("specification", "batch").order_by("pk").iterator(500):
        verification.counted("results", 1)
        about = f"qc.result {result.pk} ({result.batch.number}, {result.line})"
        specification = as_specification(reading_of(result.specification))
        line = specification.line(result.line)
        readings = list(Reading.objects.filter(pk__in=result.readings).select_related("sample"))
        if line is None or len(readings) != len(result.readings):
            yield Finding("results", about, "its line or one of its readings is missing")
            continue
        weight = Weight.objects.filter(pk=result.weight).first() if result.weight else None
        again = judged(
            criterion_of(specification, line),
            line,
            readings,
            weight_kg=weight.kilograms if weight else None,
            methods=methods_of(result.batch, specification).of_line(line, result.run),
        )
        stored = (result.verdict, result.reported, result.unrounded, result.why, result.rule, result.members)
        computed = (
            again.verdict.value,
            again.reported[:200],
            again.unrounded[:200],
            again.why[:500],
            rule_of(again, specification),
            members_of(again, line),
        )
        if computed != stored:
            yield Finding("results", about, "its verdict or value is not what its readings give")


@check("dispositions")
def dispositions_are_right(verification: Verification) -> Iterator[Finding]:
    """(2)"""
    for state in BatchState.objects.select_related("batch__specification").order_by("pk").iterator(500):
        verification.counted("batches", 1)
        newest = Disposition.objects.filter(batch=state.batch_id).order_by("-version").first()
        decided = newest.decision if newest else BatchState.Disposition.NONE
        if state.disposition != decided:
            about = f"batches.batchstate {state.batch.number}"
            yield Finding("dispositions", about, "the cached disposition is not the newest decision")
        told = NotificationDue.objects.filter(batch=state.batch_id).exists()
        after = state_after_release(state.batch) if told else BatchState.AfterRelease.NONE
        if state.after_release != after:
            about = f"batches.batchstate {state.batch.number}"
            yield Finding("dispositions", about, "what it says of results after release is not what the record says")


@check("two people")
def two_people_decided(_verification: Verification) -> Iterator[Finding]:
    """(3)"""
    for review in ResultReview.objects.select_related("result", "signer").iterator(500):
        if review.signer.reference in people_who_entered(review.result, until=review.recorded_at):
            yield Finding("two people", f"qc.resultreview {review.pk}", "somebody reviewed what they entered")
    for decision in Disposition.objects.select_related("review").iterator(500):
        if decision.review is not None and decision.review.signer_id == decision.signer_id:
            yield Finding("two people", f"qc.disposition {decision.pk}", "one person reviewed the record and decided")


@check("doses")
def doses_are_right(verification: Verification) -> Iterator[Finding]:
    """(4)"""
    found = BatchDose.objects.select_related("product", "batch", "result").order_by("pk")
    for dose in found.iterator(500):
        verification.counted("doses", 1)
        about = f"qc.batchdose {dose.pk} ({dose.batch.number}, version {dose.version})"
        outcome = as_texts(calculated(as_product(reading_of(dose.product)).dose, dose.inputs))
        if (outcome, outcome["verdict"], reported(outcome)) != (dose.outcome, dose.verdict, dose.reported):
            yield Finding("doses", about, "it is not what its inputs give under the rule of its product")
        if not inputs_agree(dose):
            yield Finding("doses", about, "its inputs are not what the count, the weight or the containers say")
    for verified in DoseVerification.objects.select_related("dose").iterator(500):
        if verified.signer_id == verified.dose.signer_id:
            yield Finding("doses", f"qc.doseverification {verified.pk}", "one person determined and verified the dose")
